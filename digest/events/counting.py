"""Turns clicks into popularity: each is judged once its burst is whole, and people's are told to the articles.

A click's new state and what the article gets of it are one transaction; two workers take turns. So nothing counts
twice, whoever dies when. What turns out later is put right: a visitor who follows the hidden link after the others
loses these, too.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, select, update
from sqlmodel import Session

from digest.articles import popularity
from digest.database import Database
from digest.events.machines import BY_ITSELF, Hit, State, Verdict, judged
from digest.events.models import Click
from digest.issues.models import IssueStatus
from digest.proofs.models import Edition, EditionStory
from digest.sending.ledger import DELIVERY, ISSUE
from digest.sending.models import table

CLICK, EDITION, STORY = table(Click), table(Edition), table(EditionStory)
WHOLE_AFTER: Final = timedelta(seconds=60)  # then a burst of ten seconds is there, however slowly it was stored
PATIENCE: Final = timedelta(days=7)  # so long a click waits for its place to be noted
NEW: Final[Any] = literal_column("'new'")  # written out: SQLite finds no partial index by a bound value
AT_A_TIME: Final = 2_000  # clicks of one transaction
LOCK: Final = 4_027_008  # of PostgreSQL's advisory locks: ours for counting clicks
OVER: Final = (IssueStatus.sent, IssueStatus.cancelled)  # from then on no more readers are added to a place


@dataclass(frozen=True, slots=True)
class Counted:
    """What one pass came to."""

    human: int = 0
    machine: int = 0
    again: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        """Return both together."""
        return Counted(self.human + other.human, self.machine + other.machine, self.again + other.again)


@dataclass(slots=True)
class _Change:
    """What becomes of the clicks of one place."""

    rows: list[tuple[int, Verdict, datetime]] = field(default_factory=list)
    more: int = 0  # human clicks


def count_due(database: Database, now: datetime) -> Counted:
    """Judge the clicks that are due, and tell the articles of people's. Safe to repeat, and by many at once.

    Clicks on an issue that is still being sent wait: how many readers a place had is noted at its end.
    """
    whole = Counted()
    with database.reading() as session:
        numbers = _editions(session, now)
    for number in numbers:
        after = 0
        while True:
            with database.writing() as session:
                done, after = _count(session, number, after, now)
            whole += done
            if not after:
                break
    return whole


def _editions(session: Session, now: datetime) -> list[int]:
    """Return the editions with clicks that are due.

    Two queries: in one, the walk might begin at every issue ever sent instead of at the few new clicks.
    """
    new = select(CLICK.c.edition_number).distinct().where(CLICK.c.state == NEW, CLICK.c.at <= now - WHOLE_AFTER)
    some = session.execute(new).scalars().all()
    over = select(EDITION.c.number).join(ISSUE, ISSUE.c.id == EDITION.c.issue_id).where(ISSUE.c.status.in_(OVER))
    return sorted(session.execute(over.where(EDITION.c.number.in_(some))).scalars()) if some else []


def _count(session: Session, edition: int, after: int, now: datetime) -> tuple[Counted, int]:
    """Judge some of an edition's clicks; returns what they were, and the last one's id: 0 when there are no more."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    due = _due(session, edition, after, now)
    if not due:
        return Counted(), 0
    rows = _together(session, edition, due)
    verdicts = judged([_hit(row) for row in rows], _arrivals(session, edition, rows))
    wanted = {row.id for row in due}
    changes = _changes([row for row in rows if row.id in wanted or row.state != State.new], verdicts)
    kept = _tell(session, edition, changes, now)
    _write(session, kept)
    return _sum(verdict for number, verdict in kept if number in wanted), due[-1].id


def _due(session: Session, edition: int, after: int, now: datetime) -> Sequence[Any]:
    mine = (CLICK.c.edition_number == edition, CLICK.c.state == NEW, CLICK.c.id > after)
    query = select(CLICK).where(*mine, CLICK.c.at <= now - WHOLE_AFTER)
    return session.execute(query.order_by(CLICK.c.id).limit(AT_A_TIME)).all()


