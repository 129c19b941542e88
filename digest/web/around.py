"""What every page of the desk shows around its content: the pages one may open, and sendings to be called back.

The gate says who looks, once for each request; the page that is made in the end asks here. So no page can forget it.
"""

from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, select

from digest import users
from digest.bootstrap import App
from digest.editors import times
from digest.issues.models import Issue, IssueStatus, Publication
from digest.rendering.wording import clean
from digest.users import Role, User

_LOOKING: Final[ContextVar[tuple[App, User] | None]] = ContextVar("looking", default=None)
_SHORT: Final = timedelta(seconds=90)  # from here on minutes are said


def looks(app: App, user: User) -> None:
    """Note who looks, for the request under way."""
    _LOOKING.set((app, user))


def values() -> dict[str, Any]:
    """Return what ``desk/base.html`` shows besides a page's own content; for who is not signed in, nothing."""
    looking = _LOOKING.get()
    if looking is None:
        return {"may_operate": False, "may_stop": False, "leaving": ()}
    app, user = looking
    with app.database.reading() as session:
        window = timedelta(minutes=app.settings.undo_minutes)
        shown = leaving(session, app.clock.now(), window)
    return {"may_operate": users.may(user, Role.operator), "may_stop": users.may(user, Role.approver), "leaving": shown}


def leaving(session: Session, at: datetime, window: timedelta) -> tuple[dict[str, str], ...]:
    """Return the issues that leave within the time in which a sending can be called back (ruling 20)."""
    soon = (col(Issue.undo_until) > at, col(Issue.undo_until) <= at + window, Issue.held == "")
    query = select(Issue, Publication).join(Publication, col(Publication.id) == Issue.publication_id)
    found = session.exec(query.where(Issue.status == IssueStatus.scheduled, *soon).order_by(col(Issue.undo_until)))
    return tuple(
        {
            "number": str(issue.number),
            "name": clean(publication.name),
            "left": _span(issue.undo_until - at),
            "when": times.when(issue.undo_until, publication.zone),
        }
        for issue, publication in found
        if issue.undo_until
    )


def _span(left: timedelta) -> str:
    return f"{max(1, round(left.total_seconds()))} seconds" if left < _SHORT else times.span(left)
