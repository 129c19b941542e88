"""What the desk's pages of imports show of a file, and what their forms say is to be done with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from digest.errors import BadInput
from digest.web.consent_day import agreed_on
from subscribers import (
    BAN_COLUMNS,
    BANS,
    BUSY,
    COLUMNS,
    IN_WORDS,
    NOTHING,
    SYSTEMS,
    BanReport,
    Brought,
    Choice,
    ImportReport,
    ListData,
)

Fields = Mapping[str, Sequence[str]]
MOST_COLUMNS: Final = 120
LONGEST: Final = 300
NO_DAY: Final = "Write the day on which they agreed as 2026-11-24."
LONGEST_WORDING: Final = 2_000
COLUMN_NAMES: Final = {
    "address": "the address",
    "name": "the name",
    "first_name": "the first name",
    "last_name": "the last name",
    "language": "the language",
    "lists": "the lists",
    "status": "how they stand",
    "reason": "why",
    "consent_at": "when they agreed",
    "consent_source": "where they agreed",
    "opted_at": "when they asked",
    "left_at": "when they left",
    "bounced_at": "when it bounced",
    "changed_at": "when it changed",
    "network": "the network they agreed from",
    "zone": "the time zone",
    "at": "since when",
    "code": "the bounce’s code",
    NOTHING: "not looked at",
}
READER_COUNTS: Final = (
    ("new", "new readers"),
    ("updated", "known, with something new"),
    ("unchanged", "known, nothing new"),
    ("stay_off", "of the known: left here what the file would give them, and stay off"),
    ("suppressed", "must not be mailed: not touched"),
    ("banned", "bounced or complained there: no mail goes there from here either"),
    ("repeated", "the same person once more"),
    ("left_out", "never asked for mail: left out"),
    ("unconfirmed", "of the people: wait unconfirmed, for want of a consent’s source and date"),
    ("ended", "of the people: left there, kept as ended"),
    ("warned", "of the rows: taken, but for a part"),
    ("failed", "broken rows"),
)
BAN_COUNTS: Final = (
    ("banned", "addresses that no mail goes to from now on"),
    ("unchanged", "were so already"),
    ("left_out", "failed only for a while: left out"),
    ("failed", "broken rows"),
)


def line(one: Brought) -> dict[str, Any]:
    """Return a file as the list of files shows it."""
    done = int(one.counts.get("rows", 0))
    return {
        "id": str(one.id),
        "name": one.name,
        "who": one.who,
        "what": "readers" if one.kind == "readers" else "no mail to these",
        "state": IN_WORDS[one.state],
        "size": f"{one.size / 1e6:,.1f} MB" if one.size >= 100_000 else f"{one.size / 1e3:,.1f} kB",  # noqa: PLR2004
        "rows": f"{one.rows:,}",
        "done": f"{done:,}",
        "at": f"{one.created_at:%Y-%m-%d %H:%M} UTC",
        "busy": one.state in BUSY,
        "level": {"done": "green", "failed": "red"}.get(one.state, "amber"),
    }


def progress(one: Brought, now: datetime) -> dict[str, Any]:
    """Return how far a file is, and who is at it."""
    done = int(one.counts.get("rows", 0))
    waits = one.state in BUSY and (one.lease_until is None or one.lease_until < now)
    return {
        "share": min(100, round(100 * done / max(1, one.rows))),
        "waits": waits,
        "waits_long": waits and (now - one.changed_at).total_seconds() > 60,  # noqa: PLR2004 - a worker looks every 2 s
        "counts": counts(one.kind, one.counts),
        "counted": counts(one.kind, one.counted),
        "failed": int(one.counts.get("failed", 0)),
        "has_broken": one.broken > 0,
    }


def counts(kind: str, found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return counts as a page shows them: (how many, of what), those that are none left out."""
    if not found:
        return []
    named = READER_COUNTS if kind == "readers" else BAN_COUNTS
    rows = [("rows", "rows")] if "rows" in found else []
    return [
        (f"{int(found.get(name, 0)):,}", words) for name, words in (*rows, *named) if found.get(name) or name == "rows"
    ]


