"""Readers who were silent for long: asked once whether the mail is still wanted, then paused, never ended.

Who is silent is only known of those who agreed that their own clicks are counted, and only from what they did: clicks,
what they agreed to or ended, buttons on their own pages. Whether they opened a mail is nothing that we know.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlmodel import Session

from subscribers.audience import MEMBER, PERSON, recipients
from subscribers.bulk import upsert
from subscribers.consent import CONSENT, number_of
from subscribers.pausing import LONGEST
from subscribers.people import QUIET

LATE: Final = timedelta(hours=1)  # then who is paused and was not told is told by another worker
SOON: Final = timedelta(days=30)  # before the end of a pause it is made longer
MOST: Final = 1_000  # people of one pass


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody to write to."""

    number: int
    ref: UUID
    address: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of a family were asked, answered or showed themselves, and are paused now."""

    asked: int
    answered: int
    paused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """When a reader of a family counts as silent.

    ``families``: those whose clicks are known; who gets others as well may read these. ``since``: nothing from then on.
    ``signs``: a select of (subscriber_id, at), each person's last click. ``mailed``: a select of the subscriber_id of
    those who had enough mail since then to be silent about.
    """

    family: str
    families: Collection[str]
    since: datetime
    signs: Select[Any]
    mailed: Select[Any]


def silent(session: Session, silence: Silence, now: datetime, most: int = MOST) -> list[int]:
    """Return the numbers of readers to ask: silent, and never asked before; the longest known ones first."""
    readers, last = recipients(silence.family, now).subquery(), silence.signs.subquery()
    asked = exists().where(QUIET.c.subscriber_id == PERSON.c.id, QUIET.c.family == silence.family)
    elsewhere = exists().where(MEMBER.c.subscriber_id == PERSON.c.id, MEMBER.c.family.not_in(silence.families))
    query = (
        select(PERSON.c.id)
        .join(readers, readers.c.subscriber_id == PERSON.c.id)
        .outerjoin(last, last.c.subscriber_id == PERSON.c.id)
        .where(PERSON.c.created_at <= silence.since, PERSON.c.clicks_agreed_at <= silence.since)
        .where(~_alive(last, silence.since), ~asked, ~elsewhere, PERSON.c.id.in_(silence.mailed))
    )
    return list(session.execute(query.order_by(PERSON.c.id).limit(most)).scalars())


def asked_since(session: Session, family: str, at: datetime) -> int:
    """Return how many readers of a family were asked after an instant."""
    query = select(func.count()).select_from(QUIET).where(QUIET.c.family == family, QUIET.c.at > at)
    return int(session.execute(query).scalar_one())


def choose(session: Session, family: str, numbers: Sequence[int], at: datetime) -> list[Reader]:
    """Note that these readers are asked, and return those whom no other worker noted first."""
    if not numbers:
        return []
    rows = [{"subscriber_id": one, "family": family, "at": at} for one in numbers]
    new = upsert(session, QUIET).values(rows).on_conflict_do_nothing().returning(QUIET.c.subscriber_id)
    return _readers(session, list(session.execute(new).scalars()))


def was_asked(session: Session, family: str, number: int, at: datetime | None) -> None:
    """Note that the mail was taken; None: it was refused, so that the reader may be asked another day."""
    mine = (QUIET.c.subscriber_id == number, QUIET.c.family == family)
    session.execute(QUIET.delete().where(*mine) if at is None else update(QUIET).where(*mine).values(asked_at=at))


def pause_due(session: Session, silence: Silence, before: datetime, now: datetime) -> list[Reader]:
    """Pause who was asked before an instant and gave no sign since; return them, to be told."""
    readers, last = recipients(silence.family, now).subquery(), silence.signs.subquery()
    waiting = (QUIET.c.family == silence.family, QUIET.c.answered_at.is_(None), QUIET.c.paused_at.is_(None))
    query = (
        select(PERSON.c.id, readers.c.subscriber_id, _alive(last, QUIET.c.asked_at).label("alive"))
        .add_columns(PERSON.c.clicks_agreed_at)
        .select_from(QUIET)
        .join(PERSON, PERSON.c.id == QUIET.c.subscriber_id)
        .outerjoin(readers, readers.c.subscriber_id == PERSON.c.id)
        .outerjoin(last, last.c.subscriber_id == PERSON.c.id)
        .where(*waiting, QUIET.c.asked_at <= before)
        .order_by(PERSON.c.id)
        .limit(MOST)
    )
    found = session.execute(query).all()
    here = [row.id for row in found if row.subscriber_id is not None and not row.alive and row.clicks_agreed_at]
    over = [row.id for row in found if row.id not in here]
    session.execute(update(QUIET).where(*waiting, QUIET.c.subscriber_id.in_(over)).values(answered_at=now))
    until = now + LONGEST
    held = update(QUIET).where(*waiting, QUIET.c.subscriber_id.in_(here)).values(paused_at=now, paused_until=until)
    done = list(session.execute(held.returning(QUIET.c.subscriber_id)).scalars())
    session.execute(update(PERSON).where(PERSON.c.id.in_(done)).values(paused_until=until))
    return _readers(session, done)


def untold(session: Session, family: str, now: datetime) -> list[Reader]:
    """Return who was paused and, since a worker died in between, not told."""
    late = (QUIET.c.paused_at <= now - LATE, QUIET.c.told_at.is_(None), QUIET.c.answered_at.is_(None))
    query = select(QUIET.c.subscriber_id).where(QUIET.c.family == family, *late).limit(MOST)
    return _readers(session, list(session.execute(query).scalars()))


def was_told(session: Session, family: str, number: int, at: datetime) -> None:
    """Note that a reader was told of their pause."""
    mine = (QUIET.c.subscriber_id == number, QUIET.c.family == family)
    session.execute(update(QUIET).where(*mine).values(told_at=at))


def prolong(session: Session, now: datetime) -> None:
    """Let pauses that nobody answered to go on: a pause of a person's own choice ends on its day, this does not."""
    due = (QUIET.c.paused_until <= now + SOON, QUIET.c.answered_at.is_(None), QUIET.c.paused_at.is_not(None))
    theirs = (PERSON.c.id == QUIET.c.subscriber_id, PERSON.c.paused_until == QUIET.c.paused_until)
    query = select(QUIET.c.subscriber_id).join(PERSON, and_(*theirs)).where(*due).limit(MOST)
    numbers, until = list(session.execute(query).scalars()), now + LONGEST
    session.execute(update(PERSON).where(PERSON.c.id.in_(numbers)).values(paused_until=until))
    session.execute(update(QUIET).where(*due, QUIET.c.subscriber_id.in_(numbers)).values(paused_until=until))


