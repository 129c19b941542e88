"""A newsroom with one weekly, and what a test does to it as time goes by."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from digest import ticking
from digest.bootstrap import App
from digest.clock import StillClock
from digest.issues.models import Issue, Publication, Run
from digest.issues.runs import BEFORE
from digest.proofs import approval, making
from digest.rendering.urls import Urls
from tests.sending import approved

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # the cut-off; the hour of sending is 08:00
EIGHT = MONDAY + timedelta(hours=2)
DAY = timedelta(days=1)
WEEK = 7 * DAY


def go_to(app: App, moment: datetime) -> None:
    """Set the clock."""
    assert isinstance(app.clock, StillClock)
    app.clock.at = moment


def change(app: App, **values: object) -> None:
    """Change the publication."""
    with app.database.writing() as session:
        publication = session.get_one(Publication, approved.FAMILY)
        for name, value in values.items():
            setattr(publication, name, value)


def issues(app: App) -> list[Issue]:
    with app.database.reading() as session:
        return list(session.exec(select(Issue)))


def runs(app: App) -> list[Run]:
    """Return the rows of all runs, less the note that the publication was looked at."""
    with app.database.reading() as session:
        return [run for run in session.exec(select(Run)) if run.outcome != BEFORE]


def approve(app: App, issue: Issue) -> None:
    at = app.clock.now()
    proof = making.make_proof(
        app.database, issue.id, urls=Urls(app.settings.base_url, app.keys), at=at, relaxed=app.means.relaxed
    )
    accepted = {check.code: "seen" for check in proof.checks if check.level == "amber"}
    approval.approve(app.database, issue.id, who="nino", at=at, accepted=accepted)


def whats(app: App) -> list[str]:
    """Do one pass; returns what kinds of things happened."""
    return [event.what for event in ticking.happenings(app.means)]


def a_week_later(app: App, number: int = 1) -> None:
    """Publish fresh articles for another Monday, and go to its cut-off."""
    monday = MONDAY + number * WEEK
    approved.articles(app.database, monday - 5 * timedelta(hours=6), prefix=f"week{number}")
    go_to(app, monday)
