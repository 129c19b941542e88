"""A sending as it is watched: what became of it in each edition, how fast it goes, until when, and what went wrong."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session

from digest.editors import times, views
from digest.editors.reading import Review
from digest.proofs.models import Edition
from digest.sending.ledger import BATCH, DELIVERY
from digest.sending.models import BatchState, DeliveryState, table

EDITION: Final = table(Edition)
LATELY: Final = timedelta(minutes=5)  # over which the rate is taken
MOST_ERRORS: Final = 5
MOST_EVENTS: Final = 12
OUTCOMES: Final = ("delivered", "deferred", "bounced", "complained")
EVENTS: Final = (
    "approve", "schedule", "freeze", "open", "pause", "resume", "halt", "hold", "canary", "cancel", "call back",
    "resolve", "revoke", "test",
)  # fmt: skip
_S = DeliveryState


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one edition, or of all."""

    name: str
    states: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def readers(self) -> int:
        """Return how many it is for."""
        return sum(self.states.values())

    @property
    def have_it(self) -> int:
        """Return how many were accepted."""
        return self.states.get(_S.accepted, 0)

    @property
    def waiting(self) -> int:
        """Return how many wait, or are on their way."""
        return sum(self.states.get(one, 0) for one in (_S.queued, _S.claimed, _S.freezing))


@dataclass(frozen=True, slots=True)
class Watched:
    """A sending under way, or over."""

    lines: tuple[Line, ...]  # that of all first, then the editions, most readers first
    a_minute: int  # mails taken, over the last five minutes
    through: datetime | None  # when all that may leave now has left, at that rate
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a sending goes."""

    a_minute: float  # mails taken, over the last five minutes
    through: datetime | None  # when so many more have left, at that rate; None: nothing is left, or nothing moves


def pace(session: Session, number: int, left: int, now: datetime) -> Pace:
    """Return how fast an issue goes, and when ``left`` more readers have it: for the desk and commands alike."""
    rate = _rate(session, number, now)
    return Pace(rate, now + timedelta(minutes=left / rate) if rate and left > 0 else None)


def watch(session: Session, review: Review, now: datetime, *, later: int = 0) -> Watched:
    """Return it. ``later``: how many of those who wait are to wait for their own hour."""
    lines = _lines(session, review)
    found = pace(session, review.issue.number, lines[0].waiting - later, now)
    return Watched(lines, round(found.a_minute), found.through, _errors(session, review.issue.number))


def events(review: Review) -> list[dict[str, str]]:
    """Return what happened to the sending, the newest first."""
    zone = review.publication.zone
    mine = [one for one in review.log if one.what in EVENTS][-MOST_EVENTS:]
    return [{"at": times.when(one.at, zone), "who": one.who, "what": _said(one.what, one.after)} for one in mine[::-1]]


def _said(what: str, after: Any) -> str:
    held = after if isinstance(after, dict) else {}
    more = held.get("reason") or held.get("address") or (after if isinstance(after, str) else "")
    return f"{what}: {more}" if more else what


def _lines(session: Session, review: Review) -> tuple[Line, ...]:
    columns = (DELIVERY.c.edition_number, DELIVERY.c.state, DELIVERY.c.outcome)
    query = select(*columns, func.count()).where(DELIVERY.c.issue_number == review.issue.number).group_by(*columns)
    whole, each = Line("All editions"), dict[int, Line]()
    for number, state, outcome, count in session.execute(query):
        line = each.setdefault(number, Line(str(number)))
        for one in (whole, line):
            one.states[state] = one.states.get(state, 0) + count
            if outcome:
                one.outcomes[outcome] = one.outcomes.get(outcome, 0) + count
    names = _names(session, review, each)
    named = [replace(line, name=names.get(number, line.name)) for number, line in each.items()]
    return (whole, *sorted(named, key=lambda one: (-one.readers, one.name)))


def _names(session: Session, review: Review, numbers: Iterable[int]) -> dict[int, str]:
    """Return what each edition is called; those of an earlier revision say so."""
    query = select(EDITION.c.number, EDITION.c.lists, EDITION.c.without, EDITION.c.revision)
    found = {}
    for row in session.execute(query.where(EDITION.c.number.in_(list(numbers)))):
        name = views.edition_name(review, row)
        older = row.revision < review.issue.revision
        found[row.number] = f"{name} (revision {row.revision})" if older or review.issue.revision > 1 else name
    return found


def _rate(session: Session, number: int, now: datetime) -> float:
    """Return how many mails a minute were taken lately."""
    begun = now - LATELY
    # The sum keeps the index of issues out of it, which would lead through every batch that was ever settled.
    mine = (BATCH.c.issue_number + 0 == number, BATCH.c.state == BatchState.settled, BATCH.c.settled_at > begun)
    query = select(func.coalesce(func.sum(BATCH.c.size), 0), func.min(BATCH.c.handed_over_at)).where(*mine)
    size, first = session.execute(query).one()
    since = max(begun, first) if first else begun
    return float(size) / max((now - since) / timedelta(minutes=1), 1 / 60)


def _errors(session: Session, number: int) -> tuple[str, ...]:
    """Return what the provider said of refused readers and of calls that did not succeed, the most frequent first."""
    refused = select(DELIVERY.c.reason, func.count()).where(
        DELIVERY.c.issue_number == number, DELIVERY.c.state == _S.rejected, DELIVERY.c.reason.is_not(None)
    )
    called = select(BATCH.c.error, func.sum(BATCH.c.size)).where(
        BATCH.c.issue_number == number, BATCH.c.error.is_not(None), BATCH.c.state != BatchState.returned
    )
    counts: dict[str, int] = defaultdict(int)
    for query in (refused.group_by(DELIVERY.c.reason), called.group_by(BATCH.c.error)):
        for reason, count in session.execute(query):
            counts[str(reason).strip()] += int(count or 0)
    worst: Sequence[tuple[str, int]] = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_ERRORS]
    return tuple(
        f"{reason.rstrip('.')} ({count:,} {'reader' if count == 1 else 'readers'})." for reason, count in worst
    )
