"""Sends the queued mails to editors: claimed so that two workers send one once, tried again, and at last given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import col, select

from digest.database import Database
from digest.editors import endings, reading, writing
from digest.editors.alerts import ADDRESS, Alarm, message
from digest.editors.carrying import Carrier, NotCarried
from digest.editors.links import Links, is_editor
from digest.editors.reading import Review
from digest.editors.writing import Letter
from digest.errors import DigestError, Refused
from digest.issues.models import EditorMail
from digest.rendering.urls import Urls
from digest.sending.bulk import rowcount
from digest.sending.means import Means

MAIL: Any = EditorMail.__table__  # type: ignore[attr-defined]
RETRIES: Final = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=60))
CLAIM: Final = timedelta(minutes=10)  # then a worker that took a mail is taken for dead
MOST: Final = 50  # mails a pass: the tick has more to do


@dataclass(frozen=True, slots=True)
class _Row:
    """A mail that is due, as it was read."""

    id: int
    mail: EditorMail


def send_due(means: Means, at: datetime, alarm: Alarm | None = None, carrier: Carrier | None = None) -> list[str]:
    """Send the mails to editors whose time has come; returns a sentence for each. No mail's error is raised.

    After a provider's error the others wait for the next pass, so that a provider that hangs does not hold the tick;
    where there is a second account, they go by that. ``carrier``: the ways out of this pass.
    """
    ways = carrier or Carrier(means, alarm.account if alarm else "")
    said: list[str] = []
    for row in _due(means.database, at):
        if not _claimed(means.database, row, at):
            continue
        try:
            said.append(_sent(means, row, at, alarm, ways))
        except Exception as error:  # noqa: BLE001 - a mail about an issue must never stop the issues
            said.append(_failed(means.database, row, error, at))
            if isinstance(error, NotCarried) and error.at_provider:
                break
    return said


def _due(database: Database, at: datetime) -> list[_Row]:
    with database.reading() as session:
        statement = select(EditorMail).where(col(EditorMail.next_at) <= at)
        found = session.exec(statement.order_by(col(EditorMail.next_at), col(EditorMail.id)).limit(MOST)).all()
    return [_Row(one.id, one) for one in found if one.id is not None]


def _claimed(database: Database, row: _Row, at: datetime) -> bool:
    """Compare and swap: of those who saw the same row due, one gets it."""
    mine = update(MAIL).where(MAIL.c.id == row.id, MAIL.c.next_at == row.mail.next_at)
    with database.writing() as session:
        result = session.execute(mine.values(next_at=at + CLAIM, attempts=MAIL.c.attempts + 1))
        return rowcount(result) == 1


def _sent(means: Means, row: _Row, at: datetime, alarm: Alarm | None, ways: Carrier) -> str:
    mail, way = row.mail, ""
    urls = Urls(means.base_url, means.keys)
    review = reading.prepared(means.database, mail.issue_id, urls=urls, relaxed=means.relaxed, at=at)
    reason = _needless(review, mail)
    if reason:
        _settle(means.database, row, sent_at=None, next_at=None, error=reason)
        return _say(review, mail, f"was not sent: {reason}")
    if mail.address == ADDRESS:
        _ring(alarm, review, mail)
    else:
        door = Links(means.base_url, means.keys).door(review.issue, mail.address, at)
        content = writing.content(review.publication, _letter(review, mail, door))
        way = ways.carry(review.publication.account, content, mail.address)
    _settle(means.database, row, sent_at=at, next_at=None, error="")
    return _say(review, mail, f"was sent {way}".rstrip())


def _letter(review: Review, mail: EditorMail, door: Any) -> Letter:
    if mail.kind == "draft":
        return writing.draft(review, door)
    if mail.kind == "reminder":
        return writing.reminder(review, door)
    return writing.outcome(review, door, mail.occasion.split(maxsplit=1)[0])


def _needless(review: Review, mail: EditorMail) -> str:
    """Return why a mail need not be sent any more; "" if it must."""
    if mail.address != ADDRESS and not is_editor(review.publication.editors, mail.address):
        return f"{mail.address} is no editor any more"
    if mail.kind == "draft" and not review.is_open:
        return f"the issue is {review.issue.status} by now"
    if mail.kind == "reminder" and not (review.is_open or review.issue.held):
        return f"the issue is {review.issue.status} by now"
    kind = mail.occasion.split(maxsplit=1)[0]
    if mail.kind == "outcome" and kind in endings.ALARMING and not (review.issue.held or review.issue.failed):
        return "it was mended meanwhile"
    return ""


def _ring(alarm: Alarm | None, review: Review, mail: EditorMail) -> None:
    if alarm is None or not alarm.alert_url:
        raise Refused("ALERT_URL is not set any more.")
    alarm.ring(message(review, mail.occasion.split(maxsplit=1)[0]))


def _failed(database: Database, row: _Row, error: Exception, at: datetime) -> str:
    """Say when it is tried again, or that it is given up; what was refused for good is not tried again."""
    sentence = str(error) if isinstance(error, DigestError) else f"{type(error).__name__}: {error}"
    tries = row.mail.attempts
    for_good = isinstance(error, Refused) or (isinstance(error, NotCarried) and error.for_good)
    again = None if for_good or tries >= len(RETRIES) else at + RETRIES[tries]
    _settle(database, row, sent_at=None, next_at=again, error=sentence)
    then = f"it is tried again at {again:%H:%M} UTC" if again else "it is given up"
    return f"A mail to {row.mail.address} about an issue failed: {sentence.rstrip('.')}; {then}."


def _settle(database: Database, row: _Row, **values: Any) -> None:
    with database.writing() as session:
        session.execute(update(MAIL).where(MAIL.c.id == row.id).values(**values))


def _say(review: Review, mail: EditorMail, what: str) -> str:
    kind = "alert" if mail.address == ADDRESS else f"{mail.kind} to {mail.address}"
    return f"{review.publication.id}: issue {review.issue.number}: the {kind} {what}"
