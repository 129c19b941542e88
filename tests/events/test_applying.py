"""What follows from provider events: outcomes, evidence, bans, lists that end; whatever the order, however often."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from digest.database import Database
from digest.events import applying, intake
from digest.issues.models import Issue
from digest.providers.event import EventKind, ProviderEvent
from digest.sending.models import Delivery, table
from digest.tables import METADATA
from subscribers.models import Subscriber, Subscription, Suppression
from tests.conftest import BOTH, NOW
from tests.sending import newsroom

KEYS = newsroom.KEYS
DELIVERY, SUPPRESSION = table(Delivery), table(Suppression)
NUMBERS = count()
_K = EventKind


def event(kind: EventKind, reader: int = 1, minutes: float = 0, **given: Any) -> ProviderEvent:
    """Return an event about a reader of issue 1, so many minutes after now."""
    values: dict[str, Any] = {
        "event_id": f"e{next(NUMBERS)}",
        "delivery_ref": f"1.{reader}",
        "at": NOW + timedelta(minutes=minutes),
    }
    return ProviderEvent(kind=kind, **(values | given))


def tell(database: Database, *events: ProviderEvent, later: timedelta = timedelta(days=1)) -> applying.Applied:
    """Let a provider tell these, and apply them a day later."""
    intake.store(database, "sendgrid", events, NOW + later)
    return applying.apply_due(database, KEYS, NOW + later)


def made(database: Database, state: str = "accepted", readers: int = 3) -> None:
    """Make an issue whose deliveries stand so."""
    room = newsroom.make(database, readers=readers)
    newsroom.queue(database, room)
    with database.writing() as session:
        session.execute(update(DELIVERY).values(state=state))
        session.execute(update(table(Issue)).values(first_accepted_at=NOW - timedelta(hours=1)))


def banned(database: Database) -> dict[str, str]:
    """Return address key -> reason."""
    with database.reading() as session:
        return dict(session.execute(select(SUPPRESSION.c.address_key, SUPPRESSION.c.reason)).all())


def states(database: Database) -> dict[str, int]:
    """Return the states of events that any is in."""
    return {name: number for name, number in intake.counts(database).items() if number}


@BOTH
@pytest.mark.parametrize(
    ("kind", "given_", "outcome", "reason"),
    [
        (_K.delivered, {}, "delivered", None),
        (_K.deferred, {}, "deferred", None),
        (_K.bounced, {}, "bounced", None),
        (_K.bounced, {"permanent": True}, "bounced", "hard_bounce"),
        (_K.complained, {}, "complained", "complaint"),
        (_K.rejected, {}, "bounced", None),
        (_K.opened, {}, None, None),
    ],
)
def test_each_kind_has_its_outcome_and_ban(database: Database, kind, given_, outcome, reason):
    """The ledger says what became of the mail; who must not be mailed is banned at once."""
    made(database)
    assert tell(database, event(kind, **given_)).applied == 1
    assert newsroom.delivery(database, 1).outcome == outcome
    assert newsroom.delivery(database, 2).outcome is None
    assert banned(database) == ({"key-1": reason} if reason else {})
    assert states(database) == {"applied": 1}


@BOTH
@pytest.mark.parametrize("state", ["uncertain", "queued"])
def test_an_event_settles_what_had_no_answer(database: Database, state: str):
    """What was delivered had been taken; what the provider refused had not."""
    made(database, state)
    tell(database, event(_K.delivered, 1), event(_K.rejected, 2, reason="on its own list"))
    assert newsroom.delivery(database, 1).state == "accepted"
    second = newsroom.delivery(database, 2)
    assert (second.state, second.reason) == (
        ("rejected", "on its own list") if state == "uncertain" else ("queued", None)
    )


@BOTH
def test_an_event_before_its_receipt_waits(database: Database):
    """Until the receipt is there; given up after three days."""
    made(database, "claimed")
    assert tell(database, event(_K.delivered), later=timedelta(0)).waiting == 1
    assert states(database) == {"waiting": 1}
    assert applying.apply_due(database, KEYS, NOW + timedelta(seconds=20)) == applying.Applied()
    with database.writing() as session:
        session.execute(update(DELIVERY).values(state="accepted"))
    assert applying.apply_due(database, KEYS, NOW + timedelta(seconds=31)).applied == 1
    assert newsroom.delivery(database, 1).outcome == "delivered"
    with database.writing() as session:
        session.execute(update(DELIVERY).values(state="claimed"))
    intake.store(database, "sendgrid", [event(_K.bounced)], NOW)
    applying.apply_due(database, KEYS, NOW + timedelta(days=4))
    assert states(database) == {"applied": 1, "without_effect": 1}


@BOTH
def test_mails_outside_the_ledger_ban_by_address(database: Database):
    """A test that bounced for good, a letter that was complained about; a soft bounce and nonsense ban nobody."""
    made(database)
    direct: dict[str, Any] = {"delivery_ref": "direct.1234"}
    tell(
        database,
        event(_K.bounced, permanent=True, address="Gone@Example.org", **direct),
        event(_K.complained, address="angry@example.org", delivery_ref=""),
        event(_K.bounced, address="full@example.org", **direct),
        event(_K.complained, address="no address", delivery_ref="1.99"),
        event(_K.unknown),
    )
    assert banned(database) == {
        KEYS.address_key("gone@example.org"): "hard_bounce",
        KEYS.address_key("angry@example.org"): "complaint",
    }
    assert states(database) == {"without_effect": 4, "unknown": 1}


@BOTH
def test_who_left_at_the_provider_is_off_the_lists(database: Database):
    """Of that publication; nobody else."""
    made(database)
    tell(database, event(_K.unsubscribed))
    with database.reading() as session:
        row = table(Subscription).c
        rows = session.execute(select(row.subscriber_id, row.state).order_by(row.subscriber_id)).all()
    assert [state for _, state in rows] == ["ended", "confirmed", "confirmed"]


@BOTH
def test_who_was_erased_meanwhile_is_left_alone(database: Database):
    """The outcome is counted, nothing else."""
    made(database)
    with database.writing() as session:
        session.execute(update(table(Subscriber)).values(erased_at=NOW))
    tell(database, event(_K.complained))
    assert newsroom.delivery(database, 1).outcome == "complained"
    assert banned(database) == {}


def soft(database: Database, issues: range) -> None:
    """Let a mail of each issue bounce softly, the n-th n hours after now."""
    with database.writing() as session:
        for number in issues:
            if number > 1:
                row = dict(
                    session.execute(select(DELIVERY).where(DELIVERY.c.issue_number == 1)).mappings().first() or {}
                )
                session.execute(insert(DELIVERY), [row | {"issue_number": number, "outcome": None, "outcome_at": None}])
                _copy_issue(session, number)
    tell(database, *[event(_K.bounced, delivery_ref=f"{n}.1", minutes=60 * n) for n in issues])


def _copy_issue(session: Any, number: int) -> None:
    row = dict(session.execute(select(table(Issue)).where(table(Issue).c.number == 1)).mappings().one())
    session.execute(insert(table(Issue)), [row | {"number": number, "id": newsroom.edition_id(5000 + number)}])


@BOTH
def test_five_soft_bounces_in_a_row_ban(database: Database):
    """Four do not; the same one told twice counts once; a delivery between them lifts it again."""
    made(database, readers=1)
    soft(database, range(1, 5))
    tell(database, event(_K.bounced, delivery_ref="4.1", minutes=240))
    assert banned(database) == {}
    soft(database, range(5, 7))
    assert banned(database) == {"key-1": "hard_bounce"}
    with database.writing() as session:
        row = dict(session.execute(select(DELIVERY).where(DELIVERY.c.issue_number == 1)).mappings().one())
        session.execute(insert(DELIVERY), [row | {"issue_number": 9, "outcome": None, "outcome_at": None}])
        _copy_issue(session, 9)
    tell(database, event(_K.delivered, delivery_ref="9.1", minutes=90))
    assert banned(database) == {"key-1": "hard_bounce"}, "five came after it"
    tell(database, event(_K.delivered, delivery_ref="9.1", minutes=85), event(_K.complained, delivery_ref="8.1"))
    with database.writing() as session:
        session.execute(update(DELIVERY).where(DELIVERY.c.issue_number == 9).values(outcome=None, outcome_at=None))
    tell(database, event(_K.delivered, delivery_ref="9.1", minutes=200))
    assert banned(database) == {}


EVENTS = st.lists(
    st.tuples(
        st.sampled_from((_K.delivered, _K.deferred, _K.bounced, _K.complained, _K.rejected, _K.opened)),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.randoms(use_true_random=False), st.integers(1, 3))
def test_order_and_repetition_change_nothing(database: Database, found: list[Any], dice: Any, size: int):
    """Whatever the order and the portions events come in, and however often, the end is the same."""
    told = [event(kind, 1, minutes, permanent=hard) for kind, minutes, hard in found]
    ends = []
    for _ in range(2):
        with database.writing() as session:
            for one in reversed(METADATA.sorted_tables):
                session.execute(delete(one))
        made(database, readers=1)
        dice.shuffle(told)
        for start in range(0, len(told), size):
            tell(database, *told[start : start + size], *told[:start])
        row = newsroom.delivery(database, 1)
        ends.append((row.state, row.outcome, row.outcome_at, banned(database)))
    assert ends[0] == ends[1]
