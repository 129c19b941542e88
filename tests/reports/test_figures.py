"""What a report says of an issue is what the newsroom's tables hold, on both databases."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from digest.articles.models import Exposure
from digest.database import Database
from digest.errors import Refused
from digest.events.models import Vote
from digest.issues import drafting
from digest.issues.models import Issue
from digest.reports import asking
from digest.reports.facts import Counted
from digest.reports.gathering import gather
from digest.reports.rates import rate
from digest.reports.sums import sums
from digest.sending.models import Delivery
from subscribers import end, subscribe
from subscribers.models import Subscriber
from tests.conftest import BOTH, NOW
from tests.issues import newsroom as small
from tests.reports import made, newsroom
from tests.reports.newsroom import WEEK

LATER = NOW + timedelta(days=5)


def asked(database: Database, text: str = "weekly", at: Any = LATER, **changes: Any) -> Mapping[str, Any]:
    """Return a report as data."""
    with database.reading() as session:
        return asking.report(session, text, at, **changes).as_json()


def by(rows: list[Mapping[str, Any]], key: str) -> Mapping[str, Mapping[str, Any]]:
    """Return rows by the value of a column."""
    return {row[key]: row for row in rows}


@BOTH
def test_the_figures_are_those_of_the_ledger(database):
    """States, outcomes, clicks and votes add up to what stands in the tables; delivered holds who complained."""
    issue = newsroom.history(database, 3)[-1]
    found = asked(database)
    with database.reading() as session:
        counted = select(col(Delivery.outcome), func.count()).where(col(Delivery.issue_number) == issue.number)
        outcomes = dict(session.execute(counted.group_by(col(Delivery.outcome))).all())
        clicks = session.execute(
            select(func.sum(Exposure.clicks)).where(col(Exposure.edition_number) >= issue.number * 10)
        ).scalar_one()
        votes = session.execute(
            select(func.sum(Vote.count)).where(col(Vote.edition_number) >= issue.number * 10)
        ).scalar_one()
    assert (found["number"], found["audience"], found["status"]) == (issue.number, 1_000, "sent")
    assert by(found["deliveries"], "state")["accepted by the provider"]["deliveries"] == 1_000
    told = by(found["outcomes"], "outcome")
    assert told["bounced"]["deliveries"] == outcomes["bounced"]
    assert told["nothing came back yet"]["deliveries"] == outcomes.get(None, 0)
    assert sum(row["deliveries"] for row in found["outcomes"]) == 1_000
    assert by(found["clicks"], "who")["human"]["clicks"] == clicks
    assert sum(row["clicks"] for row in found["regions"]) == clicks
    assert sum(row["clicks"] for row in found["places"]) == clicks
    assert sum(row["votes"] for row in found["votes"]) == votes
    delivered = by(found["measures"], "measure")["Delivered, of those accepted"]["value"]["hits"]
    assert delivered == outcomes["delivered"] + outcomes.get("complained", 0)


@BOTH
def test_who_left_counts_once_for_the_issue_before(database):
    """Two left a day after; who came back, who was thrown out by an import, and who had no edition do not count."""
    newsroom.history(database, 2)
    ref = {}
    with database.writing() as session:
        for number in (10, 11, 12):
            ref[number] = small.person(session, f"reader{number}@example.org")
            source = "import:old.csv" if number == 11 else "page"
            end(session, ref=ref[number], family="weekly", list_id="sc", at=NOW + timedelta(hours=3), source=source)
    with database.writing() as session:
        subscribe(
            session,
            small.KEYS,
            address="reader12@example.org",
            lists=["sc"],
            at=NOW + timedelta(hours=4),
            source="form",
            wording="yes",
            confirmed=True,
        )
    small.reader(database, "nobody@example.org", "sc", "ee", at=NOW)
    with database.writing() as session:
        stranger = small.person(session, "nobody@example.org")
        number = session.execute(select(col(Subscriber.id)).where(col(Subscriber.ref) == UUID(stranger))).scalar_one()
        session.execute(update(Delivery).where(col(Delivery.subscriber_id) == number).values(state="rejected"))
        end(session, ref=stranger, family="weekly", list_id="sc", at=NOW + timedelta(hours=3), source="page")
    lists = by(asked(database)["lists"], "list")
    assert lists["sc"]["unsubscribes"] == 3  # two of the newsroom's history, and reader10
    assert lists["ee"]["unsubscribes"] == 0
    assert lists["sc"]["readers"] == 400 + 200 + 100 - 1


def test_a_list_that_an_edition_does_not_hold_is_left_for_other_reasons(database):
    """A reader of South Caucasus alone who leaves Eastern Europe says nothing about this mail."""
    newsroom.history(database, 1, left=0)
    small.reader(database, "reader0@example.org", "ee", at=NOW)
    with database.writing() as session:
        ref = small.person(session, "reader0@example.org")
        end(session, ref=ref, family="weekly", list_id="ee", at=NOW + timedelta(hours=3), source="page")
    found = asked(database)
    assert by(found["lists"], "list")["ee"]["unsubscribes"] == 0
    assert found["issues"][-1]["unsubscribes"] == 0


def test_leaving_is_compared_over_the_same_time(database):
    """Two left a day after each issue: twelve hours after the last, nobody of any issue had; then two of each."""
    newsroom.history(database, 4)
    early = asked(database, at=NOW + timedelta(hours=12))
    assert [row["unsubscribes"] for row in early["issues"]] == [0, 0, 0, 0]
    assert early["unsubscribes_until"] == "2026-11-24T18:00:00Z"
    assert any("12 h old" in note for note in early["notes"])
    late = asked(database, at=NOW + timedelta(days=20))
    assert [row["unsubscribes"] for row in late["issues"]] == [2, 2, 2, 2]
    assert late["unsubscribes_until"] == "2026-12-01T06:00:00Z"
    assert not any("old:" in note for note in late["notes"])


def test_not_counted_is_not_nothing(database):
    """No click and no event in any issue: null and a sentence, never 0."""
    newsroom.history(database, 2, clicked=False, told=False)
    found = asked(database)
    assert found["counted"] == {"outcomes": False, "human_clicks": False, "machine_clicks": False}
    assert [row["clicks"] for row in found["clicks"]] == [None, None]
    assert {row["deliveries"] for row in found["outcomes"]} == {None}
    assert {row["clicks"] for row in found["places"]} == {None}
    assert {row["complaints"] for row in found["lists"]} == {None}
    assert found["stories"] == []
    assert [note.partition(":")[0] for note in found["notes"]][:2] == [
        "What came back is not counted",
        "Human clicks are not counted",
    ]


def test_nothing_after_something_is_nothing(database):
    """Where clicks of an earlier issue were counted, an issue without one has 0."""
    newsroom.history(database, 2)
    newsroom.send(database, NOW + WEEK, 2, 1_000, clicked=False)
    found = asked(database, at=NOW + WEEK * 2)
    assert by(found["clicks"], "who")["human"]["clicks"] == 0
    assert found["counted"]["human_clicks"] is True
    assert by(found["clicks"], "who")["machine"]["clicks"] is None


def test_an_issue_still_on_its_way_says_so(database):
    """Places are noted at the end of a sending: till then the report shows what left, and says what is missing."""
    newsroom.history(database, 1)
    newsroom.send(database, NOW + WEEK, 1, 1_000, placed=False)
    found = asked(database, at=NOW + WEEK)
    assert found["status"] == "sending"
    assert found["places"] == []
    assert any(note.startswith("Places and clicks are noted when") for note in found["notes"])
    assert found["exposure_of"] == [1]


def test_special_issues_are_not_compared_with(database):
    """The last issues are regular ones of the publication, as many as were asked for, oldest first."""
    issues = newsroom.history(database, 6)
    with database.writing() as session:
        session.execute(update(Issue).where(col(Issue.number) == issues[3].number).values(once=True))
    assert asked(database)["compared_with"] == [1, 2, 3, 5]
    assert asked(database, earlier=2)["compared_with"] == [3, 5]
    assert asked(database, "4")["compared_with"] == [1, 2, 3]
    assert asked(database, earlier=0)["compared_with"] == []


def test_the_comparison_names_median_and_range(database):
    """Worked by hand from the issues themselves; three earlier ones are the least."""
    newsroom.history(database, 5)
    found = asked(database)
    before = sorted(row["human_clicks"] / row["accepted"] for row in found["issues"][:-1])
    measure = by(found["measures"], "measure")["Human clicks per delivery"]
    assert measure["median"] == pytest.approx((before[1] + before[2]) / 2, abs=1e-5)
    assert (measure["lowest"], measure["highest"]) == pytest.approx((before[0], before[-1]), abs=1e-5)
    assert measure["issues"] == 4
    few = by(asked(database, earlier=2)["measures"], "measure")["Human clicks per delivery"]
    assert few["verdict"] == "too few issues to compare with"


def test_a_publication_means_its_newest_that_went_out(database):
    """A draft beside it does not hide it; asked for by number, the draft is refused with a sentence."""
    issue = newsroom.history(database, 1)[0]
    draft = drafting.draft(database, "weekly", as_of=NOW + WEEK, at=NOW + WEEK)
    assert asked(database)["number"] == issue.number
    with pytest.raises(Refused, match=f"Issue {draft.number} is draft; nothing of it has gone out yet"):
        asked(database, str(draft.number))


def test_deliveries_are_counted_in_the_database(database):
    """Ten times the readers are as many rows to the report: one for each edition, state and outcome."""
    issue = newsroom.history(database, 1, readers=5_000)[0]
    with database.reading() as session:
        facts = gather(session, session.get_one(Issue, issue.id), LATER)
    assert len(facts.deliveries) <= len(newsroom.SETS) * 5
    assert sum(one.deliveries for one in facts.deliveries) == 5_000


def test_places_of_all_editions_count_together(database):
    """Place 1 was delivered to everybody, place 14 to the readers of two lists; expected falls by theta."""
    newsroom.history(database, 1)
    places = asked(database)["places"]
    assert [row["place"] for row in places] == list(range(1, 15))
    assert (places[0]["delivered"], places[-1]["delivered"]) == (1_000, 300)
    assert places[0]["expected"] == pytest.approx(30)
    assert places[1]["expected"] == pytest.approx(30 * 2**-0.6, abs=0.001)


def test_the_next_issue_ends_the_time_of_the_one_before(database):
    """Two issues twelve hours apart: who leaves a day after the first left the second, and is counted once."""
    newsroom.history(database, 1, left=0)
    newsroom.send(database, NOW + timedelta(hours=12), 1, 1_000, left=0)
    with database.writing() as session:
        ref = small.person(session, "reader3@example.org")
        end(session, ref=ref, family="weekly", list_id="sc", at=NOW + timedelta(days=1), source="one-click")
    assert [row["unsubscribes"] for row in asked(database)["issues"]] == [0, 1]


def test_who_complained_had_it():
    """A complaint is a delivered one, too; the shares are of what was accepted."""
    given = made.facts(issues=1)
    back = (("delivered", 960), ("complained", 10), ("bounced", 20), ("deferred", 10))
    one = sums(replace(given, deliveries=[Counted(1, 1, "accepted", name, count) for name, count in back]))[0]
    assert one.delivered == 970
    assert one.share("delivered") == rate(970, 1_000)
    assert one.share("complained") == rate(10, 1_000)
