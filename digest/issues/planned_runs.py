"""The runs of a publication, worked out from wall times in a zone. Pure.

A run is a cut-off with the sending after it: the first wall time of ``send`` at or after the cut-off. A cut-off that
another one follows before its sending is no run, so every sending has one cut-off, the last before it.
Its day is the date of the sending as the zone's calendar writes it; skip dates and every n-th run go by that.
Every n-th: days from ``starts_on`` for a daily, weeks of seven days from ``starts_on`` for a weekly, counted in the
calendar, whatever the clocks do; a skipped run keeps its count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from digest.clock import as_utc_text
from digest.issues.models import Publication
from digest.issues.wall_times import MISSING, Moment, first_from, moments, offset

HORIZON = timedelta(days=5 * 366)  # who has no run for so long has none
UNITS = {"weekly": (7, "week"), "daily": (1, "day")}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a publication: instants in UTC, and what a person should know about it."""

    publication_id: str
    zone: str
    cutoff: datetime
    review: datetime  # until then editors look at the draft
    remind: datetime  # then those are reminded who have not approved
    send: datetime
    day: date  # of the sending, in the zone
    why_not: str = ""  # why it does not happen; "" where it does
    notes: tuple[str, ...] = ()
    following: datetime | None = None  # the cut-off after this one

    @property
    def note(self) -> str:
        """Return what a person should know, in one line."""
        return " ".join(self.notes)

    def as_row(self) -> dict[str, Any]:
        """Return it for people and machines: both zones, ISO 8601."""
        zone = ZoneInfo(self.zone)
        row: dict[str, Any] = {"publication": self.publication_id, "day": self.day.isoformat()}
        for name in ("cutoff", "review", "remind", "send"):
            at = getattr(self, name)
            row[name] = as_utc_text(at)
            row[f"{name}_local"] = f"{at.astimezone(zone):%a %d %b %Y %H:%M} {self.zone}"
        return row | {"runs": not self.why_not, "why_not": self.why_not, "note": self.note}


def planned(publication: Publication, after: datetime) -> Iterator[PlannedRun]:
    """Yield the runs whose cut-off is later than ``after``, those that do not happen with the reason.

    Ends after five years, or where neither cut-off nor sending ever comes again.
    """
    cutoffs = moments(publication.cutoff, publication.zone, after)
    sends = moments(publication.send, publication.zone, after)
    cutoff, send, before = next(cutoffs, None), next(sends, None), offset(after, publication.zone)
    while cutoff is not None and cutoff.at <= after + HORIZON:
        following = next(cutoffs, None)
        while send is not None and send.at < cutoff.at:
            send = next(sends, None)
        if send is None:
            return
        run = _run(publication, cutoff, send, following, before)
        yield run
        if not run.why_not:
            before = offset(send.at, publication.zone)
        cutoff = following


def on_day(publication: Publication, day: date, *, but_skipped: bool = False) -> PlannedRun | None:
    """Return the run that is sent on a date of the zone's calendar; None if there is none.

    ``but_skipped``: a run that does not happen only because this date is one of the skip dates counts, too.
    """
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(publication.zone))
    text = day.isoformat()
    kept = [one for one in publication.skip_dates if not (but_skipped and one == text)]
    asked = Publication.model_validate(publication.model_dump() | {"skip_dates": kept})
    for run in planned(asked, start - timedelta(days=35)):  # a sending comes before the next cut-off, a month at most
        if run.day == day and not run.why_not:
            return run
        if run.cutoff > start + 2 * _DAY:
            return None
    return None


def review_of(publication: Publication, cutoff: datetime, send: datetime) -> datetime:
    """Return until when editors look at a draft: the first wall time of ``review`` after the cut-off, else the send."""
    found = first_from(publication.review, publication.zone, cutoff) if publication.review else None
    return min(found.at, send) if found else send


def _run(
    publication: Publication, cutoff: Moment, send: Moment, following: Moment | None, before: timedelta
) -> PlannedRun:
    review = review_of(publication, cutoff.at, send.at)
    overtaken = following is not None and following.at <= send.at
    return PlannedRun(
        publication_id=publication.id,
        zone=publication.zone,
        cutoff=cutoff.at,
        review=review,
        remind=max(cutoff.at, review - timedelta(minutes=publication.remind_minutes)),
        send=send.at,
        day=send.wall.date(),
        why_not="another cut-off comes before its sending" if overtaken else _why_not(publication, send.wall.date()),
        notes=tuple(_notes(publication.zone, cutoff, send, before)),
        following=following.at if following else None,
    )


def _why_not(publication: Publication, day: date) -> str:
    """Return why there is no run on a day; "" if there is."""
    start = date.fromisoformat(publication.starts_on) if publication.starts_on else None
    if start is not None and day < start:
        return f"it starts on {start}"
    length, unit = UNITS[publication.cadence]
    if start is not None and publication.every > 1:
        number = (day - start).days // length
        if number % publication.every:
            return f"it runs every {publication.every} {unit}s from {start}; this is {unit} {number + 1}"
    return "it is a skip date" if day.isoformat() in publication.skip_dates else ""


def _notes(zone: str, cutoff: Moment, send: Moment, before: timedelta) -> Iterator[str]:
    here = offset(send.at, zone)
    if here != before:
        way = "forward" if here > before else "back"
        yield f"The clocks in {zone} go {way} before this run: it sends at {send.at:%H:%M} UTC."
    for name, one in (("cut-off", cutoff), ("sending", send)):
        if one.odd == MISSING:
            there = one.at.astimezone(ZoneInfo(zone))
            yield f"{one.wall:%H:%M} does not exist on {one.wall.date()} in {zone}: the {name} is at {there:%H:%M}."
        elif one.odd:
            yield f"{one.wall:%H:%M} comes twice on {one.wall.date()} in {zone}: the {name} is at the first of both."
    if send.wall.date() - cutoff.wall.date() > _DAY:
        yield f"It sends {(send.wall.date() - cutoff.wall.date()).days} days after its cut-off."
