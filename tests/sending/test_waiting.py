"""What waits of an issue is said in one sentence, with the time to come back."""

from datetime import timedelta

from digest.clock import StillClock
from digest.database import Database
from digest.sending import batches, sender, waiting
from digest.sending.provider import NotTaken, UnknownOutcome
from tests.conftest import BOTH, NOW
from tests.sending import newsroom
from tests.sending.fakes import Never, Scripted, means

FIVE = timedelta(minutes=5)


def said(database: Database, clock: StillClock) -> list[str]:
    """Return the sentences of now."""
    with database.reading() as session:
        return waiting.sentences(session, clock.now())


@BOTH
def test_each_kind_of_waiting_is_counted(database: Database, clock: StillClock):
    """One in a dead worker's hands, four to be tried again, two free to leave; then the first time counts."""
    room = newsroom.make(database, readers=7)
    assert said(database, clock) == []
    newsroom.queue(database, room)
    with database.writing() as session:
        assert batches.claim(session, 1, "scripted", now=NOW, lease=FIVE, capacity=lambda _s, _e: 1)
    tools = means(database, clock, Scripted([NotTaken("busy", 20.0)]))
    sender.run(tools, 1, Never(), share=1)
    (sentence,) = said(database, clock)
    assert sentence == (
        "Issue 1: 2 deliveries are queued; 4 deliveries are tried again from 20 s on; 1 delivery is claimed by a "
        "worker that may be dead; their lease ends in 5 min. Run again then, or leave `digest worker` running."
    )
    with database.reading() as session:
        assert waiting.of_issue(session, 1, clock.now()).next_at is None
    sender.run(tools, 1, Never(), share=1)
    with database.reading() as session:
        left = waiting.of_issue(session, 1, clock.now())
    assert (left.due, left.later, left.claimed) == (0, 4, 1)
    assert left.next_at == left.later_at
    newsroom.set_issue(database, held="a reason")
    assert said(database, clock) == []


@BOTH
def test_a_repetition_waits_too(database: Database, clock: StillClock):
    """Sealed bytes that go again under their key are later ones; when their time has come, they are due."""
    newsroom.queue(database, newsroom.make(database, readers=2))
    provider = Scripted([UnknownOutcome("reset")], idempotency=timedelta(days=1))
    sender.run(means(database, clock, provider), 1, Never())
    with database.reading() as session:
        left = waiting.of_issue(session, 1, clock.now())
    assert (left.due, left.later, left.claimed) == (0, 2, 0)
    clock.sleep(60)
    with database.reading() as session:
        assert waiting.of_issue(session, 1, clock.now()).due == 2
