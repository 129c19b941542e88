"""What was told is read by column names; they must be those of the models."""

import dataclasses
from datetime import timedelta
from typing import Any

from sqlmodel import select

from digest.articles.models import article_id
from digest.database import Database
from digest.issues import drafting, history
from digest.proofs import making, repeats, storing
from digest.proofs.models import Edition, EditionStory
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from digest.sending.models import Delivery, DeliveryState
from tests.conftest import BOTH, KEYS, NOW
from tests.issues import newsroom
from tests.issues.newsroom import WEEK


def test_the_light_tables_are_those_of_the_models():
    """A renamed table or column fails here, not in the newsroom."""
    models: tuple[tuple[Any, Any], ...] = (
        (history.EDITION, Edition),
        (history.STORY, EditionStory),
        (history.DELIVERY, Delivery),
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


@BOTH
def test_an_issue_cancelled_half_way_gives_its_unsent_stories_back(database: Database):
    """What reached nobody of a set was not told to it, though others of the same issue have theirs."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    newsroom.reader(database, "a@readers.example", "sc")
    newsroom.reader(database, "b@readers.example", "ca")
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    making.make_proof(database, issue.id, urls=Urls("http://localhost", KEYS), at=NOW, relaxed=NOT_NEEDED)
    newsroom.sent(database, issue, NOW)
    with database.writing() as session:
        unsent = newsroom.edition_of(session, issue, "ca")
        for row in session.exec(select(Delivery).where(Delivery.edition_number == unsent.number)):
            row.state = DeliveryState.cancelled
            session.add(row)
    with database.reading() as session:
        told = history.sent_to_sets(session, "weekly", NOW + WEEK)
    assert {set_key for sets in told.sent.values() for set_key in sets} == {"sc"}
    assert {set_key for sets in told.losers.values() for set_key in sets} <= {"sc"}


@BOTH
def test_what_did_not_fit_is_carried_for_one_window_only(database: Database):
    """In the second issue it is carried; having lost again there, it is over, unless it was still young by itself."""
    newsroom.found(database, section_stories=1, section_briefs=0)
    newsroom.publish(database, [newsroom.article(f"old-{n}", hours=20 + n) for n in range(4)])
    newsroom.reader(database, "a@readers.example", "sc")
    carried = []
    for week in range(3):
        at = NOW + week * timedelta(days=8)  # the first lot is then over 192 hours old, and older
        newsroom.publish(database, [newsroom.article(f"new-{week}", at=at, hours=1, editors_choice=True)])
        issue = drafting.draft(database, "weekly", as_of=at, at=at)
        with database.reading() as session:
            candidates = drafting.recipe(session, issue).candidates
        carried.append({one.headline for one in candidates if one.carried})
        making.make_proof(database, issue.id, urls=Urls("http://localhost", KEYS), at=at, relaxed=NOT_NEEDED)
        newsroom.sent(database, issue, at)
    assert carried[0] == set()
    assert carried[1], "what had no room stays for one further window"
    assert carried[2] == set()


@BOTH
def test_the_fourth_correction_comes_in_the_next_issue(database: Database):
    """Three stand in one mail; what found no place is not forgotten."""
    newsroom.found(database, section_stories=8)
    newsroom.publish(database, [newsroom.article(f"wrong-{n}", hours=5 + n) for n in range(5)])
    newsroom.reader(database, "a@readers.example", "sc")
    at, printed = NOW, []
    for week in range(3):
        newsroom.publish(database, [newsroom.article(f"news-{week}", at=at, hours=1)])
        issue = drafting.draft(database, "weekly", as_of=at, at=at)
        making.make_proof(database, issue.id, urls=Urls("http://localhost", KEYS), at=at, relaxed=NOT_NEEDED)
        with database.reading() as session:
            made = storing.stories_of(session, newsroom.edition_of(session, issue, "sc"))
        printed.append([story.article_id for story in made if story.block == "correction"])
        newsroom.sent(database, issue, at)
        if not week:
            for n in range(5):
                newsroom.change(database, f"wrong-{n}", correction=f"It was {n}.")
        at += WEEK
    assert [len(one) for one in printed] == [0, 3, 2]
    assert len({*printed[1], *printed[2]}) == 5


@BOTH
def test_one_story_of_last_week_may_be_two_of_this(database: Database):
    """Sent as one of a cluster it left since: itself, and who is in that cluster now, are both no news."""
    newsroom.found(database)
    newsroom.publish(database, [newsroom.article("a", cluster="q")])
    newsroom.reader(database, "a@readers.example", "sc")
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    making.make_proof(database, issue.id, urls=Urls("http://localhost", KEYS), at=NOW, relaxed=NOT_NEEDED)
    newsroom.sent(database, issue, NOW)
    newsroom.change(database, "a", cluster=None)
    later = drafting.draft(database, "weekly", as_of=NOW + WEEK, at=NOW + WEEK)
    split = repeats.Told("meridian.example/a", article_id("meridian.example/a"))
    mate = repeats.Told("q", article_id("meridian.example/b"))
    with database.reading() as session:
        (keys,) = repeats.clashes(session, later, [split, mate]).values()
        updated = dataclasses.replace(mate, refreshed_at=NOW + timedelta(days=1))
        assert repeats.clashes(session, later, [updated]) == {}
    assert keys == {"meridian.example/a", "q"}


@BOTH
def test_a_correction_told_to_one_set_is_still_due_to_another(database: Database):
    """Those of ca had five due and room for three; that those of sc were told one is no help to them."""
    newsroom.found(database)
    both = {"south-caucasus": "tag", "central-asia": "tag"}
    asia = {"central-asia": "tag"}
    stories = [newsroom.article(f"old-{n}", hours=5 + n, regions=asia if n else both) for n in range(5)]
    newsroom.publish(database, stories)
    newsroom.reader(database, "a@readers.example", "sc")
    newsroom.reader(database, "b@readers.example", "ca")
    told: list[str] = []
    for week in range(3):
        at = NOW + week * WEEK
        newsroom.publish(database, [newsroom.article(f"new-{week}", at=at, regions=both)])
        issue = drafting.draft(database, "weekly", as_of=at, at=at)
        making.make_proof(database, issue.id, urls=Urls("http://localhost", KEYS), at=at, relaxed=NOT_NEEDED)
        with database.reading() as session:
            made = storing.stories_of(session, newsroom.edition_of(session, issue, "ca"))
            told += [story.story_key for story in made if story.block == "correction"]
        newsroom.sent(database, issue, at)
        for n in range(5):
            newsroom.change(database, f"old-{n}", correction=f"It was {n}.")
    assert sorted(told) == [f"meridian.example/old-{n}" for n in range(5)]
