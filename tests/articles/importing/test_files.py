"""Files in JSON, JSON Feed and CSV are read, and the shape of an import is told by looking at it."""

import json
from pathlib import Path

import pytest

from digest.articles.importing import csv_articles, json_articles, json_feed, reading, sheets
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.importing.reading import Origin
from digest.articles.pictures.store import PictureStore
from digest.errors import BadInput

GOOD = {"url": "https://example.org/a", "headline": "A"}
FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "language": "en-US",
    "items": [
        {
            "id": "1",
            "url": "/a",
            "title": "A",
            "summary": "S",
            "content_html": "<p>B</p>",
            "image": "/p.jpg",
            "authors": [{"name": "Ann"}, {"url": "x"}, "odd"],
            "tags": ["South Caucasus", "Editor's choice", "Rail"],
            "date_published": "2026-11-23T10:00:00Z",
            "language": "ka",
        },
        {"id": "https://example.org/b", "title": "B", "author": {"name": "Bob"}, "content_text": "T", "tags": "odd"},
        {"id": "3", "title": "no address"},
        "odd",
        {"id": 4, "url": 7, "title": "address is no text", "authors": "odd"},
    ],
}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\0\x03\x20" + b"\0\0\x02\x58"
GIF = b"GIF89a" + b"\x20\x03\x58\x02"
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x02\x58\x03\x20\x01"


def read(content: str | bytes, name: str = "file", **more) -> list[ArticleData | RowError]:
    """Read an import whose shape must be found out."""
    data = content.encode() if isinstance(content, str) else content
    return list(reading.read(data, Origin(name, **more)))


def test_json_is_a_list_or_an_object_with_one():
    """Both shapes; what is no object costs only itself."""
    assert [one.headline for one in json_articles.read([GOOD]) if isinstance(one, ArticleData)] == ["A"]
    first, second = json_articles.read({"articles": [7, GOOD]})
    assert str(first).startswith("article 1: It is no object.")
    assert isinstance(second, ArticleData)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[1,", "in line 1, column 4"),
        ("[" * 100_000, "nested too deep"),
        ("[" + "1" * 5_000 + "]", "a number is too long"),
        ("{}", "no list of articles"),
        ('{"articles": {}}', "no list of articles"),
        ('{"version": "https://jsonfeed.org/version/1", "items": 1}', "no list of items"),
    ],
)
def test_json_that_cannot_be_read_is_a_sentence(text, sentence):
    """The sentence names the file and says where it goes wrong."""
    with pytest.raises(BadInput, match=f"file: .*{sentence}"):
        read(text)


def test_a_json_feed_is_read():
    """Relative addresses, authors old and new, tags, the item's own language: all arrive; bad items cost themselves."""
    results = list(json_feed.read(FEED, "https://example.org/feed.json"))
    first, second = [one for one in results if isinstance(one, ArticleData)]
    assert (first.url, first.guid, first.language) == ("https://example.org/a", "1", "ka")
    assert (first.body_html, first.authors) == ("B", ["Ann"])
    assert first.categories == ["South Caucasus", "Editor's choice", "Rail"]
    assert first.image is not None
    assert first.image.url == "https://example.org/p.jpg"
    assert (second.url, second.authors, second.language, second.body) == ("https://example.org/b", ["Bob"], "en", "T")
    assert [str(one) for one in results if isinstance(one, RowError)][:2] == [
        "item 3: It has no url.",
        "item 4: It is no object, so it was left out.",
    ]
    assert len(results) == 5


CSV = """# exported on Monday
url;headline;regions;authors;image_url;image_alt;image_width;editors_choice;published_at;standfirst
https://example.org/a;A;south-caucasus|central-asia;Ann | Bob;https://example.org/p.jpg;Alt;800;yes;2026-11-23;"One;
two"
;no address;;;;;;;;
https://example.org/b;B;;;;;;;;

https://example.org/c;C;;;;;;;;;too;many
"""


