"""Feeds that fail, or turn hostile half-way: a sentence each, within bounds, while all others go on."""

import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from digest.articles import polling
from digest.articles.feeds import health, keeping
from digest.articles.feeds.health import Health
from digest.articles.pictures.store import PictureStore
from digest.articles.polling import State
from digest.clock import StillClock
from digest.database import Database
from digest.fetching import Fetcher, is_public
from tests.articles.feeds.conftest import Add
from tests.articles.feeds.site import Site, as_json, item, rss
from tests.conftest import NOW

HOUR = timedelta(hours=1)
SALT = item("salt", NOW - 10 * HOUR)
PAGE = '<html><head><link rel="alternate" type="application/rss+xml" href="/rss?a=1&amp;b=2"></head></html>'


def head(handler: BaseHTTPRequestHandler, **headers: str) -> None:
    """Send the head of an answer."""
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, for ever."""
    head(handler, Content_Length="100000")
    try:
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        return


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send a feed that has no end."""
    head(handler, Connection="close")
    try:
        handler.wfile.write(b"<rss><channel>")
        while True:
            handler.wfile.write(b"<item><title>More</title></item>" * 2_000)
    except OSError:
        return


def torn(handler: BaseHTTPRequestHandler) -> None:
    """Promise a feed, and hang up in the middle of it."""
    head(handler, Content_Length="5000")
    handler.wfile.write(rss(SALT).encode()[:200])


def nonsense(handler: BaseHTTPRequestHandler) -> None:
    """Speak no HTTP."""
    handler.wfile.write(b"220 ready\r\n\r\n")


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        (drip, "it took too long to answer"),
        (endless, "it is larger than 5,000,000 bytes"),
        (torn, "could not be fetched"),
        (nonsense, "could not be fetched"),
    ],
)
def test_a_feed_that_turns_hostile_is_a_sentence(
    *, database: Database, site: Site, add: Add, pictures: PictureStore, behaviour, sentence: str
):
    """It ends within the time, stores nothing, and the feed that was fine before keeps its articles and its health."""
    fetcher = Fetcher(allow_private=True, total=1.5, step=1)
    feed = add(site.give("/feed", rss(SALT), ETag='"a"'))
    assert polling.poll(database, fetcher, pictures, feed.id, NOW).state is State.new
    site.act("/feed", behaviour)
    started = time.monotonic()
    polled = polling.poll(database, fetcher, pictures, feed.id, NOW + HOUR)
    assert time.monotonic() - started < 5
    assert polled.state is State.failed
    assert sentence in polled.sentence
    with database.reading() as session:
        now = keeping.find(session, feed.id)
    assert (now.failures, now.etag, now.succeeded_at, now.items) == (1, '"a"', NOW, 1)
    assert health.health(now) is Health.failing


def test_a_feed_that_leads_inside_is_refused(database: Database, site: Site, add: Add, pictures: PictureStore):
    """A redirect to an address inside the network is not followed, whatever its name says."""
    port = site.root.rpartition(":")[2]
    names = {"outside.test": ["127.0.0.1"], "inside.test": ["127.0.0.2"]}
    fetcher = Fetcher(
        resolver=lambda host, _: names[host], public=lambda one: one == "127.0.0.1" or is_public(one), total=3
    )
    site.give("/feed", b"", 302, Location=f"http://inside.test:{port}/secret")
    site.give("/secret", rss(SALT))
    feed = add(f"http://outside.test:{port}/feed")
    polled = polling.poll(database, fetcher, pictures, feed.id, NOW)
    assert "an address inside this network" in polled.sentence
    assert site.paths == ["/feed"]
    plain = add(f"{site.root}/feed")
    assert "inside this network" in polling.poll(database, Fetcher(), pictures, plain.id, NOW).sentence


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 401, "It wants a login or a key (401)"),
        (b"", 403, "does not let us have it (403)"),
        (b"", 404, "nothing at its address any more (404)"),
        (b"", 500, "error of its own (500)"),
        (b"", 204, "status 204"),
        (b"", 304, "though nothing was had of it before"),
        (b"", 200, "It is empty."),
        (PAGE.encode(), 200, "It is a web page, not a feed. It names this feed: http://127.0.0.1"),
        (b"<html></html>", 200, "It is a web page or another XML document, not a feed."),
        (b"\x89PNG\r\n", 200, "It is no feed, no JSON and no CSV"),
        (b'{"code": "rest_no_route"}', 200, "holds no list of articles"),
        (b"[{", 200, "It is no JSON"),
        (b"<rss><channel><item>", 200, "Item 1: It has no url."),
        (b"<rss><channel>", 200, "no feed that can be read"),
    ],
)
def test_each_failure_has_its_sentence(
    *, database: Database, site: Site, add: Add, fetcher: Fetcher, pictures: PictureStore, body, status, sentence
):
    """It says what was had instead, and where to look; it does not begin with the feed's id, which stands before it."""
    feed = add(site.give("/feed", body, status))
    polled = polling.poll(database, fetcher, pictures, feed.id, NOW)
    assert polled.state is State.failed
    assert sentence in polled.sentence
    assert not polled.sentence.startswith(feed.id)
    with database.reading() as session:
        now = keeping.find(session, feed.id)
    assert (now.error, now.failures, now.tried_at, now.succeeded_at) == (polled.sentence, 1, NOW, None)
    assert now.next_at > NOW


