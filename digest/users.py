"""Who works at the desk: people with a password and a role, and where they are signed in.

Passwords are kept as argon2id hashes (RFC 9106, its second recommended option, the library's default). A session is a
row; the browser holds a random token of which only the hash is stored.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import Any, Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import String, delete, insert, or_, update
from sqlmodel import Field, Session, SQLModel, col, select

from digest.errors import BadInput, NotFound, Refused

SHORTEST: Final = 12  # characters of a password (NIST SP 800-63B asks for 8 at least, and no rules beside)
LONGEST: Final = 200  # more is work for the hash, not safety
LONGEST_ADDRESS: Final = 254
STEP: Final = 30  # seconds that a code of the second factor stands for
IDLE: Final = timedelta(hours=12)  # a session that nobody used for so long is over
WHOLE: Final = timedelta(days=7)  # and every one after so long
NOTED: Final = timedelta(minutes=5)  # how often its use is written down


class Role(StrEnum):
    """What somebody may do; each may do what those before it may."""

    editor = "editor"  # looks, changes, makes editions
    approver = "approver"  # approves, sends
    operator = "operator"  # everything else


class User(SQLModel, table=True):
    """A person at the desk, known by an address."""

    __tablename__ = "deskuser"  # "user" is a word of SQL

    id: int | None = Field(default=None, primary_key=True)
    address: str = Field(unique=True)  # in small letters
    role: Role = Field(sa_type=String)
    password: str  # argon2id
    second: str = ""  # secret of the second factor, base32; "" where there is none
    second_used: int = 0  # the last step of 30 s whose code was taken: none is good twice
    openid: str = ""  # who they are to the identity provider: issuer and subject; "" until they came that way
    created_at: datetime
    removed_at: datetime | None = None  # rows stay: the log names them


class SignedIn(SQLModel, table=True):
    """A browser that somebody signed in with."""

    __tablename__ = "desksession"

    id: int | None = Field(default=None, primary_key=True)
    token: str = Field(unique=True)  # SHA-256 of what the browser holds: 256 random bits need nothing slower
    user_id: int = Field(foreign_key="deskuser.id", index=True)
    created_at: datetime
    seen_at: datetime


SESSIONS: Any = SignedIn.__table__  # type: ignore[attr-defined]


def may(user: User, role: Role) -> bool:
    """Tell whether somebody may do what a role may."""
    order = list(Role)
    return order.index(Role(user.role)) >= order.index(role)


def add(session: Session, address: str, role: str, password: str, at: datetime) -> User:
    """Add a person, or let one come back who was removed. Raises BadInput."""
    known = _by_address(session, _address(address))
    if known is not None and known.removed_at is None:
        raise BadInput(f"{known.address} works at the desk already, as {known.role}. Change that: digest users role.")
    values = {"address": _address(address), "role": _role(role), "password": _hashed(password), "created_at": at}
    user = User.model_validate(values)
    if known is not None:
        user.id = known.id
    user = session.merge(user)
    session.flush()
    return user


def all_users(session: Session) -> Sequence[User]:
    """Return who works at the desk, by address."""
    return session.exec(select(User).where(col(User.removed_at).is_(None)).order_by(User.address)).all()


def get(session: Session, address: str) -> User:
    """Return a person. Raises NotFound naming those there are."""
    found = _by_address(session, _address(address))
    if found is None or found.removed_at is not None:
        names = ", ".join(one.address for one in all_users(session)) or "nobody yet; digest users add ADDRESS"
        raise NotFound(f"Nobody works at the desk as {address!r}. There are: {names}.")
    return found


def set_role(session: Session, address: str, role: str) -> User:
    """Give somebody another role, from the next click on. Raises NotFound, BadInput."""
    user = get(session, address)
    user.role = _role(role)
    session.add(user)
    return user


def set_password(session: Session, address: str, password: str) -> User:
    """Give somebody another password, and end where they are signed in. Raises NotFound, BadInput."""
    user = get(session, address)
    user.password = _hashed(password)
    session.add(user)
    _end_all(session, user)
    return user


def check_operator_stays(session: Session, address: str) -> None:
    """Raise Refused where this is the last operator: nobody could say who works here any more.

    Call it in ``writing()``, before the change: two who end each other's role at once wait for each other.
    """
    mine = select(User).where(User.role == Role.operator, col(User.removed_at).is_(None))
    operators = session.exec(mine.order_by(User.address).with_for_update()).all()
    if [one.address for one in operators] == [_address(address)]:
        raise Refused(
            f"{operators[0].address} is the last operator here: nobody could add people or change the newsroom any "
            "more. Make somebody else operator first."
        )


def remove(session: Session, address: str, at: datetime) -> User:
    """Let somebody in no more, at once. What they did stays in the logs. Raises NotFound."""
    user = get(session, address)
    user.removed_at = at
    session.add(user)
    _end_all(session, user)
    return user


def prove(session: Session, address: str, password: str) -> User | None:
    """Return who has this address and password, else None; it takes as long for an address that nobody has."""
    found = _by_address(session, address.strip().casefold()[:LONGEST_ADDRESS])
    known = found if found is not None and found.removed_at is None else None
    return known if _matches(known.password if known else _nobodys(), password[: LONGEST + 1]) and known else None


def new_second() -> str:
    """Return a fresh secret for a second factor (RFC 6238, as authenticator programs take it)."""
    return pyotp.random_base32()


def second_uri(user: User, secret: str, issuer: str) -> str:
    """Return what an authenticator program reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.address, issuer_name=issuer)


