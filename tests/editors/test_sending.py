"""Sending the queued mails: once, tried again, given up with the sentence, and never in the way of the tick."""

from datetime import timedelta
from email import message_from_bytes, policy
from threading import Thread

import pytest
from sqlmodel import select

from digest.clock import StillClock
from digest.editors import letters
from digest.editors.alerts import Alarm
from digest.issues.models import IssueCandidate
from digest.providers.outbox import Outbox
from digest.sending.models import Delivery
from digest.sending.provider import BatchRefused, NotTaken, Receipt, StopIssue, UnknownOutcome
from tests.conftest import BOTH, NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BELA
from tests.editors.test_alerts import HOOK, Caller
from tests.sending.fakes import Scripted


@pytest.fixture
def issue(database):
    """Draft an issue."""
    newsroom.found(database)
    return newsroom.draft(database)


def queued(database, issue, *answers):
    """Queue the draft with a provider that answers so; return means and provider."""
    means, provider = newsroom.working(database, Scripted(answers))
    letters.drafted(means, issue.id, NOW)
    return means, provider


@BOTH
def test_each_editor_gets_the_draft_once_with_a_link_of_their_own(database):
    """From the publication, marked as automatic, outside every list's ledger."""
    newsroom.found(database)
    means, provider = queued(database, newsroom.draft(database))
    assert len(letters.send_due(means, NOW)) == 2
    assert letters.send_due(means, NOW + timedelta(hours=1)) == []
    assert [one.recipients[0].address for one in provider.got] == [ANNA, BELA]
    first, second = (one.content for one in provider.got)
    assert first.subject == "[Review] The Meridian, 24 Nov: 15 stories, all green"
    assert (first.sender_address, first.headers["Auto-Submitted"]) == ("digest@meridian.example", "auto-generated")
    assert "List-Unsubscribe" not in first.headers
    assert first.html != second.html
    assert all(one.recipients[0].delivery_ref.startswith("direct.") for one in provider.got)
    with database.reading() as session:
        assert session.exec(select(Delivery)).all() == []
    assert [(one.sent_at, one.next_at, one.attempts) for one in newsroom.mails(database)] == [(NOW, None, 1)] * 2


