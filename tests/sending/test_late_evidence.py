"""A fence stops a late worker from opening anything; it does not stop its evidence."""

from datetime import timedelta

import pytest

from digest.database import Database
from digest.sending import batches, ledger, recovering, settling
from digest.sending.batches import Claim
from digest.sending.provider import Again, NotTaken, Receipt, UnknownOutcome
from digest.sending.settling import Rules, parse_ref, ref
from digest.settings import Uncertain
from tests.conftest import BOTH, NOW
from tests.sending import newsroom

LEASE = timedelta(seconds=120)
LATE = NOW + timedelta(seconds=121)
RULES = Rules(account="a", window=None, uncertain=Uncertain.hold)


def handed_over(database: Database, readers: int = 3) -> Claim:
    """Return a batch that was handed over and not answered."""
    newsroom.queue(database, newsroom.make(database, readers=readers))
    with database.writing() as session:
        claim = batches.claim(session, 1, "a", now=NOW, lease=LEASE, capacity=lambda _s, _e: 10)
        assert claim
        assert batches.hand_over(session, claim, ["caucasus"], now=NOW, needed=timedelta(0), seal=None)
    return claim


@BOTH
def test_late_receipts_settle_what_was_called_uncertain(database: Database):
    """The lease ran out, the batch is uncertain; then the worker comes with its receipts: accepted and rejected."""
    claim = handed_over(database)
    with database.writing() as session:
        assert recovering.recover(session, 1, lambda _: RULES, LATE) == 1
    assert set(newsroom.states(database).values()) == {"uncertain"}
    receipts = [
        Receipt(delivery_ref=ref(1, 1), accepted=True, message_id="m"),
        Receipt(delivery_ref=ref(1, 2), accepted=True, message_id="m"),
        Receipt(delivery_ref=ref(1, 3), accepted=False, reason="blocked"),
    ]
    with database.writing() as session:
        settling.settle(session, claim, receipts, LATE, RULES)
    assert newsroom.states(database) == {1: "accepted", 2: "accepted", 3: "rejected"}
    assert newsroom.issue(database).first_accepted_at == LATE
    assert newsroom.rows_of(database, newsroom.BATCH)[0].state == "settled"
    with database.writing() as session:
        settling.settle(session, claim, receipts, LATE, RULES)  # once more changes nothing
    assert newsroom.states(database) == {1: "accepted", 2: "accepted", 3: "rejected"}


@BOTH
@pytest.mark.parametrize("error", [NotTaken("busy"), UnknownOutcome("reset")])
def test_a_late_error_opens_nothing(database: Database, error: Exception):
    """The lease ran out; a late "not taken" does not queue anybody again."""
    claim = handed_over(database)
    with database.writing() as session:
        recovering.recover(session, 1, lambda _: RULES, LATE)
        assert settling.settle_error(session, claim, error, RULES, LATE) is None  # type: ignore[arg-type]
    assert set(newsroom.states(database).values()) == {"uncertain"}


@BOTH
def test_a_late_later_opens_nothing(database: Database):
    """The lease ran out; receipts that say "later" queue nobody again, those that say "taken" count."""
    claim = handed_over(database)
    receipts = [
        Receipt(delivery_ref=ref(1, 1), accepted=True, message_id="m"),
        Receipt(delivery_ref=ref(1, 2), accepted=False, reason="busy", again=Again()),
    ]
    with database.writing() as session:
        recovering.recover(session, 1, lambda _: RULES, LATE)
        settling.settle(session, claim, receipts, LATE, RULES)
    assert newsroom.states(database) == {1: "accepted", 2: "uncertain", 3: "uncertain"}


@BOTH
def test_a_late_worker_cannot_hand_over(database: Database):
    """Claimed, lost, claimed by another: the first one's hand-over is refused, the second one's holds."""
    newsroom.queue(database, newsroom.make(database, readers=2))
    with database.writing() as session:
        first = batches.claim(session, 1, "a", now=NOW, lease=LEASE, capacity=lambda _s, _e: 10)
    with database.writing() as session:
        recovering.recover(session, 1, lambda _: RULES, LATE)
        second = batches.claim(session, 1, "a", now=LATE, lease=LEASE, capacity=lambda _s, _e: 10)
    assert first
    assert second
    with database.writing() as session:
        needed = timedelta(seconds=70)
        assert batches.hand_over(session, first, ["caucasus"], now=LATE, needed=needed, seal=None) is None
        assert batches.hand_over(session, second, ["caucasus"], now=LATE, needed=needed, seal=None)


@BOTH
def test_a_lease_too_short_for_a_call_is_given_back(database: Database):
    """With 60 s of lease left and calls of 70 s nothing is called; the readers are queued again."""
    newsroom.queue(database, newsroom.make(database, readers=2))
    with database.writing() as session:
        claim = batches.claim(session, 1, "a", now=NOW, lease=LEASE, capacity=lambda _s, _e: 10)
        assert claim
        later = NOW + timedelta(seconds=60)
        needed = timedelta(seconds=70)
        assert batches.hand_over(session, claim, ["caucasus"], now=later, needed=needed, seal=None) is None
    assert set(newsroom.states(database).values()) == {"queued"}


@BOTH
def test_events_settle_what_is_uncertain_and_spare_what_is_queued(database: Database):
    """An event that tells of a delivery: accepted at once, even where it waits to be sent again."""
    newsroom.queue(database, newsroom.make(database, readers=3))
    with database.writing() as session:
        assert ledger.evidence(session, 1, [1], accepted=False, at=NOW, reason="dropped") == 0
        assert ledger.evidence(session, 1, [1, 99], accepted=True, at=NOW, message_id="m") == 1
    assert newsroom.states(database) == {1: "accepted", 2: "queued", 3: "queued"}


def test_the_name_of_a_delivery_goes_there_and_back():
    """What the provider is told names issue and subscriber; nonsense is refused."""
    assert parse_ref(ref(12, 345)) == (12, 345)
    with pytest.raises(ValueError, match="invalid literal"):
        parse_ref("direct.abc")
