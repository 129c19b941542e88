"""Limits an hour and a day, which all workers together keep to; what did not leave is given back."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from digest.clock import StillClock
from digest.database import Database
from digest.issues.models import IssueStatus
from digest.sending import pacing, recovering, sender, waiting
from digest.sending.limits import MOST_DAYS, Limits, WarmUp, spread
from digest.sending.means import Means
from digest.sending.models import Pacer, table
from digest.sending.provider import BatchRefused, NotTaken
from subscribers.models import Suppression
from tests.conftest import BOTH, NOW
from tests.sending import newsroom
from tests.sending.fakes import Never, Scripted, claimed, means, take

TODAY = NOW.date()
PLAN = WarmUp(TODAY, first=4, factor=2.0, until=100)


def limited(tools: Means, **limits: Any) -> Means:
    """Return means whose only account has limits."""
    return replace(tools, limits={tools.account: Limits(**limits)})


def accepted(database: Database) -> set[int]:
    """Return who has it."""
    return {who for who, state in newsroom.states(database).items() if state == "accepted"}


def said(database: Database, tools: Means, now: datetime) -> str:
    """Return what waits, as a person is told."""
    with database.reading() as session:
        return waiting.of_issue(session, 1, now, tools.account, tools.limits).sentence(now)


def test_a_plan_doubles_each_day_and_then_ends():
    """The example of the README: 500, 1,000 ... 64,000, then as many as there are; before it begins, as on day one."""
    plan = WarmUp(date(2026, 11, 1))
    days = [plan.allows(date(2026, 11, 1) + timedelta(days=number)) for number in range(9)]
    assert days == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, None]
    assert plan.allows(date(2026, 10, 1)) == 500
    assert plan.allows(date(2126, 10, 1)) is None


def test_the_tightest_limit_holds_and_is_named():
    """A warm-up beside a limit a day: whichever is less, in words."""
    limits = Limits(per_day=5, per_hour=3, warm_up=PLAN)
    assert limits.said(TODAY) == "warm-up day 1 allows 4"
    assert limits.said(TODAY + timedelta(days=1)) == "5 a day are allowed"
    assert limits.in_words(TODAY) == "3 an hour are allowed, warm-up day 1 allows 4"
    assert not Limits(warm_up=PLAN).said(TODAY + timedelta(days=30))


@given(st.integers(1, 3_000_000), st.integers(1, 5_000), st.floats(1.01, 10), st.integers(0, 5_000))
def test_a_spread_forgets_nobody_and_keeps_every_ceiling(readers: int, first: int, factor: float, owed: int):
    """The days sum up to the readers; none has more than its ceiling, but the last of a plan that is too long."""
    plan = WarmUp(TODAY, first, factor)

    def allows(day: date) -> int | None:
        most = plan.allows(day)
        return None if most is None else most - (owed if day == TODAY else 0)

    days = list(spread(readers, TODAY, allows))
    assert sum(days) == readers
    assert len(days) <= MOST_DAYS
    for number, count in enumerate(days[: MOST_DAYS - 1]):
        most = allows(TODAY + timedelta(days=number))
        assert 0 <= count <= (readers if most is None else max(0, most))


@BOTH
def test_no_more_leave_in_an_hour_than_are_allowed(database: Database, clock: StillClock):
    """Six of ten this hour, the others in the next; a batch is cut to what is left, and the rest says why it waits."""
    newsroom.queue(database, newsroom.make(database, readers=10))
    tools = limited(means(database, clock, provider := Scripted()), per_hour=6)
    sender.run(tools, 1, Never())
    assert [len(one.recipients) for one in provider.got] == [4, 2]
    assert said(database, tools, NOW) == (
        "Issue 1: 4 deliveries wait for 2026-11-24 07:00 UTC: 6 an hour are allowed. "
        "Run again then, or leave `digest worker` running."
    )
    clock.at = NOW + timedelta(hours=1)
    sender.run(tools, 1, Never())
    assert len(accepted(database)) == 10
    assert newsroom.issue(database).status == IssueStatus.sent


@BOTH
def test_a_day_ends_at_midnight_of_utc(database: Database, clock: StillClock):
    """Both limits hold at once; the day's is named where both are reached."""
    newsroom.queue(database, newsroom.make(database, readers=10))
    tools = limited(means(database, clock, Scripted()), per_hour=5, per_day=5)
    sender.run(tools, 1, Never())
    assert "5 deliveries wait for 2026-11-25 00:00 UTC: 5 a day are allowed" in said(database, tools, NOW)
    clock.at = NOW + timedelta(hours=3)
    sender.run(tools, 1, Never())
    assert len(accepted(database)) == 5
    clock.at = datetime(2026, 11, 25, tzinfo=NOW.tzinfo)
    sender.run(tools, 1, Never())
    assert len(accepted(database)) == 10


