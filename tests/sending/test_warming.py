"""The warm-up of a new domain: who goes first, who waits for which day and why, and what expires."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import delete, insert, literal, select, update

from digest import ticking
from digest.clock import StillClock
from digest.database import Database
from digest.editors.standing import standing
from digest.events.engagement import clicked
from digest.events.models import Click
from digest.issues.models import Issue, IssueStatus, Publication, Run
from digest.proofs.models import EditionStory
from digest.rendering.urls import Urls
from digest.sending import freezing, ledger, sender, starting, warming, work
from digest.sending.means import Means
from digest.sending.models import table
from subscribers.models import Subscription
from tests.conftest import BOTH, NOW
from tests.sending import newsroom, zoned
from tests.sending.fakes import Never, Scripted, means
from tests.sending.test_limits import PLAN, accepted, limited, said

PUBLICATION, SUBSCRIPTION = table(Publication), table(Subscription)


@pytest.fixture
def tools(database: Database, clock: StillClock) -> Means:
    """Return means whose account warms up: 4 readers today, 8 tomorrow, 16 the day after."""
    return limited(means(database, clock, Scripted()), warm_up=PLAN)


def work_on(tools: Means) -> None:
    """Do what a worker would do with issue 1 now: freeze it if need be, and send what may leave."""
    work.drain(tools, newsroom.issue(tools.database).id, Never())


@BOTH
def test_an_issue_is_spread_over_the_days_of_a_warm_up(database: Database, clock: StillClock, tools: Means):
    """4 today, 8 tomorrow at the same hour, the rest the day after; said with its reason, and each day told apart."""
    newsroom.make(database, readers=20)
    counts = []
    for day in range(3):
        clock.at = NOW + timedelta(days=day)
        work_on(tools)
        counts.append(len(accepted(database)))
        if day == 0:
            told = said(database, tools, clock.now())
            assert (
                "16 deliveries wait for tomorrow or later: warm-up day 2 allows 8; 8 leave at 2026-11-25 06:00" in told
            )
            assert "the last at 2026-11-26 06:00" in told
            assert "own hour" not in told
            clock.at = NOW + timedelta(hours=23)
            work_on(tools)
            assert len(accepted(database)) == 4
    assert counts == [4, 12, 20]
    assert newsroom.issue(database).status == IssueStatus.sent


@BOTH
def test_the_standing_forecasts_when_all_will_have_it(database: Database, tools: Means):
    """For the status, the desk and machines: the days to come with their readers and ceilings; no waves are made up."""
    newsroom.make(database, readers=20)
    work_on(tools)
    with database.reading() as session:
        issue = session.get_one(Issue, newsroom.issue(database).id)
        data = standing(database, session, issue, tools.account, tools.limits)
    assert [(one["day"], one["allows"], one["readers"]) for one in data["warm_up"]] == [(2, 8, 8), (3, 16, 8)]
    assert data["warm_up"][-1]["at"].startswith("2026-11-26T06:00")
    assert data["waves"] == []


@BOTH
def test_who_confirmed_last_goes_first(database: Database, tools: Means):
    """Nobody's clicks are counted: an address that said yes lately works, and its owner remembers having asked."""
    newsroom.make(database, readers=10)
    with database.writing() as session:
        for number in range(1, 11):
            at = NOW - timedelta(days=30 * number if number != 9 else 1)
            mine = update(SUBSCRIPTION).where(SUBSCRIPTION.c.subscriber_id == number)
            session.execute(mine.values(changed_at=at))
    work_on(tools)
    assert accepted(database) == {1, 2, 3, 9}


def click(who: int, at: datetime, state: str, edition: int) -> dict[str, Any]:
    """Return a stored click."""
    known = {"edition_number": edition, "place": 1, "at": at, "visitor": "v", "method": "GET", "sign": ""}
    return known | {"subscriber_id": who, "state": state}