def preview(one: Brought, report: ImportReport | BanReport, known: Sequence[ListData]) -> dict[str, Any]:
    """Return what a page shows of a file's first rows, and the fields of its form."""
    ours = COLUMNS if one.kind == "readers" else BAN_COLUMNS
    numbers = {name: getattr(report, name) for name, _ in (READER_COUNTS if one.kind == "readers" else BAN_COUNTS)}
    seen: set[str] = set()
    columns = []
    for place, (heading, meant) in enumerate(report.columns[:MOST_COLUMNS]):
        plain = heading.strip().casefold()
        columns.append({"place": place, "heading": heading, "meant": meant or NOTHING, "again": plain in seen})
        seen.add(plain)
    unknown = getattr(report, "unknown", {})
    title = SYSTEMS[report.system].title if report.system in SYSTEMS else report.system.capitalize()
    return {
        "title": title,
        "read": f"{report.rows:,}",
        "partly": report.rows < one.rows,
        "counts": counts(one.kind, numbers | {"rows": report.rows}) if report.rows else [],
        "sample": report.sample,
        "columns": columns,
        "ours": [(name, COLUMN_NAMES[name]) for name in (NOTHING, *ours)],
        "unknown": [{"name": name, "rows": f"{rows:,}"} for name, rows in sorted(unknown.items())],
        "errors": [{"line": error.line, "message": error.message} for error in report.errors[:10]],
        "lists": [data for data in known if data.open],
    }


def choice(form: Fields, one: Brought, headings: Sequence[str], now: datetime) -> Choice:
    """Return what a form chooses. Raises BadInput."""
    said = {name: values[-1].strip() for name, values in form.items()}
    if one.kind != "readers":
        reason = said.get("reason", "")
        if reason and reason not in BANS:
            raise BadInput("The form names no reason that we know. Open the page again.")
        return Choice(mapping=_mapping(said, headings), reason=reason)
    system = said.get("system", "")
    if system and system not in SYSTEMS:
        raise BadInput("The form names no system that we know. Open the page again.")
    anew = system != one.choice.system  # its columns mean something else: what the form says of them is of before
    mapping = {} if anew else _mapping(said, headings)
    lists = list(form.get("lists", []))
    if lists:
        mapping = {their: NOTHING if our == "lists" else our for their, our in mapping.items()}
    return Choice(
        system=system,
        mapping=mapping,
        values=dict(one.choice.values) | _values(said),
        lists=lists,
        consent_at=agreed_on(day, now, NO_DAY) if (day := said.get("consent_day", "")) else None,
        consent_source=" ".join(said.get("consent_source", "").split())[:LONGEST],
        wording=said.get("wording", "")[:LONGEST_WORDING],
        confirmed=said.get("unconfirmed") != "yes",
    )


def _mapping(said: Mapping[str, str], headings: Sequence[str]) -> dict[str, str]:
    """Return heading -> ours, as the form says. Raises BadInput where two are to be the same."""
    known = {*COLUMNS, *BAN_COLUMNS, NOTHING}
    mapping: dict[str, str] = {}
    for place, heading in enumerate(headings[:MOST_COLUMNS]):
        ours = said.get(f"column:{place}", "")
        if ours in known:
            mapping.setdefault(heading.strip().casefold(), ours)
    taken = [ours for ours in mapping.values() if ours != NOTHING]
    twice = next((ours for ours in taken if taken.count(ours) > 1), "")
    if twice:
        raise BadInput(f"Two columns are said to be {COLUMN_NAMES[twice]}. Choose one of them.")
    return mapping


def _values(said: Mapping[str, str]) -> dict[str, str]:
    """Return what names in the column of lists mean, of those that the form says it of."""
    named = {name.removeprefix("name:"): value for name, value in said.items() if name.startswith("name:")}
    return {name: said[f"value:{place}"] for place, name in named.items() if said.get(f"value:{place}")}
