"""When editors are waited for, and how instants are said to them: in the publication's zone and in UTC. Pure."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from digest.issues.models import Issue, Publication
from digest.schedule import review_of

_MINUTES: Final = 120  # from here on hours are said


def deadline(publication: Publication, issue: Issue) -> datetime | None:
    """Return until when editors may look: the end of the review, at the latest the sending. None: no hour is set."""
    return review_of(publication, issue.as_of, issue.send_at) if issue.send_at else None


def day(publication: Publication, issue: Issue) -> str:
    """Return the day an issue is of, as in a subject: 24 Nov."""
    return short_day(issue.send_at or issue.as_of, publication.zone)


def short_day(moment: datetime, zone: str) -> str:
    """Return the day of an instant in a zone, as in a subject: 24 Nov."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b}"


def when(moment: datetime, zone: str) -> str:
    """Return an instant in a zone and in UTC: Tue 24 Nov, 09:00 in Europe/Brussels (08:00 UTC)."""
    local = moment.astimezone(ZoneInfo(zone))
    if local.utcoffset() == timedelta(0):
        return f"{local:%a} {local.day} {local:%b, %H:%M} UTC"
    other = "" if local.date() == moment.date() else f"{moment:%a} "
    return f"{local:%a} {local.day} {local:%b, %H:%M} in {zone} ({other}{moment:%H:%M} UTC)"


def span(length: timedelta) -> str:
    """Return how long that is, roughly: 45 minutes, 3 hours, 2 days."""
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < _MINUTES:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours = minutes // 60
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"  # noqa: PLR2004 - two days
