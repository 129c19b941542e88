"""The warm-up of a new sending domain: whoever is more than a day's ceiling gets the issue on one of the next days.

Mailbox providers judge a new domain by how its first mails are met, so those go first who most likely welcome them:
where readers are counted one by one, who clicked most of late; then whoever confirmed last, since an address that said
yes lately works, and its owner remembers having asked, while old ones hide what bounces. The days are laid down at the
freeze (``Delivery.next_attempt_at``), at the same hour of the publication's clocks; the pacer holds the ceiling itself.
What is left when the next issue is due expires (ruling 20).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select, update
from sqlmodel import Session

from digest.database import Database
from digest.issues import log
from digest.issues.models import Issue, IssueLog, IssueStatus, Publication, Run
from digest.sending import control, pacing, routing, waves
from digest.sending.bulk import among, rowcount
from digest.sending.ledger import DELIVERY, ISSUE, QUEUED
from digest.sending.limits import Limits, spread
from digest.sending.means import Engaged, Means
from digest.sending.models import DeliveryState, table
from digest.sending.routing import Part
from subscribers import confirmed_since

ENGINE: Final = "digest"
WHAT: Final = "warm-up"  # in the log
CHUNK: Final = 20_000
LOG, RUN = table(IssueLog), table(Run)
_D, _S = DeliveryState, IssueStatus


@dataclass(frozen=True, slots=True)
class Day:
    """What of an issue leaves on one day of a warm-up."""

    account: str
    at: datetime  # UTC
    number: int  # of the warm-up
    allows: int | None  # mails of the account, of all issues; None: the warm-up is over by then
    readers: int

    def to_json(self) -> dict[str, Any]:
        """Return it for machines, and for the log."""
        fields = {"account": self.account, "day": self.number, "allows": self.allows, "readers": self.readers}
        return {"at": self.at.isoformat(), **fields}


def choose(means: Means, issue_id: UUID, at: datetime) -> None:
    """Lay down who gets an issue on which day, where its account warms up. Safe to repeat.

    Needs all rows of the ledger to be there, none queued yet. Those of the first day wait for nothing new.
    """
    database = means.database
    if not any(one.warm_up for one in means.limits.values()):
        return
    with database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        if issue.audience_size is not None or days_of(session, issue.number):
            return
        parts = [one for one in routing.read(session, issue.number, means.account).parts if one.editions != ()]
        plans = {one: planned(session, issue, one, means.limits.get(one.account), at) for one in parts}
        family = issue.publication_id
    laid = [(part, days) for part, days in plans.items() if len(days) > 1]
    for part, days in laid:
        who = _in_order(issue.number, family, part, means.engaged if _counts_people(database, family) else None, at)
        _lay_down(database, issue_id, who, days)
    if laid:
        with database.writing() as session:
            told = {"days": [day.to_json() for _, days in laid for day in days]}
            log.add(session, session.get_one(Issue, issue_id), at=at, who=ENGINE, what=WHAT, after=told)


def planned(
    session: Session, issue: Issue, part: Part, limits: Limits | None, at: datetime, readers: int | None = None
) -> list[Day]:
    """Return the days on which a part of an issue leaves that begins at ``at``; none without a warm-up.

    ``readers``: how many there are; None: those that are being frozen. What the account sent today already, and what
    it owes to other issues on the days to come, is not theirs.
    """
    if limits is None or limits.warm_up is None:
        return []
    if readers is None:
        mine = (DELIVERY.c.state == _D.freezing, *_of_part(issue.number, part))
        readers = int(session.execute(select(func.count()).select_from(DELIVERY).where(*mine)).scalar_one())
    owed = _owed(session, part.account, issue.number)
    today = pacing.day_of(at)
    owed[today] = owed.get(today, 0) + pacing.used_today(session, part.account, at)

    def allowed(day: date) -> int | None:
        most = limits.of_day(day)
        return None if most is None else most - owed.get(day, 0)

    zone = session.get_one(Publication, issue.publication_id).zone
    found = enumerate(spread(readers, today, allowed))
    moments = ((_same_hour(at, zone, number), count) for number, count in found)
    warm_up = limits.warm_up
    return [
        Day(part.account, moment, warm_up.number(pacing.day_of(moment)), limits.of_day(pacing.day_of(moment)), count)
        for moment, count in moments
    ]


def days_of(session: Session, issue_number: int) -> list[Day]:
    """Return the days that were laid down for an issue at its freeze; none where it left at once."""
    query = select(LOG.c.after).join(ISSUE, ISSUE.c.id == LOG.c.issue_id)
    mine = query.where(ISSUE.c.number == issue_number, LOG.c.what == WHAT).order_by(LOG.c.id)
    return [_read(day) for after in session.execute(mine).scalars() for day in (after or {}).get("days", ())]


def to_come(session: Session, issue_number: int, now: datetime) -> list[Day]:
    """Return the days that are still to come, with how many wait for each now."""
    days = [one for one in days_of(session, issue_number) if one.at > now]
    if not days:
        return []
    mine = (DELIVERY.c.issue_number == issue_number, QUEUED, DELIVERY.c.next_attempt_at > now)
    query = select(DELIVERY.c.next_attempt_at, func.count()).where(*mine).group_by(DELIVERY.c.next_attempt_at)
    waiting: dict[datetime, int] = dict(session.execute(query).all())
    return [
        Day(one.account, one.at, one.number, one.allows, waiting[one.at]) for one in days if waiting.get(one.at, 0) > 0
    ]


def expire(database: Database, now: datetime) -> list[tuple[UUID, str]]:
    """Cancel what is left of issues in a warm-up whose successor was drafted; returns (issue, sentence) of each.

    For every tick; a batch that is on its way then settles as ever. The issue itself ends as sent: many have it.
    """
    found = []
    with database.reading() as session:
        over = session.execute(_succeeded()).all()
    for issue_id, number in over:
        with database.writing() as session:
            control.release_formed(session, number, now)
        with database.reading() as session:
            why = _why(session, number, now)
        cancelled = sum(iter(lambda number=number, why=why: _cancel_some(database, number, why, now), 0))
        if cancelled:
            said = f"{_counted(cancelled)} cancelled: {why}"
            found.append((issue_id, f"issue {number}: {said}"))
            with database.writing() as session:
                log.add(session, session.get_one(Issue, issue_id), at=now, who=ENGINE, what="expire", after=said)
    return found


def _counts_people(database: Database, publication_id: str) -> bool:
    with database.reading() as session:
        return session.get_one(Publication, publication_id).clicks == "personal"


def _in_order(
    issue_number: int, family: str, part: Part, engaged: Engaged | None, at: datetime
) -> Select[Any]:
    """Return a select of the readers that are being frozen, whoever most likely welcomes it first."""
    since = confirmed_since(family).subquery()
    who = select(DELIVERY.c.subscriber_id).where(DELIVERY.c.state == _D.freezing, *_of_part(issue_number, part))
    who = who.join(since, since.c.subscriber_id == DELIVERY.c.subscriber_id, isouter=True)
    order: list[ColumnElement[Any]] = [since.c.at.desc().nulls_last(), DELIVERY.c.subscriber_id]
    if engaged is not None:
        clicks = engaged(family, at).subquery()
        who = who.join(clicks, clicks.c.subscriber_id == DELIVERY.c.subscriber_id, isouter=True)
        order.insert(0, func.coalesce(clicks.c.clicks, 0).desc())
    return who.order_by(*order)


def _lay_down(database: Database, issue_id: UUID, who: Select[Any], days: list[Day]) -> None:
    """Write the moments, chunk by chunk, while the readers are read in their order."""
    with database.reading() as session:
        rows = iter(session.execute(who.execution_options(yield_per=CHUNK)).scalars())
        for day, count in zip(days, (one.readers for one in days), strict=True):
            for ids in _chunks(rows, count):
                if day is not days[0]:
                    _let_wait(database, issue_id, ids, day.at)


def _chunks(rows: Iterator[int], count: int) -> Iterator[list[int]]:
    """Yield the next ``count`` of the rows, in chunks."""
    while count > 0:
        some = [one for one, _ in zip(rows, range(min(CHUNK, count)), strict=False)]
        if not some:
            return
        count -= len(some)
        yield some


def _let_wait(database: Database, issue_id: UUID, ids: list[int], at: datetime) -> None:
    with database.writing() as session:
        number = session.get_one(Issue, issue_id).number
        mine = (DELIVERY.c.issue_number == number, DELIVERY.c.state == _D.freezing)
        some = among(session, DELIVERY.c.subscriber_id, ids)
        session.execute(update(DELIVERY).where(*mine, some).values(next_attempt_at=at))


def _same_hour(at: datetime, zone: str, days: int) -> datetime:
    """Return the instant so many days later at which the clocks of a zone show the same."""
    later = waves.instant(waves.wall(at, zone) + timedelta(days=days), zone)
    return at if not days else later or at + timedelta(days=days)


def _of_part(issue_number: int, part: Part) -> tuple[ColumnElement[bool], ...]:
    mine = DELIVERY.c.issue_number == issue_number
    return (mine,) if part.editions is None else (mine, DELIVERY.c.edition_number.in_(part.editions))


def _owed(session: Session, account: str, but: int) -> dict[date, int]:
    """Return day -> how many mails of other issues under way were laid down for it."""
    under_way = ISSUE.c.status.in_((_S.freezing, _S.sending, _S.paused))
    query = select(LOG.c.after).join(ISSUE, ISSUE.c.id == LOG.c.issue_id)
    rows = session.execute(query.where(LOG.c.what == WHAT, under_way, ISSUE.c.number != but)).scalars()
    owed: dict[date, int] = {}
    for day in (_read(one) for after in rows for one in (after or {}).get("days", ())[1:]):
        if day.account == account:
            owed[pacing.day_of(day.at)] = owed.get(pacing.day_of(day.at), 0) + day.readers
    return owed


def _read(stored: Mapping[str, Any]) -> Day:
    at = datetime.fromisoformat(stored["at"])
    return Day(stored["account"], at, stored["day"], stored["allows"], stored["readers"])


def _succeeded() -> Select[Any]:
    """Return a select of the issues in a warm-up that something is left of, and whose successor was drafted."""
    newer = ISSUE.alias("newer")
    drafted = (newer.c.status.not_in((_S.cancelled, _S.skipped, _S.planned)), newer.c.once.is_(False))
    after = (newer.c.publication_id == ISSUE.c.publication_id, newer.c.as_of > ISSUE.c.as_of)
    successor = exists().where(*after, *drafted, RUN.c.issue_id == newer.c.id)
    warm = exists().where(LOG.c.issue_id == ISSUE.c.id, LOG.c.what == WHAT)
    query = select(ISSUE.c.id, ISSUE.c.number).where(ISSUE.c.status == _S.sending, ISSUE.c.once.is_(False))
    return query.where(warm, successor).order_by(ISSUE.c.number)


def _why(session: Session, issue_number: int, now: datetime) -> str:
    days = days_of(session, issue_number)
    last = next((one for one in days[::-1] if one.at <= now), days[0])
    most = "" if last.allows is None else f"; warm-up day {last.number} allowed {last.allows:,}"
    return f"expired, the next issue was due{most}"


def _cancel_some(database: Database, issue_number: int, why: str, now: datetime) -> int:
    with database.writing() as session:
        mine = (DELIVERY.c.issue_number == issue_number, QUEUED)
        ids = session.execute(select(DELIVERY.c.subscriber_id).where(*mine).limit(CHUNK)).scalars().all()
        values = {"state": _D.cancelled, "reason": why, "settled_at": now, "next_attempt_at": None}
        some = among(session, DELIVERY.c.subscriber_id, ids)
        return rowcount(session.execute(update(DELIVERY).where(*mine, some).values(values))) if ids else 0


def _counted(deliveries: int) -> str:
    return "1 delivery" if deliveries == 1 else f"{deliveries:,} deliveries"
