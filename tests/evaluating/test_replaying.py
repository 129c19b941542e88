"""Past issues: their candidates as they were known, and what readers clicked and read afterwards, place taken out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from digest.articles.models import Exposure, Reads, article_id
from digest.database import Database
from digest.errors import Refused
from digest.evaluating.asking import Question
from digest.evaluating.cases import Case
from digest.evaluating.replaying import MAIL, SITE, Replayed, replay
from digest.evaluating.sources import from_issues
from digest.issues import drafting
from digest.issues.models import Issue
from digest.proofs.models import EditionStory
from digest.ranking.formula import WEEKLY, theta
from tests.conftest import BOTH, NOW
from tests.issues import newsroom

QUICK = Question(draws=100)
REGIONS = {"sc": "south-caucasus", "ee": "eastern-europe", "ca": "central-asia"}


def key(slug: str) -> UUID:
    """Return the id of an article."""
    return article_id(f"meridian.example/{slug}")


def drafted(database: Database, at: datetime = NOW) -> Issue:
    """Draft an issue of the week before, and let it be sent."""
    issue = drafting.draft(database, "weekly", as_of=at, at=at)
    with database.writing() as session:
        held = session.get_one(Issue, issue.id)
        held.first_accepted_at = at + timedelta(hours=2)
        session.add(held)
    return issue


def printed(database: Database, issue: Issue, list_id: str, clicks: Sequence[tuple[str, int]], **changes: Any) -> None:
    """Note an edition that printed these articles from the top, and the clicks each brought."""
    with database.writing() as session:
        for place, (slug, many) in enumerate(clicks, start=1):
            story = {
                "edition_number": issue.number * 10 + sorted(REGIONS).index(list_id),
                "place": place,
                "issue_number": issue.number,
                "article_id": key(slug),
                "story_key": slug,
                "block": "section",
                "list_id": list_id,
                "region": REGIONS[list_id],
                "points": 1.0,
            } | changes
            session.add(EditionStory.model_validate(story))
            exposed = {
                "article_id": key(slug),
                "list_id": list_id,
                "edition_number": story["edition_number"],
                "place": place,
                "sent_at": issue.as_of + timedelta(hours=2),
                "delivered": 1_000,
                "expected": 30 * theta(place, WEEKLY),
                "clicks": many,
            }
            session.add(Exposure.model_validate(exposed))


def read(database: Database, slug: str, views: int, start: datetime, days: int = 1) -> None:
    """Note page views of an article."""
    row = {"article_id": key(slug), "source": "site", "period_start": start, "views": views}
    with database.writing() as session:
        session.add(Reads.model_validate(row | {"period_end": start + timedelta(days=days)}))


def replayed(database: Database, last: int = 40) -> Replayed:
    """Replay the publication's issues."""
    with database.reading() as session:
        return replay(session, "weekly", last=last)


def by(past: Replayed, whose: str) -> list[Case]:
    """Return the cases that are judged by mail or by site."""
    return [case for case in past.cases if whose in case.gains]


