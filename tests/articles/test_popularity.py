"""Reading against what an average story would have got (ranking.md 1.2, rule 4 of 1.7), and what feeds it."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from digest.articles.importing.data import ArticleData
from digest.articles.models import Article, Exposure, Reads, article_id
from digest.articles.popularity import Exposed, Reading, at_age, base_rate, reading, record_click, record_exposure
from digest.articles.reads import Period, ReadRow, import_reads
from digest.articles.storing import store
from digest.database import Database
from tests.conftest import BOTH, NOW

DAY = timedelta(days=1)
WEEK = Period(NOW - 7 * DAY, NOW)


def ident(name: str) -> UUID:
    """Return the id of an article by its last name."""
    return article_id(f"example.org/{name}")


def put(database: Database, **ages: float) -> None:
    """Store articles that were published so many days ago."""
    items = [
        ArticleData.model_validate(
            {"url": f"https://example.org/{name}", "headline": name, "published_at": NOW - days * DAY}
        )
        for name, days in ages.items()
    ]
    with database.writing() as session:
        store(session, items, source="feed", at=NOW)


def count(database: Database, period: Period = WEEK, source: str = "site", **views: int) -> None:
    """Import page views."""
    rows = [ReadRow(f"https://example.org/{name}", views=number) for name, number in views.items()]
    with database.writing() as session:
        import_reads(session, rows, source=source, period=period)


def expose(database: Database, name: str, edition: int = 1, place: int = 1, *, days: float = 3, delivered: int = 100, clicks: int = 0, expected: float = 3.0, list_id: str = "l") -> None:  # fmt: skip # noqa: E501
    """Note that an article stood in an edition, and its clicks."""
    row = Exposed(
        article_id=ident(name), list_id=list_id, edition_number=edition, place=place, sent_at=NOW - days * DAY,
        delivered=delivered, expected=expected,
    )  # fmt: skip
    with database.writing() as session:
        record_exposure(session, [row])
        assert record_click(session, ident(name), edition, place, clicks)


def read(database: Database, days: float = 8) -> dict[str, Reading]:
    """Return the reading of all articles at NOW, by name."""
    with database.reading() as session:
        articles = session.exec(select(Article)).all()
        found = reading(session, articles, as_of=NOW, since=NOW - days * DAY)
        return {article.headline: found[article.id] for article in articles}


@BOTH
def test_views_count_against_what_an_average_story_had_at_that_age(database: Database):
    """Expected is Vbar * (1 - 2^(-age/24 h)), Vbar the mean of the articles of 28 days whose views are known.

    Of a story that was out long before the period, half of that: see the tests of the share.
    """
    put(database, a=1, b=4, unknown=2, ancient=40)
    count(database, a=300, b=100, ancient=5_000)
    found = read(database)
    assert found["a"].clicks == 300
    assert found["a"].expected == pytest.approx(200 * 0.5)
    assert found["b"].expected == pytest.approx(200 * (1 - 2**-4))
    assert found["ancient"].expected == pytest.approx(100)
    assert found["unknown"] == Reading()


def test_without_any_reads_nothing_is_known(database: Database):
    """No data: zero against zero, which the ranking counts as average."""
    put(database, a=1)
    assert read(database) == {"a": Reading(0.0, 0.0, None)}


def test_only_periods_that_ended_by_the_cut_off_and_in_the_window_count(database: Database):
    """Yesterday's replay does not see today's reads; last month's reads are no news, but tell the site's mean."""
    put(database, a=20)
    count(database, Period(NOW - DAY, NOW + DAY), a=1_000)
    count(database, Period(NOW - 20 * DAY, NOW - 10 * DAY), a=80)
    assert read(database)["a"] == Reading()
    assert read(database, days=15)["a"].clicks == 80
    count(database, a=20)
    found = read(database)["a"]
    assert found.clicks == 20
    assert found.expected == pytest.approx(50, rel=1e-3)


def test_daily_reports_add_up_and_a_weekly_one_over_them_counts_once(database: Database):
    """Of overlapping periods of one source the longer counts; of two sources the greater."""
    put(database, a=6)
    for day in range(3):
        count(database, Period(NOW - (day + 1) * DAY, NOW - day * DAY), a=10)
    assert read(database)["a"].clicks == 30
    count(database, a=45)
    assert read(database)["a"].clicks == 45
    count(database, source="other", a=60)
    assert read(database)["a"].clicks == 60
    count(database, Period(NOW - 8 * DAY, NOW - DAY), a=50)
    assert read(database)["a"].clicks == 60


@BOTH
def test_mail_and_web_are_added(database: Database):
    """Human clicks plus views against both expectations; mails outside the window do not count."""
    put(database, a=1, b=1)
    count(database, a=100, b=100)
    expose(database, "a", clicks=7, expected=3.5)
    expose(database, "a", edition=2, place=4, clicks=1, expected=1.5)
    expose(database, "a", edition=3, days=9, clicks=50)
    found = read(database)
    assert (found["a"].clicks, found["b"].clicks) == (108, 100)
    assert found["a"].expected == pytest.approx(5 + 50)
    assert found["b"].expected == pytest.approx(50)


@BOTH
def test_a_list_whose_clicks_nobody_counts_says_nothing(database: Database):
    """Mailed to readers of a list without a single click: neither unread, nor a rate of zero ever after."""
    put(database, a=1, b=1)
    for issue in range(4):
        expose(database, "a", edition=issue, days=1 + issue, delivered=500, expected=15.0)
    expose(database, "b", edition=9, clicks=1, list_id="counted")
    found = read(database)
    assert found["a"] == Reading(0.0, 0.0)
    assert found["b"] == Reading(1.0, 3.0)
    with database.reading() as session:
        assert base_rate(session, "l", NOW) == 0.03


def test_a_most_read_list_gives_ranks(database: Database):
    """The newest list counts; its length is its greatest rank."""
    put(database, a=1, b=1)
    for days, ranks in ((1, (2, 9)), (0, (7, 1))):
        rows = [ReadRow("https://example.org/a", rank=ranks[0]), ReadRow("https://example.org/b", rank=ranks[1])]
        with database.writing() as session:
            import_reads(session, rows, source="most", period=Period(NOW - 3 * DAY, NOW - days * DAY))
    found = read(database)
    assert found["a"] == Reading(0.0, 0.0, (7, 7))
    assert found["b"].popular_rank == (1, 7)


@BOTH
def test_who_left_the_newest_list_has_no_rank(database: Database):
    """Lists are pulled hour by hour: the newest of each source counts, and a replay sees the one of its time."""
    put(database, a=1, b=1)
    for hours, names in ((3, "ab"), (1, "b")):
        rows = [ReadRow(f"https://example.org/{name}", rank=rank) for rank, name in enumerate(names, start=1)]
        end = NOW - timedelta(hours=hours)
        with database.writing() as session:
            import_reads(session, rows, source="most", period=Period(end - timedelta(hours=1), end))
    found = read(database)
    assert (found["a"].popular_rank, found["b"].popular_rank) == (None, (1, 1))
    with database.writing() as session:
        import_reads(session, [ReadRow("https://example.org/a", rank=4)], source="another", period=WEEK)
    assert read(database)["a"].popular_rank == (4, 4)
    with database.reading() as session:
        articles = session.exec(select(Article)).all()
        earlier = reading(session, articles, as_of=NOW - timedelta(hours=2), since=NOW - 8 * DAY)
    assert earlier[ident("a")].popular_rank == (1, 2)


def test_the_age_is_that_at_the_end_of_what_was_counted(database: Database):
    """A report that ended two days ago knows nothing of the two days since: they are not held against a story."""
    put(database, a=3)
    count(database, Period(NOW - 4 * DAY, NOW - 2 * DAY), a=100)
    assert read(database)["a"].expected == pytest.approx(100 * 0.5)
    count(database, Period(NOW - 2 * DAY, NOW - DAY), a=60)
    assert read(database)["a"].expected == pytest.approx(160 * 0.75)


def test_what_a_story_had_before_its_reads_were_counted_is_taken_off(database: Database):
    """Counting began half a day after it was out, or left a day out: what an average story had then is not expected."""
    put(database, late=1.5, gap=3)
    count(database, Period(NOW - DAY, NOW), late=100)
    for start in (3, 1):
        count(database, Period(NOW - start * DAY, NOW - (start - 1) * DAY), gap=50)
    mean = 100
    found = read(database)
    assert found["late"].expected == pytest.approx(mean * (2**-0.5 - 2**-1.5))
    assert found["gap"].expected == pytest.approx(mean * (0.5 + 2**-2 - 2**-3))


def test_at_most_half_is_taken_off(database: Database):
    """The curve knows no tail: a few reads of a story of last month do not make it the most read of all."""
    put(database, old=20, new=1)
    count(database, old=10, new=190)
    assert read(database)["old"].expected == pytest.approx(100 * 0.5, rel=1e-4)


def test_nobody_reads_what_is_not_out(database: Database):
    """Views of a preview, counted before a story was published, are no reads."""
    put(database, a=1)
    count(database, Period(NOW - 9 * DAY, NOW - DAY), a=40)
    assert read(database, days=20)["a"] == Reading()


def test_the_reads_of_an_old_article_are_found_when_it_is_asked_for(database: Database):
    """Only what is asked for, and what tells the site's mean, is looked up."""
    put(database, old=60, new=2)
    count(database, old=5, new=9)
    with database.reading() as session:
        articles = session.exec(select(Article)).all()
        only_new = [one for one in articles if one.headline == "new"]
        assert list(reading(session, only_new, as_of=NOW, since=NOW - 8 * DAY)) == [ident("new")]
        assert reading(session, articles, as_of=NOW, since=NOW - 8 * DAY)[ident("old")].clicks == 5


