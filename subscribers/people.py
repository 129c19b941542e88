"""What is known of one person: shown on request, and erased on request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping, delete, select, update
from sqlmodel import Session

from subscribers.audience import MEMBER, PERSON, SUBSCRIPTION, SUPPRESSION, lock
from subscribers.consent import CONSENT, as_ref
from subscribers.errors import UnknownAddress
from subscribers.keys import Keys
from subscribers.listing import ListData
from subscribers.listing import lists as all_lists
from subscribers.models import Ask, Move, QuietAsk, ReaderMail, SuppressionReason, table
from subscribers.suppression import suppress_key

ASK, MOVE, MAIL, QUIET = table(Ask), table(Move), table(ReaderMail), table(QuietAsk)


class QuietData(BaseModel):
    """When a person was asked whether the mail is still wanted, and what came of it."""

    model_config = ConfigDict(frozen=True)

    family: str
    asked_at: datetime | None
    answered_at: datetime | None
    paused_at: datetime | None


class SubscriptionData(BaseModel):
    """How a person stands on one list."""

    model_config = ConfigDict(frozen=True)

    list_id: str
    state: str  # unconfirmed | confirmed | ended
    changed_at: datetime


class ConsentData(BaseModel):
    """One record of consent: who agreed to what, when, by which way, in which words."""

    model_config = ConfigDict(frozen=True)

    list_id: str
    action: str  # asked | confirmed | ended; without a list: clicks agreed | clicks ended | moved
    at: datetime
    source: str
    wording: str
    network: str = ""  # where it came from, cut to /24 or /48


class PersonData(BaseModel):
    """Everything that is kept about one person."""

    model_config = ConfigDict(frozen=True)

    ref: str
    address: str
    name: str
    language: str
    zone: str  # "" where they have not said
    created_at: datetime
    paused_until: datetime | None
    clicks_agreed_at: datetime | None  # since when their own clicks may be counted
    seen_at: datetime | None = None  # when they last pressed a button on a page of their own
    suppressed: str | None  # the reason, or None
    lists: tuple[SubscriptionData, ...]
    consents: tuple[ConsentData, ...]
    quiet: tuple[QuietData, ...] = ()


@dataclass(frozen=True, slots=True)
class SuppressionData:
    """Why an address must not be mailed."""

    reason: str  # hard_bounce | complaint | by_hand | erased
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands with a family, as their own pages show it."""

    address: str
    name: str
    language: str
    zone: str
    lists: tuple[tuple[ListData, str], ...]  # every list of the family, with the state: "" where there is none
    clicks: bool = False  # whether they agree to their own clicks being counted
    paused_until: datetime | None = None
    places: Mapping[str, int] = field(default_factory=dict)  # list -> its place in the reader's own order; 0: none

    @property
    def active(self) -> tuple[ListData, ...]:
        """Return the lists they are on, those that wait for a confirmation included."""
        return tuple(data for data, state in self.lists if state in {"confirmed", "unconfirmed"})

    @property
    def coming(self) -> tuple[ListData, ...]:
        """Return the lists whose mail comes to them, in the order in which it shows them."""
        confirmed = [data for data, state in self.lists if state == "confirmed"]
        places = {data.id: self.places.get(data.id, 0) for data in confirmed}
        return tuple(sorted(confirmed, key=lambda data: (places[data.id] == 0, places[data.id])))

    def paused(self, now: datetime) -> datetime | None:
        """Return until when their mail is held back; None if it is not."""
        return self.paused_until if self.paused_until is not None and self.paused_until > now else None


def standing(session: Session, ref: str, family: str) -> Standing | None:
    """Return how the person of a ref stands with a family; None if there is nobody, or no longer."""
    query = select(PERSON).where(PERSON.c.ref == as_ref(ref), PERSON.c.erased_at.is_(None))
    found = session.execute(query).mappings().one_or_none()
    if found is None:
        return None
    mine = select(SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.state, SUBSCRIPTION.c.position)
    rows = session.execute(mine.where(SUBSCRIPTION.c.subscriber_id == found["id"])).all()
    states = {row.list_id: row.state for row in rows}
    return Standing(
        address=found["address"],
        name=found["name"],
        language=found["language"],
        zone=found["zone"],
        lists=tuple((data, states.get(data.id, "")) for data in all_lists(session, family)),
        clicks=found["clicks_agreed_at"] is not None,
        paused_until=found["paused_until"],
        places={row.list_id: row.position for row in rows},
    )


