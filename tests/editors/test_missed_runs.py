"""Cut-offs without an issue are told by mail: once per run and address, whatever fails or dies in between."""

from datetime import timedelta
from threading import Thread

import pytest
from sqlmodel import select

from digest.clock import StillClock
from digest.database import Database
from digest.editors import missed_runs
from digest.editors.alerts import Alarm
from digest.editors.carrying import Carrier
from digest.editors.models import RunMail
from digest.issues.models import Run
from digest.issues.runs import BEFORE
from digest.sending.provider import NotTaken
from tests.conftest import BOTH, NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BELA
from tests.editors.test_alerts import HOOK, Caller
from tests.sending.fakes import Scripted

LATE = "late: weekly: the cut-off is over; nothing was drafted"
DAY = timedelta(days=1)


def run_of(database: Database, outcome: str = LATE, *, before: timedelta = DAY) -> None:
    """Store a run without an issue."""
    with database.writing() as session:
        times = {"planned_at": NOW - before, "send_at": NOW - before, "created_at": NOW}
        session.add(Run.model_validate({"publication_id": "weekly", "outcome": outcome} | times))


def working(database: Database, *answers: object) -> tuple[Database, Carrier, Scripted]:
    """Found the newsroom with a provider that answers so."""
    newsroom.found(database)
    means, provider = newsroom.working(database, Scripted(answers))
    return database, Carrier(means), provider


def tell(carrier: Carrier, at=NOW, alarm: Alarm | None = None) -> list[str]:
    """Do what a pass does."""
    missed_runs.queue(carrier.means.database, at, alarm)
    return missed_runs.send_due(carrier.means, at, alarm, Carrier(carrier.means, carrier.second))


def stored(database: Database) -> tuple[list[RunMail], list[Run]]:
    """Return all rows."""
    with database.reading() as session:
        mails = session.exec(select(RunMail).order_by(RunMail.id)).all()  # type: ignore[arg-type]
        return list(mails), list(session.exec(select(Run)))


@BOTH
def test_each_editor_is_told_once_and_then_the_run_is_told(database: Database):
    """From the publication, with what to do, and no personal link."""
    database, carrier, provider = working(database)
    run_of(database)
    run_of(database, BEFORE, before=9 * DAY)
    assert len(tell(carrier)) == 2
    assert tell(carrier, NOW + DAY) == []
    assert provider.taken == {ANNA: 1, BELA: 1}
    content = provider.got[0].content
    assert content.subject == "[Missed] The Meridian, 23 Nov: nothing was drafted"
    assert "Nothing was drafted, and nothing is sent for it." in " ".join(content.text.split())
    assert "digest issues draft weekly --at 2026-11-23T06:00Z" in content.text
    assert "yours alone" not in content.text + content.html
    assert f'href="{newsroom.BASE}/desk"' in content.html
    assert {run.outcome == BEFORE: run.told_at for run in stored(database)[1]} == {False: NOW, True: None}


@BOTH
def test_several_cut_offs_are_one_mail_to_each(database: Database):
    """Three weeks without a worker: every run is told, in one letter an address."""
    database, carrier, provider = working(database)
    for weeks in (1, 2, 3):
        run_of(database, "missed: the run of today stands for it", before=7 * weeks * DAY)
    assert len(tell(carrier)) == 2
    assert provider.taken == {ANNA: 1, BELA: 1}
    text = " ".join(provider.got[0].content.text.split())
    assert "3 cut-offs without an issue" in provider.got[0].content.subject
    assert "17 Nov" in text
    assert "3 Nov" in text
    assert "The newest cut-off stands for it." in text
    assert {run.told_at for run in stored(database)[1]} == {NOW}


