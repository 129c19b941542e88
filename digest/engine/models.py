"""The tables of the engine: who is at work on this database, and which release may be."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel


class Heartbeat(SQLModel, table=True):
    """One process that works on this database; who leaves in order takes its row along."""

    id: UUID = Field(primary_key=True)
    machine: str  # what stays the same when the machine starts anew
    boot: str  # what is the same for all that runs on one running kernel, containers too
    name: str  # the host's name, for people
    process: int
    what: str  # worker, or the queues it serves
    release: str
    begun_at: datetime
    beat_at: datetime


class Compatibility(SQLModel, table=True):
    """The oldest release, by the newest revision it knows, that may work on the database as it is. One row."""

    id: int = Field(default=1, primary_key=True)
    oldest: str
