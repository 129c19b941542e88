"""Which mails about issues are due to whom: each is a row, made once, whoever ticks and however often."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from digest.clock import as_utc_text
from digest.editors import endings, reading, times
from digest.editors.alerts import ADDRESS, Alarm
from digest.editors.endings import Ending
from digest.editors.sending import send_due
from digest.errors import DigestError
from digest.issues import drafting, lifecycle, publications
from digest.issues.models import EditorMail, Issue, IssueLog, Publication
from digest.rendering.urls import Urls
from digest.sending.bulk import insert_ignoring
from digest.sending.means import Means

__all__ = ["drafted", "drafts", "outcome", "queue", "remind", "send_due"]

MAIL: Any = EditorMail.__table__  # type: ignore[attr-defined]
HELD_FOR: Final = timedelta(hours=2)  # then a held issue is called to mind, once (ruling 14)
ORDERS: Final = ("schedule", "resume")  # in the log: somebody ordered it to go, or go on


def queue(session: Session, issue: Issue, kind: str, occasion: str, at: datetime, *, more: Sequence[str] = ()) -> int:
    """Make a row for each editor of an issue who has none for that kind and occasion; returns how many are new.

    ``more``: addresses besides the editors'. Needs a writing session.
    """
    editors = publications.get(session, issue.publication_id).editors
    wanted = dict.fromkeys([*(one.strip() for one in editors), *more])
    known = set(session.exec(select(EditorMail.address).where(*_which(issue.id, kind, occasion))))
    rows = [
        {"issue_id": issue.id, "kind": kind, "occasion": occasion, "address": address}
        | {"created_at": at, "next_at": at, "sent_at": None, "attempts": 0, "error": ""}
        for address in wanted
        if address not in known
    ]
    if rows:
        insert_ignoring(session, MAIL, rows)
    return len(rows)


def drafted(means: Means, issue_id: UUID, at: datetime) -> list[str]:
    """Make and check the editions of a draft at its cut-off, and queue it for its editors; safe to repeat.

    What keeps the editions from being made is told in the mail. An issue that is over, or was approved, is let be.
    """
    with means.database.reading() as session:
        issue = drafting.find(session, issue_id)
        wanted = bool(publications.get(session, issue.publication_id).editors)
    if issue.status not in lifecycle.UNAPPROVED or not wanted:
        return []
    said = _made_ready(means, issue_id, at)
    with means.database.writing() as session:
        new = queue(session, issue, "draft", as_utc_text(issue.as_of), at)
    return [
        *said,
        *([f"{issue.publication_id}: issue {issue.number} goes to {_people(new)} for review"] if new else []),
    ]


def drafts(means: Means, at: datetime) -> list[str]:
    """Do so for every draft of the schedule whose editors were not written to: also where a worker died before it."""
    with means.database.reading() as session:
        statement = select(Issue).where(col(Issue.status).in_(lifecycle.UNAPPROVED), col(Issue.send_at) > at)
        found = session.exec(statement.where(~col(Issue.once)).order_by(col(Issue.number))).all()
        fresh = [one.id for one in found if _first_told(session, one.id, as_utc_text(one.as_of), "draft") is None]
    return [sentence for one in fresh for sentence in drafted(means, one, at)]


def remind(means: Means, at: datetime) -> list[str]:
    """Queue the reminders that are due: before the end of the review, and once for what is held for two hours."""
    said = []
    with means.database.reading() as session:
        named = {one.id: one for one in publications.all_publications(session)}
        found = [(issue, _reminder(session, issue, named[issue.publication_id], at)) for issue in _waiting(session)]
    for issue, occasion in found:
        if occasion:
            with means.database.writing() as session:
                new = queue(session, issue, "reminder", occasion, at)
            said += [f"{issue.publication_id}: {_people(new)} reminded of issue {issue.number}"] if new else []
    return said


def outcome(means: Means, at: datetime, alarm: Alarm | None = None) -> list[str]:
    """Queue what became of issues, where their editors were not told; what is held or stopped rings the alarm, too."""
    said = []
    with means.database.reading() as session:
        ended = list(_untold(session, at))
    for issue, ending in ended:
        rings = alarm is not None and alarm.alert_url and ending.kind in endings.ALARMING
        with means.database.writing() as session:
            new = queue(session, issue, "outcome", ending.occasion, at, more=[ADDRESS] if rings else [])
        said += (
            [f"{issue.publication_id}: {_people(new)} told that issue {issue.number} is {ending.kind}"] if new else []
        )
    return said


def _made_ready(means: Means, issue_id: UUID, at: datetime) -> list[str]:
    """Make the editions now, so that no page has to wait for it; what goes wrong must not stop the tick."""
    urls = Urls(means.base_url, means.keys)
    try:
        reading.prepared(means.database, issue_id, urls=urls, relaxed=means.relaxed, at=at)
    except DigestError as error:
        return [f"Issue {issue_id} cannot be shown to its editors: {error}"]
    return []


def _waiting(session: Session) -> Sequence[Issue]:
    """Return the issues that wait for a person."""
    statement = select(Issue).where(or_(col(Issue.status).in_(lifecycle.UNAPPROVED), Issue.held != ""))
    return session.exec(statement.order_by(col(Issue.number))).all()


def _reminder(session: Session, issue: Issue, publication: Publication, at: datetime) -> str:
    """Return the occasion of the reminder that is due for an issue now; "" for none."""
    if issue.held:
        ending = endings.of(issue, _orders(session, issue.id))
        told = ending and _first_told(session, issue.id, ending.occasion)
        return ending.occasion if ending and told and told + HELD_FOR <= at else ""
    deadline = times.deadline(publication, issue)
    if deadline is None or publication.remind_minutes <= 0 or issue.status not in lifecycle.UNAPPROVED:
        return ""
    begins = deadline - timedelta(minutes=publication.remind_minutes)
    was_told = _first_told(session, issue.id, as_utc_text(issue.as_of), kind="draft")
    just_told = was_told is not None and was_told >= begins  # the draft itself came within that time
    return f"before {as_utc_text(deadline)}" if begins <= at < deadline and not just_told else ""


def _untold(session: Session, at: datetime) -> Iterable[tuple[Issue, Ending]]:
    """Yield the issues that ended lately, or stand, and how."""
    over = col(Issue.status).in_(endings.OVER) & (col(Issue.changed_at) > at - endings.LATELY)
    stands = ~col(Issue.status).in_(endings.OVER) & or_(Issue.held != "", Issue.failed != "")
    statement = select(Issue).where(or_(over, stands)).order_by(col(Issue.number))
    for issue in session.exec(statement).all():
        ending = endings.of(issue, _orders(session, issue.id))
        if ending and _first_told(session, issue.id, ending.occasion) is None:
            yield issue, ending


def _orders(session: Session, issue_id: UUID) -> int:
    statement = select(func.count()).where(IssueLog.issue_id == issue_id, col(IssueLog.what).in_(ORDERS))
    return session.exec(statement).one()


def _first_told(session: Session, issue_id: UUID, occasion: str, kind: str = "outcome") -> datetime | None:
    """Return when the first row of a kind and occasion was made."""
    statement = select(EditorMail.created_at).where(*_which(issue_id, kind, occasion))
    return session.exec(statement.order_by(col(EditorMail.id)).limit(1)).first()


def _which(issue_id: UUID, kind: str, occasion: str) -> tuple[Any, ...]:
    return (EditorMail.issue_id == issue_id, EditorMail.kind == kind, EditorMail.occasion == occasion)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
