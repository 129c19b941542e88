"""What follows from provider events: outcomes, evidence, bans, lists that end; whatever the order, however often."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from digest.database import Database
from digest.events import applying, intake
from digest.events.consequences import SOFT
from digest.events.deciding import LATER
from digest.issues.models import Issue
from digest.providers.event import EventKind, ProviderEvent
from digest.sending.models import Delivery, table
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
        ("rejected", f"{LATER}on its own list") if state == "uncertain" else ("queued", None)
    )


@BOTH
def test_that_the_provider_has_a_mail_settles_it_and_is_no_outcome(database: Database):
    """SendGrid's "processed", Resend's "email.sent": taken, and nothing more is known of it."""
    made(database, "uncertain")
    tell(database, event(_K.taken, 1, message_id="m-1"), event(_K.taken, 2), event(_K.rejected, 2, reason="a virus"))
    first, second = newsroom.delivery(database, 1), newsroom.delivery(database, 2)
    assert (first.state, first.outcome, first.provider_message_id) == ("accepted", None, "m-1")
    assert (second.state, second.outcome) == ("accepted", "bounced")
    assert banned(database) == {}


@BOTH
def test_an_event_that_bears_a_message_id_only_finds_its_delivery(database: Database):
    """By the reader's address and the id that the ledger keeps; else it settles nothing, and says so."""
    made(database)
    with database.writing() as session:
        people = table(Subscriber)
        key = KEYS.address_key("reader1@example.org")
        session.execute(update(people).where(people.c.id == 1).values(address_key=key))
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id == 1).values(provider_message_id="m-1"))
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id == 2).values(state="uncertain"))
    nameless: dict[str, Any] = {"delivery_ref": "", "address": "Reader1@example.org"}
    tell(
        database,
        event(_K.bounced, message_id="m-1", **nameless),
        event(_K.delivered, message_id="m-2", **nameless),
        event(_K.delivered, message_id="m-1", delivery_ref="", address="somebody@example.org"),
        event(_K.delivered, message_id="m-1", delivery_ref="", address="no address"),
    )
    assert newsroom.delivery(database, 1).outcome == "bounced"
    assert newsroom.delivery(database, 2).state == "uncertain"
    assert states(database) == {"applied": 1, "without_effect": 3}
    with database.reading() as session:
        notes = set(
            session.execute(select(intake.EVENT.c.note).where(intake.EVENT.c.state == "without_effect")).scalars()
        )
    assert notes == {applying.NAMELESS}


@BOTH
def test_a_nameless_event_before_its_receipt_waits(database: Database):
    """The mail is in a call just now: its id is known when that ends."""
    made(database, "claimed")
    with database.writing() as session:
        people = table(Subscriber)
        key = KEYS.address_key("reader1@example.org")
        session.execute(update(people).where(people.c.id == 1).values(address_key=key))
    bounce = event(_K.bounced, message_id="m-1", delivery_ref="", address="reader1@example.org")
    assert tell(database, bounce, later=timedelta(0)).waiting == 1
    with database.writing() as session:
        session.execute(update(DELIVERY).values(state="accepted", provider_message_id="m-1"))
    assert applying.apply_due(database, KEYS, NOW + timedelta(minutes=1)).applied == 1
    assert newsroom.delivery(database, 1).outcome == "bounced"


@BOTH
def test_a_late_farewell_does_not_end_what_was_confirmed_after_it(database: Database):
    """Left at the provider at six, confirmed again at seven, heard of it a day later."""
    made(database)
    with database.writing() as session:
        subscriptions = table(Subscription)
        again = subscriptions.c.subscriber_id == 1
        session.execute(update(subscriptions).values(changed_at=NOW - timedelta(days=30)))
        session.execute(update(subscriptions).where(again).values(changed_at=NOW + timedelta(hours=1)))
    tell(database, event(_K.unsubscribed, 1), event(_K.unsubscribed, 2))
    with database.reading() as session:
        rows = session.execute(select(subscriptions.c.subscriber_id, subscriptions.c.state)).all()
    found = {number: state for number, state in rows if number in (1, 2)}
    assert found == {1: "confirmed", 2: "ended"}


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
    """The outcome is counted; where the event names an address, a complaint bans it, for no more is known."""
    made(database)
    with database.writing() as session:
        session.execute(update(table(Subscriber)).values(erased_at=NOW))
    tell(database, event(_K.complained), event(_K.unsubscribed), event(_K.bounced))
    assert newsroom.delivery(database, 1).outcome == "complained"
    assert banned(database) == {}
    tell(database, event(_K.complained, 2, address="was@example.org"))
    assert banned(database) == {KEYS.address_key("was@example.org"): "complaint"}


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


