"""All feeds that are due are fetched: side by side, one host after the other, and none stops the others."""

import threading
import time
from datetime import timedelta

import pytest

from digest.articles import polling
from digest.articles.feeds import health, keeping, pacing
from digest.articles.feeds.models import Feed
from digest.articles.pictures.store import PictureStore
from digest.articles.polling import State
from digest.database import Database
from digest.fetching import Fetched, Fetcher
from tests.articles.feeds.conftest import Add
from tests.articles.feeds.site import item, rss
from tests.conftest import BOTH, NOW

HOUR = timedelta(hours=1)


class Web(Fetcher):
    """A web of hosts that each give a feed, and notes how many were asked at once."""

    lock: threading.Lock
    now: list[str]
    most: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        for name, value in {"lock": threading.Lock(), "now": [], "most": {"at once": 0, "of one host": 0}}.items():
            object.__setattr__(self, name, value)  # a fetcher is frozen

    def get(self, url, headers=None):  # noqa: ARG002 - the signature is Fetcher's
        """Give a feed of one article, or fail where the address says so."""
        host = url.split("/")[2]
        with self.lock:
            self.now.append(host)
            self.most["at once"] = max(self.most["at once"], len(self.now))
            self.most["of one host"] = max(self.most["of one host"], self.now.count(host))
        time.sleep(0.02)
        with self.lock:
            self.now.remove(host)
        if "odd" in url:
            raise RuntimeError("nobody thought of this")
        return Fetched(url, 500 if "bad" in url else 200, {}, rss(item(url.split("/")[-1].replace(".", "-"))).encode())


@pytest.fixture
def web() -> Web:
    """Return a web."""
    return Web()


def feeds(database: Database) -> list[Feed]:
    """Return the feeds as they are stored now."""
    with database.reading() as session:
        return keeping.all_feeds(session)


@BOTH
def test_all_that_are_due_are_fetched_politely(database: Database, add: Add, web: Web, pictures: PictureStore):
    """At most four at once, never two of one host; a feed that fails, or breaks the reader, stops no other."""
    for host in range(6):
        for name in ("bad", "odd", "fine"):
            add(f"https://host{host}.example/{name}{host}.xml")
    assert polling.fetch_due(database, web, pictures, NOW) == []
    assert 2 <= web.most["at once"] <= 4
    assert web.most["of one host"] == 1
    states = {one.id.split("/")[1][:3]: health.health(one).value for one in feeds(database)}
    assert states == {"bad": "failing", "odd": "failing", "fin": "fine"}
    assert all(one.next_at > NOW for one in feeds(database))
    with database.reading() as session:
        assert polling.due(session, NOW) == []


def test_alarms_are_returned_once(database: Database, add: Add, web: Web, pictures: PictureStore):
    """The worker says what it is given: on the third failure, and not on the fourth."""
    add("https://host.example/bad.xml", name="Bad")
    said = [polling.fetch_due(database, web, pictures, NOW + 9 * HOUR * n) for n in range(5)]
    assert [len(one) for one in said] == [0, 0, 1, 0, 0]
    assert said[2][0].startswith("The feed Bad is dead")


def test_the_longest_overdue_comes_first(database: Database, add: Add):
    """Nobody waits for ever behind others."""
    for name, late in {"a": 1, "b": 3, "c": 2, "d": -1}.items():
        feed = add(f"https://{name}.example/feed")
        with database.writing() as session:
            session.merge(feed).next_at = NOW - late * HOUR
    with database.reading() as session:
        assert polling.due(session, NOW) == ["b.example/feed", "c.example/feed", "a.example/feed"]


def test_a_stop_leaves_the_rest_for_later(database: Database, add: Add, web: Web, pictures: PictureStore):
    """What was begun is finished; what was not begun is still due."""
    for number in range(8):
        add(f"https://one.example/{number}.xml")
    stop = threading.Event()
    polls = polling.fetch(
        database, web, pictures, [one.id for one in feeds(database)], lambda: NOW, stop=stop, done=lambda _: stop.set()
    )
    assert [one.state for one in polls] == [State.new]
    with database.reading() as session:
        assert len(polling.due(session, NOW)) == 7
    assert polling.fetch_due(database, web, pictures, NOW, stop=stop) == []
    with database.reading() as session:
        assert len(polling.due(session, NOW)) == 7


def test_a_broken_database_is_no_failure_of_a_feed(database: Database, add: Add, web: Web, pictures: PictureStore):
    """That must be seen by who runs the product; it ends the round instead of being noted nowhere."""
    add("https://a.example/feed.xml")

    class Broken(Database):
        def writing(self):
            """Break down."""
            raise OSError("the disk is full")

    broken = Broken(database.url)
    with pytest.raises(OSError, match="disk is full"):
        polling.fetch_due(broken, web, pictures, NOW)
    broken.close()


def test_each_poll_has_the_time_of_its_own(database: Database, add: Add, web: Web, pictures: PictureStore):
    """A round of many feeds may take long: with a clock, each claim begins when its feed is asked."""
    add("https://a.example/1.xml")
    add("https://a.example/2.xml")
    times = iter([NOW, NOW + HOUR])
    polling.fetch_due(database, web, pictures, NOW, now=lambda: next(times))
    assert sorted(one.tried_at - NOW for one in feeds(database) if one.tried_at) == [0 * HOUR, HOUR]


def test_before_a_cut_off_every_feed_is_asked_that_was_not_lately(
    database: Database, add: Add, web: Web, pictures: PictureStore
):
    """Whatever its cadence; not one that was asked a moment ago, nor one that somebody has."""
    ids = [add(f"https://{name}.example/x.xml", every_minutes=600).id for name in "abc"]
    polling.fetch(database, web, pictures, ids[:1], lambda: NOW - HOUR)
    polling.fetch(database, web, pictures, ids[1:2], lambda: NOW)
    polling.fetch(database, web, pictures, ids[2:], lambda: NOW - HOUR)
    with database.writing() as session:
        claimed = keeping.find(session, ids[2])
        claimed.tried_at = NOW - timedelta(minutes=9)
        claimed.next_at = claimed.tried_at + pacing.LEASE
        session.add(claimed)
        session.flush()
        assert polling.hurry(session, NOW - timedelta(minutes=5)) == 1
        assert polling.due(session, NOW) == ids[:1]
        assert polling.hurry(session, NOW - timedelta(minutes=5)) == 0
