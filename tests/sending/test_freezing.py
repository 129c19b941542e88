"""Freezing gives each reader one row, whatever breaks off; nobody gets a story twice; red holds the issue."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from digest.clock import StillClock
from digest.database import Database
from digest.issues.models import Issue, IssueLog, IssueStatus
from digest.proofs import siblings
from digest.proofs.models import Edition, EditionStory
from digest.rendering.urls import Urls
from digest.sending import control, freezing, sender, starting, stragglers, work
from digest.sending.models import table
from subscribers import AudienceSet, end, recipients
from subscribers.models import Subscriber
from tests.conftest import BOTH, NOW
from tests.sending import approved, newsroom
from tests.sending.fakes import Never, Scripted, means

URLS = Urls(approved.BASE, approved.KEYS)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze three rows a transaction, so that ten readers need several."""
    monkeypatch.setattr(freezing, "CHUNK", 3)


def freeze(database: Database, room: newsroom.Newsroom) -> int | None:
    """Freeze the newsroom's issue."""
    return freezing.freeze(database, room.issue_id, at=NOW, urls=URLS, progress=lambda _: None)


@BOTH
@pytest.mark.usefixtures("small_chunks")
def test_everybody_has_one_row_of_the_own_edition(database: Database):
    """Ten readers of two sets, in chunks of three: ten queued rows, the audience counted, the issue sending."""
    room = newsroom.make(database, readers=10, sets=("caucasus", "caucasus sahel"))
    seen: list[int] = []
    assert freezing.freeze(database, room.issue_id, at=NOW, urls=URLS, progress=seen.append) == 10
    assert (sum(seen), max(seen)) == (10, 3)
    rows = newsroom.rows_of(database, newsroom.DELIVERY)
    assert {(row.subscriber_id, row.edition_number, row.state) for row in rows} == {
        (n, 100 if n % 2 else 101, "queued") for n in range(1, 11)
    }
    issue = newsroom.issue(database)
    assert (issue.status, issue.audience_size) == ("sending", 10)
    assert freeze(database, room) is None  # once more changes nothing
    assert newsroom.rows_of(database, newsroom.DELIVERY) == rows


@BOTH
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("after", range(1, 14))
def test_a_crash_at_any_transaction_and_a_new_start_give_the_same(
    database: Database, after: int, monkeypatch: pytest.MonkeyPatch
):
    """Broken off after any number of transactions, freezing again gives the ledger of an unbroken one."""
    room = newsroom.make(database, readers=10, sets=("caucasus", "caucasus sahel"))
    writing, left = database.writing, [after]

    class PowerCut(Exception):
        pass

    def failing():
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut
        return writing()

    monkeypatch.setattr(database, "writing", failing)
    try:
        freeze(database, room)
    except PowerCut:
        assert newsroom.issue(database).status in ("scheduled", "freezing")
    monkeypatch.setattr(database, "writing", writing)
    if newsroom.issue(database).status != "sending":
        assert freeze(database, room) == 10
    assert set(newsroom.states(database).values()) == {"queued"}
    assert len(newsroom.states(database)) == 10


@BOTH
def test_who_comes_while_others_are_written_is_not_skipped(database: Database, monkeypatch: pytest.MonkeyPatch):
    """A reader with a low number confirms in the middle of freezing: there is a row for them, too."""
    room = newsroom.make(database, readers=5)
    with database.writing() as session:
        session.execute(
            update(table(Subscriber)).where(table(Subscriber).c.id == 2).values(paused_until=NOW + timedelta(1))
        )
    original = freezing._reassign

    def returning(*given):
        with database.writing() as session:
            session.execute(update(table(Subscriber)).values(paused_until=None))
        original(*given)

    monkeypatch.setattr(freezing, "_reassign", returning)
    assert freeze(database, room) == 5
    assert set(newsroom.states(database)) == {1, 2, 3, 4, 5}


