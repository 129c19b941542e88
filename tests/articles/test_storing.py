"""An article is stored once, however often, from wherever, and in whatever company it comes."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from digest.articles.identity import articles_at
from digest.articles.importing.data import RowError
from digest.articles.models import ArticleAddress
from digest.articles.storing import Import, is_first_import, store_in_chunks
from digest.database import Database
from digest.errors import NotFound
from digest.regions import apply_preset
from tests import databases
from tests.articles.stored import DAY, LONG, article, counts, put, stored
from tests.conftest import BOTH, NOW


@BOTH
def test_the_same_import_again_changes_nothing(database: Database):
    """New the first time, unchanged the second, on both databases, with every field filled."""
    item = article(
        guid="1", standfirst="S", kicker="K", byline="By Ann", desk="D", place="P", source_line="L", correction="C",
        language="ka", body=LONG, image={"url": "https://example.org/p.jpg", "alt": "Alt", "width": 8, "height": 6},
        status="retracted", editors_choice=True, evergreen=True, topics=["rail"], cluster="c",
    )  # fmt: skip
    assert counts(put(database, item)) == (1, 0, 0)
    (before,) = stored(database)
    assert counts(put(database, item, at=NOW + DAY)) == (0, 0, 1)
    (after,) = stored(database)
    assert after == before
    assert after.authors == ["Ann"]
    assert after.minutes == 1
    assert after.status == "retracted"
    assert after.published_at == NOW - DAY
    assert after.first_seen_at == NOW
    assert after.image_width == 8


@BOTH
def test_a_changed_headline_updates_the_article(database: Database):
    """The id stays, the text changes; a text that is no longer given stays."""
    put(database, article(standfirst="S"))
    assert counts(put(database, article(headline="B"), at=NOW + DAY)) == (0, 1, 0)
    (found,) = stored(database)
    assert (found.headline, found.standfirst) == ("B", "S")
    assert found.imported_at == NOW + DAY
    assert found.first_seen_at == NOW


@pytest.mark.parametrize(
    "second",
    [
        {"url": "http://www.example.org/A/?utm_source=x", "headline": "Other"},
        {"url": "https://partner.example/x", "canonical_url": "https://example.org/a", "headline": "Other"},
        {"url": "https://example.org/new-slug", "guid": "g", "headline": "Other"},
        {"url": "https://example.org/copy", "body": LONG},
    ],
    ids=["canonical URL", "rel=canonical", "guid", "content"],
)
def test_one_story_under_two_addresses_is_one_article(database: Database, second):
    """Canonical URL first, then guid within the source, then content; later it is found by either address."""
    put(database, article(guid="g", body=LONG))
    assert counts(put(database, article(**({"guid": "other"} | second))))[0] == 0
    assert len(stored(database)) == 1
    assert counts(put(database, article(url=second["url"], headline="Third"), source="third"))[0] == 0
    with database.reading() as session:
        assert set(articles_at(session, ["example.org/a"]).values()) == {stored(database)[0].id}


def test_within_one_import_too(database: Database):
    """The same story twice in one file is one article."""
    report = put(database, article(body=LONG), article(url="https://example.org/b", body=LONG), article(headline="B"))
    assert counts(report) == (1, 0, 2)
    (found,) = stored(database)
    assert found.headline == "B"
    with database.reading() as session:
        (other,) = session.exec(select(ArticleAddress)).all()
    assert other.canonical_url == "example.org/b"


def test_a_guid_counts_only_within_its_source(database: Database):
    """Article 17 of one system is not article 17 of another."""
    put(database, article(guid="17"))
    assert counts(put(database, article(url="https://other.org/b", headline="B", guid="17"), source="other"))[0] == 1
    assert len(stored(database)) == 2


def test_a_guid_that_every_item_shares_tells_nothing(database: Database):
    """A feed that gives all its items one guid loses none of them, in one import or in the next."""
    items = [article(url=f"https://example.org/{n}", headline=f"H{n}", guid="same") for n in range(3)]
    assert counts(put(database, *items))[0] == 3
    more = [article(url=f"https://example.org/{n}", headline=f"H{n}", guid="same") for n in range(5)]
    assert counts(put(database, *more)) == (2, 0, 3)


def test_regular_pieces_with_little_text_stay_apart(database: Database):
    """A daily briefing of Monday is not that of Tuesday; twice on one day with one standfirst it is one."""
    same = {"headline": "Daily briefing", "standfirst": "What matters today"}
    days = [article(url=f"https://example.org/{n}", published_at=NOW - n * DAY, **same) for n in range(3)]
    assert counts(put(database, *days))[0] == 3
    assert counts(put(database, article(url="https://example.org/x", published_at=NOW, **same)))[0] == 0
    bare = [article(url=f"https://example.org/bare{n}", headline="Photo") for n in range(2)]
    assert counts(put(database, *bare))[0] == 2


def test_the_earliest_date_ever_seen_holds(database: Database):
    """A feed that rewrites dates makes nothing new; an earlier date is taken; a missing one changes nothing."""
    for date, expected in (
        (NOW - DAY, NOW - DAY),
        (NOW, NOW - DAY),
        (NOW - 3 * DAY, NOW - 3 * DAY),
        (None, NOW - 3 * DAY),
    ):
        put(database, article(published_at=date))
        assert stored(database)[0].published_at == expected


def test_an_embargo_that_is_still_on_may_be_moved(database: Database):
    """Until it is published, the newest date is the plan."""
    put(database, article(published_at=NOW + DAY))
    put(database, article(published_at=NOW + 2 * DAY))
    assert stored(database)[0].published_at == NOW + 2 * DAY
    put(database, article(published_at=NOW + 9 * DAY), at=NOW + 3 * DAY)
    assert stored(database)[0].published_at == NOW + 2 * DAY


def test_an_article_without_a_date_is_published_now_and_told_of(database: Database):
    """The report counts it; the next import does not move it."""
    assert put(database, article(published_at=None)).undated == 1
    assert put(database, article(published_at=None), at=NOW + DAY).undated == 0
    assert stored(database)[0].published_at == NOW


def test_the_first_import_of_a_source_makes_nothing_old_new(database: Database):
    """With backlog an article was first seen when it was published; without, now."""
    put(database, article(published_at=NOW - 20 * DAY), backlog=True)
    put(database, article(url="https://example.org/late", headline="L", published_at=NOW - 20 * DAY))
    put(database, article(url="https://example.org/soon", headline="S", published_at=NOW + DAY), backlog=True)
    seen = {found.headline: found.first_seen_at for found in stored(database)}
    assert seen == {"A": NOW - 20 * DAY, "L": NOW, "S": NOW}


def test_it_can_be_told_whether_an_import_is_the_first(database: Database):
    """Of anything, or of one source."""
    with database.reading() as session:
        assert is_first_import(session)
    put(database, article())
    with database.reading() as session:
        assert not is_first_import(session)
        assert not is_first_import(session, "feed")
        assert is_first_import(session, "other")


def test_a_feed_fills_what_another_left_empty_and_changes_nothing_else(database: Database):
    """Two feeds do not take turns at a headline; a file that a person imports may overrule."""
    put(database, article(), source="a")
    picture = {"url": "https://partner.example/p.jpg"}
    other = article(url="https://example.org/a?x=1", headline="B", standfirst="S", image=picture)
    assert counts(put(database, other, source="b")) == (0, 1, 0)
    assert counts(put(database, other, source="b")) == (0, 0, 1)
    (found,) = stored(database)
    assert (found.headline, found.standfirst, found.source) == ("A", "S", "a")
    assert (found.url, found.image_url) == ("https://example.org/a", "https://partner.example/p.jpg")
    put(database, other, source="b", overrule=True)
    assert stored(database)[0].headline == "B"


def test_a_shorter_text_does_not_make_an_article_shorter(database: Database):
    """A feed without the body leaves body, minutes and content hash as they were, unless it says the minutes."""
    put(database, article(body=LONG * 10))
    before = stored(database)[0]
    put(database, article(standfirst="S"))
    after = stored(database)[0]
    assert (after.body, after.minutes, after.content_hash) == (before.body, before.minutes, before.content_hash)
    put(database, article(minutes=9))
    assert stored(database)[0].minutes == 9


def test_a_status_holds_until_another_is_given(database: Database):
    """What is not said stays; what is said counts."""
    put(database, article(status="unpublished"))
    put(database, article())
    assert stored(database)[0].status == "unpublished"
    put(database, article(status="published"))
    assert stored(database)[0].status == "published"


def test_an_unknown_region_is_told_of_and_the_article_stored(database: Database):
    """The sentence names the region and those there are."""
    report = put(database, article(regions=["atlantis"]))
    assert "none yet; run `digest regions preset starter`" in report.warnings[0].sentence
    with database.writing() as session:
        apply_preset(session, "starter")
    report = put(database, article(regions=["atlantis", "south-caucasus"]))
    assert report.warnings[0].sentence.startswith("There is no region 'atlantis'; stored without it. Regions: world, ")
    assert report.errors == []
    assert stored(database)[0].regions == {"south-caucasus": "tag"}
    with pytest.raises(NotFound, match="'nowhere'"):
        put(database, article(), region="nowhere")


def test_one_bad_item_never_loses_others(database: Database):
    """What cannot be stored is told of with its place; everything else is stored."""
    report = put(
        database,
        RowError("item 1", "It has no headline."),
        article(url="https://example.org/?utm_source=x"),
        article(url="https://exa_mple..org/x"),
        RowError("item 4", "Its date cannot be read.", kept=True),
        article(),
    )
    assert counts(report) == (1, 0, 0)
    assert report.stored == 1
    assert [one.where for one in report.errors] == [
        "item 1",
        "https://example.org/?utm_source=x",
        "https://exa_mple..org/x",
    ]
    assert "front page" in report.errors[1].sentence
    assert [one.where for one in report.warnings] == ["item 4"]


def test_a_canonical_front_page_is_not_believed(database: Database):
    """Some templates give the home page as canonical for everything: the article's own address counts."""
    home = {"canonical_url": "https://example.org/"}
    assert counts(put(database, article(**home), article(url="https://example.org/b", headline="B", **home)))[0] == 2


