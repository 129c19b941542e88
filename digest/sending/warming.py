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
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select, update
from sqlmodel import Session

from digest.database import Database
from digest.issues import log
from digest.issues.models import Issue, IssueLog, IssueStatus, Publication, Run
from digest.sending import control, pacing, routing, stragglers, waves
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
    """Lay down who gets an issue on which day, where its account warms up. Safe to repeat, and by many at once.

    Needs all rows of the ledger to be there. The plan is made once, and stands in the log before any row is touched:
    whoever comes later lays down the same. Those of the first day wait for nothing new.
    """
    if not any(one.warm_up for one in means.limits.values()):
        return
    plan = _plan(means, issue_id, at)
    if not plan:
        return
    with means.database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        counts = session.get_one(Publication, issue.publication_id).clicks == "personal"
        parts = routing.read(session, issue.number, means.account).parts
    for part in parts:
        days = [one for one in plan if one.account == part.account]
        if days and part.editions != ():
            who = _in_order(issue, part, means.engaged if counts else None, at)
            _lay_down(means.database, issue_id, who, days)


def _plan(means: Means, issue_id: UUID, at: datetime) -> list[Day]:
    """Return the days of an issue that is being frozen: those of the log, else made now and logged."""
    with means.database.writing() as session:
        issue = stragglers.being_frozen(session, issue_id)
        if issue.audience_size is not None:
            return []
        known = days_of(session, issue.number)
        if known:
            return known
        parts = [one for one in routing.read(session, issue.number, means.account).parts if one.editions != ()]
        plans = (planned(session, issue, one, means.limits.get(one.account), at) for one in parts)
        days = [day for plan in plans if len(plan) > 1 for day in plan]
        if days:
            log.add(session, issue, at=at, who=ENGINE, what=WHAT, after={"days": [day.to_json() for day in days]})
        return days


def planned(session: Session, issue: Issue, part: Part, limits: Limits | None, at: datetime) -> list[Day]:
    """Return the days on which a part of an issue leaves that is being frozen at ``at``; none without a warm-up.

    What the account sent today already, and what it owes to other issues on the days to come, is not theirs.
    """
    if limits is None or limits.warm_up is None:
        return []
    everybody = select(func.count()).select_from(DELIVERY).where(*_of_part(issue.number, part))
    readers = int(session.execute(everybody).scalar_one())
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
        cancelled = _cancel_all(database, number, why, now)
        if cancelled:
            said = f"{_counted(cancelled)} cancelled: {why}"
            found.append((issue_id, f"issue {number}: {said}"))
            with database.writing() as session:
                log.add(session, session.get_one(Issue, issue_id), at=now, who=ENGINE, what="expire", after=said)
    return found


def _in_order(issue: Issue, part: Part, engaged: Engaged | None, at: datetime) -> Select[Any]:
    """Return a select of the readers that are being frozen, whoever most likely welcomes it first."""
    since = confirmed_since(issue.publication_id).subquery()
    who = select(DELIVERY.c.subscriber_id).where(*_of_part(issue.number, part))
    who = who.join(since, since.c.subscriber_id == DELIVERY.c.subscriber_id, isouter=True)
    order: list[ColumnElement[Any]] = [since.c.at.desc().nulls_last(), DELIVERY.c.subscriber_id]
    if engaged is not None:
        clicks = engaged(issue.publication_id, at).subquery()
        who = who.join(clicks, clicks.c.subscriber_id == DELIVERY.c.subscriber_id, isouter=True)
        order.insert(0, func.coalesce(clicks.c.clicks, 0).desc())
    return who.order_by(*order)


def _lay_down(database: Database, issue_id: UUID, who: Select[Any], days: list[Day]) -> None:
    """Write the moments, chunk by chunk, while the readers are read in their order."""
    with database.reading() as session, session.execute(who.execution_options(yield_per=CHUNK)) as found:
        rows = iter(found.scalars())
        for day in days:
            for ids in _chunks(rows, day.readers):
                if day is not days[0]:
                    _let_wait(database, issue_id, ids, day.at)


def _chunks(rows: Iterator[int], count: int) -> Iterator[list[int]]:
    """Yield the next ``count`` of the rows, in chunks."""
    while count > 0:
        some = list(islice(rows, min(CHUNK, count)))
        if not some:
            return
        count -= len(some)
        yield some


def _let_wait(database: Database, issue_id: UUID, ids: list[int], at: datetime) -> None:
    with database.writing() as session:
        issue = stragglers.being_frozen(session, issue_id)
        mine = (DELIVERY.c.issue_number == issue.number, DELIVERY.c.state == _D.freezing)
        some = among(session, DELIVERY.c.subscriber_id, ids)
        session.execute(update(DELIVERY).where(*mine, some).values(next_attempt_at=at))


def _same_hour(at: datetime, zone: str, days: int) -> datetime:
    """Return the instant so many days later at which the clocks of a zone show the same."""
    later = waves.instant(waves.wall(at, zone) + timedelta(days=days), zone)
    return at if not days else later or at + timedelta(days=days)


def _of_part(issue_number: int, part: Part) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a part's readers before anybody got it: also those another worker queued already."""
    mine = (DELIVERY.c.issue_number == issue_number, DELIVERY.c.state.in_((_D.freezing, _D.queued)))
    return mine if part.editions is None else (*mine, DELIVERY.c.edition_number.in_(part.editions))


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


def _cancel_all(database: Database, issue_number: int, why: str, now: datetime) -> int:
    """Cancel what waits of an issue, in short transactions; returns how many there were."""
    cancelled = 0
    while some := _cancel_some(database, issue_number, why, now):
        cancelled += some
    return cancelled


def _cancel_some(database: Database, issue_number: int, why: str, now: datetime) -> int:
    with database.writing() as session:
        mine = (DELIVERY.c.issue_number == issue_number, QUEUED)
        ids = session.execute(select(DELIVERY.c.subscriber_id).where(*mine).limit(CHUNK)).scalars().all()
        values = {"state": _D.cancelled, "reason": why, "settled_at": now, "next_attempt_at": None}
        some = among(session, DELIVERY.c.subscriber_id, ids)
        return rowcount(session.execute(update(DELIVERY).where(*mine, some).values(values))) if ids else 0


def _counted(deliveries: int) -> str:
    return "1 delivery" if deliveries == 1 else f"{deliveries:,} deliveries"
