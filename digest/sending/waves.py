"""Waves: one issue that reaches each reader at its hour in their own time zone, all in one ledger.

The publication's own hour is the first wave: before it nothing leaves. Where a reader's clocks show that hour later,
their delivery waits for it (``Delivery.next_attempt_at``); where they showed it before, it leaves with the first.
What is frozen holds: who changes the zone between the freeze and the wave gets this issue at the hour of then.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, and_, case, func, literal, null, select
from sqlmodel import Session

from digest.issues import wall_times
from digest.issues.models import Issue, IssueLog, Publication, Run
from digest.proofs import instead
from digest.sending.ledger import DELIVERY, QUEUED
from digest.sending.models import table
from subscribers import known_zones, reader_zones, readers_by_zone

LOG, RUN = table(IssueLog), table(Run)
waits_until = DELIVERY.c.next_attempt_at
# Waits for its hour, and not to be tried again: nothing was tried yet.
WAVE: Final = and_(QUEUED, waits_until.is_not(None), DELIVERY.c.first_failed_at.is_(None))

Plan = Mapping[datetime, tuple[str, ...]]  # instant, UTC -> the zones whose readers wait for it


@dataclass(frozen=True, slots=True)
class Wave:
    """Readers who get an issue at one instant."""

    at: datetime  # UTC
    readers: int
    zones: Mapping[str, int] = field(default_factory=dict)  # the readers' zones of now -> how many; "" have none

    def to_json(self) -> dict[str, Any]:
        """Return it for machines."""
        return {"at": self.at.isoformat(), "readers": self.readers, "zones": dict(self.zones)}


def instant(wall: datetime, zone: str) -> datetime | None:
    """Return when the clocks of a zone show a wall time (naive), in UTC; None if this machine knows no such zone.

    Clock changes are read as the schedule reads them, see ``wall_times``.
    """
    try:
        return wall_times.moment(wall, ZoneInfo(zone)).at
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def wall(at: datetime, zone: str) -> datetime:
    """Return what the clocks of a zone show at an instant, naive; those of UTC if this machine knows no such zone."""
    try:
        return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return at.astimezone(UTC).replace(tzinfo=None)


def later_than(start: datetime, wall: datetime) -> Plan:
    """Return the zones, by instant, in which a wall time comes later than ``start``; the earliest instant first."""
    found: dict[datetime, list[str]] = defaultdict(list)
    for zone in sorted(known_zones()):
        at = instant(wall, zone)
        if at is not None and at > start:
            found[at].append(zone)
    return {at: tuple(found[at]) for at in sorted(found)}


def plan(session: Session, issue: Issue, start: datetime) -> Plan:
    """Return who waits for when, if an issue leaves at ``start``; nothing where its publication does not want it.

    All zones there are, not those the readers have now: who chooses one while others are frozen is not missed.
    """
    publication = session.get_one(Publication, issue.publication_id)
    if not publication.reader_zones:
        return {}
    wall = hour(session, issue, start).astimezone(ZoneInfo(publication.zone)).replace(tzinfo=None)
    return later_than(start, wall)


def hour(session: Session, issue: Issue, start: datetime) -> datetime:
    """Return the instant at which an issue was meant to leave: its wall time is that of the waves.

    That is the hour it was ordered for. Where it was ordered to leave at once, because its hour was over, it is the
    hour that its run was planned for: an issue that is late is late for those alone whose hour is over.
    """
    ordered_for = issue.send_at or start
    newest = select(func.max(LOG.c.at)).where(LOG.c.issue_id == issue.id, LOG.c.what == "schedule")
    ordered_at = session.execute(newest).scalar()
    if ordered_at is not None and ordered_at < ordered_for:
        return ordered_for
    planned: datetime | None = session.execute(
        select(func.max(RUN.c.send_at)).where(RUN.c.issue_id == issue.id)
    ).scalar()
    return ordered_for if planned is None else min(planned, ordered_for)


def moment(wanted: Plan, zone: ColumnElement[str]) -> ColumnElement[datetime | None]:
    """Return the expression of what a reader of a zone waits for; null: nothing."""
    nothing: ColumnElement[Any] = null()
    waits = [(zone.in_(names), literal(at, waits_until.type)) for at, names in wanted.items()]
    return case((zone == "", nothing), *waits, else_=nothing)


def of_issue(session: Session, issue_number: int) -> list[Wave]:
    """Return the waves of an issue that have not left, with the zones their readers have now; the next one first."""
    zones = reader_zones().subquery()
    query = select(waits_until, zones.c.zone, func.count()).join(
        zones, zones.c.subscriber_id == DELIVERY.c.subscriber_id
    )
    found: dict[datetime, dict[str, int]] = defaultdict(dict)
    mine = query.where(DELIVERY.c.issue_number == issue_number, WAVE)
    for at, zone, readers in session.execute(mine.group_by(waits_until, zones.c.zone)):
        found[at][zone] = readers
    return _as_waves(found)


def counted(session: Session, issue_number: int, now: datetime) -> list[Wave]:
    """Return the waves of an issue that are still to come, the next one first, without their zones: that is quick."""
    mine = (DELIVERY.c.issue_number == issue_number, WAVE, waits_until > now)
    query = select(waits_until, func.count()).where(*mine).group_by(waits_until).order_by(waits_until)
    return [Wave(at, readers) for at, readers in session.execute(query)]


def example(session: Session, issue_number: int, at: datetime) -> str:
    """Return the zone of one reader of a wave; "" where they have none any more, or one this machine does not know."""
    zones = reader_zones().subquery()
    query = select(zones.c.zone).join(DELIVERY, zones.c.subscriber_id == DELIVERY.c.subscriber_id)
    mine = query.where(DELIVERY.c.issue_number == issue_number, QUEUED, waits_until == at)
    zone = session.execute(mine.limit(1)).scalar() or ""
    return zone if zone in known_zones() else ""


def ahead(session: Session, issue: Issue, start: datetime) -> list[Wave]:
    """Return the waves an issue would have if it left at ``start`` to the readers of now; the first is that start."""
    wanted = plan(session, issue, start)
    moments = {zone: at for at, names in wanted.items() for zone in names}
    found: dict[datetime, dict[str, int]] = defaultdict(dict)
    for zone, readers in _by_zone(session, issue, start).items():
        found[moments.get(zone, start)][zone] = readers
    return _as_waves(found)


def _by_zone(session: Session, issue: Issue, start: datetime) -> dict[str, int]:
    less = instead.look(session, issue, start)
    if not less.groups:
        return readers_by_zone(session, issue.publication_id, start)
    who, zones = less.readers(issue.publication_id, start).subquery(), reader_zones().subquery()
    query = select(zones.c.zone, func.count()).join(who, who.c.subscriber_id == zones.c.subscriber_id)
    return dict(session.execute(query.group_by(zones.c.zone)).all())


def _as_waves(found: Mapping[datetime, Mapping[str, int]]) -> list[Wave]:
    """Put them in order; in each wave the zone with most readers first."""
    return [
        Wave(at, sum(zones.values()), dict(sorted(zones.items(), key=lambda pair: (-pair[1], pair[0]))))
        for at, zones in sorted(found.items())
    ]
