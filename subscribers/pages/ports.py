"""What the readers' pages need from outside: the product hands it in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from jinja2 import Environment
from sqlmodel import Session

from subscribers.keys import Keys
from subscribers.rhythm import Companion
from subscribers.transactions import Transactions


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Translation:
    """The words of the pages in one language, by their English sentence."""

    language: str
    direction: str  # ltr | rtl
    text: Callable[[str], str]
    count: Callable[[str, int], str]  # a sentence with {n}, in the plural form that fits
    date: Callable[[datetime, str], str]  # the day of an instant, in a zone
    listed: Callable[[list[str]], str]  # A, B and C


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one reader that a page asks to be sent."""

    address: str
    name: str
    language: str
    family: str
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a list brings: what it is about, how often, when next, and where its latest issue can be read."""

    topic: str = ""
    rhythm: str = ""  # weekly | daily | ""
    next_at: datetime | None = None
    zone: str = "UTC"  # of that day
    latest: str = ""  # the address of its latest public issue


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What is handed in.

    ``templates``: escapes HTML, and has public/*.html. ``limiter``: says whether a key may do once more what costs.
    ``send_confirmation``: sends a mail; called after the page was answered. ``names``: a family's name for readers.
    ``zoned``: whether a family's mail comes at the hour of each reader's own zone; then they can choose one.
    ``personal``: whether a family counts the clicks of those who agree; then they are asked. ``ordered``: whether
    readers of a family may put its lists in an order of their own. ``companion``: the family that is one choice with
    another, weekly or daily. ``offers``: list -> what it brings, for a family and a language. ``languages``: code ->
    the language's own name. ``known``: what else is kept about the subscriber of a number, and their address.
    ``forget``: is told the number and address of who is erased, within that transaction.
    """

    sessions: Transactions
    clock: Clock
    keys: Keys
    templates: Environment
    translator: Callable[[str], Translation]
    base_url: str
    limiter: Callable[[str], bool]
    send_confirmation: Callable[[Letter], None]
    names: Callable[[str], str] = str
    zoned: Callable[[str], bool] = lambda _: False
    personal: Callable[[str], bool] = lambda _: False
    ordered: Callable[[str], bool] = lambda _: True
    companion: Callable[[str], Companion | None] = lambda _: None
    offers: Callable[[str, str], Mapping[str, Offer]] = lambda _family, _language: {}
    languages: Mapping[str, str] | None = None
    known: Callable[[int, str], Mapping[str, Any]] = lambda _number, _address: {}
    forget: Callable[[Session, int, str], None] = lambda _session, _number, _address: None
