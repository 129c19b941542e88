"""JSON Feed 1 and 1.1 as it is written, and as it is written wrongly."""

from datetime import UTC, datetime
from typing import Any

import pytest

from digest.articles.importing import json_feed
from digest.articles.importing.data import ArticleData, RowError

GOOD = {"id": "1", "url": "https://example.org/a", "title": "A"}


def read(*items: Any, **more: Any) -> list[ArticleData | RowError]:
    """Read a feed of these items."""
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": list(items)} | more
    return list(json_feed.read(feed, "https://example.org/feed.json"))


def only(**values: Any) -> ArticleData:
    """Return the article of one good item with these values."""
    (article,) = [one for one in read(GOOD | values) if isinstance(one, ArticleData)]
    return article


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"url": "/b"}, "https://example.org/b"),
        ({"url": "", "external_url": "https://elsewhere.example/c"}, "https://elsewhere.example/c"),
        ({"url": None, "id": "https://example.org/d"}, "https://example.org/d"),
    ],
)
def test_an_item_is_at_its_page_or_where_it_points_to(values, url):
    """Its own address first, then that of what it is about, then its id where that is one."""
    assert only(**values).url == url


@pytest.mark.parametrize(("given", "guid"), [(7, "7"), (1.5, "1.5"), ({"a": 1}, None), (True, None), (None, None)])
def test_an_id_may_be_a_number(given, guid):
    """What is neither text nor number is none, and costs nothing else."""
    assert only(id=given).guid == guid


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"image": "/p.jpg", "banner_image": "/b.jpg"}, "https://example.org/p.jpg"),
        ({"banner_image": "/b.jpg"}, "https://example.org/b.jpg"),
        (
            {
                "attachments": [
                    {"url": "/a.mp3", "mime_type": "audio/mpeg"},
                    {"url": "/q.png", "mime_type": "image/png"},
                ]
            },
            "https://example.org/q.png",
        ),
        ({"content_html": "<p><img src='/i.jpg'></p>"}, "https://example.org/i.jpg"),
        ({"image": 7, "attachments": "odd"}, None),
        ({"image": {"url": "/p.jpg"}, "attachments": ["odd", {"url": 1}]}, None),
    ],
)
def test_the_picture_is_named_attached_or_in_the_text(values, url):
    """In that order; what is no address is none."""
    image = only(**values).image
    assert (image.url if image else None) == url


def test_dates_authors_and_texts_are_read_as_in_other_feeds():
    """Fractions of seconds, addresses of authors, the first paragraph where there is no summary, unknown extensions."""
    article = only(
        date_published="2026-11-23T10:00:00.1234567-05:00",
        authors=[{"name": "Ann Lee <ann@example.org>"}, {"name": "ann@example.org"}, {"name": 7}, "odd"],
        content_html="<p>First.</p><p>Second.<script>alert(1)</script></p>",
        tags=["Rail", 7, None],
        _extension={"about": "x"},
    )
    assert article.published_at is not None
    assert article.published_at.replace(microsecond=0) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert article.authors == ["Ann Lee", "7"]
    assert (article.standfirst, article.body_html) == ("First.", "First.\n\nSecond.")
    assert article.categories == ["Rail"]


def test_a_date_that_cannot_be_read_costs_only_itself():
    """The article is kept, and a sentence says so."""
    told, article = read(GOOD | {"date_published": "whenever"})
    assert str(told).startswith("item 1: Its date 'whenever' cannot be read")
    assert isinstance(article, ArticleData)


@pytest.mark.parametrize("odd", [["a"], {"a": 1}, True, 7])
@pytest.mark.parametrize("name", ["summary", "content_html", "content_text", "language", "date_published", "authors"])
def test_a_value_of_the_wrong_kind_costs_only_itself(name, odd):
    """The article is kept without it."""
    assert only(**{name: odd}).headline == "A"


def test_what_is_more_than_can_be_read_in_a_moment_is_left_out():
    """Many items, or long ones; a sentence says how many are missing."""
    assert str(read(*([GOOD] * 5_002))[-1]) == "feed: It is too large: its last 2 items were left out."
    long = read(*([GOOD | {"content_text": "x" * 300_000}] * 20))
    assert str(long[-1]) == "feed: It is too large: its last 6 items were left out."
