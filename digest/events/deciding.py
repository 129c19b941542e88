"""Decides what a delivery's events mean for it: the same in whatever order, and however often, they are told."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from digest.providers.event import EventKind
from digest.sending.models import DeliveryState

Ref = tuple[int, int]  # issue number, subscriber id
LATER: Final = "told later: "  # begins the reason of a refusal that came as an event: proof of the contrary beats it
LARGEST: Final = 2**31 - 1  # what the ledger's columns hold
LONGEST_REASON: Final = 500
_REF: Final = re.compile(r"([1-9][0-9]{0,9})\.([1-9][0-9]{0,9})")
_K, _S = EventKind, DeliveryState
# The provider's word that it has a mail, and what the reader's server or the reader did with it, prove that it took it.
PROOFS: Final = frozenset(
    (_K.taken, _K.delivered, _K.deferred, _K.bounced, _K.complained, _K.clicked, _K.opened, _K.unsubscribed)
)
OUTCOMES: Final[Mapping[EventKind, str]] = {
    _K.deferred: "deferred",
    _K.delivered: "delivered",
    _K.bounced: "bounced",
    _K.rejected: "bounced",
    _K.complained: "complained",
}
_RANKS: Final = {"deferred": 1, "delivered": 2, "bounced": 3, "complained": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A stored event, as far as it has consequences."""

    id: int
    kind: EventKind
    at: datetime
    ref: Ref | None = None  # None: it names no delivery of ours
    permanent: bool = False
    reason: str = ""
    message: str = ""
    address: str = ""

    @property
    def is_soft(self) -> bool:
        """Whether the mail could not be delivered, though the address may be alive."""
        return self.kind is _K.bounced and not self.permanent

    @property
    def ban(self) -> str:
        """Return the reason for which the address must not be mailed again, from this event alone; "" for none."""
        if self.kind is _K.complained:
            return "complaint"
        return "hard_bounce" if self.kind is _K.bounced and self.permanent else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the ledger holds of a delivery."""

    state: str
    reason: str | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a delivery's events change in the ledger. ``state``: None where the events settle nothing."""

    state: DeliveryState | None = None
    reason: str = ""
    message: str = ""
    outcome: str | None = None
    outcome_at: datetime | None = None


def parse_ref(text: object) -> Ref | None:
    """Return (issue number, subscriber id); None for what is no name of a delivery, whoever wrote it."""
    found = _REF.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    issue, reader = int(found[1]), int(found[2])
    return (issue, reader) if max(issue, reader) <= LARGEST else None


def told(event_id: int, kind: str, at: datetime, fields: Mapping[str, Any]) -> Told:
    """Return a stored event as it is decided on. Raises ValueError for a kind that there is not."""
    return Told(
        id=event_id,
        kind=EventKind(kind),
        at=at,
        ref=parse_ref(fields.get("delivery")),
        permanent=bool(fields.get("permanent")),
        reason=str(fields.get("reason") or ""),
        message=str(fields.get("message") or ""),
        address=str(fields.get("address") or ""),
    )


def decide(held: Held, events: Sequence[Told]) -> Change:
    """Return what a delivery's events change.

    Proof that the provider had the mail settles what is uncertain, and keeps what is queued from being sent again; its
    word that it never took the mail settles what is uncertain, unless there is proof of the contrary.
    """
    outcome, outcome_at = _outcome(held, events)
    proofs = [one for one in events if one.kind in PROOFS]
    refusals = [one for one in events if one.kind is _K.rejected]
    state, reason = None, ""
    if proofs and _gives_way(held):
        state = _S.accepted
    elif refusals and not proofs and held.state == _S.uncertain:
        first = min(refusals, key=lambda one: (one.at, one.reason))
        state, reason = _S.rejected, f"{LATER}{first.reason or 'refused by the provider'}"[:LONGEST_REASON]
    return Change(state=state, reason=reason, message=_message(proofs), outcome=outcome, outcome_at=outcome_at)


def _gives_way(held: Held) -> bool:
    """Tell whether proof that the provider had the mail changes what the ledger says."""
    told_so = held.state == _S.rejected and (held.reason or "").startswith(LATER)
    return told_so or held.state in (_S.uncertain, _S.queued)


def _message(proofs: Iterable[Told]) -> str:
    named = sorted((one.at, one.message) for one in proofs if one.message)
    return named[0][1] if named else ""


def _outcome(held: Held, events: Iterable[Told]) -> tuple[str | None, datetime | None]:
    """Return the strongest outcome, and when it was first so; what is held where the events say no more."""
    best, best_at = held.outcome, held.outcome_at
    for one in events:
        word = OUTCOMES.get(one.kind)
        if word is None:
            continue
        rank, highest = _RANKS[word], _RANKS.get(best or "", 0)
        if rank > highest or (rank == highest and (best_at is None or one.at < best_at)):
            best, best_at = word, one.at
    return best, best_at
