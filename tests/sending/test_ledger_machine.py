"""Whatever workers, clocks, providers and people do in whatever order: the ledger stays whole, nobody gets it twice."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from digest.clock import StillClock
from digest.errors import Refused
from digest.sending import batches, control, ledger, recovering, settling, waiting, work
from digest.sending.batches import Claim
from digest.sending.provider import BatchRefused, NotTaken, Receipt, StopIssue, UnknownOutcome
from digest.sending.settling import Rules, ref
from digest.settings import Uncertain
from tests import databases
from tests.conftest import NOW
from tests.sending import newsroom
from tests.sending.fakes import Scripted, means

READERS = 7
LEASE = timedelta(seconds=120)
NEEDED = timedelta(seconds=70)
WAVES = st.lists(st.sampled_from([0, 60, 4000, 7200]), min_size=READERS, max_size=READERS)  # seconds from the start
ERRORS = st.sampled_from(
    [
        NotTaken("busy"),
        UnknownOutcome("reset"),
        BatchRefused("400"),
        BatchRefused("400", {"1.3": "bad"}),
        StopIssue("401"),
    ]
)


RULES = Rules(account="scripted", window=None, uncertain=Uncertain.hold)


class Ledger(RuleBasedStateMachine):
    """Workers that claim, hand over, settle, die, and come back late; a person who pauses, resumes, resolves."""

    claimed = Bundle("claimed")
    called = Bundle("called")  # (claim, who was in the call)

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.clock = StillClock(NOW)
        self.database = databases.opened(Path(self.folder.name) / "m.db", self.clock)
        self.accepted: set[int] = set()  # whom the provider took
        self.left: dict[int, int] = {}  # subscriber -> calls that may have reached them
        self.marked: set[int] = set()  # who was ever handed over
        self.hour: dict[int, datetime] = {}  # subscriber -> before which nothing may reach them

    @initialize(waits=WAVES)
    def begin(self, waits: list[int]) -> None:
        """Open the ledger of an issue; some readers wait for the hour of their own zone."""
        self.room = newsroom.make(self.database, readers=READERS)
        newsroom.queue(self.database, self.room)
        self.hour = {who: NOW + timedelta(seconds=wait) for who, wait in enumerate(waits, 1) if wait}
        for who, at in self.hour.items():
            with self.database.writing() as session:
                one = newsroom.DELIVERY.c.subscriber_id == who
                session.execute(newsroom.DELIVERY.update().where(one).values(next_attempt_at=at))

    @rule(target=claimed)
    def claim(self) -> object:
        """Take back what is lost, and claim."""
        with self.database.writing() as session:
            recovering.recover(session, 1, lambda _: RULES, self.clock.now())
            found = batches.claim(
                session, 1, "scripted", now=self.clock.now(), lease=LEASE, capacity=lambda _session, _edition: 3
            )
        return multiple() if found is None else found

    @rule(target=called, claim=consumes(claimed))
    def hand_over(self, claim: Claim) -> object:
        """Hand over; from now on the call may have been made."""
        with self.database.writing() as session:
            members = batches.hand_over(session, claim, ["caucasus"], now=self.clock.now(), needed=NEEDED, seal=None)
        if members is None:
            return multiple()
        who = [one.subscriber_id for one in members]
        assert all(self.hour.get(one, NOW) <= self.clock.now() for one in who), "before its hour"
        self.marked.update(who)
        return claim, who

    @rule(call=consumes(called))
    def succeed(self, call: tuple[Claim, list[int]]) -> None:
        """Let the provider take it; the worker may be late, and its receipts still count."""
        claim, who = call
        assert not self.accepted & set(who), "taken twice"
        self.accepted.update(who)
        receipts = [Receipt(delivery_ref=ref(1, one), accepted=True, message_id="m") for one in who]
        with self.database.writing() as session:
            settling.settle(session, claim, receipts, self.clock.now(), RULES)

    @rule(call=consumes(called), error=ERRORS)
    def fail(self, call: tuple[Claim, list[int]], error: Exception) -> None:
        """Let the call end in an error."""
        with self.database.writing() as session:
            settling.settle_error(session, call[0], error, RULES, self.clock.now())  # type: ignore[arg-type]

    @rule(call=consumes(called))
    def die(self, call: tuple[Claim, list[int]]) -> None:
        """Let the provider take it, and the worker die before it can say so."""
        self.accepted.update(call[1])

    @rule(claim=consumes(claimed))
    def die_early(self, claim: Claim) -> None:
        """Let a worker die before the mark."""

    @rule(seconds=st.sampled_from([1, 60, 121, 4000]))
    def time_passes(self, seconds: int) -> None:
        """Leases run out."""
        self.clock.sleep(seconds)

    @rule()
    def tick(self) -> None:
        """Tidy up, as the tick does."""
        work.tidy(means(self.database, self.clock, Scripted()))

    @rule(resume=st.booleans())
    def pause_or_resume(self, resume: bool) -> None:  # noqa: FBT001
        """Pause or resume, as a person does."""
        at = self.clock.now()
        with suppress(Refused):
            if resume:
                control.resume(self.database, self.room.issue_id, who="operator", at=at, account="scripted")
            else:
                control.pause(self.database, self.room.issue_id, who="operator", at=at)

    @rule()
    def proof_arrives(self) -> None:
        """Take the provider's events, which tell of everybody it took."""
        with self.database.writing() as session:
            ledger.evidence(session, 1, sorted(self.accepted), accepted=True, at=self.clock.now(), message_id="m")

    @invariant()
    def it_is_whole(self) -> None:
        """Check the sum; that nobody is uncertain who was never handed over; that accepted means taken."""
        if not hasattr(self, "room"):
            return
        states = newsroom.states(self.database)
        with self.database.reading() as session:
            assert ledger.is_whole(session, 1)
        assert len(states) == READERS
        assert {who for who, state in states.items() if state == "accepted"} <= self.accepted
        assert {who for who, state in states.items() if state == "uncertain"} <= self.marked
        assert not {who for who, state in states.items() if state == "queued"} & self.accepted
        self._the_rest_is_told(states)

    def _the_rest_is_told(self, states: dict[int, str]) -> None:
        """Check that nobody who waits for their hour counts as failed, and that all who are queued are told of."""
        now = self.clock.now()
        early = {who for who, at in self.hour.items() if at > now and states[who] == "queued"}
        with self.database.reading() as session:
            left = waiting.of_issue(session, 1, now)
            formed = newsroom.rows_of(self.database, newsroom.BATCH, newsroom.BATCH.c.state == "formed")
            assert sum(wave.readers for wave in left.waves) == len(early)
        queued = sum(state == "queued" for state in states.values()) + sum(row.size for row in formed)
        assert left.due + left.later + len(early) == queued
        assert not [who for who in early if newsroom.delivery(self.database, who).first_failed_at]

    def teardown(self) -> None:
        """Let everything run out: every reader ends in one of the final states, or waits under a pause."""
        self.clock.sleep(4000)
        work.tidy(means(self.database, self.clock, Scripted()))
        assert "claimed" not in {
            state for who, state in newsroom.states(self.database).items() if not self._in_a_formed_batch(who)
        }
        self.database.close()
        self.folder.cleanup()

    def _in_a_formed_batch(self, who: int) -> bool:
        number = newsroom.delivery(self.database, who).batch_number
        rows = newsroom.rows_of(self.database, newsroom.BATCH, newsroom.BATCH.c.number == number)
        return any(row.state == "formed" for row in rows)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
