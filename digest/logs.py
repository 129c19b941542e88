"""Logs: one line for each thing that happened, with what it is about; nobody's address, token, key or password in it.

``about`` says what the lines of a piece of work are about. Masking is the last thing done to a line, whatever it was
made from: message, traceback, or what a library logs.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from typing import Any, Final, TextIO
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

from subscribers import masked

FIELDS: Final = ("issue", "batch", "delivery", "account", "run")
MASK: Final = "•••"
SHORTEST_SECRET: Final = 6  # what is shorter would mask ordinary words
SAYS: Final = logging.getLogger("digest.says")

_ABOUT: ContextVar[dict[str, object]] = ContextVar("about", default={})  # noqa: B039 - never changed, only replaced
_ADDRESS: Final = re.compile(r"[^\s<>\"'(),:;=@\[\]/\\]+@[^\s<>\"'(),:;=@/\\]*[^\s<>\"'(),:;=@/\\.]")
_QUOTED_AT: Final = re.compile(r"([^\s<>\"'(),:;=&?/]+)%40([A-Za-z0-9.-]+)", re.IGNORECASE)
_LOGIN: Final = re.compile(r"(?<=://)[^/@\s]*@(?=\S)")
# What stands in the addresses of pages that open something: see subscribers/pages and digest/web.
_TOKEN: Final = re.compile(r"(?<=/)(u|p|c|as|confirm|stay|move|me|undo|review|editions|feedback)/[\w.~%-]{8,}")
_NAMES: Final = r"api[-_]?key|access[-_]?key|secret[\w-]*|token|pass(?:word|wd)?|pwd|auth|code|sig(?:nature)?|u"
_IN_QUERY: Final = re.compile(rf"(?<=[?&])((?:{_NAMES}))=[^&#\s\"']+", re.IGNORECASE)
_NAMED: Final = re.compile(
    r"""(["']?(?:[\w-]*(?:api[-_]?key|secret|passw(?:or)?d|token|signature)[\w-]*)["']?\s*[:=]\s*["']?)"""
    r"""(?!None\b|null\b)[^\s"',;&}]{3,}""",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_OUR_KEY: Final = re.compile(r"\bdgst_[\w-]{6,}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u0085\u2028\u2029]")


class _About:
    """A piece of work and what it is about. A class, not a generator: it is entered twice for each call."""

    __slots__ = ("_before", "_fields")

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields
        self._before: Token[dict[str, object]] | None = None

    def __enter__(self) -> None:
        self._before = _ABOUT.set(_ABOUT.get() | self._fields)

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            _ABOUT.reset(self._before)


def about(**fields: object) -> AbstractContextManager[None]:
    """Let every line of the log say what it is about, while this lasts: of FIELDS, in this thread or task."""
    return _About(fields)


def clean(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text with addresses, tokens of links, keys and passwords masked. ``secrets``: those that are known."""
    for one in secrets:
        if one in text:
            text = text.replace(one, MASK)
    text = _LOGIN.sub(f"{MASK}@", text) if "://" in text else text
    text = _NAMED.sub(rf"\g<1>{MASK}", _IN_QUERY.sub(rf"\g<1>={MASK}", _BEARER.sub(rf"\g<1> {MASK}", text)))
    text = _OUR_KEY.sub(MASK, _TOKEN.sub(rf"\g<1>/{MASK}", text))
    if "@" in text:
        text = _ADDRESS.sub(lambda found: masked(found[0]), text)
    return _QUOTED_AT.sub(lambda found: masked(f"{found[1]}@{found[2]}"), text) if "%40" in text else text


class Masking(logging.Formatter):
    """Writes a record as one line of text: time, level, logger, message, and what it is about."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """``secrets``: values that must not stand in any line."""
        super().__init__()
        self._secrets = _spellings(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. A traceback follows on lines of its own."""
        said = " ".join(f"{name}={value}" for name, value in self.fields(record).items())
        head = f"{_time(record)} {record.levelname:<7} {self.masked(record.name)}: {self.message(record)}"
        line = f"{head} [{said}]" if said else head
        trouble = self.trouble(record)
        return f"{line}\n{trouble}" if trouble else line

    def message(self, record: logging.LogRecord) -> str:
        """Return the message on one line."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a wrong format string must not stop the work, nor show its values
            text = f"{record.msg} (its values do not fit)"
        return _CONTROL.sub(_escaped, self.masked(text).replace("\n", "\\n"))

    def masked(self, text: str) -> str:
        """Return a text without what nobody may read."""
        return clean(text, self._secrets)

    def trouble(self, record: logging.LogRecord) -> str:
        """Return the traceback, if there is one."""
        parts = [self.formatException(record.exc_info)] if record.exc_info else []
        parts += [record.stack_info] if record.stack_info else []
        return self.masked("\n".join(parts))

    def fields(self, record: logging.LogRecord) -> dict[str, str]:
        """Return what the record is about: what it says itself, else what the piece of work said."""
        known = _ABOUT.get() | {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        return {name: _id(str(known[name])) for name in FIELDS if known.get(name) is not None}


class Json(Masking):
    """Writes a record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": self.masked(record.name),
            "message": self.message(record),
            **self.fields(record),
        }
        trouble = self.trouble(record)
        return json.dumps(line | ({"trouble": trouble} if trouble else {}), ensure_ascii=False)


def set_up(
    form: str = "text", level: str = "info", secrets: Iterable[str] = (), stream: TextIO | None = None
) -> Callable[[str], None]:
    """Let everything be logged to standard error (or ``stream``) in one form, and return how to say a sentence.

    ``form``: text or json. A sentence stands on standard output as it is; where lines are JSON, it is one of them.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter((Json if form == "json" else Masking)(secrets))
    root = logging.getLogger()
    for one in list(root.handlers):
        if isinstance(one.formatter, Masking):  # of an earlier call in this process
            root.removeHandler(one)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # what libraries chat about stays out
    for name in ("digest", "subscribers", "uvicorn.access"):
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    return SAYS.info if form == "json" else _print


def secrets_of(*settings: BaseModel) -> list[str]:
    """Return every secret value that settings hold, at any depth, and the password in an address of theirs."""
    found: list[str] = []
    for one in settings:
        for name in type(one).model_fields:
            found += _secrets_in(getattr(one, name))
    return sorted(set(found), key=len, reverse=True)


def _secrets_in(value: object) -> list[str]:
    if isinstance(value, SecretStr):
        plain = value.get_secret_value()
        return [plain, *_secrets_in(plain), *plain.split(":")] if plain else []
    if isinstance(value, BaseModel):
        return secrets_of(value)
    if isinstance(value, dict):
        return [secret for one in value.values() for secret in _secrets_in(one)]
    if isinstance(value, list | tuple):
        return [secret for one in value for secret in _secrets_in(one)]
    found = re.search(r"://[^/@\s]*?:([^@\s]+)@", value) if isinstance(value, str) else None
    return [found[1]] if found else []


def _spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return secrets as they stand in a text, and as in an address; the longest first."""
    plain = {one for one in secrets if len(one) >= SHORTEST_SECRET}
    return tuple(sorted(plain | {quote(one, safe="") for one in plain}, key=len, reverse=True))


def _print(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - what a worker says to people


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id(value: str) -> str:
    """Return an id as it may stand in a line: it is not masked, and has nothing that ends it."""
    return re.sub(r"[^\w.:-]", "_", value)[:80]


def _escaped(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"
