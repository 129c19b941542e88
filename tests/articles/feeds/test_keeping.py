"""Feeds are added, found, changed and removed; what is wrong with one is a sentence."""

from datetime import timedelta

import pytest
from sqlmodel import select

from digest.articles.feeds import keeping, tags
from digest.articles.feeds.models import Feed, FeedKind
from digest.articles.importing.data import ArticleData
from digest.articles.models import Article, ArticleSource
from digest.articles.places import locating
from digest.articles.storing import store
from digest.database import Database
from digest.errors import BadInput, Conflict, NotFound
from tests.articles.feeds.conftest import Add
from tests.conftest import BOTH, NOW

LATER = NOW + timedelta(hours=1)


@BOTH
def test_a_feed_is_added_and_due_at_once(database: Database, add: Add):
    """Its kind is told from its address, its region may be named, its language is that of articles."""
    add("https://a.example/feed?cat=3", name=" The  News ", region="South Caucasus", language="en-GB")
    with database.reading() as session:
        feed = session.exec(select(Feed)).one()
    assert (feed.id, feed.url, feed.name) == ("a.example/feed?cat=3", "https://a.example/feed?cat=3", "The News")
    assert (feed.kind, feed.region, feed.language) == ("feed", "south-caucasus", "en")
    assert (feed.next_at, feed.added_at, feed.succeeded_at, feed.every_minutes) == (NOW, NOW, None, 30)


def test_two_feeds_of_one_site_may_differ_in_their_query_alone(add: Add):
    """They are two feeds; the same one is refused, and the sentence names it."""
    add("https://a.example/feed?cat=3", name="Third")
    assert add("a.example/feed?cat=4").url == "https://a.example/feed?cat=4"
    with pytest.raises(Conflict, match=r"there already: Third \(a.example/feed\?cat=3\)"):
        add("http://www.a.example/feed/?cat=3#x")


@pytest.mark.parametrize(
    ("url", "more", "sentence"),
    [
        ("", {}, "no address of a feed"),
        ("ftp://a.example/feed", {}, "https://"),
        ("https://a b/", {}, "no host name|no address"),
        ("https://a.example/" + "x" * 2_000, {}, "longer than"),
        ("https://me:secret@a.example/feed", {}, "login"),
        ("https://a.example/ghost/api/content/posts/?key=***", {}, "masked"),
        ("https://a.example/feed", {"kind": "odd"}, "Kinds: feed, wordpress, ghost, most_read"),
        ("https://a.example/feed", {"language": "klingon!"}, "no language"),
        ("https://a.example/feed", {"every_minutes": 1}, "every 5 to"),
        ("https://a.example/feed", {"every_minutes": 99_999}, "every 5 to"),
        ("https://a.example/feed", {"keep_query": ("x",)}, "--keep-query"),
    ],
)
def test_what_cannot_be_a_feed_is_a_sentence(add: Add, url, more, sentence):
    """Each thing that may be wrong is named, and no secret is repeated."""
    with pytest.raises(BadInput, match=sentence) as caught:
        add(url, **more)
    assert "secret" not in str(caught.value)


def test_an_unknown_region_is_refused(add: Add):
    """The sentence names those that there are."""
    with pytest.raises(NotFound, match=r"no region 'atlantis'.*south-caucasus"):
        add("https://a.example/feed", region="atlantis")


def test_a_feed_is_found_by_id_address_or_part_of_its_name(database: Database, add: Add):
    """Whatever tells it from the others; what does not is a sentence that lists them."""
    add("https://a.example/news/feed", name="Daily News")
    add("https://b.example/feed?token=s3cret", name="Daily Sport")
    add("https://c.example/feed", name="News")
    with database.reading() as session:
        for reference in ("a.example/news/feed", "http://www.a.example/news/feed/", "daily news", "a.exam"):
            assert keeping.find(session, reference).name == "Daily News"
        assert keeping.find(session, "https://b.example/feed?token=s3cret").name == "Daily Sport"
        assert keeping.find(session, "news").name == "News"
        with pytest.raises(BadInput, match=r"may be several feeds: a.example/news/feed, b.example"):
            keeping.find(session, "daily")
        for reference in ("", "nowhere", "https://", "https://d.example/?key=s3cret"):
            with pytest.raises(NotFound, match="Feeds: Daily News, Daily Sport, News") as caught:
                keeping.find(session, reference)
            assert "s3cret" not in str(caught.value)


def test_without_feeds_the_sentence_says_how_to_add_one(database: Database):
    """Nobody is left alone with an empty list."""
    with database.reading() as session, pytest.raises(NotFound, match="digest feeds add URL"):
        keeping.find(session, "x")