def test_csv_is_read_by_its_header():
    """Lists are parted by |, the picture has columns of its own, quoted line ends hold, bad rows name their line."""
    first, second, third, fourth = csv_articles.read(CSV)
    assert isinstance(first, ArticleData)
    assert (first.regions, first.authors) == (["south-caucasus", "central-asia"], ["Ann", "Bob"])
    assert first.image is not None
    assert (first.image.url, first.image.alt, first.image.width) == ("https://example.org/p.jpg", "Alt", 800)
    assert first.editors_choice
    assert first.standfirst == "One; two"
    assert str(second) == "line 5: It has no url."
    assert isinstance(third, ArticleData)
    assert third.image is None
    assert str(fourth).startswith("line 8: It has more cells than the header.")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("url,headline,colour\n", "column 'colour' is not known. Columns: url, headline"),
        ("url,kicker\n", "no column 'headline'"),
        ("# only a comment\n", "first line must name the columns"),
    ],
)
def test_csv_with_another_header_is_a_sentence(text, sentence):
    """The columns that there may be are named."""
    with pytest.raises(BadInput, match=sentence):
        read(text, "articles.csv")


def test_a_cell_without_end_costs_only_itself():
    """A cell over the limit is told of; a body of normal length is none."""
    long = "word " * 40_000
    first, second, third = csv_articles.read(
        f"url,headline,body\nhttps://example.org/a,A,{long}\nhttps://example.org/b,B,{'x' * 5_000_001}\n"
        "https://example.org/c,C,c\n"
    )
    assert isinstance(first, ArticleData)
    assert str(second).startswith("line 3: It is no CSV: field larger than field limit")
    assert isinstance(third, ArticleData)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_of_files_are_told_apart(encoding):
    """With a mark or without; a NUL in the middle of text does no harm."""
    assert sheets.decode("url,headline\nhttps://example.org/a,Café".encode(encoding)).endswith("Café")


@pytest.mark.parametrize(
    ("content", "name", "count"),
    [
        (json.dumps([GOOD]), "a.json", 1),
        ("\ufeff  " + json.dumps([GOOD]), "a", 1),
        (json.dumps({"articles": [GOOD, GOOD]}), "a", 2),
        (json.dumps(FEED), "a.json", 5),
        (
            "<rss version='2.0'><channel><item><title>A</title><link>https://example.org/a</link></item></channel></rss>",
            "a",
            1,
        ),
        ("url,headline\nhttps://example.org/a,A\n", "export.txt", 1),
        ("headline\turl\nA\thttps://example.org/a\n", "a", 1),
    ],
)
def test_the_shape_is_found_by_looking(content, name, count):
    """Neither name nor type is needed."""
    assert len(read(content, name)) == count


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "file: It is empty"),
        ("just words", "no feed, no JSON and no CSV"),
        ("<html><body>x</body></html>", "front page of a site"),
        ("<urlset></urlset>", "web page or another XML document"),
        ("<html><link rel=alternate type='application/rss+xml'></html>", "front page of a site"),
        (
            "<html><link rel=alternate type='application/rss+xml' href='/feed.xml'></html>",
            "names this feed: https://example.org/feed.xml",
        ),
    ],
)
def test_what_has_no_shape_is_a_sentence(content, sentence):
    """A web page that names its feed is answered with that feed's address."""
    with pytest.raises(BadInput, match=sentence):
        read(content, url="https://example.org/")


def test_a_file_without_end_is_refused(monkeypatch):
    """Files are bounded, too."""
    monkeypatch.setattr(reading, "LARGEST", 10)
    with pytest.raises(BadInput, match="Split it"):
        read("x" * 11)


def test_feeds_are_told_from_files_of_articles():
    """A feed comes again with its newest articles, a file does not."""
    assert reading.is_feed(b"<rss version='2.0'></rss>")
    assert reading.is_feed(json.dumps(FEED).encode())
    assert not reading.is_feed(json.dumps([GOOD]).encode())
    assert not reading.is_feed(b"url,headline")


