"""Checks of what an edition brings as a whole: how much of it is marked, from where it comes, and of which day."""

from collections.abc import Iterator, Sequence
from functools import partial

from digest.issues.placing import BADGE_SHARE, ranked_stories
from digest.issues.plan import SectionPlan
from digest.proofs.check import Check, Examined, Surroundings
from digest.regions import GENERAL

NAME = "content"
_amber = partial(Check.amber, NAME)
LEAST_OF_A_REGION = 3  # stories; fewer say nothing of where a section looks


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    """Look at each edition."""
    for edition in editions:
        yield from _badges(edition)
        for section in edition.plan.sections:
            yield from _one_country(section, around)
        yield from _future(edition, around)


def _badges(edition: Examined) -> Iterator[Check]:
    stories = ranked_stories(edition.plan)
    badged = sum(story.show_badge for story in stories)
    if badged * BADGE_SHARE > len(stories):
        yield _amber(
            "badges-many",
            f"{badged} of {len(stories)} stories carry the badge; over a third it marks nothing.",
            edition.name,
            "Choose fewer",
        )


def _one_country(section: SectionPlan, around: Surroundings) -> Iterator[Check]:
    """Find a section whose stories are all of one part of its region, where the region has several."""
    frame = around.recipe.frame
    parts = {region.id for region in frame.regions if region.parent == section.region}
    stories = (*section.stories, *section.briefs)
    if section.region == GENERAL or len(parts) < 2 or len(stories) < LEAST_OF_A_REGION:  # noqa: PLR2004 - several
        return
    told = {
        part
        for story in stories
        for region in around.recipe.by_id[str(story.article_id)].regions
        for part in {region, *frame.tree.ancestors(region)} & parts or {""}
    }
    if len(told) == 1 and (only := told.pop()):
        home = frame.by_list.get(section.list_id)
        yield _amber(
            "one-country",
            f"All {len(stories)} stories of {section.heading} are about {frame.by_region[only].name('en')}.",
            home.name if home else section.heading,
            "Replace one of them by a story of another part, under Candidates",
        )


def _future(edition: Examined, around: Surroundings) -> Iterator[Check]:
    for story in edition.plan.stories:
        published = around.recipe.by_id[str(story.article_id)].published_at
        if published > around.recipe.as_of:
            yield _amber(
                "date-future",
                f"A story is dated {published:%Y-%m-%d %H:%M} UTC, after the cut-off of this issue.",
                story.headline,
                "Look whether it is out yet; mend its date, or exclude it",
            )
