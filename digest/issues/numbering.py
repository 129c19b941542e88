"""Numbers of issues and editions: each is given once, also after a restore that has forgotten some.

The ledger and what providers tell of it name a delivery by them: a number that is given again would settle new mail by
what became of old.
"""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from digest.issues.models import NumberGap

LEAST: Final = 1000  # numbers left out after a restore
BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)


def last(session: Session, column: ColumnElement[int] | Any) -> int:
    """Return the highest number of a column that was given, or left out; 0 where there is none."""
    gap = session.get(NumberGap, column.table.name)
    return max(_highest(session, column), gap.up_to if gap else 0)


def leave_out(session: Session, column: ColumnElement[int] | Any, at: datetime) -> None:
    """Leave out numbers that may have been given after a backup was made. Safe to repeat.

    How many grows by one an hour, so that restoring the same backup again on another day gives other numbers.
    """
    up_to = _highest(session, column) + LEAST + int((at - BEGINNING).total_seconds() // 3600)
    gap = session.get(NumberGap, column.table.name) or NumberGap(name=column.table.name, up_to=0)
    gap.up_to = max(gap.up_to, up_to)
    session.add(gap)


def _highest(session: Session, column: ColumnElement[int] | Any) -> int:
    found: int | None = session.execute(select(func.max(column))).scalar_one()
    return found or 0
