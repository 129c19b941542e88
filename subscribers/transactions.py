"""What this package asks of a database: short transactions, of two kinds."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlmodel import Session


class Transactions(Protocol):
    """Gives transactions; ``digest.database.Database`` is one."""

    def reading(self) -> AbstractContextManager[Session]:
        """Open a session that only reads."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """Open a session that writes, and commits at the end, or undoes all."""
        ...