@BOTH
def test_cancelling_while_it_freezes_stops_it(database: Database, monkeypatch: pytest.MonkeyPatch):
    """A cancel between two chunks: no row is queued, all are cancelled, the issue stays cancelled."""
    room = newsroom.make(database, readers=5)
    original = freezing._queue_all

    def cancelled(*given):
        control.cancel(database, room.issue_id, who="operator", at=NOW)
        original(*given)

    monkeypatch.setattr(freezing, "_queue_all", cancelled)
    assert freeze(database, room) is None
    assert set(newsroom.states(database).values()) == {"cancelled"}
    assert newsroom.issue(database).status == "cancelled"
    everybody = recipients(newsroom.FAMILY, NOW)
    with pytest.raises(stragglers.Stopped):
        freezing._insert_missing(database, room.issue_id, everybody, [1], plan={})
    with pytest.raises(stragglers.Stopped):
        stragglers._move(database, room.issue_id, newsroom.edition_id(100), frozenset(), [1], urls=URLS, at=NOW)
    assert set(newsroom.states(database).values()) == {"cancelled"}


@BOTH
def test_an_issue_for_nobody_is_held(database: Database):
    """No reader at all: held with a sentence, not sent to nobody."""
    room = newsroom.make(database, readers=0)
    assert freeze(database, room) is None
    issue = newsroom.issue(database)
    assert issue.status == "freezing"
    assert "Nobody" in issue.held
    assert freeze(database, room) is None


@BOTH
def test_a_new_revision_reaches_those_who_have_not_got_the_first(database: Database, clock: StillClock):
    """Four have revision 1; the six still queued get revision 2; who left meanwhile is withdrawn."""
    room = newsroom.make(database, readers=10)
    freeze(database, room)
    provider = Scripted()
    sender.run(means(database, clock, provider), 1, Never(), share=1)
    newsroom.second_revision(database, room)
    with database.writing() as session:
        session.execute(
            update(table(Subscriber)).where(table(Subscriber).c.id == 9).values(paused_until=NOW + timedelta(1))
        )
    assert freeze(database, room) == 10
    sender.run(means(database, clock, provider), 1, Never())
    rows = newsroom.rows_of(database, newsroom.DELIVERY)
    assert {row.subscriber_id: (row.state, row.edition_number) for row in rows} == {
        **dict.fromkeys(range(1, 5), ("accepted", 100)),
        **dict.fromkeys((5, 6, 7, 8, 10), ("accepted", 900)),
        9: ("withdrawn", 100),
    }  # fmt: skip
    assert set(provider.taken.values()) == {1}


@BOTH
def test_a_set_first_seen_after_approval_gets_its_edition_at_freeze(database: Database, clock: StillClock):
    """Somebody takes both lists after the approval: an edition of the approved stories is made, and counted."""
    approved.newsroom(database)
    approved.reader(database, "one", [approved.WHERE[0]])
    issue_id = approved.approve(database)
    approved.reader(database, "two", approved.WHERE)
    control.send(database, issue_id, who="editor", at=NOW, undo=timedelta(0))
    assert starting.start(means(database, clock, Scripted()), issue_id)
    made = newsroom.rows_of(database, table(Edition))
    assert sorted((len(row.lists), row.made_at_freeze) for row in made) == [(1, False), (2, True)]
    assert set(newsroom.states(database).values()) == {"queued"}
    assert starting.start(means(database, clock, Scripted()), issue_id)  # safe to repeat


@BOTH
def test_nobody_gets_a_story_twice_by_changing_lists(database: Database, clock: StillClock):
    """A reader moves from one list to both: the second issue leaves out what the first one brought to them alone."""
    approved.newsroom(database)
    approved.reader(database, "stays", [approved.WHERE[0]])
    approved.reader(database, "moves", [approved.WHERE[1]])
    first = approved.approve(database)
    control.send(database, first, who="editor", at=NOW, undo=timedelta(0))
    work.drain(means(database, clock, Scripted()), first, Never())
    later = NOW + timedelta(days=2)
    clock.at = later
    approved.articles(database, later - timedelta(hours=3), "later")
    approved.reader(database, "moves", approved.WHERE, later)
    approved.reader(database, "comes", approved.WHERE, later)
    second = approved.approve(database, later)
    control.send(database, second, who="editor", at=later, undo=timedelta(0))
    work.drain(means(database, clock, Scripted()), second, Never())
    with database.reading() as session:
        stories = table(EditionStory)
        join = newsroom.DELIVERY.join(stories, stories.c.edition_number == newsroom.DELIVERY.c.edition_number)
        query = select(newsroom.DELIVERY.c.subscriber_id, stories.c.story_key).select_from(join)
        got = session.execute(query.where(newsroom.DELIVERY.c.state == "accepted")).all()
    assert len(got) == len(set(got))
    first_reader, moves, comes = sorted({number for number, _ in got})
    second_issue = newsroom.DELIVERY.c.issue_number == 2
    rows = newsroom.rows_of(database, newsroom.DELIVERY, second_issue)
    edition = {row.subscriber_id: row.edition_number for row in rows}
    assert first_reader in edition
    assert edition[moves] != edition[comes]  # the same lists, but one of them had stories of the first issue before


