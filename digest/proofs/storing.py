"""Storing editions with their stories and audiences, under numbers that the ledger can keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, insert, select, text
from sqlmodel import Session, col

from digest.errors import NotFound, Refused
from digest.issues import numbering
from digest.issues.models import Issue
from digest.proofs.fitting import Fitted
from digest.proofs.models import Edition, EditionAudience, EditionStory
from digest.ranking.candidate import Reason
from digest.rendering.mailing import Rendered
from digest.rendering.urls import edition_id

_STORY: Any = EditionStory.__table__  # type: ignore[attr-defined]
_AUDIENCE: Any = EditionAudience.__table__  # type: ignore[attr-defined]
_EDITION: Any = Edition.__table__  # type: ignore[attr-defined]
ISSUE: Any = Issue.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One edition that is ready to be stored, and whose readers get it."""

    fitted: Fitted
    readers: int
    audiences: tuple[int, ...] = ()  # none for a sibling: its readers are found when the issue is frozen


def replace_all(session: Session, issue: Issue, made: Sequence[Made], at: datetime) -> list[Edition]:
    """Store the editions of an issue's revision in place of those there were; each keeps its number."""
    _lock(session)
    numbers = _clear(session, issue)
    return _insert(session, issue, made, numbers, at, made_at_freeze=False)


def add_one(session: Session, issue: Issue, made: Made, at: datetime) -> Edition:
    """Store one edition more, made when the issue was frozen."""
    _lock(session)
    return _insert(session, issue, [made], {}, at, made_at_freeze=True)[0]


def add_audience(session: Session, issue: Issue, edition: Edition, audience_id: int) -> None:
    """Let the readers of one audience have an edition, unless they have one."""
    mine = (
        _AUDIENCE.c.issue_number == issue.number,
        _AUDIENCE.c.revision == issue.revision,
        _AUDIENCE.c.audience_id == audience_id,
    )
    if session.execute(select(_AUDIENCE.c.id).where(*mine)).first() is not None:
        return
    row = {"issue_number": issue.number, "revision": issue.revision, "audience_id": audience_id}
    session.execute(insert(_AUDIENCE), [row | {"edition_number": edition.number}])


def editions_of(session: Session, issue: Issue) -> list[Edition]:
    """Return the editions of an issue's revision, most readers first."""
    statement = (
        select(Edition)
        .where(col(Edition.issue_id) == issue.id, col(Edition.revision) == issue.revision)
        .order_by(col(Edition.readers).desc(), col(Edition.number))
    )
    return list(session.execute(statement).scalars())


def stories_of(session: Session, edition: Edition) -> list[EditionStory]:
    """Return the stories of an edition, from the top."""
    statement = (
        select(EditionStory).where(col(EditionStory.edition_number) == edition.number).order_by(col(EditionStory.place))
    )
    return list(session.execute(statement).scalars())


def chosen(editions: Sequence[Edition], lists: tuple[str, ...]) -> Edition:
    """Return the edition of these lists (in any order), or without any the one with most readers."""
    if not editions:
        raise Refused("The issue has no edition with a story in it.")
    if not lists:
        return editions[0]
    for edition in editions:
        if sorted(edition.lists) == sorted(lists) and not edition.without:
            return edition
    known = "; ".join(",".join(edition.lists) for edition in editions[:10])
    raise NotFound(f"No edition is for {', '.join(lists)}. Editions: {known}.")


def rows(result: Any) -> int:
    """Return how many rows a statement changed."""
    return int(result.rowcount)


def content_hash(rendered: Rendered) -> str:
    """Return the hash of all that a reader of an edition gets."""
    whole = [rendered.subject, rendered.preheader, rendered.html, rendered.text, dict(rendered.headers)]
    return sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


def proof_hash(recipe_hash: str, editions: Iterable[tuple[UUID, str]]) -> str:
    """Return the hash that an approval binds to: the recipe and the content of every edition known then."""
    whole = [recipe_hash, *(f"{edition}:{content}" for edition, content in sorted(editions))]
    return sha256("\n".join(whole).encode()).hexdigest()


def _insert(
    session: Session,
    issue: Issue,
    made: Sequence[Made],
    numbers: dict[UUID, int],
    at: datetime,
    *,
    made_at_freeze: bool,
) -> list[Edition]:
    free = max([numbering.last(session, col(Edition.number)), *numbers.values()])
    editions = []
    for one in made:
        key = edition_id(one.fitted.plan)
        if key not in numbers:
            free += 1
            numbers[key] = free
        editions.append(_edition(issue, one, key, numbers[key], at, made_at_freeze=made_at_freeze))
    session.add_all(editions)
    session.flush()
    for one, edition in zip(made, editions, strict=True):
        _insert_rows(session, issue, one, edition)
    return editions


def _edition(issue: Issue, made: Made, key: UUID, number: int, at: datetime, *, made_at_freeze: bool) -> Edition:
    plan, rendered = made.fitted.plan, made.fitted.rendered
    return Edition.model_validate(
        {
            "id": key,
            "number": number,
            "issue_id": issue.id,
            "revision": issue.revision,
            "lists": list(plan.lists),
            "set_key": plan.set_key,
            "language": plan.language,
            "without": list(plan.without),
            "readers": made.readers,
            "made_at_freeze": made_at_freeze,
            "subject": rendered.subject,
            "preheader": rendered.preheader,
            "html": rendered.html,
            "text": rendered.text,
            "headers": dict(rendered.headers),
            "marks": dict(rendered.marks),
            "html_bytes": made.fitted.html_bytes,
            "content_hash": content_hash(rendered),
            "losers": sorted({left.id for left in plan.left_out if left.reason == Reason.cap_or_space}),
            "trimmed": [dict(one) for one in made.fitted.trimmed],
            "created_at": at,
        }
    )


def _insert_rows(session: Session, issue: Issue, made: Made, edition: Edition) -> None:
    stories = [
        {
            "edition_number": edition.number,
            "place": story.place,
            "issue_number": issue.number,
            "article_id": story.article_id,
            "story_key": story.story_key,
            "block": story.block,
            "list_id": story.list_id,
            "region": story.region,
            "points": round(story.points.total - story.penalty, 2),
        }
        for story in made.fitted.plan.stories
    ]
    if stories:
        session.execute(insert(_STORY), stories)
    for audience in made.audiences:
        add_audience(session, issue, edition, audience)


def _clear(session: Session, issue: Issue) -> dict[UUID, int]:
    """Remove the editions of a revision; returns the number each had."""
    held = select(col(Edition.id), col(Edition.number)).where(
        col(Edition.issue_id) == issue.id, col(Edition.revision) == issue.revision
    )
    numbers: dict[UUID, int] = {row.id: row.number for row in session.execute(held)}
    session.execute(delete(_STORY).where(_STORY.c.edition_number.in_(numbers.values())))
    session.execute(
        delete(_AUDIENCE).where(_AUDIENCE.c.issue_number == issue.number, _AUDIENCE.c.revision == issue.revision)
    )
    session.execute(delete(_EDITION).where(_EDITION.c.number.in_(numbers.values())))
    return numbers


def _lock(session: Session) -> None:
    """Let nobody else number editions meanwhile; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE edition IN SHARE ROW EXCLUSIVE MODE"))
