"""Answers that differ from reader to reader of one call: taken, refused, later, or none at all."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from digest.clock import StillClock
from digest.database import Database
from digest.sending import settling
from digest.sending.provider import Again, Mailing, Receipt, UnknownOutcome
from digest.sending.settling import Rules, ref
from digest.settings import Uncertain
from tests.conftest import BOTH, NOW
from tests.sending import newsroom
from tests.sending.fakes import Scripted
from tests.sending.test_late_evidence import handed_over
from tests.sending.test_sender import counts, drain, opened

RESEND = Rules(account="a", window=None, uncertain=Uncertain.resend)
TAKEN = {"accepted": True, "message_id": "m"}


def later(reason: str = "450 busy", **given: object) -> Mapping[str, object]:
    """Return the fields of a receipt that says "later"."""
    return {"accepted": False, "reason": reason, "again": Again(**given)}  # type: ignore[arg-type]


def saying(answers: Mapping[int, Mapping[str, object]]) -> Callable[[Mailing], list[Receipt]]:
    """Return a provider's answer: the fields of the receipt of each reader; who is missing gets none."""

    def answer(mailing: Mailing) -> list[Receipt]:
        numbers = {one.delivery_ref: int(one.delivery_ref.partition(".")[2]) for one in mailing.recipients}
        return [Receipt(delivery_ref=name, **answers[n]) for name, n in numbers.items() if n in answers]  # type: ignore[arg-type]

    return answer


@BOTH
def test_who_is_not_taken_now_comes_again_alone(database: Database, clock: StillClock):
    """Taken, refused, later (30 s), and no answer: each becomes what is true of it, and nobody gets it twice."""
    opened(database, 4)
    refused = {"accepted": False, "reason": "550 no such user"}
    provider = Scripted([saying({1: TAKEN, 2: refused, 3: later(retry_after=30.0)})])
    drain(database, clock, provider)
    assert newsroom.states(database) == {1: "accepted", 2: "rejected", 3: "queued", 4: "uncertain"}
    row = newsroom.delivery(database, 3)
    assert (row.attempts, row.first_failed_at, row.next_attempt_at) == (1, NOW, NOW + timedelta(seconds=30))
    assert row.batch_number is None
    assert newsroom.rows_of(database, newsroom.BATCH)[0].state == "uncertain"
    clock.sleep(31)
    drain(database, clock, provider)
    assert newsroom.states(database) == {1: "accepted", 2: "rejected", 3: "accepted", 4: "uncertain"}
    assert set(provider.taken.values()) == {1}
    assert newsroom.issue(database).status == "sent"


@BOTH
def test_who_is_told_later_too_often_is_rejected(database: Database, clock: StillClock):
    """Eight times "later" beside one who is taken: rejected as exhausted, with the provider's words."""
    opened(database, 2)
    provider = Scripted([saying({1: TAKEN, 2: later()}), *[saying({2: later()})] * 20])
    for _ in range(30):
        drain(database, clock, provider)
        clock.sleep(3600)
    assert newsroom.states(database) == {1: "accepted", 2: "rejected"}
    assert newsroom.delivery(database, 2).reason == "exhausted: 450 busy"
    assert len(provider.got) == 8


@BOTH
def test_whose_turn_did_not_come_has_no_try_less(database: Database, clock: StillClock):
    """The call's time was up: queued again at once, with no try counted, however often."""
    opened(database, 2)
    provider = Scripted([saying({1: TAKEN, 2: later("out of time", offered=False)})] * 11)
    drain(database, clock, provider)
    assert (newsroom.states(database), len(provider.got)) == ({1: "accepted", 2: "accepted"}, 12)
    assert newsroom.delivery(database, 2).attempts == 0
    assert clock.now() - NOW < timedelta(seconds=5)


@BOTH
def test_one_throttled_entry_holds_every_worker_back(database: Database, clock: StillClock):
    """A throttled receipt pushes the pacer, as a 429 of the whole call does."""
    opened(database, 8)
    provider = Scripted([saying({1: TAKEN, 2: TAKEN, 3: TAKEN, 4: later(throttled=True, retry_after=40.0)})])
    drain(database, clock, provider)
    assert (clock.now() - NOW).total_seconds() >= 40
    assert counts(database) == {"accepted": 8}
    assert set(provider.taken.values()) == {1}


@BOTH
def test_a_batch_told_later_as_a_whole_is_given_back(database: Database, clock: StillClock):
    """Only "later": the batch is returned, nothing counts as sent, and they come again."""
    opened(database, 2)
    provider = Scripted([saying({1: later(), 2: later("451 grey")})])
    drain(database, clock, provider)
    assert newsroom.rows_of(database, newsroom.BATCH)[0].state == "returned"
    assert (counts(database), newsroom.issue(database).first_accepted_at) == ({"queued": 2}, None)
    clock.sleep(10)
    drain(database, clock, provider)
    assert counts(database) == {"accepted": 2}


@BOTH
def test_later_of_a_cancelled_issue_is_cancelled(database: Database, clock: StillClock):
    """Cancelled while the call was on its way: who was not taken is not queued again."""
    opened(database, 2)
    provider = Scripted([saying({1: TAKEN, 2: later()})])
    provider.before = lambda _call: newsroom.set_issue(database, status="cancelled")
    drain(database, clock, provider)
    assert newsroom.states(database) == {1: "accepted", 2: "cancelled"}


@BOTH
@pytest.mark.parametrize("offered", [True, False])
def test_later_of_a_repetition_says_nothing_of_the_first_call(
    database: Database,
    clock: StillClock,
    offered: bool,  # noqa: FBT001
):
    """The first call got no answer, its repetition "later": it may have been taken, so it is uncertain."""
    opened(database, 2)
    answers = [UnknownOutcome("reset"), saying({1: TAKEN, 2: later(offered=offered)})]
    provider = Scripted(answers, idempotency=timedelta(hours=24))
    drain(database, clock, provider)
    clock.sleep(60)
    drain(database, clock, provider)
    assert newsroom.states(database) == {1: "accepted", 2: "uncertain"}


@BOTH
def test_those_who_prefer_twice_send_the_unanswered_again(database: Database):
    """UNCERTAIN=resend: who got no answer is queued again, with a try counted."""
    claim = handed_over(database)
    with database.writing() as session:
        settling.settle(session, claim, [Receipt(delivery_ref=ref(1, 1), accepted=True)], NOW, RESEND)
    assert newsroom.states(database) == {1: "accepted", 2: "queued", 3: "queued"}
    assert newsroom.delivery(database, 2).attempts == 1