@BOTH
def test_a_new_region_is_that_of_the_stored_articles(database: Database, add: Add):
    """What the feed said before stays true of nothing: its articles move once they are located."""
    feed = add("https://a.example/feed", region="south-caucasus")
    with database.writing() as session:
        article = ArticleData(url="https://a.example/1", headline="A")
        store(session, [article], source=feed.id, at=NOW, region="south-caucasus")
        kept = session.merge(feed)
        kept.etag = kept.last_modified = "x"
        keeping.change(session, kept, {"region": "Central Asia"}, LATER)
        assert (kept.etag, kept.last_modified) == ("", "")  # an unchanged feed is read anew
    assert len(locating.locate(database, source=feed.id)) == 1
    with database.reading() as session:
        assert session.exec(select(Article)).one().regions == {"central-asia": "feed"}
        assert keeping.find(session, feed.id).region == "central-asia"


def test_a_new_address_is_fetched_at_once_and_its_backlog_is_not_new(database: Database, add: Add):
    """The id stays, and with it the articles; failures of the old address are forgotten; the kind follows."""
    feed = add("https://a.example/feed")
    with database.writing() as session:
        kept = session.merge(feed)
        kept.succeeded_at, kept.failures, kept.error, kept.next_at = NOW, 5, "Odd.", NOW + timedelta(days=1)
        keeping.change(session, kept, {"url": "https://a.example/wp-json/wp/v2/posts"}, LATER)
        assert (kept.id, kept.kind, kept.next_at) == ("a.example/feed", FeedKind.wordpress, LATER)
        assert (kept.failures, kept.error) == (0, "")
    with database.reading() as session:
        assert keeping.find(session, feed.id).succeeded_at is None
    add("https://b.example/feed")
    with database.writing() as session, pytest.raises(Conflict, match="there already"):
        keeping.change(session, keeping.find(session, "a.example"), {"url": "https://b.example/feed"}, LATER)


def test_small_changes_leave_the_rest_alone(database: Database, add: Add):
    """A name or a cadence has nothing fetched anew; a shorter cadence brings the next fetch nearer."""
    feed = add("https://a.example/feed", region="south-caucasus", name="A")
    with database.writing() as session:
        kept = session.merge(feed)
        kept.etag, kept.succeeded_at, kept.next_at = "x", NOW, NOW + timedelta(days=1)
        changes = {"name": "B", "every_minutes": 60, "region": "south-caucasus", "url": "https://a.example/feed"}
        keeping.change(session, kept, changes, NOW)
        assert (kept.name, kept.etag, kept.succeeded_at) == ("B", "x", NOW)
        assert kept.next_at == NOW + timedelta(hours=1)
        keeping.change(session, kept, {"region": "", "keep_query": ["A.example=ID"], "kind": "most_read"}, NOW)
        assert (kept.region, kept.keep_query, kept.kind) == (None, ["a.example=id"], FeedKind.most_read)
        keeping.change(session, kept, {"url": "https://a.example/ghost/api/content/posts/"}, NOW)
        assert kept.kind == FeedKind.most_read
        with pytest.raises(BadInput, match="no language"):
            keeping.change(session, kept, {"language": "?"}, NOW)


def test_a_removed_feed_leaves_its_articles_and_what_it_said(database: Database, add: Add):
    """Its tags stay, too, so that adding it again finds them."""
    feed = add("https://a.example/feed")
    with database.writing() as session:
        article = ArticleData(url="https://a.example/1", headline="A", categories=["Georgia"])
        store(session, [article], source=feed.id, at=NOW)
        keeping.remove(session, keeping.find(session, feed.id))
    with database.reading() as session:
        assert keeping.all_feeds(session) == []
        assert session.exec(select(Article)).one().headline == "A"
        assert session.exec(select(ArticleSource)).one().source == feed.id
        assert [one.label for one in tags.of_source(session, feed.id)] == ["Georgia"]


@BOTH
def test_the_articles_of_a_removed_feed_are_anothers(database: Database, add: Add):
    """Who else tells of them may change their texts from then on; those that nobody else has stay as they are."""
    feed = add("https://a.example/feed")
    both, alone = (ArticleData(url=f"https://a.example/{n}", headline="First") for n in range(2))
    with database.writing() as session:
        store(session, [both, alone], source=feed.id, at=NOW)
        store(session, [both], source="wire", at=NOW)
        keeping.remove(session, keeping.find(session, feed.id))
        better = [one.model_copy(update={"headline": "Mended"}) for one in (both, alone)]
        store(session, better[:1], source="wire", at=LATER)
        store(session, better[1:], source="wire", at=LATER)
    with database.reading() as session:
        assert {one.url[-1]: one.headline for one in session.exec(select(Article))} == {"0": "Mended", "1": "First"}