def test_a_page_names_its_feed_as_it_can_be_asked(database: Database, site: Site, add: Add, fetcher, pictures):
    """The address is made whole, and its entities are decoded."""
    feed = add(site.give("/feed", PAGE))
    assert polling.poll(database, fetcher, pictures, feed.id, NOW).sentence.endswith(f"{site.root}/rss?a=1&b=2")


def test_what_broke_off_in_the_middle_is_had_anew(database: Database, site: Site, add: Add, fetcher, pictures):
    """What could be read is taken, but the validators of half a feed are not kept."""
    whole = rss(SALT, item("water"))
    feed = add(site.give("/feed", whole[: whole.index("<title>Water")], ETag='"a"'))
    polled = polling.poll(database, fetcher, pictures, feed.id, NOW)
    assert polled.state is State.new
    with database.reading() as session:
        assert keeping.find(session, feed.id).etag == ""


def test_a_feed_dies_and_comes_back(database: Database, site: Site, add: Add, fetcher, pictures: PictureStore):
    """The alarm is said on the third failure and on the return, once each; the wait grows with each failure."""
    feed = add(site.give("/feed", rss(SALT)), name="The News")
    clock = StillClock(NOW)
    alarms: list[str] = []
    waits: list[float] = []

    def poll() -> None:
        alarms.append(polling.poll(database, fetcher, pictures, feed.id, clock.now()).alarm)
        with database.reading() as session:
            waits.append((keeping.find(session, feed.id).next_at - clock.now()) / HOUR)
        clock.sleep(waits[-1] * 3600 + 1)

    poll()
    site.give("/feed", b"", 500)
    for _ in range(5):
        poll()
    with database.reading() as session:
        assert [one.id for one in health.dead(session)] == [feed.id]
    site.give("/feed", rss(SALT))
    poll()
    poll()
    assert [bool(one) for one in alarms] == [False, False, False, True, False, False, True, False]
    assert alarms[3].startswith(
        "The feed The News is dead, 3 failures in a row. The site has an error of its own (500)"
    )
    assert alarms[6].startswith("The feed The News is back after 5 failures, last fine 2026-11-24 06:00 UTC.")
    for wait, expected in zip(waits, (0.5, 0.5, 1, 2, 4, 6, 0.5, 0.5), strict=True):
        assert expected <= wait <= expected * 1.1 + 0.001
    with database.reading() as session:
        assert health.dead(session) == []


def test_a_feed_that_is_gone_is_asked_once_a_day(database: Database, site: Site, add: Add, fetcher, pictures):
    """410 is told at once, not after three; no cut-off hurries it; a return is told, too."""
    feed = add(site.give("/feed", b"", 410))
    polled = polling.poll(database, fetcher, pictures, feed.id, NOW)
    assert polled.alarm.startswith(
        f"The feed {feed.id} is gone, 1 failure in a row. Its address is gone for good (410)"
    )
    with database.writing() as session:
        now = keeping.find(session, feed.id)
        assert now.next_at == NOW + timedelta(days=1)
        assert [one.id for one in health.dead(session)] == [feed.id]
        assert polling.hurry(session, NOW + HOUR) == 0
    site.give("/feed", rss(SALT))
    again = polling.poll(database, fetcher, pictures, feed.id, NOW + timedelta(days=1))
    assert "is back after 1 failure, never fine yet" in again.alarm


def test_an_api_that_says_no_is_a_sentence(database: Database, site: Site, add: Add, fetcher, pictures):
    """What WordPress answers where the API is shut is no list of posts."""
    feed = add(site.give("/wp-json/wp/v2/posts", as_json({"code": "rest_forbidden", "message": "No."}), 401))
    assert "(401)" in polling.poll(database, fetcher, pictures, feed.id, NOW).sentence
