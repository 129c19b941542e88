"""An article is stored once, however often, from wherever, and in whatever company it comes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from digest.articles import changes, collecting
from digest.articles.feeds import tags
from digest.articles.identity import articles_at
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.models import Article, ArticleAddress, ArticleWords
from digest.articles.signals import strongest
from digest.articles.storing import Import, StoreReport, is_first_import, store, store_in_chunks
from digest.database import Database
from digest.errors import NotFound
from digest.regions import apply_preset
from digest.tables import METADATA
from tests.conftest import BOTH, NOW

DAY = timedelta(days=1)
LONG = "A body that is long enough to tell this article from all others, wherever it is printed. " * 4


def article(**given: Any) -> ArticleData:
    """Make an imported article."""
    return ArticleData.model_validate(
        {"url": "https://example.org/a", "headline": "A", "published_at": NOW - DAY} | given
    )


def put(database: Database, *items: ArticleData | RowError, source: str = "feed", **terms: Any) -> StoreReport:
    """Store items in one transaction."""
    with database.writing() as session:
        return store(session, items, source=source, **({"at": NOW} | terms))


def stored(database: Database) -> list[Article]:
    """Return all articles, by canonical URL."""
    with database.reading() as session:
        return list(session.exec(select(Article).order_by(Article.canonical_url)))


def counts(report: StoreReport) -> tuple[int, int, int]:
    """Return new, updated, unchanged."""
    return report.new, report.updated, report.unchanged


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


@BOTH
def test_signals_from_several_sources_unite(database: Database):
    """A badge from any source stays; the strongest evidence per region counts; topics add up."""
    with database.writing() as session:
        apply_preset(session, "starter")
    put(database, article(regions=["south-caucasus"], topics=["rail"], editors_choice=True), source="a")
    put(database, article(topics=["water"], evergreen=True), source="b", region="central-asia")
    put(database, article(regions=["Central  ASIA"]), source="c")
    put(database, article(topics=["rail"]), source="d", region="south-caucasus")
    (found,) = stored(database)
    assert found.editors_choice
    assert found.evergreen
    assert found.regions == {"south-caucasus": "tag", "central-asia": "tag"}
    assert found.topics == ["rail", "water"]
    put(database, article(topics=["sea"], regions=["south-caucasus"]), source="a")
    assert stored(database)[0].topics == ["sea", "water", "rail"]
    assert strongest({"x": "mention"}, {"x": "feed", "y": "mention"}) == {"x": "feed", "y": "mention"}


@BOTH
def test_a_source_can_take_back_what_it_said(database: Database):
    """Its badge, region and topics go when it says so; what it does not speak of, and what others say, stays."""
    with database.writing() as session:
        apply_preset(session, "starter")
    put(database, article(regions=["south-caucasus"], topics=["rail"], editors_choice=True, evergreen=True), source="a")
    put(database, article(topics=["water"]), source="b", region="central-asia")
    put(database, article(), source="a")
    assert stored(database)[0].editors_choice
    assert counts(put(database, article(regions=[], topics=["sea"], editors_choice=False), source="a"))[1] == 1
    (found,) = stored(database)
    assert not found.editors_choice
    assert found.evergreen
    assert found.regions == {"central-asia": "feed"}
    assert found.topics == ["sea", "water"]


@BOTH
def test_tags_get_their_meaning_from_the_map_of_their_source(database: Database):
    """Region, badge, evergreen, topic or nothing; a tag called like a region means it; others wait in the inbox."""
    with database.writing() as session:
        apply_preset(session, "starter")
        targets = {
            "kaukasus": ("Kaukasus", "south-caucasus"),
            "slow": ("Slow", "evergreen"),
            "news": ("News", "ignore"),
        }
        assert tags.set_targets(session, "a", targets | {"choice": ("Choice", "badge")}, NOW)
        assert not tags.set_targets(session, "a", targets, NOW)
    words = ["Kaukasus", "middle  east", "SLOW", "News", "Choice", "Rail"]
    put(database, article(categories=words), source="a")
    put(database, article(url="https://example.org/b", headline="B", categories=["Kaukasus", "Rail"]), source="b")
    first, second = stored(database)
    assert first.regions == {"south-caucasus": "tag", "middle-east": "tag"}
    assert (first.topics, first.editors_choice, first.evergreen) == (["Rail"], True, True)
    assert (second.regions, second.topics) == ({}, ["Kaukasus", "Rail"])
    put(database, article(url="https://example.org/c", headline="C", categories=["rail"]), source="b")
    put(database, article(url="https://example.org/c", headline="C2", categories=["rail"]), source="b")
    with database.reading() as session:
        inbox = [(one.source, one.label, one.articles) for one in tags.unmapped(session)]
    assert inbox == [("b", "Rail", 2), ("a", "Rail", 1), ("b", "Kaukasus", 1)]


@BOTH
def test_a_new_meaning_moves_what_is_stored(database: Database):
    """Articles of the source change as if they had come after it; what a person decided does not."""
    with database.writing() as session:
        apply_preset(session, "starter")
    items = [article(url=f"https://example.org/{n}", headline=f"H{n}", categories=["Kaukasus"]) for n in range(3)]
    put(database, *items, source="a")
    put(database, article(url="https://example.org/x", headline="X", categories=["Kaukasus"]), source="b")
    with database.writing() as session:
        changes.place(session, stored(database)[0].url, ["central-asia"], who="ed", at=NOW)
    moved = collecting.say_meanings(database, "a", {"kaukasus": ("Kaukasus", "south-caucasus")}, NOW)
    assert len(moved) == 3
    found = stored(database)
    assert [one.regions for one in found] == [{"central-asia": "tag"}, *[{"south-caucasus": "tag"}] * 2, {}]
    assert [one.topics for one in found] == [[], [], [], ["Kaukasus"]]
    assert collecting.say_meanings(database, "a", {"kaukasus": ("Kaukasus", "south-caucasus")}, NOW) == []
    collecting.say_meanings(database, "a", {"kaukasus": ("Kaukasus", "")}, NOW)
    assert stored(database)[1].topics == ["Kaukasus"]


@BOTH
def test_a_guid_of_a_second_source_is_known(database: Database):
    """An article in two feeds is known by the guid of either, when its address changes."""
    put(database, article(guid="1"), source="a")
    put(database, article(guid="x"), source="b")
    assert counts(put(database, article(url="https://example.org/moved", guid="x"), source="b"))[0] == 0
    assert len(stored(database)) == 1


@BOTH
def test_a_changed_text_is_compared_anew(database: Database):
    """The sample of an article's words goes when its text changes, and only then."""
    put(database, article(body=LONG))
    (found,) = stored(database)
    words = {"article_id": found.id, "published_at": NOW, "language": "en", "words": b""}
    with database.writing() as session:
        session.add(ArticleWords.model_validate(words))
    put(database, article(body=LONG, editors_choice=True))
    with database.reading() as session:
        assert session.get(ArticleWords, found.id) is not None
    put(database, article(body=LONG + "And more."))
    with database.reading() as session:
        assert session.get(ArticleWords, found.id) is None


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
    database = Database("sqlite://")
    METADATA.create_all(database.engine)
    first = put(database, *items)
    before = {found.id: found.first_seen_at for found in stored(database)}
    second = put(database, *items, at=NOW + DAY)
    after = {found.id: found.first_seen_at for found in stored(database)}
    database.close()
    assert second.new == 0
    assert after == before
    assert first.new == len(before)
    assert first.errors == []
