"""How imports of readers are told: in sentences and as JSON."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subscribers import BanReport, ImportReport, RowError

SHOWN_ERRORS = 20
COUNTS = (
    *("rows", "new", "updated", "unchanged", "suppressed", "banned", "repeated", "left_out", "failed"),
    *("unconfirmed", "ended", "stay_off", "warned"),
)
TITLES = {"plain": "a plain file", "mailchimp": "Mailchimp", "ghost": "Ghost", "substack": "Substack"}


@dataclass
class Done:
    """What became of one file."""

    file: Path
    report: "ImportReport"
    errors: Path | None


def in_json(done: Sequence[Done]) -> dict[str, Any]:
    """Return the sums over all files, what was wrong, and each file's own numbers."""
    sums = {name: sum(getattr(one.report, name) for one in done) for name in COUNTS}
    return sums | {
        "errors": [error for one in done for error in _messages(one.report.errors)],
        "warnings": [error for one in done for error in _messages(one.report.warnings)],
        "ignored_columns": [name for one in done for name in one.report.ignored_columns],
        "files": [
            {name: getattr(one.report, name) for name in COUNTS}
            | {"file": str(one.file), "system": one.report.system, "columns": dict(one.report.columns)}
            | {"sample": one.report.sample}
            for one in done
        ],
    }


def _messages(errors: Sequence["RowError"]) -> list[dict[str, Any]]:
    return [{"line": one.line, "message": one.message} for one in errors]


def say(done: Sequence[Done], *, dry_run: bool) -> None:
    """Print what became of each file."""
    for one in done:
        title = TITLES.get(one.report.system, one.report.system)
        print(f"{one.file}: read as {title}.{' Nothing was written.' if dry_run else ''}")
        if dry_run:
            _say_preview(one.report)
        _say_report(one.report, one.errors)
    if len(done) > 1:
        rows, failed = (sum(getattr(one.report, name) for one in done) for name in ("rows", "failed"))
        print(f"Together: {rows:,} rows, {failed:,} not imported.")


def _say_preview(report: "ImportReport") -> None:
    print("  its column                what it becomes")
    for their, our in report.columns:
        print(f"  {their[:24]:24}  {our or '- (not looked at)'}")
    for row in report.sample:
        print("  " + " · ".join(filter(None, row.values())))


def _say_report(report: "ImportReport", errors: Path | None) -> None:
    more = f", {report.left_out:,} left out (they never asked for mail)" if report.left_out else ""
    more += f", {report.banned:,} banned (they bounced or complained)" if report.banned else ""
    print(
        f"{report.rows:,} rows: {report.new:,} new, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.repeated:,} repeated, {report.suppressed:,} suppressed{more}, {report.failed:,} not imported."
    )
    if report.ended:
        print(f"{report.ended:,} of these people left, as the file says: they are kept as ended, and not mailed.")
    if report.stay_off:
        print(f"{report.stay_off:,} people had left here what the file would give them: it stays ended.")
    if report.unconfirmed:
        print(f"{report.unconfirmed:,} people wait unconfirmed: their rows lack a consent's source and date.")
    if report.ignored_columns:
        print(f"Columns not looked at: {', '.join(report.ignored_columns)}. Map them with --map if they matter.")
    _say_lines(report.warnings, report.warned, "more warnings")
    _say_lines(report.errors, report.failed, "more")
    if errors is not None:
        print(f"The rows that were not imported stand in {errors}, each with its reason.", file=sys.stderr)


def _say_lines(errors: Sequence["RowError"], count: int, word: str) -> None:
    for one in errors[:SHOWN_ERRORS]:
        print(f"  line {one.line}: {one.message}", file=sys.stderr)
    if count > SHOWN_ERRORS:
        print(f"  ... and {count - SHOWN_ERRORS:,} {word}", file=sys.stderr)


def bans_in_json(report: "BanReport") -> dict[str, Any]:
    """Return what an import of bans did."""
    counts = {name: getattr(report, name) for name in ("rows", "banned", "unchanged", "left_out", "failed", "system")}
    return counts | {"errors": _messages(report.errors)}


def say_bans(report: "BanReport") -> None:
    """Print what an import of bans did."""
    print(
        f"{report.rows:,} rows: {report.banned:,} addresses are banned now, {report.unchanged:,} were already, "
        f"{report.left_out:,} only failed for a while, {report.failed:,} could not be read."
    )
    _say_lines(report.errors, report.failed, "more")
