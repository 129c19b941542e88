"""The article of a web page, however the page says what it is; and pages that are none."""

from contextlib import suppress
from time import process_time
from typing import Any

import pytest

from digest.articles.importing import linked_data, markup, page, page_addresses, reading
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.importing.reading import Origin
from digest.errors import BadInput
from tests.articles.importing.page_making import HEADLINE, SITE, Sample, linked
from tests.articles.importing.page_making import page as html
from tests.articles.importing.page_samples import SAMPLES
from tests.articles.importing.page_samples_more import MORE

URL = f"{SITE}/world/ferry-is-back"


def one(content: str | bytes, url: str = URL, content_type: str = "") -> tuple[ArticleData, list[str]]:
    """Read a page; returns its article and what was said about it."""
    raw = content.encode() if isinstance(content, str) else content
    found = list(page.read(raw, url, content_type))
    (article,) = (item for item in found if isinstance(item, ArticleData))
    return article, [str(item) for item in found if isinstance(item, RowError)]


def facts(article: ArticleData) -> dict[str, Any]:
    """Return what an article says, flat, without what it does not say."""
    plain = article.model_dump(exclude={"image", "canonical_url", "categories"}, exclude_defaults=True)
    image = article.image.model_dump(exclude_defaults=True) if article.image else {}
    plain |= {"image" if name == "url" else f"image_{name}": value for name, value in image.items()}
    plain |= {"published_at": article.published_at.isoformat()} if article.published_at else {}
    return plain | ({"categories": article.categories} if article.categories else {})


@pytest.mark.parametrize("sample", [*SAMPLES, *MORE], ids=lambda sample: sample.name)
def test_pages_as_systems_write_them(sample: Sample):
    """Each field is what a person would copy from the page; what is not said is left empty."""
    article, said = one(sample.html, sample.url, sample.content_type)
    wanted = {name: value for name, value in sample.expected.items() if name != "canonical_url"}
    assert facts(article) == wanted
    assert article.canonical_url in ("", article.url)
    assert said == [] or sample.expected.get("published_at") is None


def test_there_are_enough_samples():
    """The list is found by looking through the module, so a slip would empty it."""
    assert len([*SAMPLES, *MORE]) >= 25


@pytest.mark.parametrize(
    ("content", "url", "sentence"),
    [
        (html("<title></title>"), URL, "without a headline"),
        (
            html('<title>The Meridian</title><meta property="og:site_name" content="The Meridian">'),
            URL,
            "without a headline",
        ),
        (
            html('<meta property="og:type" content="website"><title>The Meridian</title>'),
            f"{SITE}/?utm_source=a",
            "front page",
        ),
        (html(linked(f'{{"@type":"NewsArticle","headline":"{HEADLINE}"}}')), f"{SITE}/en/", "front page"),
        (html("<title>Sign in to continue</title>", "<form><input type=password></form>"), URL, "Sign in"),
        (html("<title>Mein Konto</title>", "<input type=password>"), f"{SITE}/login?next=x", "a login"),
        (html("<title>Before you continue to the site</title>"), "https://consent.example/m", "a question"),
        (html("<title>404 | Not Found</title>"), URL, "an error"),
        (html("<title>Seite nicht gefunden – Meridian</title>"), URL, "an error"),
        (html("<title>Страница не найдена</title>"), URL, "an error"),
        (html("<title>Just a moment...</title>"), URL, "an error"),
        (
            html('<title>World</title><link rel="alternate" type="application/atom+xml" href="feed">'),
            f"{SITE}/world/",
            f"not a feed. It names this feed: {SITE}/world/feed",
        ),
        (
            html("<title>World</title>" + linked('{"@graph":[{"@type":["CollectionPage","WebPage"],"name":"World"}]}')),
            f"{SITE}/world/",
            "page of a list",
        ),
        (html(f"<title>{HEADLINE}</title>"), "", "does not say its own address"),
    ],
)
def test_pages_without_an_article_are_a_sentence(content: str, url: str, sentence: str):
    """Front pages, walls, errors, lists and pages that say nothing: refused, with the feed where one is named."""
    with pytest.raises(BadInput, match=sentence.replace("?", r"\?")):
        list(page.read(content.encode(), url))


def test_an_article_about_errors_is_an_article():
    """What says that it is an article is believed, whatever its headline."""
    article, _ = one(
        html('<meta property="og:type" content="article"><meta property="og:title" content="404 jobs lost">')
    )
    assert article.headline == "404 jobs lost"
    article, _ = one(html("<title>Missing boat found, captain not found guilty</title>"))
    assert article.headline.startswith("Missing boat")


