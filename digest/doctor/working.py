"""Looks at the work: whether somebody does it, and what stands still: leases, feeds, issues, accounts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlmodel import Session

from digest import pulse
from digest.articles.feeds import health
from digest.articles.feeds.addresses import called
from digest.doctor.finding import Finding, Patient, fail, ok, warn
from digest.engine.heartbeat import ALIVE, BEAT
from digest.issues.models import IssueStatus
from digest.sending import pacing
from digest.sending.ledger import BATCH, DELIVERY, ISSUE
from digest.sending.models import BatchState, DeliveryState

LATELY: Final = timedelta(minutes=2)  # a worker looks at the schedule every 15 seconds
UNDER_WAY: Final = (IssueStatus.scheduled, IssueStatus.freezing, IssueStatus.sending)
HELD_BY_WORKER: Final = (BatchState.claimed, BatchState.handed_over, BatchState.repeating)
OVER: Final = (IssueStatus.sent, IssueStatus.cancelled, IssueStatus.skipped)
MOST: Final = 5  # of a kind that are named


def worker(patient: Patient) -> Sequence[Finding]:
    """Look whether a worker was seen lately; broken where an issue waits for one."""
    with patient.app.database.reading() as session:
        now = patient.app.database.now(session)
        seen = pulse.last(session, pulse.TICK)
        alive = session.execute(select(func.count()).select_from(BEAT).where(BEAT.c.beat_at > now - ALIVE)).scalar_one()
        waits = _waits(session, now)
    if seen is not None and now - seen <= LATELY:
        many = f"{alive} workers are" if alive > 1 else "A worker is" if alive else "Something ticks: a worker is"
        return [ok("worker", f"{many} at work.")]
    when = f"no worker was seen since {seen:%Y-%m-%d %H:%M} UTC" if seen else "no worker was ever seen here"
    remedy = "Start `digest worker` (see the README for a service), or call `digest tick` by cron."
    if waits:
        return [fail("worker", f"Issue {waits} is to be sent, and {when}.", remedy)]
    return [warn("worker", f"{when[:1].upper()}{when[1:]}.", remedy)]


def _waits(session: Session, now: datetime) -> int | None:
    """Return the number of an issue that would be sent now, were there a worker."""
    mine = (ISSUE.c.status.in_(UNDER_WAY), ISSUE.c.held == "")
    query = select(ISSUE.c.number, ISSUE.c.status, ISSUE.c.undo_until).where(*mine).order_by(ISSUE.c.number)
    for number, status, until in session.execute(query):
        if status != IssueStatus.scheduled or (until is not None and until <= now):
            return int(number)
    return None


def leases(patient: Patient) -> Sequence[Finding]:
    """Look for batches that a dead worker holds, and that nobody took back."""
    lease = timedelta(seconds=patient.app.settings.lease_seconds)
    with patient.app.database.reading() as session:
        now = patient.app.database.now(session)
        numbers = select(ISSUE.c.number).where(
            ISSUE.c.status.in_((*UNDER_WAY, IssueStatus.paused, IssueStatus.cancelled))
        )
        mine = (BATCH.c.issue_number.in_(session.execute(numbers).scalars().all()), BATCH.c.state.in_(HELD_BY_WORKER))
        query = select(BATCH.c.issue_number, func.count()).where(*mine, BATCH.c.lease_until < now - lease)
        stuck = session.execute(query.group_by(BATCH.c.issue_number)).all()
    if not stuck:
        return [ok("leases", "No batch is held by a worker that is gone.")]
    said = ", ".join(f"issue {number}: {count}" for number, count in stuck[:MOST])
    remedy = "A running `digest worker` takes them back within 15 seconds; look at why none does."
    return [fail("leases", f"Batches are held by workers that are gone ({said}).", remedy)]


def feeds(patient: Patient) -> Sequence[Finding]:
    """Look for feeds that fail again and again."""
    with patient.app.database.reading() as session:
        dead = health.dead(session)
    if not dead:
        return [ok("feeds", "No feed is dead.")]
    remedy = "Look at the feed's address: digest feeds list; or take it out: digest feeds remove."
    return [warn("feeds", f"The feed {called(one)} is {health.words(one).rstrip('.')}.", remedy) for one in dead[:MOST]]


def issues(patient: Patient) -> Sequence[Finding]:
    """Look for issues that wait for a person: held ones."""
    with patient.app.database.reading() as session:
        mine = (ISSUE.c.held != "", ISSUE.c.status.not_in(OVER))
        held = session.execute(select(ISSUE.c.number, ISSUE.c.held).where(*mine).order_by(ISSUE.c.number)).all()
    if not held:
        return [ok("issues", "No issue is held.")]
    return [
        warn("issues", f"Issue {number} is held: {why.rstrip('.')}.", f"Mend that; then: digest issues resume {number}")
        for number, why in held[:MOST]
    ]


def uncertain(patient: Patient) -> Sequence[Finding]:
    """Look for deliveries whose fate nobody knows."""
    with patient.app.database.reading() as session:
        mine = DELIVERY.c.state == DeliveryState.uncertain
        query = select(DELIVERY.c.issue_number, func.count()).where(mine).group_by(DELIVERY.c.issue_number)
        found = session.execute(query.order_by(DELIVERY.c.issue_number)).all()
    if not found:
        return [ok("uncertain", "The fate of every mail is known.")]
    return [
        warn(
            "uncertain",
            f"The fate of {count:,} mails of issue {number} is not known.",
            f"The provider's events may settle it, else: digest issues resolve {number} accepted|rejected|again",
        )
        for number, count in found[:MOST]
    ]


def halted(patient: Patient) -> Sequence[Finding]:
    """Look for accounts by which nothing can be sent until somebody mends it."""
    with patient.app.database.reading() as session:
        found = pacing.all_halted(session)
    if not found:
        return [ok("halted", "No account is refused by its provider.")]
    remedy = "Mend its key or its sender; then resume the issue: digest issues resume ISSUE"
    return [fail("halted", f"Account {name} is refused: {why.rstrip('.')}.", remedy) for name, why in found.items()]
