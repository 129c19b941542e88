"""Feeds of all kinds are read; a hostile or broken one gives sentences and costs no time."""

from datetime import UTC, datetime

import pytest

from digest.articles.importing.data import RowError
from tests.articles.importing.feed_samples import ITEM, articles, one, read

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


def test_an_empty_feed_is_no_error():
    """A feed may have nothing new."""
    assert read("<rss version='2.0'><channel><title>f</title></channel></rss>") == []


def test_a_date_that_no_calendar_has_is_left_out():
    """The article is kept, and counts as published when it is first seen."""
    item = ITEM.replace("</item>", "<pubDate>Thu, 32 Dec 2026 99:99:99 GMT</pubDate></item>")
    assert articles(f"<rss version='2.0'><channel>{item}</channel></rss>")[0].published_at is None


@pytest.mark.parametrize(
    ("given", "authors"),
    [
        ("<author>jane@example.org (Jane Doe)</author>", ["Jane Doe"]),
        ("<author>Jane Doe &lt;jane@example.org&gt;</author>", ["Jane Doe"]),
        ("<author>jane@example.org</author>", []),
        ("<author>joe\\@example.com</author>", []),
        ("<dc:creator>Jane Doe, John Roe and Ann Lee</dc:creator>", ["Jane Doe", "John Roe", "Ann Lee"]),
        ("<dc:creator>Jane Doe; Reuters</dc:creator>", ["Jane Doe", "Reuters"]),
        ("<dc:creator>Doe, Jane</dc:creator>", ["Doe, Jane"]),
        ("<dc:creator>Jane Doe, Staff Writer</dc:creator>", ["Jane Doe, Staff Writer"]),
        ("<dc:creator>Ann</dc:creator><author>x@example.org (Ann)</author>", ["Ann"]),
        ("<dc:creator><![CDATA[<a href='https://example.org'>Ann Lee</a>]]></dc:creator>", ["Ann Lee"]),
    ],
)
def test_authors_are_names_and_never_addresses(given, authors):
    """No e-mail address is ever kept; several names are told apart only where they clearly are several."""
    assert one(given).authors == authors


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("<guid>https://example.org/g</guid>", "https://example.org/g"),
        ("<guid>https://example.org/g</guid><link>/l</link>", "https://example.org/l"),
        ("<guid isPermaLink='true'>https://example.org/g</guid>", "https://example.org/g"),
        ("<atom:link rel='self' href='/self'/><link>/l</link>", "https://example.org/l"),
        ("<link> https://example.org/a b?x=1&amp;copy=2 </link>", "https://example.org/a%20b?x=1&copy=2"),
        ("<link><![CDATA[https://example.org/c]]></link>", "https://example.org/c"),
    ],
)
def test_an_article_has_the_address_of_its_page(given, address):
    """A link, else a guid that is one; not that of the feed or of an edit."""
    (article,) = articles(
        "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel>"
        f"<item><title>T</title>{given}</item></channel></rss>"
    )
    assert article.url == address


def test_a_guid_that_is_no_page_is_no_address():
    """IsPermaLink says so; the item is told of."""
    told = read(
        "<rss version='2.0'><channel><item><title>T</title><guid isPermaLink='false'>https://example.org/1</guid></item>"
        "</channel></rss>"
    )
    assert [str(each) for each in told] == ["item 1: It has no url."]


def test_of_the_links_of_an_atom_entry_the_page_counts():
    """The first page, in no other language; what is relative is so to xml:base; edit, self and enclosure are none."""
    links = (
        "<link rel='edit' href='/edit'/><link rel='enclosure' href='/a.mp3'/><link hreflang='de' href='/de'/>"
        "<link rel='alternate' type='text/html' href='here'/><link href='/other'/><link rel='self' href='/self'/>"
    )
    entry = f"<entry xml:base='in/'><title>T</title><id>urn:1</id>{links}</entry>"
    (article,) = articles(f"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://b.example/x/'>{entry}</feed>")
    assert article.url == "https://b.example/x/in/here"


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ("<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>A <b>b</b></p></div></content>", "A b"),
        ("<content type='html'><![CDATA[<p>A</p><p>b</p>]]></content>", "A\n\nb"),
        ("<content>A &lt;3 b</content>", "A <3 b"),
        ("<content type='text/html' mode='escaped'>&lt;p&gt;A&lt;/p&gt;</content>", "A"),
    ],
)
def test_content_of_all_types_becomes_text(content, body):
    """XHTML, HTML escaped or in CDATA, plain text; as Atom 1.0 and 0.3 write it."""
    entry = f"<entry><title>T</title><link href='https://example.org/a'/>{content}</entry>"
    assert articles(f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>")[0].body_html == body


@pytest.mark.parametrize(
    ("root", "item"),
    [
        ("rss version='0.91'", "item"),
        ("rss version='0.92'", "item"),
        ("rss version='2.0' xmlns='http://backend.userland.com/rss2'", "item"),
        ("RSS", "ITEM"),
    ],
)
def test_all_dialects_of_rss_are_read(root, item):
    """Old versions, one with a namespace of its own, one in capitals, whose end does not match."""
    assert one("<description>D</description>", root=root, around=item).standfirst == "D"


@pytest.mark.parametrize(
    ("space", "name"),
    [
        ("http://my.netscape.com/rdf/simple/0.9/", "channel"),
        ("http://channel.netscape.com/rdf/simple/0.9/", "channel"),
        ("http://purl.org/net/rss1.1#", "Channel"),
    ],
)
def test_the_rdf_dialects_are_read(space, name):
    """RSS 0.90 under both its addresses, and 1.1."""
    rdf = "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"
    feed = f"<rdf:RDF {rdf} xmlns='{space}'><{name}><title>f</title></{name}>{ITEM}</rdf:RDF>"
    assert [each.headline for each in articles(feed)] == ["First"]


def test_dates_say_when_an_article_was_published():
    """Not when it was changed; a date that cannot be read gives way to one that can."""
    assert one("<dcterms:modified>2026-11-23T10:00:00Z</dcterms:modified>").published_at is None
    both = one("<pubDate>whenever</pubDate><dc:date>2026-11-23T10:00:00Z</dc:date>")
    assert both.published_at == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_categories_come_raw_and_keywords_do_not():
    """dc:subject is one; the keywords of a picture are none."""
    given = "<category>A</category><dc:subject>B</dc:subject><media:keywords>x, y</media:keywords>"
    assert one(given).categories == ["A", "B"]


def test_a_language_that_is_none_is_not_told_of_for_each_item():
    """Some feeds are in "English"."""
    channel = f"<channel><language>English (UK)</language>{ITEM * 2}</channel>"
    assert [each.language for each in articles(f"<rss version='2.0'>{channel}</rss>")] == [None, None]
