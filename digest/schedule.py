"""Which run is due, worked out from wall times in a zone (pure), and the tick that acts on it.

Wall times are kept as the newsroom wrote them and turned into UTC late, so that "Monday 08:00 in Brussels" stays
that across clock changes. An hour that the spring change leaves out runs at the next full hour; one that comes
twice in autumn runs once (cronsim's rule, that of Debian's cron).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from digest.clock import as_utc_text
from digest.issues.models import Publication


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One coming run of a publication: instants in UTC, and what a person should know about its clock."""

    publication_id: str
    zone: str
    cutoff: datetime
    send: datetime
    note: str = ""

    def as_row(self) -> dict[str, str]:
        """Return it for people and machines: both zones, ISO 8601."""
        zone = ZoneInfo(self.zone)
        shown = "%a %d %b %Y %H:%M"
        return {
            "publication": self.publication_id,
            "cutoff": as_utc_text(self.cutoff),
            "cutoff_local": f"{self.cutoff.astimezone(zone).strftime(shown)} {self.zone}",
            "send": as_utc_text(self.send),
            "send_local": f"{self.send.astimezone(zone).strftime(shown)} {self.zone}",
            "note": self.note,
        }


def instants(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Yield the instants (UTC) at which a wall-time rule holds in a zone, each later than ``after``."""
    for moment in CronSim(cron, after.astimezone(ZoneInfo(zone))):
        yield moment.astimezone(UTC)


def next_runs(publication: Publication, now: datetime, count: int) -> list[PlannedRun]:
    """Return the next ``count`` runs whose cut-off is after ``now``."""
    cutoffs = instants(publication.cutoff, publication.zone, now)
    runs: list[PlannedRun] = []
    while len(runs) < count:
        run = _run(publication, next(cutoffs))
        runs.append(_with_clock_note(run, runs[-1] if runs else None, now))
    return runs


def last_cutoff(publication: Publication, now: datetime, since: datetime | None) -> PlannedRun | None:
    """Return the newest run whose cut-off has come, or None.

    ``since``: the cut-off of the last run that was started. Cut-offs that were missed in between are not caught
    up one by one: only the newest counts. Without ``since`` one year back is looked at, no further.
    """
    newest = None
    for cutoff in instants(publication.cutoff, publication.zone, since or now - timedelta(days=366)):
        if cutoff > now:
            break
        newest = cutoff
    return _run(publication, newest) if newest else None


def _run(publication: Publication, cutoff: datetime) -> PlannedRun:
    send = next(instants(publication.send, publication.zone, cutoff - timedelta(seconds=1)))
    return PlannedRun(publication.id, publication.zone, cutoff, send)


def _with_clock_note(run: PlannedRun, before: PlannedRun | None, now: datetime) -> PlannedRun:
    zone = ZoneInfo(run.zone)
    earlier = (before.send if before else now).astimezone(zone).utcoffset()
    here = run.send.astimezone(zone).utcoffset()
    if earlier == here or earlier is None or here is None:
        return run
    way = "forward" if here > earlier else "back"
    note = f"The clocks in {run.zone} go {way} before this run: it sends at {run.send:%H:%M} UTC."
    return PlannedRun(run.publication_id, run.zone, run.cutoff, run.send, note)
