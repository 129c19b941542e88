"""Feeds of all kinds are read; a hostile or broken one gives sentences and costs no time."""

import time
from datetime import UTC, datetime

import pytest

from digest.articles.importing import feeds
from digest.articles.importing.data import ArticleData, RowError
from digest.errors import BadInput

ITEM = "<item><title>First</title><link>https://example.org/first</link></item>"
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><link>https://example.org/</link>
<language>en-GB</language>
<item><title>Salt &lt;b&gt;and&lt;/b&gt; iron &amp;amp; {{ x }}</title><link>/salt</link>
<guid isPermaLink="false">g1</guid>
<media:content url="https://example.org/small.jpg" medium="image" width="100"/>
<media:content url="/large.jpg" type="image/jpeg" width="900" height="600"><media:credit>AFP</media:credit>
<media:description>A salt lake</media:description></media:content>
<description>&lt;p&gt;What the lake &amp;amp; the mine know&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>Body</p><script>alert(1)</script>]]></content:encoded>
<dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator>
<category>South Caucasus</category><category>Editor’s choice</category>
<category>Water</category><category>News</category>
<category>Slow</category><pubDate>Mon, 23 Nov 2026 10:00:00 +0100</pubDate></item>
<item><title>Second</title><guid>https://example.org/second</guid><pubDate>whenever</pubDate>
<enclosure url="https://example.org/p.png" type="image/png" length="1"/></item>
<item><title>Third</title><link>https://example.org/third</link>
<enclosure url="https://example.org/talk.mp3" type="audio/mpeg" length="1"/>
<media:thumbnail url="https://example.org/t.jpg" width="75"/></item>
<item><link>https://example.org/no-title</link></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ru"><title>f</title>
<entry xml:lang="ka"><title type="html">&lt;i&gt;Ena&lt;/i&gt;</title><id>urn:1</id>
<link rel="alternate" href="https://example.org/a1"/><author><name>Ann</name></author>
<content type="html">&lt;p&gt;First paragraph.&lt;/p&gt;&lt;p&gt;Second.&lt;/p&gt;</content>
<updated>2026-11-23T10:00:60Z</updated><category term="geo" label="South Caucasus"/></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://example.org"><title>f</title></channel>
<item rdf:about="https://example.org/r1"><title>One</title><link>https://example.org/r1</link>
<dc:date>2026-11-23T10:00:00Z</dc:date><dc:creator>Ann</dc:creator></item></rdf:RDF>"""


def read(feed: str | bytes, base: str = "https://example.org/feed.xml") -> list[ArticleData | RowError]:
    """Read a feed."""
    return list(feeds.read(feed.encode() if isinstance(feed, str) else feed, base))


def articles(feed: str | bytes) -> list[ArticleData]:
    """Return only the articles of a feed."""
    return [one for one in read(feed) if isinstance(one, ArticleData)]


def test_rss_with_all_its_modules_is_read():
    """Texts, picture with words and credit, authors, categories as they stand, date, language: all arrive."""
    first = articles(RSS)[0]
    assert (first.url, first.guid) == ("https://example.org/salt", "g1")
    assert first.headline == "Salt and iron & {{ x }}"
    assert (first.standfirst, first.body_html) == ("What the lake & the mine know", "Body")
    assert first.authors == ["Ann", "Bob"]
    assert first.categories == ["South Caucasus", "Editor’s choice", "Water", "News", "Slow"]
    assert (first.language, first.published_at) == ("en", datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert first.image is not None
    assert (first.image.alt, first.image.credit, first.image.width, first.image.height) == (
        "A salt lake",
        "AFP",
        900,
        600,
    )


def test_pictures_come_from_enclosures_and_thumbnails_too():
    """An audio enclosure is none."""
    second, third = articles(RSS)[1:]
    assert second.image is not None
    assert second.image.url == "https://example.org/p.png"
    assert third.image is not None
    assert third.image.url == "https://example.org/t.jpg"


def test_an_entry_that_is_no_article_costs_only_itself():
    """Without a title: a RowError; with a bad date: told of, and kept."""
    told = [one for one in read(RSS) if isinstance(one, RowError)]
    assert [(one.where, one.kept) for one in told] == [("item 2", True), ("item 4", False)]
    assert told[0].sentence.startswith("Its date 'whenever' cannot be read")
    assert told[1].sentence == "It has no headline."


def test_atom_and_rdf_are_read():
    """The label of a category counts, the entry's language beats the feed's, a leap second is the next minute."""
    (atom,) = articles(ATOM)
    assert (atom.headline, atom.language, atom.categories) == ("Ena", "ka", ["South Caucasus"])
    assert (atom.standfirst, atom.body_html) == ("First paragraph.", "First paragraph.\n\nSecond.")
    assert atom.published_at == datetime(2026, 11, 23, 10, 1, tzinfo=UTC)
    (rdf,) = articles(RDF)
    assert (rdf.headline, rdf.authors, rdf.published_at) == ("One", ["Ann"], datetime(2026, 11, 23, 10, tzinfo=UTC))


def test_a_whole_article_in_the_summary_is_the_body():
    """Its first paragraph is the standfirst then."""
    text = "&lt;p&gt;Lead.&lt;/p&gt;&lt;p&gt;" + "word " * 400 + "&lt;/p&gt;"
    item = f"<item><title>T</title><link>https://example.org/a</link><description>{text}</description></item>"
    (article,) = articles(f"<rss version='2.0'><channel>{item}</channel></rss>")
    assert article.standfirst == "Lead."
    assert article.body_html.startswith("Lead.\n\nword word")


def test_an_address_behind_a_counter_is_the_articles_own():
    """feedburner:origLink is where the article is."""
    item = (
        "<item><title>T</title><link>https://feedproxy.example/1</link>"
        "<feedburner:origLink>https://example.org/real</feedburner:origLink></item>"
    )
    space = "xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'"
    assert articles(f"<rss version='2.0' {space}><channel>{item}</channel></rss>")[0].url == "https://example.org/real"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "iso-8859-1"),  # labelled wrongly, as many are
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1251", "windows-1251"),
        ("iso-2022-jp", "iso-2022-jp"),
        ("utf-8", "utf-7"),
        ("utf-8", "nonsense"),
        ("utf-8", "hex"),
    ],
)
def test_encodings_are_read_as_they_are_and_not_as_they_are_labelled(encoding, declared):
    """A wrong label does no harm; UTF-7, which can hide tags from others, is never honoured."""
    word = "こんにちは" if encoding == "iso-2022-jp" else "Привет"
    head = f"<?xml version='1.0' encoding='{declared}'?>"
    feed = f"{head}<rss version='2.0'><channel>{ITEM.replace('First', word)}</channel></rss>"
    assert articles(feed.encode(encoding))[0].headline == word


def test_letters_of_no_known_encoding_still_come_through():
    """What is neither UTF-8 nor labelled is taken for cp1252, or for Latin-1 where even that fails."""
    for byte in (b"\xe9", b"\x81\xe9"):
        feed = f"<rss version='2.0'><channel>{ITEM}</channel></rss>".encode().replace(b"First", b"Caf" + byte)
        assert articles(feed)[0].headline == "Café"


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


def test_an_empty_feed_is_no_error():
    """A feed may have nothing new."""
    assert read("<rss version='2.0'><channel><title>f</title></channel></rss>") == []


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!-- x --><?p x?>\n<!doctype rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "<!DOCTYPE rss><!DOCTYPE rss [<!ENTITY a 'x'>]>",
    ],
)
def test_a_feed_with_definitions_of_its_own_is_refused(head):
    """Entity bombs and external entities are not even parsed."""
    feed = f"{head}<rss version='2.0'><channel>{ITEM.replace('First', '&b;&x;')}</channel></rss>"
    with pytest.raises(BadInput, match="DTD"):
        read(feed)
    with pytest.raises(BadInput, match="DTD"):
        read(feed.encode("utf-16"))


def test_a_plain_doctype_is_cut_out():
    """RSS 0.91 has one; nothing is fetched for it, and what stands around it stays."""
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:1/rss.dtd">'
    assert articles(f"<!-- a -->{doctype}<rss version='0.91'><channel>{ITEM}</channel></rss>")[0].headline == "First"
    assert feeds.without_doctype("  <?p x?> <!DOCTYPE a> <a/>") == "<?p x?><a/>"
    for unfinished in ("<!-- x", "<?p", "<!DOCTYPE a", "   "):
        assert feeds.without_doctype(unfinished).strip() in (unfinished.strip(), "")


@pytest.mark.parametrize(
    "inside",
    [
        "<a>" * 100_000 + "</a>" * 100_000,
        "<item><title>x</title><description>" + "<div>" * 100_000 + "</description></item>",
        "<item><title>" + "<" * 100_000 + "</title></item>",
        "<item><title>" + "&amp;lt;" * 100_000 + "</title></item>",
        "<item><title>" + "<!--" * 100_000 + "</title></item>",
    ],
    ids=["tags", "divs", "angles", "entities", "comments"],
)
def test_hostile_xml_costs_no_time(inside):
    """Deep or broken XML is done with quickly, and the good item before it is kept."""
    started = time.process_time()
    assert articles(f"<rss version='2.0'><channel>{ITEM}{inside}</channel></rss>")[0].headline == "First"
    assert time.process_time() - started < 10


def test_doctypes_by_the_thousand_cost_no_time():
    """A head of nothing but declarations is walked once."""
    started = time.process_time()
    read("<!DOCTYPE a>" * 100_000 + f"<rss version='2.0'><channel>{ITEM}</channel></rss>")
    assert time.process_time() - started < 10


def test_a_headline_of_ten_megabytes_is_refused_with_the_feed():
    """Feeds are bounded as a whole."""
    with pytest.raises(BadInput, match="at most 5,000,000"):
        read(f"<rss version='2.0'><channel>{ITEM.replace('First', 'x' * 10_000_000)}</channel></rss>")
    with pytest.raises(BadInput, match="over 400,000 tags"):
        read(f"<rss version='2.0'><channel>{ITEM}{'<a>' * 500_000}</channel></rss>")


def test_a_date_that_no_calendar_has_is_left_out():
    """The loose parser can give month 13 or day 32; that is no crash."""
    item = ITEM.replace("</item>", "<pubDate>Thu, 32 Dec 2026 99:99:99 GMT</pubDate></item>")
    assert articles(f"<rss version='2.0'><channel>{item}</channel></rss>")[0].published_at is None
    assert feeds._published({"published_parsed": (2026, 13, 1, 0, 0, 0, 0, 0, 0)}) is None
