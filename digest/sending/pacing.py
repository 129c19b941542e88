"""When a provider account may be called next, and how many mails it may still send: one row per account, for all.

Calls a second are slots in time. Mails an hour and a day are counted in windows of UTC's clock; a batch is counted in
the transaction that forms it, so that workers on all machines together never go beyond a limit, and what did not leave
is given back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, case, or_, select, update
from sqlmodel import Session

from digest.database import Database
from digest.sending.bulk import insert_ignoring
from digest.sending.limits import Limits
from digest.sending.models import Pacer, table

PACER = table(Pacer)
HOUR, DAY = 3_600, 86_400  # seconds
_SIZES: Final = {"hour": HOUR, "day": DAY}


@dataclass(frozen=True, slots=True)
class Room:
    """What an account may send before its limits are reached."""

    left: int | None  # mails; None: there is no limit
    until: datetime | None = None  # when there is more, where none is left
    why: str = ""  # which limit is reached, in words

    @property
    def is_full(self) -> bool:
        """Return whether nothing may leave now."""
        return self.left is not None and self.left < 1


FREE: Final = Room(None)


def reserve(database: Database, account: str, rate: float) -> float | str:
    """Take the next slot of an account, ``rate`` calls a second; returns how many seconds to wait for it.

    Returns the reason (a text) instead when the account is halted: then nothing may be sent by it.
    """
    with database.writing() as session:
        now = database.now(session).timestamp()
        asked = {"mine": account, "now": now, "step": 1 / rate}
        after = session.execute(_SLOT, asked).scalar()
        if after is None:
            reason = halted(session, account)
            if reason:
                return reason
            insert_ignoring(session, PACER, [{"account": account, "next_at": now, "halted": ""}])
            after = session.execute(_SLOT, asked).scalar_one()
        return max(0.0, float(after) - 1 / rate - now)


_NOW: Final = bindparam("now", type_=PACER.c.next_at.type)
_SLOT: Final = (
    update(PACER)
    .where(PACER.c.account == bindparam("mine"), PACER.c.halted == "")
    .values(
        next_at=case((PACER.c.next_at > _NOW, PACER.c.next_at), else_=_NOW)
        + bindparam("step", type_=PACER.c.next_at.type)
    )
    .returning(PACER.c.next_at)
)


def room(session: Session, account: str, limits: Limits | None, now: datetime, *, lock: bool = False) -> Room:
    """Return how many mails an account may still send in this hour and on this day.

    ``lock``: for who spends of it in this transaction; nobody else does meanwhile.
    """
    if limits is None:
        return FREE
    if lock:
        insert_ignoring(session, PACER, [{"account": account, "next_at": 0.0, "halted": ""}])
    query = select(PACER.c.hour, PACER.c.hour_used, PACER.c.day, PACER.c.day_used).where(PACER.c.account == account)
    row = session.execute(query.with_for_update() if lock else query).first()
    return left(limits, now, *(_used(row, one, now) for one in _SIZES))


def left(limits: Limits, now: datetime, in_hour: int, in_day: int) -> Room:
    """Return what is left of the limits at an instant, after so many mails in its hour and on its day. Pure."""
    day, most = now.astimezone(UTC).date(), limits.of_day(now.astimezone(UTC).date())
    rooms = []
    if most is not None:
        rooms.append(Room(most - in_day, _end(now, DAY), limits.said(day)))
    if limits.per_hour is not None:
        rooms.append(Room(limits.per_hour - in_hour, _end(now, HOUR), f"{limits.per_hour:,} an hour are allowed"))
    full = [one for one in rooms if one.is_full]
    if full:
        latest = max(full, key=lambda one: one.until or now)
        return Room(0, latest.until, latest.why)
    return Room(min((one.left for one in rooms if one.left is not None), default=None))


def used_today(session: Session, account: str, now: datetime) -> int:
    """Return how many mails were counted for an account on this day of UTC, where it has a limit."""
    row = session.execute(select(PACER.c.day, PACER.c.day_used).where(PACER.c.account == account)).first()
    return _used(row, "day", now)


def within(capacity: Callable[[Session, int], int], room: Room) -> Callable[[Session, int], int]:
    """Return how many readers of an edition fit one call, and are no more than an account may send."""
    most = room.left
    if most is None:
        return capacity
    return lambda session, edition: max(1, min(capacity(session, edition), most))


def spend(session: Session, account: str, mails: int, now: datetime) -> None:
    """Count mails that are about to leave."""
    values: dict[str, Any] = {}
    for name, size in _SIZES.items():
        here = _window(now, size)
        values[name] = here
        values[f"{name}_used"] = case((PACER.c[name] == here, PACER.c[f"{name}_used"]), else_=0) + mails
    session.execute(update(PACER).where(PACER.c.account == account).values(values))


def give_back(session: Session, account: str, mails: int, since: datetime) -> None:
    """Count mails no more that were to leave and did not. ``since``: when they were counted; another window stays."""
    if mails < 1:
        return
    values = {f"{name}_used": _less(name, mails, _window(since, size)) for name, size in _SIZES.items()}
    counted = or_(PACER.c.hour_used > 0, PACER.c.day_used > 0)
    session.execute(update(PACER).where(PACER.c.account == account, counted).values(values))


def halted(session: Session, account: str) -> str:
    """Return why nothing may be sent by an account; "" when it may."""
    return session.execute(select(PACER.c.halted).where(PACER.c.account == account)).scalar() or ""


def all_halted(session: Session) -> Mapping[str, str]:
    """Return account -> why nothing may be sent by it, for those that are halted."""
    rows = session.execute(select(PACER.c.account, PACER.c.halted).where(PACER.c.halted != ""))
    return {row.account: row.halted for row in rows}


def next_times(database: Database, accounts: Sequence[str]) -> Mapping[str, float]:
    """Return account -> when it may be called next, in seconds since the epoch; one never called is missing."""
    with database.reading() as session:
        query = select(PACER.c.account, PACER.c.next_at).where(PACER.c.account.in_(accounts))
        return {row.account: row.next_at for row in session.execute(query)}


def hold_back(session: Session, account: str, until: datetime) -> None:
    """Let nobody call an account before ``until`` (it answered 429)."""
    moment = until.timestamp()
    session.execute(update(PACER).where(PACER.c.account == account, PACER.c.next_at < moment).values(next_at=moment))


def halt(session: Session, account: str, reason: str) -> None:
    """Let nothing be sent by an account, until ``release``."""
    insert_ignoring(session, PACER, [{"account": account, "next_at": 0.0, "halted": reason}])
    session.execute(update(PACER).where(PACER.c.account == account).values(halted=reason))


def release(session: Session, account: str) -> None:
    """Let an account be used again."""
    session.execute(update(PACER).where(PACER.c.account == account).values(halted=""))


def day_of(now: datetime) -> date:
    """Return the day that limits count by: that of UTC."""
    return now.astimezone(UTC).date()


def _less(name: str, mails: int, window: int) -> ColumnElement[int]:
    used = PACER.c[f"{name}_used"]
    return case((PACER.c[name] != window, used), (used > mails, used - mails), else_=0)


def _window(now: datetime, size: int) -> int:
    """Return the number of an hour or a day since the epoch."""
    return int(now.timestamp()) // size


def _end(now: datetime, size: int) -> datetime:
    return datetime.fromtimestamp((_window(now, size) + 1) * size, UTC)


def _used(row: Any, name: str, now: datetime) -> int:
    """Return what was counted in the window of an instant; a clock that went back begins no new one."""
    if row is None:
        return 0
    size = timedelta(seconds=_SIZES[name])
    here = _window(now, int(size.total_seconds()))
    return int(getattr(row, f"{name}_used")) if getattr(row, name) >= here else 0
