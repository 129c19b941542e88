"""How long the links in an issue hold: those to a reader's choices 400 days, those to unsubscribe for good."""

from datetime import timedelta

import pytest

from digest.clock import StillClock
from digest.database import Database
from digest.rendering.urls import SHOWN_FOR
from digest.sending.editions import Editions
from digest.sending.personal import PREFERENCES, UNSUBSCRIBE, Personal
from subscribers.errors import Expired
from tests.conftest import BOTH, NOW
from tests.sending import newsroom
from tests.sending.fakes import Scripted

BASE = "https://digest.example.org"
REF = "5f0f3f04-5f6c-4f4b-9c3e-0a1b2c3d4e5f"


def token(values: dict[str, str], slot: str) -> str:
    """Return the token of a reader's link."""
    return values[newsroom.MARKS[slot]].rpartition("/")[2].rstrip(">")


@BOTH
def test_links_hold_from_the_issue_on(database: Database):
    """Whoever sends it, and whenever: the same bytes, so that a repetition is one (ruling 7)."""
    room = newsroom.make(database)
    made = []
    for _worker in range(2):
        with database.reading() as session:
            sendable = Editions(Scripted(), newsroom.KEYS, BASE).get(session, room.editions[0])
        made.append(sendable.personal.values(REF, "Ana"))
    assert made[0] == made[1]
    until = newsroom.issue(database).as_of + SHOWN_FOR
    preferences = token(made[0], "preferences_url@text")
    claim = newsroom.KEYS.read(preferences, PREFERENCES, until - timedelta(seconds=1))
    assert (claim.expires, claim.subscriber) == (until, REF)
    with pytest.raises(Expired, match="out of date"):
        newsroom.KEYS.read(preferences, PREFERENCES, until)
    for slot in ("unsubscribe_url@header", "stop:caucasus@text"):
        assert newsroom.KEYS.read(token(made[0], slot), UNSUBSCRIBE, NOW + timedelta(days=9_000)).expires is None


def test_an_expiry_costs_no_room(clock: StillClock):
    """Batches are cut by the widest values there can be: a link that ends is as long as one that does not."""
    plain = Personal(newsroom.KEYS, BASE, "weekly", newsroom.MARKS)
    ending = Personal(newsroom.KEYS, BASE, "weekly", newsroom.MARKS, clock.now() + SHOWN_FOR)
    for one, other in zip(plain.widest(), ending.widest(), strict=True):
        assert {mark: len(value) for mark, value in one.items()} == {mark: len(value) for mark, value in other.items()}
