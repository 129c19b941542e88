"""What of an issue waits, for whom, and until when: so that nobody leaves a sending half-way without a word."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session

from digest.issues.models import IssueStatus
from digest.sending import canary, halting, ledger, pacing, routing, warming, waves
from digest.sending.halting import Held
from digest.sending.ledger import BATCH, DELIVERY, ISSUE, QUEUED
from digest.sending.limits import Limits
from digest.sending.models import BatchState
from digest.sending.warming import Day
from digest.sending.waves import Wave

UNDER_WAY = (IssueStatus.scheduled, IssueStatus.freezing, IssueStatus.sending)
_MINUTES_FROM = 120  # seconds; shorter times are said in seconds
NO_LIMITS: Mapping[str, Limits] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Full:
    """Deliveries that could leave now, were the limits of their account not reached."""

    deliveries: int
    until: datetime
    why: str

    @property
    def sentence(self) -> str:
        """Return who waits, for when, and why."""
        many = self.deliveries != 1
        who = f"{self.deliveries:,} deliveries wait" if many else "1 delivery waits"
        return f"{who} for {self.until:%Y-%m-%d %H:%M} UTC: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The deliveries of an issue that have no answer yet."""

    issue_number: int
    due: int  # may leave now
    later: int  # are tried again later
    later_at: datetime | None  # the first of them
    claimed: int  # in the hands of a worker
    first_lease: datetime | None  # when the first such worker's time ends
    last_lease: datetime | None
    first: Wave | None = None  # who waits until the first 500 readers were judged
    waves: tuple[Wave, ...] = ()  # who waits for the hour in their own zone, the next ones first
    held: tuple[Held, ...] = ()  # parts that wait for a halted account, while others go on
    wave_zone: str = ""  # the zone of one reader of the next wave
    full: tuple[Full, ...] = ()  # who waits since a limit is reached
    days: tuple[Day, ...] = ()  # who waits for a later day of a warm-up, the next ones first

    @property
    def next_at(self) -> datetime | None:
        """Return when there is something to do, if not now; None: now, or nothing is left."""
        wave_at = self.waves[0].at if self.waves else None
        first_at = self.first.at if self.first else None
        limits = (*(one.until for one in self.full), *(one.at for one in self.days[:1]))
        times = [one for one in (self.later_at, self.first_lease, wave_at, first_at, *limits) if one is not None]
        return min(times) if times and not self.due else None

    def sentence(self, now: datetime) -> str:
        """Return what waits, and when to come back; "" where nothing waits."""
        parts = [part for part in self._parts(now) if part]
        hint = "Run again then, or leave `digest worker` running."
        return f"Issue {self.issue_number}: {'; '.join(parts)}. {hint}" if parts else ""

    def _parts(self, now: datetime) -> Iterator[str]:
        if self.due:
            yield f"{_deliveries(self.due)} queued"
        if self.later_at:
            yield f"{_deliveries(self.later)} tried again from {_in(self.later_at - now)} on"
        if self.last_lease:
            what = f"{_deliveries(self.claimed)} claimed by a worker that may be dead"
            yield f"{what}; their lease ends in {_in(self.last_lease - now)}"
        if self.first:
            what = f"{_deliveries(self.first.readers)} held back until the first readers were heard of"
            yield f"{what}, in {_in(self.first.at - now)}"
        if self.waves:
            yield self._wave_words()
        yield from (one.sentence for one in self.full)
        if self.days:
            yield self._warm_up_words(now)
        yield from (part.sentence for part in self.held)

    def _warm_up_words(self, now: datetime) -> str:
        """Say who waits for a later day of a warm-up, why, and when all will have it."""
        first, last, today = self.days[0], self.days[-1], pacing.day_of(now)
        count = sum(one.readers for one in self.days)
        when = "tomorrow" if (pacing.day_of(first.at) - today).days == 1 else f"{first.at:%Y-%m-%d}"
        words = f"{count:,} deliveries wait" if count > 1 else "1 delivery waits"
        most = "lets all leave" if first.allows is None else f"allows {first.allows:,}"
        words += f" for {when} or later: warm-up day {first.number} {most}"
        return (
            f"{words}; {first.readers:,} leave at {first.at:%Y-%m-%d %H:%M} UTC, the last at {last.at:%Y-%m-%d %H:%M}"
        )

    def _wave_words(self) -> str:
        """Say who waits for their own hour: how many, and when the next and the last of them get it."""
        first, last = self.waves[0], self.waves[-1]
        count = sum(wave.readers for wave in self.waves)
        words = (
            "1 delivery waits for its reader's own hour"
            if count == 1
            else f"{count:,} deliveries wait for their readers' own hour"
        )
        words += f": {first.readers:,} {'leaves' if first.readers == 1 else 'leave'} at {first.at:%Y-%m-%d %H:%M} UTC"
        if self.wave_zone:
            words += f" ({first.at.astimezone(ZoneInfo(self.wave_zone)):%H:%M} in {self.wave_zone})"
        return words if first is last else f"{words}, the last at {last.at:%Y-%m-%d %H:%M} UTC"


