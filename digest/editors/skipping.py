"""Leaves one planned sending out, or lets it run after all: for the command and for the desk alike."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from digest import schedule
from digest.errors import BadInput
from digest.issues import publications, runs


@dataclass(frozen=True, slots=True)
class Skipped:
    """What came of it. ``drafted``: the number of its issue, where there is one already; 0 where there is none."""

    publication: str
    day: date
    undo: bool
    skip_dates: tuple[str, ...]
    drafted: int

    @property
    def sentences(self) -> list[str]:
        """Return it in words."""
        said = [f"{self.publication}: the sending of {self.day} {'runs after all' if self.undo else 'is skipped'}."]
        if self.drafted and not self.undo:
            number = self.drafted
            said.append(f"Its issue {number} is drafted already. Cancel it, too: digest issues cancel {number}")
        return said


def skip(
    session: Session, publication: str, text: str, *, undo: bool = False, who: str = "", at: datetime | None = None
) -> Skipped:
    """Skip the run that is sent on a date of the publication's zone; ``undo`` lets it run. Logged if ``at`` says when.

    Raises BadInput for what is no date, NotFound, and Refused where nothing is sent on that day or it is so already.
    """
    day = _day(text)
    run = schedule.sent_on(publications.get(session, publication), day)
    changed = publications.skip_date(session, publication, day, undo=undo, who=who, at=at)
    drafted = runs.issue_of(session, publication, run.cutoff)
    return Skipped(publication, day, undo, tuple(changed.skip_dates), drafted.number if drafted else 0)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text[:80]!r} is not a date. Write 2026-12-28.") from error
