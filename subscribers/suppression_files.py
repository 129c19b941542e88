"""Importing lists of addresses that must not be mailed, as email providers export them.

SendGrid (Suppressions, Export CSV): status, reason, email, created (seconds since 1970); spam reports and unsubscribes
without the first two; one file each, told apart by its name. Mailgun (documentation.mailgun.com, bounces, complaints
and unsubscribes, import): address, code, error, created_at; address, created_at; address, tags, created_at (RFC 2822).
Postmark (Suppressions API): EmailAddress, SuppressionReason (HardBounce, SpamComplaint, ManualSuppression), Origin,
CreatedAt. Amazon SES (ListSuppressedDestinations): EmailAddress, Reason (BOUNCE, COMPLAINT), LastUpdateTime.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final

from subscribers.addresses import normalise
from subscribers.csv_files import Record, records
from subscribers.csv_rows import RowError
from subscribers.errors import BadAddress, BadFile
from subscribers.keys import Keys
from subscribers.moments import moment_of
from subscribers.suppression import STRENGTH, suppress_keys, suppressed_among
from subscribers.systems import BANS, BOUNCED, BY_HAND, COMPLAINED
from subscribers.transactions import Transactions

CHUNK: Final = 5_000  # rows a transaction
KEPT_ERRORS: Final = 1_000
_PROVIDERS: Final = (  # the headings by which each is recognised
    ("postmark", frozenset({"emailaddress", "suppressionreason"})),
    ("ses", frozenset({"emailaddress", "lastupdatetime"})),
    ("sendgrid", frozenset({"email", "created"})),
    ("mailgun", frozenset({"address", "created_at"})),
)
_COLUMNS: Final = {
    **dict.fromkeys(("email", "address", "emailaddress", "email address", "e-mail", "recipient"), "address"),
    **dict.fromkeys(("reason", "suppressionreason", "type"), "reason"),
    **dict.fromkeys(("created", "created_at", "createdat", "lastupdatetime", "date"), "at"),
    **dict.fromkeys(("status", "code"), "code"),
}
_WORDS: Final = {
    **dict.fromkeys(("hardbounce", "bounce", "bounced", "invalid", "invalidemail", "cleaned"), BOUNCED),
    **dict.fromkeys(("complaint", "complained", "spam", "spamcomplaint", "spamreport", "abuse"), COMPLAINED),
    **dict.fromkeys(("byhand", "manual", "manualsuppression", "unsubscribe", "unsubscribed", "blocklisted"), BY_HAND),
}
_NAMES: Final = (
    *(("spam", COMPLAINED), ("complain", COMPLAINED), ("unsub", BY_HAND)),
    *(("bounce", BOUNCED), ("invalid", BOUNCED)),
)
_PASSING: Final = re.compile(r"4\d\d|4\.\d+\.\d+")  # RFC 3463: a persistent transient failure


@dataclass
class BanReport:
    """What an import of bans did; every row is counted once."""

    system: str = ""  # sendgrid, mailgun, postmark, ses or plain
    banned: int = 0
    unchanged: int = 0  # banned already, or another row said it
    left_out: int = 0  # what may pass: a code 4xx
    failed: int = 0
    errors: list[RowError] = field(default_factory=list)  # the first of them

    @property
    def rows(self) -> int:
        """Return how many rows were read."""
        return self.banned + self.unchanged + self.left_out + self.failed


def suppress_csv(
    database: Transactions,
    keys: Keys,
    lines: Iterable[str],
    *,
    at: datetime,
    source: str,
    file_name: str = "",
    reason: str = "",
    on_rows: Callable[[int], None] = lambda _: None,
    on_error: Callable[[RowError], None] = lambda _: None,
) -> BanReport:
    """Forbid mail to the addresses of a file, known or not; safe to repeat.

    ``reason``: hard_bounce, complaint or by_hand for all rows; else each row says it, or the file's name or columns
    do. ``at``: since when, for rows that do not say. A stronger ban stays. Raises BadFile.
    """
    if reason and reason not in BANS:
        raise BadFile(f"{reason[:40]!r} is no reason. Write {', '.join(sorted(BANS))}.")
    source_rows = records(lines)
    header = next(source_rows, (1, []))[1]
    headings = [name.strip().lstrip("\ufeff").casefold() for name in header] if isinstance(header, list) else []
    places = {_COLUMNS[name]: place for place, name in reversed(list(enumerate(headings))) if name in _COLUMNS}
    if "address" not in places:
        raise BadFile(f"The file's first line must name a column email or address. It has: {', '.join(headings)}.")
    report = BanReport(_provider(headings))
    bans = _bans(source_rows, _Sheet(places, at, reason, "" if reason else _kind(headings, file_name)))
    while chunk := list(islice(bans, CHUNK)):
        _write(database, _wanted(chunk, keys, report, on_error), source, report)
        on_rows(len(chunk))
    return report


def _provider(headings: Sequence[str]) -> str:
    return next((name for name, needs in _PROVIDERS if needs <= set(headings)), "plain")


def _kind(headings: Sequence[str], file_name: str) -> str:
    """Return why the addresses of a file must not be mailed, as its name or columns say; "" where neither does."""
    plain = file_name.casefold()
    named = next((reason for part, reason in _NAMES if part in plain), "")
    if named or "tags" in headings:
        return named or BY_HAND
    return BOUNCED if {"code", "error"} <= set(headings) else ""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where a file's columns stand, and what holds where a row does not say."""

    places: Mapping[str, int]
    at: datetime
    reason: str  # for all rows
    otherwise: str  # for rows that do not say

    def cell(self, record: Sequence[str], name: str) -> str:
        """Return a cell; "" where the row has none."""
        place = self.places.get(name, len(record))
        return record[place].strip() if place < len(record) else ""


