"""Broken markup, cut feeds and odd namespaces lose nothing that can be read."""

import pytest

from digest.articles.importing.data import ArticleData, RowError
from digest.errors import BadInput
from tests.articles.importing.feed_samples import ITEM, articles, read


def test_a_broken_feed_loses_nothing_that_can_be_read():
    """Cut off in the middle: what stands before comes, and a sentence says where it broke."""
    told, first = read(f"<rss version='2.0'><channel>{ITEM}<item><title>Cut")[:2]
    assert isinstance(told, RowError)
    assert told.kept
    assert told.sentence.startswith("It is not well-formed (")
    assert isinstance(first, ArticleData)


@pytest.mark.parametrize("feed", ["<rss version='2.0'><channel>", "<rss", "<feed>nothing", "no feed", ""])
def test_what_is_no_feed_is_a_sentence(feed):
    """Nothing readable: BadInput."""
    with pytest.raises(BadInput, match="no feed that can be read"):
        read(feed)


@pytest.mark.parametrize(
    ("broken", "headline"),
    [
        ("<title>Fish & chips &nbsp;&eacute; &unknown; &#0;x</title>", "Fish & chips é &unknown; x"),
        ("<title>A <3 B</title>", "A <3 B"),
        ("<title>nul\x00 bell\x07</title>", "nul bell"),
        ("<title>A</title><odd:x>y</odd:x><media:credit>z</media:credit>", "A"),
        ("<title>A</title><p><br>b</p></i></div>", "A"),
        ("<title>A</title><x a=1 a=2 b='<' c>y</x>", "A"),
        ("<title>A]]> b</title>", "A]]> b"),
        ("<title><![CDATA[A & <b>b</b>]]></title>", "A & b"),
        ("<title>A</title><!-- never ends", "A"),
        ("<title>A &amp;amp; B &amp;lt;i&amp;gt;c&amp;lt;/i&amp;gt;</title>", "A & B c"),
    ],
)
def test_broken_markup_loses_nothing(broken, headline):
    """Stray letters, names and tags that XML does not allow: title, address and the next item still come."""
    feed = f"<rss version='2.0'><channel><item><link>https://example.org/a</link>{broken}</item>{ITEM}</channel></rss>"
    first, second = articles(feed)
    assert (first.headline, second.headline) == (headline, "First")


def test_forgotten_ends_do_not_run_items_together():
    """An address that is not closed ends where the next element starts, an item where the next item does."""
    items = "<item><title>A</title><link>https://example.org/a<guid>1</guid>" * 2
    found = articles(f"<rss version='2.0'><channel>{items}{ITEM}</channel></rss>")
    assert [each.url for each in found] == ["https://example.org/a"] * 2 + ["https://example.org/first"]


@pytest.mark.parametrize(
    ("cut", "count"),
    [
        ("<item><title>T</title><link>https://example.org/lo", 1),
        ("<item><title>Hal", 1),
        ("<item><title>T</title><link>https://example.org/a</link><description>Half a te", 2),
        ("<item><title>T</title><link>https://example.org/a</link>", 2),
    ],
)
def test_a_feed_that_breaks_off_gives_no_half_address(cut, count):
    """An item whose title or address is cut is left out; one whose text is cut is kept."""
    assert len(articles(f"<rss version='2.0'><channel>{ITEM}{cut}")) == count


@pytest.mark.parametrize(
    "address", ["https://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss", " http://search.yahoo.com/mrss/"]
)
def test_namespaces_are_known_by_what_they_mean(address):
    """Other prefixes, https, a slash more or less, a blank: the picture is found."""
    item = ITEM.replace("</item>", "<m:content url='https://example.org/p.jpg' medium='image'/></item>")
    (article,) = articles(f"<rss version='2.0' xmlns:m='{address}'><channel>{item}</channel></rss>")
    assert article.image is not None


def test_a_feed_of_ten_megabytes_is_refused():
    """Feeds are bounded as a whole."""
    with pytest.raises(BadInput, match="at most 5,000,000"):
        read(f"<rss version='2.0'><channel>{ITEM.replace('First', 'x' * 10_000_000)}</channel></rss>")
