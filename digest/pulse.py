"""Signs of life: when something that should happen again and again happened last, for those who watch."""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel

TICK = "tick"  # a pass of the schedule, by whichever worker


class Pulse(SQLModel, table=True):
    """When something of a name happened last."""

    name: str = Field(primary_key=True)
    at: datetime


def beat(session: Session, name: str, at: datetime) -> None:
    """Note that something happens now."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    new = dialect.insert(SQLModel.metadata.tables[str(Pulse.__tablename__)]).values(name=name, at=at)
    session.execute(new.on_conflict_do_update(index_elements=["name"], set_={"at": at}))  # others tick at the same time


def last(session: Session, name: str) -> datetime | None:
    """Return when it happened last; None: never."""
    found = session.get(Pulse, name)
    return found.at if found else None
