"""Subscribing, confirming and ending: each change with the record of who agreed to what, when, in which words."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlmodel import Session

from subscribers.addresses import normalise
from subscribers.audience import PERSON, SUBSCRIPTION, SUPPRESSION, lock, refresh_audience
from subscribers.bulk import insert_new
from subscribers.errors import Suppressed
from subscribers.keys import Keys
from subscribers.listing import LIST, known_lists, lists, open_lists
from subscribers.models import Consent, SubscriptionState, SuppressionReason, table
from subscribers.zones import zone_of

CONSENT = table(Consent)
LIFTED = (SuppressionReason.by_hand, SuppressionReason.erased)  # by a new double opt-in; never a complaint
SUBSCRIPTION_COLUMNS = ("subscriber_id", "list_id", "state", "position", "changed_at")
CONSENT_COLUMNS = ("subscriber_id", "list_id", "action", "at", "source", "wording", "network")
CLICKS_AGREED, CLICKS_ENDED = "clicks agreed", "clicks ended"  # actions of consents without a list
CLICKS = "Count which stories I open, as mine"
CLICKS_MORE = (
    "Without this tick, clicks are counted without anybody's name. With it, the newsroom's own server notes which "
    "stories you opened, to choose better ones; nobody else learns of it. Untick it and it ends with the next issue."
)
ACTIONS = {
    SubscriptionState.unconfirmed: "asked",
    SubscriptionState.confirmed: "confirmed",
    SubscriptionState.ended: "ended",
}


def subscribe(
    session: Session,
    keys: Keys,
    *,
    address: str,
    lists: Sequence[str],
    at: datetime,
    source: str,
    wording: str,
    name: str = "",
    language: str = "en",
    zone: str = "",
    network: str = "",
    confirmed: bool,
) -> str:
    """Put a person on lists, new or known, and return their ref.

    ``confirmed``: the address is proven to be theirs; without it the lists wait for ``confirm``. What is confirmed
    already stays so; what had ended begins anew. A suppressed address is never confirmed by this. ``name``, ``zone``:
    are filled in where they were missing. ``network``: where it came from, cut short. Raises BadAddress, BadZone,
    UnknownList.
    """
    families = {data.family for data in open_lists(session, lists)}
    number, ref = _person(session, keys, address=address, at=at, name=name, language=language, zone=zone_of(zone))
    state = SubscriptionState.unconfirmed
    if confirmed and not _suppression(session, number):
        state = SubscriptionState.confirmed
    now = _states(session, number, lists)
    changes = {
        list_id: state
        for list_id in dict.fromkeys(lists)
        if now.get(list_id) not in {state, SubscriptionState.confirmed}
    }
    _change(session, number, changes, families, at=at, source=source, wording=wording, network=network)
    return str(ref)


def confirm(
    session: Session, *, ref: str, lists: Sequence[str], at: datetime, source: str, wording: str, network: str = ""
) -> tuple[str, ...]:
    """Confirm what waits for it among these lists (the second half of a double opt-in); return what was confirmed.

    What the reader has ended since stays ended: an old link revives nothing. It lifts a suppression by hand or by
    erasure. Raises Suppressed where the address bounced or complained, UnknownList.
    """
    families = {data.family for data in known_lists(session, lists)}
    number = number_of(session, ref)
    if number is None:
        return ()
    now = _states(session, number, lists)
    waiting = [list_id for list_id in dict.fromkeys(lists) if now.get(list_id) == SubscriptionState.unconfirmed]
    _confirm(session, number, waiting, families, at=at, source=source, wording=wording, network=network)
    return tuple(waiting)


def end(
    session: Session,
    *,
    ref: str,
    family: str,
    list_id: str | None,
    at: datetime,
    source: str,
    left_at: datetime | None = None,
) -> tuple[str, ...]:
    """End one list, or all of a family (``list_id`` None), and return the lists that were confirmed until now.

    ``left_at``: when the reader said so, where we hear of it late; what was asked for or confirmed after it stays.
    Safe to repeat. A ref that nobody has ends nothing and is no error: a link in an old mail must work for whoever
    was erased since.
    """
    number = number_of(session, ref)
    if number is None:
        return ()
    only = [LIST.c.family == family] + ([] if list_id is None else [LIST.c.id == list_id])
    ids = list(session.execute(select(LIST.c.id).where(*only).order_by(LIST.c.position, LIST.c.id)).scalars())
    now = _states(session, number, ids)
    since = _changed_after(session, number, left_at) if left_at is not None else frozenset()
    going = [one for one in ids if now.get(one) not in {None, SubscriptionState.ended} and one not in since]
    changes = dict.fromkeys(going, SubscriptionState.ended)
    _change(session, number, changes, {family}, at=at, source=source, wording="")
    return tuple(one for one in going if now[one] == SubscriptionState.confirmed)


def choose(
    session: Session, *, ref: str, family: str, wanted: Collection[str], at: datetime, source: str, wording: str
) -> None:
    """Make a reader's lists of a family be exactly these: for a page that only their mailbox leads to.

    What is no list of the family, or takes nobody new, is passed over. It lifts a suppression by hand or by erasure.
    Raises Suppressed where something new was wanted by an address that must not be mailed.
    """
    for data in lists(session, family):
        if data.id not in wanted:
            end(session, ref=ref, family=family, list_id=data.id, at=at, source=source)
    number = number_of(session, ref)
    if number is None:
        return
    now = _states(session, number, wanted)
    waiting = SubscriptionState.unconfirmed
    coming = [
        data.id
        for data in lists(session, family)
        if data.id in wanted
        and (now.get(data.id) == waiting or (data.open and now.get(data.id) != SubscriptionState.confirmed))
    ]
    _confirm(session, number, coming, {family}, at=at, source=source, wording=wording)


def set_zone(session: Session, *, ref: str, zone: str) -> None:
    """Remember a reader's time zone; "" is that of what is sent. Raises BadZone. A ref that nobody has is no error."""
    name, number = zone_of(zone), number_of(session, ref)
    if number is not None:
        session.execute(update(PERSON).where(PERSON.c.id == number).values(zone=name))


