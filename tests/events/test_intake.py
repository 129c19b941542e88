"""Taking in: each event is kept once, whatever a provider may write in it; nothing that is proved is refused."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from digest.database import Database
from digest.events import intake
from digest.providers.event import EventKind, Reading
from tests.conftest import BOTH, NOW
from tests.events.test_applying import event, made, states, tell

_K = EventKind


class Open:
    """A webhook that believes everything, and reads what it is given."""

    def __init__(self, *events: Any) -> None:
        self.events = events

    def read(self, _headers: Any, _body: bytes, _now: Any) -> Reading:
        """Return the events."""
        return Reading(events=self.events, confirm="https://provider.example/confirm")

    def confirm(self, url: str) -> None:
        """Refuse: nobody confirms here."""
        raise AssertionError(url)


def rows(database: Database) -> list[Any]:
    """Return what is stored."""
    with database.reading() as session:
        return list(session.execute(select(intake.EVENT).order_by(intake.EVENT.c.id)).all())


@BOTH
def test_each_is_stored_once_for_each_account(database: Database):
    """In one body or two; another account's ids are its own. What is unknown is counted, and never due."""
    told = [event(_K.delivered, event_id="a"), event(_K.unknown, event_id="b"), event(_K.delivered, event_id="a")]
    hook = Open(*told)
    first = intake.receive(database, "one", hook, {}, b"", now=NOW)
    assert first == intake.Received(stored=2, known=1, unknown=1, confirm="https://provider.example/confirm")
    again = intake.receive(database, "one", hook, {}, b"", now=NOW)
    assert (again.stored, again.known, again.unknown) == (0, 3, 1)
    assert intake.receive(database, "two", hook, {}, b"", now=NOW).stored == 2
    assert intake.receive(database, "two", Open(), {}, b"", now=NOW).stored == 0
    assert [(row.account, row.event_id, row.next_at is None) for row in rows(database)] == [
        ("one", "a", False), ("one", "b", True), ("two", "a", False), ("two", "b", True)]  # fmt: skip


@BOTH
def test_the_same_from_many_at_once_is_stored_once(database: Database):
    """Whoever comes first, and in whatever order each has them; nobody waits for ever."""
    told = [event(_K.delivered, event_id=f"e{number}") for number in range(200)]
    done: list[int] = []

    def store(events: list[Any]) -> None:
        done.append(intake.store(database, "sendgrid", events, NOW).stored)

    threads = [Thread(target=store, args=(told[:: 1 if number % 2 else -1],)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    assert sum(done) == len(rows(database)) == 200
    assert len(done) == 6


STRANGE: list[dict[str, Any]] = [
    {"reason": "a\0b", "permanent": True},
    {"event_id": "a\0b"},
    {"message_id": "half \udc80 a character"},
    {"raw": {"said": "a\0b"}},
    {"raw": {"said": "half \udc80 a character"}},
    {"raw": {"number": 10**40}},
    {"raw": {"in": None}},
    {"reason": "x" * 9_000, "permanent": True},
    {"delivery_ref": "\0"},
    {"address": "\0@\udc80"},
]


@BOTH
@pytest.mark.parametrize("given_", STRANGE, ids=str)
def test_strange_texts_are_kept_and_applied(database: Database, given_: dict[str, Any]):
    """No database takes all that a JSON text may hold; an event is kept without what cannot be."""
    made(database)
    tell(database, event(_K.bounced, **given_))
    assert len(rows(database)) == 1
    assert sum(states(database).get(name, 0) for name in ("applied", "without_effect")) == 1


def nested(levels: int) -> dict[str, Any]:
    """Return lists in lists."""
    inner: list[Any] = []
    for _ in range(levels):
        inner = [inner]
    return {"in": inner}


@BOTH
@pytest.mark.parametrize("levels", [300, 100_000])
def test_what_is_nested_too_deep_is_kept_as_text_or_not_at_all(database: Database, levels: int):
    """The event is there all the same."""
    tell(database, event(_K.bounced, raw=nested(levels)))
    assert list(rows(database)[0].raw) == ["text"]


def test_long_ids_are_told_apart(database: Database):
    """Though they begin alike."""
    tell(database, *[event(_K.delivered, event_id="x" * 500 + end) for end in "ab"])
    assert len(rows(database)) == 2


def test_what_has_not_happened_yet_happens_now(database: Database):
    """A provider's clock may be ahead; what it says may not outlast what comes after it."""
    intake.store(database, "sendgrid", [event(_K.delivered, minutes=600)], NOW)
    assert rows(database)[0].occurred_at == NOW


@BOTH
def test_the_old_are_forgotten_in_portions(database: Database, monkeypatch: pytest.MonkeyPatch):
    """All that nothing waits for and that came before; what waits stays."""
    monkeypatch.setattr(intake, "FORGOTTEN_AT_ONCE", 3)
    intake.store(database, "sendgrid", [event(_K.delivered) for _ in range(10)], NOW)
    intake.store(database, "sendgrid", [event(_K.delivered, event_id="new")], NOW + timedelta(days=1))
    with database.writing() as session:
        session.execute(update(intake.EVENT).where(intake.EVENT.c.id > 2).values(next_at=None))
    assert intake.forget(database, NOW) == 0
    assert intake.forget(database, NOW + timedelta(hours=1)) == 8
    assert len(rows(database)) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(codec=None),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text(st.characters(codec=None)), st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_anything_can_be_stored(database: Database, name: str, words: str, raw: dict[str, Any]):
    """Whatever stands in it; and told again, it is the same."""
    one = event(_K.unknown, event_id=name, reason=words, address=words, raw=raw)
    intake.store(database, "sendgrid", [one], NOW)
    assert intake.store(database, "sendgrid", [one], NOW).known == 1
