"""Reports of page reads are read as sites export them."""

from datetime import timedelta

import pytest
from sqlmodel import select

from digest.articles.importing.data import ArticleData, RowError
from digest.articles.models import Reads
from digest.articles.reads import Columns, Period, ReadRow, import_reads, parse_columns, read_csv
from digest.articles.storing import store
from digest.database import Database
from digest.errors import BadInput
from tests.conftest import NOW

WEEK = Period(NOW - timedelta(days=7), NOW)
REPORT = """# ----------------------------------------
# Pages and screens, 20261117-20261123
# ----------------------------------------
Page path,Views,Rank
/news/a?utm_source=mail,"1,234",1
/news/b,17.0,2
/news/c,many,3
,12,4

/news/d,1 234 567,0
/news/e,-3,5
/news/f,99999999999,6
# Totals
/news/g,5,7,8
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_report_is_read_in_any_encoding(encoding):
    """Comment lines are skipped, thousands are grouped, bad rows name their line and cost only themselves."""
    rows = list(read_csv(REPORT.encode(encoding), Columns("Page path", "Views", "Rank"), "https://www.example.org/"))
    good = [one for one in rows if isinstance(one, ReadRow)]
    assert [(one.url, one.views, one.rank) for one in good] == [
        ("https://www.example.org/news/a?utm_source=mail", 1234, 1),
        ("https://www.example.org/news/b", 17, 2),
    ]
    assert [str(one) for one in rows if isinstance(one, RowError)] == [
        "line 7: Its views is 'many', no whole number.",
        "line 8: It has no address.",
        "line 10: Its rank is 0; the most read has rank 1.",
        "line 11: Its views is '-3', no whole number.",
        "line 12: Its views is '99999999999', no whole number.",
        "line 14: It has more cells than the header. Quote a text that holds the separator.",
    ]


def test_the_order_of_lines_can_be_the_ranking():
    """A list that is only a list has ranks by position."""
    rows = list(read_csv(b"url\nhttps://example.org/a\nhttps://example.org/b\n", parse_columns(["url=url,rank=#"])))
    assert [(one.url, one.rank) for one in rows if isinstance(one, ReadRow)] == [
        ("https://example.org/a", 1),
        ("https://example.org/b", 2),
    ]


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        (["url=Page,views=Views"], Columns("Page", "Views")),
        (["url=Page", "views=Views, total", "rank=Rank"], Columns("Page", "Views, total", "Rank")),
    ],
)
def test_columns_are_named_in_one_option_or_in_several(options, columns):
    """Names of columns may hold commas."""
    assert parse_columns(options) == columns


@pytest.mark.parametrize("options", [[], ["url=Page"], ["views=V"], ["url=,views=V"], ["url=P,views=V", "x=Y"]])
def test_a_map_without_address_or_figure_is_a_sentence(options):
    """The sentence shows how to write it."""
    with pytest.raises(BadInput, match="Write --map url=PAGE"):
        parse_columns(options)


def test_a_column_that_is_not_there_is_a_sentence():
    """Those there are get named."""
    with pytest.raises(BadInput, match=r"no column 'Views'. Columns: Page, Hits"):
        list(read_csv(b"Page,Hits\n", Columns("Page", "Views")))


def test_a_period_must_end_after_it_starts():
    """The options are named."""
    with pytest.raises(BadInput, match="--from comes before --to"):
        Period(NOW, NOW)


def test_reads_find_their_articles_by_every_address(database: Database):
    """Two addresses of one article add up; pages that are no article are listed; bad ones are told of."""
    items = [
        ArticleData.model_validate({"url": f"https://example.org/{slug}", "headline": "A", "guid": "g"})
        for slug in ("a", "a-new-slug")
    ]
    with database.writing() as session:
        store(session, items[:1], source="feed", at=NOW)
        store(session, items[1:], source="feed", at=NOW)
        rows: list[ReadRow | RowError] = [
            ReadRow("http://www.example.org/a?x=1", views=5, rank=4),
            ReadRow("https://example.org/a-new-slug", views=2, rank=2),
            ReadRow("https://example.org/a/", rank=9),
            ReadRow("https://example.org/", views=100),
            ReadRow("mailto:x@example.org", views=1, where="line 9"),
            RowError("line 10", "It has no address."),
        ]
        report = import_reads(session, rows, source="site", period=WEEK)
        (stored,) = session.exec(select(Reads)).all()
    assert (stored.views, stored.rank, stored.rank_of) == (7, 2, 9)
    assert report.articles == 1
    assert report.unknown == ["https://example.org/"]
    assert [one.where for one in report.errors] == ["line 9", "line 10"]
