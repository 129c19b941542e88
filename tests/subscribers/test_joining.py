"""Signing up: what is asked waits, who is written to, and how often at most."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from subscribers import end, erase, find, subscribe, suppress
from subscribers.allowance import MOST, forget
from subscribers.errors import BadAddress, BadName, UnknownList
from subscribers.joining import Member, Waiting, Wish, ask, fresh, link
from subscribers.naming import name_of
from subscribers.networks import network_of
from subscribers.people import ASK, MAIL
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import person, states
from tests.subscribers.test_consent import ADDRESS, join

NETWORK = "192.0.2.0/24"


def wish(*lists, address=ADDRESS, **more):
    return Wish(address, lists or ("sc",), source="/join", wording="Yes, send me these", network=NETWORK, **more)


def asks(session):
    return session.execute(select(func.count()).select_from(ASK)).scalar_one()


@BOTH
def test_what_is_asked_waits_for_the_mailbox(store, keys):
    """Nothing is confirmed, no name taken on; the record says when, in which words, from which page and network."""
    with store.writing() as session:
        found = ask(session, keys, wish("sc", "daily-sc", name="Lena", language="ru"), NOW)
        assert isinstance(found, Waiting)
        assert (found.address, found.language, found.expires) == (ADDRESS, "ru", NOW + timedelta(days=30))
        assert [data.id for data in found.lists] == ["daily-sc", "sc"]
        lena = person(session, keys, ADDRESS)
        assert (lena.name, lena.language) == ("", "ru")
        assert {one.state for one in lena.lists} == {"unconfirmed"}
        said = lena.consents[0]
        assert (said.action, said.source, said.wording, said.network) == (
            "asked",
            "/join",
            "Yes, send me these",
            NETWORK,
        )


@BOTH
def test_the_same_lists_asked_again_are_the_same_wish(store, keys):
    """In any order, within 30 days: one row, one id, one end; then a new one."""
    with store.writing() as session:
        first = ask(session, keys, wish("sc", "ee"), NOW)
        again = ask(session, keys, wish("ee", "sc"), NOW + timedelta(days=5))
        assert first == again
        assert asks(session) == 1
        later = ask(session, keys, wish("sc", "ee"), NOW + timedelta(days=30))
        assert isinstance(later, Waiting)
        assert isinstance(first, Waiting)
        assert later.id != first.id


@BOTH
def test_an_address_gets_three_a_day_over_all_lists(store, keys):
    """Whatever is asked in its name; then nothing is written down either, and after a day it may begin again."""
    with store.writing() as session:
        for one in ("sc", "ee", "ca", "daily-sc", "sc"):
            ask(session, keys, wish(one), NOW)
        assert session.execute(select(func.count()).select_from(MAIL)).scalar_one() == MOST
        assert asks(session) == MOST
        assert "daily-sc" not in states(session, UUID(person(session, keys, ADDRESS).ref))
        assert ask(session, keys, wish("sc"), NOW + timedelta(hours=23, minutes=59)) is None
        assert ask(session, keys, wish("sc", address="LENA@example.org"), NOW + timedelta(hours=1)) is None
        assert ask(session, keys, wish("sc", address="omar@example.org"), NOW) is not None
        assert isinstance(ask(session, keys, wish("sc"), NOW + timedelta(days=1)), Waiting)
        forget(session, NOW + timedelta(days=1))
        assert session.execute(select(func.count()).select_from(MAIL)).scalar_one() == 1


@BOTH
def test_many_at_once_are_not_counted_apart(store, keys):
    """Twelve requests at the same moment make three mails, on both databases."""

    def once(_):
        with store.writing() as session:
            return ask(session, keys, wish("sc", "ee"), NOW)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(once, range(12)))
    assert sum(one is not None for one in found) == MOST
    assert len({one.id for one in found if isinstance(one, Waiting)}) == 1


@BOTH
@pytest.mark.parametrize(("reason", "written"), [("complaint", 0), ("hard_bounce", 0), ("by_hand", 1), ("erased", 1)])
def test_who_must_not_be_mailed_is_not(store, keys, reason, written):
    """A complaint or a bounce forbids even the question, and leaves no trace; the rest a new yes may lift."""
    with store.writing() as session:
        suppress(session, keys, ADDRESS, reason, NOW)
        assert (ask(session, keys, wish(), NOW) is not None) == bool(written)
        assert (find(session, keys, ADDRESS) is not None) == bool(written)


@BOTH
def test_a_reader_who_has_it_all_is_sent_their_own_link(store, keys):
    """A new list beside it is asked for as ever, and what they have is not touched."""
    with store.writing() as session:
        ref = join(session, keys, "sc", "daily-sc")
        found = ask(session, keys, wish("sc"), NOW)
        assert found == Member(str(ref), ADDRESS, "en", ("daily", "weekly"))
        assert isinstance(ask(session, keys, wish("sc", "ee"), NOW), Waiting)
        assert states(session, ref) == {"sc": "confirmed", "daily-sc": "confirmed", "ee": "unconfirmed"}


@BOTH
def test_an_own_link_goes_to_readers_only(store, keys):
    """Not to strangers, to those who never said yes, to the suppressed or the erased; three a day at most."""
    with store.writing() as session:
        assert link(session, keys, ADDRESS, NOW) is None
        ask(session, keys, wish(), NOW)
        assert link(session, keys, ADDRESS, NOW) is None
        ref = str(join(session, keys, "sc", address="omar@example.org"))
        end(session, ref=ref, family="weekly", list_id=None, at=NOW, source="page")
        found = [link(session, keys, " Omar@example.org", NOW) for _ in range(4)]
        assert found == [Member(ref, "omar@example.org", "en", ("weekly",))] * 3 + [None]
        assert fresh(session, keys, ref, NOW) is None
        assert fresh(session, keys, ref, NOW + timedelta(days=1)) == found[0]
        suppress(session, keys, "omar@example.org", "by_hand", NOW)
        assert link(session, keys, "omar@example.org", NOW + timedelta(days=3)) is None
        erase(session, keys, "omar@example.org", NOW)
        assert fresh(session, keys, ref, NOW + timedelta(days=3)) is None


def test_what_is_wrong_is_refused(store, keys):
    """No address, a list that is closed or unknown."""
    with store.writing() as session:
        with pytest.raises(BadAddress):
            ask(session, keys, wish(address="lena"), NOW)
        for one in ("old", "nowhere"):
            with pytest.raises(UnknownList):
                ask(session, keys, wish(one), NOW)


def test_asking_does_not_name_a_known_reader(store, keys):
    """A stranger cannot change what a reader is called in their mails, nor their language."""
    with store.writing() as session:
        said: dict[str, Any] = {
            "address": ADDRESS,
            "lists": ["sc"],
            "at": NOW,
            "source": "x",
            "wording": "",
            "confirmed": True,
        }
        subscribe(session, keys, **said)
        ask(session, keys, wish("ee", name="Buy at shop", language="ru"), NOW)
        lena = person(session, keys, ADDRESS)
        assert (lena.name, lena.language) == ("", "en")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_a_network_is_cut_short(address, network):
    """/24 and /48, whatever the way it is written; what is no address is no network."""
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("written", "name"), [("  Lena \n B. ", "Lena B."), ("", ""), ("Łukasz O’Neil", "Łukasz O’Neil"), ("لينا", "لينا")]
)
def test_a_name_is_one_line(written, name):
    """Trimmed, without control characters."""
    assert name_of(written) == name


@pytest.mark.parametrize(
    "written", ["https://shop.example", "www.shop.example", "a" * 81, "<b>Lena</b>", "a@b.example"]
)
def test_what_is_no_name_is_refused(written):
    """Links and markup in a name are how others misuse such forms."""
    with pytest.raises(BadName, match="only your name"):
        name_of(written)