def test_kept_query_keys_tell_articles_apart(database: Database):
    """Where a site names its articles by ?id=, they are several."""
    items = [article(url=f"https://example.org/read?id={n}", headline=f"H{n}") for n in range(2)]
    assert counts(put(database, *items, keep={"example.org": frozenset({"id"})}))[0] == 2


@BOTH
def test_many_articles_are_stored_in_short_transactions(database: Database):
    """1,200 articles go in chunks, and progress is told; at least 500 a second on SQLite is for the benchmark."""
    items = [article(url=f"https://example.org/{n}", headline=f"H{n}", guid=str(n)) for n in range(1_200)]
    done: list[int] = []
    report = store_in_chunks(database, iter(items), Import(source="feed", at=NOW), done.append)
    assert counts(report) == (1_200, 0, 0)
    assert done == [500, 500, 200]
    assert counts(store_in_chunks(database, items, Import(source="feed", at=NOW + DAY))) == (0, 0, 1_200)
    assert len(stored(database)) == 1_200


ITEMS = st.lists(
    st.builds(
        article,
        url=st.sampled_from(["a", "b", "c", "A/", "a?x=1", "b#y"]).map("https://www.example.org/".__add__),
        canonical_url=st.sampled_from(["", "https://example.org/a", "https://example.org/d"]),
        headline=st.sampled_from(["One", "Two"]),
        guid=st.sampled_from([None, "1", "2"]),
        body=st.sampled_from(["", LONG, LONG + "more"]),
        published_at=st.sampled_from([None, NOW - DAY, NOW - 2 * DAY, datetime(2026, 1, 1, tzinfo=UTC)]),
        editors_choice=st.booleans(),
        status=st.sampled_from([None, "published", "unpublished"]),
    ),
    max_size=8,
)


@given(ITEMS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_imported_again_makes_no_new_article(items):
    """Any import, repeated, finds every article it made: the same rows, the same ids, no second one."""
    with TemporaryDirectory() as folder:
        database = databases.opened(Path(folder) / "again.db")
        first = put(database, *items)
        before = {found.id: found.first_seen_at for found in stored(database)}
        second = put(database, *items, at=NOW + DAY)
        after = {found.id: found.first_seen_at for found in stored(database)}
        database.close()
    assert second.new == 0
    assert after == before
    assert first.new == len(before)
    assert first.errors == []
