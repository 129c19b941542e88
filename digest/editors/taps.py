"""What one tap of an editor does to a story: said exactly beforehand, then done through the usual edits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from digest.database import Database
from digest.editors import views
from digest.editors.reading import Review
from digest.errors import BadInput, NotFound, Refused
from digest.issues import editing, lifecycle
from digest.issues.candidates import STRENGTHS
from digest.issues.inputs import Inputs
from digest.issues.models import Issue, IssueStatus
from digest.issues.plan import StoryPlan
from digest.ranking.candidate import Block, LeftOut, Reason
from digest.rendering.wording import clean

CHOICES = 5  # stories to swap for


class Tap(StrEnum):
    """The things one can do to a story by a link."""

    up = "up"
    drop = "drop"
    swap = "swap"
    back = "back"  # take a drop back
    free = "free"  # take a pin, or the choice of the lead, back


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the one button of a page will do, in words."""

    title: str
    button: str  # exactly what will happen
    note: str = ""
    list_id: str = ""  # of a pin
    place: int = 0  # of a pin, in its section; 0: the lead
    choices: tuple[dict[str, str], ...] = ()  # of a swap


def offer(review: Review, tap: Tap, article: UUID) -> Offer:
    """Return what a tap would do to a story of an issue as it is now; raises NotFound or Refused with the reason."""
    lifecycle.check_editable(review.issue)
    inputs = _candidate(review, article)
    name = clean(inputs.headline)
    if tap is Tap.back:
        return Offer(title="Put it back", button=f"Let “{name}” compete for a place again")
    if tap is Tap.free:
        return _freed(review, inputs, name)
    story = _standing(review, article)
    if tap.value not in views.row(story).taps:
        raise Refused(f"“{name}” stands in {story.block.capitalize()}, where nobody can do that to it.")
    if tap is Tap.drop:
        note = "It leaves every edition; the next best story moves in."
        return Offer(title="Drop it", button=f"Take “{name}” out of this issue", note=note)
    if tap is Tap.swap:
        return _swap(review, story, name)
    return _up(review, story, name)


def warning(issue: Issue) -> str:
    """Return what a change costs where more than a draft is changed; "" for a draft."""
    if issue.status == IssueStatus.approved:
        return "The issue is approved. Any change takes the approval back."
    if issue.status == IssueStatus.scheduled:
        return "The sending is ordered. Any change takes approval and order back; somebody must order it again."
    if issue.status == IssueStatus.paused:
        return "The sending is paused. A change is for those who have not got it yet, and needs a new approval."
    return ""


def do(
    database: Database, review: Review, tap: Tap, article: UUID, *, by: str, version: int, who: str, at: datetime
) -> Issue:
    """Do what a page offered. ``by``: the article to swap for. ``version``: what the editor was looking at.

    Conflict where the issue was changed since.
    """
    if version != review.issue.version:  # said before the offer, which may not be there any more
        with database.reading() as session:
            editing.locked(session, review.issue.id, version)
    offered = offer(review, tap, article)
    known: dict[str, Any] = {"who": who, "at": at, "version": version}
    if tap is Tap.up:
        return _moved_up(database, review, article, offered, known)
    if tap is Tap.swap:
        return editing.replace(database, review.issue.id, article, _chosen(offered, by), **known)
    if tap is Tap.free and review.recipe.edits.lead == str(article):
        return editing.lead(database, review.issue.id, None, **known)
    simple = {Tap.drop: editing.exclude, Tap.back: editing.include, Tap.free: editing.unpin}
    return simple[tap](database, review.issue.id, article, **known)


def _moved_up(database: Database, review: Review, article: UUID, offered: Offer, known: dict[str, Any]) -> Issue:
    if not offered.place:
        return editing.lead(database, review.issue.id, article, **known)
    return editing.pin(database, review.issue.id, article, list_id=offered.list_id, place=offered.place, **known)


