"""A change of address: asked, confirmed by the new mailbox, or called off."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from subscribers import erase, find, suppress
from subscribers.errors import BadAddress, Suppressed, Taken
from subscribers.joining import ask
from subscribers.moving import ask_to_move, move, moving, stay
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences, person, states
from tests.subscribers.test_consent import ADDRESS, join
from tests.subscribers.test_joining import wish

NEW = "lena@elsewhere.example"
LATER = NOW + timedelta(hours=1)


def want(session, keys, ref, address=NEW, at=NOW):
    return ask_to_move(session, keys, ref=str(ref), address=address, at=at)


def yes(session, ref, found):
    said: dict[str, Any] = {"at": LATER, "source": "/move", "wording": "Yes", "network": "192.0.2.0/24"}
    return move(session, ref=str(ref), move_id=found.id, **said)


@BOTH
def test_nothing_changes_before_the_new_mailbox_says_yes(store, keys):
    """Then the address does, and consent, lists and ref stay; once."""
    with store.writing() as session:
        ref = join(session, keys, "sc", "ee", name="Lena")
        found = want(session, keys, ref, " Lena@Elsewhere.Example ")
        assert found is not None
        assert (found.address, found.done) == ("Lena@elsewhere.example", False)
        assert person(session, keys, ADDRESS).ref == str(ref)
        assert find(session, keys, NEW) is None
        assert yes(session, ref, found)
        assert not yes(session, ref, found)
        assert find(session, keys, ADDRESS) is None
        lena = person(session, keys, NEW)
        assert (lena.ref, lena.name, [one.action for one in lena.consents]) == (
            str(ref),
            "Lena",
            ["confirmed", "confirmed", "moved"],
        )
        assert lena.consents[-1].network == "192.0.2.0/24"
        assert audiences(session) == {("Lena@elsewhere.example", "weekly"): "sc ee"}
        then = moving(session, str(ref), found.id)
        assert then is not None
        assert then.done
        assert not stay(session, ref=str(ref), move_id=found.id)


@BOTH
def test_it_can_be_called_off_and_only_the_newest_counts(store, keys):
    """The old address stops it; a second wish replaces the first."""
    with store.writing() as session:
        ref = join(session, keys, "sc")
        first = want(session, keys, ref)
        second = want(session, keys, ref, "third@elsewhere.example")
        assert first is not None
        assert second is not None
        assert moving(session, str(ref), first.id) is None
        assert not yes(session, ref, first)
        assert stay(session, ref=str(ref), move_id=second.id)
        assert not stay(session, ref=str(ref), move_id=second.id)
        assert not yes(session, ref, second)
        assert person(session, keys, ADDRESS).ref == str(ref)


@BOTH
def test_who_is_not_asked(store, keys):
    """The same address, one that complained, one asked three times today, nobody's; what is no address is an error."""
    with store.writing() as session:
        ref = join(session, keys, "sc")
        assert want(session, keys, ref, "LENA@example.org") is None
        assert want(session, keys, uuid4()) is None
        suppress(session, keys, "no@elsewhere.example", "complaint", NOW)
        assert want(session, keys, ref, "no@elsewhere.example") is None
        assert [want(session, keys, ref) is None for _ in range(4)] == [False, False, False, True]
        assert want(session, keys, ref, at=NOW + timedelta(days=1)) is not None
        with pytest.raises(BadAddress):
            want(session, keys, ref, "nowhere")


@BOTH
def test_an_address_of_another_reader_is_not_taken(store, keys):
    """Whoever has ever said yes there keeps it; one who was only ever asked for is forgotten."""
    with store.writing() as session:
        ref = join(session, keys, "sc")
        found = want(session, keys, ref)
        assert found is not None
        ask(session, keys, wish("ee", address=NEW), NOW)
        assert yes(session, ref, found)
        assert states(session, ref) == {"sc": "confirmed"}
        omar = join(session, keys, "sc", address="omar@example.org")
        again = want(session, keys, omar, at=NOW + timedelta(days=2))
        assert again is not None
        with pytest.raises(Taken, match="Another subscription"):
            yes(session, omar, again)


@BOTH
@pytest.mark.parametrize("reason", ["complaint", "hard_bounce", "by_hand", "erased"])
def test_a_ban_meanwhile(store, keys, reason):
    """A complaint or a bounce forbids the move; what a new yes lifts, it lifts."""
    with store.writing() as session:
        ref = join(session, keys, "sc")
        found = want(session, keys, ref)
        assert found is not None
        suppress(session, keys, NEW, reason, NOW)
        if reason in ("complaint", "hard_bounce"):
            with pytest.raises(Suppressed, match="cannot be mailed"):
                yes(session, ref, found)
        else:
            assert yes(session, ref, found)
            assert person(session, keys, NEW).suppressed is None


def test_who_was_erased_does_not_move(store, keys):
    """What waited goes with them."""
    with store.writing() as session:
        ref = join(session, keys, "sc")
        found = want(session, keys, ref)
        erase(session, keys, ADDRESS, NOW)
        assert found is not None
        assert not yes(session, ref, found)
        assert moving(session, str(ref), found.id) is None
