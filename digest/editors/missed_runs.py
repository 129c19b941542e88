"""Tells editors of cut-offs that brought no issue: each run once to each address, whatever dies in between.

A run that ended without an issue gets a row for each address; it counts as told when the last of them is done with.
Who dies after sending and before noting tells once more; a run is never noted as told before its mails went.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import exists, update
from sqlmodel import Session, col, select

from digest.database import Database
from digest.editors import missed_letter
from digest.editors.alerts import ADDRESS, Alarm
from digest.editors.carrying import Carrier, NotCarried
from digest.editors.links import is_editor
from digest.editors.models import RunMail
from digest.editors.writing import content
from digest.errors import DigestError, Refused
from digest.issues import publications, runs
from digest.issues.models import Publication, Run
from digest.sending.bulk import insert_ignoring, rowcount
from digest.sending.means import Means
from digest.sending.models import table

MAIL, RUN = table(RunMail), table(Run)
MISSED: Final = "missed"
STUCK: Final = "stuck"
CLAIM: Final = timedelta(minutes=10)  # then a worker that took a mail is taken for dead
FIRST_WAIT: Final = timedelta(minutes=2)
LONGEST_WAIT: Final = timedelta(days=1)
GIVEN_UP: Final = timedelta(days=30)  # what nobody could be told of for so long is no news
MOST: Final = 200  # rows a pass; those of one publication to one address are one mail


@dataclass(frozen=True, slots=True)
class _Due:
    """What one address is to be told of one publication, in one mail."""

    publication: Publication
    address: str
    mails: tuple[RunMail, ...]
    runs: tuple[Run, ...]  # in the order of their cut-offs
    stuck: str


def queue(database: Database, at: datetime, alarm: Alarm | None = None) -> None:
    """Make a row for each address that is to be told of a run without an issue; where there is nobody, it is told."""
    with database.reading() as session:
        if not runs.untold(session):
            return
    with database.writing() as session:
        named = {one.id: one for one in publications.all_publications(session)}
        for run in runs.untold(session):
            addresses = _addresses(named[run.publication_id], alarm)
            known = set(session.exec(select(RunMail.address).where(RunMail.run_id == run.id, RunMail.kind == MISSED)))
            _add(session, run, MISSED, [one for one in addresses if one not in known], at)
            if not addresses and not known:
                run.told_at = at
                session.add(run)


def queue_stuck(database: Database, run: Run, reason: str, at: datetime, alarm: Alarm | None = None) -> None:
    """Make a row for each address that is to be told that a run cannot be drafted, once however long that lasts."""
    with database.writing() as session:
        addresses = _addresses(publications.get(session, run.publication_id), alarm)
        _add(session, run, STUCK, addresses, at, reason=reason)


def send_due(means: Means, at: datetime, alarm: Alarm | None, carrier: Carrier) -> list[str]:
    """Send what is due, in one mail for each publication and address; returns a sentence for each. Never raises."""
    said: list[str] = []
    for due in _due(means.database, at):
        mails = tuple(one for one in due.mails if _claimed(means.database, one, at))
        if len(mails) < len(due.mails):  # another worker took some: it has the rest the next time
            _settle(means.database, mails, next_at=at)
            continue
        try:
            said.append(_told(means, due, at, alarm, carrier))
        except Exception as error:  # noqa: BLE001 - a mail must never stop the schedule
            said.append(_failed(means.database, due, error, at))
            if isinstance(error, NotCarried) and error.at_provider:
                break
    return said


def _addresses(publication: Publication, alarm: Alarm | None) -> list[str]:
    rings = [ADDRESS] if alarm is not None and alarm.alert_url else []
    return list(dict.fromkeys([*(one.strip() for one in publication.editors), *rings]))


def _add(session: Session, run: Run, kind: str, addresses: Sequence[str], at: datetime, *, reason: str = "") -> None:
    rows = [
        {"run_id": run.id, "kind": kind, "reason": reason[:500], "address": address, "created_at": at}
        | {"next_at": at, "sent_at": None, "attempts": 0, "error": ""}
        for address in addresses
    ]
    if rows:
        insert_ignoring(session, MAIL, rows)


def _due(database: Database, at: datetime) -> list[_Due]:
    with database.reading() as session:
        statement = select(RunMail, Run, Publication).join(Run, col(RunMail.run_id) == Run.id)
        statement = statement.join(Publication, col(Run.publication_id) == Publication.id)
        statement = statement.where(col(RunMail.next_at) <= at).order_by(col(RunMail.next_at), col(RunMail.id))
        found = list(session.exec(statement.limit(MOST)).all())
    found.sort(key=lambda row: (row[2].id, row[0].address, row[0].kind, row[1].planned_at))
    groups = groupby(found, key=lambda row: (row[2].id, row[0].address, row[0].kind))
    return [_grouped(list(rows)) for _, rows in groups]


def _grouped(rows: Sequence[tuple[RunMail, Run, Publication]]) -> _Due:
    mails, of = tuple(one[0] for one in rows), tuple(one[1] for one in rows)
    stuck = mails[-1].reason if mails[-1].kind == STUCK else ""
    return _Due(rows[0][2], mails[0].address, mails, of, stuck)


def _claimed(database: Database, mail: RunMail, at: datetime) -> bool:
    """Compare and swap: of those who saw the same row due, one gets it."""
    mine = update(MAIL).where(MAIL.c.id == mail.id, MAIL.c.next_at == mail.next_at)
    with database.writing() as session:
        return rowcount(session.execute(mine.values(next_at=at + CLAIM, attempts=MAIL.c.attempts + 1))) == 1


def _told(means: Means, due: _Due, at: datetime, alarm: Alarm | None, carrier: Carrier) -> str:
    reason = _needless(due)
    if reason:
        _done(means.database, due, at, sent_at=None, error=reason)
        return f"{due.publication.id}: {_what(due)} was not sent: {reason}"
    way = ""
    if due.address == ADDRESS:
        if alarm is None or not alarm.alert_url:
            raise Refused("ALERT_URL is not set any more.")
        alarm.ring(missed_letter.message(due.publication, due.runs, due.stuck))
    else:
        letter = missed_letter.letter(due.publication, due.runs, due.stuck, means.base_url)
        way = carrier.carry(due.publication.account, content(due.publication, letter), due.address)
    _done(means.database, due, at, sent_at=at, error="")
    return f"{due.publication.id}: {_what(due)} was sent{f' {way}' if way else ''}"


def _needless(due: _Due) -> str:
    """Return why a mail need not be sent any more; "" if it must."""
    if due.address != ADDRESS and not is_editor(due.publication.editors, due.address):
        return f"{due.address} is no editor any more"
    return "it is drafted by now" if due.stuck and due.runs[-1].issue_id is not None else ""


def _what(due: _Due) -> str:
    way = "alert" if due.address == ADDRESS else f"mail to {due.address}"
    if due.stuck:
        return f"the {way} that the cut-off of {due.runs[-1].planned_at:%Y-%m-%d %H:%M} UTC has no draft"
    count = len(due.runs)
    return f"the {way} about {'a cut-off' if count == 1 else f'{count} cut-offs'} without an issue"


def _failed(database: Database, due: _Due, error: Exception, at: datetime) -> str:
    """Say when it is tried again: each time later, a day at most; after a month, or where nobody listens, never."""
    sentence = str(error) if isinstance(error, DigestError) else f"{type(error).__name__}: {error}"
    tries = max(one.attempts for one in due.mails)  # before this one
    wait = min(FIRST_WAIT * 4.0 ** min(tries, 8), LONGEST_WAIT)
    oldest = min(one.created_at for one in due.mails)
    if isinstance(error, Refused) or at - oldest > GIVEN_UP:
        _done(database, due, at, sent_at=None, error=sentence)
        return f"{due.publication.id}: {_what(due)} failed: {sentence.rstrip('.')}; it is given up."
    _settle(database, due.mails, next_at=at + wait, error=sentence)
    then = f"it is tried again at {at + wait:%Y-%m-%d %H:%M} UTC"
    return f"{due.publication.id}: {_what(due)} failed: {sentence.rstrip('.')}; {then}."


def _done(database: Database, due: _Due, at: datetime, **values: Any) -> None:
    """Note that an address is done with, and the runs of which by now everybody was told."""
    _settle(database, due.mails, next_at=None, **values)
    waits = exists().where(MAIL.c.run_id == RUN.c.id, MAIL.c.kind == MISSED, MAIL.c.next_at.is_not(None))
    mine = RUN.c.id.in_([one.id for one in due.runs])
    ended = (RUN.c.issue_id.is_(None), RUN.c.outcome != "", RUN.c.told_at.is_(None))
    if not due.stuck:
        with database.writing() as session:
            session.execute(update(RUN).where(mine, *ended, ~waits).values(told_at=at))


def _settle(database: Database, mails: Sequence[RunMail], **values: Any) -> None:
    with database.writing() as session:
        session.execute(update(MAIL).where(MAIL.c.id.in_([one.id for one in mails])).values(**values))
