"""When a provider account may be called next: one row per account, for all workers on all machines together."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import case, select, update
from sqlmodel import Session

from digest.database import Database
from digest.sending.bulk import insert_ignoring
from digest.sending.models import Pacer, table

PACER = table(Pacer)


def reserve(database: Database, account: str, rate: float) -> float | str:
    """Take the next slot of an account, ``rate`` calls a second; returns how many seconds to wait for it.

    Returns the reason (a text) instead when the account is halted: then nothing may be sent by it.
    """
    with database.writing() as session:
        now = database.now(session).timestamp()
        start = case((PACER.c.next_at > now, PACER.c.next_at), else_=now)
        slot = (
            update(PACER)
            .where(PACER.c.account == account, PACER.c.halted == "")
            .values(next_at=start + 1 / rate)
            .returning(PACER.c.next_at)
        )
        after = session.execute(slot).scalar()
        if after is None:
            reason = halted(session, account)
            if reason:
                return reason
            insert_ignoring(session, PACER, [{"account": account, "next_at": now, "halted": ""}])
            after = session.execute(slot).scalar_one()
        return max(0.0, float(after) - 1 / rate - now)


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
