"""An editor's orders as data, for machines: one or a list of them, done in their order, all or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlmodel import Session

from digest.articles.pictures.store import PictureStore
from digest.database import Database
from digest.errors import DigestError
from digest.issues import editing, source_changes
from digest.issues.editing import LAST_PLACE, LONGEST_TEXT
from digest.issues.models import Issue

# No control characters but line breaks and tabs: PostgreSQL keeps no NUL, and no text of a mail has the others.
WORDS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Words = Annotated[str, StringConstraints(pattern=WORDS, max_length=LONGEST_TEXT)]
ListId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
Number = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]
Place = Annotated[int, Field(strict=True, ge=1, le=LAST_PLACE)]
Which = Literal["subject", "preheader", "note", "headline", "standfirst", "kicker", "alt"]


@dataclass(frozen=True, slots=True)
class Doing:
    """What an order is done with."""

    database: Database
    issue: UUID
    who: str
    at: datetime
    pictures: PictureStore | None = None

    @property
    def known(self) -> dict[str, Any]:
        """Return who does it, and when."""
        return {"who": self.who, "at": self.at}


class _Order(BaseModel):
    """One order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        raise NotImplementedError


class _OfArticle(_Order):
    """An order about a candidate."""

    article: UUID = Field(description="The article, a candidate of the issue.")


class Pin(_OfArticle):
    """Let a story stand at a place of a list's section, whatever its age."""

    do: Literal["pin"]
    list: ListId = Field(description="The list whose section is meant.")
    place: Place = Field(default=1, description="Place in the section, from 1.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.pin(
            doing.database, doing.issue, self.article, list_id=self.list, place=self.place, **doing.known
        )


class Unpin(_OfArticle):
    """Take a pin back, from one list's section or from all."""

    do: Literal["unpin"]
    list: ListId | None = Field(default=None, description="Only there; null: everywhere.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.unpin(doing.database, doing.issue, self.article, list_id=self.list, **doing.known)


class Exclude(_OfArticle):
    """Take a story out of one list's section, or out of the issue."""

    do: Literal["exclude"]
    list: ListId | None = Field(default=None, description="Only there; null: everywhere.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.exclude(doing.database, doing.issue, self.article, list_id=self.list, **doing.known)


class Include(_OfArticle):
    """Take an exclusion back: the story is weighed again."""

    do: Literal["include"]
    list: ListId | None = Field(default=None, description="Only there; null: everywhere.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.include(doing.database, doing.issue, self.article, list_id=self.list, **doing.known)


class Replace(_OfArticle):
    """Put another story where this one stands."""

    do: Literal["replace"]
    by: UUID = Field(description="The article that takes its place, a candidate too.")
    list: ListId | None = Field(default=None, description="Only there; null: everywhere.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.replace(doing.database, doing.issue, self.article, self.by, list_id=self.list, **doing.known)


class Lead(_Order):
    """Make a story the lead wherever it stands; null leaves the choice to the ranking again."""

    do: Literal["lead"]
    article: UUID | None = Field(description="The article, a candidate of the issue; null: none.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.lead(doing.database, doing.issue, self.article, **doing.known)


class Move(_OfArticle):
    """Move a story to a list's section, and so out of the others."""

    do: Literal["move"]
    list: ListId = Field(description="The list it goes to.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.move(doing.database, doing.issue, self.article, list_id=self.list, **doing.known)


class Add(_Order):
    """Bring a stored article in as a candidate, however old."""

    do: Literal["add"]
    url: Words = Field(min_length=1, description="Its web address.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.add(doing.database, doing.issue, self.url, pictures=doing.pictures, **doing.known)


class SetText(_Order):
    """Set a text of the issue, of one list's editions, or of a story; an empty one gives the original back."""

    do: Literal["set"]
    what: Which = Field(description="subject, preheader, note: of the issue; the others: of a story.")
    text: Words = Field(description="What it says.")
    article: UUID | None = Field(default=None, description="The story whose text it is.")
    list: ListId | None = Field(default=None, description="Only in this list's editions: subject, preheader, note.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        where: dict[str, Any] = {"article": self.article, "list_id": self.list}
        return editing.set_text(doing.database, doing.issue, self.what, self.text, **where, **doing.known)


class Take(_Order):
    """Take over what the newsroom changed in an article since the draft; its place and points stay."""

    do: Literal["take"]
    article: UUID | None = Field(description="The article; null: all that changed.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        settled = source_changes.take(doing.database, doing.issue, self.article, pictures=doing.pictures, **doing.known)
        return settled.issue


class Keep(_Order):
    """Leave a story as it was drafted, though the newsroom changed it since; a later change asks again."""

    do: Literal["keep"]
    article: UUID | None = Field(description="The article; null: all that changed.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return source_changes.keep(doing.database, doing.issue, self.article, **doing.known).issue


class Restore(_Order):
    """Put back what one entry of the history changed; what others changed since stays."""

    do: Literal["restore"]
    entry: Number = Field(description="The id of the entry.")

    def act(self, doing: Doing) -> Issue:
        """Do it; returns the issue."""
        return editing.restore(doing.database, doing.issue, self.entry, **doing.known)


Order = Pin | Unpin | Exclude | Include | Replace | Lead | Move | Add | SetText | Take | Keep | Restore


def obey(
    database: Database,
    issue_id: UUID,
    orders: Sequence[Order],
    *,
    who: str,
    at: datetime,
    version: int | None,
    pictures: PictureStore | None = None,
) -> Issue:
    """Do orders one after the other in one transaction; returns the issue as it is then.

    ``version``: what was looked at; Conflict if the issue changed since. Where one cannot be done none is: the error
    says which, if there are several.
    """
    with database.writing() as session:
        issue = editing.locked(session, issue_id, version)
        doing = Doing(_Joined(session), issue_id, who, at, pictures)
        for number, order in enumerate(orders, start=1):
            try:
                issue = order.act(doing)
            except DigestError as error:
                if len(orders) == 1:
                    raise
                raise type(error)(f"Edit {number} of {len(orders)}: {error} None of them was done.") from error
        return issue


class _Joined(Database):
    """A database all of whose transactions are one that is open already."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read what the transaction sees."""
        yield self._session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Write as a part of the transaction."""
        yield self._session
        self._session.flush()
