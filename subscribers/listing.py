"""The mailing lists: what one can subscribe to, in the newsroom's order."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert, select, update
from sqlmodel import Session

from subscribers.errors import SubscribersError, UnknownList
from subscribers.models import MailingList, table

LIST = table(MailingList)
LONGEST: Final = 300  # letters of a name or a description
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class ListData(BaseModel):
    """A list, as it is added and read. ``family`` and ``topic`` are opaque here (digest: publication and region)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str  # a slug
    name: str = Field(min_length=1)
    description: str = ""
    family: str = Field(min_length=1)
    topic: str = Field(min_length=1)
    language: str = "en"
    position: int = 0  # the newsroom's order
    open: bool = True  # takes new subscribers


def add_list(session: Session, data: ListData) -> None:
    """Add a list. The same again is fine; another one under the same id is refused with SubscribersError."""
    if _SLUG.fullmatch(data.id) is None:
        raise SubscribersError(
            f"{data.id!r} is not a list's id. Write small letters, digits and hyphens: south-caucasus."
        )
    if _LANGUAGE.fullmatch(data.language) is None:
        raise SubscribersError(f"{data.language!r} is not a language code. Write en, ar or pt-br.")
    known = _read(session, LIST.c.id == data.id)
    if not known:
        session.execute(insert(LIST).values(**data.model_dump()))
    elif known[0] != data:
        raise SubscribersError(f"There is a list {data.id} already, and it is another one: {known[0].name}.")


def change_list(session: Session, list_id: str, values: Mapping[str, Any], *, seen: str = "") -> ListData:
    """Change a list's name, description or open; what it is about, and whose mail it is, stays.

    ``seen``: its ``stamp`` when somebody decided that. Raises SubscribersError where it has changed since, or where
    the new name is none, UnknownList.
    """
    session.execute(select(LIST.c.id).where(LIST.c.id == list_id).with_for_update())  # two at once: one after the other
    before = get_list(session, list_id)
    if seen and stamp(before) != seen:
        raise SubscribersError(f"The list {before.name} was changed by somebody else meanwhile.")
    new = {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in values.items()}
    if not new.get("name", before.name):
        raise SubscribersError("A list needs a name that readers see.")
    if longest := next((name for name, value in new.items() if isinstance(value, str) and len(value) > LONGEST), None):
        raise SubscribersError(f"The {longest} of the list {list_id} is too long; {LONGEST} letters at most.")
    after = before.model_copy(update={name: new[name] for name in ("name", "description", "open") if name in new})
    session.execute(update(LIST).where(LIST.c.id == list_id).values(**after.model_dump(exclude={"id"})))
    return after


def stamp(data: ListData) -> str:
    """Return what tells whether a list still says what somebody saw. Its place among the others is not part of it."""
    said = "\0".join((data.name, data.description, str(data.open)))
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def get_list(session: Session, list_id: str) -> ListData:
    """Return a list. Raises UnknownList."""
    return known_lists(session, [list_id])[0]


def lists(session: Session, family: str | None = None) -> list[ListData]:
    """Return all lists, or those of a family, in the newsroom's order."""
    return _read(session, *([] if family is None else [LIST.c.family == family]))


def known_lists(session: Session, ids: Sequence[str]) -> list[ListData]:
    """Return these lists in the newsroom's order. Raises UnknownList that names the first unknown one."""
    found = _read(session, LIST.c.id.in_(ids))
    missing = sorted(set(ids) - {data.id for data in found})
    if missing:
        raise UnknownList(
            f"There is no list {missing[0]!r}. See `digest lists list`, or add it with `digest lists add`."
        )
    return found


def open_lists(session: Session, ids: Sequence[str]) -> list[ListData]:
    """Return these lists in the newsroom's order. Raises UnknownList for one that is unknown or closed."""
    found = known_lists(session, ids)
    for data in found:
        if not data.open:
            raise UnknownList(f"The list {data.id} takes nobody new.")
    return found


def _read(session: Session, *conditions: object) -> list[ListData]:
    query = select(LIST).where(*conditions).order_by(LIST.c.family, LIST.c.position, LIST.c.id)  # type: ignore[arg-type]
    return [ListData.model_validate(dict(row)) for row in session.execute(query).mappings()]
