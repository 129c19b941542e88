"""What providers tell later, in our words, and how an adapter reads it: webhooks that prove themselves, and pulls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from digest.errors import DigestError

LONGEST_KEPT: Final = 10_000  # characters of a body that makes no sense


class EventKind(StrEnum):
    """What happened to one mail."""

    taken = "taken"  # the provider has it, and goes on; what comes of it is told later
    delivered = "delivered"
    deferred = "deferred"  # not delivered yet; the provider goes on trying
    bounced = "bounced"  # not delivered, and no more tries; ``permanent`` says whether the address is dead
    rejected = "rejected"  # never handed to the reader's server: the provider refused it after taking it
    complained = "complained"
    unsubscribed = "unsubscribed"
    clicked = "clicked"  # the provider's own link tracking, which we switch off; ours are in events/clicking
    opened = "opened"
    unknown = "unknown"  # kept and counted


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One thing that a provider told us about one mail. What it does not say is ""."""

    event_id: str  # the provider's own id of it; the same thing told twice, or pulled, has the same
    kind: EventKind
    at: datetime  # when it happened, aware UTC
    delivery_ref: str = ""  # "<issue number>.<subscriber id>", as it was given in the mail's metadata
    batch_id: str = ""
    message_id: str = ""  # the provider's
    address: str = ""
    permanent: bool = False  # of a bounce: this address will never work
    reason: str = ""  # the receiving server's or the provider's words
    url: str = ""  # of a click
    machine: bool = False  # the provider itself says that no person did it
    raw: Mapping[str, Any] = field(default_factory=dict)  # its own words, as JSON values


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one request held. ``confirm``: an address of the provider to fetch, so that it goes on sending."""

    events: tuple[ProviderEvent, ...] = ()
    confirm: str = ""


def text_of(said: Mapping[str, Any], name: str) -> str:
    """Return a field of a provider's JSON where it is a text, else ""."""
    found = said.get(name)
    return found if isinstance(found, str) else ""


def part_of(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a field of a provider's JSON where it is an object, else an empty one."""
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def kept(body: bytes) -> dict[str, str]:
    """Return what is kept of a body that makes no sense: as JSON, and as every database can hold it."""
    return {"body": body.decode("utf-8", "replace").replace("\0", "")[:LONGEST_KEPT]}


class Forged(DigestError):
    """A request that does not prove that it is the provider's, or is too old to be believed: refused, not stored."""


class Webhook(Protocol):
    """Reads the requests of one provider account. Thread-safe."""

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Reading:
        """Return what a request holds. ``headers``: names in lower case.

        Raises Forged. A signed body that makes no sense is one event of kind ``unknown``, so that nothing is lost.
        """
        ...

    def confirm(self, url: str) -> None:
        """Fetch what ``Reading.confirm`` named. Raises ProviderError."""
        ...


class Puller(Protocol):
    """Asks a provider account for the events of a stretch of time."""

    def pull(self, since: datetime, until: datetime) -> Iterator[ProviderEvent]:
        """Yield the events between two instants, in any order. Raises ProviderError."""
        ...