def _bans(rows: Iterable[Record], sheet: _Sheet) -> Iterator[tuple[str, str, datetime] | RowError | None]:
    """Yield (address, reason, since), an error, or None for what may pass."""
    for line, record in rows:
        if isinstance(record, str):
            yield RowError(line, record)
        elif any(record):
            yield _ban(line, record, sheet)


def _ban(line: int, record: Sequence[str], sheet: _Sheet) -> tuple[str, str, datetime] | RowError | None:
    word = re.sub(r"[^a-z]", "", sheet.cell(record, "reason").casefold())
    why = sheet.reason or _WORDS.get(word, sheet.otherwise)
    if _PASSING.fullmatch(sheet.cell(record, "code")):
        return None
    if not why:
        said = "The file does not say why the address must not be mailed. Say it with --reason hard_bounce."
        return RowError(line, said, tuple(record))
    when = sheet.cell(record, "at")
    try:
        since = min(moment_of(when), sheet.at) if when else sheet.at
        return normalise(sheet.cell(record, "address")), why, since
    except BadAddress as error:
        return RowError(line, str(error), tuple(record))
    except ValueError:
        return RowError(line, f"{when[:40]!r} is not a date. Write 2026-11-24.", tuple(record))


def _wanted(
    chunk: Iterable[tuple[str, str, datetime] | RowError | None],
    keys: Keys,
    report: BanReport,
    on_error: Callable[[RowError], None],
) -> dict[str, tuple[str, datetime]]:
    """Return address key -> (the strongest reason, since); counts the rest."""
    found: dict[str, tuple[str, datetime]] = {}
    for row in chunk:
        if row is None:
            report.left_out += 1
        elif isinstance(row, RowError):
            report.failed += 1
            if len(report.errors) < KEPT_ERRORS:
                report.errors.append(replace(row, cells=()))
            on_error(row)
        else:
            address, why, since = row
            key = keys.key_of(address.casefold())
            report.unchanged += key in found
            if key not in found or STRENGTH[why] > STRENGTH[found[key][0]]:
                found[key] = (why, since)
    return found


def _write(database: Transactions, found: Mapping[str, tuple[str, datetime]], source: str, report: BanReport) -> None:
    if not found:
        return
    with database.writing() as session:
        here = suppressed_among(session, list(found))
        new = {key: one for key, one in found.items() if STRENGTH.get(here.get(key, ""), 0) < STRENGTH[one[0]]}
        suppress_keys(session, [(key, why, since, source) for key, (why, since) in sorted(new.items())])
    report.banned += len(new)
    report.unchanged += len(found) - len(new)
