"""Freezing: writing down who gets which edition, in short repeatable transactions, and then opening the sending.

A crash anywhere, and beginning again, gives the same ledger: a row that is there is left alone. Where a publication
wants it, a row also gets the instant it waits for: the hour of the sending in the reader's own zone (see waves).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, select, update
from sqlmodel import Session

from digest.database import Database
from digest.issues import lifecycle, log
from digest.issues.models import Issue, IssueStatus
from digest.rendering.urls import Urls
from digest.sending import canary, control, revising, stragglers, waves
from digest.sending.bulk import among, insert_select, is_sqlite
from digest.sending.ledger import DELIVERY
from digest.sending.models import DeliveryState
from digest.sending.revising import editions_of
from digest.sending.waves import Plan
from subscribers import reader_zones

CHUNK: Final = 20_000  # readers a transaction: the write lock is held for some hundredths of a second
FEWER: Final = 5_000  # on PostgreSQL, which takes four times as long for a row (measured)
ENGINE: Final = "digest"
_S, _D = IssueStatus, DeliveryState


def freeze(
    database: Database,
    issue_id: UUID,
    *,
    at: datetime,
    urls: Urls,
    progress: Callable[[int], None],
    wait: timedelta = timedelta(0),
    lay_down: Callable[[], None] = lambda: None,
) -> int | None:
    """Write the ledger of an issue and open its sending; returns its audience, or None if it is not to be frozen.

    Sets of lists that nobody had at approval get an edition from the approved stories. ``progress`` is called with
    the number of rows written. ``wait``: how long all but the first readers of a large issue wait (``canary``).
    ``lay_down``: lets those wait who are more than may leave today, once all rows are there (``warming``).
    """
    family = _begin(database, issue_id, at)
    if family is None:
        return None
    try:
        who = stragglers.make_editions(database, issue_id, urls, at).readers(family, at)
        plan = _plan(database, issue_id, at)
        while (written := _insert_chunk(database, issue_id, who, plan)) is not None:
            progress(written)
        _reassign(database, issue_id, who, at)
        less = stragglers.make_editions(database, issue_id, urls, at)
        who, size = less.readers(family, at), None
        while size is None:
            while missing := _missing(database, issue_id, who):
                progress(_insert_missing(database, issue_id, who, missing, plan=plan))
            cursor = _cursor(database, issue_id)
            stragglers.spare_repeats(database, issue_id, urls, at)
            lay_down()
            _queue_all(database, issue_id, _canary(database, issue_id, wait, at))
            size = _open(database, issue_id, cursor, less.nothing_left, at)
    except stragglers.Stopped:
        return None
    return size or None


def _begin(database: Database, issue_id: UUID, at: datetime) -> str | None:
    """Go from scheduled to freezing, once; returns the publication, or None where there is nothing to freeze.

    Batches of an earlier revision that wait are given up, so that their readers get the new one.
    """
    with database.writing() as session:
        issue = session.get_one(Issue, issue_id, with_for_update=True)
        if issue.status == _S.scheduled and (issue.undo_until or at) <= at:
            lifecycle.move(issue, _S.freezing, at)
            issue.freeze_cursor = 0
            control.release_formed(session, issue.number, at)
            log.add(session, issue, at=at, who=ENGINE, what="freeze")
        return issue.publication_id if issue.status == _S.freezing and not issue.held else None


def _plan(database: Database, issue_id: UUID, at: datetime) -> Plan:
    with database.reading() as session:
        return waves.plan(session, session.get_one(Issue, issue_id), at)


def _insert_chunk(database: Database, issue_id: UUID, who: Select[Any], plan: Plan) -> int | None:
    """Write the next rows; None when there are no more. The cursor moves in the same transaction."""
    with database.writing() as session:
        issue = stragglers.being_frozen(session, issue_id)
        if issue.audience_size is not None:
            return None
        found = editions_of(issue.number, issue.revision, who).subquery()
        rows = _rows(issue.number, found, plan).where(found.c.subscriber_id > issue.freeze_cursor)
        written = _insert(session, rows.order_by(found.c.subscriber_id).limit(_chunk(session)))
        last = select(func.max(DELIVERY.c.subscriber_id)).where(DELIVERY.c.issue_number == issue.number)
        issue.freeze_cursor = max(issue.freeze_cursor, session.execute(last).scalar() or 0)
        return written or None


def _missing(database: Database, issue_id: UUID, who: Select[Any]) -> list[int]:
    """Return readers who have an edition, but no row yet: those who came while the others were written.

    Who holds only lists that the issue knows nothing of (they are newer than its draft) has no edition.
    """
    with database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        if issue.audience_size is not None:
            return []
        readers = editions_of(issue.number, issue.revision, who).subquery()
        there = exists().where(
            DELIVERY.c.issue_number == issue.number, DELIVERY.c.subscriber_id == readers.c.subscriber_id
        )
        query = select(readers.c.subscriber_id).where(~there).limit(_chunk(session))
        return list(session.execute(query).scalars())


def _chunk(session: Session) -> int:
    """Return how many rows a transaction writes."""
    return CHUNK if is_sqlite(session) else min(CHUNK, FEWER)


def _insert_missing(database: Database, issue_id: UUID, who: Select[Any], missing: list[int], *, plan: Plan) -> int:
    with database.writing() as session:
        issue = stragglers.being_frozen(session, issue_id)
        found = editions_of(issue.number, issue.revision, who).subquery()
        rows = _rows(issue.number, found, plan).where(among(session, found.c.subscriber_id, missing))
        written = _insert(session, rows)
        issue.freeze_cursor += written  # it rises with every row, so that who opens the sending sees that some came
        return written


def _cursor(database: Database, issue_id: UUID) -> int:
    with database.reading() as session:
        return session.get_one(Issue, issue_id).freeze_cursor


def _rows(issue_number: int, found: Any, plan: Plan) -> Select[Any]:
    state = literal(_D.freezing.value)
    rows = select(literal(issue_number), found.c.subscriber_id, found.c.edition_number, state, literal(0))
    if not plan:
        return rows
    zones = reader_zones().subquery()
    waiting = rows.add_columns(waves.moment(plan, zones.c.zone))
    return waiting.join_from(found, zones, zones.c.subscriber_id == found.c.subscriber_id)


def _insert(session: Session, rows: Select[Any]) -> int:
    columns = ("issue_number", "subscriber_id", "edition_number", "state", "attempts", "next_attempt_at")
    return insert_select(session, DELIVERY, columns[: len(rows.selected_columns)], rows)


def _open(database: Database, issue_id: UUID, cursor: int, instead: Mapping[str, int], at: datetime) -> int | None:
    """Count the audience, and let the sending begin; returns its size, 0 where it is held because nobody would get it.

    None where another worker wrote rows since the cursor was read: they were not queued or counted yet.
    ``instead``: weekly -> readers who get it and not this issue.
    """
    with database.reading() as session:
        number = session.get_one(Issue, issue_id).number
        rows = select(func.count()).where(DELIVERY.c.issue_number == number)
        size = int(session.execute(rows).scalar_one())
    with database.writing() as session:
        issue = stragglers.being_frozen(session, issue_id)
        if issue.freeze_cursor != cursor:
            return None
        if size == 0:
            control.hold(session, issue, _why_nobody(instead), at)
            return 0
        lifecycle.move(issue, _S.sending, at)
        issue.audience_size = size
        log.add(
            session,
            issue,
            at=at,
            who=ENGINE,
            what="open",
            after={"audience": size, **({"instead": dict(instead)} if instead else {})},
        )
    return size


def _why_nobody(instead: Mapping[str, int]) -> str:
    if not instead:
        return "Nobody would get it: no list of its publication has a reader."
    weeklies = " or ".join(instead)
    return f"Nobody would get it: its {sum(instead.values()):,} readers get {weeklies} instead, this day."


def _canary(database: Database, issue_id: UUID, wait: timedelta, at: datetime) -> datetime | None:
    with database.writing() as session:
        issue = stragglers.being_frozen(session, issue_id)
        return canary.choose(session, issue, wait, at)


def _queue_all(database: Database, issue_id: UUID, until: datetime | None) -> None:
    """Queue every row; nothing is claimed before the issue itself is opened. ``until``: when those may leave."""
    queued: dict[str, Any] = {"state": _D.queued}
    if until is not None:
        queued["next_attempt_at"] = func.coalesce(DELIVERY.c.next_attempt_at, until)
    for session, mine in _ranges(database, issue_id):
        session.execute(update(DELIVERY).where(mine, DELIVERY.c.state == _D.freezing).values(queued))


def _reassign(database: Database, issue_id: UUID, who: Select[Any], at: datetime) -> None:
    """Give those still queued of a changed issue the editions of its new revision; the audience stays as it was.

    Who is no reader any more has no edition of it: withdrawn.
    """
    with database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        frozen_before, number, revision = issue.audience_size is not None, issue.number, issue.revision
    if not frozen_before:
        return
    for session, mine in _ranges(database, issue_id):
        revising.reassign(session, number, revision, who, who=mine, at=at)


def _ranges(database: Database, issue_id: UUID) -> Iterator[tuple[Session, ColumnElement[bool]]]:
    """Yield a transaction and the condition of the next rows of an issue, as long as it is being frozen."""
    after: int | None = 0
    while after is not None:
        with database.writing() as session:
            issue = stragglers.being_frozen(session, issue_id)
            beyond = and_(DELIVERY.c.issue_number == issue.number, DELIVERY.c.subscriber_id > after)
            query = select(DELIVERY.c.subscriber_id).where(beyond).order_by(DELIVERY.c.subscriber_id)
            after = session.execute(query.offset(_chunk(session) - 1).limit(1)).scalar()
            yield session, beyond if after is None else and_(beyond, DELIVERY.c.subscriber_id <= after)
