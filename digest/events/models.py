"""The tables of stage 8."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class Vote(SQLModel, table=True):
    """How many readers of an edition pressed one of the three buttons under it. Nobody's name is kept."""

    edition_number: int = Field(primary_key=True)
    value: int = Field(primary_key=True)  # 3 good, 2 fine, 1 not for me
    count: int = 0
    last_at: datetime