def of_issue(
    session: Session, issue_number: int, now: datetime, account: str = "", limits: Mapping[str, Limits] = NO_LIMITS
) -> Waiting:
    """Return what waits of one issue. ``account``: the default one, so that its halting is seen, too.

    ``limits``: account -> how many mails it may send; those without one are not among them.
    """
    halted = halting.held_parts(session, issue_number, account)
    stuck = [number for part in halted for number in part.editions]
    free_now = (DELIVERY.c.edition_number.not_in(stuck),) if stuck else ()
    due, _ = _queued(session, *ledger.due(issue_number, now), *free_now)
    tried = (DELIVERY.c.issue_number == issue_number, DELIVERY.c.first_failed_at.is_not(None))
    later, later_at = _queued(session, *tried, DELIVERY.c.next_attempt_at > now)
    counted, over = waves.counted(session, issue_number, now), canary.until(session, issue_number)
    days = warming.to_come(session, issue_number, now)
    to_come = tuple(one for one in counted if one.at not in {over, *(day.at for day in days)})
    full = tuple(_full(session, issue_number, now, account, limits))
    held = (BATCH.c.state.in_((BatchState.claimed, BatchState.handed_over, BatchState.repeating)),)
    claimed, first, last = _batches(session, issue_number, BATCH.c.lease_until, *held, BATCH.c.lease_until.is_not(None))
    free = (BATCH.c.state.in_((BatchState.formed, BatchState.repeating)), BATCH.c.lease_until.is_(None))
    when = BATCH.c.next_attempt_at
    may = (BATCH.c.account.not_in([part.account for part in halted]),) if halted else ()
    ready, _, _ = _batches(session, issue_number, when, *free, *may, or_(when.is_(None), when <= now))
    repeated, repeated_at, _ = _batches(session, issue_number, when, *free, when > now)
    times = [one for one in (later_at, repeated_at) if one is not None]
    return Waiting(
        issue_number=issue_number,
        due=max(0, due - sum(one.deliveries for one in full)) + ready,
        later=later + repeated,
        later_at=min(times, default=None),
        claimed=claimed,
        first_lease=first,
        last_lease=last,
        first=next((one for one in counted if one.at == over), None),
        waves=to_come,
        held=tuple(halted),
        full=full,
        days=tuple(days),
        wave_zone=waves.example(session, issue_number, to_come[0].at) if to_come else "",
    )


def sentences(
    session: Session, now: datetime, account: str = "", limits: Mapping[str, Limits] = NO_LIMITS
) -> list[str]:
    """Return a sentence for each issue that was begun, is not held, and of which something waits."""
    query = select(ISSUE.c.number).where(ISSUE.c.status.in_(UNDER_WAY), ISSUE.c.held == "")
    numbers = session.execute(query.order_by(ISSUE.c.number)).scalars().all()
    said = (of_issue(session, number, now, account, limits).sentence(now) for number in numbers)
    return [sentence for sentence in said if sentence]


def _full(
    session: Session, issue_number: int, now: datetime, account: str, limits: Mapping[str, Limits]
) -> Iterator[Full]:
    """Yield who could leave now, part by part, were the account's limits not reached."""
    for part in routing.read(session, issue_number, account).parts if limits else ():
        room = pacing.room(session, part.account, limits.get(part.account), now)
        if room.is_full and room.until is not None and part.editions != ():
            mine = () if part.editions is None else (DELIVERY.c.edition_number.in_(part.editions),)
            count, _ = _queued(session, *ledger.due(issue_number, now), *mine)
            if count:
                yield Full(count, room.until, room.why)


def _queued(session: Session, *where: ColumnElement[bool]) -> tuple[int, datetime | None]:
    query = select(func.count(), func.min(DELIVERY.c.next_attempt_at)).where(QUEUED, *where)
    count, first = session.execute(query).one()
    return int(count), first


def _batches(
    session: Session, issue_number: int, when: ColumnElement[datetime | None], *where: ColumnElement[bool]
) -> tuple[int, datetime | None, datetime | None]:
    size = func.coalesce(func.sum(BATCH.c.size), 0)
    query = select(size, func.min(when), func.max(when)).where(BATCH.c.issue_number == issue_number, *where)
    count, first, last = session.execute(query).one()
    return int(count), first, last


def _deliveries(count: int) -> str:
    return "1 delivery is" if count == 1 else f"{count:,} deliveries are"


def _in(time: timedelta) -> str:
    seconds = max(1, round(time.total_seconds()))
    return f"{seconds} s" if seconds < _MINUTES_FROM else f"{round(seconds / 60)} min"
