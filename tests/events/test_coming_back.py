"""What a pass took in is said: applied events, events put off, and clicks by who made them."""

from datetime import timedelta

from sqlalchemy import update

from digest.events import intake
from digest.events.clicking import record
from digest.events.coming_back import take_in
from digest.providers.event import EventKind, ProviderEvent
from tests.conftest import BOTH, NOW
from tests.events import mailed
from tests.events.mailed import KEYS, asked
from tests.sending import newsroom

LATER = NOW + timedelta(minutes=5)


def told(name: str, ref: str) -> ProviderEvent:
    return ProviderEvent(event_id=name, kind=EventKind.delivered, at=NOW, delivery_ref=ref)


@BOTH
def test_what_was_done_is_said_once(database):
    """Two events, one of them of a mail that is in a call just now; two clicks of a person, one of a machine."""
    mailed.make(database)
    mailed.note_places(database)
    with database.writing() as session:
        busy = update(newsroom.DELIVERY).where(newsroom.DELIVERY.c.subscriber_id == 2)
        session.execute(busy.values(state="claimed"))
    intake.store(database, "outbox", [told("a", "1.1"), told("b", "1.2")], NOW)
    for one in (asked(1), asked(1), asked(2, agent="curl/8", address="192.0.2.9")):
        assert record(database, KEYS, one)
    assert take_in(database, KEYS, LATER) == [
        "Events of providers: 1 applied.",
        "Events of providers: 1 put off, for their mail is not settled yet.",
        "Clicks counted: 1 of people, 1 of machines, 1 again by the same visitor.",
    ]
    assert take_in(database, KEYS, LATER) == []
