"""The picture of a feed's item: the widest real one, with the words and the credit that belong to it."""

import pytest

from digest.articles.importing import feeds
from digest.articles.importing.data import ArticleData, ImageData

HEAD = (
    "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    " xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>f</title>"
    "<image><url>https://example.org/logo.png</url><title>Logo</title><link>https://example.org/</link></image>"
)
BIG, SMALL = "https://example.org/big.jpg", "https://example.org/small.jpg"


def picture(inside: str, base: str = "https://example.org/feed.xml") -> ImageData | None:
    """Return the picture of the one item of a feed, whose title and address must not be those of a picture."""
    item = f"<item><title>T</title><link>https://example.org/a</link>{inside}</item>"
    (article,) = feeds.read(f"{HEAD}{item}</channel></rss>".encode(), base)
    assert isinstance(article, ArticleData)
    assert (article.headline, article.url) == ("T", "https://example.org/a")
    return article.image


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (f"<media:content url='{BIG}'/>", BIG),
        (f"<media:content url='{BIG}' type='application/octet-stream'/>", BIG),
        (f"<media:content url='{SMALL}' width='100'/><media:content url='{BIG}' width='900px'/>", BIG),
        (f"<media:thumbnail url='{SMALL}' width='75'/><enclosure url='{BIG}' type='image/jpeg' length='1'/>", BIG),
        (f"<media:thumbnail url='{SMALL}'/><media:content url='{BIG}' medium='image'/>", BIG),
        (f"<media:thumbnail>{SMALL}</media:thumbnail>", SMALL),
        (
            f"<media:group><media:content url='a.mp4' type='video/mp4'/><media:thumbnail url='{BIG}'/></media:group>",
            BIG,
        ),
        (f"<media:content url='a.mp4' medium='video'><media:thumbnail url='{BIG}'/></media:content>", BIG),
        (f"<enclosure url='a.mp3' type='audio/mpeg'/><enclosure url='{BIG}' type='image/png'/>", BIG),
        ("<media:content url='p/big.jpg' medium='image'/>", "https://example.org/p/big.jpg"),
        (f"<image><title>x</title><link>https://example.org/x</link><url>{BIG}</url></image>", BIG),
        (f"<image>{BIG}</image>", BIG),
        (f"<image href='{BIG}'/>", BIG),
        ("<image/>", None),
        ("<media:thumbnail/>", None),
        (f"<itunes:image href='{BIG}'/>", BIG),
        ("<media:content url='https://example.org/1x1.gif' width='1' height='1' medium='image'/>", None),
        ("<media:content url='a.mp3' type='audio/mpeg'/>", None),
    ],
)
def test_the_widest_picture_is_taken(given, url):
    """Media RSS with and without groups, enclosures, images of an item; the logo of the feed is none."""
    found = picture(given)
    assert (found.url if found else None) == url


def test_words_and_credit_are_those_of_the_picture_itself():
    """A feed with two pictures gives each its own; what stands beside them is for all."""
    given = (
        f"<media:content url='{SMALL}' width='100'><media:credit>Bob</media:credit>"
        "<media:description>Small</media:description></media:content>"
        f"<media:content url='{BIG}' width='900' height='600'><media:credit role='photographer'>Ann</media:credit>"
        "<media:credit>AFP</media:credit><media:description type='plain'>A salt lake</media:description>"
        "</media:content>"
    )
    found = picture(given)
    assert found == ImageData(url=BIG, alt="A salt lake", credit="Ann, AFP", width=900, height=600)
    beside = picture(f"<media:group><media:content url='{BIG}'/><media:credit>AFP</media:credit></media:group>")
    assert beside is not None
    assert beside.credit == "AFP"


def test_the_description_of_a_film_is_no_summary_of_an_article_that_has_one():
    """It stands in for one only where the feed gives none, as those of films do."""
    film = "<media:group><media:description>About the film</media:description></media:group>"
    for more, standfirst in (("", "About the film"), ("<description>D</description>", "D")):
        item = f"<item><title>T</title><link>https://example.org/a</link>{film}{more}</item>"
        (article,) = feeds.read(f"{HEAD}{item}</channel></rss>".encode())
        assert isinstance(article, ArticleData)
        assert article.standfirst == standfirst


@pytest.mark.parametrize(
    ("html", "url"),
    [
        (
            "<p>x</p><figure><img src='/p.jpg' width='800' height='600' alt='A lake'></figure>",
            "https://example.org/p.jpg",
        ),
        ("<img src='https://example.org/emoji/1.png'><img src=/p.jpg>", "https://example.org/p.jpg"),
        ("<img src='/1.gif' width=1 height=1><img src='/p.jpg'>", "https://example.org/p.jpg"),
        ("<img src='data:image/gif;base64,R0' data-src='/p.jpg'>", "https://example.org/p.jpg"),
        ("<img src='data:x' srcset='/s.jpg 300w, /p.jpg 900w'>", "https://example.org/p.jpg"),
        ("<img src='/p.jpg?a=1&amp;b=2'>", "https://example.org/p.jpg?a=1&b=2"),
        ("<img src='javascript:alert(1)'>", None),
        ("<img src='data:image/png;base64,AA'>", None),
        ("<img>" * 30 + "<img src='/p.jpg'>", None),
        ("<img srcset='odd, one two three'>", None),
    ],
)
def test_the_first_real_picture_of_a_text_is_the_last_resort(html, url):
    """Counters, smiles and scripts are none; one that loads late is found; only the first tags are looked at."""
    found = picture(f"<content:encoded><![CDATA[{html}]]></content:encoded>")
    assert (found.url if found else None) == url
    assert found is None or found.alt in ("", "A lake")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://[x", "data:image/png;base64,AA", "file:///etc/passwd"]
)
def test_an_address_that_is_none_costs_the_picture_only(address):
    """The article is kept, and a sentence says what was wrong."""
    media = f"<media:content url='{address}' medium='image'/>"
    item = f"<item><title>T</title><link>https://example.org/a</link>{media}</item>"
    told, article = feeds.read(f"{HEAD}{item}</channel></rss>".encode(), "https://example.org/")
    assert "That was left out; the article was kept." in str(told)
    assert isinstance(article, ArticleData)
    assert article.image is None


def test_a_picture_drawn_in_a_text_is_none_of_the_item():
    """An <image> in CDATA belongs to a drawing in the text, which is left alone."""
    html = "<svg><image href='/a.jpg'/></svg><p>Words</p>"
    assert picture(f"<description><![CDATA[{html}]]></description>") is None
