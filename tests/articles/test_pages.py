"""The pages of stored articles: what they say changes one only when it is certain, and only where we may judge."""

from collections.abc import Mapping
from threading import Event
from typing import Any

import pytest
from sqlalchemy import update

from digest.articles.changes import withdraw
from digest.articles.models import Article, ArticleStatus
from digest.articles.page_saying import Says, asks_noindex, heard
from digest.database import Database
from digest.fetching import Fetched, Fetcher
from tests.articles.looked_at import OG, Site, answer, article, key, log, look, publish, status, url
from tests.conftest import BOTH, NOW


@BOTH
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(404), "Its page is not found (404)."),
        (answer(body='<meta name="ROBOTS" content="NoIndex, follow">'), "noindex"),
        (answer(body=OG % '<meta name="robots" content="none">'), "noindex"),
        (answer(x_robots_tag="noindex"), "noindex"),
        (answer(final="https://www.meridian.example/"), "leads to https://www.meridian.example/"),
        (answer(final="https://meridian.example/news"), "leads to"),
    ],
    ids=["404", "meta", "none", "header", "front page", "section"],
)
def test_seen_twice_it_is_unpublished(database: Database, given: Mapping[str, Any], reason: str):
    """Once says nothing yet, nor do two sights within ten minutes; the third is certain, logged, and said."""
    publish(database, "a")
    site = Site(a=given)
    assert look(database, site, 0).unpublished == []
    assert look(database, site, 9).unpublished == []
    assert status(database) == "published"
    report = look(database, site, 10)
    assert report.unpublished == [key("a")]
    assert status(database) == "unpublished"
    ((who, after, why),) = log(database)
    assert (who, after) == ("page check", "unpublished")
    assert reason in why
    assert report.sentences == [f"'Headline of a' counts as unpublished. {why}"]
    assert look(database, site, 60).sentences == []


@BOTH
def test_gone_for_good_counts_at_once(database: Database):
    """410 is said on purpose."""
    publish(database, "a")
    assert look(database, Site(a=answer(410)), 0).unpublished == [key("a")]
    assert "410" in log(database)[0][2]


@BOTH
@pytest.mark.parametrize(
    "given",
    [
        answer(500),
        answer(403),
        answer(451),
        answer(503, '<meta name="robots" content="noindex">'),
        answer(body='<title>Just a moment...</title><meta name="robots" content="noindex">'),
        answer(body="<title>Sign in</title>", final="https://meridian.example/login"),
        answer(404, final="https://consent.stranger.net/x"),
        answer(x_robots_tag="nofollow, noarchive"),
        answer(x_robots_tag="googlebot: noindex"),
        answer(body='<meta name="googlebot" content="noindex">'),
        answer(final=url("another-slug-for-it"), body=OG % ""),
        None,
    ],
)
def test_everything_else_says_nothing(database: Database, given: Mapping[str, Any] | None):
    """Errors, logins, strangers, nofollow, rules for one engine, and pages that cannot be had: however often."""
    publish(database, "a")
    site = Site(**({"a": given} if given else {}))
    for minutes in (0, 30, 300):
        look(database, site, minutes)
    assert (status(database), log(database)) == ("published", [])


@BOTH
def test_a_failure_between_two_sights_does_not_matter(database: Database):
    """What was seen first is waited from; a page that was there in between starts it anew."""
    publish(database, "a")
    look(database, Site(a=answer(404)), 0)
    look(database, Site(), 5)
    assert look(database, Site(a=answer(404)), 11).unpublished == [key("a")]
    publish(database, "b")
    look(database, Site(b=answer(404)), 0, "b")
    look(database, Site(b=answer()), 5, "b")
    assert look(database, Site(b=answer(404)), 11, "b").unpublished == []


@BOTH
def test_a_page_that_is_back_is_published_again(database: Database):
    """Only where the page check had taken it for unpublished, and nobody decided since."""
    publish(database, "a", "b", "c")
    look(database, Site(a=answer(410), b=answer(410)), 0, "ab")
    with database.writing() as session:
        withdraw(session, url("b"), status=ArticleStatus.unpublished, who="editor", at=NOW)
        session.execute(update(Article).where(Article.id == key("c")).values(status="unpublished"))  # type: ignore[arg-type]
    report = look(database, Site(a=answer(), b=answer(), c=answer()), 20, "abc")
    assert report.published_again == [key("a")]
    assert [status(database, slug) for slug in "abc"] == ["published", "unpublished", "unpublished"]
    assert log(database)[-1] == ("page check", "published", "Its page is there again.")


@BOTH
def test_what_a_person_decided_stays(database: Database):
    """An editor said that it is published; and what is retracted or to come is not judged."""
    publish(database, "a", "b")
    publish(database, "c", hours=-1)
    with database.writing() as session:
        withdraw(session, url("a"), status=ArticleStatus.published, who="editor", at=NOW)
        withdraw(session, url("b"), status=ArticleStatus.retracted, who="editor", at=NOW)
    look(database, Site(a=answer(410), b=answer(410), c=answer(410)), 0, "abc")
    assert [status(database, slug) for slug in "abc"] == ["published", "retracted", "published"]