def _together(session: Session, edition: int, due: Sequence[Any]) -> Sequence[Any]:
    """Return these clicks with all that tell something of them: of the same visitors; where people are known, all."""
    query = select(CLICK).where(CLICK.c.edition_number == edition)
    known = select(CLICK.c.id).where(CLICK.c.edition_number == edition, CLICK.c.subscriber_id.is_not(None)).limit(1)
    if session.execute(known).first() is None:
        query = query.where(CLICK.c.visitor.in_({row.visitor for row in due}))
    return session.execute(query).all()


def _hit(row: Any) -> Hit:
    """Return a click as it is judged: by what it shows itself, never by what was made of it before."""
    return Hit(
        id=row.id,
        place=row.place,
        at=row.at,
        visitor=row.visitor,
        person=row.subscriber_id,
        method=row.method,
        sign=row.sign if row.sign in BY_ITSELF else "",
    )


def _arrivals(session: Session, edition: int, rows: Sequence[Any]) -> dict[int, datetime]:
    """Return person -> when their mail arrived, as the provider says, else when it was taken."""
    people = {row.subscriber_id for row in rows if row.subscriber_id is not None}
    if not people:
        return {}
    issue = (
        select(ISSUE.c.number)
        .join(EDITION, EDITION.c.issue_id == ISSUE.c.id)
        .where(EDITION.c.number == edition)
        .scalar_subquery()
    )
    mine = select(DELIVERY.c.subscriber_id, DELIVERY.c.outcome, DELIVERY.c.outcome_at, DELIVERY.c.settled_at).where(
        DELIVERY.c.issue_number == issue, DELIVERY.c.edition_number == edition
    )
    found = {}
    for start in range(0, len(some := sorted(people)), AT_A_TIME):
        for row in session.execute(mine.where(DELIVERY.c.subscriber_id.in_(some[start : start + AT_A_TIME]))):
            found[row.subscriber_id] = row.outcome_at if row.outcome == "delivered" else row.settled_at
    return {person: at for person, at in found.items() if at is not None}


def _changes(rows: Sequence[Any], verdicts: Mapping[int, Verdict]) -> dict[int, _Change]:
    """Return place -> what becomes of its clicks, of those that are something else now than they were."""
    found: dict[int, _Change] = defaultdict(_Change)
    for row in rows:
        verdict = verdicts[row.id]
        if row.state != verdict.state:
            found[row.place].rows.append((row.id, verdict, row.at))
            found[row.place].more += (verdict.state == State.human) - (row.state == State.human)
    return found


def _tell(session: Session, edition: int, changes: Mapping[int, _Change], now: datetime) -> list[tuple[int, Verdict]]:
    """Tell the articles; returns the verdicts that hold. People's clicks on a place that is not noted yet wait."""
    stories = select(STORY.c.place, STORY.c.article_id).where(STORY.c.edition_number == edition)
    articles: dict[int, Any] = dict(session.execute(stories).all())
    kept = []
    for place, change in sorted(changes.items()):
        told = not change.more or (
            place in articles and popularity.record_click(session, articles[place], edition, place, change.more)
        )
        kept += [
            (number, verdict)
            for number, verdict, at in change.rows
            if told or verdict.state != State.human or now - at > PATIENCE
        ]
    return kept


def _write(session: Session, kept: Sequence[tuple[int, Verdict]]) -> None:
    if not kept:
        return
    statement = update(CLICK).where(CLICK.c.id == bindparam("number"))
    values = statement.values(state=bindparam("is_now"), sign=bindparam("by"))
    session.connection().execute(
        values, [{"number": number, "is_now": str(one.state), "by": str(one.sign)} for number, one in kept]
    )


def _sum(verdicts: Iterator[Verdict]) -> Counted:
    states = [verdict.state for verdict in verdicts]
    return Counted(*(states.count(state) for state in (State.human, State.machine, State.again)))