@BOTH
def test_four_workers_send_each_mail_once(database: Database):
    """Rows are unique, and of those who see one due, one gets it."""
    database, carrier, provider = working(database)
    run_of(database)
    threads = [Thread(target=tell, args=(carrier,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell(carrier, NOW + timedelta(hours=1))
    assert provider.taken == {ANNA: 1, BELA: 1}


@BOTH
def test_a_failing_mail_waits_longer_each_time_and_at_most_a_day(database: Database):
    """It is never given up while it is news, and the run is not told before."""
    errors = [NotTaken("The API cannot be reached.") for _ in range(8)]
    database, carrier, provider = working(database, *errors)
    newsroom.change(database, editors=[ANNA])
    run_of(database)
    at, waits = NOW, []
    for _ in errors:
        (said,) = tell(carrier, at)
        assert "The API cannot be reached; it is tried again" in said
        (mail,), (run,) = stored(database)
        assert run.told_at is None
        assert mail.next_at is not None
        waits.append(mail.next_at - at)
        assert tell(carrier, mail.next_at - timedelta(seconds=1)) == []
        at = mail.next_at
    minutes = [wait / timedelta(minutes=1) for wait in waits]
    assert minutes == [2, 8, 32, 128, 512, 1440, 1440, 1440]
    assert "was sent" in tell(carrier, at)[0]
    assert stored(database)[1][0].told_at == at
    assert len(provider.got) == 9


@BOTH
def test_who_dies_after_sending_tells_twice_and_never_not_at_all(database: Database):
    """The row is somebody else's after ten minutes; the other address is not told again."""
    database, carrier, provider = working(database, KeyboardInterrupt())
    run_of(database)
    with pytest.raises(KeyboardInterrupt):
        tell(carrier)
    tell(carrier, NOW + timedelta(minutes=9))
    assert provider.taken == {BELA: 1}
    assert stored(database)[1][0].told_at is None
    at = NOW + timedelta(minutes=10)
    tell(carrier, at)
    assert provider.taken == {ANNA: 1, BELA: 1}
    assert stored(database)[1][0].told_at == at


def test_who_is_no_editor_any_more_is_not_waited_for(database: Database):
    """The list of editors at the time of sending decides; without any, the run is told."""
    database, carrier, provider = working(database)
    run_of(database)
    missed_runs.queue(database, NOW)
    newsroom.change(database, editors=[])
    said = tell(carrier)
    assert len(said) == 2
    assert all("no editor any more" in one for one in said)
    run_of(database, before=2 * DAY)
    assert tell(carrier) == []
    assert (provider.got, [run.told_at for run in stored(database)[1]]) == ([], [NOW, NOW])


@BOTH
def test_the_alarm_is_rung_with_retries_like_a_mail(database: Database):
    """A message in its own row: it does not wait for the provider, nor the provider for it."""
    database, carrier, _ = working(database)
    run_of(database)
    caller = Caller(500)
    alarm = Alarm(caller=caller, alert_url=HOOK)
    assert any("ALERT_URL: hooks.example answered 500" in one for one in tell(carrier, alarm=alarm))
    caller.status = 200
    tell(carrier, NOW + timedelta(minutes=2), alarm)
    assert tell(carrier, NOW + DAY, alarm) == []
    message = caller.posted[-1][1]
    assert (len(caller.posted), message["kind"], message["cutoffs"]) == (2, "late", ["2026-11-23T06:00:00Z"])
    assert "Nothing was drafted" in message["text"]
    run_of(database, before=2 * DAY)
    missed_runs.queue(database, NOW, alarm)
    assert any("ALERT_URL is not set any more" in one for one in tell(carrier))


@BOTH
def test_a_run_that_cannot_be_drafted_is_told_once_and_not_any_more_when_it_is(database: Database):
    """However many passes fail; its end without an issue is told besides."""
    database, carrier, provider = working(database)
    run_of(database, "")
    (run,) = stored(database)[1]
    for _ in range(3):
        missed_runs.queue_stuck(database, run, "There is no list.", NOW)
        tell(carrier)
    assert provider.taken == {ANNA: 1, BELA: 1}
    assert provider.got[0].content.subject == "[Stuck] The Meridian, 23 Nov: There is no list"
    with database.writing() as session:
        session.get_one(Run, run.id).outcome = LATE
    tell(carrier)
    assert provider.taken == {ANNA: 2, BELA: 2}
    assert stored(database)[1][0].told_at == NOW


def test_a_run_that_is_drafted_before_the_mail_leaves_is_not_told(database: Database, clock: StillClock):
    """Mended in time."""
    database, carrier, provider = working(database)
    run_of(database, "")
    (run,) = stored(database)[1]
    missed_runs.queue_stuck(database, run, "There is no list.", clock.now())
    issue = newsroom.draft(database)
    with database.writing() as session:
        kept = session.get_one(Run, run.id)
        kept.outcome, kept.issue_id = "drafted: so", issue.id
    said = tell(carrier)
    assert len(said) == 2
    assert all("it is drafted by now" in one for one in said)
    assert provider.got == []
