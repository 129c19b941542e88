"""A weekly and its daily: who stands beside whom, on which day it takes the daily's place, and what it may repeat."""

from datetime import UTC, date, datetime, timedelta

import pytest

from digest.database import Database
from digest.issues import companions, drafting, history, publications
from digest.issues.building import build
from digest.issues.companions import StandIn
from digest.issues.models import Issue, Run
from digest.issues.runs import BEFORE
from digest.proofs import making
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from subscribers import ListData, add_list
from tests.conftest import BOTH, KEYS, NOW
from tests.issues import newsroom

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
URLS = Urls("http://127.0.0.1:8000", KEYS)


def found(database: Database, **changes: str) -> None:
    """Found a weekly on Mondays whose companion is a daily."""
    newsroom.found(database, zone="UTC")
    fields = {"id": "daily", "name": "The Daily", "cadence": "daily", "cutoff": "0 5 * * *", "send": "0 7 * * *"}
    with database.writing() as session:
        publications.add(session, publications.checked(**newsroom.publication(**fields | {"zone": "UTC"})))
        add_list(session, ListData(id="d-sc", name="Daily", family="daily", topic="south-caucasus"))
        publications.change(session, "weekly", {"companion": "daily"} | changes)


def drafted(database: Database, publication: str, at: datetime, *, once: bool = False) -> Issue:
    """Draft an issue."""
    return drafting.draft(database, publication, as_of=at, at=at, once=once)


def standing_in(database: Database, issue: Issue) -> tuple[StandIn, ...]:
    """Return the weeklies that take the place of an issue of the daily."""
    with database.reading() as session:
        return companions.standing_in(session, session.get_one(Issue, issue.id))


@BOTH
def test_each_stands_beside_the_other(database: Database):
    """The weekly names the daily; the daily has every weekly that names it."""
    found(database)
    with database.writing() as session:
        publications.add(session, publications.checked(**newsroom.publication(id="long", companion="daily")))
        assert companions.beside(session, "weekly") == ("daily",)
        assert companions.beside(session, "daily") == ("long", "weekly")
        publications.change(session, "weekly", {"companion": ""})
        assert companions.beside(session, "weekly") == ()


@BOTH
def test_the_weekly_takes_the_place_on_its_day_alone(database: Database):
    """Monday, and not Tuesday; not of a special issue, nor of its own; every second week, in those weeks only."""
    found(database, every="2", starts_on="2026-11-23")
    at = MONDAY + timedelta(hours=5)
    assert standing_in(database, drafted(database, "daily", at)) == (StandIn("weekly"),)
    assert standing_in(database, drafted(database, "daily", at + timedelta(days=1))) == ()
    assert standing_in(database, drafted(database, "daily", at + timedelta(days=7))) == ()
    assert standing_in(database, drafted(database, "daily", at + timedelta(days=14))) == (StandIn("weekly"),)
    assert standing_in(database, drafted(database, "daily", at, once=True)) == ()
    assert standing_in(database, drafted(database, "weekly", at)) == ()


@BOTH
def test_the_day_of_an_issue_is_that_of_its_run(database: Database):
    """However late it leaves; one drafted by hand is of the day of the sending after its cut-off, in its zone."""
    found(database)
    with database.writing() as session:
        publications.change(session, "daily", {"zone": "Pacific/Auckland"})  # 13 hours ahead
    issue = drafted(database, "daily", MONDAY + timedelta(hours=17))  # Tuesday there, before seven
    with database.writing() as session:
        stored = session.get_one(Issue, issue.id)
        stored.send_at = MONDAY + timedelta(days=3)
        session.add(stored)
        assert companions.day_of(session, stored) == date(2026, 11, 24)
        session.add(
            Run(
                publication_id="daily",
                planned_at=MONDAY,
                send_at=MONDAY + timedelta(days=1, hours=18),
                issue_id=issue.id,
                outcome="drafted: here",
                created_at=MONDAY,
            )
        )
        session.flush()
        assert companions.day_of(session, stored) == date(2026, 11, 25)


@BOTH
@pytest.mark.parametrize(
    ("outcome", "comes"),
    [("", True), ("late: nobody was at work", False), ("missed: another stands for it", False), (BEFORE, False)],
)
def test_a_run_without_an_issue_comes_only_while_it_is_begun(database: Database, outcome: str, *, comes: bool):
    """A worker is at it: it comes; it was late, or over before anybody looked: nothing will come that day."""
    found(database)
    issue = drafted(database, "daily", MONDAY + timedelta(hours=5))
    times = {"planned_at": MONDAY + timedelta(hours=6), "send_at": MONDAY + timedelta(hours=8), "created_at": MONDAY}
    with database.writing() as session:
        session.add(Run.model_validate({"publication_id": "weekly", "outcome": outcome} | times))
    assert bool(standing_in(database, issue)) == comes


@BOTH
def test_a_frozen_weekly_is_named_by_its_number(database: Database):
    """From then on its ledger says who gets it."""
    found(database)
    issue = drafted(database, "daily", MONDAY + timedelta(hours=5))
    weekly = drafted(database, "weekly", MONDAY + timedelta(hours=6))
    with database.writing() as session:
        stored = session.get_one(Issue, weekly.id)
        stored.audience_size = 3
        session.add(stored)
    assert standing_in(database, issue) == (StandIn("weekly", weekly.number),)


@BOTH
def test_what_the_daily_told_this_week_is_marked_where_it_may_be_repeated(database: Database):
    """Not what it told before the week, and not in a weekly that does not repeat it; a draft keeps what it had."""
    found(database, repeats_daily="true")
    newsroom.publish(
        database, [newsroom.article("old", hours=8 * 24), newsroom.article("told"), newsroom.article("not")]
    )
    newsroom.reader(database, "a@readers.example", "d-sc")
    for slug, at in (("old", NOW - timedelta(days=7, hours=1)), ("told", NOW - timedelta(hours=1))):
        others = {"old", "told", "not"} - {slug}
        for other in others:
            newsroom.change(database, other, status="unpublished")
        newsroom.change(database, slug, status="published")
        issue = drafted(database, "daily", at)
        making.make_proof(database, issue.id, urls=URLS, at=at, relaxed=NOT_NEEDED)
        newsroom.sent(database, issue, at, "daily")
    for slug in ("old", "told", "not"):
        newsroom.change(database, slug, status="published")
    weekly = drafted(database, "weekly", NOW)
    with database.writing() as session:
        publications.change(session, "weekly", {"repeats_daily": "false"})
        recipe = drafting.recipe(session, weekly)
        assert history.told_this_week(session, "daily", NOW - timedelta(days=9)) == frozenset()
    plan = build(recipe, ("sc",))
    assert {one.headline.split()[2]: one.from_daily for one in plan.stories}.items() >= {
        "told": True,
        "not": False,
    }.items()
    assert {one.url: one.from_daily for one in recipe.candidates}["https://meridian.example/old"] is False
    later = drafted(database, "weekly", NOW + timedelta(hours=1))
    with database.reading() as session:
        assert not any(one.from_daily for one in drafting.recipe(session, later).candidates)
