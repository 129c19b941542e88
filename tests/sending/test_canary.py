"""A large issue goes to 500 readers first; too many bounces or complaints stop it, and any other issue."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from sqlmodel import select as read

from digest.clock import StillClock
from digest.database import Database
from digest.issues.models import IssueLog
from digest.sending import canary, waiting, work
from digest.sending.canary import Told, judge
from digest.sending.ledger import DELIVERY
from digest.sending.models import table
from subscribers.models import Subscriber
from tests.conftest import BOTH, NOW
from tests.sending import fakes, newsroom
from tests.sending.fakes import Never, Scripted

WAIT = timedelta(minutes=10)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a large issue be one of more than 30 readers, of whom 10 are the first."""
    monkeypatch.setattr(canary, "ABOVE", 30)
    monkeypatch.setattr(canary, "FIRST", 10)


def sending(database: Database, clock: StillClock, readers: int = 40) -> tuple[Any, Any, Any]:
    """Make an issue that may leave, with readers at two providers: three quarters at one of them."""
    room = newsroom.make(database, readers=readers)
    with database.writing() as session:
        people = table(Subscriber)
        for number in range(1, readers + 1):
            domain = "small.example" if number % 4 == 0 else "large.example"
            address = f"reader-{number}@{domain}"
            session.execute(update(people).where(people.c.id == number).values(address=address))
    used = Scripted()
    means = replace(fakes.means(database, clock, used), canary=WAIT)
    return room, means, used


def drain(means: Any, room: Any) -> None:
    """Let a worker do what it can now."""
    work.drain(means, room.issue_id, Never())


def outcome(database: Database, word: str, count: int) -> None:
    """Let so many who have it be heard of."""
    with database.writing() as session:
        mine = select(DELIVERY.c.subscriber_id).where(DELIVERY.c.state == "accepted", DELIVERY.c.outcome.is_(None))
        ids = session.execute(mine.order_by(DELIVERY.c.subscriber_id).limit(count)).scalars().all()
        assert len(ids) == count
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id.in_(ids)).values(outcome=word))


def said(database: Database) -> list[dict[str, Any]]:
    """Return what the log says of the canary."""
    with database.reading() as session:
        return [
            one.after
            for one in session.exec(read(IssueLog).where(IssueLog.what == "canary").order_by(col(IssueLog.id)))
        ]


@BOTH
@pytest.mark.usefixtures("few")
def test_the_first_go_ahead_and_the_rest_wait(database: Database, clock: StillClock):
    """Ten of forty at first, as many of each provider as is its share; the others after the wait; nobody twice."""
    room, means, provider = sending(database, clock)
    drain(means, room)
    domains = Counter(address.rpartition("@")[2] for address in provider.taken)
    assert domains in ({"large.example": 7, "small.example": 3}, {"large.example": 8, "small.example": 2})
    with database.reading() as session:
        held = waiting.of_issue(session, room.number, NOW)
    assert (held.first.readers, held.first.at, held.waves) == (30, NOW + WAIT, ())  # type: ignore[union-attr]
    assert "30 deliveries are held back until the first readers were heard of, in 10 min" in held.sentence(NOW)
    drain(means, room)
    assert len(provider.taken) == 10
    clock.at = NOW + WAIT
    drain(means, room)
    assert set(provider.taken.values()) == {1}
    assert len(provider.taken) == 40
    assert newsroom.issue(database).status == "sent"
    assert said(database)[-1] == {"verdict": "not judged: no webhook came"}


@BOTH
@pytest.mark.usefixtures("few")
def test_too_many_bounces_stop_it_before_the_rest(database: Database, clock: StillClock):
    """One of ten is over 5 %: paused with a sentence, the rest has nothing; who lets it go on is not stopped again."""
    room, means, provider = sending(database, clock)
    drain(means, room)
    outcome(database, "bounced", 1)
    clock.at = NOW + WAIT
    drain(means, room)
    held = newsroom.issue(database)
    assert (held.status, len(provider.taken)) == ("paused", 10)
    assert "1 of 10 mails came back (10.0 %)" in held.failed
    newsroom.set_issue(database, status="sending", held="", failed="")
    work.tidy(means)
    drain(means, room)
    assert len(provider.taken) == 40
    assert [one["verdict"] for one in said(database) if "verdict" in one] == ["paused"]


@BOTH
@pytest.mark.usefixtures("few")
def test_good_news_let_it_pass(database: Database, clock: StillClock):
    """What was delivered speaks for it; the verdict is noted once."""
    room, means, provider = sending(database, clock)
    drain(means, room)
    outcome(database, "delivered", 10)
    clock.at = NOW + WAIT
    drain(means, room)
    assert len(provider.taken) == 40
    assert [one["verdict"] for one in said(database) if "verdict" in one] == ["passed"]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("readers", "wait"), [(30, WAIT), (40, timedelta(0))])
def test_small_issues_and_no_wait_know_no_canary(database: Database, clock: StillClock, readers: int, wait: timedelta):
    """Thirty readers get it at once; so do forty where CANARY_MINUTES is 0."""
    room, means, provider = sending(database, clock, readers)
    drain(replace(means, canary=wait), room)
    assert len(provider.taken) == readers
    assert said(database) == []


@BOTH
@pytest.mark.usefixtures("few")
def test_at_any_time_a_tick_stops_what_is_beyond_measure(database: Database, clock: StillClock):
    """Without a canary, too: while it is being sent, once for each rule."""
    room, means, _provider = sending(database, clock)
    means = replace(means, canary=timedelta(0))
    work.drain(means, room.issue_id, Never(), share=5)
    outcome(database, "bounced", 2)
    work.tidy(means)
    held = newsroom.issue(database)
    assert held.status == "paused"
    assert "came back" in held.held
    newsroom.set_issue(database, status="sending", held="", failed="")
    work.tidy(means)
    assert newsroom.issue(database).status == "sending"


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (Told(500, 0, 0, 0), ""),
        (Told(500, 25, 25, 0), ""),
        (Told(500, 26, 26, 0), "bounces"),
        (Told(100, 26, 26, 0), "bounces"),
        (Told(10, 3, 3, 0), ""),
        (Told(10_000, 500, 500, 0), ""),
        (Told(10_000, 501, 501, 0), "bounces"),
        (Told(500, 4, 0, 4), ""),
        (Told(500, 5, 0, 5), "complaints"),
        (Told(5_000, 5, 0, 5), ""),
        (Told(5_000, 6, 0, 6), "complaints"),
        (Told(0, 0, 0, 0), ""),
    ],
)
def test_the_measures(told: Told, rule: str):
    """Over 5 % of those sent, of 500 at least; over 0.1 %, and five at least."""
    found, sentence = judge(told)
    assert found == rule
    assert bool(sentence) == bool(rule)
