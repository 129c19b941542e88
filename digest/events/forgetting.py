"""Retention: what providers told and what readers clicked is forgotten after RETENTION_DAYS.

What was sent to whom is not: deliveries keep a story from being sent twice, and the reports' counts. So are the figures
kept that events and clicks were turned into. What a batch was sealed with goes when the batch is settled, and sessions
at the desk when they are over; neither waits for this.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from digest.database import Database
from digest.events import clicking, intake
from digest.events.models import SoftBounce
from digest.sending.bulk import rowcount
from digest.sending.models import table

SOFT = table(SoftBounce)
KEPT: Final = timedelta(days=400)  # as long as the pages that a mail links to are shown


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows went."""

    events: int
    clicks: int
    soft_bounces: int


def forget(database: Database, now: datetime, kept: timedelta = KEPT) -> Forgotten:
    """Delete what is older than ``kept``, in short transactions; safe to repeat and to stop."""
    before = now - kept
    return Forgotten(
        events=intake.forget(database, before),
        clicks=clicking.forget(database, before),
        soft_bounces=_forget_soft_bounces(database, before),
    )


def _forget_soft_bounces(database: Database, before: datetime) -> int:
    """Delete the soft bounces that decide nothing any more."""
    old = SOFT.c.at < before
    with database.reading() as session:
        if session.execute(select(SOFT.c.subscriber_id).where(old).limit(1)).first() is None:
            return 0
    with database.writing() as session:
        return rowcount(session.execute(delete(SOFT).where(old)))
