"""One feed is polled: conditionally, once at a time, and what it says of itself is heeded within bounds."""

import gzip
from datetime import timedelta

import pytest
from sqlmodel import select

from digest.articles import polling
from digest.articles.feeds.models import SourceTag
from digest.articles.importing.data import ArticleData
from digest.articles.models import Reads
from digest.articles.polling import State
from digest.articles.storing import store
from digest.database import Database
from tests.articles.feeds.conftest import Add
from tests.articles.feeds.site import Site, again, as_json, item, rss, stored
from tests.conftest import BOTH, NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD = NOW - 10 * DAY
SALT, WATER = item("salt", OLD), item("water", OLD)


@BOTH
def test_the_first_fetch_makes_nothing_old_new(database: Database, site: Site, add: Add, poll):
    """What was out before counts as seen when it was published; what comes later is new however old it says it is."""
    feed = add(site.give("/feed", rss(SALT)), region="south-caucasus", language="ka")
    polled = poll(feed)
    assert (polled.state, polled.sentence) == (
        State.new,
        "1 article: 1 new, all backlog: what was out before counts as old.",
    )
    assert polled.report is not None
    assert polled.report.new == 1
    site.give("/feed", rss(SALT, WATER))
    assert poll(feed, NOW + HOUR).sentence == "2 articles: 1 new, 1 as before."
    salt, water = stored(database)["Salt"], stored(database)["Water"]
    assert (salt.first_seen_at, water.first_seen_at) == (OLD, NOW + HOUR)
    assert (salt.source, salt.regions, salt.language) == (feed.id, {"south-caucasus": "feed"}, "ka")
    now = again(database, feed)
    assert (now.tried_at, now.succeeded_at, now.items, now.failures, now.error) == (NOW + HOUR, NOW + HOUR, 2, 0, "")
    assert NOW + 1.5 * HOUR <= now.next_at <= NOW + 1.55 * HOUR


@pytest.mark.parametrize(
    ("validator", "asked"),
    [({"ETag": 'W/"a"'}, "if-none-match"), ({"Last-Modified": "Tue, 24 Nov 2026 05:00:00 GMT"}, "if-modified-since")],
)
def test_an_unchanged_feed_is_asked_for_conditionally(
    *, database: Database, site: Site, add: Add, poll, validator, asked
):
    """Both validators are sent back as they came; 304 is a success that reads nothing, and keeps all there is."""
    feed = add(site.give("/feed", rss(SALT), **validator))
    poll(feed)
    assert asked not in site.last
    polled = poll(feed, NOW + HOUR)
    assert site.last[asked] == next(iter(validator.values()))
    assert (polled.state, polled.report, polled.sentence) == (State.unchanged, None, "Unchanged since the last fetch.")
    now = again(database, feed)
    assert (now.items, now.succeeded_at, now.failures) == (1, NOW + HOUR, 0)
    assert poll(feed, NOW + HOUR, force=True).sentence == "1 article: 1 as before."
    assert asked not in site.last


def test_the_request_is_that_of_a_polite_feed_reader(site: Site, add: Add, poll):
    """It says who asks and what for; a packed answer is unpacked."""
    feed = add(site.give("/feed", gzip.compress(rss(SALT).encode()), Content_Encoding="gzip"))
    assert poll(feed).state is State.new
    assert site.last["user-agent"].startswith("digest-mailer")
    assert site.last["accept"].startswith("application/atom+xml")


def test_nothing_that_was_stored_and_unchanged_is_news(site: Site, add: Add, poll):
    """A server without validators sends all again: that is no news."""
    feed = add(site.give("/feed", rss(SALT)))
    poll(feed)
    assert poll(feed, NOW + HOUR).state is State.unchanged


def test_a_feed_that_changes_guids_and_dates_makes_no_second_article(database: Database, site: Site, add: Add, poll):
    """A new guid, a date moved, a tracking parameter: the same article, with its earliest date; a new slug, too."""
    feed = add(site.give("/feed", rss(SALT)))
    poll(feed)
    moved = SALT | item("salt", NOW) | {"guid": "other", "link": "https://news.example/salt?utm_source=rss"}
    site.give("/feed", rss(moved))
    poll(feed, NOW + HOUR)
    site.give("/feed", rss(moved | {"title": "Salt and water", "link": "https://news.example/salt-and-water"}))
    poll(feed, NOW + 2 * HOUR)
    found = stored(database)
    assert list(found) == ["Salt and water"]
    assert found["Salt and water"].published_at == OLD