@BOTH
def test_a_dead_address_stays_banned(database: Database):
    """Though five soft bounces had banned it before, and a delivery between them would lift that."""
    made(database, readers=1)
    soft(database, range(1, 7))
    tell(database, event(_K.bounced, minutes=60, permanent=True, reason="550 no such user"))
    with database.writing() as session:
        session.execute(update(DELIVERY).where(DELIVERY.c.issue_number == 6).values(outcome=None, outcome_at=None))
    tell(database, event(_K.delivered, delivery_ref="6.1", minutes=400))
    with database.reading() as session:
        assert session.execute(select(SUPPRESSION.c.note)).scalars().all() == ["550 no such user"] != [SOFT]


@BOTH
def test_soft_bounces_of_long_ago_do_not_count(database: Database):
    """Four of more than a year ago, and one now, are no five in a row."""
    made(database, readers=1)
    soft(database, range(1, 5))
    row = event(_K.bounced, delivery_ref="1.1", minutes=60 * 24 * 500)
    tell(database, row, later=timedelta(days=500))
    assert banned(database) == {}


@BOTH
@pytest.mark.parametrize("ref", ["1.99999999999", "9" * 30 + ".1", "1.-5", "1.1_0", " 1.1", "1.\u0661", "01.1", "1.0"])
def test_what_is_no_name_of_a_delivery_is_passed_over(database: Database, ref: str):
    """Whoever else sends by the same account may write what they like; nothing fails for it, others go on."""
    made(database)
    tell(database, event(_K.bounced, delivery_ref=ref), event(_K.delivered))
    assert states(database) == {"applied": 1, "without_effect": 1}


@BOTH
def test_proof_beats_what_the_provider_said_before(database: Database):
    """Refused by an event, then delivered: it was taken. What a receipt refused stays refused."""
    made(database, "uncertain")
    tell(database, event(_K.rejected, 1), event(_K.rejected, 2))
    assert newsroom.delivery(database, 1).reason == f"{LATER}refused by the provider"
    with database.writing() as session:
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id == 2).values(reason="no such address"))
    tell(database, event(_K.delivered, 1, message_id="m-1"), event(_K.delivered, 2))
    row = newsroom.delivery(database, 1)
    assert (row.state, row.reason, row.provider_message_id) == ("accepted", None, "m-1")
    assert newsroom.delivery(database, 2).state == "rejected"


@BOTH
def test_bans_and_leaving_hold_though_the_receipt_never_came(database: Database):
    """The mail's own fate is given up after three days; who is banned or left is not."""
    made(database, "claimed")
    intake.store(
        database,
        "sendgrid",
        [event(_K.complained, 1), event(_K.unsubscribed, 2), event(_K.delivered, 3)],
        NOW,
    )
    applying.apply_due(database, KEYS, NOW + timedelta(days=4))
    assert banned(database) == {"key-1": "complaint"}
    with database.reading() as session:
        row = table(Subscription).c
        rows = session.execute(select(row.state).order_by(row.subscriber_id)).scalars().all()
    assert rows == ["confirmed", "ended", "confirmed"]
    assert states(database) == {"without_effect": 3}
    assert newsroom.delivery(database, 1).outcome is None
    with database.reading() as session:
        notes = session.execute(select(intake.EVENT.c.note).distinct()).scalars().all()
    assert notes == [applying.NO_RECEIPT]


@BOTH
def test_an_outcome_is_noted_when_it_first_came_about(database: Database):
    """Of the same told twice, the earlier; a stronger one has a time of its own, a weaker one changes nothing."""
    made(database)
    for minute in (7, 5, 6):
        tell(database, event(_K.delivered, minutes=minute))
    tell(database, event(_K.deferred, minutes=1))
    row = newsroom.delivery(database, 1)
    assert (row.outcome, row.outcome_at) == ("delivered", NOW + timedelta(minutes=5))
    tell(database, event(_K.bounced, minutes=9))
    row = newsroom.delivery(database, 1)
    assert (row.outcome, row.outcome_at) == ("bounced", NOW + timedelta(minutes=9))
