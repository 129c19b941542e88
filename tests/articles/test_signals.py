"""What the sources of an article say unites, can be taken back, and gets its meaning from their tag maps."""

from digest.articles import changes, collecting
from digest.articles.feeds import tags
from digest.articles.models import Article, ArticleStatus, ArticleWords
from digest.articles.signals import strongest
from digest.database import Database
from digest.regions import apply_preset
from tests.articles.stored import DAY, LONG, article, counts, put, stored
from tests.conftest import BOTH, NOW


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


@BOTH
def test_a_source_does_not_undo_what_another_withdrew(database: Database):
    """A retraction by one way holds though a feed goes on listing the story; who retracted it can take that back."""
    put(database, article(status="published"), source="wp")
    put(database, article(status="retracted"), source="cms")
    for _ in range(2):
        put(database, article(status="published"), source="wp")
        put(database, article(), source="rss")
    assert stored(database)[0].status == "retracted"
    put(database, article(status="unpublished"), source="wp")
    assert stored(database)[0].status == "retracted"
    put(database, article(status="published"), source="cms")
    assert stored(database)[0].status == "unpublished"
    put(database, article(status="published"), source="wp")
    assert stored(database)[0].status == "published"


@BOTH
def test_a_listing_does_not_undo_what_its_page_said(database: Database):
    """Unpublished by a look at its page, it stays so though its feed repeats "published"; only news counts."""
    put(database, article(status="published"), source="wp")
    with database.writing() as session:
        found = session.get_one(Article, stored(database)[0].id)
        found.status = ArticleStatus.unpublished
        session.add(found)
    put(database, article(status="published"), source="wp")
    put(database, article(status="published"), source="other")
    assert stored(database)[0].status == "unpublished"
    put(database, article(status="unpublished"), source="wp")
    put(database, article(status="published"), source="wp")
    assert stored(database)[0].status == "published"


@BOTH
def test_an_embargo_of_a_later_source_counts(database: Database):
    """What is not out yet is not out, whoever says so first; when it is, it is."""
    put(database, article(), source="rss")
    put(database, article(status="embargoed"), source="wp")
    assert stored(database)[0].status == "embargoed"
    put(database, article(status="published"), source="wp")
    assert stored(database)[0].status == "published"


def test_a_guid_that_numbers_places_names_no_article(database: Database):
    """A feed whose guids are item-0, item-1 ... brings other stories each time: none takes another's place."""
    for day, stories in enumerate((["Flood in the valley", "Bread costs more"], ["Ministers meet", "A train returns"])):
        items = [
            article(
                url=f"https://example.org/{day}-{place}",
                headline=headline,
                guid=f"item-{place}",
                published_at=NOW - (3 - day) * DAY,
            )
            for place, headline in enumerate(stories)
        ]
        assert counts(put(database, *items))[0] == 2
    moved = article(url="https://example.org/moved", headline="Flood in the valley grows", guid="item-9")
    put(database, article(url="https://example.org/old", headline="Flood in the valley", guid="item-9"))
    assert counts(put(database, moved))[0] == 0


def test_articles_that_only_a_query_tells_apart_are_told_of(database: Database):
    """They count as one, and a sentence says how to keep them apart; one article under two queries says nothing."""
    items = [article(url=f"https://example.org/view?story_nr={n}", headline=f"H{n}") for n in range(3)]
    (warning,) = put(database, *items).warnings
    assert "3 articles differ only in what follows the ?" in warning.sentence
    assert "--keep-query example.org=KEY" in warning.sentence
    same = [article(url=f"https://example.org/b?utm_source={n}", headline="One") for n in range(2)]
    assert put(database, *same).warnings == []
