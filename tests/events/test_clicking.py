"""What is kept of a click, and what is not."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from digest.events.clicking import forget, network, record, visitor
from digest.issues.models import IssueStatus, Publication
from digest.sending.models import table
from subscribers import Keys
from subscribers.models import Subscriber
from tests.conftest import BOTH, NOW
from tests.events import mailed
from tests.events.mailed import KEYS, asked
from tests.sending import newsroom

OTHER = "zQ4tUe8wYb2nHk6rMx0pVd5sAj9gLf3c"


@BOTH
def test_a_click_is_kept_as_it_came(database):
    """Edition, place, time, method and what gave it away; of the visitor a hash, and nobody's name or address."""
    mailed.make(database)
    assert record(database, KEYS, asked(2))
    assert record(database, KEYS, asked(0, method="HEAD"))
    first, second = mailed.stored(database)
    assert (first.edition_number, first.place, first.at, first.method, first.sign) == (100, 2, NOW, "GET", "")
    assert (second.place, second.method, second.sign, second.state) == (0, "HEAD", "trap", "new")
    assert first.visitor == second.visitor
    assert "203.0.113" not in repr(first)
    assert first.subscriber_id is None


def test_a_visitor_is_of_a_day_an_edition_a_network_and_a_browser():
    """The hash changes with each of them, and with the key; a neighbour in the same network is the same visitor."""
    known = visitor(KEYS, asked())
    assert visitor(KEYS, asked(3, NOW + timedelta(hours=10), address="203.0.113.250", method="HEAD")) == known
    others = [
        visitor(KEYS, asked(at=NOW + timedelta(days=1))),
        visitor(KEYS, asked(edition=newsroom.edition_id(101))),
        visitor(KEYS, asked(address="203.0.114.7")),
        visitor(KEYS, asked(agent="Firefox")),
        visitor(Keys(secret=OTHER, address=OTHER), asked()),
    ]
    assert len({known, *others}) == 6


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::9", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("-", "-"),
    ],
)
def test_networks(address, known):
    """A /24 or a /48: enough to tell two offices apart, too little to tell two people."""
    assert network(address) == known


@pytest.mark.parametrize("status", [IssueStatus.draft, IssueStatus.sending, IssueStatus.sent, IssueStatus.cancelled])
def test_only_what_went_out_is_counted(database, status):
    """An editor who tries the links of a draft is no reader."""
    mailed.make(database, status=status)
    assert record(database, KEYS, asked()) == (status != IssueStatus.draft)
    assert len(mailed.stored(database)) == (status != IssueStatus.draft)


def test_only_links_of_what_was_sent_are_counted(database):
    """A link of a proof that was replaced, of no edition, of a place that the edition has not: nothing is stored."""
    mailed.make(database)
    assert not record(database, KEYS, asked(1, token=mailed.token(9)))
    assert not record(database, KEYS, asked(1, token="%" * 40))
    assert not record(database, KEYS, asked(edition=newsroom.edition_id(999)))
    assert mailed.stored(database) == []


def test_off_is_off_at_once(database):
    """A newsroom that stops counting stops with the next click, on mails that are out already, too."""
    mailed.make(database)
    with database.writing() as session:
        session.execute(update(Publication).values(clicks="off"))
    assert not record(database, KEYS, asked())
    assert mailed.stored(database) == []


@BOTH
def test_a_person_is_noted_by_consent_alone(database):
    """Where the publication counts people, the reader agrees, the sign is ours and the edition theirs; else nobody."""
    mailed.make(database, clicks="personal")
    sign, ended = mailed.agree(database, 1), mailed.agree(database, 2, None)
    strange = mailed.agree(database, 3)
    with database.writing() as session:
        mine = newsroom.DELIVERY.c.subscriber_id == 3
        session.execute(update(newsroom.DELIVERY).where(mine).values(edition_number=999))
    for reader in (sign, ended, strange, "", "x" * 38, sign[:-1] + "B"):
        assert record(database, KEYS, asked(reader=reader))
    assert [row.subscriber_id for row in mailed.stored(database)] == [1, None, None, None, None, None]
    with database.writing() as session:
        session.execute(update(table(Subscriber)).values(erased_at=NOW))
    assert record(database, KEYS, asked(reader=sign))
    with database.writing() as session:
        session.execute(update(table(Subscriber)).values(erased_at=None))
        session.execute(update(Publication).values(clicks="anonymous"))
    assert record(database, KEYS, asked(reader=sign))
    assert [row.subscriber_id for row in mailed.stored(database)][6:] == [None, None]


@BOTH
def test_old_clicks_are_forgotten(database):
    """By age alone."""
    mailed.make(database)
    for days in (30, 10, 0):
        record(database, KEYS, asked(at=NOW - timedelta(days=days)))
    assert forget(database, NOW - timedelta(days=10)) == 1
    assert [row.at for row in mailed.stored(database)] == [NOW - timedelta(days=10), NOW]
