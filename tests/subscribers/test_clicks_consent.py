"""Agreeing to one's own clicks being counted, and taking it back."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from subscribers import agree_to_clicks, agreed_to_clicks, erase
from subscribers.audience import PERSON
from subscribers.consent import CLICKS
from subscribers.people import standing
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences, person, records
from tests.subscribers.test_consent import ADDRESS, join

LATER = NOW + timedelta(hours=1)


def say(session, ref, at=NOW, *, agreed=True):
    return agree_to_clicks(session, ref=str(ref), agreed=agreed, at=at, source="preferences")


@BOTH
def test_agreeing_is_recorded_with_its_words(store, keys):
    """Once, however often it is said; the lists stay as they are."""
    with store.writing() as session:
        ref = join(session, keys, "sc")
        assert agreed_to_clicks(session, str(ref)) is None
        assert [say(session, ref), say(session, ref, LATER)] == [True, False]
        number = session.execute(select(PERSON.c.id)).scalar_one()
        assert agreed_to_clicks(session, str(ref)) == number
        assert [say(session, ref, LATER, agreed=False), say(session, ref, LATER, agreed=False)] == [True, False]
        assert agreed_to_clicks(session, str(ref)) is None
        said = [record for record in records(session) if not record[0]]
        assert [record[1:4] for record in said] == [
            ("clicks agreed", NOW, "preferences"),
            ("clicks ended", LATER, "preferences"),
        ]
        assert said[0][4].startswith(CLICKS)
        assert audiences(session) == {(ADDRESS, "weekly"): "sc"}


@BOTH
def test_it_is_shown_and_erased_with_the_person(store, keys):
    """Among all that is kept; after an erasure nobody agreed to anything, and an old link's ref is nobody's."""
    with store.writing() as session:
        ref = join(session, keys, "sc")
        say(session, ref)
        found = standing(session, str(ref), "weekly")
        assert found is not None
        assert found.clicks
        assert person(session, keys, ADDRESS).clicks_agreed_at == NOW
        erase(session, keys, ADDRESS, LATER)
        assert session.execute(select(PERSON.c.clicks_agreed_at)).scalar_one() is None
        assert agreed_to_clicks(session, str(ref)) is None
        assert say(session, ref) is False
        assert say(session, uuid4()) is False
        assert agreed_to_clicks(session, "-") is None
