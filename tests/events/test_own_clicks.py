"""A person's own clicks, for whoever asks what is kept of them."""

from datetime import timedelta

from sqlalchemy import select

from digest.events import own_clicks
from digest.events.clicking import record
from digest.sending.models import table
from subscribers.models import Subscriber
from tests.conftest import BOTH, NOW
from tests.events import mailed
from tests.events.mailed import KEYS, asked


@BOTH
def test_only_a_persons_own_clicks_are_theirs(database):
    """With the story and the place; anonymous ones and those of others are nobody's of theirs."""
    mailed.make(database, clicks="personal")
    sign = mailed.agree(database, 1)
    other = mailed.agree(database, 2)
    for request in (asked(1, reader=sign), asked(2, NOW + timedelta(seconds=9), reader=sign), asked(3),
                    asked(1, reader=other, address="192.0.2.1")):  # fmt: skip
        assert record(database, KEYS, request)
    with database.reading() as session:
        people = table(Subscriber)
        refs = dict(session.execute(select(people.c.id, people.c.ref)).all())
        mine = own_clicks.of_person(session, str(refs[1]))
        assert own_clicks.of_person(session, "-") == []
    assert [(one["at"], one["place"], one["issue"]) for one in mine] == [
        ("2026-11-24T06:00:00Z", 1, 1), ("2026-11-24T06:00:09Z", 2, 1)
    ]  # fmt: skip
