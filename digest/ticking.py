"""One pass over what is due: draft at the cut-off, send what is approved when its hour has come. Safe to repeat."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

import subscribers
from digest import logs, pulse
from digest.editors import letters, missed_runs
from digest.editors.alerts import Alarm
from digest.editors.carrying import Carrier
from digest.errors import DigestError, Refused
from digest.events import coming_back, forgetting, quiet
from digest.issues import drafting, lifecycle, log, publications, runs
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueStatus, Publication, Run
from digest.issues.runs import Times
from digest.proofs import approval, making
from digest.rendering.urls import Urls
from digest.schedule import LOOK_BACK, Due, PlannedRun, due, last_over, next_runs
from digest.sending import control, warming, work
from digest.sending.means import Means

WHO = "schedule"
SOON = timedelta(minutes=10)  # before a cut-off
IN_A_ROW = 3  # so many empty issues one after the other are worth a word


@dataclass(frozen=True, slots=True)
class Event:
    """Something the schedule did or refused to do, for the worker's log and for the editors."""

    # drafted | skipped | held | late | missed | stuck | by hand | cancelled | expired | sent | reminded | told |
    # came back | quiet
    what: str
    sentence: str
    publication_id: str = ""
    issue_id: UUID | None = None  # None: it is about no issue


def tick(means: Means, alarm: Alarm | None = None) -> list[str]:
    """Do one pass at the clock's time; returns a sentence for each thing done or held."""
    return [event.sentence for event in happenings(means, alarm)]


def happenings(means: Means, alarm: Alarm | None = None) -> list[Event]:
    """Do one pass at the clock's time; returns what happened, in order. Each thing is told once, whoever ticks.

    ``alarm``: where to be heard besides the mails to editors.
    """
    now = means.clock.now()
    with means.database.reading() as session:
        everyone = publications.all_publications(session)
    events: list[Event] = []
    for publication in everyone:
        events += _cut_off(means, publication, now, alarm)
    events += _release(means, now)
    events += _remind(means, now)
    events += _expire(means, now)
    work.tidy(means)
    events += [Event("came back", said) for said in coming_back.take_in(means.database, means.keys, now)]
    forgetting.forget(means.database, now, means.kept)
    subscribers.forget_unconfirmed(means.database, now)
    subscribers.settle_orders(means.database)
    events += [Event("quiet", said) for said in quiet.run(means)]
    with means.database.writing() as session:
        pulse.beat(session, pulse.TICK, means.database.now(session))
    return events + [Event("told", sentence) for sentence in tell(means, alarm)]


def tell(means: Means, alarm: Alarm | None) -> list[str]:
    """Write to editors what is due to them: drafts, reminders, how issues ended, and cut-offs without an issue.

    Returns what was told.
    """
    now = means.clock.now()
    ways = Carrier(means, alarm.account if alarm else "")
    said = letters.drafts(means, now) + letters.remind(means, now) + letters.outcome(means, now, alarm)
    missed_runs.queue(means.database, now, alarm)
    said += letters.send_due(means, now, alarm, ways)
    said += missed_runs.send_due(means, now, alarm, ways)
    return said + (alarm.beat() if alarm is not None else [])


def is_near_cutoff(means: Means) -> bool:
    """Tell whether an issue is drafted now or within ten minutes: time to ask every feed once more (ruling 13)."""
    now = means.clock.now()
    with means.database.reading() as session:
        everyone = publications.all_publications(session)
    return any(_is_cut_off(means, one, now) or _is_soon(one, now) for one in everyone)


def _is_soon(publication: Publication, now: datetime) -> bool:
    coming = next_runs(publication, now, 1)
    return bool(coming) and coming[0].cutoff - now <= SOON


def _is_cut_off(means: Means, publication: Publication, now: datetime) -> bool:
    """Tell whether an issue of a publication is to be drafted now, and not too late for that."""
    begun, found = _begun(means, publication), _due(means, publication, now)
    cutoffs = [begun.planned_at] if begun else []
    cutoffs += [found.run.cutoff] if found else []
    return any(not _is_late(publication, cutoff, now) for cutoff in cutoffs)


def _cut_off(means: Means, publication: Publication, now: datetime, alarm: Alarm | None) -> Iterator[Event]:
    """Draft the issue whose cut-off has come, once; before it what a worker began that died."""
    begun = _begun(means, publication)
    if begun is not None:
        with logs.about(run=begun.id):
            yield from _work_on(means, publication, begun, now, alarm)
    found = _due(means, publication, now)
    if found is None:
        _note_seen(means, publication, now)
        return
    missed = [_times(one) for one in found.missed]
    run = runs.begin(means.database, publication.id, _times(found.run), missed, now)
    if run is None:  # another worker began it
        return
    if missed:
        days = ", ".join(f"{one.cutoff:%Y-%m-%d}" for one in missed)
        yield Event(
            "missed",
            f"{publication.id}: nobody was at work at {len(missed)} earlier cut-offs ({days}); "
            f"that of {run.planned_at:%Y-%m-%d %H:%M} UTC stands for them",
            publication.id,
        )
    with logs.about(run=run.id):
        yield from _work_on(means, publication, run, now, alarm)