def agree_to_clicks(session: Session, *, ref: str, agreed: bool, at: datetime, source: str) -> bool:
    """Note that a reader agrees to their own clicks being counted, or no longer does; returns whether that is new.

    The record of it is a consent without a list, in the words of the page that asks. A ref that nobody has is no error.
    """
    number = number_of(session, ref)
    if number is None:
        return False
    since = select(PERSON.c.clicks_agreed_at).where(PERSON.c.id == number)
    if (session.execute(since).scalar_one() is not None) == agreed:
        return False
    session.execute(update(PERSON).where(PERSON.c.id == number).values(clicks_agreed_at=at if agreed else None))
    record = (number, "", CLICKS_AGREED if agreed else CLICKS_ENDED, at, source, f"{CLICKS}. {CLICKS_MORE}", "")
    insert_new(session, CONSENT, CONSENT_COLUMNS, [record])
    return True


def note_visit(session: Session, ref: str, at: datetime) -> None:
    """Note that a reader pressed a button on a page of their own: they are there. A ref of nobody is no error."""
    here = (PERSON.c.ref == as_ref(ref), PERSON.c.erased_at.is_(None))
    session.execute(update(PERSON).where(*here).values(seen_at=at))


def agreed_to_clicks(session: Session, ref: str) -> int | None:
    """Return the number of the person of a ref, if they agree to their own clicks being counted; else None."""
    query = select(PERSON.c.id).where(
        PERSON.c.ref == as_ref(ref), PERSON.c.erased_at.is_(None), PERSON.c.clicks_agreed_at.is_not(None)
    )
    number: int | None = session.execute(query).scalar_one_or_none()
    return number


def undo(
    session: Session, *, ref: str, family: str, ended_at: datetime, at: datetime, source: str, wording: str
) -> tuple[str, ...]:
    """Confirm again what a reader ended at that instant and did not change since; return it.

    Raises Suppressed where the address must not be mailed.
    """
    number = number_of(session, ref)
    if number is None:
        return ()
    coming = ended_then(session, ref=ref, family=family, ended_at=ended_at)
    _confirm(session, number, coming, {family}, at=at, source=source, wording=wording)
    return coming


def ended_then(session: Session, *, ref: str, family: str, ended_at: datetime) -> tuple[str, ...]:
    """Return the lists of a family that a reader ended at that instant and did not change since."""
    mine = select(LIST.c.id).join(SUBSCRIPTION, SUBSCRIPTION.c.list_id == LIST.c.id).join(PERSON)
    then = (SUBSCRIPTION.c.state == SubscriptionState.ended) & (SUBSCRIPTION.c.changed_at == ended_at)
    query = mine.where(LIST.c.family == family, PERSON.c.ref == as_ref(ref), then)
    return tuple(session.execute(query.order_by(LIST.c.position, LIST.c.id)).scalars())