def test_servers_make_the_wait_longer_never_shorter(database: Database, site: Site, add: Add, poll):
    """Cache-Control and ttl up to six hours; a short one changes nothing."""
    feed = add(site.give("/feed", rss(SALT), ETag='"a"', Cache_Control="max-age=7200"))
    poll(feed)
    assert 2 * HOUR <= again(database, feed).next_at - NOW <= 2.2 * HOUR
    poll(feed, NOW + 3 * HOUR)  # 304 says it, too
    assert 2 * HOUR <= again(database, feed).next_at - NOW - 3 * HOUR <= 2.2 * HOUR
    site.give("/feed", rss(SALT, ttl="1"), Cache_Control="max-age=1")
    poll(feed, NOW + 9 * HOUR)
    assert 0.5 * HOUR <= again(database, feed).next_at - NOW - 9 * HOUR <= 0.55 * HOUR
    site.give("/feed", rss(SALT, ttl="999999"))
    poll(feed, NOW + 20 * HOUR)
    assert 6 * HOUR <= again(database, feed).next_at - NOW - 20 * HOUR <= 6.6 * HOUR


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", ["14400", "Tue, 24 Nov 2026 10:00:00 GMT"])
def test_a_server_that_asks_for_peace_gets_it(
    *, database: Database, site: Site, add: Add, poll, status: int, wait: str
):
    """Retry-After in seconds or as a date; asked again sooner by nobody, not even before a cut-off."""
    feed = add(site.give("/feed", b"", status, Retry_After=wait))
    assert f"({status})" in poll(feed).sentence
    assert again(database, feed).next_at == NOW + 4 * HOUR
    with database.writing() as session:
        assert polling.hurry(session, NOW + HOUR) == (0 if status == 429 else 1)


def test_a_permanent_redirect_moves_the_address_once_the_feed_was_read(database: Database, site: Site, add: Add, poll):
    """301 and 308 all the way, and a feed at the end: it is asked there from now on; its id stays."""
    site.give("/new", rss(SALT))
    site.give("/between", b"", 308, Location="/new")
    feed = add(site.give("/feed", b"", 301, Location="/between"))
    assert poll(feed).state is State.new
    now = again(database, feed)
    assert (now.url, now.id) == (f"{site.root}/new", feed.id)
    assert stored(database)["Salt"].source == feed.id
    poll(feed, NOW + HOUR)
    assert site.paths == ["/feed", "/between", "/new", "/new"]


@pytest.mark.parametrize(("first", "second", "end"), [(302, 301, 200), (301, 307, 200), (301, 301, 500)])
def test_other_redirects_move_nothing(*, database: Database, site: Site, add: Add, poll, first, second, end):
    """One temporary step, or no feed at the end, and the address stays as it was given."""
    site.give("/new", rss(SALT), end)
    site.give("/between", b"", second, Location="/new")
    feed = add(site.give("/feed", b"", first, Location="/between"))
    poll(feed)
    assert again(database, feed).url == feed.url


def test_a_permanent_redirect_to_a_page_moves_nothing(database: Database, site: Site, add: Add, poll):
    """A site that sends all that is gone to its front page does not take the feed along."""
    site.give("/", "<!doctype html><html><body>Welcome</body></html>")
    feed = add(site.give("/feed", b"", 301, Location="/"))
    assert poll(feed).state is State.failed
    assert again(database, feed).url == feed.url


def test_validators_no_header_can_hold_are_not_kept(database: Database, site: Site, add: Add, poll):
    """Letters of other scripts, or half a book: such a feed is had anew each time, and not lost."""
    feed = add(site.give("/feed", rss(SALT), ETag="é", Last_Modified="x" * 600))
    poll(feed)
    now = again(database, feed)
    assert (now.etag, now.last_modified) == ("", "")
    assert poll(feed, NOW + HOUR).state is State.unchanged


def test_an_empty_feed_is_a_success_that_says_so(database: Database, site: Site, add: Add, poll):
    """Once with how many there were before; its articles stay."""
    feed = add(site.give("/feed", rss()))
    assert poll(feed).sentence == "It holds no articles yet."
    site.give("/feed", rss(SALT, WATER))
    poll(feed, NOW + HOUR)
    site.give("/feed", rss())
    polled = poll(feed, NOW + 2 * HOUR)
    assert (polled.state, polled.sentence) == (State.unchanged, "It holds no articles; it had 2 before.")
    assert poll(feed, NOW + 3 * HOUR).sentence == "It holds no articles yet."
    assert set(stored(database)) == {"Salt", "Water"}


def test_bad_items_are_counted_and_the_good_ones_taken(site: Site, add: Add, poll):
    """The first bad one is named; a feed of bad items alone has failed."""
    bad = {"link": "https://news.example/bare"}
    feed = add(site.give("/feed", rss(SALT, bad)))
    assert poll(feed).sentence.endswith(" 1 could not be read. Item 2: It has no headline.")
    site.give("/feed", rss(bad, bad))
    polled = poll(feed, NOW + HOUR)
    assert (polled.state, polled.sentence) == (
        State.failed,
        "None of its items could be read. Item 1: It has no headline.",
    )
    assert polled.report is not None
    assert len(polled.report.errors) == 2


