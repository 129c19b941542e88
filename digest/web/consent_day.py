"""Reads the day on which somebody agreed, as the desk's forms have it."""

from datetime import UTC, date, datetime, time

from digest.errors import BadInput


def agreed_on(text: str, now: datetime, unread: str) -> datetime:
    """Return noon (UTC) of a day written as 2026-11-24, at the latest now.

    Raises BadInput: ``unread`` where it is no day, and of a day to come.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(unread) from error
    if day > now.date():
        raise BadInput(f"{day} lies in the future: nobody can have agreed then.")
    return min(now, datetime.combine(day, time(12), UTC))