def number_of(session: Session, ref: str) -> int | None:
    """Return the number of the subscriber of that ref and hold them for a change; None if there is none."""
    wanted = as_ref(ref)
    if wanted is None:
        return None
    query = select(PERSON.c.id).where(PERSON.c.ref == wanted, PERSON.c.erased_at.is_(None))
    number: int | None = session.execute(query).scalar_one_or_none()
    if number is not None:
        lock(session, [number])
    return number


def as_ref(text: str) -> UUID | None:
    """Return the ref a link carries; None where it is nobody's own ("-")."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _person(
    session: Session, keys: Keys, *, address: str, at: datetime, name: str, language: str, zone: str
) -> tuple[int, UUID]:
    """Return the number and ref of the person of an address; makes them if new, fills in what was missing."""
    written = normalise(address)
    key = keys.address_key(written)
    columns = ("ref", "address", "address_key", "name", "language", "zone", "created_at")
    insert_new(session, PERSON, columns, [(uuid4(), written, key, name, language, zone, at)])
    known = session.execute(
        select(PERSON.c.id, PERSON.c.ref, PERSON.c.name, PERSON.c.zone).where(PERSON.c.address_key == key)
    ).one()
    lock(session, [known.id])
    filled = {"name": known.name or name, "zone": known.zone or zone}
    if filled != {"name": known.name, "zone": known.zone}:
        session.execute(update(PERSON).where(PERSON.c.id == known.id).values(filled))
    return known.id, known.ref


def _states(session: Session, number: int, lists: Collection[str]) -> dict[str, SubscriptionState]:
    query = select(SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.state)
    rows = session.execute(query.where(SUBSCRIPTION.c.subscriber_id == number, SUBSCRIPTION.c.list_id.in_(lists)))
    return {list_id: SubscriptionState(state) for list_id, state in rows}


def _changed_after(session: Session, number: int, moment: datetime) -> frozenset[str]:
    """Return the lists on which a person's standing changed after a moment."""
    mine = (SUBSCRIPTION.c.subscriber_id == number, SUBSCRIPTION.c.changed_at > moment)
    return frozenset(session.execute(select(SUBSCRIPTION.c.list_id).where(*mine)).scalars())


def _confirm(
    session: Session,
    number: int,
    coming: Sequence[str],
    families: Collection[str],
    *,
    at: datetime,
    source: str,
    wording: str,
    network: str = "",
) -> None:
    if coming:
        _lift(session, number)
        changes = dict.fromkeys(coming, SubscriptionState.confirmed)
        _change(session, number, changes, families, at=at, source=source, wording=wording, network=network)


def _change(
    session: Session,
    number: int,
    changes: dict[str, SubscriptionState],
    families: Collection[str],
    *,
    at: datetime,
    source: str,
    wording: str,
    network: str = "",
) -> None:
    """Write the new states, their consent records, and the audiences that follow from them."""
    if not changes:
        return
    mine = SUBSCRIPTION.c.subscriber_id == number
    insert_new(
        session, SUBSCRIPTION, SUBSCRIPTION_COLUMNS, [(number, one, state, 0, at) for one, state in changes.items()]
    )
    for list_id, state in changes.items():
        change = update(SUBSCRIPTION).where(mine, SUBSCRIPTION.c.list_id == list_id)
        session.execute(change.values(state=state, changed_at=at))
    records = [(number, one, ACTIONS[state], at, source, wording, network) for one, state in changes.items()]
    insert_new(session, CONSENT, CONSENT_COLUMNS, records)
    refresh_audience(session, [number], families)


def _suppression(session: Session, number: int) -> str | None:
    query = select(SUPPRESSION.c.reason).join(PERSON, PERSON.c.address_key == SUPPRESSION.c.address_key)
    return session.execute(query.where(PERSON.c.id == number)).scalar_one_or_none()


def _lift(session: Session, number: int) -> None:
    """Lift what a proven wish for mail lifts. Raises Suppressed for what it does not."""
    reason = _suppression(session, number)
    if reason is None:
        return
    if reason not in LIFTED:
        raise Suppressed("This address cannot be mailed: mail to it came back, or was reported as unwanted.")
    key = select(PERSON.c.address_key).where(PERSON.c.id == number).scalar_subquery()
    session.execute(delete(SUPPRESSION).where(SUPPRESSION.c.address_key == key))
