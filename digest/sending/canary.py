"""The canary: a large issue goes to 500 readers first; and bounces or complaints beyond measure pause any issue.

The 500 are spread over the mailbox providers as the audience is. The others wait (``Delivery.next_attempt_at``) until
CANARY_MINUTES are over; then what came back is judged, once. Where no webhook came it is "not judged", and goes on
(ruling 20). Each rule stops an issue once: who lets it go on has seen why it stood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlmodel import Session

from digest.database import Database
from digest.issues import log
from digest.issues.models import Issue, IssueLog, IssueStatus
from digest.sending import settling
from digest.sending.bulk import among
from digest.sending.ledger import DELIVERY, ISSUE
from digest.sending.models import DeliveryState, table
from subscribers import spread_by_domain

ENGINE: Final = "digest"
ABOVE: Final = 5_000  # readers: then the canary goes first
FIRST: Final = 500
BOUNCES: Final = 0.05  # of those who were sent it, and of 500 at least
COMPLAINTS: Final = 0.001
FEWEST_COMPLAINTS: Final = 5
WHAT: Final = "canary"  # in the log
LOG: Final = table(IssueLog)
_D = DeliveryState


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider told of an issue so far."""

    accepted: int
    heard: int  # of how many anything was told
    bounced: int
    complained: int


def judge(told: Told) -> tuple[str, str]:
    """Return the rule that is broken and a sentence that says so; ("", "") for none. Pure."""
    if told.bounced > BOUNCES * max(told.accepted, FIRST):
        share = 100 * told.bounced / max(told.accepted, 1)
        return "bounces", (
            f"{told.bounced:,} of {told.accepted:,} mails came back ({share:.1f} %). Look at the addresses that were "
            "added lately, and at the sender's domain; then let it go on."
        )
    if told.complained >= FEWEST_COMPLAINTS and told.complained > COMPLAINTS * told.accepted:
        share = 100 * told.complained / max(told.accepted, 1)
        return "complaints", (
            f"{told.complained:,} of {told.accepted:,} readers called it spam ({share:.2f} %). Look at what they get, "
            "and how they came to the list; then let it go on."
        )
    return "", ""


def choose(session: Session, issue: Issue, wait: timedelta, at: datetime) -> datetime | None:
    """Queue the first 500 of a large issue that is being frozen; returns until when the others wait, None for none.

    Safe to repeat: what was chosen stands in the log. Needs all rows of the ledger to be there, none queued yet.
    """
    begun = until(session, issue.number)
    if begun is not None or wait <= timedelta(0) or issue.audience_size is not None:
        return begun
    mine = (DELIVERY.c.issue_number == issue.number, DELIVERY.c.state == _D.freezing)
    if session.execute(select(func.count()).select_from(DELIVERY).where(*mine)).scalar_one() <= ABOVE:
        return None
    at_once = select(DELIVERY.c.subscriber_id).where(*mine, DELIVERY.c.next_attempt_at.is_(None))
    chosen = session.execute(spread_by_domain(session, at_once, FIRST)).scalars().all()
    some = among(session, DELIVERY.c.subscriber_id, chosen)
    session.execute(update(DELIVERY).where(*mine, some).values(state=_D.queued))
    over = at + wait
    told = {"readers": len(chosen), "until": over.isoformat()}
    log.add(session, issue, at=at, who=ENGINE, what=WHAT, after=told)
    return over


def until(session: Session, issue_number: int) -> datetime | None:
    """Return until when all but the first readers of an issue wait, or waited; None where all left at once."""
    return _over(_entries(session, issue_number))


def look_at_first(database: Database, issue_id: UUID) -> None:
    """Judge the first readers of an issue once their time is over, before anybody else gets it."""
    with database.reading() as session:
        number = session.get_one(Issue, issue_id).number
        now = database.now(session)
        if not _is_to_judge(session, number, now):
            return
    with database.writing() as session:
        issue = session.get_one(Issue, issue_id, with_for_update=True)
        if issue.status != IssueStatus.sending or not _is_to_judge(session, number, database.now(session)):
            return
        told = told_of(session, number)
        rule, sentence = judge(told)
        if rule:
            _stop(session, issue, rule, f"Of the first readers {sentence}", database.now(session))
        said = "paused" if rule else "passed" if told.heard else "not judged: no webhook came"
        log.add(session, issue, at=database.now(session), who=ENGINE, what=WHAT, after={"verdict": said})


def watch(database: Database) -> None:
    """Pause the issues under way of which too many mails came back, or were called spam. For every tick."""
    with database.reading() as session:
        numbers = session.execute(select(ISSUE.c.number).where(ISSUE.c.status == IssueStatus.sending)).scalars().all()
        found = [(number, judge(told_of(session, number))) for number in numbers]
    for number, (rule, sentence) in found:
        if rule:
            with database.writing() as session:
                query = select(Issue).where(ISSUE.c.number == number).with_for_update()
                issue = session.execute(query).scalar_one()
                if not any(one.get("rule") == rule for one in _entries(session, number)):
                    _stop(session, issue, rule, sentence, database.now(session))


def told_of(session: Session, issue_number: int) -> Told:
    """Count what came back of an issue. Complaints count as told and taken; so does what was taken and bounced."""
    outcome = DELIVERY.c.outcome
    query = select(
        func.count(),
        func.count(outcome),
        func.coalesce(func.sum(case((outcome == "bounced", 1), else_=0)), 0),
        func.coalesce(func.sum(case((outcome == "complained", 1), else_=0)), 0),
    ).where(DELIVERY.c.issue_number == issue_number, DELIVERY.c.state == _D.accepted)
    return Told(*(int(one) for one in session.execute(query).one()))


def _stop(session: Session, issue: Issue, rule: str, sentence: str, now: datetime) -> None:
    """Pause an issue for a rule; its editors are told of what is stopped."""
    if issue.status != IssueStatus.sending:
        return
    settling.stop_issue(session, issue.number, sentence, now)
    session.refresh(issue)
    log.add(session, issue, at=now, who=ENGINE, what=WHAT, after={"rule": rule, "reason": sentence})


def _is_to_judge(session: Session, issue_number: int, now: datetime) -> bool:
    entries = _entries(session, issue_number)
    over = _over(entries)
    return over is not None and over <= now and not any("verdict" in one for one in entries)


def _over(entries: Sequence[dict[str, Any]]) -> datetime | None:
    found = next((one["until"] for one in entries if "until" in one), None)
    return datetime.fromisoformat(found) if found else None


def _entries(session: Session, issue_number: int) -> list[dict[str, Any]]:
    query = select(LOG.c.after).join(ISSUE, ISSUE.c.id == LOG.c.issue_id)
    mine = query.where(ISSUE.c.number == issue_number, LOG.c.what == WHAT).order_by(LOG.c.id)
    return [one or {} for one in session.execute(mine).scalars()]
