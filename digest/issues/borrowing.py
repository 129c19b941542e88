"""How borrowed stories stand in an edition: under the name of the region they come from, with the reason in words."""

from dataclasses import replace

from digest.issues.plan import SectionPlan, StoryPlan
from digest.issues.stories import Teller
from digest.ranking.candidate import Block, EditionSection, Placed
from digest.ranking.formula import explain

_COUNTED = {0: "no story", 1: "one story"}


def borrowed(teller: Teller, section: EditionSection, own: int) -> SectionPlan:
    """Return the section of what a thin list borrowed. ``own``: how many stories the list has itself."""
    lender = teller.recipe.frame.by_region[section.order.region]
    thin = teller.recipe.frame.by_region[teller.recipe.frame.by_list[section.order.list_id].region]
    reason = (
        f"Borrowed from {lender.name(teller.language)}: {thin.name(teller.language)} has "
        f"{_COUNTED.get(own, f'{own} stories')} of its own, {teller.formula.minimum} are wanted."
    )
    return SectionPlan(
        list_id=section.order.list_id,
        region=lender.id,
        heading=lender.name(teller.language),
        color=lender.color,
        color_dark=lender.color_dark,
        stories=tuple(_story(teller, placed, section, reason) for placed in section.stories),
        borrowed=True,
    )


def _story(teller: Teller, placed: Placed, section: EditionSection, reason: str) -> StoryPlan:
    """Return a borrowed story: its points and its region are those of the lender."""
    lender = section.order.region
    told = teller.story(placed, section.order.list_id, Block.section)
    why = explain(placed.candidate, lender, placed.points, placed.penalty, teller.recipe.as_of, teller.formula)
    return replace(told, region=lender, why=f"{why}. {reason}")