@BOTH
def test_a_full_account_is_only_looked_at(database: Database, clock: StillClock):
    """A worker that comes again and again for hours writes nothing, and takes no slot."""
    newsroom.queue(database, newsroom.make(database, readers=10))
    tools = limited(means(database, clock, Scripted()), per_day=4)
    sender.run(tools, 1, Never())
    before = newsroom.rows_of(database, table(Pacer))
    for _ in range(3):
        assert sender.run(tools, 1, Never()) is sender.Ended.idle
    assert newsroom.rows_of(database, table(Pacer)) == before


@BOTH
def test_what_did_not_leave_is_given_back(database: Database, clock: StillClock):
    """A call that was refused and a reader who must not be mailed cost nothing of the day."""
    newsroom.queue(database, newsroom.make(database, readers=6))
    with database.writing() as session:
        session.execute(insert(table(Suppression)).values(address_key="key-2", reason="complaint", at=NOW, note=""))
    provider = Scripted([NotTaken("busy", retry_after=1.0)])
    tools = limited(means(database, clock, provider), per_day=6)
    sender.run(tools, 1, Never())
    with database.reading() as session:
        assert pacing.used_today(session, "scripted", NOW) == 2
    clock.at = NOW + timedelta(minutes=5)
    sender.run(tools, 1, Never())
    assert Counter(newsroom.states(database).values()) == {"accepted": 5, "suppressed": 1}
    with database.reading() as session:
        assert pacing.used_today(session, "scripted", NOW) == 5


@BOTH
def test_what_a_dead_worker_held_is_given_back(database: Database, clock: StillClock):
    """Its batch had not left: the day has room for it again, once its lease is over."""
    newsroom.queue(database, newsroom.make(database, readers=4))
    tools = limited(means(database, clock, Scripted()), per_day=4)
    assert claimed(tools) is not None
    clock.at = NOW + timedelta(seconds=121)
    sender.run(tools, 1, Never())
    assert len(accepted(database)) == 0  # the tick takes it back, or the next who looks
    with database.writing() as session:
        recovering.recover(session, 1, tools.rules_of, clock.now())
    sender.run(tools, 1, Never())
    assert len(accepted(database)) == 4


@BOTH
def test_halves_of_a_refused_batch_are_not_counted_twice(database: Database, clock: StillClock):
    """The bad one is found by halving, on a day that allows no more than these four."""
    newsroom.queue(database, newsroom.make(database, readers=4))

    def fussy(mailing: Any) -> Any:
        if any(one.address == "reader-3@example.org" for one in mailing.recipients):
            raise BatchRefused("one of them is bad")
        return take(mailing)

    provider = Scripted([fussy] * 9)
    sender.run(limited(means(database, clock, provider), per_day=4), 1, Never())
    assert Counter(newsroom.states(database).values()) == {"accepted": 3, "rejected": 1}


@BOTH
def test_many_workers_together_keep_the_limit(database: Database, clock: StillClock):
    """Six threads at once, one reader a call: not one mail more than the day allows, and not one fewer."""
    newsroom.queue(database, newsroom.make(database, readers=40))
    tools = limited(means(database, clock, Scripted(recipients=1), rate=1e9), per_day=25)
    threads = [threading.Thread(target=sender.run, args=(tools, 1, Never())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accepted(database)) == 25
    with database.reading() as session:
        assert pacing.used_today(session, "scripted", clock.now()) == 25
