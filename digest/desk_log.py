"""What people at the desk changed outside of issues: who, when, what, and how it was before. Rows are only added."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, Session, SQLModel, col, select


class DeskLog(SQLModel, table=True):
    """One change."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    who: str
    what: str
    about: str = Field(index=True)  # "region south-caucasus"; a reader is named by their ref, never by an address
    # One object: SQLite gives a JSON column that holds a bare number back as a number, and not as JSON.
    change: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))

    @property
    def before(self) -> Any:
        """Return how it was."""
        return self.change.get("before")

    @property
    def after(self) -> Any:
        """Return how it is since."""
        return self.change.get("after")


def note(
    session: Session, who: str, what: str, about: str, *, at: datetime, before: Any = None, after: Any = None
) -> None:
    """Write down a change, in the transaction that makes it. ``before`` and ``after``: as JSON holds them."""
    row = {"at": at, "who": who, "what": what, "about": about, "change": {"before": before, "after": after}}
    session.add(DeskLog.model_validate(row))


def entries(session: Session, about: str, most: int) -> list[DeskLog]:
    """Return the last changes of one thing, the newest first."""
    statement = select(DeskLog).where(DeskLog.about == about).order_by(col(DeskLog.id).desc())
    return list(session.exec(statement.limit(most)).all())
