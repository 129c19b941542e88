"""The desk's page of the schedule: the runs of all publications, four weeks ahead and four weeks back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session, col, select

from digest import users
from digest.editors import listing, skipping, times
from digest.errors import DigestError
from digest.issues import lifecycle, publications
from digest.issues.models import Issue, Run
from digest.issues.runs import BEFORE
from digest.rendering.wording import clean
from digest.users import Role, User
from digest.web.acting import Form, form_of, status_of
from digest.web.gate import Gate, page_for
from subscribers.pages import BOTH_WAYS

BACK: Final = timedelta(days=28)
MOST: Final = 200  # past runs that are listed


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/schedule."""
    doors = _Schedule(gate_)
    made = APIRouter(prefix="/desk/schedule")
    made.add_api_route("", doors.show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/skip", doors.skip, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Schedule:
    gate: Gate

    def show(self, request: Request) -> Response:
        """Show what is planned, and what became of what was."""
        return self.gate.enter(request, self._show)

    def skip(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Leave a planned sending out, or let it run after all."""
        act = partial(self._skip, form=form)
        return self.gate.enter(request, act, Role.approver, "leave a sending out", changes=True)

    def _show(
        self, user: User, *, done: list[str] | None = None, notice: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> HTMLResponse:
        at = self.gate.app.clock.now()
        with self.gate.app.database.reading() as session:
            values = {"runs": listing.runs_ahead(session, at), "past": _past(session, at)}
        said = {"done": done or [], "notice": notice, "may_skip": users.may(user, Role.approver)}
        return page_for(user, "schedule", status, **values | said)

    def _skip(self, user: User, form: Form) -> HTMLResponse:
        known: dict[str, Any] = {
            "undo": form.get("undo") == "yes",
            "who": user.address,
            "at": self.gate.app.clock.now(),
        }
        try:
            with self.gate.app.database.writing() as session:
                done = skipping.skip(session, form.get("publication", ""), form.get("day", ""), **known)
        except DigestError as error:
            return self._show(user, notice=str(error), status=status_of(error))
        return self._show(user, done=done.sentences)


def _past(session: Session, at: datetime) -> list[dict[str, Any]]:
    """Return the runs of the last four weeks, the newest first, and what became of each."""
    statement = select(Run).where(col(Run.planned_at) > at - BACK, Run.outcome != BEFORE)
    rows = session.exec(statement.order_by(col(Run.planned_at).desc(), Run.publication_id).limit(MOST)).all()
    named = {one.id: one for one in publications.all_publications(session)}
    ids = [row.issue_id for row in rows if row.issue_id]
    issues = {one.id: one for one in session.exec(select(Issue).where(col(Issue.id).in_(ids))).all()}
    found = []
    for row in rows:
        one, issue = named[row.publication_id], issues.get(row.issue_id) if row.issue_id else None
        word, _, reason = row.outcome.partition(":")
        found.append(
            {
                "publication": one.id,
                "name": clean(one.name),
                "cutoff": times.when(row.planned_at, one.zone),
                "send": times.when(row.send_at, one.zone),
                "outcome": word or "begun",
                "reason": clean(reason),
                "number": issue.number if issue else 0,
                "status": lifecycle.stands(issue) if issue else "",
                "held": clean(issue.held) if issue else "",
            }
        )
    return found