def find(session: Session, keys: Keys, address: str) -> PersonData | None:
    """Return what is known of the person of an address; None if nobody is. Raises BadAddress."""
    query = select(PERSON, SUPPRESSION.c.reason.label("suppressed"))
    joined = query.join(SUPPRESSION, SUPPRESSION.c.address_key == PERSON.c.address_key, isouter=True)
    found = session.execute(joined.where(PERSON.c.address_key == keys.address_key(address))).mappings().one_or_none()
    return None if found is None else _person(session, found)


def look_up(session: Session, ref: str) -> tuple[int, PersonData] | None:
    """Return the number of the person of a ref, and what is known of them; None for nobody, or who was erased."""
    query = select(PERSON, SUPPRESSION.c.reason.label("suppressed"))
    joined = query.join(SUPPRESSION, SUPPRESSION.c.address_key == PERSON.c.address_key, isouter=True)
    here = (PERSON.c.ref == as_ref(ref), PERSON.c.erased_at.is_(None))
    found = session.execute(joined.where(*here)).mappings().one_or_none()
    return None if found is None else (found["id"], _person(session, found))


def suppression_of(session: Session, keys: Keys, address: str) -> SuppressionData | None:
    """Return why and since when an address must not be mailed; None where it may. Raises BadAddress."""
    query = select(SUPPRESSION).where(SUPPRESSION.c.address_key == keys.address_key(address))
    found = session.execute(query).mappings().one_or_none()
    return None if found is None else SuppressionData(found["reason"], found["at"], found["note"])


def _person(session: Session, found: RowMapping) -> PersonData:
    mine = select(SUBSCRIPTION).where(SUBSCRIPTION.c.subscriber_id == found["id"]).order_by(SUBSCRIPTION.c.list_id)
    said = select(CONSENT).where(CONSENT.c.subscriber_id == found["id"]).order_by(CONSENT.c.at, CONSENT.c.id)
    silent = select(QUIET).where(QUIET.c.subscriber_id == found["id"]).order_by(QUIET.c.family)
    return PersonData.model_validate(
        {
            **found,
            "ref": str(found["ref"]),
            "lists": [dict(row) for row in session.execute(mine).mappings()],
            "consents": [dict(row) for row in session.execute(said).mappings()],
            "quiet": [dict(row) for row in session.execute(silent).mappings()],
        }
    )


def identity_of(session: Session, number: int) -> tuple[str, str] | None:
    """Return (ref, address key) of the subscriber of a number; None for nobody, or for who was erased."""
    query = select(PERSON.c.ref, PERSON.c.address_key).where(PERSON.c.id == number, PERSON.c.erased_at.is_(None))
    found = session.execute(query).one_or_none()
    return (str(found.ref), found.address_key) if found else None


def erase(session: Session, keys: Keys, address: str, at: datetime) -> None:
    """Forget a person: address, name, zone, subscriptions and consents go; what keeps mail from them stays.

    Their number stays, too, without anything about them: the ledger counts with it. Raises UnknownAddress,
    BadAddress.
    """
    key = keys.address_key(address)
    found = session.execute(select(PERSON.c.id, PERSON.c.ref).where(PERSON.c.address_key == key)).one_or_none()
    if found is None:
        raise UnknownAddress(f"Nobody is known by the address {address}.")
    number, ref = found
    lock(session, [number])
    for mine in (MEMBER, SUBSCRIPTION, CONSENT, ASK, MOVE, QUIET):
        session.execute(delete(mine).where(mine.c.subscriber_id == number))
    session.execute(delete(MAIL).where(MAIL.c.address_key == key))
    nothing = {"address": "", "address_key": f"erased-{ref.hex}", "name": "", "zone": ""}
    never = {"paused_until": None, "clicks_agreed_at": None, "seen_at": None}
    session.execute(update(PERSON).where(PERSON.c.id == number).values(**nothing, **never, erased_at=at))
    suppress_key(session, key, SuppressionReason.erased, at)
