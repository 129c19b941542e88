"""Lists of feeds from and for other readers: what is written is read back the same, and no list breaks the reader."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.articles.feeds import opml
from digest.articles.feeds.keeping import FeedData
from digest.articles.feeds.meanings import region_names
from digest.articles.feeds.models import Feed, FeedKind
from digest.articles.importing import plain
from digest.errors import BadInput
from digest.regions import Region
from tests.conftest import NOW

REGIONS = [
    Region.model_validate({"id": slug, "names": {"en": name}})
    for slug, name in {"south-caucasus": "South Caucasus", "central-asia": "Central Asia"}.items()
]
NAMES = region_names(REGIONS)
LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Mine</title></head><body>
<outline text="World"><outline text="South Caucasus"><outline title="By title" xmlUrl="https://a.example/feed"/>
<outline text="Inner"><outline text="Deep &amp; plain" type="rss" xmlURL="https://b.example/feed?a=1&b=2"/></outline>
</outline><outline text="By category" category="/x,/News/Central Asia" xmlUrl="https://c.example/feed"/></outline>
<outline text="Caf&eacute;&nbsp;" xmlUrl="https://d.example/feed" language="en-us"/>
<outline text="No feed" htmlUrl="https://e.example"/><outline text="Empty" xmlUrl=""/>
<outline text="Nonsense" xmlUrl="https://f.example/feed" language="??" digest:kind="odd" digest:every="often"/>
</body></opml>"""


def feeds(content: str | bytes) -> list[FeedData]:
    """Return the feeds of a list."""
    return opml.read(content.encode() if isinstance(content, str) else content, NAMES)


def test_a_list_is_read_with_its_groups():
    """Nested groups, titles for texts, regions by category or the innermost group, and what lists get wrong."""
    found = feeds(LIST)
    assert [(one.name, one.url, one.region, one.language) for one in found] == [
        ("By title", "https://a.example/feed", "south-caucasus", "en"),
        ("Deep & plain", "https://b.example/feed?a=1&b=2", "south-caucasus", "en"),
        ("By category", "https://c.example/feed", "central-asia", "en"),
        ("Café", "https://d.example/feed", None, "en"),
        ("Nonsense", "https://f.example/feed", None, "en"),
    ]
    assert found[-1].kind is None
    assert found[-1].every_minutes == 30


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_odd_encodings_are_read(encoding: str):
    """By their mark, as declared, or as what most systems write."""
    text = '<opml version="2.0"><body><outline text="Zürich" xmlUrl="https://a.example/"/></body></opml>'
    assert [one.name for one in feeds(text.encode(encoding))] == ["Zürich"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no OPML that can be read"),
        (b"<opml><body>", "no OPML that can be read: .*line 1"),
        (b"<html><body/></html>", "first element must be <opml>"),
        (b'<!DOCTYPE opml SYSTEM "http://x.example/a.dtd"><opml/>', "a DTD"),
        (b'<!DOCTYPE opml [<!ENTITY a "aaaa">]><opml>&a;</opml>', "a DTD"),
        (b"<opml>" + b"<outline>" * 60 + b"</outline>" * 60 + b"</opml>", "over 50 deep"),
        (b"<opml>" + b"<outline>" * 200_000, "over 50 deep"),
        (b"<opml>" + b'<outline xmlUrl="https://a.example/"/>' * 5_001 + b"</opml>", "over 5,000 feeds"),
        (b" " * 5_000_001, "over 5 MB"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(content: bytes, sentence: str):
    """Definitions of its own, depth, size: bounded, and said."""
    with pytest.raises(BadInput, match=sentence):
        opml.read(content, NAMES)


def stored(number: int, **values) -> Feed:
    """Return a feed as it is stored."""
    url = f"https://a.example/{number}"
    known = {"id": f"a.example/{number}", "url": url, "added_at": NOW, "next_at": NOW + timedelta(hours=1)}
    return Feed.model_validate(known | values)


FEEDS = st.fixed_dictionaries(
    {
        "name": st.text(max_size=60).map(lambda text: plain.line(text, 120)),
        "region": st.sampled_from([None, "south-caucasus", "central-asia"]),
        "language": st.sampled_from(["en", "ka", "zh-hant"]),
        "kind": st.sampled_from(FeedKind),
        "every_minutes": st.integers(5, 10_080),
        "keep_query": st.sampled_from([[], ["a.example=id", "a.example=p"]]),
        "query": st.sampled_from(["", "?a=1&b=%22", "?q=<'\">", "?key=s3cret"]),
    }
)


@given(st.lists(FEEDS, max_size=5))
def test_what_is_written_is_read_back_the_same(given_feeds):
    """Every setting of every feed, with keys for a move; without them no key is in it."""
    kept = []
    for number, values in enumerate(given_feeds):
        query = values.pop("query")
        kept.append(stored(number, **values, **({"url": f"https://a.example/{number}{query}"} if query else {})))
    found = {one.url: one for one in feeds(opml.write(kept, REGIONS, NOW, with_keys=True))}
    assert set(found) == {feed.url for feed in kept}
    for feed in kept:
        one = found[feed.url]
        assert one.name == (feed.name or feed.id)
        assert (one.region, one.language, one.kind) == (feed.region, feed.language, feed.kind)
        assert (one.every_minutes, list(one.keep_query)) == (feed.every_minutes, feed.keep_query)
    assert b"s3cret" not in opml.write(kept, REGIONS, NOW)


def test_a_written_list_is_what_other_readers_read():
    """OPML 2.0 with a group for each region, after those without one; the same list gives the same bytes."""
    kept = [stored(1, region="south-caucasus", name="A & B"), stored(2)]
    text = opml.write(kept, REGIONS, NOW).decode()
    assert text == opml.write(kept, REGIONS, NOW).decode()
    assert (
        '<outline text="South Caucasus">\n      <outline type="rss" text="A &amp; B" xmlUrl="https://a.example/1"'
        in text
    )
    assert "Tue, 24 Nov 2026 06:00:00 GMT" in text
    assert text.index("a.example/2") < text.index("South Caucasus")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content: bytes):
    """A list, or a sentence."""
    for whole in (content, b"<opml><body>" + content + b"</body></opml>"):
        found: list[FeedData] = []
        with suppress(BadInput):
            found = opml.read(whole, NAMES)
        assert all(isinstance(one, FeedData) for one in found)