@pytest.mark.parametrize(("content", "ending"), [(PNG, "png"), (GIF, "gif"), (JPEG, "jpg")])
def test_a_picture_beside_a_file_is_kept_with_its_size(tmp_path: Path, content, ending):
    """It is copied by its content, once, and the article points at where the web door serves it."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "salt lake.x").write_bytes(content)
    file = tmp_path / "articles.json"
    images = ["pictures/salt%20lake.x", {"url": "pictures/salt lake.x", "width": 10, "height": 5}]
    data = json.dumps([GOOD | {"image": image} for image in images]).encode()
    store = PictureStore(tmp_path / "kept", "https://digest.example/")
    first, second = reading.read(data, Origin("articles.json", path=file), pictures=store)
    assert isinstance(first, ArticleData)
    assert isinstance(second, ArticleData)
    assert first.image is not None
    assert second.image is not None
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.name.endswith(f".{ending}")
    assert kept.read_bytes() == content
    assert first.image.url == f"https://digest.example/pictures/{kept.name}"
    assert (first.image.width, first.image.height) == (800, 600)
    assert (second.image.width, second.image.height) == (10, 5)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nothing.png", "no picture 'nothing.png' beside articles.json"),
        ("../outside.png", "no picture"),
        ("/etc/passwd", "no picture"),
        ("words.txt", "no JPEG, PNG or GIF"),
        ("large.png", "over 5 MB"),
    ],
)
def test_a_picture_that_cannot_be_kept_is_told_of(tmp_path: Path, url, sentence):
    """Missing, outside the folder, no picture, or too large: the article is kept without it."""
    (tmp_path / "in").mkdir()
    (tmp_path / "outside.png").write_bytes(PNG)
    (tmp_path / "in" / "words.txt").write_text("words", encoding="ascii")
    (tmp_path / "in" / "large.png").write_bytes(PNG + bytes(5_000_000))
    origin = Origin("articles.json", path=tmp_path / "in" / "articles.json")
    store = PictureStore(tmp_path / "kept", "https://digest.example")
    told, article = reading.read(json.dumps([GOOD | {"image": url}]).encode(), origin, pictures=store)
    assert isinstance(told, RowError)
    assert told.kept
    assert sentence in told.sentence
    assert isinstance(article, ArticleData)
    assert article.image is None


def test_pictures_with_an_address_stay_where_they_are(tmp_path: Path):
    """Only relative ones are files."""
    origin = Origin("articles.json", path=tmp_path / "articles.json")
    store = PictureStore(tmp_path / "kept", "https://digest.example")
    data = json.dumps([GOOD | {"image": "https://example.org/p.jpg"}, GOOD | {"image": {"url": 7}}]).encode()
    first, told, second = reading.read(data, origin, pictures=store)
    assert isinstance(first, ArticleData)
    assert first.image is not None
    assert isinstance(told, RowError)
    assert isinstance(second, ArticleData)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    "content", [PNG[:18], GIF[:7], JPEG[:10], JPEG[:3] + b"\0\0\0\0\0\0", b"\xff\xd8\xff\xe0\x00\x04ab\x00\x00"]
)
def test_a_picture_cut_short_has_no_size(tmp_path: Path, content):
    """Its head decides; a broken one is kept, without numbers."""
    (tmp_path / "p.png").write_bytes(content)
    origin = Origin("a.json", path=tmp_path / "a.json")
    store = PictureStore(tmp_path / "kept", "https://digest.example")
    (article,) = reading.read(json.dumps([GOOD | {"image": "p.png"}]).encode(), origin, pictures=store)
    assert isinstance(article, ArticleData)
    assert article.image is not None
    assert article.image.width is None


def test_a_picture_that_cannot_be_opened_is_a_sentence(tmp_path: Path):
    """Keeping a path that is no file says so."""
    with pytest.raises(BadInput, match="cannot be read"):
        PictureStore(tmp_path, "https://digest.example").keep(tmp_path / "gone.png")


@pytest.mark.parametrize(
    "before",
    ["Warning: undefined index in /feed.php\n", "<!--" + " note" * 10_000 + "-->", "\n\n  \t"],
    ids=["a warning", "a long comment", "blanks"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_feed_is_known_behind_what_stands_before_it(before, encoding):
    """What a server printed first, a long comment, any encoding: it is read as the feed it is."""
    item = "<item><title>A</title><link>https://example.org/a</link></item>"
    feed = f"{before}<rss version='2.0'><channel><title>f</title>{item}</channel></rss>".encode(encoding)
    (found,) = [one for one in reading.read(feed, Origin("feed")) if isinstance(one, ArticleData)]
    assert found.headline == "A"
    assert reading.is_feed(feed)
