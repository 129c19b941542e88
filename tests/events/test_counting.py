"""From clicks to popularity: people's, once, however often and by however many it is worked out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from digest.articles import popularity
from digest.events import counting
from digest.events.clicking import record
from digest.events.counting import Counted, count_due
from digest.issues.models import IssueStatus
from tests.conftest import BOTH, NOW
from tests.events import mailed
from tests.events.mailed import KEYS, asked
from tests.sending import newsroom

LATER = NOW + timedelta(minutes=5)


def clicks(database, *requests):
    """Store requests."""
    for request in requests:
        assert record(database, KEYS, request)


def at(seconds):
    return NOW + timedelta(seconds=seconds)


@BOTH
def test_people_reach_popularity_and_machines_do_not(database):
    """Each at its place; a machine's and a repeated click stay, marked."""
    mailed.make(database)
    mailed.note_places(database)
    clicks(
        database,
        asked(1),
        asked(1, at(20)),
        asked(3, at(40)),
        asked(1, address="198.51.100.1"),
        *(asked(place, at(place), address="192.0.2.1") for place in range(1, 5)),
        asked(2, agent="curl/8"),
        asked(4, at(3), agent="other", method="HEAD"),
        asked(4, at(9), agent="other"),
    )
    assert count_due(database, LATER) == Counted(human=3, machine=7, again=1)
    assert mailed.popular(database) == {1: 2, 3: 1}
    assert [sign for _, state, sign in mailed.states(database) if state == "machine"] == ["burst"] * 4 + ["agent"] + [
        "head"
    ] * 2
    assert count_due(database, LATER) == Counted()
    assert mailed.popular(database) == {1: 2, 3: 1}


def test_the_place_is_corrected_for(database):
    """Equally many clicks say more for a story further down: its article has more than its place expects."""
    mailed.make(database)
    mailed.note_places(database)
    clicks(database, asked(1), asked(5, at(30)))
    count_due(database, LATER)
    rows = newsroom.rows_of(database, popularity.EXPOSURES)
    assert {row.place: (row.clicks, row.expected) for row in rows if row.clicks} == {1: (1, 1.0), 5: (1, 1.0)}


@BOTH
def test_a_burst_is_judged_whole(database):
    """Nothing younger than a minute is looked at, so that the third link is there when the first is judged."""
    mailed.make(database)
    mailed.note_places(database)
    clicks(database, asked(1), asked(2, at(9)))
    assert count_due(database, at(59)) == Counted()
    clicks(database, asked(3, at(10)))
    assert count_due(database, at(60)) == Counted(machine=1)
    assert count_due(database, at(70)) == Counted(machine=2)
    assert mailed.popular(database) == {}


@BOTH
def test_clicks_wait_until_their_place_is_noted(database):
    """While the issue is being sent, and while a place is missing; in the end they are a person's all the same."""
    mailed.make(database, status=IssueStatus.sending)
    clicks(database, asked(1), asked(5, at(20)))
    assert count_due(database, LATER) == Counted()
    newsroom.set_issue(database, status=IssueStatus.sent)
    assert count_due(database, LATER) == Counted()
    assert [state for _, state, _ in mailed.states(database)] == ["new", "new"]
    mailed.note_places(database, 4)
    assert count_due(database, LATER) == Counted(human=1)
    assert count_due(database, LATER) == Counted()
    assert mailed.popular(database) == {1: 1}
    assert count_due(database, NOW + timedelta(days=8)) == Counted(human=1)
    assert mailed.popular(database) == {1: 1}


@BOTH
def test_what_turns_out_later_is_put_right(database):
    """Who follows the hidden link an hour after other links loses these, and the articles lose their clicks."""
    mailed.make(database)
    mailed.note_places(database)
    clicks(database, asked(1), asked(2, at(30)), asked(1, at(31), address="198.51.100.1"))
    assert count_due(database, LATER).human == 3
    assert mailed.popular(database) == {1: 2, 2: 1}
    clicks(database, asked(0, at(3600)))
    assert count_due(database, at(4000)) == Counted(machine=1)
    assert mailed.popular(database) == {1: 1}
    assert [state for _, state, _ in mailed.states(database)] == ["machine", "machine", "human", "machine"]
    assert count_due(database, at(9000)) == Counted()


@BOTH
def test_a_second_click_hours_later_is_the_same_reader(database):
    """One per visitor and story a day; the next day counts again."""
    mailed.make(database)
    mailed.note_places(database)
    clicks(database, asked())
    assert count_due(database, LATER).human == 1
    clicks(database, asked(at=NOW + timedelta(hours=9)), asked(at=NOW + timedelta(days=1)))
    assert count_due(database, NOW + timedelta(days=2)) == Counted(human=1, again=1)
    assert mailed.popular(database) == {1: 2}


@BOTH
def test_people_who_agreed_count_once_and_not_before_their_mail(database):
    """From two devices on two days once; a click three seconds after the delivery is a scanner's."""
    mailed.make(database, clicks="personal")
    mailed.note_places(database)
    first, second = mailed.agree(database, 1), mailed.agree(database, 2)
    with database.writing() as session:
        mine = newsroom.DELIVERY.c.subscriber_id == 2
        session.execute(update(newsroom.DELIVERY).where(mine).values(outcome="delivered", outcome_at=NOW))
    clicks(
        database,
        asked(1, reader=first),
        asked(1, NOW + timedelta(days=1), reader=first, agent="telephone"),
        asked(1, at(3), reader=second, agent="gateway"),
        asked(2, mailed.SENT + timedelta(seconds=4), reader=first, agent="gateway"),
        asked(1, at(50), reader=second),
    )
    assert count_due(database, NOW + timedelta(days=2)) == Counted(human=2, machine=2, again=1)
    assert mailed.popular(database) == {1: 2}
    assert mailed.states(database)[2:4] == [(1, "machine", "early"), (2, "machine", "early")]


class Died(Exception):
    """What ends a worker in the middle."""


@BOTH
def test_a_worker_that_dies_counts_nothing_twice(database, monkeypatch):
    """It dies after the article was told and before the click was marked: the next one does both, once."""
    mailed.make(database)
    mailed.note_places(database)
    clicks(database, asked(1), asked(3, at(20)))

    def dies(*_):
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(counting, "_write", dies)
        with pytest.raises(Died):
            count_due(database, LATER)
    assert mailed.popular(database) == {}
    assert [state for _, state, _ in mailed.states(database)] == ["new", "new"]
    assert count_due(database, LATER) == Counted(human=2)
    assert mailed.popular(database) == {1: 1, 3: 1}


@BOTH
def test_many_workers_at_once(database, monkeypatch):
    """Four at once, in small steps, count every click once, and a visitor's two clicks as one."""
    monkeypatch.setattr(counting, "AT_A_TIME", 7)
    mailed.make(database)
    mailed.note_places(database)
    usual = {"edition_number": mailed.EDITION, "method": "GET", "sign": "", "state": "new"}
    rows = [{**usual, "place": 1 + n % 2, "at": at(n % 30), "visitor": f"v{n // 4}"} for n in range(200)]
    with database.writing() as session:
        session.execute(insert(mailed.CLICK), rows)
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _: count_due(database, LATER), range(4)), Counted())
    assert done == Counted(human=100, again=100)
    assert mailed.popular(database) == {1: 50, 2: 50}
