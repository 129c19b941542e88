"""Sibling editions: the same edition less the stories that some of its readers had before, for those readers."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlmodel import Session, col, select

from digest.issues import drafting
from digest.issues.building import Builder
from digest.issues.inputs import Inputs
from digest.issues.models import Issue, IssueCandidate
from digest.issues.plan import EditionPlan
from digest.issues.recipe import Recipe
from digest.proofs import fitting, storing
from digest.proofs import repeats as repeating
from digest.proofs.models import Edition, EditionStory
from digest.rendering.mailing import render
from digest.rendering.urls import Urls


def groups(
    session: Session, issue: Issue, recipe: Recipe, plan: EditionPlan, mine: Select[Any] | None
) -> dict[frozenset[str], int]:
    """Return story keys -> how many readers of an edition had just these before; nobody else is counted.

    ``mine``: a select of its readers, see ``repeats.of_audiences``. Most readers first.
    """
    stories = [
        _told_of(story.story_key, recipe.by_id[str(story.article_id)])
        for story in plan.stories
        if story.block != "correction"
    ]
    earlier = repeating.clashes(session, issue, stories)
    counted = Counter(keys for _who, keys in repeating.all_readers(session, earlier, mine) if keys)
    return dict(sorted(counted.items(), key=lambda one: (-one[1], sorted(one[0]))))


def repeats(
    session: Session, issue: Issue, edition: Edition, *, after_subscriber: int = 0, limit: int = repeating.PAGE
) -> list[tuple[int, frozenset[str]]]:
    """Return up to ``limit`` readers whose delivery of a stored edition is being written, and what they had of it.

    For the freeze: page with ``after_subscriber`` = the last number returned; move each to ``sibling_for``.
    """
    earlier = repeating.clashes(session, issue, _told(session, issue, edition))
    mine = repeating.written(issue.number, edition.number)
    return repeating.readers(session, earlier, mine, after_subscriber=after_subscriber, limit=limit)


def sibling_for(
    session: Session,
    issue: Issue,
    edition: Edition,
    keys: frozenset[str],
    *,
    urls: Urls,
    at: datetime,
    building: Callable[[], Builder] | None = None,
) -> Edition | None:
    """Return the sibling of a stored edition without these stories; makes it where approval did not foresee it.

    None where nothing new would be left: such a reader gets no mail this time. Of a sibling: it lacks what that lacks.
    ``building``: gives the issue's builder, where many siblings share one; None: it is made anew.
    """
    keys |= frozenset(edition.without)
    stored = find_sibling(session, edition, keys)
    if stored is not None:
        return stored
    builder = building() if building else Builder(drafting.recipe(session, issue))
    base = as_stored(builder, edition, storing.stories_of(session, edition))
    made = make(builder, base, keys, urls, readers=0)
    return None if made is None else storing.add_one(session, issue, made, at)


def find_sibling(session: Session, edition: Edition, keys: frozenset[str]) -> Edition | None:
    """Return the stored sibling of an edition without exactly these stories."""
    statement = select(Edition.id, Edition.lists, Edition.without).where(  # not their bodies: there may be hundreds
        Edition.issue_id == edition.issue_id, Edition.revision == edition.revision, Edition.set_key == edition.set_key
    )
    for one, lists, without in session.exec(statement):
        if lists == edition.lists and frozenset(without) == keys:
            return session.get_one(Edition, one)
    return None


def make(builder: Builder, base: EditionPlan, keys: frozenset[str], urls: Urls, *, readers: int) -> storing.Made | None:
    """Build, render and fit a sibling; None where no story is left."""
    plan = builder.sibling(base, keys)
    if not has_news(plan):
        return None
    fitted = fitting.fit(plan, lambda one: render(one, urls))
    return storing.Made(fitted=fitted, readers=readers)


def as_stored(builder: Builder, edition: Edition, stories: Iterable[EditionStory]) -> EditionPlan:
    """Build an edition again as it was stored: without what had to be trimmed."""
    plan = builder.build(tuple(edition.lists))
    held = {str(story.article_id) for story in stories}
    gone = {story.story_key for story in plan.stories if str(story.article_id) not in held}
    return builder.sibling(plan, frozenset(gone)) if gone else plan


def has_news(plan: EditionPlan) -> bool:
    """Tell whether an edition is worth a mail: a story, or a correction. Popular alone is not."""
    return bool(plan.lead or plan.sections or plan.corrections)


def _told(session: Session, issue: Issue, edition: Edition) -> list[repeating.Told]:
    rows = [story for story in storing.stories_of(session, edition) if story.block != "correction"]
    ids = [story.article_id for story in rows]
    statement = select(IssueCandidate).where(
        IssueCandidate.issue_id == issue.id, col(IssueCandidate.article_id).in_(ids)
    )
    frozen = {one.article_id: Inputs.from_json(one.inputs) for one in session.exec(statement)}
    return [_told_of(row.story_key, frozen[row.article_id]) for row in rows]


def _told_of(story_key: str, frozen: Inputs) -> repeating.Told:
    also = tuple(map(UUID, frozen.also))
    return repeating.Told(story_key, UUID(frozen.id), frozen.refreshed_at, also, frozen.from_daily)
