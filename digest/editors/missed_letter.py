"""Words the mail and the alarm about cut-offs at which no issue was drafted. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from digest.clock import as_utc_text
from digest.editors import times
from digest.editors.links import Door
from digest.editors.writing import Letter, sentence, short, written
from digest.issues.models import Publication, Run

RESTORED: Final = "restored"  # the first word of the outcome of such a run
LISTED: Final = 10  # cut-offs named one by one


def letter(publication: Publication, runs: Sequence[Run], stuck: str, base_url: str) -> Letter:
    """Write to an editor which cut-offs brought no issue, and what to do. ``stuck``: why one cannot be drafted yet."""
    last = max(runs, key=lambda one: one.planned_at)
    day = times.short_day(last.planned_at, publication.zone)
    if stuck:
        subject = f"[Stuck] {publication.name}, {day}: {short(stuck)}"
    elif len(runs) == 1:
        subject = f"[Missed] {publication.name}, {day}: nothing was drafted"
    else:
        subject = f"[Missed] {publication.name}: {len(runs)} cut-offs without an issue"
    values = {
        "name": publication.name,
        "day": day,
        "over": "No issue",
        "over_text": "no issue",
        "door": Door(f"{base_url.rstrip('/')}/desk"),
        "title": subject,
        "lines": _lines(publication, runs, stuck),
        "button": "Look at the next runs",
        "private": False,
        "checks": (),
        "tally": "",
        "commands": _commands(publication, runs, stuck),
    }
    return written(subject, "note", values)


def message(publication: Publication, runs: Sequence[Run], stuck: str) -> dict[str, Any]:
    """Return what is posted to ALERT_URL: ``text`` in a sentence or two, and the same in fields for machines."""
    return {
        "text": f"{publication.name}: {' '.join(_lines(publication, runs, stuck))}",
        "kind": "stuck" if stuck else "late",
        "publication": publication.id,
        "cutoffs": [as_utc_text(one.planned_at) for one in runs],
        "command": f"digest schedule {publication.id}",
    }


def _lines(publication: Publication, runs: Sequence[Run], stuck: str) -> list[str]:
    cutoffs = [times.when(one.planned_at, publication.zone) for one in runs]
    grace = f"{publication.grace_hours:g} hours"
    if stuck:
        until = f"It is tried again at each pass, until it is late by {grace}. Nothing is sent while there is no draft."
        return [f"The issue of the cut-off of {cutoffs[0]} cannot be drafted: {sentence(stuck)}", until]
    late = [when for when, one in zip(cutoffs, runs, strict=True) if is_late(one)]
    lost = [when for when, one in zip(cutoffs, runs, strict=True) if one.outcome.startswith(RESTORED)]
    stood_for = [when for when in cutoffs if when not in (*late, *lost)]
    lines = []
    if lost:
        lines.append(
            f"The cut-off of {_listed(lost)} came before the database was restored from a backup: its issue may have "
            "gone out, and nobody here knows. Nothing is drafted or sent for it by itself."
        )
    if late:
        never = "Nothing was drafted, and nothing is sent for it."
        lines.append(f"No issue came of the cut-off of {_listed(late)}: it was over by more than {grace}. {never}")
    if stood_for:
        lines.append(f"Nobody was at work at the cut-off of {_listed(stood_for)}. The newest cut-off stands for it.")
    return [*lines, "See that digest worker runs, or that digest tick is called often enough."]


def is_late(run: Run) -> bool:
    """Tell whether nothing stands for a run: it was found when its grace was over."""
    return run.outcome.startswith("late")


def _listed(cutoffs: Sequence[str]) -> str:
    shown = "; ".join(cutoffs[-LISTED:])
    more = len(cutoffs) - LISTED
    return f"{shown}; and {more} earlier ones" if more > 0 else shown


def _commands(publication: Publication, runs: Sequence[Run], stuck: str) -> tuple[str, ...]:
    wanted = runs[-1:] if stuck else [one for one in runs if is_late(one)][-1:]
    drafts = [f"digest issues draft {publication.id} --at {one.planned_at:%Y-%m-%dT%H:%MZ}" for one in wanted]
    return (*drafts, f"digest schedule {publication.id}")
