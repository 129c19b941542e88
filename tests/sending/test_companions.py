"""A weekly and its daily: nobody gets a story twice, and on its day the weekly comes instead of the daily."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session

from digest.clock import StillClock
from digest.database import Database
from digest.errors import Refused
from digest.issues import drafting, lifecycle, publications
from digest.issues.models import Issue, IssueStatus
from digest.proofs import instead, making, storing
from digest.sending import rehearsing, waves
from subscribers.models import Subscription, table
from tests import databases
from tests.conftest import BOTH
from tests.issues import newsroom
from tests.sending import companions
from tests.sending.approved import RELAXED
from tests.sending.companions import DAY, MONDAY, URLS
from tests.sending.newsroom import DELIVERY, ISSUE, rows_of

NEXT = MONDAY + 7 * DAY


def reader(database: Database, name: str, *lists: str) -> int:
    newsroom.reader(database, f"{name}@readers.example", *lists, at=MONDAY - 9 * DAY)
    return companions.number(database, f"{name}@readers.example")


def repeated(database: Database) -> list[tuple[int, str]]:
    """Return (reader, story) of what somebody was brought more than once."""
    told = Counter((who, key) for who, rows in companions.brought(database).items() for _one, _list, key in rows)
    return [one for one, times in told.items() if times > 1]


@BOTH
def test_who_gets_both_gets_no_story_twice(database: Database, clock: StillClock):
    """A daily on Saturday and Sunday, then the weekly: the reader of both has a sibling of what is new to them."""
    companions.found(database)
    weekly, both = reader(database, "w", "sc"), reader(database, "b", "sc", "d-sc")
    daily = reader(database, "d", "d-sc")
    for day in (5, 6):
        companions.publish(database, MONDAY + day * DAY, f"day{day}", 2)
        companions.issue_of(database, "daily", MONDAY + day * DAY, clock)
    companions.publish(database, NEXT + timedelta(hours=4), "new", 2)
    made = companions.approve(database, "weekly", NEXT, clock)
    with database.reading() as session:
        editions = storing.editions_of(session, session.get_one(Issue, made))
        assert sorted((bool(one.without), one.readers) for one in editions) == [(False, 1), (True, 1)]
    companions.send(database, made, NEXT + timedelta(hours=8), clock)
    told = companions.brought(database, made)
    assert daily not in told
    assert {key for _w, _l, key in told[weekly]} > {key for _w, _l, key in told[both]} > set()
    assert repeated(database) == []
    with database.reading() as session:
        late = [one for one in storing.editions_of(session, session.get_one(Issue, made)) if one.made_at_freeze]
    assert late == [], "approval foresaw the sibling"


@BOTH
def test_what_the_weekly_brought_is_not_brought_by_the_daily(database: Database, clock: StillClock):
    """Monday's weekly, then Tuesday's daily: the reader of both is spared the stories, the one of the daily is not."""
    companions.found(database)
    both, daily = reader(database, "b", "sc", "d-sc"), reader(database, "d", "d-sc")
    companions.publish(database, MONDAY + timedelta(hours=5), "monday")
    companions.issue_of(database, "weekly", MONDAY, clock)
    companions.publish(database, MONDAY + DAY, "tuesday", 1)
    made = companions.issue_of(database, "daily", MONDAY + DAY, clock)
    told = companions.brought(database, made)
    assert any("monday" in key for _p, _l, key in told[daily])
    assert told[both]
    assert not any("monday" in key for _p, _l, key in told[both])
    assert repeated(database) == []


@BOTH
def test_nothing_is_left_of_the_weekly(database: Database, clock: StillClock):
    """Who had all of it by the daily gets no mail of it; the proof counts them, and so does the ledger."""
    companions.found(database)
    both = reader(database, "b", "sc", "d-sc")
    reader(database, "w", "sc")
    companions.publish(database, NEXT - DAY, "sunday", 1)
    companions.issue_of(database, "daily", NEXT - DAY, clock)
    clock.at = NEXT + timedelta(hours=6)
    issue = drafting.draft(database, "weekly", as_of=clock.at, at=clock.at)
    proof = making.make_proof(database, issue.id, urls=URLS, at=clock.at, relaxed=RELAXED)
    assert [(one.readers, list(one.without)) for one in proof.editions] == [(1, [])]
    said = [check.sentence for check in proof.checks if check.code == "nothing-new"]
    assert said == ["1 readers of South Caucasus get no mail this time: nothing is new for them."]
    made = companions.issue_of(database, "weekly", NEXT, clock)
    (row,) = rows_of(database, DELIVERY, DELIVERY.c.subscriber_id == both, DELIVERY.c.issue_number == issue.number)
    assert (made, row.state, row.reason) == (issue.id, "withdrawn", "had every story before")


@BOTH
def test_a_weekly_that_repeats_its_daily_says_so(database: Database, clock: StillClock):
    """The stories stand for everybody, labelled; what the weekly itself brought before is still not brought again."""
    companions.found(database, repeats=True)
    both, weekly = reader(database, "b", "sc", "d-sc"), reader(database, "w", "sc")
    companions.publish(database, NEXT - DAY, "sunday", 1)
    companions.issue_of(database, "daily", NEXT - DAY, clock)
    companions.publish(database, NEXT + timedelta(hours=4), "new", 1)
    made = companions.issue_of(database, "weekly", NEXT, clock)
    told = companions.brought(database, made)
    assert told[both] == told[weekly]
    assert any("sunday" in key for _p, _l, key in told[both])
    with database.reading() as session:
        (edition,) = storing.editions_of(session, session.get_one(Issue, made))
    labelled = sum("sunday" in key for _p, _l, key in told[both])
    assert edition.html.count("From this week’s daily") == edition.text.count("From this week’s daily") == labelled
    companions.publish(database, NEXT + 7 * DAY, "later", 1)
    companions.issue_of(database, "weekly", NEXT + 7 * DAY, clock)
    assert [story for _who, story in repeated(database) if "sunday" not in story] == []


@BOTH
def test_a_weekly_without_companions_knows_nothing_of_the_daily(database: Database, clock: StillClock):
    """Two publications that are not declared companions do not count for each other."""
    newsroom.found(database, zone="UTC")
    companions.daily(database)
    both = reader(database, "b", "sc", "d-sc")
    companions.publish(database, NEXT - DAY, "sunday", 1)
    companions.issue_of(database, "daily", NEXT - DAY, clock)
    made = companions.issue_of(database, "weekly", NEXT, clock)
    assert any("sunday" in key for _p, _l, key in companions.brought(database, made)[both])


@BOTH
def test_on_its_day_the_weekly_comes_instead_of_the_daily(database: Database, clock: StillClock):
    """One reader has no daily, one has the region by it that the weekly lacks; the ledger counts who is in it."""
    companions.found(database)
    daily, both = reader(database, "d", "d-sc", "d-ca"), reader(database, "b", "sc", "d-sc")
    partly, weekly = reader(database, "p", "sc", "d-sc", "d-ca"), reader(database, "w", "sc")
    companions.publish(database, MONDAY + timedelta(hours=4), "monday")
    made = companions.issue_of(database, "daily", MONDAY, clock)
    told = companions.brought(database, made)
    assert set(told) == {daily, partly}
    assert {where for _p, where, _key in told[partly]} == {"d-ca"}
    with database.reading() as session:
        issue = session.get_one(Issue, made)
        assert (issue.audience_size, rehearsing.instead_of(session, issue, clock.now())) == (2, {"weekly": 1})
    companions.issue_of(database, "weekly", MONDAY, clock)
    assert {both, partly, weekly} <= set(companions.brought(database))
    companions.publish(database, MONDAY + DAY + timedelta(hours=4), "tuesday", 1)
    tuesday = companions.issue_of(database, "daily", MONDAY + DAY, clock)
    assert set(companions.brought(database, tuesday)) == {daily, both, partly}
    assert repeated(database) == []


@BOTH
def test_the_proof_and_the_rehearsal_say_who_gets_the_weekly_instead(database: Database, clock: StillClock):
    """Editions, readers and a sentence for each; on a Tuesday there is nothing of it. Waves count who is left."""
    companions.found(database)
    for name, lists in (("d", ["d-sc", "d-ca"]), ("b", ["sc", "d-sc"]), ("p", ["sc", "d-sc", "d-ca"])):
        reader(database, name, *lists)
    companions.publish(database, MONDAY + timedelta(hours=4), "monday")
    made = companions.approve(database, "daily", MONDAY, clock)
    expected = [(("d-ca",), 1), (("d-sc", "d-ca"), 1)]
    with database.reading() as session:
        issue = session.get_one(Issue, made)
        proof = making.stored_proof(session, issue)
        shares = rehearsing.who_would_get(session, issue, clock.now())
        waves_ = waves.ahead(session, issue, clock.now())
        instead_ = rehearsing.instead_of(session, issue, clock.now())
    assert proof is not None
    assert sorted((tuple(one.lists), one.readers) for one in proof.editions) == expected
    assert {one.code: one.sentence for one in proof.checks}.items() >= {
        "instead": "1 readers get weekly instead, this day: they have all their regions from it.",
        "partly-instead": "1 readers get some regions from weekly instead, this day, and the others from this issue.",
    }.items()
    assert sorted((one.lists, one.readers) for one in shares if one.edition_number) == expected
    assert (instead_, [one.readers for one in waves_]) == ({"weekly": 1}, [2])
    tuesday = drafting.draft(database, "daily", as_of=MONDAY + timedelta(hours=29), at=clock.now())
    with database.reading() as session:
        assert instead.look(session, tuesday, clock.now()) is instead.NOBODY


@BOTH
@pytest.mark.parametrize("how", ["skip date", "cancelled", "skipped", "held"])
def test_the_schedule_says_whether_the_weekly_comes(database: Database, clock: StillClock, how: str):
    """A weekly that is held is late, and still counts; one that is not to come leaves the daily as it is."""
    companions.found(database)
    both = reader(database, "b", "sc", "d-sc")
    reader(database, "d", "d-sc")
    companions.publish(database, MONDAY + timedelta(hours=4), "monday")
    if how == "skip date":
        with database.writing() as session:
            publications.skip_date(session, "weekly", MONDAY.date())
    else:
        at = MONDAY + timedelta(hours=6)
        issue = drafting.draft(database, "weekly", as_of=at, at=at)
        with database.writing() as session:
            stored = session.get_one(Issue, issue.id)
            if how == "held":
                stored.held = "Something is wrong."
            else:
                lifecycle.move(stored, IssueStatus(how), at)
            session.add(stored)
    made = companions.issue_of(database, "daily", MONDAY, clock)
    assert (both in companions.brought(database, made)) == (how != "held")


@BOTH
def test_once_the_weekly_is_frozen_its_ledger_says_who_gets_it(database: Database, clock: StillClock):
    """Who came to the weekly when it had gone gets the daily: else they would have nothing that day."""
    companions.found(database)
    both = reader(database, "b", "sc", "d-sc")
    companions.publish(database, MONDAY + timedelta(hours=4), "monday")
    companions.issue_of(database, "weekly", MONDAY, clock)
    late = reader(database, "late", "sc", "d-sc")
    reader(database, "d", "d-sc")
    made = companions.approve(database, "daily", MONDAY + timedelta(hours=4), clock)
    companions.send(database, made, MONDAY + timedelta(hours=11), clock)
    told = companions.brought(database, made)
    assert (both in told, late in told) == (False, True)


@BOTH
def test_a_daily_that_all_get_the_weekly_instead_of_says_so(database: Database, clock: StillClock):
    """Nobody is left: it is held with that reason, and the check is not red for want of readers."""
    companions.found(database)
    reader(database, "b", "sc", "d-sc")
    companions.publish(database, MONDAY + timedelta(hours=4), "monday")
    made = companions.approve(database, "daily", MONDAY, clock)
    assert companions.send(database, made, MONDAY + timedelta(hours=7), clock) == "idle"
    with database.reading() as session:
        held = session.get_one(Issue, made).held
    assert held == "Nobody would get it: its 1 readers get weekly instead, this day."


@BOTH
def test_too_many_siblings_are_made_at_the_freeze(
    database: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
):
    """Over the most editions the smaller groups wait for the freeze, and the proof says so; no story comes twice."""
    companions.found(database)
    regions = ["d-sc", "d-ee", "d-ca"]
    for n in range(1, 8):
        daily = [one for bit, one in enumerate(regions) if n & 1 << bit]
        reader(database, f"b{n}", "sc", "ee", "ca", *daily)
    companions.publish(database, NEXT - DAY, "sunday", 1)
    companions.issue_of(database, "daily", NEXT - DAY, clock)
    companions.publish(database, NEXT + timedelta(hours=4), "new", 1)
    monkeypatch.setattr(making, "MOST_EDITIONS", 3)
    made = companions.approve(database, "weekly", NEXT, clock)
    with database.reading() as session:
        proof = making.stored_proof(session, session.get_one(Issue, made))
        assert proof is not None
        assert (len(proof.editions), sum(one.readers for one in proof.editions)) == (3, 7)
        (said,) = [check.sentence for check in proof.checks if check.code == "made-later"]
    assert said.endswith("editions less what some readers had before are made when the issue is frozen.")
    companions.send(database, made, NEXT + timedelta(hours=8), clock)
    with database.reading() as session:
        editions = storing.editions_of(session, session.get_one(Issue, made))
    assert len(editions) > 3
    assert len(companions.brought(database, made)) == 7
    assert repeated(database) == []


_SETS = st.lists(
    st.sets(st.sampled_from(["sc", "ee", "ca", "d-sc", "d-ee", "d-ca"]), min_size=1), min_size=2, max_size=4
)
_DAYS = st.lists(st.integers(0, 2), min_size=9, max_size=9)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sets=_SETS, days=_DAYS, first=st.sampled_from(["daily", "weekly"]), cancelled=st.booleans(), repeats=st.booleans()
)
def test_in_any_week_nobody_gets_a_story_twice(
    sets: list[set[str]], days: list[int], first: str, *, cancelled: bool, repeats: bool
):
    """Any readers, any news, whichever leaves first on Monday, and whether or not the weekly comes at all.

    Where the weekly repeats its daily, a story may come a second time: by the weekly, after the daily.
    """
    with TemporaryDirectory() as folder:
        clock = StillClock(MONDAY)
        database = databases.opened(Path(folder) / "week.db", clock)
        companions.found(database, repeats=repeats)
        everybody = {reader(database, f"r{n}", *sorted(lists)): lists for n, lists in enumerate(sets)}
        _a_week(database, clock, days, first, cancelled=cancelled)
        for who, story in repeated(database):
            by = [publication for publication, _list, key in companions.brought(database)[who] if key == story]
            assert repeats
            assert by == ["daily", "weekly"]
        _monday(database, everybody, cancelled=cancelled)
        database.close()


def _a_week(database: Database, clock: StillClock, days: list[int], first: str, *, cancelled: bool) -> None:
    """Send both on two Mondays, and the daily on the days between; a weekly may be a skip date."""
    if cancelled:
        with database.writing() as session:
            publications.skip_date(session, "weekly", NEXT.date())
    for number, stories in enumerate(days[:8]):
        day = MONDAY + number * DAY
        companions.publish(database, day + timedelta(hours=4), f"day{number}", stories)
        with_weekly = number in ((0,) if cancelled else (0, 7))
        order = [first, *({"daily", "weekly"} - {first})] if with_weekly else ["daily"]
        at = day + timedelta(hours=8)
        for one in order:
            with database.reading() as session:
                anybody = any(name.startswith("d-") == (one == "daily") for name in _lists(session))
            with suppress(Refused):  # there is no news, so that no edition can be approved
                if anybody:
                    companions.send(database, companions.approve(database, one, day, clock), at, clock)
            at += timedelta(minutes=30)


def _lists(session: Session) -> set[str]:
    return set(session.execute(select(table(Subscription).c.list_id)).scalars())


def _monday(database: Database, everybody: dict[int, set[str]], *, cancelled: bool) -> None:
    """On Mondays no region comes by the daily that the reader has by the weekly."""
    days = (MONDAY,) if cancelled else (MONDAY, NEXT)
    with database.reading() as session:
        dailies = session.execute(select(ISSUE.c.id, ISSUE.c.as_of).where(ISSUE.c.publication_id == "daily")).all()
    for issue, as_of in dailies:
        if as_of - timedelta(hours=5) in days:
            for who, rows in companions.brought(database, issue).items():
                assert not {where for _p, where, _k in rows} & {f"d-{one}" for one in everybody[who]}
