"""The keys of other systems, and what each may do: made once, shown once, kept as hashes."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import JSON, Column, or_, update
from sqlmodel import Field, Session, SQLModel, col, select

from digest.errors import BadInput, NotFound

PREFIX = "dgst_"  # so that a leaked key is recognised by those who look for leaks
LONGEST_NAME = 80
NOTED = timedelta(minutes=1)  # how often a use is written down


class Scope(StrEnum):
    """What a key may do. None holds another: who may send an issue may not change one, unless it has both."""

    intake = "intake"  # hand in articles and reads
    read = "read"  # look at issues, reports, lists, publications, numbers of readers
    edit = "edit"  # draft and change issues, comment, check, send tests to testers
    send = "send"  # approve, schedule, send, pause, resume, cancel, decide about uncertain ones


USUAL = (Scope.intake,)


class ApiKey(SQLModel, table=True):
    """A key of another system: its name, what it may do, and the hash of what it shows."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    digest: str = Field(unique=True)  # SHA-256 of the key: it has 256 random bits, so nothing slower is needed
    scopes: list[str] = Field(default_factory=lambda: ["intake"], sa_column=Column(JSON, nullable=False))
    made_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


KEYS = ApiKey.__table__  # type: ignore[attr-defined]


def add(session: Session, name: str, at: datetime, scopes: Iterable[str] = USUAL) -> str:
    """Make a key and return it: it is shown this once, and cannot be had again. Raises BadInput."""
    held = _scopes(scopes)
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME:
        raise BadInput(f"A key needs a name of at most {LONGEST_NAME} characters: of the system that will use it.")
    if session.exec(select(ApiKey).where(ApiKey.name == plain)).first() is not None:
        raise BadInput(f"There is a key named {plain!r} already. Take another name; old names stay in the list.")
    key = PREFIX + secrets.token_urlsafe(32)
    session.add(ApiKey.model_validate({"name": plain, "digest": _hash(key), "scopes": held, "made_at": at}))
    session.flush()
    return key


def all_keys(session: Session) -> list[ApiKey]:
    """Return every key that was ever made, oldest first."""
    return list(session.exec(select(ApiKey).order_by(col(ApiKey.id))))


def revoke(session: Session, name: str, at: datetime) -> ApiKey:
    """Let a key open nothing any more. Raises NotFound naming those there are."""
    found = session.exec(select(ApiKey).where(ApiKey.name == name)).first()
    if found is None:
        known = ", ".join(one.name for one in all_keys(session)) or "none yet; `digest keys add NAME` makes one"
        raise NotFound(f"There is no key {name!r}. Keys: {known}.")
    found.revoked_at = found.revoked_at or at
    session.add(found)
    session.flush()
    return found


def find(session: Session, key: str) -> ApiKey | None:
    """Return the key that somebody shows, or None where it opens nothing."""
    shown = _hash(key)
    found = session.exec(select(ApiKey).where(ApiKey.digest == shown)).first()
    if found is None or found.revoked_at is not None or not hmac.compare_digest(found.digest, shown):
        return None
    return found


def note_use(session: Session, key: ApiKey, at: datetime) -> None:
    """Note that a key was used, at most once a minute."""
    table = KEYS.c
    stale = or_(table.used_at.is_(None), table.used_at <= at - NOTED)
    session.execute(update(KEYS).where(table.id == key.id, stale).values(used_at=at))


def is_noted(key: ApiKey, at: datetime) -> bool:
    """Tell whether its last use was noted less than a minute ago, so that nothing need be written."""
    return key.used_at is not None and at - NOTED < key.used_at <= at


def _scopes(given: Iterable[str]) -> list[str]:
    """Return scopes, each once and in their order. Raises BadInput naming those there are."""
    wanted = set(given)
    unknown = sorted(wanted - set(Scope))
    if unknown or not wanted:
        known = ", ".join(Scope)
        raise BadInput(f"{unknown[0]!r} is no scope. Scopes: {known}." if unknown else f"A key needs a scope: {known}.")
    return [one.value for one in Scope if one in wanted]


def _hash(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