def _note_seen(means: Means, publication: Publication, now: datetime) -> None:
    """Remember that a new publication was looked at, so that its first cut-off cannot be missed in silence."""
    with means.database.reading() as session:
        if runs.is_known(session, publication.id):
            return
    last = last_over(publication, now - timedelta(hours=publication.grace_hours))  # what is within it may still run
    if last is not None:
        runs.note_seen(means.database, publication.id, _times(last), now)


def _begun(means: Means, publication: Publication) -> Run | None:
    with means.database.reading() as session:
        return runs.begun(session, publication.id)


def _due(means: Means, publication: Publication, now: datetime) -> Due | None:
    with means.database.reading() as session:
        started = runs.started(session, publication.id, now - LOOK_BACK)
        seen = runs.seen(session, publication.id)
    return due(publication, now, started, seen)


def _times(run: PlannedRun) -> Times:
    return Times(run.cutoff, run.send)


def _is_late(publication: Publication, at: datetime, now: datetime) -> bool:
    return now - at > timedelta(hours=publication.grace_hours)


def _work_on(means: Means, publication: Publication, run: Run, now: datetime, alarm: Alarm | None) -> list[Event]:
    """Draft the issue of a run and say what is to become of it; nothing where another worker did it meanwhile.

    What cannot be drafted holds no other publication up: it is told, and tried again at each pass until it is late.
    """
    if _is_late(publication, run.planned_at, now):
        sentence = (
            f"{publication.id}: the cut-off of {run.planned_at:%Y-%m-%d %H:%M} UTC is over by more than "
            f"{publication.grace_hours:g} hours; nothing was drafted. "
            f"To have it all the same: digest issues draft {publication.id} --at {run.planned_at:%Y-%m-%dT%H:%MZ}"
        )
        with means.database.writing() as session:
            stored = runs.unfinished(session, run)
            if stored is None:
                return []
            runs.end(session, stored, f"late: {sentence}")
        return [Event("late", sentence, publication.id)]
    try:
        issue = drafting.draft(means.database, publication.id, as_of=run.planned_at, at=now, pictures=means.pictures)
        stories = _stories(means, issue)
    except DigestError as error:
        missed_runs.queue_stuck(means.database, run, str(error), now, alarm)
        said = f"{publication.id}: the issue of {run.planned_at:%Y-%m-%d %H:%M} UTC cannot be drafted: {error}"
        return [Event("stuck", said, publication.id)]
    with means.database.writing() as session:
        unfinished = runs.unfinished(session, run)
        return _settled(session, publication, unfinished, stories, now, issue.id) if unfinished else []


def _stories(means: Means, issue: Issue) -> int:
    with means.database.reading() as session:
        recipe = drafting.recipe(session, issue)
    everything = tuple(one.id for one in recipe.frame.lists)
    return len(Builder(recipe).build(everything).stories) if everything else 0


def _settled(  # noqa: PLR0917 - all of one moment, inside its transaction
    session: Session, publication: Publication, run: Run, stories: int, now: datetime, issue_id: UUID
) -> list[Event]:
    """Give the draft its hour or hold it, end its run, and cancel what it succeeds."""
    issue = session.get_one(Issue, issue_id, with_for_update=True, populate_existing=True)
    what, said = _judge(session, publication, issue, run, stories, now)
    runs.end(session, run, f"{what}: {said}", issue.id)
    events = [Event(what, f"{publication.id}: issue {issue.number} {said}", publication.id, issue.id)]
    if what in ("drafted", "held"):
        older = runs.supersede(session, issue, now)
        events += [_cancelled(publication, one) for one in older]
    return events


def _cancelled(publication: Publication, issue: Issue) -> Event:
    said = f"{publication.id}: issue {issue.number} is cancelled: {runs.SUCCEEDED}, and nobody was sent it"
    return Event("cancelled", said, publication.id, issue.id)