def test_tags_of_a_feed_get_their_meaning_and_wait_for_one(database: Database, site: Site, add: Add, poll):
    """Each tag is counted for this feed; what nobody has mapped waits in its inbox."""
    feed = add(site.give("/feed", rss(SALT | {"category": "Tbilisi desk"})))
    poll(feed)
    with database.reading() as session:
        tag = session.exec(select(SourceTag)).one()
    assert (tag.source, tag.label, tag.target, tag.articles) == (feed.id, "Tbilisi desk", "", 1)


def test_keys_that_name_articles_are_heeded(database: Database, site: Site, add: Add, poll):
    """With --keep-query two addresses that differ only there are two articles."""
    two = [SALT | {"link": f"https://news.example/story?nr={n}", "title": f"S{n}", "guid": f"g{n}"} for n in (1, 2)]
    feed = add(site.give("/feed", rss(*two)), keep_query=("news.example=nr",))
    poll(feed)
    assert set(stored(database)) == {"S1", "S2"}


def test_our_own_json_is_a_feed_too(database: Database, site: Site, add: Add, poll):
    """A CMS may serve the documented JSON at an address; its first fetch is backlog, too, in a full database."""
    with database.writing() as session:
        store(session, [ArticleData(url="https://x.example/1", headline="X")], source="x", at=OLD)
    data = [{"url": "https://news.example/a", "headline": "A", "published_at": OLD.isoformat()}]
    feed = add(site.give("/articles.json", as_json(data), Content_Type="application/json"))
    assert poll(feed).state is State.new
    assert stored(database)["A"].first_seen_at == OLD


@pytest.mark.parametrize(("body", "status", "told"), [(b"[{", 200, ["page 4"]), (b"", 500, [])])
def test_wordpress_is_asked_for_four_pages_at_first_and_then_for_one(
    *, database: Database, site: Site, add: Add, poll, body: bytes, status: int, told: list[str]
):
    """The backlog of a busy site is had, too; a page that fails loses the others nothing."""

    def page(number: int) -> bytes:
        one = {
            "title": {"rendered": f"P{number}"},
            "link": f"https://w.example/p{number}",
            "date_gmt": "2026-11-01T08:00:00",
        }
        return as_json([one])

    asked = "_embed=author,wp:featuredmedia,wp:term&per_page=50"
    first = f"/wp-json/wp/v2/posts?{asked}"
    site.give(first, page(1), X_WP_TotalPages="9")
    for number in (2, 3, 4):
        site.give(f"{first}&page={number}", page(number))
    site.give(f"{first}&page=4", body, status)
    feed = add(f"{site.root}/wp-json/wp/v2/posts")
    polled = poll(feed)
    assert polled.state is State.new
    assert polled.report is not None
    assert [one.where for one in polled.report.warnings] == told
    assert set(stored(database)) == {"P1", "P2", "P3"}
    poll(feed, NOW + HOUR)
    assert site.paths == [first, f"{first}&page=2", f"{first}&page=3", f"{first}&page=4", first]


def test_the_key_of_a_ghost_site_is_never_said(database: Database, site: Site, add: Add, poll):
    """Not in the id, not in a sentence, not of a redirect; and still it is sent."""
    url = f"{site.root}/ghost/api/content/posts/?key=s3cret"
    feed = add(url)
    site.give("/ghost/api/content/posts/", b"", 302, Location="http://[::1/?key=s3cret")
    sentences = [poll(feed).sentence]
    site.give("/ghost/api/content/posts/", b"", 301, Location="/ghost/api/content/posts/?key=s3cret")
    sentences.append(poll(feed, NOW + HOUR).sentence)
    assert "redirects more than 5 times" in sentences[1]
    assert "no address" in sentences[0]
    assert "s3cret" not in f"{feed.id} {sentences} {again(database, feed).error}"
    assert "key=s3cret&include=tags,authors&limit=50" in site.paths[0]


def test_a_most_read_list_is_taken_as_ranks(database: Database, site: Site, add: Add, poll):
    """It brings no articles; each poll is the newest list, and places that are no articles of ours are counted."""
    with database.writing() as session:
        articles = [ArticleData(url=f"https://news.example/{name}", headline=name) for name in ("a", "b")]
        store(session, articles, source="x", at=OLD)
    places = [f"https://news.example/{name}" for name in ("b", "zzz", "a")]
    feed = add(site.give("/most-read.json", as_json(places)), kind="most_read")
    polled = poll(feed)
    assert (polled.state, polled.sentence) == (
        State.new,
        "3 places of the most read: 2 known; 1 are no articles of ours.",
    )
    with database.reading() as session:
        ranks = session.exec(select(Reads).order_by(Reads.rank)).all()  # type: ignore[arg-type]
    assert [(one.rank, one.rank_of, one.source, one.period_end) for one in ranks] == [
        (1, 3, feed.id, NOW),
        (3, 3, feed.id, NOW),
    ]
    assert again(database, feed).items == 3
    site.give("/most-read.json", as_json([{"rank": 1}]))
    assert poll(feed, NOW + HOUR).sentence.startswith("None of its places could be read. Entry 1")