def set_second(session: Session, address: str, secret: str, code: str, at: datetime) -> User:
    """Demand a second factor from now on, once a code shows that it works. Raises BadInput, NotFound."""
    user = get(session, address)
    step = _step_of(secret, code, at)
    if step is None:
        raise BadInput("That code is not right. Look at the clock of your telephone, and type the newest one.")
    user.second, user.second_used = secret, step
    session.add(user)
    return user


def without_second(session: Session, address: str) -> User:
    """Demand no second factor any more: for who lost their telephone. Raises NotFound."""
    user = get(session, address)
    user.second, user.second_used = "", 0
    session.add(user)
    return user


def prove_second(session: Session, address: str, code: str, at: datetime) -> User | None:
    """Return the person whose code this is; each code is taken once (RFC 6238, 5.2). Call it in ``writing()``."""
    user = session.exec(select(User).where(User.address == address).with_for_update()).first()
    if user is None or user.removed_at is not None or not user.second:
        return None
    step = _step_of(user.second, code, at)
    if step is None or step <= user.second_used:
        return None
    user.second_used = step
    session.add(user)
    return user


def come_in(session: Session, openid: str, address: str, *, verified: bool) -> User:
    """Return the person whom an identity provider names; nobody is made by that. Call it in ``writing()``.

    ``openid``: issuer and subject, which decide once they are known. The first time the ``address`` does, if the
    provider has ``verified`` that it is theirs. Raises Refused.
    """
    known = session.exec(select(User).where(User.openid == openid, col(User.removed_at).is_(None))).first()
    if known is not None:
        return known
    if not verified:
        raise Refused("The identity provider does not say that your address is verified. Ask who looks after it.")
    plain = address.strip().casefold()[:LONGEST_ADDRESS]
    query = select(User).where(User.address == plain, col(User.removed_at).is_(None))
    user = session.exec(query.with_for_update()).first()
    if user is None:
        raise Refused(f"Nobody works at this desk as {plain}. An operator can add you: digest users add {plain}.")
    if user.openid:
        raise Refused(
            f"{plain} signs in here as somebody else of the identity provider. If that is not so any more, an operator "
            f"can undo it: digest users openid {plain} --off."
        )
    user.openid = openid
    session.add(user)
    session.flush()
    return user


def without_openid(session: Session, address: str) -> User:
    """Forget who somebody is to the identity provider; the next sign-in links them anew. Raises NotFound."""
    user = get(session, address)
    user.openid = ""
    session.add(user)
    _end_all(session, user)
    return user


def sign_in(session: Session, user: User, at: datetime) -> str:
    """Begin a session; returns the token for the browser. Sessions that are over are swept."""
    session.execute(delete(SESSIONS).where(_over(at)))
    token = secrets.token_urlsafe(32)
    row = {"token": _short(token), "user_id": user.id, "created_at": at, "seen_at": at}
    session.execute(insert(SESSIONS), [row])
    return token


def signed_in(session: Session, token: str, at: datetime) -> tuple[User, SignedIn] | None:
    """Return who a browser's token stands for, or None where it is nobody's, or over."""
    query = select(User, SignedIn).where(SignedIn.user_id == User.id, SignedIn.token == _short(token))
    found = session.exec(query.where(~_over(at), col(User.removed_at).is_(None))).first()
    return (found[0], found[1]) if found else None


def is_to_note(held: SignedIn, at: datetime) -> bool:
    """Tell whether the use of a session must be written down."""
    return at - held.seen_at >= NOTED


def note_use(session: Session, held: SignedIn, at: datetime) -> None:
    """Write down that a session was used."""
    session.execute(update(SESSIONS).where(SESSIONS.c.id == held.id).values(seen_at=at))


def sign_out(session: Session, token: str) -> None:
    """End a session; one that is not there is ended already."""
    session.execute(delete(SESSIONS).where(SESSIONS.c.token == _short(token)))


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the step of 30 s that a code is of: that of now, or one to either side; None for no such code."""
    plain = "".join(code.split())
    totp = pyotp.TOTP(secret)
    if not (plain.isascii() and plain.isdecimal() and len(plain) == totp.digits):
        return None
    now = int(at.timestamp()) // STEP
    return next((step for step in (now, now - 1, now + 1) if _same(totp.generate_otp(step), plain)), None)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one, other)


def _over(at: datetime) -> Any:
    return or_(SESSIONS.c.seen_at <= at - IDLE, SESSIONS.c.created_at <= at - WHOLE)


def _end_all(session: Session, user: User) -> None:
    session.execute(delete(SESSIONS).where(SESSIONS.c.user_id == user.id))


def _by_address(session: Session, address: str) -> User | None:
    return session.exec(select(User).where(User.address == address)).first()


def _address(text: str) -> str:
    plain = text.strip().casefold()
    name, at, domain = plain.rpartition("@")
    if not (name and at and domain) or len(plain) > LONGEST_ADDRESS or any(c.isspace() for c in plain):
        raise BadInput(f"{text[:80]!r} is no email address. People at the desk are known by theirs.")
    return plain


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise BadInput(f"{text[:80]!r} is no role. Roles: {', '.join(Role)}.") from error


def _hashed(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"A password has {SHORTEST} to {LONGEST} characters; a few words are easy to remember.")
    return PasswordHasher().hash(password)


@cache
def _nobodys() -> str:
    """Return a hash that no password fits, so that an unknown address takes as long as a known one."""
    return PasswordHasher().hash(secrets.token_urlsafe(32))


def _matches(held: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(held, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _short(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