def test_a_page_with_a_feed_is_read_where_it_says_that_it_is_an_article():
    """Nearly every article page names the site's feed."""
    head = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    article, _ = one(html(head + linked(f'{{"@type":"NewsArticle","headline":"{HEADLINE}"}}')))
    assert article.headline == HEADLINE


def test_a_date_that_cannot_be_read_is_told_of():
    """3 April, or 4 March: nobody knows; the article is kept without a date."""
    article, said = one(html(linked(f'{{"@type":"NewsArticle","headline":"{HEADLINE}","datePublished":"03/04/2026"}}')))
    assert article.published_at is None
    assert said == ["page: Its date '03/04/2026' cannot be read; it counts as published when first seen."]


def test_a_page_that_was_saved_says_its_own_address():
    """A file has no address; og:url has."""
    article, _ = one(html(f'<meta property="og:url" content="{URL}"><title>{HEADLINE}</title>'), "")
    assert (article.url, article.headline) == (URL, HEADLINE)


def test_tags_of_all_parts_are_united():
    """The section stands in one part, the keywords in another; a page without any says so."""
    head = '<meta property="article:tag" content="ports"><meta property="article:tag" content="Ferries">'
    article, _ = one(html(head + linked(f'{{"@type":"Article","headline":"{HEADLINE}","keywords":"Ports"}}')))
    assert article.categories == ["Ports", "Ferries"]
    bare, _ = one(html(f"<title>{HEADLINE}</title>"))
    assert "categories" in bare.model_fields_set


def test_a_picture_takes_its_text_and_size_from_other_parts_where_it_is_the_same_file():
    """Linked data has the address, Open Graph the rest; of another file it says nothing."""
    og = '<meta property="og:image:alt" content="A ferry"><meta property="og:image:width" content="800">'
    og += '<meta property="og:image:height" content="600"><meta property="og:image" content="/a/ferry.jpg?w=800">'
    data = '{"@type":"Article","headline":"x y","image":"https://cdn.example/b/%s.jpg"}'
    same, _ = one(html(og + linked(data % "ferry")))
    assert same.image is not None
    assert (same.image.url, same.image.alt, same.image.width) == ("https://cdn.example/b/ferry.jpg", "A ferry", 800)
    other, _ = one(html(og + linked(data % "other")))
    assert other.image is not None
    assert (other.image.alt, other.image.width) == ("", None)


def test_the_longest_text_is_no_standfirst():
    """Some systems put the whole article where its summary should be."""
    data = (
        f'{{"@type":"Article","headline":"{HEADLINE}","description":"{"word " * 400}","alternativeHeadline":"Short."}}'
    )
    article, _ = one(html(linked(data)))
    assert article.standfirst == "Short."


@pytest.mark.parametrize(
    ("said", "url", "is_one"),
    [
        (URL, URL, True),
        ("https://m.meridian.example/world/ferry-is-back", URL, True),
        ("https://news.meridian.example/stories/ferry", URL, True),
        (f"{SITE}/", URL, False),
        (f"{SITE}/index.html", URL, False),
        (f"{SITE}/world", f"{SITE}/world/2026/ferry-is-back-again", False),
        (f"{SITE}/world/ferry-is-back", f"{SITE}/world/ferry-is-back/2", True),
        ("https://other.example.net/x", URL, False),
        ("https://old-meridian.example.net/world/ferry-is-back", URL, True),
        ("https://a.co.uk/story", "https://b.co.uk/story-of-another", False),
        ("not an address at all://", URL, False),
        (URL, "", True),
    ],
)
def test_which_address_can_be_the_page_s_own(said: str, url: str, *, is_one: bool):
    """Never the front page nor the section; of a stranger only the same path."""
    assert page_addresses.plausible(said, url) is is_one


@pytest.mark.parametrize(
    ("final", "away"),
    [
        (f"{SITE}/", True),
        (f"{SITE}/en/", True),
        (f"{SITE}/404.html", True),
        (f"{SITE}/world/", True),
        (f"{SITE}/world/ferry-across-the-strait?x=1", False),
        (f"{SITE}/world/a-better-slug-for-it", False),
        ("https://consent.stranger.net/", False),
    ],
)
def test_where_a_redirect_leads(final: str, *, away: bool):
    """To the front page or the section: away. To another slug, or to a stranger: that says nothing."""
    assert page_addresses.leads_away(f"{SITE}/world/ferry-across-the-strait", final) is away