def still(session: Session, *, ref: str, family: str, at: datetime) -> None:
    """Note a reader's yes, and let the mail come again that was paused for their silence. Safe to repeat."""
    number = number_of(session, ref)
    mine = (QUIET.c.subscriber_id == number, QUIET.c.family == family)
    until = session.execute(select(QUIET.c.paused_until).where(*mine)).scalar_one_or_none()
    session.execute(update(QUIET).where(*mine).values(answered_at=at))
    if until is not None:
        held = (PERSON.c.id == number, PERSON.c.paused_until == until)
        session.execute(update(PERSON).where(*held).values(paused_until=None))


def counts(session: Session, family: str, now: datetime) -> Counts:
    """Return what became of those of a family who were asked."""
    mine = QUIET.c.family == family
    held = and_(PERSON.c.paused_until == QUIET.c.paused_until, PERSON.c.paused_until > now)
    query = (
        select(func.count(), func.count(QUIET.c.answered_at), func.count(QUIET.c.paused_at).filter(held))
        .select_from(QUIET)
        .join(PERSON, PERSON.c.id == QUIET.c.subscriber_id)
        .where(mine, QUIET.c.asked_at.is_not(None))
    )
    return Counts(*session.execute(query).one())


def _alive(last: Any, since: Any) -> ColumnElement[bool]:
    """Return the condition that a person did something after an instant."""
    spoke = exists().where(CONSENT.c.subscriber_id == PERSON.c.id, CONSENT.c.at > since)
    seen = and_(PERSON.c.seen_at.is_not(None), PERSON.c.seen_at > since)
    clicked = and_(last.c.at.is_not(None), last.c.at > since)
    return or_(seen, clicked, spoke)


def _readers(session: Session, numbers: Sequence[int]) -> list[Reader]:
    query = select(PERSON.c.id, PERSON.c.ref, PERSON.c.address, PERSON.c.name, PERSON.c.language)
    here = (PERSON.c.id.in_(numbers), PERSON.c.erased_at.is_(None))
    return [Reader(*row) for row in session.execute(query.where(*here).order_by(PERSON.c.id))]
