"""Which mails are due to editors: each once, to the editors of now, and no reminder that is no help."""

from datetime import timedelta
from threading import Thread

import pytest
from sqlmodel import select

from digest.editors import letters
from digest.editors.alerts import ADDRESS, Alarm
from digest.issues import lifecycle, log
from digest.issues.models import Issue, IssueStatus
from digest.proofs import making
from tests.conftest import BOTH, NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BELA, SEND_AT
from tests.editors.test_alerts import Caller


def rows(database, kind):
    """Return (occasion, address) of all rows of a kind."""
    return [(one.occasion, one.address) for one in newsroom.mails(database) if one.kind == kind]


def addresses(database, kind):
    return [address for _, address in rows(database, kind)]


@BOTH
def test_a_draft_is_queued_for_each_editor_once_with_its_editions_made(database):
    """However often the tick comes by, also after an edit; the page need not make the editions then."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    means, _ = newsroom.working(database)
    assert letters.drafted(means, issue.id, NOW) == ["weekly: issue 1 goes to 2 people for review"]
    newsroom.set_issue(database, issue.id, version=2)
    assert letters.drafted(means, issue.id, NOW + timedelta(minutes=1)) == []
    assert addresses(database, "draft") == [ANNA, BELA]
    with database.reading() as session:
        assert making.stored_proof(session, session.get_one(Issue, issue.id)) is not None


def test_an_editor_named_later_gets_the_draft_too(database):
    """Queued again, it goes to those who have none."""
    newsroom.found(database, editors=[ANNA])
    issue = newsroom.draft(database)
    means, _ = newsroom.working(database)
    letters.drafted(means, issue.id, NOW)
    newsroom.change(database, editors=[ANNA, BELA])
    assert letters.drafted(means, issue.id, NOW) == ["weekly: issue 1 goes to 1 person for review"]


@BOTH
def test_two_workers_queue_one_mail(database):
    """Both look at the same moment."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    means, _ = newsroom.working(database)
    threads = [Thread(target=letters.drafted, args=(means, issue.id, NOW)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(addresses(database, "draft")) == [ANNA, BELA]


@pytest.mark.parametrize("status", ["approved", "skipped", "sent"])
def test_what_waits_for_nobody_is_not_sent_for_review(database, status):
    """An issue made by hand may be approved, or over, at its cut-off."""
    newsroom.found(database)
    issue = newsroom.set_issue(database, newsroom.draft(database).id, status=status)
    means, _ = newsroom.working(database)
    assert letters.drafted(means, issue.id, NOW) == []
    assert rows(database, "draft") == []


def test_a_publication_without_editors_makes_no_proof_and_no_row(database):
    """Nobody would look at it."""
    newsroom.found(database, editors=[])
    issue = newsroom.draft(database)
    means, _ = newsroom.working(database)
    assert letters.drafted(means, issue.id, NOW) == []
    with database.reading() as session:
        assert making.stored_proof(session, session.get_one(Issue, issue.id)) is None


def test_a_reminder_comes_once_before_the_end_of_the_review(database):
    """Not too early, not after, not when it is approved."""
    newsroom.found(database, remind_minutes=45)
    issue = newsroom.draft(database)
    means, _ = newsroom.working(database)
    letters.drafted(means, issue.id, NOW)
    assert letters.remind(means, SEND_AT - timedelta(minutes=46)) == []
    said = letters.remind(means, SEND_AT - timedelta(minutes=45))
    assert said == ["weekly: 2 people reminded of issue 1"]
    assert letters.remind(means, SEND_AT - timedelta(minutes=30)) == []
    assert addresses(database, "reminder") == [ANNA, BELA]


def test_the_review_may_end_before_the_sending(database):
    """Then it is that end the reminder is counted from."""
    newsroom.found(database, review="30 8 * * *", remind_minutes=30)  # 07:30 UTC
    newsroom.draft(database)
    means, _ = newsroom.working(database)
    assert letters.remind(means, NOW + timedelta(minutes=59)) == []
    assert letters.remind(means, NOW + timedelta(minutes=60)) != []


@pytest.mark.parametrize(
    ("values", "changes"),
    [({"status": "approved"}, {}), ({"send_at": None}, {}), ({}, {"remind_minutes": 0}), ({"status": "sent"}, {})],
)
def test_nobody_is_reminded_for_nothing(database, values, changes):
    """Approved, over, without an hour, or not wanted."""
    newsroom.found(database, **changes)
    newsroom.set_issue(database, newsroom.draft(database).id, **values)
    means, _ = newsroom.working(database)
    assert letters.remind(means, SEND_AT - timedelta(minutes=10)) == []


def test_a_draft_that_came_within_the_time_is_reminder_enough(database):
    """A cut-off half an hour before the sending does not write twice."""
    newsroom.found(database, remind_minutes=60)
    issue = newsroom.draft(database, send_at=NOW + timedelta(minutes=30))
    means, _ = newsroom.working(database)
    letters.drafted(means, issue.id, NOW)
    assert letters.remind(means, NOW + timedelta(minutes=1)) == []


@BOTH
def test_what_is_held_is_told_at_once_and_again_after_two_hours(database):
    """Once each (ruling 14); a new order that ends in the same way is told anew."""
    newsroom.found(database)
    issue = newsroom.set_issue(database, newsroom.draft(database).id, held="No readers.", changed_at=NOW)
    means, _ = newsroom.working(database)
    assert letters.outcome(means, NOW) == ["weekly: 2 people told that issue 1 is held"]
    assert letters.outcome(means, NOW + timedelta(minutes=1)) == []
    assert letters.remind(means, NOW + timedelta(minutes=119)) == []
    assert letters.remind(means, NOW + timedelta(minutes=120)) == ["weekly: 2 people reminded of issue 1"]
    assert letters.remind(means, NOW + timedelta(hours=9)) == []
    with database.writing() as session:
        log.add(session, session.get_one(Issue, issue.id), at=NOW, who="anna", what="resume")
    assert letters.outcome(means, NOW + timedelta(hours=9)) == ["weekly: 2 people told that issue 1 is held"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"status": "sent"}, "sent"),
        ({"status": "skipped"}, "skipped"),
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "paused", "failed": "The key was refused.", "held": "The key was refused."}, "stopped"),
        ({"status": "scheduled", "held": "A story is retracted."}, "held"),
    ],
)
def test_each_ending_is_told_once(database, values, kind):
    """Sent, skipped, cancelled, stopped, held."""
    newsroom.found(database)
    newsroom.set_issue(database, newsroom.draft(database).id, changed_at=NOW, **values)
    means, _ = newsroom.working(database)
    assert letters.outcome(means, NOW) == [f"weekly: 2 people told that issue 1 is {kind}"]
    assert letters.outcome(means, NOW + timedelta(hours=1)) == []
    assert addresses(database, "outcome") == [ANNA, BELA]