@pytest.mark.parametrize(
    ("block", "values"),
    [
        ('{"a": "x // no comment, ]"}', [{"a": "x // no comment, ]"}]),
        ('{"a": 1}{"b": 2}', [{"a": 1}, {"b": 2}]),
        ("<!--\n[1, 2,]\n-->", [[1, 2]]),
        ('{"a": 1} trailing', [{"a": 1}]),
        ("", []),
        ("[" * 100_000, []),
        ('{"a": ' + "9" * 5_000 + "}", []),
    ],
)
def test_broken_json_is_mended_where_that_is_safe(block: str, values: list[Any]):
    """Texts are never touched; what stays broken gives what could be read before it."""
    assert linked_data.parsed(block) == values


@pytest.mark.parametrize(
    "content",
    [
        "<html>" + "<div>" * 600_000,
        "<title>" * 400_000,
        "<div " + " ".join(f"a{n}=1" for n in range(250_000)) + "><title>x",
        "<svg><title><div " + " ".join(f"a{n}=1" for n in range(250_000)) + "></title>",
        ("<div " + " ".join(f"a{n}=1" for n in range(199)) + ">") * 2_000,
        '<a x="' * 500_000,
        "<!--" * 700_000,
        "<script type=application/ld+json>" + '{"a":[' * 400_000,
        "<script type=application/ld+json>" + '"\\' * 1_000_000,
        "<script type=application/ld+json>" + "/*" * 1_000_000,
        "<script type=application/ld+json>[" + '{"@type":"NewsArticle","@id":"a"},' * 60_000,
        "<meta property=og:title content='" + "x" * 2_900_000 + "'>",
        "<meta name=author content=x>" * 100_000,
        "<div itemscope itemtype=http://schema.org/Article>" + "<b itemprop=author>" * 150_000,
        "<" * 2_900_000,
        "<h1>" * 400_000 + "&amp;" * 100_000,
    ],
    ids=lambda content: content[:30],
)
def test_hostile_pages_take_no_time(content: str):
    """Nested, endless or swollen: read or refused with a second of a processor's time; 4 s here for busy machines."""
    begun = process_time()
    with suppress(BadInput):
        list(page.read(content.encode(), URL))
    assert process_time() - begun < 4


def test_what_a_page_would_run_is_not_in_its_tree():
    """Scripts, styles, drawings and comments are gone; linked data stands apart."""
    tree = markup.parse(
        b"<style>a</style><svg onload=x><a></svg><!-- c --><p>t</p><script>x</script>" + linked("{}").encode()
    )
    assert tree.tree.html == "<html><head></head><body><p>t</p></body></html>"
    assert tree.linked_data == ("{}",)


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        ("Fähre".encode("utf-16"), "", "Fähre"),
        ("\ufeffFähre".encode(), "", "Fähre"),
        ("<meta charset=latin1>Fähre — ".encode("cp1252"), "", "<meta charset=latin1>Fähre — "),
        ("日本の船".encode("shift_jis"), "text/html; charset=x-sjis", "日本の船"),
        ("日本の船".encode("iso2022_jp"), 'text/html; charset="iso-2022-jp"', "日本の船"),
        ("Fähre".encode(), "text/html; charset=iso-8859-1", "Fähre"),
        (b"caf\xe9 \xff" + "é".encode(), "text/html; charset=utf-16", "caf"),
        ("déjà vu à l'été".encode("latin-1"), "text/html; charset=klingon", "déjà vu à l'été"),
        (b"x", "text/html; charset=rot13", "x"),
    ],
)
def test_encodings(content: bytes, content_type: str, text: str):
    """By its mark, as UTF-8, as HTTP or the page says, by its letters; a wrong label harms nothing."""
    assert markup.decode(content, content_type).startswith(text)


def test_reading_hands_pages_over():
    """An import finds out by itself; a page is no feed, even with RDF in a comment."""
    data = html(linked(f'{{"@type":"NewsArticle","headline":"{HEADLINE}"}}') + "<!-- <rdf:RDF> -->").encode()
    assert not reading.is_feed(data)
    assert reading.is_page(data)
    (article,) = reading.read(data, Origin(URL, url=URL, content_type="text/html"))
    assert isinstance(article, ArticleData)
    assert not reading.is_page(b"<rss version='2.0'></rss>")
    assert not reading.is_page(b"<?xml version='1.0'?><urlset></urlset>")
    assert not reading.is_page(b"words")
