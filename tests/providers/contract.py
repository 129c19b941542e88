"""What every provider promises to sending, whatever it is: one set of tests, run for each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from digest.sending.provider import Mailing, Provider
from tests.providers.test_sendgrid import CONTENT, people


@dataclass(frozen=True, slots=True)
class Case:
    """One provider under test, and how to see whom it reached."""

    provider: Provider
    reached: Callable[[], list[str]]  # addresses, in any order

    def mailing(self, count: int) -> Mailing:
        """Return a mailing to some readers: to no more than one call takes."""
        fits = min(count, self.provider.features.max_recipients)
        return Mailing(batch_id=uuid4(), issue_ref="issue-1", content=CONTENT, recipients=people(fits))


def answers_for_each_recipient_in_order(case: Case) -> None:
    """One receipt per recipient, under its own name."""
    mailing = case.mailing(5)
    receipts = case.provider.send(mailing)
    assert [one.delivery_ref for one in receipts] == [one.delivery_ref for one in mailing.recipients]
    assert all(one.accepted for one in receipts)
    assert sorted(case.reached()) == sorted(one.address for one in mailing.recipients)


def takes_as_many_as_it_says(case: Case) -> None:
    """Take a call that is full by its own count whole."""
    count = case.provider.features.max_recipients
    assert len(case.provider.send(case.mailing(count))) == count
    assert len(set(case.reached())) == count


def reckons_sizes_above_nothing(case: Case) -> None:
    """Reckon positive sizes to cut batches by; a full batch of usual mails fits the call."""
    features = case.provider.features
    payload = case.provider.payload_bytes(CONTENT)
    each = max(case.provider.recipient_bytes(CONTENT, one) for one in people(20))
    assert payload > 0
    assert each > 0
    assert payload + features.max_recipients * each <= features.max_bytes


def closes_twice(case: Case) -> None:
    """Let itself be closed again."""
    case.provider.close()
    case.provider.close()


PROMISES: tuple[Callable[[Case], Any], ...] = (
    answers_for_each_recipient_in_order,
    takes_as_many_as_it_says,
    reckons_sizes_above_nothing,
    closes_twice,
)
