"""Fitting an edition to size: measured as the reader with the longest values gets it, trimmed from its lowest story."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from digest.issues.placing import settled
from digest.issues.plan import EditionPlan, SectionPlan, StoryPlan
from digest.ranking.candidate import LeftOut, Reason
from digest.rendering import slots
from digest.rendering.mailing import Rendered
from digest.rendering.sizes import LONGEST_READER

WARN_BYTES: Final = 87_040
REFUSE_BYTES: Final = 100_000  # Gmail clips at 102,400 B of HTML (email.md 3.2)
LONGEST_URL = "https://example.org/" + "x" * 500
LONGEST_NAME = "&" * 80  # each becomes five bytes

Render = Callable[[EditionPlan], Rendered]


@dataclass(frozen=True, slots=True)
class Fitted:
    """An edition that was rendered and measured, and what had to leave it."""

    plan: EditionPlan
    rendered: Rendered
    html: str  # filled by the longest values
    text: str
    html_bytes: int
    trimmed: tuple[Mapping[str, Any], ...] = ()

    @property
    def fits(self) -> bool:
        """Whether Gmail shows it whole."""
        return self.html_bytes <= REFUSE_BYTES


def fit(plan: EditionPlan, render: Render) -> Fitted:
    """Render an edition; while it is over the limit, leave out its lowest story and render again.

    Briefs go before full stories, these before Popular; the lead and pinned stories never go. What is still too
    long then is returned as it is: the size check refuses it.
    """
    fitted = _measured(plan, render(plan), ())
    while not fitted.fits and (victim := _lowest(fitted.plan)) is not None:
        trimmed = (*fitted.trimmed, _record(victim, fitted.html_bytes))
        less = _without(fitted.plan, victim)
        fitted = _measured(less, render(less), trimmed)
    return fitted


def filled(rendered: Rendered, lists: tuple[str, ...]) -> tuple[str, str]:
    """Return HTML and text with every slot filled by the longest value it may get."""
    values = slots.values(
        rendered.marks,
        unsubscribe_url=LONGEST_URL,
        preferences_url=LONGEST_URL,
        name=LONGEST_NAME,
        stops=dict.fromkeys(lists, LONGEST_URL),
        reader=LONGEST_READER,
    )
    return slots.fill(rendered.html, values), slots.fill(rendered.text, values)


def _measured(plan: EditionPlan, rendered: Rendered, trimmed: tuple[Mapping[str, Any], ...]) -> Fitted:
    html, text = filled(rendered, plan.lists)
    return Fitted(plan, rendered, html, text, len(html.encode()), trimmed)


def _lowest(plan: EditionPlan) -> StoryPlan | None:
    briefs = [story for section in plan.sections for story in section.briefs]
    full = [story for section in plan.sections for story in section.stories]
    for block in (briefs, full, plan.popular):
        loose = [story for story in block if not story.pinned]
        if loose:
            return min(loose, key=lambda story: (story.points.total - story.penalty, -story.place))
    return None


def _without(plan: EditionPlan, victim: StoryPlan) -> EditionPlan:
    sections = (_less(section, victim) for section in plan.sections)
    left = LeftOut(str(victim.article_id), Reason.cap_or_space, "the mail would be clipped", victim.points)
    return settled(
        replace(
            plan,
            sections=tuple(section for section in sections if section.stories or section.briefs),
            popular=tuple(story for story in plan.popular if story is not victim),
            left_out=tuple(sorted((*plan.left_out, left), key=lambda one: one.id)),
        )
    )


def _less(section: SectionPlan, victim: StoryPlan) -> SectionPlan:
    return replace(
        section,
        stories=tuple(story for story in section.stories if story is not victim),
        briefs=tuple(story for story in section.briefs if story is not victim),
    )


def _record(victim: StoryPlan, html_bytes: int) -> dict[str, Any]:
    return {
        "article_id": str(victim.article_id),
        "headline": victim.headline,
        "block": victim.block,
        "reason": f"the mail had {html_bytes} B; over {REFUSE_BYTES} Gmail cuts it off",
    }
