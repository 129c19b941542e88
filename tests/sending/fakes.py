"""Providers and means for the tests: what a provider answers is said beforehand, and what it got is kept."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from digest.clock import Clock
from digest.database import Database
from digest.providers.outbox import Outbox
from digest.sending import sender
from digest.sending.batches import Claim
from digest.sending.means import Means
from digest.sending.provider import Content, Features, Mailing, Receipt, Recipient
from digest.sending.turns import Turns
from digest.settings import Uncertain
from tests.sending.newsroom import KEYS


class Scripted:
    """A provider that does what a list of answers says: an error is raised, None means that all is taken."""

    def __init__(
        self,
        answers: Sequence[Any] = (),
        *,
        recipients: int = 4,
        idempotency: timedelta | None = None,
        max_bytes: int = 1_000_000,
    ) -> None:
        self.features = Features(
            name="scripted", max_recipients=recipients, max_bytes=max_bytes, merges=True, idempotency=idempotency
        )
        self.answers = list(answers)
        self.got: list[Mailing] = []
        self.taken: Counter[str] = Counter()  # address -> how often
        self.before: Callable[[Mailing], None] | None = None  # runs while the call is on its way

    def payload_bytes(self, content: Content) -> int:
        """Return the size of the bodies."""
        return len(content.html) + len(content.text)

    def recipient_bytes(self, _content: Content, recipient: Recipient) -> int:
        """Return the size of the values."""
        return sum(len(value) for value in recipient.values.values())

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Do what the next answer says."""
        self.got.append(mailing)
        if self.before:
            self.before(mailing)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        receipts = answer(mailing) if answer else take(mailing)
        self.taken.update(
            one.address
            for one in mailing.recipients
            if any(receipt.accepted and receipt.delivery_ref == one.delivery_ref for receipt in receipts)
        )
        return receipts

    def close(self) -> None:
        """There is nothing to close."""


def take(mailing: Mailing) -> list[Receipt]:
    """Return the receipts of a mailing that is taken whole."""
    return [Receipt(delivery_ref=one.delivery_ref, accepted=True, message_id="m1") for one in mailing.recipients]


class Never:
    """A stop signal that never comes."""

    def is_set(self) -> bool:
        """Return False."""
        return False


def means(
    database: Database,
    clock: Clock,
    provider: Any = None,
    *,
    folder: Path | None = None,
    uncertain: Uncertain = Uncertain.hold,
    rate: float = 1000.0,
) -> Means:
    """Return what a worker works with: a lease of 120 s, calls of at most 70 s, no chance in the jitter."""
    return Means(
        database=database,
        provider=provider or Outbox(folder or Path("outbox"), clock.now),
        keys=KEYS,
        base_url="https://digest.example.org",
        clock=clock,
        rate=rate,
        lease=timedelta(seconds=120),
        longest_call=timedelta(seconds=70),
        uncertain=uncertain,
        jitter=lambda: 0.5,
    )


def claimed(tools: Means) -> Claim | None:
    """Claim a batch of issue 1 as a worker does that dies then."""
    turns = Turns(tools, 1)
    part = turns.next()
    assert part is not None
    return sender._claim(tools, turns.editions(part.account), 1, turns.route, part)
