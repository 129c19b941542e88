"""A poll is one worker's at a time, and whatever ends it half-way loses nothing."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from digest.articles import polling
from digest.articles.feeds import keeping, pacing
from digest.articles.importing.data import ArticleData
from digest.articles.pictures.store import PictureStore
from digest.articles.polling import State
from digest.articles.storing import store
from digest.database import Database
from digest.errors import Refused
from digest.fetching import Fetched, Fetcher
from tests.articles.feeds.conftest import Add
from tests.articles.feeds.site import Site, again, item, rss, stored
from tests.conftest import BOTH, NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD = NOW - 10 * DAY
SALT, WATER = item("salt", OLD), item("water", OLD)


def test_articles_first_seen_elsewhere_leave_the_backlog_old(database: Database, site: Site, add: Add, poll):
    """Whether a feed was had before is told by the feed, not by whose articles they are."""
    with database.writing() as session:
        known = ArticleData(url="https://news.example/salt", headline="Salt", published_at=OLD)
        store(session, [known], source="elsewhere", at=OLD)
    feed = add(site.give("/feed", rss(SALT)))
    poll(feed)
    site.give("/feed", rss(SALT, WATER))
    poll(feed, NOW + HOUR)
    assert stored(database)["Water"].first_seen_at == NOW + HOUR  # all of the first fetch was known: this is news


class Torn(Database):
    """A database that breaks down when it is told to."""

    broken = False

    def writing(self):
        """Open a session that writes, or break down."""
        if self.broken:
            raise OSError("the disk is full")
        return super().writing()


def test_a_first_fetch_that_failed_half_way_leaves_the_backlog_old(database: Database, site: Site, add: Add, poll):
    """Part of it is stored, then the worker dies: the rest is still backlog when it comes."""
    feed = add(site.give("/feed", rss(SALT, WATER), ETag='"a"'))
    with database.writing() as session:  # what a first try stored before it was killed
        half = ArticleData(url="https://news.example/salt", headline="Salt", published_at=OLD)
        store(session, [half], source=feed.id, at=NOW, backlog=True)
    poll(feed, NOW + HOUR)
    assert stored(database)["Water"].first_seen_at == OLD


@BOTH
def test_killed_between_fetch_and_store_nothing_is_lost(database: Database, site: Site, add: Add, poll):
    """Validators are only kept with what they stand for; the claim ends by itself, and the feed is had then."""
    feed = add(site.give("/feed", rss(SALT), ETag='"a"'))

    class Killed(Fetcher):
        def get(self, url, headers=None):
            super().get(url, headers)
            raise KeyboardInterrupt  # no Exception: as a kill, it ends the worker here

    with pytest.raises(KeyboardInterrupt):
        poll(feed, by=Killed(allow_private=True))
    now = again(database, feed)
    assert (now.etag, now.succeeded_at, stored(database)) == ("", None, {})
    assert poll(feed, NOW + 5 * timedelta(minutes=1)).state is State.busy
    with database.reading() as session:
        assert polling.due(session, NOW + 9 * timedelta(minutes=1)) == []
        assert polling.due(session, NOW + 11 * timedelta(minutes=1)) == [feed.id]
    assert poll(feed, NOW + 11 * timedelta(minutes=1)).state is State.new
    assert again(database, feed).etag == '"a"'


def test_what_cannot_be_stored_is_a_failure_and_keeps_no_validators(database: Database, site: Site, add: Add, pictures):
    """A fault of ours is said as such; the next fetch is unconditional, and stores everything."""
    feed = add(site.give("/feed", rss(SALT), ETag='"a"'))
    torn = Torn(database.url, None)

    class Tearing(Fetcher):
        def get(self, url, headers=None):
            torn.broken = True
            return super().get(url, headers)

    with pytest.raises(OSError, match="disk is full"):  # not even the failure can be noted
        polling.poll(torn, Tearing(allow_private=True), pictures, feed.id, NOW)
    torn.close()
    assert again(database, feed).etag == ""
    polled = polling.poll(database, Fetcher(allow_private=True), pictures, feed.id, NOW + HOUR)
    assert polled.state is State.new


def test_a_first_answer_that_broke_off_leaves_the_feed_new(database: Database, site: Site, add: Add, poll):
    """What comes whole the next time is backlog all the same; after a day it is not waited for any more."""
    whole = rss(*(item(name, OLD) for name in ("salt", "water", "wind", "wood")))
    feed = add(site.give("/feed", whole[: len(whole) * 2 // 3]))
    assert poll(feed).state is State.new
    assert again(database, feed).succeeded_at is None
    site.give("/feed", whole)
    assert poll(feed, NOW + HOUR).state is State.new
    assert again(database, feed).succeeded_at == NOW + HOUR
    assert {one.first_seen_at for one in stored(database).values()} == {OLD}
    assert len(stored(database)) == 4
    late = add(site.give("/late", whole[: len(whole) * 2 // 3]))
    poll(late, NOW + 25 * HOUR)
    assert again(database, late).succeeded_at == NOW + 25 * HOUR


def test_a_database_that_cannot_store_is_no_fault_of_the_feed(database: Database, site: Site, add: Add, pictures):
    """It is said in a sentence, and counts as no failure of the feed."""
    feed = add(site.give("/feed", rss(SALT)))

    class Full(Fetcher):
        def get(self, url, headers=None):
            with database.writing() as session:
                session.connection().execute(text("DROP TABLE articlesource"))
            return super().get(url, headers)

    with pytest.raises(Refused, match=r"The database could not store what .* Is the disk full\?"):
        polling.poll(database, Full(allow_private=True), pictures, feed.id, NOW)
    assert again(database, feed).failures == 0


def test_a_fault_of_ours_is_a_failure_of_the_feed(database: Database, site: Site, add: Add, poll):
    """Whatever goes wrong in reading, poll says a sentence and other feeds go on."""
    feed = add(site.give("/feed", rss(SALT)))

    class Odd(Fetcher):
        def get(self, url, headers=None):  # noqa: ARG002 - the signature is Fetcher's
            return Fetched(url, 200, {}, None)  # type: ignore[arg-type]

    polled = poll(feed, by=Odd())
    assert (polled.state, polled.report) == (State.failed, None)
    assert polled.sentence == "It could not be taken in (TypeError). This is a fault of ours: please report it."
    assert again(database, feed).error == polled.sentence


@BOTH
def test_two_workers_at_once_fetch_a_feed_once(database: Database, site: Site, add: Add, pictures: PictureStore):
    """The one that claims it fetches; the other is told that it is busy, even if it insists."""
    feed = add(site.give("/feed", rss(SALT)))
    together = threading.Barrier(2)
    results = []

    def work(*, force: bool) -> None:
        together.wait()
        results.append(polling.poll(database, Fetcher(allow_private=True), pictures, feed.id, NOW, force=force))

    threads = [threading.Thread(target=work, kwargs={"force": force}) for force in (False, True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = len(site.seen)
    assert asked in (1, 2)  # who insists may come after the other is done
    assert sum(one.state is State.busy for one in results) == 2 - asked


def test_a_claim_holds_against_one_who_insists(site: Site, add: Add, poll):
    """While one fetches, another with force is busy: the claim is no schedule that could be overridden."""
    feed = add(site.give("/feed", rss(SALT)))
    inner = []

    class Nosy(Fetcher):
        def get(self, url, headers=None):
            inner.append(poll(feed, NOW, force=True))
            return super().get(url, headers)

    assert poll(feed, by=Nosy(allow_private=True)).state is State.new
    assert [(one.state, one.sentence) for one in inner] == [
        (State.busy, "It is being fetched by somebody else right now.")
    ]
    assert len(site.seen) == 1


def test_a_feed_that_is_not_due_or_not_there_is_not_asked(site: Site, add: Add, poll, database: Database):
    """The sentence says why; by force it is asked before its time."""
    feed = add(site.give("/feed", rss(SALT)))
    poll(feed)
    assert poll(feed).sentence.startswith("It is not due before 2026-11-24 06:3")
    assert len(site.seen) == 1
    assert poll(feed, force=True).state is State.unchanged
    with database.writing() as session:
        keeping.remove(session, keeping.find(session, feed.id))
    assert poll(feed).sentence == "There is no such feed any more."


@pytest.mark.parametrize("change", ["removed", "changed"])
def test_a_feed_that_is_changed_meanwhile_is_not_written_over(
    database: Database, site: Site, add: Add, poll, change: str
):
    """What came is stored; how it fared is not noted of a feed that is gone, or that has a new address."""
    feed = add(site.give("/feed", rss(SALT), ETag='"old"'))

    class Meanwhile(Fetcher):
        def get(self, url, headers=None):
            with database.writing() as session:
                one = keeping.find(session, feed.id)
                if change == "removed":
                    keeping.remove(session, one)
                else:
                    keeping.change(session, one, {"url": f"{site.root}/new"}, NOW)
            return super().get(url, headers)

    polled = poll(feed, by=Meanwhile(allow_private=True))
    assert (polled.state, polled.alarm) == (State.new, "")
    assert list(stored(database)) == ["Salt"]
    with database.reading() as session:
        left = keeping.all_feeds(session)
    assert [(one.url, one.etag, one.succeeded_at, one.next_at) for one in left] == (
        [] if change == "removed" else [(f"{site.root}/new", "", None, NOW)]
    )


def test_a_claim_ends_before_a_feed_is_lost_for_long():
    """Ten minutes: more than any fetch may take, and less than anybody waits."""
    assert timedelta(minutes=5) < pacing.LEASE < timedelta(minutes=15)
