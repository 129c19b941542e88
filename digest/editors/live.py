"""An edition as it would be made this moment: of the issue as it is, also where its stored editions are out of date."""

import re
from dataclasses import dataclass, replace
from typing import Final

from sqlmodel import Session, select

from digest.editors import faces, views
from digest.editors.faces import Face
from digest.editors.reading import Review, Shape
from digest.errors import NotFound
from digest.issues.plan import EditionPlan
from digest.proofs import fitting, instead, siblings
from digest.proofs.preview import NOBODY, OPENS_A_TAB, made_up
from digest.rendering import slots
from digest.rendering.mailing import render
from digest.rendering.urls import Urls
from digest.rendering.wording import clean
from subscribers import look_up

_STORY: Final = re.compile(r'<a (?=[^>]*href="[^"]*utm_content=[^"&]*-(\d+)")')  # see rendering/links.content


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader would get: the edition's lists, the stories they had before, and their name."""

    name: str
    plan: EditionPlan


def shape_of(review: Review, wanted: str) -> Shape | None:
    """Return the edition that is asked for by its id, as it was last made; None for "": the largest. NotFound."""
    if not wanted:
        return None
    found = next((one for one in review.shapes if str(one.id) == wanted), None)
    if found is None:
        raise NotFound("There is no such edition. Make the editions on the issue's page.")
    return found


def has(review: Review, wanted: str) -> bool:
    """Tell whether there is such an edition."""
    return any(str(one.id) == wanted for one in review.shapes)


def of_edition(review: Review, wanted: str) -> Review:
    """Return a review with another edition in view than that with most readers. NotFound."""
    shape = shape_of(review, wanted)
    if shape is None:
        return review
    return replace(review, plan=review.builder.build(shape.lists, frozenset(shape.without)))


def choices(review: Review) -> list[dict[str, str]]:
    """Return the editions to choose from: name, readers, and the language where they differ."""
    several = len({one.language for one in review.shapes}) > 1
    return [
        {
            "id": str(one.id),
            "name": views.edition_name(review, one) + (f", {one.language}" if several else ""),
            "readers": f"{one.readers:,}",
        }
        for one in review.shapes
    ]


def page(plan: EditionPlan, face: Face, urls: Urls, *, name: str = NOBODY) -> str:
    """Return the page of an edition in a face, rendered now; each story can be scrolled to by its place (#s3).

    Links that are a reader's own lead nowhere, and all of them ask for a new tab, which the frame does not give.
    """
    fitted = fitting.fit(plan, lambda one: render(one, urls))
    made = fitted.rendered
    values = made_up(made.marks, fitted.plan.lists, urls.base_url, name)
    html, text = slots.fill(made.html, values), slots.fill(made.text, values)
    if face is not Face.source:
        html = anchored(html).replace("<head>", OPENS_A_TAB, 1)
    return faces.shown(face, html, text, plan.language)


def anchored(html: str) -> str:
    """Put a mark before the first link of each story, so that the preview can be scrolled to it.

    The mark is no link itself: a browser would move the focus to it, out of the page around.
    """
    seen: set[str] = set()

    def marked(found: re.Match[str]) -> str:
        if found[1] in seen:
            return found[0]
        seen.add(found[1])
        return f'<span id="s{found[1]}"></span><a '

    return _STORY.sub(marked, html)


def as_reader(session: Session, review: Review, ref: str) -> Reading:
    """Return what the reader of a ref would get of an issue now. Raises NotFound with the reason."""
    found = look_up(session, ref)
    if found is None:
        raise NotFound("There is no such reader any more.")
    number, person = found
    issue, family = review.issue, review.publication.id
    less = instead.look(session, issue, review.at)
    who = less.readers(family, review.at).subquery()
    mine = select(who.c.subscriber_id).where(who.c.subscriber_id == number)
    audience = session.execute(select(who.c.audience_id).where(who.c.subscriber_id == number)).scalar()
    sets = {one.audience_id: one.lists for one in less.sets(session, family, review.at)}
    lists = review.builder.known(sets.get(audience or 0, ()))
    if not lists:
        raise NotFound(
            f"This reader gets nothing of this issue: they are on no list of {clean(review.publication.name)} now, "
            "have paused it, must not be mailed, or get another mail instead."
        )
    plan = review.builder.build(lists)
    had = next(iter(siblings.groups(session, issue, review.recipe, plan, mine)), frozenset())
    plan = review.builder.sibling(plan, had) if had else plan
    if not siblings.has_news(plan):
        raise NotFound("This reader has had every story of this issue already, so they get no mail.")
    return Reading(name=person.name, plan=plan)


def told(review: Review, plan: EditionPlan) -> str:
    """Return in words which edition that is."""
    names = " + ".join(clean(plan.list_names[one]) for one in plan.lists)
    without = f", without {len(plan.without)} stories they had" if plan.without else ""
    return f"{names}{without}, {len(plan.stories)} stories, {views.when(review, review.at)}"
