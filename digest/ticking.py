"""One pass over what is due: draft at the cut-off, send what is approved when its hour has come. Safe to repeat."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from digest.errors import DigestError, Refused
from digest.issues import drafting, lifecycle, log, publications
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueStatus, Publication, Run
from digest.proofs import approval, making
from digest.rendering.urls import Urls
from digest.schedule import PlannedRun, last_cutoff
from digest.sending import control, work
from digest.sending.sender import Means

WHO = "schedule"
BEFORE_APPROVAL = (IssueStatus.draft, IssueStatus.in_review)


def tick(means: Means) -> list[str]:
    """Do one pass at the clock's time; returns a sentence for each thing done or held."""
    now = means.clock.now()
    with means.database.reading() as session:
        everyone = publications.all_publications(session)
    said = _refreshed(means, everyone, now)
    said += [sentence for publication in everyone for sentence in _cut_off(means, publication, now)]
    said += _release(means, now)
    work.tidy(means)
    return said


def _refreshed(means: Means, everyone: Sequence[Publication], now: datetime) -> list[str]:
    """Ask the feeds once more where an issue is about to be drafted (ruling 13)."""
    said: list[str] = []
    if means.refresher is not None and any(_is_cut_off(means, publication, now) for publication in everyone):
        means.refresher.before_cutoff(say=said.append)
    return said


def _cut_off(means: Means, publication: Publication, now: datetime) -> list[str]:
    """Draft the issue whose cut-off has come, once."""
    run = _next_run(means, publication, now)
    if run is None:
        return []
    if now - run.planned_at > timedelta(hours=publication.grace_hours):
        sentence = (
            f"{publication.id}: the cut-off of {run.planned_at:%Y-%m-%d %H:%M} UTC is over by more than "
            f"{publication.grace_hours:g} hours; nothing was drafted. "
            f"To have it all the same: digest issues draft {publication.id} --at {run.planned_at:%Y-%m-%dT%H:%MZ}"
        )
        _end_run(means, run, f"late: {sentence}", None)
        return [sentence]
    issue = drafting.draft(means.database, publication.id, as_of=run.planned_at, at=now, pictures=means.pictures)
    sentence = _judge(means, publication, issue, run, now)
    _end_run(means, run, sentence, issue)
    return [f"{publication.id}: issue {issue.number} {sentence}"]


def _next_run(means: Means, publication: Publication, now: datetime) -> Run | None:
    """Return the run to work on: one that was begun and not ended, else a new one if a cut-off has come."""
    due = _due(means, publication, now)
    return _begin_run(means, due, now) if isinstance(due, PlannedRun) else due


def _is_cut_off(means: Means, publication: Publication, now: datetime) -> bool:
    """Tell whether an issue of a publication is to be drafted now, and not too late for that."""
    due = _due(means, publication, now)
    cutoff = due.cutoff if isinstance(due, PlannedRun) else due.planned_at if due else None
    return cutoff is not None and now - cutoff <= timedelta(hours=publication.grace_hours)


def _due(means: Means, publication: Publication, now: datetime) -> Run | PlannedRun | None:
    with means.database.reading() as session:
        begun = session.exec(select(Run).where(Run.publication_id == publication.id, Run.outcome == "")).first()
        if begun is not None:
            return begun
        newest = select(func.max(Run.planned_at)).where(Run.publication_id == publication.id)
        since: datetime | None = session.exec(newest).one()
    due = last_cutoff(publication, now, since)
    first_and_late = since is None and due is not None and now - due.cutoff > timedelta(hours=publication.grace_hours)
    return None if first_and_late else due  # a publication set up today has no run of last week


def _begin_run(means: Means, due: PlannedRun, now: datetime) -> Run | None:
    run = Run(publication_id=due.publication_id, planned_at=due.cutoff, send_at=due.send, created_at=now)
    try:
        with means.database.writing() as session:
            session.add(run)
    except IntegrityError:  # another worker began the same run: unique (publication, planned_at)
        return None
    return run


def _end_run(means: Means, run: Run, outcome: str, issue: Issue | None) -> None:
    with means.database.writing() as session:
        stored = session.get_one(Run, run.id)
        stored.outcome, stored.issue_id = outcome, issue.id if issue else None
        session.add(stored)


