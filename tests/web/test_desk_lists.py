"""The desk's pages of lists: their numbers, their order with the audiences that follow, and adding and renaming one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from digest.database import Database
from digest.web import sparks
from subscribers import (
    ListNumbers,
    audience_sets,
    change_list,
    end,
    find,
    growth,
    list_numbers,
    lists,
    reorder,
    reordering,
    settle_orders,
    subscribe,
    suppress,
)
from subscribers.errors import SubscribersError
from subscribers.listing import stamp
from subscribers.models import Subscriber, SubscriberAudience, table
from subscribers.own_order import set_order
from tests.conftest import BOTH, NOW
from tests.issues import newsroom
from tests.web.looking import reads_well, signed_in
from tests.web.reviewing import OURS, fields
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
SCRIPT = "<script>alert(1)</script>"
DAY = timedelta(days=1)


@BOTH
def test_readers_are_counted_by_state(database: Database):
    """Confirmed, unconfirmed, ended; and of the confirmed who is paused or must not be mailed."""
    newsroom.found(database)
    for number in range(5):
        newsroom.reader(database, f"r{number}@example.org", "sc", at=NOW - number * 10 * DAY)
    with database.writing() as session:
        waits: Any = {"at": NOW, "source": "form", "wording": "", "confirmed": False}
        subscribe(session, newsroom.KEYS, address="w@example.org", lists=["sc", "ee"], **waits)
        gone = newsroom.person(session, "r0@example.org")
        end(session, ref=gone, family="weekly", list_id="sc", at=NOW, source="test")
        suppress(session, newsroom.KEYS, "r1@example.org", "complaint", NOW)
        away = update(Subscriber).where(Subscriber.address == "r2@example.org")  # type: ignore[arg-type]
        session.execute(away.values(paused_until=NOW + DAY))
    with database.reading() as session:
        numbers = list_numbers(session, NOW)
        assert numbers["sc"] == ListNumbers(confirmed=4, unconfirmed=1, ended=1, paused=1, suppressed=1)
        assert numbers["ee"] == ListNumbers(unconfirmed=1)
        assert list_numbers(session, NOW + 2 * DAY)["sc"].paused == 0
        # r0 came and left this week; the others came 10, 20, 30 and 40 days ago
        assert growth(session, NOW) == {"sc": (0, 0, 1, 1, 0, 1, 1, 0)}


@BOTH
def test_another_order_is_that_of_every_reader_who_has_not_their_own(database: Database):
    """Audiences follow; own orders stay; the same again moves nobody; a list that came or went is refused."""
    newsroom.found(database)
    for number in range(4):
        newsroom.reader(database, f"r{number}@example.org", "sc", "ee", "ca")
    newsroom.reader(database, "one@example.org", "ee")
    with database.writing() as session:
        mine = newsroom.person(session, "r0@example.org")
        set_order(session, ref=mine, family="weekly", order=["ee"])
    assert reorder(database, "weekly", ["ca", "sc", "ee"]) == 4, "also who named one list of three: the others follow"
    assert reorder(database, "weekly", ["ca", "sc", "ee"]) == 0
    with database.reading() as session:
        found = {one.lists: one.readers for one in audience_sets(session, "weekly", NOW)}
        assert found == {("ca", "sc", "ee"): 3, ("ee", "ca", "sc"): 1, ("ee",): 1}
        assert [one.id for one in lists(session, "weekly")] == ["ca", "sc", "ee"]
    with pytest.raises(SubscribersError, match="changed meanwhile"):
        reorder(database, "weekly", ["ca", "sc"])


def statements(database: Database, act: Callable[[], object]) -> int:
    """Return how many statements an act sends to the database."""
    sent: list[str] = []

    def note(*given: Any) -> None:
        sent.append(given[2])

    event.listen(database.engine, "before_cursor_execute", note)
    act()
    event.remove(database.engine, "before_cursor_execute", note)
    return len(sent)


@BOTH
def test_nobody_waits_for_many_readers(database: Database, monkeypatch):
    """Another order costs as much for ten times the readers: a worker's pass moves them, wherever one broke off."""
    newsroom.found(database)
    monkeypatch.setattr(reordering, "AT_ONCE", 2)
    monkeypatch.setattr(reordering, "CHUNK", 4)
    for number in range(3):
        newsroom.reader(database, f"r{number}@example.org", "sc", "ee", "ca")
    few = statements(database, lambda: reorder(database, "weekly", ["ca", "sc", "ee"]))
    assert settle_orders(database) == 3
    for number in range(3, 30):
        newsroom.reader(database, f"r{number}@example.org", "sc", "ee", "ca")
    with database.writing() as session:
        mine = newsroom.person(session, "r0@example.org")
        set_order(session, ref=mine, family="weekly", order=["sc", "ca", "ee"])
    many = statements(database, lambda: reorder(database, "weekly", ["ee", "ca", "sc"]))
    assert many == few
    with database.reading() as session:
        now = {one.lists: one.readers for one in audience_sets(session, "weekly", NOW)}
    assert now == {("ca", "sc", "ee"): 29, ("sc", "ca", "ee"): 1}
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(reordering, "lock", interrupted_at(3))
        settle_orders(database)
    assert settle_orders(database) == 21, "two pieces of four were done before"
    assert settle_orders(database) == 0
    with database.reading() as session:
        now = {one.lists: one.readers for one in audience_sets(session, "weekly", NOW)}
        members = session.execute(select(table(SubscriberAudience).c.subscriber_id)).all()
    assert now == {("ee", "ca", "sc"): 29, ("sc", "ca", "ee"): 1}
    assert len(members) == 30


