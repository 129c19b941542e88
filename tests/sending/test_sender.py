"""One worker, batch after batch: what each answer of a provider does to the ledger, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from digest.clock import StillClock
from digest.database import Database
from digest.sending import editions, ledger, pacing, sender
from digest.sending.provider import (
    BatchRefused,
    Mailing,
    NotTaken,
    Receipt,
    StopIssue,
    UnknownOutcome,
)
from digest.sending.sender import Ended
from digest.settings import Uncertain
from subscribers.models import Subscriber, Subscription, Suppression, table
from tests.conftest import BOTH, NOW
from tests.sending import newsroom
from tests.sending.fakes import Never, Scripted, means, take

DAY = timedelta(days=1)


def drain(database: Database, clock: StillClock, provider: Scripted, **given: object) -> Ended:
    """Run one worker on issue 1 until it stops."""
    return sender.run(means(database, clock, provider, **given), 1, Never())  # type: ignore[arg-type]


def opened(database: Database, readers: int = 10, sets: tuple[str, ...] = ("caucasus",)) -> newsroom.Newsroom:
    """Make an issue whose ledger is open."""
    room = newsroom.make(database, readers=readers, sets=sets)
    newsroom.queue(database, room)
    return room


def counts(database: Database) -> dict[str, int]:
    """Return the states that somebody is in."""
    with database.reading() as session:
        assert ledger.is_whole(session, 1)
        return {state: n for state, n in ledger.counts(session, 1).items() if n}


@BOTH
def test_everybody_gets_the_own_edition_once(database: Database, clock: StillClock):
    """Ten readers of two editions in calls of four: each address once, the issue is sent, the places are counted."""
    opened(database, 10, ("caucasus", "sahel caucasus"))
    provider = Scripted()
    assert drain(database, clock, provider) is Ended.idle
    assert counts(database) == {"accepted": 10}
    assert set(provider.taken.values()) == {1}
    assert sorted(len(call.recipients) for call in provider.got) == [1, 1, 4, 4]
    assert {call.content.subject for call in provider.got} == {"News of caucasus", "News of sahel caucasus"}
    issue = newsroom.issue(database)
    assert (issue.status, issue.first_accepted_at) == ("sent", NOW)
    from digest.articles.popularity import EXPOSURES  # noqa: PLC0415 - only here

    shown = newsroom.rows_of(database, EXPOSURES)
    assert {(row.edition_number, row.delivered, row.expected) for row in shown} == {(100, 5, 0.15), (101, 5, 0.15)}
    assert newsroom.delivery(database, 1).provider_message_id == "m1"


@BOTH
def test_who_left_between_freeze_and_batch_gets_nothing(database: Database, clock: StillClock):
    """Ended, paused, erased: withdrawn. Suppressed: suppressed. One list of two left: still sent (ruling 17)."""
    opened(database, 7, ("caucasus sahel",))
    people, held, barred = table(Subscriber), table(Subscription), table(Suppression)
    with database.writing() as session:
        session.execute(update(held).where(held.c.subscriber_id == 1).values(state="ended"))
        session.execute(update(held).where(held.c.subscriber_id == 2, held.c.list_id == "sahel").values(state="ended"))
        session.execute(update(people).where(people.c.id == 3).values(paused_until=NOW + DAY))
        session.execute(update(people).where(people.c.id == 4).values(erased_at=NOW, address=""))
        session.execute(barred.insert().values(address_key="key-5", reason="complaint", at=NOW, note=""))
    provider = Scripted()
    drain(database, clock, provider)
    assert newsroom.states(database) == {
        1: "withdrawn", 2: "accepted", 3: "withdrawn", 4: "withdrawn", 5: "suppressed", 6: "accepted", 7: "accepted"
    }  # fmt: skip
    assert sorted(provider.taken) == [f"reader-{n}@example.org" for n in (2, 6, 7)]
    assert newsroom.issue(database).status == "sent"


@BOTH
def test_a_batch_that_nobody_wants_is_not_called(database: Database, clock: StillClock):
    """All have left: no call, all withdrawn, the issue ends."""
    opened(database, 3)
    with database.writing() as session:
        session.execute(update(table(Subscription)).values(state="ended"))
    provider = Scripted()
    assert drain(database, clock, provider) is Ended.idle
    assert (provider.got, counts(database)) == ([], {"withdrawn": 3})
    assert newsroom.issue(database).status == "sent"


@BOTH
def test_what_was_not_taken_comes_again_later(database: Database, clock: StillClock):
    """A 503 with Retry-After 30: nothing before 30 s, then everybody once."""
    opened(database, 3)
    provider = Scripted([NotTaken("busy", 30.0)])
    assert drain(database, clock, provider) is Ended.idle
    row = newsroom.delivery(database, 1)
    assert (row.state, row.attempts, row.first_failed_at) == ("queued", 1, NOW)
    assert (row.next_attempt_at - NOW).total_seconds() == pytest.approx(30, abs=1)
    clock.sleep(29)
    drain(database, clock, provider)
    assert len(provider.got) == 1
    clock.sleep(2)
    drain(database, clock, provider)
    assert counts(database) == {"accepted": 3}


@BOTH
def test_a_throttled_account_waits_for_all_workers(database: Database, clock: StillClock):
    """A 429 pushes the pacer: the next call, of any worker, waits for it."""
    opened(database, 8)
    provider = Scripted([NotTaken("slow down", 40.0, throttled=True)])
    drain(database, clock, provider)
    assert (clock.now() - NOW).total_seconds() >= 40
    assert set(provider.taken.values()) == {1}


@BOTH
def test_eight_tries_are_enough(database: Database, clock: StillClock):
    """A provider that is never there: rejected as exhausted after eight calls, and the issue ends."""
    opened(database, 2)
    provider = Scripted([NotTaken("no connection")] * 20)
    for _ in range(40):
        drain(database, clock, provider)
        clock.sleep(3600)
    assert (len(provider.got), counts(database)) == (8, {"rejected": 2})
    row = newsroom.delivery(database, 1)
    assert row.reason == "exhausted: no connection"
    assert newsroom.issue(database).status == "sent"


@BOTH
def test_after_a_day_no_more_tries_are_made(database: Database, clock: StillClock):
    """The provider asks for 30 hours: that is later than a day, so it is over at once."""
    opened(database, 2)
    drain(database, clock, Scripted([NotTaken("closed", 30 * 3600.0)]))
    assert counts(database) == {"rejected": 2}


@BOTH
def test_a_named_recipient_is_rejected_and_the_others_go_on(database: Database, clock: StillClock):
    """A 400 that names one reader: that one rejected with the reason, the other three sent."""
    opened(database, 4)
    provider = Scripted([BatchRefused("400", {"1.2": "no such address"})])
    drain(database, clock, provider)
    assert counts(database) == {"accepted": 3, "rejected": 1}
    assert newsroom.delivery(database, 2).reason == "no such address"
    assert newsroom.delivery(database, 1).attempts == 0


@BOTH
def test_an_unnamed_bad_one_is_found_by_halving(database: Database, clock: StillClock):
    """A batch refused without a name is halved until reader 3 stands alone; the others get it once."""
    opened(database, 8)
    provider = Scripted(recipients=8)

    def refuse_the_third(mailing: Mailing) -> list[Receipt]:
        if any(one.address == "reader-3@example.org" for one in mailing.recipients):
            raise BatchRefused("400 something is wrong")
        return take(mailing)

    provider.answers = [refuse_the_third] * 20
    drain(database, clock, provider)
    assert counts(database) == {"accepted": 7, "rejected": 1}
    assert newsroom.states(database)[3] == "rejected"
    assert [len(call.recipients) for call in provider.got] == [8, 4, 4, 2, 2, 1, 1]
    assert set(provider.taken.values()) == {1}


@BOTH
def test_a_refusal_that_names_strangers_is_halved_too(database: Database, clock: StillClock):
    """Names that are not in the batch name nobody: it must not go again and again."""
    opened(database, 1)
    drain(database, clock, Scripted([BatchRefused("400", {"1.999": "who?"})]))
    assert counts(database) == {"rejected": 1}


@BOTH
def test_when_every_reader_is_refused_the_issue_stops(database: Database, clock: StillClock):
    """Refused one by one, and nobody ever accepted: it is not the readers. Paused, the rest stays queued."""
    opened(database, 40)
    provider = Scripted([BatchRefused("400 bad template")] * 500, recipients=1)
    assert drain(database, clock, provider) is Ended.idle
    issue = newsroom.issue(database)
    assert issue.status == "paused"
    assert "bad template" in issue.failed
    assert counts(database)["queued"] >= 30


@BOTH
def test_a_refused_key_stops_the_issue_and_marks_nothing(database: Database, clock: StillClock):
    """401: the issue is paused with the reason, all stay queued, the account is halted for other issues, too."""
    opened(database, 6)
    provider = Scripted([StopIssue("key refused")])
    assert drain(database, clock, provider) is Ended.halted
    issue = newsroom.issue(database)
    assert (issue.status, issue.failed, issue.held, issue.first_accepted_at) == (
        "paused", "key refused", "key refused", None
    )  # fmt: skip
    assert counts(database) == {"queued": 6}
    newsroom.set_issue(database, status="sending", failed="", held="")
    assert drain(database, clock, provider) is Ended.halted  # the account is still halted
    assert len(provider.got) == 1
    with database.writing() as session:
        pacing.release(session, "scripted")
    newsroom.set_issue(database, status="sending", failed="", held="")
    drain(database, clock, provider)
    assert counts(database) == {"accepted": 6}


@BOTH
def test_unknown_is_held_and_does_not_block_the_end(database: Database, clock: StillClock):
    """No answer from a provider without keys: uncertain, never repeated by itself; the issue ends."""
    opened(database, 6)
    provider = Scripted([UnknownOutcome("reset")])
    drain(database, clock, provider)
    clock.sleep(9000)
    drain(database, clock, provider)
    assert counts(database) == {"accepted": 2, "uncertain": 4}
    assert newsroom.issue(database).status == "sent"
    assert newsroom.delivery(database, 1).reason == "reset"


@BOTH
def test_unknown_is_sent_again_for_those_who_prefer_twice(database: Database, clock: StillClock):
    """UNCERTAIN=resend: queued again with a try counted."""
    opened(database, 2)
    provider = Scripted([UnknownOutcome("reset")])
    drain(database, clock, provider, uncertain=Uncertain.resend)
    clock.sleep(10)
    drain(database, clock, provider, uncertain=Uncertain.resend)
    assert counts(database) == {"accepted": 2}
    assert provider.got[0].batch_id != provider.got[1].batch_id


@BOTH
def test_a_reader_the_answer_forgot_is_uncertain(database: Database, clock: StillClock):
    """Receipts for two of three, one of them a refusal: accepted, rejected, uncertain."""
    opened(database, 3)

    def partly(mailing: Mailing) -> list[Receipt]:
        first, second, _ = mailing.recipients
        return [
            Receipt(delivery_ref=first.delivery_ref, accepted=True, message_id="a"),
            Receipt(delivery_ref=second.delivery_ref, accepted=False, reason="blocked"),
        ]

    drain(database, clock, Scripted([partly]))
    assert newsroom.states(database) == {1: "accepted", 2: "rejected", 3: "uncertain"}
    assert newsroom.delivery(database, 2).reason == "blocked"
    assert newsroom.rows_of(database, newsroom.BATCH)[0].state == "uncertain"


@BOTH
def test_a_broken_adapter_stops_the_issue(database: Database, clock: StillClock):
    """An error nobody foresaw: that batch is uncertain, the issue paused, the error told; the rest stays queued."""
    opened(database, 8)
    provider = Scripted([ZeroDivisionError("oops")])
    with pytest.raises(ZeroDivisionError):
        drain(database, clock, provider)
    assert counts(database) == {"queued": 4, "uncertain": 4}
    assert newsroom.issue(database).status == "paused"


@BOTH
def test_calls_are_paced(database: Database, clock: StillClock):
    """Two calls a second: five batches take two seconds."""
    opened(database, 5)
    drain(database, clock, Scripted(recipients=1), rate=2.0)
    assert 2.0 <= (clock.now() - NOW).total_seconds() <= 3.0


@BOTH
def test_batches_keep_the_limit_of_bytes(database: Database, clock: StillClock):
    """A call holds no more readers than fit its bytes with the widest values."""
    opened(database, 9)
    provider = Scripted(recipients=100, max_bytes=6000)
    drain(database, clock, provider)
    assert counts(database) == {"accepted": 9}
    sizes = [len(call.recipients) for call in provider.got]
    assert 1 < max(sizes) < 9
    for call in provider.got:
        used = provider.payload_bytes(call.content)
        used += sum(provider.recipient_bytes(call.content, one) for one in call.recipients)
        assert used <= 6000


@BOTH
def test_an_edition_larger_than_a_call_stops_the_issue(database: Database, clock: StillClock):
    """No reader fits: the issue is paused with a sentence, nothing is called."""
    opened(database, 2)
    provider = Scripted(max_bytes=500)
    assert drain(database, clock, provider) is Ended.halted
    assert provider.got == []
    assert "larger than one call" in newsroom.issue(database).failed


@BOTH
def test_a_worker_leaves_after_its_share_or_when_told(database: Database, clock: StillClock):
    """A share of two calls; a signal while it waits for its slot: nothing is lost."""
    opened(database, 12)
    provider = Scripted()
    assert sender.run(means(database, clock, provider), 1, Never(), share=2) is Ended.told
    assert counts(database) == {"accepted": 8, "queued": 4}

    class Soon:
        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 3

    with database.writing() as session:
        pacing.hold_back(session, "scripted", clock.now() + timedelta(seconds=60))
    assert sender.run(means(database, clock, provider), 1, Soon()) is Ended.told
    assert counts(database) == {"accepted": 8, "queued": 4}


@BOTH
def test_pausing_during_a_call_lets_it_settle(database: Database, clock: StillClock):
    """Pause acts between batches: what is on its way is written down, nothing more leaves."""
    opened(database, 8)
    provider = Scripted()
    provider.before = lambda _call: newsroom.set_issue(database, status="paused")
    assert drain(database, clock, provider) is Ended.idle
    assert counts(database) == {"accepted": 4, "queued": 4}
    assert newsroom.issue(database).status == "paused"


@BOTH
def test_when_all_of_a_batch_are_refused_nothing_counts_as_sent(database: Database, clock: StillClock):
    """Receipts that refuse everybody: rejected, and the issue's stories do not count as sent."""
    opened(database, 2)

    def refuse(mailing: Mailing) -> list[Receipt]:
        return [Receipt(delivery_ref=one.delivery_ref, accepted=False, reason="blocked") for one in mailing.recipients]

    drain(database, clock, Scripted([refuse]))
    assert counts(database) == {"rejected": 2}
    assert newsroom.issue(database).first_accepted_at is None


def test_memory_does_not_grow_with_the_editions(database: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch):
    """Two editions by turns with room for one: each is read again, and everybody gets the own one."""
    monkeypatch.setattr(editions, "KEPT", 1)
    opened(database, 8, ("caucasus", "sahel caucasus"))
    provider = Scripted(recipients=2)
    drain(database, clock, provider)
    assert counts(database) == {"accepted": 8}
    assert {one.content.subject for one in provider.got} == {"News of caucasus", "News of sahel caucasus"}