@BOTH
def test_two_workers_send_one_mail(database):
    """Of those who see the row due, one gets it."""
    newsroom.found(database)
    means, provider = queued(database, newsroom.draft(database))
    threads = [Thread(target=letters.send_due, args=(means, NOW)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert provider.taken == {ANNA: 1, BELA: 1}


def test_a_worker_that_died_with_a_mail_in_hand_loses_nothing(database, issue):
    """After ten minutes the mail is somebody else's."""
    means, provider = queued(database, issue, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        letters.send_due(means, NOW)
    letters.send_due(means, NOW + timedelta(minutes=9))
    assert provider.taken == {BELA: 1}
    letters.send_due(means, NOW + timedelta(minutes=10))
    assert provider.taken == {ANNA: 1, BELA: 1}


def test_an_error_is_tried_again_and_at_last_given_up(database, issue):
    """At 2, 10 and 60 minutes; then the sentence is kept."""
    newsroom.change(database, editors=[ANNA])
    errors = [NotTaken("The API cannot be reached.") for _ in range(4)]
    means, provider = queued(database, issue, *errors)
    at, waits, said = NOW, [], ""
    (mail,) = newsroom.mails(database)
    for _ in range(4):
        (said,) = letters.send_due(means, at)
        (mail,) = newsroom.mails(database)
        waits.append(mail.next_at - at if mail.next_at else None)
        assert letters.send_due(means, at) == []
        at = mail.next_at or at
    assert waits == [timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=60), None]
    assert "it is given up" in said
    assert (mail.error, mail.sent_at, len(provider.got)) == ("The API cannot be reached.", None, 4)


@pytest.mark.parametrize("error", [NotTaken("down"), UnknownOutcome("no answer"), StopIssue("The key is refused.")])
def test_a_provider_that_fails_is_asked_once_a_pass(database, issue, error):
    """The other mails wait for the next pass: the tick has more to do than to wait for time-outs."""
    means, provider = queued(database, issue, error)
    assert len(letters.send_due(means, NOW)) == 1
    assert len(letters.send_due(means, NOW)) == 1
    letters.send_due(means, NOW + timedelta(minutes=2))
    assert provider.taken == {ANNA: 1, BELA: 1}


@pytest.mark.parametrize(
    "answer",
    [
        BatchRefused("The address is not one."),
        lambda mailing: [Receipt(delivery_ref=mailing.recipients[0].delivery_ref, accepted=False, reason="suppressed")],
    ],
)
def test_an_address_that_is_refused_for_good_is_not_tried_again(database, issue, answer):
    """And the others get theirs in the same pass."""
    means, provider = queued(database, issue, answer)
    assert len(letters.send_due(means, NOW)) == 2
    assert provider.taken == {BELA: 1}
    first, _ = newsroom.mails(database)
    assert (first.next_at, first.sent_at) == (None, None)
    assert first.error


def test_an_error_that_nobody_foresaw_stops_nothing(database, issue):
    """It is kept like any other, and said."""
    means, provider = queued(database, issue, ZeroDivisionError("what"))
    said = letters.send_due(means, NOW)
    assert "ZeroDivisionError: what" in said[0]
    assert provider.taken == {BELA: 1}


def test_who_is_no_editor_any_more_gets_nothing(database, issue):
    """The list of editors at the time of sending decides."""
    means, provider = queued(database, issue)
    newsroom.change(database, editors=[BELA])
    said = letters.send_due(means, NOW)
    assert said[0].endswith("was not sent: anna@meridian.example is no editor any more")
    assert provider.taken == {BELA: 1}


def test_a_draft_that_is_approved_by_then_is_not_sent(database, issue):
    """Mail that waited for a worker is not sent after the fact."""
    means, provider = queued(database, issue)
    newsroom.set_issue(database, issue.id, status="approved")
    assert all("the issue is approved by now" in one for one in letters.send_due(means, NOW))
    assert provider.got == []


def test_what_was_mended_meanwhile_is_not_told(database, issue):
    """Held and freed before the mail left."""
    newsroom.set_issue(database, issue.id, held="No readers.", changed_at=NOW)
    means, provider = newsroom.working(database)
    letters.outcome(means, NOW)
    newsroom.set_issue(database, issue.id, held="")
    assert all("it was mended meanwhile" in one for one in letters.send_due(means, NOW))
    assert provider.got == []


def test_editions_that_cannot_be_made_are_told_as_red(database, issue):
    """The mail goes all the same, and says what to mend."""
    with database.writing() as session:
        inputs = session.get_one(IssueCandidate, (issue.id, newsroom.key("central-asia", 1)))
        inputs.inputs = {**inputs.inputs, "url": "javascript:alert(3)"}
        session.add(inputs)
    means, provider = queued(database, issue)
    letters.send_due(means, NOW)
    content = provider.got[0].content
    assert content.subject.endswith("15 stories, 1 red")
    assert "The editions could not be made: Story 12, " in " ".join(content.text.split())
    assert 'href="javascript' not in content.html


def test_the_alarm_is_rung_with_retries_like_a_mail(database, issue):
    """One message for the issue, with what a machine needs; it does not wait for the provider."""
    newsroom.set_issue(database, issue.id, held="Nobody had approved it.", changed_at=NOW)
    caller = Caller(500)
    alarm = Alarm(caller=caller, alert_url=HOOK)
    means, _ = newsroom.working(database)
    letters.outcome(means, NOW, alarm)
    said = letters.send_due(means, NOW, alarm)
    assert any("ALERT_URL: hooks.example answered 500" in one for one in said)
    caller.status = 200
    letters.send_due(means, NOW + timedelta(minutes=2), alarm)
    assert letters.send_due(means, NOW + timedelta(hours=2), alarm) == []
    assert [one["text"] for _, one in caller.posted] == ["The Meridian: issue 1 is held: Nobody had approved it."] * 2
    message = caller.posted[-1][1]
    assert (message["kind"], message["publication"], message["issue"]) == ("held", "weekly", 1)


def test_an_alarm_that_was_taken_away_is_given_up(database, issue):
    """The setting is gone: the row does not wait for ever."""
    newsroom.set_issue(database, issue.id, held="No readers.", changed_at=NOW)
    means, _ = newsroom.working(database)
    letters.outcome(means, NOW, Alarm(caller=Caller(), alert_url=HOOK))
    assert any("ALERT_URL is not set any more" in one for one in letters.send_due(means, NOW))
    assert all(one.next_at is None for one in newsroom.mails(database))


def test_with_the_outbox_the_mails_are_files(database, issue, tmp_path):
    """The whole product works with no account anywhere."""
    means, _ = newsroom.working(database, Outbox(tmp_path / "outbox", StillClock(NOW).now))
    letters.drafted(means, issue.id, NOW)
    letters.send_due(means, NOW)
    files = sorted((tmp_path / "outbox").rglob("*.eml"))
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert sorted(str(mail["To"]) for mail in mails) == [ANNA, BELA]
    assert all(mail["Auto-Submitted"] == "auto-generated" for mail in mails)


def test_reminders_and_outcomes_are_sent_each_in_its_words(database, issue):
    """The kind of the row decides what is written."""
    newsroom.change(database, editors=[ANNA])
    means, provider = newsroom.working(database)
    letters.remind(means, NOW + timedelta(minutes=75))
    letters.send_due(means, NOW + timedelta(minutes=75))
    newsroom.set_issue(database, issue.id, status="sent", changed_at=NOW)
    letters.outcome(means, NOW + timedelta(hours=3))
    letters.send_due(means, NOW + timedelta(hours=3))
    assert [one.content.subject for one in provider.got] == [
        "[Reminder] The Meridian, 24 Nov: 45 minutes left to approve",
        "[Sent] The Meridian, 24 Nov: 0 readers",
    ]


def test_a_reminder_that_comes_too_late_is_not_sent(database, issue):
    """It was approved while the mail waited."""
    means, provider = newsroom.working(database)
    letters.remind(means, NOW + timedelta(minutes=75))
    newsroom.set_issue(database, issue.id, status="approved")
    assert len(letters.send_due(means, NOW + timedelta(minutes=76))) == 2
    assert provider.got == []
