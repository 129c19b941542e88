"""Which relay an account's url names, and how its connections are kept secret.

smtp://user:password@host:587 must offer STARTTLS (RFC 3207); smtps://host:465 begins with TLS (RFC 8314). Only a relay
on this machine may do without: smtp://127.0.0.1:25?starttls=never.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from digest.accounts import Account
from digest.errors import SettingsError
from digest.settings import is_loopback

EXAMPLE: Final = "smtp://user:password@mail.example.org:587 or smtps://user:password@mail.example.org:465"


class Secrecy(StrEnum):
    """How a connection becomes secret."""

    starttls = "starttls"
    tls = "tls"
    none = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mails are handed over. ``user`` "": no login."""

    host: str
    port: int
    secrecy: Secrecy
    user: str = ""
    password: str = field(default="", repr=False)


def relay_of(account: Account) -> Relay:
    """Return the relay of an account. Raises SettingsError, whose sentence never holds the password."""
    try:
        url = urlsplit(account.secret("url"))
        port = url.port
    except ValueError as error:
        raise _wrong("it is no web-like address") from error
    if url.scheme not in ("smtp", "smtps") or not url.hostname or url.path.strip("/"):
        raise _wrong("it must begin with smtp:// or smtps://, name a host, and have no path")
    if bool(url.username) != bool(url.password):
        raise _wrong("a user needs a password, and a password a user")
    return Relay(
        host=url.hostname,
        port=port or (465 if url.scheme == "smtps" else 587),
        secrecy=_secrecy(url),
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
    )


def _secrecy(url: SplitResult) -> Secrecy:
    given = parse_qs(url.query, keep_blank_values=True)
    if given not in ({}, {"starttls": ["never"]}):
        raise _wrong("after ? only starttls=never may stand")
    if url.scheme == "smtps":
        if given:
            raise _wrong("smtps:// begins with TLS, so ?starttls=never makes no sense")
        return Secrecy.tls
    if given and not is_loopback(url.hostname or ""):
        raise _wrong("?starttls=never is for a relay on this machine only: 127.0.0.1, ::1 or localhost")
    return Secrecy.none if given else Secrecy.starttls


def _wrong(why: str) -> SettingsError:
    return SettingsError(f"SMTP_URL (or url, in its account) cannot be used: {why}. Write it like {EXAMPLE}.")