@pytest.fixture
def a_newsroom(database: Database) -> Database:
    """Found the newsroom, with the articles of a week."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    return database


@BOTH
def test_printed_stories_are_judged_by_clicks_over_expected(a_newsroom):
    """Worked by hand: 30 clicks at place 1 are average, 30 at place 3 much more; the order sent is kept."""
    issue = drafted(a_newsroom)
    slugs = [f"south-caucasus-{number}" for number in range(3)]
    printed(a_newsroom, issue, "sc", [(slugs[0], 30), (slugs[1], 0), (slugs[2], 30)])
    (case,) = replayed(a_newsroom).cases
    gains = case.gains[MAIL]
    assert gains[str(key(slugs[0]))] == pytest.approx(1)
    assert gains[str(key(slugs[1]))] == pytest.approx(5 / (30 * theta(2, WEEKLY) + 5))
    assert gains[str(key(slugs[2]))] == pytest.approx(35 / (30 * theta(3, WEEKLY) + 5))
    assert list(case.as_sent) == [str(key(slug)) for slug in slugs]
    assert {one.candidate.id for one in case.stories} == set(gains)
    assert (case.unit, case.region, case.as_of) == (str(issue.number), "south-caucasus", NOW)


def test_editions_of_one_list_count_together(a_newsroom):
    """Clicks, expectation and place of a story are those of all its editions."""
    issue = drafted(a_newsroom)
    rows = [("south-caucasus-0", 10), ("south-caucasus-1", 20)]
    printed(a_newsroom, issue, "sc", rows)
    printed(a_newsroom, issue, "sc", rows[::-1], edition_number=99)
    (case,) = replayed(a_newsroom).cases
    both = 30 + 30 * theta(2, WEEKLY) + 5
    gains = {slug: (2 * many + 5) / both for slug, many in rows}
    assert case.gains[MAIL] == pytest.approx({str(key(slug)): gain for slug, gain in gains.items()})


def test_what_tells_nothing_is_left_out(a_newsroom):
    """A list whose clicks nobody counts, a single story, Popular and corrections, and issues that never went out."""
    issue = drafted(a_newsroom)
    printed(a_newsroom, issue, "sc", [("south-caucasus-0", 0), ("south-caucasus-1", 0)])
    printed(a_newsroom, issue, "ee", [("eastern-europe-0", 9)])
    printed(a_newsroom, issue, "ca", [("central-asia-0", 9), ("central-asia-1", 3)], block="popular")
    drafting.draft(a_newsroom, "weekly", as_of=NOW + timedelta(days=7), at=NOW + timedelta(days=7))
    past = replayed(a_newsroom)
    assert (past.cases, past.issues) == ([], 1)
    with pytest.raises(Refused, match="Of the 1 issues of 'weekly' that were sent none has clicks"):
        from_issues(past, "weekly", WEEKLY, QUICK)


@BOTH
def test_the_site_judges_what_was_left_out_too(a_newsroom):
    """By page views of periods that lie wholly after the cut-off and within the week: none that were known before."""
    drafted(a_newsroom)
    read(a_newsroom, "south-caucasus-0", 70, NOW)
    read(a_newsroom, "south-caucasus-4", 90, NOW + timedelta(days=3))
    read(a_newsroom, "south-caucasus-1", 999, NOW - timedelta(hours=1))
    read(a_newsroom, "south-caucasus-2", 999, NOW + timedelta(days=6.5))
    (case,) = by(replayed(a_newsroom), SITE)
    assert case.gains[SITE] == {str(key("south-caucasus-0")): 70, str(key("south-caucasus-4")): 90}
    assert not case.as_sent


def test_the_places_of_earlier_mails_are_told_apart(a_newsroom):
    """What an earlier issue's places should have brought is taken out of what was stored, and put back by formula."""
    first = drafted(a_newsroom, NOW - timedelta(days=1))
    printed(a_newsroom, first, "sc", [("south-caucasus-1", 40), ("south-caucasus-2", 40)])
    drafted(a_newsroom)
    read(a_newsroom, "south-caucasus-1", 70, NOW)
    read(a_newsroom, "south-caucasus-2", 70, NOW)
    (case,) = by(replayed(a_newsroom, last=1), SITE)
    told = {one.id: one for one in case.candidates(WEEKLY)}
    two = told[str(key("south-caucasus-2"))]
    assert two.clicks == 40
    assert two.expected == pytest.approx(30 * theta(2, WEEKLY))
    (placement,) = next(one for one in case.stories if one.candidate.id == two.id).placements
    assert placement.place == 2
    assert placement.expected_on_top == pytest.approx(30)


def test_later_clicks_do_not_change_what_was_known(a_newsroom):
    """The inputs are those stored with the issue: what came after the cut-off judges, and does not rank."""
    issue = drafted(a_newsroom)
    read(a_newsroom, "south-caucasus-0", 70, NOW)
    read(a_newsroom, "south-caucasus-1", 10, NOW)
    before = by(replayed(a_newsroom), SITE)[0].candidates(WEEKLY)
    printed(a_newsroom, issue, "sc", [("south-caucasus-0", 500), ("south-caucasus-1", 1)])
    newsroom.change(a_newsroom, "south-caucasus-1", editors_choice=False)
    assert by(replayed(a_newsroom), SITE)[0].candidates(WEEKLY) == before


def test_the_report_names_the_formulas_and_what_it_cannot_tell(a_newsroom):
    """Those the issues were ranked by and the one that is tried; few issues are called few; the order sent is a row."""
    issue = drafted(a_newsroom)
    printed(a_newsroom, issue, "sc", [("south-caucasus-0", 9), ("south-caucasus-1", 30), ("south-caucasus-2", 3)])
    read(a_newsroom, "south-caucasus-0", 70, NOW)
    read(a_newsroom, "south-caucasus-1", 10, NOW)
    report = from_issues(replayed(a_newsroom), "weekly", WEEKLY, QUICK)
    assert report.about == ("1 of the last 1 issues of weekly, which were ranked by formula v1; ours is formula v1.")
    assert list(report.measures) == ["nDCG@10 mail", "pairs mail", "nDCG@10 site", "pairs site"]
    assert report.methods[-1] == "as it was sent"
    assert report.notes[0] == "1 issue: that is little, take the intervals as a rough guess."
    sent = report.drawn.estimate("as it was sent", "pairs mail")
    assert sent is not None
    assert sent.value == pytest.approx(2 / 3)
    assert "-" in report.table()[-1]  # the site does not judge the order sent
