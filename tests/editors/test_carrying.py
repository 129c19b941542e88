"""The second way of letters to editors: taken where the usual account fails, is unknown, halted, or refuses them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.database import Database
from digest.editors import letters
from digest.editors.alerts import Alarm
from digest.editors.carrying import Carrier, NotCarried
from digest.sending import pacing
from digest.sending.provider import BatchRefused, Content, NotTaken, Receipt, StopIssue, UnknownOutcome
from tests.conftest import BOTH, NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BELA
from tests.editors.test_alerts import Caller
from tests.sending.fakes import Scripted

LETTER = Content(subject="s", html="<p>h</p>", text="t", sender_name="n", sender_address="a@b.example", headers={})


def two(database: Database, *answers: object, second: tuple[object, ...] = ()) -> tuple[Carrier, Scripted, Scripted]:
    """Return a carrier with two accounts that answer so."""
    means, first = newsroom.working(database, Scripted(answers))
    other = Scripted(second)
    return Carrier(replace(means, providers={"second": other}), "second"), first, other


def no(mailing):
    """Refuse the address."""
    return [Receipt(delivery_ref=mailing.recipients[0].delivery_ref, accepted=False, reason="on its own block list")]


@pytest.mark.parametrize(
    "answer",
    [NotTaken("down"), UnknownOutcome("no answer"), StopIssue("The key is refused."), BatchRefused("bad"), no,
     ZeroDivisionError("what")],
)  # fmt: skip
def test_whatever_the_usual_account_answers_the_second_takes_over(database: Database, answer: object):
    """And it is said which way it went, and why."""
    carrier, first, second = two(database, answer)
    assert carrier.carry("", LETTER, ANNA).startswith("by account second (")
    assert (len(first.got), first.taken, second.taken) == (1, {}, {ANNA: 1})


def test_the_usual_account_is_used_where_it_works(database: Database):
    """Nothing is said, and the second is not asked."""
    carrier, first, second = two(database)
    assert carrier.carry("", LETTER, ANNA) == ""
    assert (first.taken, second.got) == ({ANNA: 1}, [])


def test_what_failed_once_is_asked_last(database: Database):
    """A time-out is waited for once a pass; an address that was refused says nothing against the account."""
    carrier, first, second = two(database, UnknownOutcome("no answer"), second=(None, no))
    carrier.carry("", LETTER, ANNA)
    assert carrier.carry("", LETTER, BELA) == ""
    assert ([len(first.got), len(second.got)], first.taken) == ([2, 2], {BELA: 1})
    refused, asked, _ = two(database, no)
    refused.carry("", LETTER, ANNA)
    refused.carry("", LETTER, BELA)
    assert len(asked.got) == 2


@BOTH
def test_a_halted_account_is_not_asked_to_tell_of_it(database: Database):
    """Its key was refused: the letter goes the other way first, and by the usual one where that fails."""
    carrier, first, second = two(database, second=(None, NotTaken("down")))
    with database.writing() as session:
        pacing.halt(session, "scripted", "The key is refused.")
    assert carrier.carry("", LETTER, ANNA) == "by account second (The key is refused.)"
    assert carrier.carry("", LETTER, BELA) == ""
    assert (first.taken, second.taken) == ({BELA: 1}, {ANNA: 1})


def test_an_account_the_settings_do_not_have_is_no_dead_end(database: Database):
    """The publication names one that was taken out of the settings."""
    carrier, first, second = two(database)
    assert "no provider account 'gone'" in carrier.carry("gone", LETTER, ANNA)
    assert (first.got, second.taken) == ([], {ANNA: 1})


def test_where_both_fail_both_are_named(database: Database):
    """Tried again unless both refused for good."""
    carrier, _, _ = two(database, NotTaken("The first is down."), second=(BatchRefused("The second refused."),))
    with pytest.raises(NotCarried, match=r"The first is down\. The second refused\.") as raised:
        carrier.carry("", LETTER, ANNA)
    assert (raised.value.for_good, raised.value.at_provider) == (False, True)
    carrier, _, _ = two(database, no, second=(no,))
    with pytest.raises(NotCarried) as raised:
        carrier.carry("", LETTER, ANNA)
    assert (raised.value.for_good, raised.value.at_provider) == (True, False)


@BOTH
def test_all_mails_about_issues_take_the_second_way(database: Database):
    """ALERT_ACCOUNT, with a provider that refuses the key: the draft reaches both editors in one pass."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    refusing = [StopIssue("The key is refused.") for _ in range(9)]
    means, first = newsroom.working(database, Scripted(refusing))
    second = Scripted()
    means = replace(means, providers={"second": second})
    letters.drafted(means, issue.id, NOW)
    said = letters.send_due(means, NOW, Alarm(caller=Caller(), account="second"))
    assert all("was sent by account second" in one for one in said)
    assert (second.taken, len(first.got)) == ({ANNA: 1, BELA: 1}, 1)
    assert letters.send_due(means, NOW + timedelta(hours=1), Alarm(caller=Caller(), account="second")) == []