@BOTH
def test_who_had_every_story_before_gets_no_mail(database: Database, monkeypatch: pytest.MonkeyPatch):
    """No story is left for a reader: withdrawn, with the reason."""
    room = newsroom.make(database, readers=2)
    pages = [[(2, frozenset({"example.org/a"}))], []]
    monkeypatch.setattr(siblings, "repeats", lambda *_args, **_given: pages.pop(0))
    monkeypatch.setattr(siblings, "sibling_for", lambda *_args, **_given: None)
    freeze(database, room)
    assert newsroom.states(database) == {1: "queued", 2: "withdrawn"}
    assert newsroom.delivery(database, 2).reason == "had every story before"


@BOTH
def test_red_at_the_last_look_holds_and_tells(database: Database, clock: StillClock):
    """A story is withdrawn after approval: nothing is frozen, the issue says why; mended, it goes on."""
    approved.newsroom(database)
    ref = approved.reader(database, "one", [approved.WHERE[0]])
    issue_id = approved.approve(database)
    control.send(database, issue_id, who="editor", at=NOW, undo=timedelta(0))
    with database.writing() as session:
        end(session, ref=ref, family=approved.FAMILY, list_id=None, at=NOW, source="page")
    assert work.drain(means(database, clock, Scripted()), issue_id, Never()) == "idle"
    issue = newsroom.issue(database)
    assert issue.status == "scheduled"
    assert issue.held
    assert newsroom.states(database) == {}
    assert [row.what for row in newsroom.rows_of(database, table(IssueLog))][-1] == "hold"
    assert [job.kind for job in work.due(database, NOW)] == ["tick", "refresh"]
    approved.reader(database, "one", [approved.WHERE[0]])
    control.resume(database, issue_id, who="editor", at=NOW, account="scripted")
    work.drain(means(database, clock, Scripted()), issue_id, Never())
    assert newsroom.issue(database).held == ""
    assert set(newsroom.states(database).values()) == {"accepted"}


@BOTH
def test_an_approval_that_fell_holds(database: Database, clock: StillClock):
    """Changed behind the back of the approval: held, nothing frozen."""
    approved.newsroom(database)
    approved.reader(database, "one", [approved.WHERE[0]])
    issue_id = approved.approve(database)
    control.send(database, issue_id, who="editor", at=NOW, undo=timedelta(0))
    newsroom.set_issue(database, version=7)
    work.drain(means(database, clock, Scripted()), issue_id, Never())
    assert "approval" in newsroom.issue(database).held
    with database.reading() as session:
        assert session.get_one(Issue, issue_id).audience_size is None


@BOTH
def test_a_cancel_during_the_last_look_stands(database: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch):
    """Cancelled while the checks ran: it is not held on top, and nothing is frozen."""
    room = newsroom.make(database, readers=2)

    def cancelled(*_given):
        control.cancel(database, room.issue_id, who="operator", at=NOW)
        return ["a red check"]

    monkeypatch.setattr(starting, "reasons_to_hold", cancelled)
    assert not starting.start(means(database, clock, Scripted()), room.issue_id)
    issue = newsroom.issue(database)
    assert (issue.status, issue.held) == ("cancelled", "")
    assert newsroom.states(database) == {}


@BOTH
def test_two_workers_make_a_missing_edition_once(database: Database):
    """The second one finds it made under the lock, and leaves it."""
    room = newsroom.make(database, readers=2, status=IssueStatus.freezing)
    (audience,) = room.audiences
    known = AudienceSet(audience, newsroom.FAMILY, ("caucasus",), "en", 2)
    stragglers._make_one(database, room.issue_id, known, URLS, NOW)
    assert [row.number for row in newsroom.rows_of(database, table(Edition))] == [100]
