"""The desk's page of what happened to an issue and what is said about it: nothing of it is ever taken out."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest.editors import chronicle
from digest.errors import BadInput, DigestError
from digest.issues import comments, editing
from digest.web import review_pages as pages
from digest.web.acting import Form, form_of, version_of
from digest.web.gate import Gate
from digest.web.review_pages import Seen
from subscribers.pages import BOTH_WAYS

_NUMBER: Final = 18  # digits of a number that a database can hold


def router(gate_: Gate) -> APIRouter:
    """Return the routes under /desk/issues/{number}/history."""
    doors = _History(gate_)
    made = APIRouter(prefix="/desk/issues/{number}/history")
    made.add_api_route("", doors.show, methods=BOTH_WAYS, response_model=None)
    for name, act in (("comment", doors.comment), ("resolve", doors.resolve), ("restore", doors.restore)):
        made.add_api_route(f"/{name}", act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _History:
    gate: Gate

    def show(self, number: str, request: Request, story: str = "") -> Response:
        """Show the history and the comments; ``story``: whom a new comment is about."""
        return self.gate.answer(number, request, partial(_page, story=story))

    def comment(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Add a comment."""
        return self.gate.changed(number, request, partial(self._comment, form=form))

    def resolve(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Call a comment settled."""
        return self.gate.changed(number, request, partial(self._resolve, form=form))

    def restore(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Put a change back."""
        return self.gate.changed(number, request, partial(self._restore, form=form))

    def _comment(self, seen: Seen, form: Form) -> Response:
        app, text = self.gate.app, form.get("text", "")
        try:
            about = _story(form.get("story", ""))
            with app.database.writing() as session:
                comments.add(session, seen.review.issue, text, who=seen.who, at=app.clock.now(), article=about)
        except BadInput as error:
            return _page(seen, notice=str(error), typed=text)
        return _page(seen, done="Said.")

    def _resolve(self, seen: Seen, form: Form) -> Response:
        app = self.gate.app
        with app.database.writing() as session:
            comments.resolve(session, seen.review.issue, _number(form, "comment"), who=seen.who, at=app.clock.now())
        return _page(seen, done="Settled.")

    def _restore(self, seen: Seen, form: Form) -> Response:
        app, version = self.gate.app, version_of(form)
        try:
            editing.restore(
                app.database,
                seen.review.issue.id,
                _number(form, "entry"),
                who=seen.who,
                at=app.clock.now(),
                version=version,
            )
        except DigestError as error:
            return _page(self.gate.acts.again(seen), notice=str(error))
        return _page(self.gate.acts.again(seen, make=True), done="Put back. The editions are made anew.")


def _page(seen: Seen, *, story: str = "", done: str = "", notice: str = "", typed: str = "") -> HTMLResponse:
    with seen.app.database.reading() as session:
        said = comments.of_issue(session, seen.review.issue)
    about = seen.review.recipe.by_id.get(story)
    values = {
        "entries": chronicle.entries(seen.review),
        "comments": chronicle.comments(seen.review, said),
        "story": story if about else "",
        "about": about.headline if about else "",
        "typed": typed,
        "most": comments.LONGEST,
        "done": done,
        "notice": notice,
    }
    return pages.of_issue("history", seen, HTTPStatus.CONFLICT if notice else HTTPStatus.OK, values)


def _story(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadInput("That is no story of this issue.") from error


def _number(form: Form, name: str) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= _NUMBER):
        raise BadInput("The form does not say which one. Open the page again.")
    return int(text)
