"""The yes of a mailbox, and forgetting what never got one."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from subscribers import confirming, end, find, forget_unconfirmed, import_csv, subscribe, suppress
from subscribers.audience import PERSON
from subscribers.confirming import asked, say_yes
from subscribers.consent import CONSENT
from subscribers.errors import Suppressed
from subscribers.joining import Waiting, ask
from subscribers.people import ASK, MAIL
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences, person, states
from tests.subscribers.test_consent import ADDRESS, join
from tests.subscribers.test_joining import wish

LATER = NOW + timedelta(hours=1)
OVER = NOW + timedelta(days=30)


def waiting(session, keys, *lists, at=NOW, **more):
    found = ask(session, keys, wish(*lists, **more), at)
    assert isinstance(found, Waiting)
    return found


def yes(session, found, at=LATER):
    said: dict[str, Any] = {"at": at, "source": "/confirm", "wording": "Yes", "network": "198.51.100.0/24"}
    return say_yes(session, ref=found.ref, ask_id=found.id, **said)


@BOTH
def test_a_yes_confirms_what_was_asked(store, keys):
    """Over families; with its record, its name, and only once."""
    with store.writing() as session:
        found = waiting(session, keys, "sc", "daily-sc", name="Lena")
        assert [data.id for data in asked(session, found.ref, found.id)] == ["daily-sc", "sc"]
        assert set(yes(session, found)) == {"sc", "daily-sc"}
        assert yes(session, found) == ()
        assert audiences(session) == {(ADDRESS, "weekly"): "sc", (ADDRESS, "daily"): "daily-sc"}
        lena = person(session, keys, ADDRESS)
        assert lena.name == "Lena"
        said = lena.consents[-1]
        assert (said.action, said.at, said.source, said.wording, said.network) == (
            "confirmed",
            LATER,
            "/confirm",
            "Yes",
            "198.51.100.0/24",
        )


@BOTH
def test_a_link_pressed_twice_revives_nothing(store, keys):
    """What was left since stays left; a name that they have is kept."""
    with store.writing() as session:
        subscribe(session, keys, **SAID, name="Lena")
        found = waiting(session, keys, "ee", name="Other")
        yes(session, found)
        end(session, ref=found.ref, family="weekly", list_id=None, at=LATER, source="page")
        assert yes(session, found) == ()
        assert set(states(session, UUID(found.ref)).values()) == {"ended"}
        assert person(session, keys, ADDRESS).name == "Lena"


SAID: dict[str, Any] = {"address": ADDRESS, "lists": ["sc"], "at": NOW, "source": "x", "wording": "", "confirmed": True}


def test_links_of_nobody_confirm_nothing(store, keys):
    """Another person's wish, one that is no id, a ref that nobody has."""
    with store.writing() as session:
        found = waiting(session, keys, "sc")
        omar = join(session, keys, "ee", address="omar@example.org")
        for ref, ask_id in ((str(omar), found.id), (found.ref, "x"), (found.ref, str(uuid4())), ("-", found.id)):
            assert say_yes(session, ref=ref, ask_id=ask_id, at=LATER, source="", wording="") == ()
            assert asked(session, ref, ask_id) == ()


def test_a_yes_does_not_lift_a_complaint(store, keys):
    """That came after the question was asked."""
    with store.writing() as session:
        found = waiting(session, keys, "sc")
        suppress(session, keys, ADDRESS, "complaint", NOW)
        with pytest.raises(Suppressed):
            yes(session, found)


@BOTH
def test_what_never_got_a_yes_is_forgotten_after_30_days(store, keys, monkeypatch):
    """People who never spoke go with all that is kept of them; who has other lists stays, and no import revives."""
    monkeypatch.setattr(confirming, "PAGE", 2)
    with store.writing() as session:
        for number in range(5):
            waiting(session, keys, "sc", "ee", address=f"r{number}@example.org")
        lena = join(session, keys, "sc")
        waiting(session, keys, "ca")
        left = join(session, keys, "ee", address="left@example.org")
        end(session, ref=str(left), family="weekly", list_id=None, at=NOW, source="page")
        waiting(session, keys, "ee", address="left@example.org")
        waiting(session, keys, "sc", address="new@example.org", at=NOW + timedelta(days=1))
    assert forget_unconfirmed(store, OVER - timedelta(seconds=1)) == 0
    assert forget_unconfirmed(store, OVER) == 12
    assert forget_unconfirmed(store, OVER) == 0
    with store.reading() as session:
        assert [find(session, keys, f"r{number}@example.org") for number in range(5)] == [None] * 5
        assert states(session, lena) == {"sc": "confirmed"}
        assert states(session, left) == {"ee": "ended"}
        assert find(session, keys, "new@example.org") is not None
        assert session.execute(select(func.count()).select_from(PERSON)).scalar_one() == 3
        assert session.execute(select(func.count()).select_from(ASK)).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(MAIL)).scalar_one() == 0
        assert session.execute(select(func.count()).select_from(CONSENT)).scalar_one() == 6
    rows = ["email,consent_at,consent_source\n", "left@example.org,2026-01-01,old form\n"]
    import_csv(store, keys, rows, lists=["ee"], at=OVER, source="import:x.csv")
    with store.reading() as session:
        assert states(session, left) == {"ee": "ended"}
