"""The port: what sending asks of an email API, and what the answer may be. Adapters stand in digest/providers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from digest.errors import DigestError

MARK: Final = re.compile(r"%%[0-9a-f]{20}%%")  # stands in a content where a reader's own value goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What an email API can do; batches are cut to it and the feature table in the README is made from it."""

    name: str
    max_recipients: int  # a call
    max_bytes: int  # of a call's body, as sent
    merges: bool  # fills slots itself: the body is sent once
    idempotency: timedelta | None  # how long it keeps idempotency keys; None: it keeps none
    per_recipient: bool = False  # answers for each recipient of one call
    proof: str = ""  # how its webhooks prove themselves; "" where it has none
    pulls: bool = False  # its events can be asked for, too


class Recipient(NamedTuple):
    """One delivery of a batch. ``values`` fills every mark of the content; already escaped for its context."""

    delivery_ref: str  # "<issue number>.<subscriber id>": goes to the provider as metadata
    address: str
    values: Mapping[str, str]  # mark -> value
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One edition, with marks where personal values go (in html, text and header values alike)."""

    subject: str
    html: str
    text: str
    sender_name: str
    sender_address: str
    reply_to: str = ""
    headers: Mapping[str, str]  # List-Unsubscribe, List-Unsubscribe-Post, List-Id, Feedback-ID ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What one call sends: one edition to some readers."""

    batch_id: UUID  # the idempotency key
    issue_ref: str  # for the provider's own statistics
    content: Content
    recipients: Sequence[Recipient]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Why a recipient was not taken now, though a later try may succeed; see Receipt."""

    retry_after: float | None = None  # seconds the provider asked to wait
    throttled: bool = False  # it said that we are too fast: the pacer holds every worker back
    offered: bool = True  # False: the call's time was up before its turn; that counts as no try


class Receipt(NamedTuple):
    """The provider's answer for one delivery: taken, refused for good, or not taken now.

    How each is said:

    - taken: ``accepted=True``, with the provider's ``message_id`` if it told one;
    - refused for good: ``accepted=False``, with the ``reason``;
    - not taken now, as a throttled entry of a bulk answer or a 4xx of SMTP: ``accepted=False, again=Again()``, with
      the ``reason``. It is queued again, as after a NotTaken: the same pauses, and rejected after as many tries.

    A recipient whose fate is unknown gets no receipt: it becomes uncertain. Where one of these holds for the whole
    batch, raise NotTaken or UnknownOutcome instead.
    """

    delivery_ref: str
    accepted: bool
    message_id: str | None = None
    reason: str | None = None
    again: Again | None = None  # never with ``accepted``


class Taken(Sequence[Receipt]):
    """The receipts of a call that was taken whole under one message id; made when they are looked at."""

    __slots__ = ("message_id", "recipients")

    def __init__(self, recipients: Sequence[Recipient], message_id: str | None) -> None:
        self.recipients, self.message_id = recipients, message_id

    def __len__(self) -> int:
        return len(self.recipients)

    def __getitem__(self, place: Any) -> Any:
        found = self.recipients[place]
        return [self._receipt(one) for one in found] if isinstance(place, slice) else self._receipt(found)

    def _receipt(self, recipient: Recipient) -> Receipt:
        return Receipt(delivery_ref=recipient.delivery_ref, accepted=True, message_id=self.message_id)


class ProviderError(DigestError):
    """A call that did not simply succeed. The class says what to do next."""


class NotTaken(ProviderError):
    """Nothing was taken; try again, not before ``retry_after`` seconds if given (429, 503, cannot connect)."""

    def __init__(self, message: str, retry_after: float | None = None, *, throttled: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.throttled = throttled  # a 429: the pacer holds every worker back


class UnknownOutcome(ProviderError):
    """The request may have been taken: an answer that never came, a reset, a 5xx that promises nothing."""


class StopIssue(ProviderError):
    """No recipient will fare better: key refused, sender not verified. Nothing was taken."""


class BatchRefused(ProviderError):
    """Nothing was taken because of something in the batch.

    ``recipients``: delivery_ref -> reason, for those the provider named; empty when it named none (the batch is
    halved until the bad ones are alone).
    """

    def __init__(self, message: str, recipients: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.recipients = dict(recipients or {})


class Provider(Protocol):
    """One email API. Thread-safe: each worker thread calls ``send`` of the same object."""

    @property
    def features(self) -> Features:
        """Return what it can do."""
        ...

    def payload_bytes(self, content: Content) -> int:
        """Return the bytes of a call's body without any recipient."""
        ...

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds."""
        ...

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Hand the mailing over, and return a receipt for each recipient that got one, or raise a ProviderError."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
