"""What must hold after any run, whatever broke: each thing with a sentence for the case that it does not."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from digest.database import Database
from digest.sending import ledger
from tests.chaos.api import READ_TIMEOUT, Api, Call
from tests.chaos.nursery import LEASE
from tests.chaos.places import Place
from tests.chaos.plan import Plan
from tests.sending import newsroom

if TYPE_CHECKING:
    from datetime import datetime

TRIES = 8  # calls after which a batch or a reader is given up (design.md 6.5)
FINAL = {"accepted", "rejected", "suppressed", "withdrawn", "uncertain", "cancelled"}


@dataclass
class Story:
    """What was done to a run, as far as the end must answer for it."""

    kills: list[float] = field(default_factory=list)  # when a worker was killed
    left: dict[int, float] = field(default_factory=dict)  # reader -> when their leaving was committed
    joined: set[int] = field(default_factory=set)
    cancelled: bool = False


@dataclass
class End:
    """The ledger as it stands when a run is over, and what the API knows."""

    plan: Plan
    place: Place
    api: Api
    story: Story
    issue: Any
    rows: list[Any]
    batches: dict[int, Any]
    taken: list[tuple[str, int]]  # (batch, reader)

    @property
    def times(self) -> Counter[int]:
        """Return reader -> how often the API took a mail for them."""
        return Counter(reader for _, reader in self.taken)


def sums(database: Database) -> str:
    """Return a sentence if the ledger does not sum up to the frozen audience; "" if it does. Holds at any moment."""
    with database.reading() as session:
        return "" if ledger.is_whole(session, 1) else "The states do not sum up to the frozen audience."


def broken(plan: Plan, place: Place, api: Api, story: Story) -> list[str]:
    """Return a sentence for each thing that does not hold at the end; none if all is well."""
    batches = {row.number: row for row in newsroom.rows_of(place.database, newsroom.BATCH)}
    end = End(
        plan, place, api, story, newsroom.issue(place.database),
        newsroom.rows_of(place.database, newsroom.DELIVERY), batches, api.taken(),
    )  # fmt: skip
    checks = (_whole, _over, _twice, _truth, _refused, _who_left, _nobody_missed, _uncertain, _hours)
    return [sums(place.database)] * bool(sums(place.database)) + [one for check in checks for one in check(end)]


def _whole(end: End) -> Iterator[str]:
    size, expected = end.issue.audience_size, end.plan.readers
    if size is None:
        if not end.story.cancelled:
            yield "The issue was never frozen."
        return
    if len(end.rows) != size:
        yield f"The audience is {size}, and the ledger has {len(end.rows)} rows."
    missing = set(range(1, expected + 1)) - end.story.left.keys() - {row.subscriber_id for row in end.rows}
    if missing:
        yield f"Readers who never left are not in the ledger: {sorted(missing)}."
    yield from (f"Unasked by any rule: {one}." for one in end.api.wrong)


def _over(end: End) -> Iterator[str]:
    wanted = "cancelled" if end.story.cancelled else "sent"
    if end.issue.status != wanted:
        yield f"The issue is {end.issue.status}, not {wanted} (held: {end.issue.held!r})."
    stuck = Counter(row.state for row in end.rows if row.state not in FINAL)
    if stuck:
        yield f"Some deliveries are in no final state: {dict(stuck)}."
    live = [row.number for row in end.batches.values() if row.state in ledger.LIVE]
    if live:
        yield f"Batches are under way though all is over: {live}."


def _twice(end: End) -> Iterator[str]:
    twice = sorted(reader for reader, times in end.times.items() if times > 1)
    if twice:
        yield f"Readers got it twice: {twice}, in batches {[one for one in end.taken if one[1] in twice]}."


def _truth(end: End) -> Iterator[str]:
    """Hold that accepted means that the API has it, and that who has it is accepted or uncertain."""
    told = {row.subscriber_id for row in end.rows if row.state == "accepted"}
    unknown = {row.subscriber_id for row in end.rows if row.state == "uncertain"}
    took = set(end.times)
    if told - took:
        yield f"Called accepted, but the API never took it: {sorted(told - took)}."
    if took - told - unknown:
        states = {row.subscriber_id: row.state for row in end.rows}
        wrong = {one: states.get(one, "not in the ledger") for one in sorted(took - told - unknown)}
        yield f"The API took it, and the ledger says something else: {wrong}."


def _refused(end: End) -> Iterator[str]:
    for row in end.rows:
        tried_enough = (row.reason or "").startswith("exhausted") and row.attempts >= TRIES
        if row.state == "rejected" and row.subscriber_id not in end.api.bad and not tried_enough:
            yield f"Reader {row.subscriber_id} is rejected, and nobody refused them: {row.reason}."


def _who_left(end: End) -> Iterator[str]:
    """Who was gone before a batch was handed over is not in it."""
    marks = {str(row.id): row.handed_over_at for row in end.batches.values()}
    for batch, reader in end.taken:
        gone, mark = end.story.left.get(reader), marks.get(batch)
        if mark is None:
            yield f"The API took batch {batch} that was never handed over."
        elif gone is not None and gone < mark.timestamp():
            yield f"Reader {reader} left {mark.timestamp() - gone:.3f} s before batch {batch} was handed over."


def _nobody_missed(end: End) -> Iterator[str]:
    """Who wanted it, was not refused and is not uncertain got it; who did not left, or the issue was cancelled."""
    for row in end.rows:
        reader = row.subscriber_id
        if row.state in {"withdrawn", "suppressed"} and reader not in end.story.left:
            yield f"Reader {reader} is {row.state}, and never left."
        if row.state == "cancelled" and not end.story.cancelled:
            yield f"Reader {reader} is cancelled, and the issue was not."


def _uncertain(end: End) -> Iterator[str]:
    """Only those whose call got no answer are uncertain; with idempotency keys nobody is whose key was kept."""
    for number in sorted({row.batch_number for row in end.rows if row.state == "uncertain"}, key=lambda one: one or 0):
        batch = end.batches.get(number)
        if batch is None or batch.handed_over_at is None:
            yield f"Readers of batch {number} are uncertain, and it was never handed over."
        elif not _unanswered(end, batch):
            yield f"Batch {number} is uncertain, and its call was answered: {batch.error}."
        elif end.plan.keeps_keys and not _given_up(end, batch):
            yield f"Batch {number} is uncertain, though its key was kept: {batch.attempts} calls, {batch.error}."


def _unanswered(end: End, batch: Any) -> bool:
    """Whether a call of a batch got no answer, or none that says what was taken, or its worker was killed."""
    mark = batch.handed_over_at.timestamp()
    calls = [call for call in end.api.calls if call.batch == str(batch.id)]
    if any(_no_answer(call, mark) for call in calls):
        return True
    until = mark + (LEASE + READ_TIMEOUT) * (1 + batch.attempts) * 2
    return any(mark - 0.05 <= at <= until for at in [*end.story.kills, *end.api.closings])


def _no_answer(call: Call, mark: float) -> bool:
    slow = call.ended - min(mark, call.began) > READ_TIMEOUT / 2  # on a busy machine the worker may not have waited
    return call.status is None or call.status >= 500 or call.status == 409 or slow


def _given_up(end: End, batch: Any) -> bool:
    """Whether a batch was rightly given up that has a key: tried enough, its key is gone, or its issue is cancelled."""
    window = end.plan.window
    gone = window is not None and (batch.settled_at - batch.handed_over_at).total_seconds() >= window
    return bool(batch.attempts >= TRIES or gone or end.story.cancelled)


def _hours(end: End) -> Iterator[str]:
    """Who waits for their own hour gets nothing before it."""
    wave: datetime | None = end.place.wave
    for row in end.rows:
        batch = end.batches.get(row.batch_number or 0)
        early = wave is not None and batch is not None and batch.created_at < wave
        if early and row.subscriber_id % 2 == 0 and row.subscriber_id not in end.story.joined:
            yield f"Reader {row.subscriber_id} was taken into a batch before their own hour."
