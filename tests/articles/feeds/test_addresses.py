"""Which feed an address is, what it gives, what is asked for, and what of it may be printed."""

import pytest

from digest.articles.feeds.addresses import (
    as_options,
    chooses_its_page,
    feed_id,
    host_of,
    is_masked,
    kind_of,
    listed,
    parse_keep,
    request_url,
)
from digest.articles.feeds.models import FeedKind
from digest.errors import BadInput
from digest.fetching import masked


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.Example.org/feed/", "example.org/feed"),
        ("https://example.org/feed?cat=3", "example.org/feed?cat=3"),
        ("https://example.org/feed?b=2&a=1#top", "example.org/feed?a=1&b=2"),
        ("https://example.org/?feed=rss2", "example.org?feed=rss2"),
        ("https://w.example/wp-json/wp/v2/posts?_embed&per_page=9&page=1", "w.example/wp-json/wp/v2/posts"),
        ("https://w.example/wp-json/wp/v2/posts?categories=4", "w.example/wp-json/wp/v2/posts?categories=4"),
        ("https://w.example/?rest_route=/wp/v2/posts&_fields[]=id", "w.example?rest_route=/wp/v2/posts"),
        ("https://g.example/ghost/api/content/posts/?key=s3cret&limit=5", "g.example/ghost/api/content/posts"),
        ("https://g.org/ghost/api/content/posts/?key=a&filter=tag:x", "g.org/ghost/api/content/posts?filter=tag:x"),
    ],
)
def test_the_id_of_a_feed_is_its_address_with_what_tells_feeds_apart(url, expected):
    """The query is kept, how much is asked for and by whom is not."""
    assert feed_id(url) == expected
    assert feed_id(expected) == expected


def test_a_key_that_may_tell_feeds_apart_is_never_readable_in_an_id():
    """Two feeds with a token each are two feeds, and neither token can be read from its id."""
    one, two = (feed_id(f"https://example.org/feed?token={token}") for token in ("s3cret", "other"))
    assert one != two
    assert "s3cret" not in one


def test_what_is_no_address_has_no_id():
    """A sentence says so."""
    with pytest.raises(BadInput, match="no host"):
        feed_id("https://")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.org/feed", FeedKind.feed),
        ("https://example.org/wp-json/wp/v2/posts", FeedKind.wordpress),
        ("https://example.org/?rest_route=%2Fwp%2Fv2%2Fposts", FeedKind.wordpress),
        ("https://example.org/ghost/api/content/posts/?key=x", FeedKind.ghost),
        ("https://example.org/ghost/api/v3/content/posts/?key=x", FeedKind.ghost),
    ],
)
def test_the_kind_shows_in_the_address(url, kind):
    """WordPress and Ghost have addresses of their own."""
    assert kind_of(url) == kind


def test_wordpress_and_ghost_are_told_how_much_to_give():
    """Names and pictures are asked for, and fifty posts, unless the address says otherwise."""
    assert request_url("https://e.org/wp-json/wp/v2/posts#x", FeedKind.wordpress) == (
        "https://e.org/wp-json/wp/v2/posts?_embed=author,wp:featuredmedia,wp:term&per_page=50"
    )
    given = "https://e.org/wp-json/wp/v2/posts?per_page=7&_embed"
    assert request_url(given, FeedKind.wordpress) == given
    assert request_url(given, FeedKind.wordpress, 3) == given + "&page=3"
    assert request_url("https://e.org/ghost/api/content/posts/?key=k", FeedKind.ghost) == (
        "https://e.org/ghost/api/content/posts/?key=k&include=tags,authors&limit=50"
    )
    assert request_url("https://e.org/feed?x=1", FeedKind.feed) == "https://e.org/feed?x=1"
    assert request_url("https://e.org/feed", "most_read") == "https://e.org/feed"


def test_an_address_may_choose_its_page_and_hide_its_key():
    """Such an address is not paged; a masked key is known for what it is."""
    assert chooses_its_page("https://e.org/posts?offset=3")
    assert not chooses_its_page("https://e.org/posts?per_page=3")
    shown = masked("see https://me:pw@e.org/a?x=1&key=abc, https://e.org/?api_key=d and https://e.org/monkey=1")
    assert shown == "see https://e.org/a?x=1&key=*** https://e.org/?api_key=*** and https://e.org/monkey=1"
    assert is_masked("https://e.org/a?x=1&key=***")
    assert not is_masked("https://e.org/a?x=1&key=abc")
    assert host_of("https://WWW.e.org:8080/a") == "e.org"


def test_query_keys_that_name_articles_are_read_and_written():
    """SITE=KEY, again and again; what cannot be read is a sentence."""
    keep = parse_keep(["https://www.e.org=ID", "e.org=p", "f.org=q"])
    assert keep == {"e.org": {"id", "p"}, "f.org": {"q"}}
    assert as_options(keep) == ["e.org=id", "e.org=p", "f.org=q"]
    with pytest.raises(BadInput, match="Write --keep-query"):
        parse_keep(["e.org"])


def test_long_lists_of_names_are_cut():
    """A sentence stays a sentence."""
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(n) for n in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