@pytest.mark.parametrize("values", [{"status": "in_review"}, {"status": "sending"}, {"status": "paused"}])
def test_what_goes_on_is_no_outcome(database, values):
    """Nor what a person paused."""
    newsroom.found(database)
    newsroom.set_issue(database, newsroom.draft(database).id, changed_at=NOW, **values)
    means, _ = newsroom.working(database)
    assert letters.outcome(means, NOW) == []


def test_old_endings_are_no_news(database):
    """An installation that learns to write does not write about last month."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    with database.writing() as session:
        held = session.get_one(Issue, issue.id)
        lifecycle.move(held, IssueStatus.cancelled, NOW)
        session.add(held)
    means, _ = newsroom.working(database)
    assert letters.outcome(means, NOW + timedelta(days=4)) == []


def test_what_is_held_rings_the_alarm_even_without_editors(database):
    """Besides the mail, which may be what does not work; a sending that went well rings nothing."""
    newsroom.found(database, editors=[])
    issue = newsroom.set_issue(database, newsroom.draft(database).id, held="No readers.", changed_at=NOW)
    means, _ = newsroom.working(database)
    assert letters.outcome(means, NOW) == []
    alarm = Alarm(caller=Caller(), alert_url="https://hooks.example/x")
    assert letters.outcome(means, NOW, alarm) == ["weekly: 1 person told that issue 1 is held"]
    assert addresses(database, "outcome") == [ADDRESS]
    newsroom.set_issue(database, issue.id, held="", status="sent")
    assert letters.outcome(means, NOW, alarm) == []


def test_the_schema_refuses_a_second_row(database):
    """Queueing twice in one breath makes one row for each editor."""
    newsroom.found(database)
    newsroom.draft(database)
    with database.writing() as session:
        issue = session.exec(select(Issue)).one()
        assert letters.queue(session, issue, "draft", "1", NOW) == 2
        assert letters.queue(session, issue, "draft", "1", NOW) == 0
        assert letters.queue(session, issue, "draft", "2", NOW) == 2


def test_an_issue_that_cannot_be_built_does_not_stop_the_tick(database):
    """It was ranked by rules that this release does not know: that is said, and the mail says it when it is sent."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    newsroom.set_issue(database, issue.id, frame=issue.frame | {"formula": "0"})
    means, provider = newsroom.working(database)
    said = letters.drafted(means, issue.id, NOW)
    assert "ranked by formula 0" in said[0]
    assert "ranked by formula 0" in letters.send_due(means, NOW)[0]
    assert provider.got == []
