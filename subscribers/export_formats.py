"""The columns of each system that readers can be exported for, and how a person is written in them. Pure.

The columns are those of each system's own export (``subscribers.systems``); its import reads of them what it knows and
passes over the rest. ``consent_source`` is ours everywhere: the proof should not be lost on the way.

listmonk (internal/subimporter/importer.go) reads email, name and attributes, named just so; lists and whether the file
subscribes or blocks are chosen when it is uploaded: so who left goes in a file of their own. Ghost (members/
import-export/import/reader.ts, row.ts) reads email, name, note, subscribed_to_emails ("false" is no, all else yes),
created_at, complimentary_plan, stripe_customer_id and labels, cut at each comma. Mailchimp asks for a column Email
Address and lets one match the others, TAGS among them (mailchimp.com/help/format-guidelines-for-your-import-file); a
file's people all get the status that is chosen when it is uploaded. Substack reads a column Email, and has no status:
only who gets mail may be uploaded there. An address that begins with a sign of a formula, as +x@example.org, is
guarded, which no other system than ours undoes.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Final

from subscribers.systems import BOUNCED, COMPLAINED, CONFIRMED, ENDED, UNCONFIRMED

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class OnList:
    """How a person stands on a list."""

    list_id: str
    state: str
    changed_at: datetime
    consent_at: datetime | None
    consent_source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A person to be written. ``ban``: why the address must not be mailed; "" where it may."""

    ref: str
    address: str
    name: str
    language: str
    zone: str
    created_at: datetime
    ban: str
    banned_at: datetime | None
    lists: tuple[OnList, ...]

    @property
    def state(self) -> str:
        """Return the one word that other systems have for a person: a ban's reason, else that of the best list."""
        states = {one.state for one in self.lists}
        return self.ban or next((state for state in (CONFIRMED, UNCONFIRMED) if state in states), ENDED)

    @property
    def proven(self) -> tuple[OnList, ...]:
        """Return the confirmed lists with their consents, the oldest first."""
        mine = (one for one in self.lists if one.state == CONFIRMED)
        return tuple(sorted(mine, key=lambda one: one.consent_at or one.changed_at))

    @property
    def since(self) -> datetime:
        """Return since when they have agreed; where they have not, since when they are known."""
        return next((one.consent_at for one in self.proven if one.consent_at), self.created_at)

    @property
    def source(self) -> str:
        """Return where they agreed; "" where they have not."""
        return next((one.consent_source for one in self.proven), "")

    @property
    def left_at(self) -> datetime | None:
        """Return since when the address must not be mailed, or when the last list ended."""
        return self.banned_at or max((one.changed_at for one in self.lists if one.state == ENDED), default=None)


@dataclass(frozen=True, slots=True)
class Format:
    """A system's columns, and what makes rows of a person."""

    columns: tuple[str, ...]
    rows: Callable[[Entry], Iterator[Row]]


def _plain(entry: Entry) -> Iterator[Row]:
    """Yield a row for the lists of each state and consent."""
    if entry.ban:
        left = _iso(entry.banned_at)
        yield (entry.address, entry.name, entry.language, "", "", "", entry.ban, left, entry.zone)
        return
    for (state, at, source, left), some in groupby(sorted(entry.lists, key=_standing), key=_standing):
        lists = "|".join(one.list_id for one in some)
        yield (entry.address, entry.name, entry.language, lists, at, source, state, left, entry.zone)


def _standing(one: OnList) -> tuple[str, str, str, str]:
    if one.state == ENDED:
        return (ENDED, "", "", _iso(one.changed_at))
    return (one.state, _iso(one.consent_at), one.consent_source, "")


def _mailchimp(entry: Entry) -> Iterator[Row]:
    """Yield the row of a person. Mailchimp takes files of one status each; ours reads the column Status."""
    status = {CONFIRMED: "subscribed", BOUNCED: "cleaned"}.get(entry.state, "unsubscribed")
    first, _, last = entry.name.partition(" ")
    tags = ",".join(f'"{list_id}"' for list_id in _ids(entry))
    left = _clock(entry.left_at) if status == "unsubscribed" else ""
    agreed = _clock(entry.since) if status == "subscribed" else ""
    why = "ABUSE" if entry.ban == COMPLAINED else ""
    yield (entry.address, first, last, tags, agreed, left, why, status, entry.language, entry.source)


def _ghost(entry: Entry) -> Iterator[Row]:
    wanted = "true" if entry.state == CONFIRMED else "false"
    when = f"{entry.since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    labels = ",".join(_ids(entry))
    yield ("", entry.address, entry.name, "", wanted, "false", "", when, "", labels, "", entry.source)


def _listmonk(entry: Entry) -> Iterator[Row]:
    status = "blocklisted" if entry.ban else "enabled" if entry.state == CONFIRMED else "disabled"
    attributes = json.dumps({"lists": list(_ids(entry)), "language": entry.language}, ensure_ascii=False)
    since = f"{_clock(entry.since)} +0000 UTC"
    changed = f"{_clock(entry.left_at or entry.since)} +0000 UTC"
    yield (entry.ref, entry.address, entry.name, attributes, status, since, changed, entry.source)


def _substack(entry: Entry) -> Iterator[Row]:
    off = "false" if entry.state == CONFIRMED else "true"
    when = f"{entry.since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    yield (entry.address, "false", "", "other", off, when, "", entry.name, entry.source)


def _ids(entry: Entry) -> tuple[str, ...]:
    """Return the lists that a person's one word is about."""
    wanted = CONFIRMED if entry.state == CONFIRMED else ENDED
    return tuple(one.list_id for one in entry.lists if entry.ban or one.state == wanted)


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else ""


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "plain": Format(
            (
                *("address", "name", "language", "lists", "consent_at", "consent_source"),
                *("status", "left_at", "zone"),
            ),
            _plain,
        ),
        "mailchimp": Format(
            (
                *("Email Address", "First Name", "Last Name", "TAGS", "CONFIRM_TIME", "UNSUB_TIME"),
                *("UNSUB_REASON", "Status", "Language", "CONSENT_SOURCE"),
            ),
            _mailchimp,
        ),
        "ghost": Format(
            (
                *("id", "email", "name", "note", "subscribed_to_emails", "complimentary_plan", "stripe_customer_id"),
                *("created_at", "deleted_at", "labels", "tiers", "consent_source"),
            ),
            _ghost,
        ),
        "listmonk": Format(
            ("uuid", "email", "name", "attributes", "status", "created_at", "updated_at", "consent_source"),
            _listmonk,
        ),
        "substack": Format(
            (
                *("email", "active_subscription", "expiry", "plan", "email_disabled", "created_at"),
                *("first_payment_at", "name", "consent_source"),
            ),
            _substack,
        ),
    }
)
