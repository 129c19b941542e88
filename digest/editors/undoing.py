"""Undo and redo of one's own changes, kept in the issue's history: what others changed since is never overwritten."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from digest.database import Database
from digest.editors.reading import Review
from digest.errors import Conflict, Refused
from digest.issues import editing
from digest.issues.edits import Edits
from digest.issues.models import IssueLog

UNDO: Final = "undo"
REDO: Final = "redo"
_MARK: Final = re.compile(r"(undo|redo): .*#(\d+)\Z", re.DOTALL)
MEANWHILE: Final = (
    "Somebody else changed the same thing since, so it stays as it is now. "
    "The history shows both, and can put either back."
)


def stacks(log: Sequence[IssueLog], who: str) -> tuple[list[IssueLog], list[IssueLog]]:
    """Return the changes of a person that can be undone, and those that can be done again; the next one last."""
    by_id = {one.id: one for one in log}
    undo: list[IssueLog] = []
    redo: list[IssueLog] = []
    for one in log:
        if one.who != who or not editing.is_change(one):
            continue
        mark = _MARK.match(one.what)
        if mark is None:
            undo, redo = [*undo, one], []
            continue
        source, target = (undo, redo) if mark[1] == UNDO else (redo, undo)
        entry = by_id.get(int(mark[2]))
        if entry in source:
            source.remove(entry)
            target.append(entry)
    return undo, redo


def step(database: Database, review: Review, which: str, *, version: int, who: str, at: datetime) -> str:
    """Undo or redo the latest of somebody's own changes; returns its name.

    Raises Refused where there is none, Conflict where others changed the same thing or the issue is another version.
    """
    undo, redo = stacks(review.log, who)
    found = undo if which == UNDO else redo
    if not found:
        raise Refused("There is nothing of yours to undo." if which == UNDO else "There is nothing to do again.")
    entry = found[-1]
    one, other = (entry.after, entry.before) if which == UNDO else (entry.before, entry.after)
    name = f"{which}: {entry.what} #{entry.id}"
    editing.change(
        database, review.issue.id, name, lambda edits: _applied(edits, one, other), version=version, who=who, at=at
    )
    return entry.what


def _applied(edits: Edits, there: Mapping[str, Any], back: Mapping[str, Any]) -> Edits:
    now = edits.model_dump()
    fields = {name: merged(now[name], there.get(name), back.get(name)) for name in {*there, *back}}
    return Edits.model_validate(now | fields)


def merged(now: Any, there: Any, back: Any) -> Any:
    """Return a value with one change taken back: what was ``back`` and became ``there``; the rest of ``now`` stays.

    Raises Conflict where it is neither any more.
    """
    if now in (there, back) or there == back:
        return back if now == there else now
    if isinstance(now, dict) and _is(dict, there) and _is(dict, back):
        there, back = there or {}, back or {}
        keys = [*now, *(key for key in (*there, *back) if key not in now)]
        found = {key: merged(now.get(key), there.get(key), back.get(key)) for key in dict.fromkeys(keys)}
        return {key: value for key, value in found.items() if value not in (None, "", {}, [])}
    if isinstance(now, list) and _is(list, there) and _is(list, back):
        came, went = set(there or ()) - set(back or ()), set(back or ()) - set(there or ())
        return sorted((set(now) - came) | went)
    raise Conflict(MEANWHILE)


def _is(kind: type, value: Any) -> bool:
    return value is None or isinstance(value, kind)
