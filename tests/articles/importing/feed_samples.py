"""Feeds of one item, and how the tests read them."""

from digest.articles.importing import feeds
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.importing.feed_spaces import BY_PREFIX

ITEM = "<item><title>First</title><link>https://example.org/first</link></item>"


def read(feed: str | bytes, base: str = "https://example.org/feed.xml") -> list[ArticleData | RowError]:
    """Read a feed."""
    return list(feeds.read(feed.encode() if isinstance(feed, str) else feed, base))


def articles(feed: str | bytes) -> list[ArticleData]:
    """Return only the articles of a feed."""
    return [one for one in read(feed) if isinstance(one, ArticleData)]


def one(inside: str, *, root: str = "rss version='2.0'", around: str = "item") -> ArticleData:
    """Return the one article of an RSS feed whose item has a title, an address, and what is given."""
    spaces = " ".join(f"xmlns:{prefix}='{address}'" for prefix, address in BY_PREFIX.items())
    item = f"<{around}><title>T</title><link>https://example.org/a</link>{inside}</{around}>"
    (article,) = articles(f"<{root} {spaces}><channel><title>f</title>{item}</channel></rss>")
    return article
