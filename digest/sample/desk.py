"""Sets the demo's desk up: somebody who may do everything there, and next week's issue as a draft to play with."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from digest import schedule, users
from digest.bootstrap import App
from digest.issues import drafting, lifecycle, publications
from digest.issues.models import Issue
from digest.proofs import making, relaxed
from digest.rendering.urls import Urls
from digest.sample import newsroom

WEEK: Final = timedelta(days=7)
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
GROUPS, EACH = 4, 5


@dataclass(frozen=True, slots=True)
class Desk:
    """How one gets in, and what lies on the desk."""

    url: str
    address: str
    password: str
    issue: Issue
    issue_url: str


def set_up(app: App) -> Desk:
    """Let the demo's editor in, with a fresh password, and draft next week's issue where no draft is open.

    Safe to repeat: each time there is another password, and edits stay.
    """
    password = fresh_password()
    with app.database.reading() as session:
        known = any(one.address == newsroom.EDITOR for one in users.all_users(session))
    with app.database.writing() as session:
        if known:
            users.set_password(session, newsroom.EDITOR, password)
        else:
            users.add(session, newsroom.EDITOR, users.Role.operator, password, app.clock.now())
    issue = _next_week(app)
    url = f"{app.settings.base_url}/desk"
    return Desk(url, newsroom.EDITOR, password, issue, f"{url}/issues/{issue.number}")


def fresh_password() -> str:
    """Return a password of random letters in groups: 99 bits, and easy to copy."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(EACH)) for _ in range(GROUPS))


def _next_week(app: App) -> Issue:
    """Return the first issue after the sample's that is open, with its editions made.

    Its stories are those of the sample that the sent issue had no room for: they are carried over (ruling 1).
    """
    name, as_of = newsroom.PUBLICATIONS[0]["id"], newsroom.CUTOFF
    while True:
        as_of += WEEK
        issue = drafting.draft(app.database, name, as_of=as_of, at=app.clock.now(), pictures=app.cut_pictures)
        if issue.status in lifecycle.UNAPPROVED:
            return _with_its_hour(app, issue)


def _with_its_hour(app: App, issue: Issue) -> Issue:
    """Give a draft the hour of the next run, if it has none that is to come, and make its editions."""
    now = app.clock.now()
    with app.database.writing() as session:
        stored = drafting.find(session, issue.id)
        coming = schedule.next_runs(publications.get(session, issue.publication_id), now, 1)
        if coming and (stored.send_at is None or stored.send_at <= now):
            stored.send_at = coming[0].send
            session.add(stored)
    with app.database.reading() as session:
        missing = making.stored_proof(session, drafting.find(session, issue.id)) is None
    if missing:
        urls = Urls(app.settings.base_url, app.keys)
        making.make_proof(app.database, issue.id, urls=urls, at=now, relaxed=relaxed.names(app.settings))
    with app.database.reading() as session:
        found = drafting.find(session, issue.id)
        session.expunge(found)
    return found