def orders(review: Review) -> tuple[dict[str, str], ...]:
    """Return what editors ordered so far and can take back: a sentence, the tap, and the article."""
    edits = review.recipe.edits
    found = [(f"“{_name(review, one)}” was dropped", Tap.back, one) for one in edits.excluded.get("", ())]
    for list_id, pins in edits.pins.items():
        where = review.recipe.frame.by_list[list_id].name if list_id in review.recipe.frame.by_list else list_id
        ordered = sorted(pins.items(), key=lambda pin: pin[1])
        found += [(f"“{_name(review, one)}” is pinned to place {at} of {where}", Tap.free, one) for one, at in ordered]
    if edits.lead:
        found.append((f"“{_name(review, edits.lead)}” was made the lead", Tap.free, edits.lead))
    return tuple({"what": what, "tap": tap.value, "article": article} for what, tap, article in found)


def _up(review: Review, story: StoryPlan, name: str) -> Offer:
    above = _above(review, story)
    if above is None:
        instead = f" in place of “{clean(review.plan.lead.headline)}”" if review.plan.lead else ""
        return Offer(title="Move it up", button=f"Make “{name}” the lead{instead}", note="It is first in its section.")
    other, place = above
    heading = next(one.heading for one in review.plan.sections if one.list_id == story.list_id)
    return Offer(
        title="Move it up",
        button=f"Put “{name}” above “{clean(other.headline)}”",
        note=f"It is pinned to place {place} of {clean(heading)}, in every edition with that section.",
        list_id=story.list_id,
        place=place,
    )


def _above(review: Review, story: StoryPlan) -> tuple[StoryPlan, int] | None:
    """Return the story above in the same section, and the place it holds there; None for the first.

    The lead keeps its place in its section empty, so places are those of the ranking.
    """
    shown = next(one for one in review.plan.sections if one.list_id == story.list_id)
    rows = [*shown.stories, *shown.briefs]
    number = [one.article_id for one in rows].index(story.article_id)
    if number == 0:
        return None
    ranked = review.builder.ranked(review.plan.lists)
    section = next(one for one in ranked.sections if one.order.list_id == story.list_id)
    above = str(rows[number - 1].article_id)
    place = next(one.place for one in (*section.stories, *section.briefs) if one.candidate.id == above)
    return rows[number - 1], place


def _swap(review: Review, story: StoryPlan, name: str) -> Offer:
    choices = tuple(views.waiting(review, one) for one in _next_best(review, story))
    if not choices:
        raise Refused(f"No other story waits for the place of “{name}”. Drop it, or bring one in on the desk.")
    note = "The one you choose takes its place; this one leaves every edition."
    return Offer(title="Swap it", button=f"Put the chosen story in the place of “{name}”", note=note, choices=choices)


def _next_best(review: Review, story: StoryPlan) -> Sequence[LeftOut]:
    """Return the next stories of the same section by points, then of any other."""
    section = review.recipe.frame.by_list[story.list_id]
    waiting = [one for one in review.plan.left_out if one.reason in (Reason.cap_or_space, Reason.evergreen)]
    ranked = views.best_left_out(waiting, len(waiting))

    def foreign(left: LeftOut) -> bool:
        regions = review.recipe.by_id[left.id].regions
        return not section.general and section.region not in review.recipe.frame.tree.reaching(regions, STRENGTHS)

    return sorted(ranked, key=foreign)[:CHOICES]


def _chosen(offered: Offer, by: str) -> UUID:
    if by not in {one["id"] for one in offered.choices}:
        raise BadInput("Choose one of the stories to put in its place.")
    return UUID(by)


def _freed(review: Review, inputs: Inputs, name: str) -> Offer:
    edits = review.recipe.edits
    if edits.lead == inputs.id:
        return Offer(title="Free it", button=f"Let the points choose the lead again, not “{name}”")
    if not any(inputs.id in pins for pins in edits.pins.values()):
        raise Refused(f"“{name}” is not pinned any more.")
    return Offer(title="Free it", button=f"Unpin “{name}”: its points decide its place")


def _candidate(review: Review, article: UUID) -> Inputs:
    found = review.recipe.by_id.get(str(article))
    if found is None:
        raise NotFound("This story is no candidate of this issue any more. Look at the issue as it is now.")
    return found


def _standing(review: Review, article: UUID) -> StoryPlan:
    for story in review.plan.stories:
        if story.article_id == article and story.block != Block.correction:
            return story
    name = clean(_candidate(review, article).headline)
    raise NotFound(f"“{name}” does not stand in the largest edition any more. Look at the issue as it is now.")


def _name(review: Review, article: str) -> str:
    known = review.recipe.by_id.get(article)
    return clean(known.headline) if known else article
