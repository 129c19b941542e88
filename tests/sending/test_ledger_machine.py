"""Whatever workers, clocks, providers and people do in whatever order: the ledger stays whole, nobody gets it twice."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from digest.clock import StillClock
from digest.database import Database
from digest.errors import Refused
from digest.sending import batches, control, ledger, settling, work
from digest.sending.batches import Claim
from digest.sending.provider import BatchRefused, NotTaken, Receipt, StopIssue, UnknownOutcome
from digest.sending.settling import Rules, ref
from digest.settings import Uncertain
from digest.tables import METADATA
from tests.conftest import NOW
from tests.sending import newsroom
from tests.sending.fakes import Scripted, means

READERS = 7
LEASE = timedelta(seconds=120)
NEEDED = timedelta(seconds=70)
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
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'm.db'}", self.clock)
        METADATA.create_all(self.database.engine)
        self.accepted: set[int] = set()  # whom the provider took
        self.left: dict[int, int] = {}  # subscriber -> calls that may have reached them
        self.marked: set[int] = set()  # who was ever handed over

    @initialize()
    def begin(self) -> None:
        """Open the ledger of an issue."""
        self.room = newsroom.make(self.database, readers=READERS)
        newsroom.queue(self.database, self.room)

    @rule(target=claimed)
    def claim(self) -> object:
        """Take back what is lost, and claim."""
        with self.database.writing() as session:
            settling.recover(session, 1, RULES, self.clock.now())
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
            settling.settle(session, claim, receipts, self.clock.now())

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
