"""Whatever the order and the portions events come in, and however often each is told, the end is the same."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from digest.database import Database
from digest.events.consequences import SOFT, SOFT_BOUNCE
from digest.events.deciding import Change, Held, Told, decide
from digest.issues.models import Issue
from digest.providers.event import EventKind
from digest.sending.models import table
from digest.tables import METADATA
from subscribers.models import Subscription, Suppression
from tests.conftest import BOTH, NOW
from tests.events.test_applying import DELIVERY, event, made, tell
from tests.sending import newsroom

ISSUES = 7
_K = EventKind
KINDS = (_K.delivered, _K.deferred, _K.bounced, _K.complained, _K.rejected, _K.opened, _K.unsubscribed)
DICE = [Random(seed) for seed in range(4)]  # noqa: S311 - dice for an order, not a secret
SOFTLY = tuple((_K.bounced, issue, 10 * issue, False) for issue in range(1, 6))

TOLD = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, ISSUES), st.integers(0, 80), st.booleans()),
    min_size=1,
    max_size=7,
)
STATES = st.sampled_from(("accepted", "uncertain", "queued", "rejected"))


def room(database: Database, state: str) -> None:
    """Make one reader's deliveries of some issues anew, all of which stand so."""
    with database.writing() as session:
        for one in reversed(METADATA.sorted_tables):
            session.execute(delete(one))
    made(database, readers=1)
    issues = table(Issue)
    with database.writing() as session:
        first = dict(session.execute(select(issues)).mappings().one())
        mail = dict(session.execute(select(DELIVERY)).mappings().one())
        numbers = range(2, ISSUES + 1)
        session.execute(insert(issues), [first | {"number": n, "id": newsroom.edition_id(5000 + n)} for n in numbers])
        session.execute(insert(DELIVERY), [mail | {"issue_number": n} for n in numbers])
        session.execute(update(DELIVERY).values(state=state))


def end(database: Database) -> list[Any]:
    """Return all that events change, but for when it was changed."""
    people, bans = table(Subscription), table(Suppression)
    wanted = (
        select(DELIVERY.c.issue_number, DELIVERY.c.state, DELIVERY.c.outcome, DELIVERY.c.outcome_at),
        select(bans.c.address_key, bans.c.reason, bans.c.note == SOFT),
        select(SOFT_BOUNCE.c.issue_number, SOFT_BOUNCE.c.at),
        select(people.c.list_id, people.c.state),
    )
    with database.reading() as session:
        return [sorted(session.execute(one).all(), key=str) for one in wanted]


def differ(database: Database, state: str, found: Any, dice: Random, size: int) -> list[list[Any]]:
    """Return how it ends when all is told at once, and in another order, in portions, again and again."""
    told = [
        event(kind, minutes=minutes, permanent=hard, delivery_ref=f"{issue}.1") for kind, issue, minutes, hard in found
    ]
    room(database, state)
    tell(database, *told)
    ends = [end(database)]
    room(database, state)
    dice.shuffle(told)
    for start in range(0, len(told), size):
        tell(database, *told[start : start + size], *told[:start])
    return [*ends, end(database)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STATES, TOLD, st.randoms(use_true_random=False), st.integers(1, 3))
@example("accepted", [*SOFTLY, (_K.delivered, 6, 70, False), (_K.rejected, 6, 71, False)], DICE[0], 1)
@example("accepted", [*SOFTLY, (_K.delivered, 6, 70, False), (_K.bounced, 1, 75, True)], DICE[2], 1)
@example("uncertain", [(_K.rejected, 1, 0, False), (_K.delivered, 1, 1, False)], DICE[1], 1)
def test_order_and_repetition_change_nothing(database: Database, state: str, found: list[Any], dice: Random, size: int):
    """Of the ledger, of who is banned and why, of soft bounces, and of lists."""
    once, again = differ(database, state, found, dice, size)
    assert once == again


@BOTH
@pytest.mark.parametrize("dice", DICE, ids=range(len(DICE)))
def test_five_in_a_row_count_whatever_comes_first(database: Database, dice: Random):
    """Five soft bounces and a delivery before, among or after them: banned where five are left since."""
    for minute, banned in ((5, True), (25, False), (70, False)):
        found = [*SOFTLY, (_K.delivered, 6, minute, False)]
        once, again = differ(database, "accepted", found, dice, 1)
        assert once == again
        assert bool(once[1]) is banned, minute


EVENT = st.builds(
    Told,
    id=st.integers(1, 99),
    kind=st.sampled_from(EventKind),
    at=st.integers(0, 5).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    permanent=st.booleans(),
    message=st.sampled_from(("", "m-1")),
)


def applied(held: Held, change: Change) -> Held:
    """Return what the ledger holds after a change."""
    state, reason = (change.state, change.reason) if change.state else (held.state, held.reason)
    return Held(state=state, reason=reason, outcome=change.outcome, outcome_at=change.outcome_at)


@given(STATES, st.lists(EVENT, max_size=6), st.randoms(use_true_random=False))
def test_deciding_at_once_or_one_by_one_is_the_same(state: str, events: list[Told], dice: Random):
    """And once more changes nothing."""
    held = Held(state=state)
    once = applied(held, decide(held, events))
    for one in dice.sample(events, len(events)):
        held = applied(held, decide(held, [one]))
    assert (once.state, once.outcome, once.outcome_at) == (held.state, held.outcome, held.outcome_at)
    assert applied(once, decide(once, events)) == once