@BOTH
def test_who_clicks_most_goes_first_where_people_are_counted(database: Database, tools: Means):
    """Of a publication with personal clicks: people's clicks of the last 90 days; no machines', no old ones."""
    edition = newsroom.make(database, readers=10).editions[0]
    lately, rows = NOW - timedelta(days=3), []
    for who, many in {7: 3, 8: 2, 10: 1}.items():
        rows += [click(who, lately, "human", edition)] * many
    rows += [click(5, lately, "machine", edition)] * 9
    rows += [click(6, NOW - timedelta(days=100), "human", edition)] * 9
    with database.writing() as session:
        session.execute(insert(table(Click)), rows)
        session.execute(update(PUBLICATION).values(clicks="personal"))
    work_on(replace(tools, engaged=clicked))
    assert accepted(database) == {1, 7, 8, 10}


def test_clicks_that_are_not_personal_do_not_choose(database: Database, tools: Means):
    """The publication counts nobody by name: what is stored from before has no say."""
    room = newsroom.make(database, readers=10)
    with database.writing() as session:
        session.execute(insert(table(Click)), [click(9, NOW, "human", room.editions[0])])
    work_on(replace(tools, engaged=clicked))
    assert accepted(database) == {1, 2, 3, 4}


def test_an_issue_that_fits_the_day_is_not_touched(database: Database, tools: Means):
    """Four readers on a day that allows four: all leave, the log has no plan, and nobody's clicks were asked for."""
    asked: list[str] = []

    def engaged(publication: str, _now: datetime) -> Any:
        asked.append(publication)
        return select(literal(1).label("subscriber_id"), literal(1).label("clicks"))

    newsroom.make(database, readers=4)
    work_on(replace(tools, engaged=engaged))
    assert newsroom.issue(database).status == IssueStatus.sent
    assert asked == []
    with database.reading() as session:
        assert warming.days_of(session, 1) == []


@BOTH
def test_two_issues_share_the_days(database: Database, clock: StillClock, tools: Means):
    """The second one plans around what the first has sent today and owes tomorrow; both together keep each ceiling."""
    newsroom.make(database, readers=10)
    work_on(tools)  # 4 today, 6 tomorrow
    second = newsroom.make(database, readers=0, number=2)
    with database.writing() as session:  # else its readers had its story already
        session.execute(delete(table(EditionStory)).where(table(EditionStory).c.issue_number == 2))
    starting.start(tools, second.issue_id)
    with database.reading() as session:
        days = [(one.number, one.readers) for one in warming.days_of(session, 2)]
    assert days == [(1, 0), (2, 2), (3, 8)]
    sent = []
    for day in range(4):
        clock.at = NOW + timedelta(days=day)
        for number in (1, 2):
            sender.run(tools, number, Never())
        states = [state for number in (1, 2) for state in newsroom.states(database, number).values()]
        sent.append(states.count("accepted"))
    assert sent == [4, 12, 20, 20]


@BOTH
def test_freezing_again_after_a_crash_forgets_nobody(database: Database, clock: StillClock, tools: Means):
    """A worker that died between the plan and the opening: one plan holds, and each day keeps its ceiling."""
    room = newsroom.make(database, readers=20)

    def lay_down() -> None:
        warming.choose(tools, room.issue_id, NOW)
        raise KeyboardInterrupt

    urls = Urls(tools.base_url, tools.keys)
    with pytest.raises(KeyboardInterrupt):
        freezing.freeze(database, room.issue_id, at=NOW, urls=urls, progress=lambda _: None, lay_down=lay_down)
    counts = []
    for day in range(3):
        clock.at = NOW + timedelta(days=day)
        work_on(tools)
        counts.append(len(accepted(database)))
    assert counts == [4, 12, 20]
    with database.reading() as session:
        assert len(warming.days_of(session, 1)) == 3


@BOTH
def test_two_workers_at_once_lay_down_one_plan(database: Database, clock: StillClock, tools: Means):
    """Each freezes it at an instant of its own: the plan of the first holds for both, and each ceiling is kept."""
    room = newsroom.make(database, readers=20)
    seen: list[int] = []

    def other() -> None:
        warming.choose(tools, room.issue_id, NOW + timedelta(seconds=7))
        warming.choose(tools, room.issue_id, NOW)
        seen.append(1)

    clock.at = NOW + timedelta(seconds=9)
    urls = Urls(tools.base_url, tools.keys)
    freezing.freeze(database, room.issue_id, at=NOW, urls=urls, progress=lambda _: None, lay_down=other)
    assert seen
    with database.reading() as session:
        days = warming.days_of(session, 1)
        assert [one.readers for one in days] == [4, 8, 8]
        assert [one.readers for one in warming.to_come(session, 1, clock.now())] == [8, 8]
    work_on(tools)
    assert len(accepted(database)) == 4


