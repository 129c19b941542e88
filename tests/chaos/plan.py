"""What a seed decides about one run: the readers, the workers, what the API does, and who is killed when. Pure."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """What the API does with a request instead of answering it as it should."""

    throttled = "throttled"  # 429 with Retry-After; nothing taken
    busy = "busy"  # 503 with Retry-After; nothing taken
    down = "down"  # 503 without it: taken or not, nobody says
    error = "error"  # 500, 502 or 504: taken or not
    cut_before = "cut before"  # a reset; nothing was taken
    cut_after = "cut after"  # a reset after it was taken
    held = "held"  # taken, and answered after the time-out
    late = "late"  # read, and taken only after the time-out
    refusing = "refusing"  # answered; then nobody listens for a moment


class Deed(StrEnum):
    """What happens to a run from outside."""

    kill = "kill"  # SIGKILL to a worker
    kill_all = "kill all"  # to all of them at once
    term = "term"  # SIGTERM
    pause = "pause"
    resume = "resume"
    cancel = "cancel"
    leave = "leave"  # readers end all their lists
    suppress = "suppress"  # addresses are suppressed
    come = "come"  # new readers


# Where a worker may kill itself: (module, function, whether after it; else before it).
POINTS: Final[Mapping[str, tuple[str, str, bool]]] = {
    "freeze: rows written": ("digest.sending.freezing", "_insert_chunk", True),
    "freeze: before queueing": ("digest.sending.freezing", "_queue_all", False),
    "freeze: before opening": ("digest.sending.freezing", "_open", False),
    "freeze: opened": ("digest.sending.freezing", "_open", True),
    "claim, not committed": ("digest.sending.batches", "claim", True),
    "claimed": ("digest.sending.batches", "hand_over", False),
    "hand-over, not committed": ("digest.sending.batches", "hand_over", True),
    "handed over, not called": ("provider", "send", False),
    "called, not settled": ("provider", "send", True),
    "repetition, not committed": ("digest.sending.batches", "unseal", True),
    "settlement, not committed": ("digest.sending.settling", "settle", True),
    "error's settlement, not committed": ("digest.sending.settling", "settle_error", True),
    "recovery, not committed": ("digest.sending.recovering", "recover", True),
    "end, not committed": ("digest.sending.ending", "finish", True),
}
SCHEDULE: Final[Mapping[str, tuple[str, str, bool]]] = {  # the same, of who looks what is due
    "run begun": ("digest.issues.runs", "begin", True),
    "issue drafted": ("digest.issues.drafting", "draft", True),
    "run ended, not committed": ("digest.issues.runs", "end", True),
    "issue held, not committed": ("digest.sending.control", "hold", True),
}
# Without idempotency keys; with them; without, and each address is taken or refused by itself.
PROVIDERS: Final = ("sendgrid", "resend", "resend", "postmark")
SETS: Final = (("caucasus",), ("caucasus", "caucasus sahel"), ("caucasus", "caucasus sahel", "sahel"))


@dataclass(frozen=True, slots=True)
class Death:
    """A worker kills itself the n-th time it comes to a point."""

    point: str
    nth: int


@dataclass(frozen=True, slots=True)
class Action:
    """Something done to the run: once the API saw so many requests, or patience is over, and some seconds later.

    ``hasty``: though no worker may have begun yet.
    """

    after: int
    delay: float
    deed: Deed
    number: int  # which worker, or how many readers
    hasty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run."""

    seed: int
    provider: str
    readers: int
    sets: tuple[str, ...]
    per_call: int  # readers
    chunk: int  # rows a transaction of the freeze
    share: int  # calls on an issue before a worker looks about
    workers: int
    threads: int
    latency: float  # seconds the API takes, at most
    faults: Mapping[Fault, float] = field(default_factory=dict)  # -> probability
    bad: float = 0.0  # share of readers whose addresses the API refuses, by name or not
    window: float | None = None  # seconds for which idempotency keys are kept; None: longer than any run
    wave: float | None = None  # seconds after which every second reader's own hour comes
    deaths: tuple[Death | None, ...] = ()  # of the workers, in the order they are started
    actions: tuple[Action, ...] = ()
    patience: float = 0.4  # seconds an action waits for its requests, once a worker is at work
    killed_at_end: bool = False  # all workers at once; else they are told to leave
    queued: bool = False  # on PostgreSQL: the workers take jobs of queues

    @property
    def keeps_keys(self) -> bool:
        """Return whether the API keeps idempotency keys."""
        return self.provider == "resend"


def of(seed: int) -> Plan:
    """Return the plan of a seed: the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
    workers = chance.randint(1, 3)
    provider = chance.choice(PROVIDERS)
    calm = chance.random() < 0.2  # no faults: kills alone
    return Plan(
        seed=seed,
        provider=provider,
        readers=chance.randint(12, 90),
        sets=chance.choice(SETS),
        per_call=chance.randint(2, 12),
        chunk=chance.choice((5, 11, 20_000)),
        share=chance.choice((1, 5, 50)),
        workers=workers,
        threads=chance.randint(1, 4),
        latency=chance.choice((0.0, 0.01, 0.05)),
        faults={} if calm else dict(_faults(chance)),
        bad=chance.choice((0.0, 0.0, 0.05, 0.2)),
        window=2.5 if chance.random() < 0.2 else None,
        wave=2.0 if chance.random() < 0.15 else None,
        deaths=tuple(_death(chance) for _ in range(6)) if chance.random() < 0.7 else (),
        actions=tuple(_actions(chance, workers)),
        killed_at_end=chance.random() < 0.3,
        queued=chance.random() < 0.5,
    )


def _faults(chance: random.Random) -> Iterator[tuple[Fault, float]]:
    """Yield some kinds of faults; in all they hit between a twentieth and half of the requests."""
    kinds = chance.sample(list(Fault), chance.randint(1, len(Fault)))
    total = chance.uniform(0.05, 0.5)
    weights = [chance.uniform(0.2, 1.0) for _ in kinds]
    for kind, weight in zip(kinds, weights, strict=True):
        yield kind, total * weight / sum(weights)


def _death(chance: random.Random) -> Death | None:
    if chance.random() < 0.5:
        return None
    return Death(chance.choice(sorted(POINTS)), chance.choice((1, 1, 2, 3, 7)))


def _actions(chance: random.Random, workers: int) -> Iterator[Action]:
    deeds = [
        Deed.kill,
        Deed.kill,
        Deed.kill,
        Deed.kill_all,
        Deed.term,
        Deed.leave,
        Deed.leave,
        Deed.suppress,
        Deed.come,
    ]
    after = 0
    for _ in range(chance.randint(0, 6)):
        after += chance.randint(0, 4)
        deed = Deed.pause if chance.random() < 0.12 else chance.choice(deeds)
        number = chance.randrange(workers) if deed in (Deed.kill, Deed.term) else chance.randint(1, 6)
        yield Action(after, chance.choice((0.0, 0.01, 0.03, 0.1)), deed, number, chance.random() < 0.15)
        if deed is Deed.pause and chance.random() < 0.7:
            yield Action(after, chance.uniform(0.0, 0.4), Deed.resume, 0)
    if chance.random() < 0.1:
        yield Action(after + chance.randint(0, 5), 0.0, Deed.cancel, 0)
