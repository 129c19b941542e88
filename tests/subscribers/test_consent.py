"""Subscribing, confirming, ending, undoing: who agreed to what."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from subscribers import confirm, end, find, subscribe, suppress
from subscribers.consent import choose, ended_then, undo
from subscribers.errors import BadAddress, Suppressed, UnknownList
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences, person, records, states

ADDRESS = "lena@example.org"
LATER = NOW + timedelta(hours=1)


def join(session, keys, *lists, confirmed=True, address=ADDRESS, at=NOW, name=""):
    return UUID(
        subscribe(
            session,
            keys,
            address=address,
            lists=lists,
            at=at,
            source="form",
            wording="Send me the digest",
            name=name,
            confirmed=confirmed,
        )
    )


def stop(session, ref, list_id=None, at=LATER):
    return end(session, ref=str(ref), family="weekly", list_id=list_id, at=at, source="page")


def say_yes(session, ref, *lists):
    return confirm(session, ref=str(ref), lists=lists, at=LATER, source="link", wording="Yes")


@BOTH
def test_a_double_opt_in_is_two_records(store, keys):
    """Asked, then confirmed; only then is the person an audience."""
    with store.writing() as session:
        ref = join(session, keys, "ee", "sc", "sc", confirmed=False, name="Lena")
        assert audiences(session) == {}
        assert say_yes(session, ref, "sc", "ee") == ("sc", "ee")
        assert say_yes(session, ref, "sc", "ee") == ()
        assert audiences(session) == {(ADDRESS, "weekly"): "sc ee"}
        assert records(session) == [
            ("ee", "asked", NOW, "form", "Send me the digest"),
            ("sc", "asked", NOW, "form", "Send me the digest"),
            ("sc", "confirmed", LATER, "link", "Yes"),
            ("ee", "confirmed", LATER, "link", "Yes"),
        ]


@BOTH
def test_subscribing_again_changes_nothing(store, keys):
    """What is confirmed stays confirmed, and no record is added; a missing name is filled in."""
    with store.writing() as session:
        ref = join(session, keys, "sc")
        before = records(session)
        assert join(session, keys, "sc", confirmed=False, address="LENA@Example.org", name="Lena") == ref
        assert join(session, keys, "sc", name="Other") == ref
        assert states(session, ref) == {"sc": "confirmed"}
        assert records(session) == before
        assert person(session, keys, ADDRESS).name == "Lena"


@BOTH
def test_ending_is_repeatable_and_says_what_was_ended(store, keys):
    """One list, or all of the family and of no other; the second time nothing is left to end."""
    with store.writing() as session:
        ref = join(session, keys, "sc", "ee", "daily-sc")
        join(session, keys, "ca", confirmed=False)
        assert stop(session, ref, "ee") == ("ee",)
        assert stop(session, ref, "ee") == ()
        assert audiences(session) == {(ADDRESS, "weekly"): "sc", (ADDRESS, "daily"): "daily-sc"}
        assert stop(session, ref) == ("sc",)
        assert stop(session, ref) == ()
        assert audiences(session) == {(ADDRESS, "daily"): "daily-sc"}
        assert states(session, ref) == {"sc": "ended", "ee": "ended", "ca": "ended", "daily-sc": "confirmed"}
        assert [row[:2] for row in records(session)][-3:] == [("ee", "ended"), ("sc", "ended"), ("ca", "ended")]


def test_an_old_link_to_confirm_revives_nothing(store, keys):
    """What the reader ended since they asked stays ended; asking anew begins anew."""
    with store.writing() as session:
        ref = join(session, keys, "sc", confirmed=False)
        stop(session, ref)
        assert say_yes(session, ref, "sc") == ()
        join(session, keys, "sc", confirmed=False)
        assert states(session, ref) == {"sc": "unconfirmed"}
        assert say_yes(session, ref, "sc") == ("sc",)


def test_links_of_nobody_do_nothing(store):
    """A ref that nobody has, or that is none, is no error."""
    with store.writing() as session:
        for ref in (str(uuid4()), "-"):
            assert say_yes(session, ref, "sc") == ()
            assert stop(session, ref) == ()
            assert undo(session, ref=ref, family="weekly", ended_at=NOW, at=NOW, source="x", wording="") == ()
            choose(session, ref=ref, family="weekly", wanted=["sc"], at=NOW, source="x", wording="")


def test_wrong_lists_and_addresses_are_refused(store, keys):
    """Unknown, closed, or no address: a sentence, and nothing is written."""
    with store.writing() as session:
        with pytest.raises(UnknownList, match="no list 'nowhere'"):
            join(session, keys, "sc", "nowhere")
        with pytest.raises(UnknownList, match="takes nobody new"):
            join(session, keys, "old")
        with pytest.raises(BadAddress):
            join(session, keys, "sc", address="lena")
        assert find(session, keys, ADDRESS) is None


@BOTH
@pytest.mark.parametrize("reason", ["by_hand", "erased"])
def test_a_new_double_opt_in_lifts_what_may_be_lifted(store, keys, reason):
    """A suppressed address is not confirmed by subscribing, but by a yes from the mailbox."""
    with store.writing() as session:
        suppress(session, keys, ADDRESS, reason, NOW)
        ref = join(session, keys, "sc")
        assert states(session, ref) == {"sc": "unconfirmed"}
        assert say_yes(session, ref, "sc") == ("sc",)
        assert person(session, keys, ADDRESS).suppressed is None


@pytest.mark.parametrize("reason", ["complaint", "hard_bounce"])
def test_a_double_opt_in_does_not_lift_a_complaint_or_a_bounce(store, keys, reason):
    """It is refused with a sentence, and stays unconfirmed."""
    with store.writing() as session:
        suppress(session, keys, ADDRESS, reason, NOW)
        ref = join(session, keys, "sc")
        with pytest.raises(Suppressed, match="cannot be mailed"):
            say_yes(session, ref, "sc")
        assert states(session, ref) == {"sc": "unconfirmed"}


@BOTH
def test_an_undo_brings_back_what_that_moment_ended(store, keys):
    """Not what was ended before, nor what was changed since."""
    with store.writing() as session:
        ref = join(session, keys, "sc", "ee", "ca")
        stop(session, ref, "ca", at=NOW + timedelta(minutes=1))
        stop(session, ref, at=LATER)
        join(session, keys, "ee", confirmed=False, at=LATER + timedelta(minutes=1))
        assert ended_then(session, ref=str(ref), family="weekly", ended_at=LATER) == ("sc",)
        back = undo(session, ref=str(ref), family="weekly", ended_at=LATER, at=LATER, source="undo", wording="Back")
        assert back == ("sc",)
        assert states(session, ref) == {"sc": "confirmed", "ee": "unconfirmed", "ca": "ended"}
        assert audiences(session) == {(ADDRESS, "weekly"): "sc"}


@BOTH
def test_choosing_makes_the_lists_exactly_these(store, keys):
    """Unticked ones end, ticked ones are confirmed, closed ones are kept but not entered, foreign ones ignored."""
    with store.writing() as session:
        ref = join(session, keys, "sc", "daily-sc")
        join(session, keys, "ca", confirmed=False)
        wanted = ["ee", "ca", "old", "nowhere"]
        choose(session, ref=str(ref), family="weekly", wanted=wanted, at=LATER, source="preferences", wording="Mine")
        expected = {"sc": "ended", "ee": "confirmed", "ca": "confirmed", "daily-sc": "confirmed"}
        assert states(session, ref) == expected
        assert audiences(session)[ADDRESS, "weekly"] == "ee ca"
