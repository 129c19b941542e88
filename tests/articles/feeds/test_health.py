"""How a feed fares is said in words; the alarm is said once when it dies, and once when it is back."""

from datetime import timedelta

import pytest

from digest.articles.feeds import health
from digest.articles.feeds.health import Health
from digest.articles.feeds.models import Feed
from digest.database import Database
from tests.conftest import NOW


def feed(failures: int = 0, error: str = "", **more) -> Feed:
    """Return a feed that fares so."""
    values = {"id": "a.example/feed", "url": "https://a.example/feed", "added_at": NOW, "next_at": NOW}
    return Feed.model_validate(values | {"failures": failures, "error": error} | more)


FINE = feed(succeeded_at=NOW, items=1)
FAILING = feed(2, "It was slow.", succeeded_at=NOW - timedelta(days=1))
DEAD = feed(3, "It was slow.", succeeded_at=NOW - timedelta(days=1))
NEVER = feed(7, "It was slow.", name="The News")
GONE = feed(1, f"{health.GONE}. Remove it.")


@pytest.mark.parametrize(
    ("one", "state", "words"),
    [
        (feed(), Health.new, "new: not fetched yet"),
        (FINE, Health.fine, "fine: 1 item, fetched 2026-11-24 06:00 UTC"),
        (FAILING, Health.failing, "failing: 2 failures in a row, last fine 2026-11-23 06:00 UTC. It was slow."),
        (DEAD, Health.dead, "dead: 3 failures in a row, last fine 2026-11-23 06:00 UTC. It was slow."),
        (NEVER, Health.dead, "dead: 7 failures in a row, never fine yet. It was slow."),
        (GONE, Health.gone, "gone: 1 failure in a row, never fine yet. Its address is gone for good (410). Remove it."),
    ],
)
def test_health_is_a_word_and_a_sentence(one, state, words):
    """The state first, then since when, then why."""
    assert (health.health(one), health.words(one)) == (state, words)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (FAILING, DEAD, "The feed a.example/feed is dead, 3 failures in a row. It was slow."),
        (FINE, GONE, "The feed a.example/feed is gone, 1 failure in a row."),
        (DEAD, FINE, "The feed a.example/feed is back after 3 failures, last fine 2026-11-23 06:00 UTC."),
        (NEVER, feed(name="The News", succeeded_at=NOW), "The feed The News is back after 7 failures, never fine yet."),
    ],
)
def test_an_alarm_is_a_sentence(before, after, sentence):
    """It names the feed, and says why."""
    assert health.alarm(before, after).startswith(sentence)


@pytest.mark.parametrize(
    ("before", "after"), [(FINE, FAILING), (FAILING, FINE), (DEAD, NEVER), (DEAD, GONE), (GONE, DEAD), (feed(), FINE)]
)
def test_nothing_is_said_twice(before, after):
    """A feed that stays dead, or never was, is silent."""
    assert health.alarm(before, after) == ""


def test_dead_feeds_are_listed(database: Database):
    """Those with three failures in a row, and those that are gone."""
    others = {"b": DEAD, "c": GONE, "d": FAILING, "e": FINE}
    with database.writing() as session:
        for name, one in others.items():
            session.add(Feed.model_validate(one.model_dump(warnings=False) | {"id": name}))
    with database.reading() as session:
        assert [one.id for one in health.dead(session)] == ["b", "c"]
