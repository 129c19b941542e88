"""Lists of the most read: lines, CSV, JSON and feeds, whose order or ranks are the ranking."""

import json
from datetime import timedelta

import pytest
from sqlmodel import select

from digest.articles.importing.data import ArticleData, RowError
from digest.articles.models import Reads
from digest.articles.reads import Kind, ReadRow, read_report
from digest.articles.reads.most_read import MOST, import_list, is_list, most_read
from digest.articles.storing import store
from digest.database import Database
from digest.errors import BadInput
from tests.conftest import BOTH, NOW

A, B, C = (f"https://example.org/{name}" for name in "abc")
RSS = (
    '<rss version="2.0"><channel><title>Most read</title>'
    "<item><title>B</title><link>https://example.org/b</link><pubDate>Mon, 16 Nov 2026 06:00:00 GMT</pubDate></item>"
    "<item><title>A</title><link>/a</link><pubDate>Tue, 24 Nov 2026 06:00:00 GMT</pubDate></item></channel></rss>"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>Most read</title>'
    '<entry><title>B</title><link href="https://example.org/b"/></entry>'
    '<entry><title>A</title><link href="https://example.org/a"/></entry></feed>'
)
FEED = {"version": "https://jsonfeed.org/version/1.1", "items": [{"url": B, "title": "B"}, {"url": A, "title": "A"}]}


def places(content: bytes | str | object, site: str = "https://example.org/") -> list[tuple[str, int | None]]:
    """Return the addresses of a list with their ranks."""
    data = content if isinstance(content, bytes) else content if isinstance(content, str) else json.dumps(content)
    rows = most_read(data.encode() if isinstance(data, str) else data, site)
    return [(row.url, row.rank) for row in rows if isinstance(row, ReadRow)]


@pytest.mark.parametrize(
    "content",
    [
        f"{B}\n{A}\n",
        f"\ufeff# most read\r\n1. {B}\r\n\r\n2. {A}\r\n",
        f"- {B}\n- /a\n",
        [B, A],
        [B, "/a"],
        [{"url": B}, {"link": A}],
        [{"url": A, "rank": 2}, {"url": B, "rank": 1}],
        [{"url": A, "views": 5}, {"url": B, "views": 70}],
        {"articles": [{"permalink": B}, {"href": "/a"}]},
        {"mostRead": [B, A], "more": 1},
        f"url\n{B}\n{A}\n",
        f"rank,url\n2,{A}\n1,{B}\n",
        f"URL;Views\n{A};5\n{B};1.204\n",
        RSS,
        ATOM,
        FEED,
    ],
)
def test_a_list_in_any_shape_is_ranks(content):
    """By the ranks it gives, else by its views, else by its order; views themselves are not taken over."""
    assert sorted(places(content), key=lambda place: place[1] or 0) == [(B, 1), (A, 2)]
    rows = most_read(
        content.encode() if isinstance(content, str) else json.dumps(content).encode(), "https://example.org"
    )
    assert all(isinstance(row, ReadRow) and row.views is None for row in rows)


def test_a_bad_place_costs_only_itself_and_keeps_its_number():
    """Who stands behind it does not move up."""
    rows = most_read(json.dumps([A, 5, {"title": "no address"}, {"url": B, "rank": "x"}, C]).encode(), "")
    assert [(row.url, row.rank) for row in rows if isinstance(row, ReadRow)] == [(A, 1), (C, 5)]
    assert [row.where for row in rows if isinstance(row, RowError)] == ["entry 2", "entry 3", "entry 4"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"{}", "holds no list"),
        (b'{"items": 5}', "holds no list"),
        (b"[", "no JSON"),
        (b"[NaN]", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"<html><body>Most read</body></html>", "web page"),
        (b"<rss><channel>", "no feed"),
        (b"Country,Users\nFrance,5\n", "names no addresses"),
        (b"[" + b"1," * MOST + b"1]", "at most 5,000"),
        (b"/a\n" * (MOST + 1), "at most 5,000"),
        (b"x" * 10_000_001, "over 10 MB"),
    ],
)
def test_what_is_no_list_is_a_sentence(content, sentence):
    """A page instead of a feed, a broken file, something else, something endless."""
    with pytest.raises(BadInput, match=sentence):
        most_read(content, "https://example.org")


@pytest.mark.parametrize("rank", [0, -1, 1.5, 10**12, "1", True, [1]])
def test_an_impossible_rank_is_an_error(rank):
    """1 is the most read."""
    (row,) = most_read(json.dumps([{"url": A, "rank": rank}]).encode())
    assert isinstance(row, RowError)


def test_an_empty_list_is_a_list():
    """Nothing was read: no place, and no error."""
    assert most_read(b"[]", "") == []


def test_lists_are_told_from_reports():
    """Lines of addresses are a list; what has columns is not."""
    assert is_list(b"https://example.org/a\n")
    assert is_list(b"# x\n/news/a\n")
    assert not is_list(b"url,views\n/a,1\n")
    assert not is_list(b"/a,1\n")
    assert not is_list(b"")
    report = read_report(json.dumps([{"url": A, "views": 3}]).encode())
    assert (report.kind, report.column, report.ranks_only) == (Kind.list, "views", False)
    assert read_report(f"{A}\n{B}\n".encode()).ranks_only


@BOTH
def test_lists_that_are_pulled_again_and_again_are_kept_apart(database: Database):
    """Each is of the hour before it was read; read twice at one time, it is stored once."""
    with database.writing() as session:
        store(session, [ArticleData.model_validate({"url": A, "headline": "A"})], source="feed", at=NOW)
        for hours in (2, 1, 1):
            report = import_list(
                session, most_read(f"{B}\n{A}\n".encode()), source="m", at=NOW - timedelta(hours=hours)
            )
            assert (report.articles, report.unknown) == (1, [B])
        stored = session.exec(select(Reads).order_by(Reads.period_end)).all()  # type: ignore[arg-type]
    assert [(row.rank, row.rank_of, row.period_end) for row in stored] == [
        (2, 2, NOW - timedelta(hours=2)),
        (2, 2, NOW - timedelta(hours=1)),
    ]