def _judge(means: Means, publication: Publication, issue: Issue, run: Run, now: datetime) -> str:
    """Give the draft its hour, or do what the publication wants of a thin one; returns what was done."""
    with means.database.writing() as session:
        stored = session.get_one(Issue, issue.id)
        if stored.status not in BEFORE_APPROVAL or has_begun(stored):
            return f"was made by hand and is {lifecycle.in_words(stored.status)}"
        stories = _stories(session, stored)
        stored.send_at = run.send_at
        session.add(stored)
        if stories >= publication.minimum_stories or publication.empty == "send":
            return f"drafted with {stories} stories; sends {run.send_at:%Y-%m-%d %H:%M} UTC if approved by then"
        reason = f"only {stories} stories, {publication.minimum_stories} are wanted"
        if publication.empty == "skip":
            lifecycle.move(stored, IssueStatus.skipped, now)
            log.add(session, stored, at=now, who=WHO, what="skip", after=reason)
            return f"skipped: {reason}"
        control.hold(session, stored, f"Too thin: {reason}.", now)
        return f"held: {reason}"


def has_begun(issue: Issue) -> bool:
    """Tell whether an issue was being sent before: it has a ledger, or was paused and changed."""
    return issue.revision > 1 or issue.audience_size is not None


def _stories(session: Session, issue: Issue) -> int:
    recipe = drafting.recipe(session, issue)
    everything = tuple(one.id for one in recipe.frame.lists)
    return len(Builder(recipe).build(everything).stories) if everything else 0


def _release(means: Means, now: datetime) -> list[str]:
    """Send the issues whose hour has come, if they are approved; hold the others and say so, once.

    What was paused and changed is not among them: some readers have it already, so a person sends the rest.
    """
    waiting = (*BEFORE_APPROVAL, IssueStatus.approved)
    with means.database.reading() as session:
        due = session.exec(
            select(Issue)
            .where(col(Issue.send_at) <= now, col(Issue.status).in_(waiting), Issue.held == "")
            .where(Issue.revision == 1, col(Issue.audience_size).is_(None))  # a person sends what was under way once
            .order_by(col(Issue.number))
        ).all()
        named = {one.id: one for one in publications.all_publications(session)}
    return [_release_one(means, issue, named[issue.publication_id], now) for issue in due]


def _release_one(means: Means, issue: Issue, publication: Publication, now: datetime) -> str:
    name = f"{publication.id}: issue {issue.number}"
    late = issue.send_at is not None and now - issue.send_at > timedelta(hours=publication.grace_hours)
    try:
        if late:
            reason = f"Its hour is over by more than {publication.grace_hours:g} hours."
            return f"{name} {_hold(means, issue, reason, now)}"
        if issue.status != IssueStatus.approved:
            if publication.unapproved != "send":
                return f"{name} {_hold(means, issue, 'Its hour came and nobody had approved it.', now)}"
            _approve_if_green(means, issue, now)
        control.schedule(means.database, issue.id, now, who=WHO, at=now, undo=timedelta(0))
    except DigestError as error:
        return f"{name} {_hold(means, issue, str(error), now)}"
    return f"{name} is sent now: its hour has come and it is approved"


def _approve_if_green(means: Means, issue: Issue, now: datetime) -> None:
    """Make the editions and approve them, if no check is red or amber; raises Refused, naming them, otherwise."""
    with means.database.reading() as session:
        if has_begun(drafting.find(session, issue.id)):
            raise Refused("Some of its readers have it already; only a person can approve what is left.")
    urls = Urls(means.base_url, means.keys)
    making.make_proof(means.database, issue.id, urls=urls, at=now, relaxed=means.relaxed)
    approval.approve(means.database, issue.id, who=WHO, at=now)


def _hold(means: Means, issue: Issue, reason: str, now: datetime) -> str:
    with means.database.writing() as session:
        stored = session.get_one(Issue, issue.id)
        control.hold(session, stored, reason, now)
        log.add(session, stored, at=now, who=WHO, what="hold", after=reason)
    return f"is held: {reason}"