@BOTH
def test_many_threads_at_once_lay_down_one_plan(database: Database, tools: Means):
    """Four workers begin at the same time: one plan, nobody lost, nobody too early."""
    newsroom.make(database, readers=20)
    threads = [threading.Thread(target=work_on, args=(tools,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert [one.readers for one in warming.days_of(session, 1)] == [4, 8, 8]
        assert [one.readers for one in warming.to_come(session, 1, NOW)] == [8, 8]
    assert len(accepted(database)) == 4


@BOTH
def test_those_of_the_first_day_keep_their_own_hour(database: Database, clock: StillClock, tools: Means):
    """Readers' zones go on to count: who has it today gets it at home's hour; the later days are no waves."""
    newsroom.make(database, readers=8)
    zoned.publication(database, "Asia/Tbilisi")
    zoned.live_in(database, {2: "America/New_York"})
    newsroom.set_issue(database, send_at=NOW)
    work_on(tools)
    assert accepted(database) == {1, 3, 4}
    told = said(database, tools, NOW)
    assert "1 delivery waits for its reader's own hour" in told
    assert "4 deliveries wait for tomorrow or later: warm-up day 2" in told
    clock.at = NOW + timedelta(hours=9)
    work_on(tools)
    assert accepted(database) == {1, 2, 3, 4}


def successor(database: Database, status: IssueStatus = IssueStatus.draft) -> UUID:
    """Draft the next issue of the publication, as the schedule does."""
    made = uuid5(newsroom.SPACE, "successor")
    with database.writing() as session:
        row = {"id": made, "number": 9, "publication_id": newsroom.FAMILY, "as_of": NOW, "status": status}
        session.add(Issue.model_validate(row | {"created_at": NOW, "changed_at": NOW}))
        session.flush()
        run = {"publication_id": newsroom.FAMILY, "planned_at": NOW, "send_at": NOW, "issue_id": made}
        session.add(Run.model_validate(run | {"outcome": "drafted", "created_at": NOW}))
    return made


@BOTH
def test_what_is_left_expires_when_the_next_issue_is_due(database: Database, clock: StillClock, tools: Means):
    """At the next cut-off the rest is cancelled with the reason; who has it has it; the issue is sent; told once."""
    newsroom.make(database, readers=20)
    work_on(tools)
    assert warming.expire(database, clock.now()) == []
    successor(database)
    clock.at = NOW + timedelta(hours=1)
    told = [one for one in ticking.tick(tools) if "expired" in one]
    assert told == ["issue 1: 16 deliveries cancelled: expired, the next issue was due; warm-up day 1 allowed 4"]
    assert Counter(newsroom.states(database).values()) == {"accepted": 4, "cancelled": 16}
    assert newsroom.delivery(database, 20).reason == "expired, the next issue was due; warm-up day 1 allowed 4"
    assert newsroom.issue(database).status == IssueStatus.sent
    assert not [one for one in ticking.tick(tools) if "expired" in one]
    with database.reading() as session:
        assert ledger.is_whole(session, 1)


@pytest.mark.parametrize("status", [IssueStatus.skipped, IssueStatus.cancelled])
def test_a_successor_that_is_not_sent_ends_nothing(database: Database, tools: Means, status: IssueStatus):
    """The next issue was skipped or cancelled: the readers who wait get this one after all."""
    newsroom.make(database, readers=20)
    work_on(tools)
    successor(database, status)
    assert warming.expire(database, NOW) == []


def test_what_waits_for_anything_else_does_not_expire(database: Database, clock: StillClock):
    """An issue without a warm-up whose account has reached its limit goes on tomorrow, whatever comes."""
    newsroom.make(database, readers=10)
    work_on(limited(means(database, clock, Scripted()), per_day=4))
    successor(database)
    assert warming.expire(database, clock.now()) == []
