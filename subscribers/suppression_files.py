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

from sqlmodel import Session

from subscribers.addresses import masked, normalise
from subscribers.csv_files import Record, records
from subscribers.csv_rows import RowError
from subscribers.errors import BadAddress, BadFile
from subscribers.importing import SAMPLED, Chunk, Keep
from subscribers.keys import Keys
from subscribers.moments import moment_of
from subscribers.suppression import STRENGTH, suppress_keys, suppressed_among
from subscribers.systems import BANS, BOUNCED, BY_HAND, COMPLAINED, NOTHING
from subscribers.transactions import Transactions

CHUNK: Final = 5_000  # rows a transaction
KEPT_ERRORS: Final = 1_000
BAN_COLUMNS: Final = ("address", "reason", "at", "code")
_Ban = tuple[str, str, datetime]  # address, reason, since
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
    columns: tuple[tuple[str, str], ...] = ()  # their heading, ours ("" for none)
    sample: list[dict[str, str]] = field(default_factory=list)  # the first rows, masked

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
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    after: int = 0,
    most: int | None = None,
    keep: Keep | None = None,
    stop: Callable[[], bool] = lambda: False,
    on_header: Callable[[Sequence[str]], None] = lambda _: None,
    on_rows: Callable[[int], None] = lambda _: None,
    on_error: Callable[[RowError], None] = lambda _: None,
) -> BanReport:
    """Forbid mail to the addresses of a file, known or not; safe to repeat.

    ``reason``: hard_bounce, complaint or by_hand for all rows; else each row says it, or the file's name or columns
    do. ``at``: since when, for rows that do not say. ``mapping``: their column -> ours (one of BAN_COLUMNS, or ``-``).
    The rest as in ``importing.import_csv``. A stronger ban stays. Raises BadFile.
    """
    if reason and reason not in BANS:
        raise BadFile(f"{reason[:40]!r} is no reason. Write {', '.join(sorted(BANS))}.")
    rows = records(lines)
    header = next(rows, (1, []))[1]
    names = header if isinstance(header, list) else []
    plain = [name.strip().lstrip("\ufeff").casefold() for name in names]
    places = _places(plain, mapping or {})
    if "address" not in places:
        raise BadFile(f"The file's first line must name a column email or address. It has: {', '.join(names)}.")
    report = BanReport(_provider(plain), columns=ban_columns(names, mapping or {}))
    on_header(names)
    sheet = _Sheet(places, at, reason, "" if reason else _kind(plain, file_name))
    bans = islice(_bans(rows, sheet, after), most)
    while not stop() and (some := list(islice(bans, CHUNK))):
        chunk = Chunk(some[-1][0], len(some))
        wanted = _wanted(some, keys, chunk, report)
        with database.reading() if dry_run else database.writing() as session:
            _write(session, wanted, source, chunk, dry_run=dry_run)
            if keep is not None and not dry_run:
                keep(session, chunk)
        if keep is not None and dry_run:
            with database.writing() as session:
                keep(session, chunk)
        _settle(chunk, report, on_rows, on_error)
    return report


def _settle(
    chunk: Chunk, report: BanReport, on_rows: Callable[[int], None], on_error: Callable[[RowError], None]
) -> None:
    for name, count in chunk.counts.items():
        setattr(report, name, getattr(report, name) + count)
    report.errors += [replace(one, cells=()) for one in chunk.errors[: KEPT_ERRORS - len(report.errors)]]
    for one in chunk.errors:
        on_error(one)
    on_rows(chunk.rows)


def ban_columns(names: Sequence[str], mapping: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what the columns of a file are taken for: (their heading, ours); "" for none."""
    plain = [name.strip().lstrip("\ufeff").casefold() for name in names]
    try:
        meant = {place: ours for ours, place in _places(plain, mapping).items()}
    except BadFile:
        meant = {}
    return tuple((name, meant.get(place, "")) for place, name in enumerate(names))


def _places(headings: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Return where each of our columns stands. Raises BadFile for a mapping that makes no sense."""
    given = {their.strip().casefold(): our for their, our in mapping.items()}
    if wrong := [our for our in given.values() if our not in (*BAN_COLUMNS, NOTHING)]:
        raise BadFile(f"There is no column {wrong[0]!r} to map to. Ours are: {', '.join(BAN_COLUMNS)}.")
    if unused := given.keys() - set(headings):
        raise BadFile(f"The file has no column {min(unused)!r} to map. It has: {', '.join(headings)}.")
    meant = {place: given.get(name, _COLUMNS.get(name, NOTHING)) for place, name in enumerate(headings)}
    places: dict[str, int] = {}
    for place in sorted(meant, key=lambda one: (headings[one] not in given, one)):
        if meant[place] != NOTHING:
            places.setdefault(meant[place], place)
    return places


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


def _bans(rows: Iterable[Record], sheet: _Sheet, after: int) -> Iterator[tuple[int, _Ban | RowError | None]]:
    """Yield (line, what it says) of what comes after a line: a ban, an error, or None for what may pass."""
    for line, record in rows:
        if line <= after:
            continue
        if isinstance(record, str):
            yield line, RowError(line, record)
        elif any(record):
            yield line, _ban(line, record, sheet)


def _ban(line: int, record: Sequence[str], sheet: _Sheet) -> _Ban | RowError | None:
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
    rows: Iterable[tuple[int, _Ban | RowError | None]], keys: Keys, chunk: Chunk, report: BanReport
) -> dict[str, tuple[str, datetime]]:
    """Return address key -> (the strongest reason, since); counts the rest."""
    found: dict[str, tuple[str, datetime]] = {}
    for _, row in rows:
        if row is None:
            chunk.count("left_out")
        elif isinstance(row, RowError):
            chunk.count("failed")
            chunk.errors.append(row)
        else:
            address, why, since = row
            if len(report.sample) < SAMPLED:
                report.sample.append({"address": masked(address), "reason": why, "since": f"{since:%Y-%m-%d}"})
            key = keys.key_of(address.casefold())
            if key in found:
                chunk.count("unchanged")
            if key not in found or STRENGTH[why] > STRENGTH[found[key][0]]:
                found[key] = (why, since)
    return found


def _write(
    session: Session, found: Mapping[str, tuple[str, datetime]], source: str, chunk: Chunk, *, dry_run: bool
) -> None:
    """Write the bans that are new or stronger, unless this is a dry run; counts them."""
    here = suppressed_among(session, list(found)) if found else {}
    new = {key: one for key, one in found.items() if STRENGTH.get(here.get(key, ""), 0) < STRENGTH[one[0]]}
    if not dry_run:
        suppress_keys(session, [(key, why, since, source) for key, (why, since) in sorted(new.items())])
    chunk.counts["banned"] = len(new)
    chunk.counts["unchanged"] = chunk.counts.get("unchanged", 0) + len(found) - len(new)