@BOTH
def test_only_what_feeds_alone_tell_of_is_judged(database: Database):
    """A file or an API says itself what is withdrawn (ruling 13); a page that was imported counts as a feed does."""
    publish(database, "a", source="export")
    publish(database, "b")
    publish(database, "b", source="export")
    publish(database, "c", source="meridian.example")
    publish(database, "d", source="other.example/feed.xml")
    look(database, Site(a=answer(410), b=answer(410), c=answer(410), d=answer(410)), 0, "abcd")
    assert [status(database, slug) for slug in "abcd"] == ["published", "published", "unpublished", "unpublished"]


@BOTH
def test_most_pages_of_a_site_at_once_are_a_fault_of_the_site(database: Database):
    """A relaunch that loses every address withdraws nothing by itself; 410 is meant, and single pages still count."""
    slugs = [f"s{n}" for n in range(12)]
    publish(database, *slugs)
    site = Site(**({slug: answer(404) for slug in slugs} | {"s0": answer(410)}))
    first = look(database, site, 0, slugs)
    assert first.unpublished == [key("s0")]
    report = look(database, site, 30, slugs)
    assert report.unpublished == []
    assert report.sentences[0].startswith("meridian.example says of 11 of 12 articles that they are gone.")
    mended = Site(**({slug: answer() for slug in slugs} | {"s1": answer(404)}))
    look(database, mended, 60, slugs)
    assert look(database, mended, 90, slugs).unpublished == [key("s1")]


@BOTH
def test_what_is_missing_is_filled_and_nothing_else(database: Database):
    """Picture and standfirst come from the page; what the feed says stays."""
    publish(database, "a")
    publish(database, "b", standfirst="From the feed.", image={"url": "https://meridian.example/feed.jpg"})
    site = Site(a=answer(body=OG % ""), b=answer(body=OG % ""))
    assert look(database, site, 0, "ab").filled == [key("a")]
    filled, full = article(database, "a"), article(database, "b")
    assert (filled.headline, filled.standfirst) == ("Headline of a", "A sentence from the page.")
    assert (filled.image_url, filled.image_alt) == ("https://meridian.example/p.jpg", "A ferry")
    assert (full.standfirst, full.image_url) == ("From the feed.", "https://meridian.example/feed.jpg")
    assert look(database, site, 20, "ab").filled == []


@BOTH
def test_another_article_s_page_fills_nothing(database: Database):
    """A redirect to another story, a page without an article, and a document are not taken for this one's."""
    publish(database, "a", "b", "c")
    site = Site(
        a=answer(body=OG % "", final=url("another-story-altogether")),
        b=answer(body="<p>hello"),
        c=answer(body="%PDF", content_type="application/pdf"),
    )
    report = look(database, site, 0, "abc")
    assert (report.filled, len(report.looked)) == ([], 3)


@BOTH
def test_hosts_are_spared(database: Database):
    """At most so many of one host in one pass, unless it is forced; one that does not answer is asked once."""
    slugs = [f"s{n}" for n in range(12)]
    publish(database, *slugs)
    site = Site(**{slug: answer() for slug in slugs})
    assert len(look(database, site, 0, slugs, most=8).looked) == 4
    assert len(look(database, site, 0, slugs, most=8, force=True).looked) == 12
    dead = Site()
    assert len(look(database, dead, 30, slugs, force=True).looked) == 1
    assert len(dead.asked) == 1  # type: ignore[attr-defined]
    stop = Event()
    told: list[int] = []
    stop.set()
    assert look(database, site, 60, slugs, stop=stop).looked == []
    look(database, site, 60, ["s0", "s1"], say=told.append)
    assert told == [1, 1]
    assert look(database, site, 60, ["unknown"]).looked == []


def test_a_private_address_says_nothing(database: Database):
    """The real fetcher refuses it; that is no sign that the article is gone."""
    publish(database, "a")
    with database.writing() as session:
        session.execute(update(Article).values(url="http://127.0.0.1:9/x"))
    looked = [look(database, Fetcher(), minutes).looked for minutes in (0, 30)]
    assert (looked[-1], status(database)) == ([key("a")], "published")


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ("noindex", True),
        ("nofollow, NOINDEX", True),
        ("none", True),
        ("unavailable_after: 25 Jun 2027", False),
        ("otherbot: noindex, nofollow", False),
        ("noindex, otherbot: index", True),
        ("nofollow,noimageindex", False),
        ("", False),
    ],
)
def test_rules_for_robots(rule: str, *, asked: bool):
    """Only what all engines are asked counts."""
    assert asks_noindex(rule) is asked


def test_answers_of_odd_sites():
    """An address that is none, a port of its own, another spelling of the host."""
    page: dict[str, Any] = {"headers": {"content-type": "text/html"}, "body": b"<title>x</title>"}
    assert heard("https://a.example/x", Fetched("::", 404, **page)).says is Says.nothing
    assert heard("http://a.example:8080/x", Fetched("http://b.example:8080/x", 404, **page)).says is Says.nothing
    assert heard("https://a.example/x", Fetched("https://www.a.example/x/", 404, **page)).says is Says.gone
    assert heard("https://a.example/x", Fetched("https://a.example/x", 200, {}, b"")).says is Says.there
