"""The schedule over weeks: missed runs, skipped ones, held issues and their successors."""

from datetime import UTC, date, datetime, timedelta
from threading import Thread
from zoneinfo import ZoneInfo

from digest import ticking
from digest.bootstrap import App
from digest.engine import local
from digest.issues import drafting, log, publications
from digest.issues.models import Issue, Run
from tests.sending import approved
from tests.ticking.newsroom import DAY, EIGHT, MONDAY, WEEK, a_week_later, approve, change, go_to, issues, runs, whats


def test_missed_cut_offs_are_told_and_one_run_stands_for_them(app: App):
    """Three weeks without a worker: one issue, a row for every Monday, and a sentence."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    a_week_later(app, 3)
    events = ticking.happenings(app.means)
    assert [event.what for event in events[:2]] == ["missed", "drafted"]
    assert "2 earlier cut-offs (2026-11-30, 2026-12-07)" in events[0].sentence
    outcomes = [run.outcome.partition(":")[0] for run in sorted(runs(app), key=lambda run: run.planned_at)]
    assert outcomes == ["drafted", "missed", "missed", "drafted"]
    assert whats(app) == []
    assert len(issues(app)) == 2


def test_a_clock_set_back_starts_nothing_again(app: App):
    """An hour back, and over the same Monday once more: one run, one issue."""
    go_to(app, MONDAY + timedelta(minutes=5))
    assert whats(app) == ["drafted"]
    for minutes in (-55, -5, 0, 5):
        go_to(app, MONDAY + timedelta(minutes=minutes))
        assert whats(app) == []
    assert (len(runs(app)), len(issues(app))) == (1, 1)


def test_a_cut_off_moved_on_its_own_day_is_not_run_again(app: App):
    """New zone data, or an editor: this Monday was started; the next one is at the new hour."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    change(app, cutoff="0 7 * * 1")
    go_to(app, MONDAY + timedelta(hours=1))
    assert whats(app) == []
    a_week_later(app)
    assert whats(app)[:1] == ["held"]  # the hour of last week's
    go_to(app, MONDAY + WEEK + timedelta(hours=1))
    assert whats(app) == ["drafted", "cancelled"]


def test_a_skip_date_and_every_second_week_draft_nothing(app: App):
    """Neither a run nor a word; undone within the grace, it runs."""
    change(app, skip_dates=["2026-11-23"], every=2, starts_on="2026-11-23")
    go_to(app, MONDAY)
    assert whats(app) == []
    with app.database.writing() as session:
        publications.skip_date(session, approved.FAMILY, MONDAY.date(), undo=True)
    go_to(app, MONDAY + timedelta(hours=1))
    assert whats(app) == ["drafted"]
    go_to(app, MONDAY + WEEK)
    assert whats(app) == ["held"]
    assert len(runs(app)) == 1


def test_what_nobody_approved_is_cancelled_when_its_successor_is_drafted(app: App):
    """Nobody was sent it, so its stories are free again; the log says why, and the successor stands."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    go_to(app, EIGHT)
    assert whats(app) == ["held"]
    a_week_later(app)
    (first,) = issues(app)
    events = ticking.happenings(app.means)
    assert [(event.what, event.issue_id == first.id) for event in events if event.what != "reminded"] == [
        ("drafted", False),
        ("cancelled", True),
    ]
    old, new = sorted(issues(app), key=lambda one: one.number)
    assert (old.status, new.status) == ("cancelled", "draft")
    with app.database.reading() as session:
        last = log.entries(session, old)[-1]
        stories = {one.id for one in drafting.recipe(session, new).candidates if not one.sent}
        before = {one.id for one in drafting.recipe(session, old).candidates}
    assert (last.what, last.after) == ("cancel", f"its successor was drafted: issue {new.number}")
    assert before <= stories


def test_what_was_sent_or_made_by_hand_is_not_cancelled(app: App):
    """An issue that is sent, one that a person drafts, and one that some readers have: each stays."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    (sent,) = issues(app)
    approve(app, sent)
    go_to(app, EIGHT)
    local.run(app.means, concurrency=1, until_idle=True)
    by_hand = drafting.draft(app.database, approved.FAMILY, as_of=EIGHT + DAY, at=EIGHT + DAY)
    begun = drafting.draft(app.database, approved.FAMILY, as_of=EIGHT + 2 * DAY, at=EIGHT + 2 * DAY)
    with app.database.writing() as session:
        stored = session.get_one(Issue, begun.id)
        stored.held, stored.first_accepted_at = "something is wrong", EIGHT + 2 * DAY
        session.add(stored)
    a_week_later(app)
    assert "cancelled" not in whats(app)
    statuses = {one.id: one.status for one in issues(app)}
    assert (statuses[sent.id], statuses[by_hand.id], statuses[begun.id]) == ("sent", "draft", "draft")


