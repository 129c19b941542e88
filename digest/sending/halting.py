"""Halting: what an account by which nothing may be sent holds up: its own part of an issue, and no other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlmodel import Session

from digest.issues import log
from digest.issues.models import Issue, IssueStatus
from digest.sending import pacing, routing, settling
from digest.sending.ledger import BATCH, DELIVERY, ISSUE, QUEUED
from digest.sending.models import BatchState
from digest.sending.routing import Part

ENGINE = "digest"


@dataclass(frozen=True, slots=True)
class Held:
    """A part of an issue that waits for an account by which nothing may be sent."""

    account: str
    reason: str
    deliveries: int
    editions: tuple[int, ...] = ()  # none: of batches that were formed for the account

    @property
    def sentence(self) -> str:
        """Return what is held, and why."""
        return f"{in_words(self.deliveries)} held: account {self.account!r}: {self.reason.rstrip('.')}"


def in_words(deliveries: int) -> str:
    """Return "1 delivery" or "1,204 deliveries"."""
    return "1 delivery" if deliveries == 1 else f"{deliveries:,} deliveries"


def keep_others(session: Session, issue_number: int, account: str, reason: str, now: datetime) -> None:
    """Let an issue go on that goes by other accounts, too, when one of them was refused just now, and log that."""
    stopped = (ISSUE.c.number == issue_number, ISSUE.c.status == IssueStatus.paused, ISSUE.c.failed == reason)
    going = {"status": IssueStatus.sending, "failed": "", "held": "", "changed_at": now}
    if session.execute(update(ISSUE).where(*stopped).values(**going)).rowcount:  # type: ignore[attr-defined]
        issue = session.execute(select(Issue).where(ISSUE.c.number == issue_number)).scalar_one()
        log.add(session, issue, at=now, who=ENGINE, what="halt", after={"account": account, "reason": reason})


def stop_if_stuck(
    session: Session, issue_number: int, parts: Sequence[Part], held: Mapping[str, str], now: datetime
) -> bool:
    """Pause an issue of which nothing can go on but by held accounts, and say how much waits for which.

    Where other accounts have something to do, now or later, or a call is on its way, the issue stays open.
    """
    if len(parts) == 1:
        settling.stop_issue(session, issue_number, held[parts[0].account], now)
        return True
    if session.execute(select(or_(*_goes_on(issue_number, parts, held)))).scalar_one():
        return False
    stuck = [one for one in _held(session, issue_number, parts, held) if one.deliveries]
    if not stuck:
        return False  # nothing is left of it
    settling.stop_issue(session, issue_number, " ".join(f"{one.sentence}." for one in stuck), now)
    return True


def _goes_on(issue_number: int, parts: Sequence[Part], held: Mapping[str, str]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions under which something of an issue can go on."""
    mine = BATCH.c.issue_number == issue_number
    called = BATCH.c.state.in_((BatchState.claimed, BatchState.handed_over))
    waiting = and_(BATCH.c.state.in_(routing.WAITING), BATCH.c.account.not_in(list(held)))
    yield exists().where(mine, or_(called, waiting))
    for part in parts:
        if part.account not in held and part.editions != ():
            yield exists().where(*_queued(issue_number, part))


def _queued(issue_number: int, part: Part) -> tuple[ColumnElement[bool], ...]:
    all_ = (DELIVERY.c.issue_number == issue_number, QUEUED)
    return all_ if part.editions is None else (*all_, DELIVERY.c.edition_number.in_(part.editions))


def _held(session: Session, issue_number: int, parts: Sequence[Part], held: Mapping[str, str]) -> Iterator[Held]:
    """Yield the held parts with their deliveries: queued ones, and those in batches that wait."""
    sizes = select(func.coalesce(func.sum(BATCH.c.size), 0)).where(
        BATCH.c.issue_number == issue_number, BATCH.c.state.in_(routing.WAITING)
    )
    for part in parts:
        if part.account in held:
            count = select(func.count()).select_from(DELIVERY).where(*_queued(issue_number, part))
            queued = session.execute(count).scalar_one() if part.editions != () else 0
            batched = session.execute(sizes.where(BATCH.c.account == part.account)).scalar_one()
            yield Held(part.account, held[part.account], int(queued) + int(batched), part.editions or ())


def held_parts(session: Session, issue_number: int, default: str) -> list[Held]:
    """Return the parts of an issue that wait for a halted account while others go on; none where all goes by one.

    ``default``: what the account of PROVIDER is called ("": not known; then its part is not among them).
    """
    halted = pacing.all_halted(session)
    if not halted:
        return []
    parts = routing.read(session, issue_number, default).parts
    return [one for one in _held(session, issue_number, parts, halted) if one.deliveries] if len(parts) > 1 else []