def interrupted_at(turn: int) -> Callable[..., None]:
    """Return a lock that ends the process at its so manieth turn."""
    turns = iter(range(1, turn + 1))

    def lock(*_given: Any) -> None:
        if next(turns) == turn:
            raise KeyboardInterrupt

    return lock


@BOTH
def test_a_list_is_renamed_and_closed(database: Database):
    """Its name, description and whether it takes readers; not where somebody changed any of it, nor to nothing."""
    newsroom.found(database)
    with database.writing() as session:
        seen = stamp(lists(session)[0])
        assert change_list(session, "sc", {"name": " The  South ", "open": False}, seen=seen).name == "The South"
        assert not lists(session)[0].open
        for values, held in (({"name": "X"}, seen), ({"name": " "}, ""), ({"description": "x" * 301}, "")):
            with pytest.raises(SubscribersError):
                change_list(session, "sc", values, seen=held)


def test_lists_are_shown_to_all_and_changed_by_operators(app, as_a):
    """Numbers, the next issue, adding and ordering; others are refused; script in a name is text."""
    editor, operator = as_a("editor"), as_a("operator")
    page = editor.get("/desk/lists").text
    assert "South Caucasus" in page
    assert "Next issue: " in page
    assert "Add a list" not in page
    form = {
        "order": "add",
        "name": SCRIPT,
        "id": "me",
        "publication": "weekly",
        "region": "middle-east",
        "language": "ar",
    }
    assert editor.post("/desk/lists", data=form, headers=OURS).status_code == 409
    assert operator.post("/desk/lists", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    added = operator.post("/desk/lists", data=form, headers=OURS).text
    assert "is added" in added
    assert SCRIPT not in added
    with app.database.reading() as session:
        assert [one.id for one in lists(session, "weekly")] == ["sc", "ee", "ca", "me"]
    assert "moved up" in operator.post("/desk/lists", data={"order": "up", "list": "me"}, headers=OURS).text
    with app.database.reading() as session:
        assert [one.id for one in lists(session, "weekly")] == ["sc", "ee", "me", "ca"]
    assert "already" in operator.post("/desk/lists", data={"order": "up", "list": "sc"}, headers=OURS).text
    for wrong, status in (
        (form, 400),
        (form | {"id": "Bad Id"}, 409),
        (form | {"id": "x", "name": " "}, 400),
        (form | {"id": "x", "region": "atlantis"}, 404),
        (form | {"id": "x", "publication": "none"}, 404),
        (form | {"id": "x", "language": "no language"}, 409),
        ({"order": "up", "list": "none"}, 404),
        ({"order": "burn", "list": "sc"}, 400),
    ):
        answer = operator.post("/desk/lists", data=wrong, headers=OURS)
        assert answer.status_code == status, wrong
        assert 'role="alert"' in answer.text


def test_a_list_has_a_page_of_its_own(app, as_a):
    """With its numbers and how it grew; two who rename it at once are told."""
    operator = as_a("operator")
    assert "Change it" not in as_a("editor").get("/desk/lists/sc").text
    page = operator.get("/desk/lists/sc").text
    assert "of these suppressed" in page
    assert "Confirmed readers over 8 weeks: from 0 to 4" in page
    form = fields(operator.get("/desk/lists/sc")) | {"name": SCRIPT, "description": SCRIPT, "open": "yes"}
    saved = operator.post("/desk/lists/sc", data=form, headers=OURS)
    assert "Saved." in saved.text
    assert SCRIPT not in saved.text
    late = operator.post("/desk/lists/sc", data=form | {"name": "Mine"}, headers=OURS)
    assert late.status_code == 409
    assert 'value="Mine"' in late.text
    assert late.text.count("Stored: <bdi>&lt;script&gt;") == 1, "the name; what both say of it is the same"
    assert operator.get("/desk/lists/none").status_code == 409
    assert operator.post("/desk/lists/none", data=form, headers=OURS).status_code == 404
    assert as_a("approver").post("/desk/lists/sc", data=form, headers=OURS).status_code == 409
    with app.database.reading() as session:
        assert find(session, app.keys, "reader0@example.org") is not None


def test_two_who_change_a_list_at_once_are_told(app, as_a):
    """Whatever of it was changed: both are shown, and saving again puts one's own; a broken form saves nothing."""
    operator = as_a("operator")
    form = fields(operator.get("/desk/lists/sc")) | {"name": "South Caucasus"}
    with app.database.writing() as session:  # another says only another sentence about it
        change_list(session, "sc", {"description": "Theirs"})
    late = operator.post("/desk/lists/sc", data=form | {"description": "Ours", "open": ""}, headers=OURS)
    assert late.status_code == 409
    assert "Stored: <bdi>Theirs</bdi>" in late.text
    assert 'value="Ours"' in late.text
    assert "(stored: yes)" in late.text
    again = fields(late) | {"name": "Mine", "description": "Ours", "open": "yes"}
    assert "Saved." in operator.post("/desk/lists/sc", data=again, headers=OURS).text
    del again["seen"]
    assert operator.post("/desk/lists/sc", data=again, headers=OURS).status_code == 400


def test_small_charts_are_drawn_in_their_box():
    """A line and bars stay inside, whatever the numbers; the label is text."""
    for values in ([], [0], [5, 5, 5], [1, 100, -3]):
        drawn = sparks.line(values, "<b>") + sparks.bars([max(0, one) for one in values], "<b>")
        assert "<b>" not in drawn
        assert "-" not in str(drawn).split("points=")[1].split('"')[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well(site, desk, chromium, scheme):
    """On a phone and off it: no sideways scroll, nothing that axe finds."""
    page = signed_in(chromium, f"{site}{desk.path}", scheme)
    reads_well(page, site, ("/desk/lists", "/desk/lists/sc"))
    page.context.close()