def test_a_skipped_successor_leaves_the_held_issue(app: App):
    """Where the new issue is too thin to be, the old one still waits for a person."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    go_to(app, EIGHT)
    ticking.tick(app.means)
    change(app, minimum_stories=50)
    go_to(app, MONDAY + WEEK)
    assert "skipped" in whats(app)
    assert min(issues(app), key=lambda one: one.number).status == "draft"


def test_a_held_issue_is_told_again_after_two_hours_once(app: App):
    """Held at eight, told again at ten, and not at eleven; held anew, it is told anew."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    go_to(app, EIGHT)
    assert whats(app) == ["held"]
    go_to(app, EIGHT + timedelta(minutes=119))
    assert whats(app) == []
    go_to(app, EIGHT + timedelta(hours=2))
    (told,) = ticking.happenings(app.means)
    assert (told.what, told.issue_id) == ("reminded", issues(app)[0].id)
    assert "still held: Its hour came and nobody had approved it." in told.sentence
    go_to(app, EIGHT + timedelta(hours=3))
    assert whats(app) == []


def test_an_empty_issue_is_never_sent(app: App):
    """Whatever is done with thin ones, nothing is no issue; three in a row are worth a word."""
    change(app, empty="send", minimum_stories=0)
    go_to(app, MONDAY + 5 * WEEK)
    for number in range(5, 8):
        go_to(app, MONDAY + number * WEEK)
        (event,) = ticking.happenings(app.means)
        assert event.what == "skipped"
        assert ("3 in a row were skipped" in event.sentence) == (number == 7)
    change(app, empty="hold")
    go_to(app, MONDAY + 8 * WEEK)
    assert whats(app) == ["held"]


def test_borrowing_fills_an_issue_or_it_is_held(app: App):
    """What is still too thin with borrowed stories waits for a person."""
    change(app, empty="borrow", minimum_stories=50)
    go_to(app, MONDAY)
    (event,) = ticking.happenings(app.means)
    assert event.what == "held"
    assert "with what could be borrowed" in event.sentence
    assert issues(app)[0].held


def test_two_workers_after_a_crash_end_a_run_once(app: App):
    """Both find the run that the dead one began; one issue, and one of them tells of it."""
    go_to(app, MONDAY)
    with app.database.writing() as session:
        session.add(Run(publication_id=approved.FAMILY, planned_at=MONDAY, send_at=EIGHT, created_at=MONDAY))
    said: list[str] = []
    threads = [Thread(target=lambda: said.extend(whats(app))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["drafted"]
    assert [run.outcome.partition(":")[0] for run in runs(app)] == ["drafted"]


def test_the_first_cut_off_is_not_missed_in_silence(app: App):
    """Looked at on Sunday, then nobody at work until Tuesday: the Monday between is told as late."""
    go_to(app, MONDAY - DAY)
    assert whats(app) == []
    go_to(app, MONDAY + DAY)
    assert whats(app) == ["late"]
    assert whats(app) == []


def test_a_new_publication_can_be_tried_at_once(app: App):
    """Set up after its hour, and moved to an hour to come on the same day: it runs then."""
    go_to(app, MONDAY + timedelta(hours=7))
    assert whats(app) == []
    change(app, cutoff="0 14 * * 1", send="0 15 * * 1")
    go_to(app, MONDAY + timedelta(hours=8))
    assert whats(app) == ["drafted"]


def test_half_a_year_over_both_clock_changes(app: App):
    """The real tick, from autumn to spring in Brussels, now and then away for a day: every Monday has its one run."""
    change(app, zone="Europe/Brussels")
    now, looked = datetime(2026, 10, 12, 3, 30, tzinfo=UTC), 0
    while now < datetime(2027, 4, 6, tzinfo=UTC):
        go_to(app, now)
        ticking.tick(app.means)
        looked += 1
        now += timedelta(hours=(5, 31, 17, 55)[looked % 4])
    brussels = ZoneInfo("Europe/Brussels")
    local = sorted(run.planned_at.astimezone(brussels) for run in runs(app))
    assert [moment.date() for moment in local] == [date(2026, 10, 12) + n * WEEK for n in range(26)]
    assert {f"{moment:%a %H:%M}" for moment in local} == {"Mon 06:00"}
    assert all(run.outcome for run in runs(app))
