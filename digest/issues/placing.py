"""Places from the top of the mail, and on which stories the badge is printed."""

from collections.abc import Iterator
from dataclasses import replace

from digest.issues.plan import EditionPlan, SectionPlan, StoryPlan

BADGE_SHARE = 3  # at most one story in this many prints the badge (ranking.md 1.4)


def settled(plan: EditionPlan) -> EditionPlan:
    """Return an edition with place numbers from 1 at the top, and its badges chosen; for after every change."""
    places = iter(range(1, 10_000))
    badged = _badged(plan)
    lead = _placed(plan.lead, places, badged) if plan.lead else None
    sections = tuple(_settled_section(section, places, badged) for section in plan.sections)
    corrections = tuple(_placed(story, places, frozenset()) for story in plan.corrections)
    popular = tuple(_placed(story, places, frozenset()) for story in plan.popular)
    return replace(plan, lead=lead, sections=sections, corrections=corrections, popular=popular)


def ranked_stories(plan: EditionPlan) -> tuple[StoryPlan, ...]:
    """Return the lead and the stories of the sections, in order; without corrections and Popular."""
    lead = (plan.lead,) if plan.lead else ()
    return (*lead, *(story for section in plan.sections for story in (*section.stories, *section.briefs)))


def _settled_section(section: SectionPlan, places: Iterator[int], badged: frozenset[str]) -> SectionPlan:
    stories = tuple(_placed(story, places, badged) for story in section.stories)
    return replace(section, stories=stories, briefs=tuple(_placed(story, places, badged) for story in section.briefs))


def _placed(story: StoryPlan, places: Iterator[int], badged: frozenset[str]) -> StoryPlan:
    return replace(story, place=next(places), show_badge=str(story.article_id) in badged)


def _badged(plan: EditionPlan) -> frozenset[str]:
    stories = ranked_stories(plan)
    chosen = sorted((s for s in stories if s.editors_choice), key=lambda s: (-s.points.total, str(s.article_id)))
    return frozenset(str(story.article_id) for story in chosen[: len(stories) // BADGE_SHARE])
