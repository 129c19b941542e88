"""Addresses that must not be mailed, kept by their hash, so that the ban outlives the person's erasure."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, delete, select
from sqlmodel import Session

from subscribers.audience import SUPPRESSION
from subscribers.bulk import among_texts, upsert
from subscribers.errors import Suppressed
from subscribers.keys import Keys
from subscribers.models import SuppressionReason

# From strongest to weakest: a complaint is never lifted, a bounce only by a person, the rest by a new double opt-in.
STRENGTH = {"complaint": 3, "hard_bounce": 2, "by_hand": 1, "erased": 1}


def suppress(session: Session, keys: Keys, address: str, reason: str, at: datetime, *, note: str = "") -> None:
    """Forbid mail to an address, known or not. A stronger reason replaces a weaker one, never the reverse.

    ``reason``: hard_bounce, complaint, by_hand or erased. Raises BadAddress.
    """
    suppress_key(session, keys.address_key(address), reason, at, note=note)


def suppress_key(session: Session, address_key: str, reason: str, at: datetime, *, note: str = "") -> None:
    """Forbid mail to the address of a keyed hash; else as ``suppress``."""
    suppress_keys(session, [(address_key, reason, at, note)])


def suppress_keys(session: Session, bans: Sequence[tuple[str, str, datetime, str]]) -> None:
    """Forbid mail to many addresses: (address key, reason, since, note), each key once; else as ``suppress``."""
    if not bans:
        return
    names = ("address_key", "reason", "at", "note")
    new = upsert(session, SUPPRESSION)
    stronger = case(STRENGTH, value=SUPPRESSION.c.reason) < case(STRENGTH, value=new.excluded.reason)
    values = {name: new.excluded[name] for name in names[1:]}
    change = new.on_conflict_do_update(index_elements=["address_key"], set_=values, where=stronger)
    rows = [(key, SuppressionReason(reason).value, at, note) for key, reason, at, note in bans]
    session.connection().execute(change, [dict(zip(names, row, strict=True)) for row in rows])


def suppressed_among(session: Session, address_keys: Sequence[str]) -> dict[str, str]:
    """Return address key -> reason of those that must not be mailed."""
    query = select(SUPPRESSION.c.address_key, SUPPRESSION.c.reason)
    return dict(session.execute(query.where(among_texts(session, SUPPRESSION.c.address_key, address_keys))).all())


def lift_key(session: Session, address_key: str, *, note: str) -> None:
    """Lift a ban for bounces that was set with this very note: what it said turned out not to be so."""
    mine = (SUPPRESSION.c.address_key == address_key, SUPPRESSION.c.reason == SuppressionReason.hard_bounce)
    session.execute(delete(SUPPRESSION).where(*mine, SUPPRESSION.c.note == note))


def unsuppress(session: Session, keys: Keys, address: str) -> bool:
    """Lift the ban on an address; returns whether there was one. Raises Suppressed after a complaint, BadAddress."""
    key = keys.address_key(address)
    query = select(SUPPRESSION.c.reason).where(SUPPRESSION.c.address_key == key)
    reason = session.execute(query).scalar_one_or_none()
    if reason == SuppressionReason.complaint:
        raise Suppressed("This reader reported our mail as unwanted. That is never lifted.")
    session.execute(delete(SUPPRESSION).where(SUPPRESSION.c.address_key == key))
    return reason is not None
