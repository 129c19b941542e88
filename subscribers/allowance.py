"""How many mails an address gets a day that anybody could have asked for in its name."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlmodel import Session

from subscribers.bulk import insert_new, is_sqlite
from subscribers.people import MAIL

CONFIRM: Final = "confirm"  # asks an address for a yes, over all lists and changes of address
LINK: Final = "link"  # brings a known reader their own link
MOST: Final = 3  # of a kind in a day: enough for a lost mail, too few to fill a mailbox (list bombing)
DAY: Final = timedelta(days=1)


def allow(session: Session, address_key: str, kind: str, at: datetime) -> bool:
    """Say whether one mail more of a kind may go to an address, and count it if so.

    The address is held until the transaction ends, so that two requests at once do not both count as the third.
    """
    hold(session, address_key)
    mine = (MAIL.c.address_key == address_key, MAIL.c.kind == kind, MAIL.c.at > at - DAY)
    if session.execute(select(func.count()).select_from(MAIL).where(*mine)).scalar_one() >= MOST:
        return False
    insert_new(session, MAIL, ("address_key", "kind", "at"), [(address_key, kind, at)])
    return True


def hold(session: Session, address_key: str) -> None:
    """Make other transactions about an address wait, known or not (PostgreSQL; SQLite has one writer anyway)."""
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(int(address_key[:15], 16))))


def forget(session: Session, now: datetime) -> None:
    """Forget what is older than a day: it decides nothing any more."""
    session.execute(delete(MAIL).where(MAIL.c.at <= now - DAY))