def _judge(  # noqa: PLR0917
    session: Session, publication: Publication, issue: Issue, run: Run, stories: int, now: datetime
) -> tuple[str, str]:
    """Give the draft its hour, or do what the publication wants of a thin one; returns what was done, and a sentence.

    An issue without any story is never sent: it is held where the publication holds thin ones, else skipped.
    """
    if issue.status not in lifecycle.UNAPPROVED or has_begun(issue):
        return "by hand", f"was made by hand and is {lifecycle.in_words(issue.status)}"
    issue.send_at = run.send_at
    session.add(issue)
    if stories and (stories >= publication.minimum_stories or publication.empty == "send"):
        hour = f"sends {run.send_at:%Y-%m-%d %H:%M} UTC if approved by then"
        return "drafted", f"drafted with {stories} stories; {hour}"
    wanted = max(1, publication.minimum_stories)
    reason = f"only {stories} stories, {wanted} are wanted"
    if publication.empty == "skip" or (not stories and publication.empty != "hold"):
        lifecycle.move(issue, IssueStatus.skipped, now)
        log.add(session, issue, at=now, who=WHO, what="skip", after=reason)
        row = runs.skipped_in_a_row(session, publication.id, run.planned_at) + 1
        return "skipped", f"skipped: {reason}" + (f"; {row} in a row were skipped" if row >= IN_A_ROW else "")
    if publication.empty == "borrow":
        reason += ", with what could be borrowed"
    control.hold(session, issue, f"Too thin: {reason}.", now)
    log.add(session, issue, at=now, who=WHO, what="hold", after=issue.held)
    return "held", f"held: {reason}"


def has_begun(issue: Issue) -> bool:
    """Tell whether an issue was being sent before: it has a ledger, or was paused and changed."""
    return issue.revision > 1 or issue.audience_size is not None


def _release(means: Means, now: datetime) -> list[Event]:
    """Send the issues whose hour has come, if they are approved; hold the others and say so, once.

    What was paused and changed is not among them: some readers have it already, so a person sends the rest.
    """
    waiting = (*lifecycle.UNAPPROVED, IssueStatus.approved)
    with means.database.reading() as session:
        ready = session.exec(
            select(Issue)
            .where(col(Issue.send_at) <= now, col(Issue.status).in_(waiting), Issue.held == "")
            .where(Issue.revision == 1, col(Issue.audience_size).is_(None))  # a person sends what was under way once
            .order_by(col(Issue.number))
        ).all()
        named = {one.id: one for one in publications.all_publications(session)}
    released = (_release_one(means, issue, named[issue.publication_id], now) for issue in ready)
    return [event for event in released if event is not None]


def _release_one(means: Means, issue: Issue, publication: Publication, now: datetime) -> Event | None:
    late = issue.send_at is not None and _is_late(publication, issue.send_at, now)
    try:
        if late:
            return _hold(means, issue, f"Its hour is over by more than {publication.grace_hours:g} hours.", now)
        if issue.status != IssueStatus.approved:
            if publication.unapproved != "send":
                return _hold(means, issue, "Its hour came and nobody had approved it.", now)
            _approve_if_green(means, issue, now)
        control.schedule(means.database, issue.id, now, who=WHO, at=now, undo=timedelta(0))
    except DigestError as error:
        return _hold(means, issue, str(error), now)
    said = f"{publication.id}: issue {issue.number} is sent now: its hour has come and it is approved"
    return Event("sent", said, publication.id, issue.id)


def _approve_if_green(means: Means, issue: Issue, now: datetime) -> None:
    """Make the editions and approve them, if no check is red or amber; raises Refused, naming them, otherwise."""
    with means.database.reading() as session:
        if has_begun(drafting.find(session, issue.id)):
            raise Refused("Some of its readers have it already; only a person can approve what is left.")
    urls = Urls(means.base_url, means.keys)
    making.make_proof(means.database, issue.id, urls=urls, at=now, relaxed=means.relaxed)
    approval.approve(means.database, issue.id, who=WHO, at=now)


def _hold(means: Means, issue: Issue, reason: str, now: datetime) -> Event | None:
    """Hold an issue back; None where another worker did it meanwhile, or sends it."""
    with means.database.writing() as session:
        stored = session.get_one(Issue, issue.id, with_for_update=True, populate_existing=True)
        if stored.held or stored.status not in (*lifecycle.UNAPPROVED, IssueStatus.approved):
            return None
        control.hold(session, stored, reason, now)
        log.add(session, stored, at=now, who=WHO, what="hold", after=reason)
    said = f"{issue.publication_id}: issue {issue.number} is held: {reason}"
    return Event("held", said, issue.publication_id, issue.id)


def _expire(means: Means, now: datetime) -> list[Event]:
    """Cancel what a warm-up left of issues whose successor was drafted (ruling 20)."""
    return [Event("expired", said, issue_id=issue_id) for issue_id, said in warming.expire(means.database, now)]


def _remind(means: Means, now: datetime) -> list[Event]:
    """Say once more, after two hours, that an issue is held (ruling 14)."""
    return [
        Event(
            "reminded",
            f"{one.publication_id}: issue {one.number} is still held: {one.held.rstrip('.')}. "
            f"Look at it: digest issues show {one.number}",
            one.publication_id,
            one.id,
        )
        for one in runs.remind_of_held(means.database, now)
    ]
