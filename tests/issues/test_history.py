"""What was told is read by column names; they must be those of the models."""

from datetime import timedelta
from typing import Any

from digest.articles.models import article_id
from digest.database import Database
from digest.issues import drafting, history
from digest.proofs import making, repeats, storing
from digest.proofs.models import Edition, EditionStory
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from digest.sending.models import Delivery
from tests.conftest import BOTH, KEYS, NOW
from tests.issues import newsroom
from tests.issues.newsroom import WEEK


def test_the_light_tables_are_those_of_the_models():
    """A renamed table or column fails here, not in the newsroom."""
    models: tuple[tuple[Any, Any], ...] = (
        (history.EDITION, Edition),
        (history.STORY, EditionStory),
        (repeats.DELIVERY, Delivery),
    )
    for light, model in models:
        assert light.name == model.__table__.name
        for column in light.columns:
            assert column.name in model.__table__.c


@BOTH
def test_what_went_out_is_remembered_by_set_cluster_and_address(database: Database):
    """Only from the first accepted delivery; a story that joined a cluster since counts for the whole cluster."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    newsroom.reader(database, "a@readers.example", "sc")
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    making.make_proof(database, issue.id, urls=Urls("http://localhost", KEYS), at=NOW, relaxed=NOT_NEEDED)
    later = NOW + WEEK
    with database.reading() as session:
        assert history.sent_to_sets(session, "weekly", later).sent == {}
    newsroom.sent(database, issue, NOW + timedelta(hours=2))
    newsroom.change(database, "shared", cluster="q")
    with database.reading() as session:
        told = history.sent_to_sets(session, "weekly", later)
        assert history.sent_to_sets(session, "weekly", later, issue.id).sent == {}
        assert history.sent_to_sets(session, "other", later).sent == {}
    key = str(article_id("meridian.example/shared"))
    assert told.sent_to(["q"]) == told.sent_to([key]) == {"sc": NOW + timedelta(hours=2)}
    assert told.last_cutoff == NOW


@BOTH
def test_a_correction_made_after_sending_is_due_once(database: Database):
    """The next issue lists it; the one after that knows that it was told."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    newsroom.reader(database, "a@readers.example", "sc")
    at = NOW
    blocks = []
    for _ in range(3):
        newsroom.publish(database, [newsroom.article(f"news-{at:%d%m}", at=at)])
        issue = drafting.draft(database, "weekly", as_of=at, at=at)
        proof = making.make_proof(database, issue.id, urls=Urls("http://localhost", KEYS), at=at, relaxed=NOT_NEEDED)
        with database.reading() as session:
            made = storing.stories_of(session, newsroom.edition_of(session, issue, "sc"))
            blocks.append([story.block for story in made].count("correction"))
        assert proof.editions
        newsroom.sent(database, issue, at)
        newsroom.change(database, "south-caucasus-0", correction="It was Tuesday.")
        at += WEEK
    assert blocks == [0, 1, 0]
