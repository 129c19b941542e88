"""Takes in what came back after the sending: providers' events are applied, clicks are counted; says what was done."""

from datetime import datetime

from digest.database import Database
from digest.events import applying, counting
from subscribers import Keys


def take_in(database: Database, keys: Keys, now: datetime) -> list[str]:
    """Apply and count what is due; returns a sentence for each kind of thing that was done. Safe to repeat."""
    applied = applying.apply_due(database, keys, now)
    counted = counting.count_due(database, now)
    said = []
    if applied.applied:
        said.append(f"Events of providers: {applied.applied:,} applied.")
    if applied.waiting:
        said.append(f"Events of providers: {applied.waiting:,} put off, for their mail is not settled yet.")
    if counted != counting.Counted():
        again = f", {counted.again:,} again by the same visitor" if counted.again else ""
        said.append(f"Clicks counted: {counted.human:,} of people, {counted.machine:,} of machines{again}.")
    return said
