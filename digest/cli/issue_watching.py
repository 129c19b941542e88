"""``digest issues status --watch``: a sending as it goes, line by line, until it is done, held or stopped."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from digest.bootstrap import App

SECONDS = 1.0
IN_FLIGHT = ("scheduled", "freezing", "sending")


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a sending stood at an instant."""

    at: datetime
    number: int
    status: str
    held: str
    counts: dict[str, int]
    a_minute: float
    through: datetime | None
    waits: str  # what waits, and for what

    @property
    def is_under_way(self) -> bool:
        """Return whether there is more to come by itself."""
        return self.status in IN_FLIGHT and not self.held

    def to_json(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "at": self.at.isoformat(),
            "number": self.number,
            "status": self.status,
            "held": self.held,
            "deliveries": self.counts,
            "a_minute": round(self.a_minute),
            "through": self.through.isoformat() if self.through else None,
            "waiting": self.waits,
        }

    def sentence(self) -> str:
        """Return it for people, on one line."""
        whole, some = sum(self.counts.values()), [f"{count:,} {state}" for state, count in self.counts.items() if count]
        parts = [f"{', '.join(some)} of {whole:,}" if whole else f"is {self.status}"]
        if self.a_minute:
            parts.append(f"{self.a_minute:,.0f} a minute")
        if self.through:
            parts.append(f"all of these by {self.through:%H:%M:%S} UTC")
        return f"{self.at:%H:%M:%S}  {' · '.join(parts)}"


def watch(app: "App", issue_id: UUID, *, as_json: bool) -> None:
    """Print a line each second in which something changed (as JSON: each second), until nothing comes by itself."""
    last = waits = ""
    one: Seen | None = None
    for one in _seen(app, issue_id):
        if as_json:
            print(json.dumps(one.to_json(), sort_keys=True), flush=True)
            continue
        line = one.sentence()
        if line[8:] != last:
            print(line, flush=True)
            last = line[8:]
        if one.waits not in ("", waits):
            waits = one.waits
            print(f"          {waits}", flush=True)
    if one is not None and not as_json:
        print(f"HELD: {one.held}" if one.held else f"Issue {one.number} is {one.status}.")


def _seen(app: "App", issue_id: UUID) -> Iterator[Seen]:
    """Yield how it stands, a second apart; the last one is that of the end."""
    while True:
        one = look(app, issue_id)
        yield one
        if not one.is_under_way:
            return
        app.clock.sleep(SECONDS)


def look(app: "App", issue_id: UUID) -> Seen:
    """Return how a sending stands now."""
    from digest.editors import watching
    from digest.issues.drafting import find
    from digest.sending import ledger, waiting

    with app.database.reading() as session:
        issue, now = find(session, issue_id), app.database.now(session)
        left = waiting.of_issue(session, issue.number, now, app.settings.provider.value, app.limits)
        found = watching.pace(session, issue.number, left.due + left.claimed, now)
        return Seen(
            at=now,
            number=issue.number,
            status=str(issue.status),
            held=issue.held,
            counts=ledger.counts(session, issue.number),
            a_minute=found.a_minute,
            through=found.through,
            waits=left.sentence(now) if issue.status in IN_FLIGHT and not left.due else "",
        )
