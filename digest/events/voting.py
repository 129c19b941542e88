"""Counting what readers say of an edition by its three buttons. Nobody's name is kept."""

from datetime import datetime
from typing import Final

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from digest.errors import BadInput
from digest.events.models import Vote

GOOD: Final = 3
FINE: Final = 2
POOR: Final = 1
VALUES: Final = {"good": GOOD, "fine": FINE, "poor": POOR}  # as the links in a mail name them


def record_vote(session: Session, edition_number: int, value: int, at: datetime) -> None:
    """Count one vote (3 good, 2 fine, 1 not for me) for an edition. Raises BadInput for another value."""
    if value not in VALUES.values():
        raise BadInput(f"{value} is no vote. There are 3 (good), 2 (fine) and 1 (not for me).")
    counted = update(Vote).where(col(Vote.edition_number) == edition_number, col(Vote.value) == value)
    raised = counted.values(count=Vote.count + 1, last_at=at)
    if session.connection().execute(raised).rowcount:
        return
    try:
        with session.begin_nested():
            session.execute(insert(Vote).values(edition_number=edition_number, value=value, count=1, last_at=at))
    except IntegrityError:  # somebody else's first vote came between
        session.execute(raised)
