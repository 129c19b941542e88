"""The table of the mails' templates that a newsroom changed: each version ever saved, with who and why."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class TemplateVersion(SQLModel, table=True):
    """One saved text of a template. The newest of a name is in use; rows are only ever added."""

    __table_args__ = (UniqueConstraint("name", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str  # "digest"
    number: int  # from 1
    mjml: str
    text: str
    at: datetime
    who: str
    note: str = ""  # why
