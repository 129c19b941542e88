"""Editions as they are sent: what was stored at approval, with the sender of its publication."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session

from digest.errors import Refused
from digest.proofs.models import Edition
from digest.rendering.urls import SHOWN_FOR
from digest.sending.batches import Member
from digest.sending.ledger import ISSUE
from digest.sending.models import table
from digest.sending.personal import Personal
from digest.sending.provider import Content, Provider, Recipient
from digest.sending.settling import ref
from subscribers import Keys, packed_refs

EDITION = table(Edition)
KEPT: Final = 32  # editions in memory at once: about 100 KB each
_LONGEST_ADDRESS: Final = "x" * 320  # RFC 3696 erratum 1690 allows 254 octets; bytes are counted, so more is safe


@dataclass(frozen=True, slots=True)
class Sendable:
    """One edition, ready to be filled in and sent."""

    content: Content
    lists: tuple[str, ...]
    issue_number: int
    personal: Personal
    capacity: int  # how many readers fit one call

    def recipients(self, members: Sequence[Member]) -> list[Recipient]:
        """Return the readers with their own values."""
        if not members:
            return []
        ids, refs, addresses, names, agreed = zip(*members, strict=True)
        own = self.personal.values_of(packed_refs(refs), names, agreed)
        return list(map(Recipient, [ref(self.issue_number, one) for one in ids], addresses, own, names))

    def seal(self, members: Sequence[Member]) -> list[dict[str, Any]]:
        """Return what a repetition under the same key needs, as JSON."""
        return [
            {"ref": one.delivery_ref, "address": one.address, "name": one.name, "values": dict(one.values)}
            for one in self.recipients(members)
        ]


def unsealed(sealed: Sequence[dict[str, Any]]) -> list[Recipient]:
    """Return the readers of a sealed batch, as they were."""
    return [
        Recipient(delivery_ref=one["ref"], address=one["address"], name=one["name"], values=one["values"])
        for one in sealed
    ]


class Editions:
    """Reads editions when first asked for, and keeps the last few. One for each worker."""

    def __init__(self, provider: Provider, keys: Keys, base_url: str) -> None:
        self._provider, self._keys, self._base_url = provider, keys, base_url
        self._kept: OrderedDict[int, Sendable] = OrderedDict()

    def get(self, session: Session, number: int) -> Sendable:
        """Return an edition. Raises Refused when one mail alone is more than the provider takes."""
        if number not in self._kept:
            self._kept[number] = self._read(session, number)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]

    def capacity(self, session: Session, number: int) -> int:
        """Return how many readers of an edition fit one call, by count and by bytes."""
        return self.get(session, number).capacity

    def _read(self, session: Session, number: int) -> Sendable:
        query = select(EDITION, ISSUE.c.number.label("issue_number"), ISSUE.c.frame, ISSUE.c.as_of).join(
            ISSUE, ISSUE.c.id == EDITION.c.issue_id
        )
        row = session.execute(query.where(EDITION.c.number == number)).one()
        publication = row.frame["publication"]
        content = content_of(publication, row)
        expires = row.as_of + SHOWN_FOR  # the pages that the mail links to end together
        personal = Personal(self._keys, self._base_url, publication["id"], row.marks, expires)
        room = capacity(self._provider, content, personal)
        if room < 1:
            raise Refused(
                f"Edition {number} of issue {row.issue_number} is larger than one call of "
                f"{self._provider.features.name} may be. Shorten the issue."
            )
        return Sendable(content, tuple(row.lists), row.issue_number, personal, room)


def content_of(publication: dict[str, Any], edition: Any) -> Content:
    """Return what is sent of a stored edition; ``publication``: the frozen one of its issue."""
    return Content(
        subject=edition.subject,
        html=edition.html,
        text=edition.text,
        sender_name=publication["sender_name"],
        sender_address=publication["sender_address"],
        reply_to=publication.get("reply_to") or "",
        headers=edition.headers,
    )


def capacity(provider: Provider, content: Content, personal: Personal) -> int:
    """Return how many readers of this content fit one call, reckoned with the widest values there can be."""
    widest = max(
        provider.recipient_bytes(
            content,
            Recipient(delivery_ref=ref(2**31, 2**63), address=_LONGEST_ADDRESS, name=values_name, values=values),
        )
        for values, values_name in zip(personal.widest(), ('"' * 100, "\U0001f600" * 100), strict=True)
    )
    room = provider.features.max_bytes - provider.payload_bytes(content)
    return min(provider.features.max_recipients, room // max(widest, 1))