def test_at_no_age_nothing_is_expected():
    """A story of the future has no age."""
    assert at_age(timedelta(0)) == 0
    assert at_age(-DAY) == 0
    assert at_age(DAY) == pytest.approx(0.5)


@BOTH
def test_exposure_can_be_noted_again_and_clicks_stay(database: Database):
    """Numbers are absolute: a second note replaces the first; a click without exposure is to come again later."""
    put(database, a=1)
    with database.writing() as session:
        assert not record_click(session, ident("a"), 1, 1)
    expose(database, "a", clicks=2)
    expose(database, "a", delivered=200, expected=6.0, clicks=1)
    with database.reading() as session:
        (row,) = session.exec(select(Exposure)).all()
    assert (row.delivered, row.expected, row.clicks) == (200, 6.0, 3)


@BOTH
def test_the_base_rate_is_the_mean_of_the_last_eight_issues(database: Database):
    """Of the lead's place and this list; the editions of one day are one issue; 0.03 until there are three."""
    put(database, a=1)
    for issue in range(2):
        expose(database, "a", edition=issue, days=7 * issue + 1, clicks=10)
    with database.reading() as session:
        assert base_rate(session, "l", NOW) == 0.03
    expose(database, "a", edition=2, days=15, clicks=30)
    expose(database, "a", edition=3, days=15, clicks=10, delivered=300)
    expose(database, "a", edition=4, place=2, days=15, clicks=99)
    expose(database, "a", edition=5, days=22, clicks=99, list_id="other")
    expose(database, "a", edition=6, days=22, delivered=0)
    with database.reading() as session:
        assert base_rate(session, "l", NOW) == pytest.approx((0.1 + 0.1 + 0.1) / 3)
        assert base_rate(session, "l", NOW - 10 * DAY) == 0.03
    for issue in range(8):
        expose(database, "a", edition=10 + issue, days=0.01 + issue / 100 - 7 * (issue + 1), clicks=20)
    with database.reading() as session:
        assert base_rate(session, "l", NOW + 60 * DAY) == pytest.approx(0.2)


@BOTH
def test_reads_of_one_period_are_stored_once(database: Database):
    """Importing a report again replaces its figures; a rank and views of one source and period stand together."""
    put(database, a=1)
    count(database, a=10)
    count(database, a=12)
    with database.writing() as session:
        report = import_reads(session, [ReadRow("https://example.org/a", rank=3)], source="site", period=WEEK)
    assert report.articles == 1
    with database.reading() as session:
        (row,) = session.exec(select(Reads)).all()
    assert (row.views, row.rank, row.rank_of) == (12, 3, 3)
