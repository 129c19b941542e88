"""The desk's list of issues, and each issue's page with the buttons one's role allows."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from digest.editors import skipping
from digest.users import Role, User
from digest.web import review_pages as pages
from digest.web.acting import Form, form_of, which
from digest.web.gate import Gate
from digest.web.templates import environment
from subscribers.pages import BOTH_WAYS


def router(gate: Gate) -> APIRouter:
    """Return the routes under /desk."""
    doors = _Desk(gate)
    made = APIRouter(prefix="/desk")
    for path, show in (
        ("", doors.issues),
        ("/issues/{number}", doors.issue),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/issues/{number}/{tap}/{article}", doors.ask_tap, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/live.js", _live, methods=BOTH_WAYS, response_model=None)
    for path, act in (
        ("/skip", doors.skip),
        ("/issues/{number}/check", doors.check),
        ("/issues/{number}/approve", doors.approve),
        ("/issues/{number}/send", doors.send),
        ("/issues/{number}/{tap}/{article}", doors.tap),
    ):
        made.add_api_route(path, act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Desk:
    gate: Gate

    def issues(self, request: Request) -> Response:
        """Show every issue, and the runs ahead."""
        return self.gate.enter(request, self.gate.list)

    def skip(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Leave a planned sending out, or let it run after all."""
        act = partial(self._skip, form=form)
        return self.gate.enter(request, act, Role.approver, "leave a sending out", changes=True)

    def issue(self, number: str, request: Request, edition: str = "", face: str = "light", width: str = "") -> Response:
        """Show an issue as it is now; change nothing."""
        return self.gate.answer(number, request, partial(pages.whole, edition=edition, face=face, width=width))

    def ask_tap(self, number: str, tap: str, article: str, request: Request) -> Response:
        """Show the one button, and what it would do; change nothing."""
        return self.gate.answer(number, request, lambda seen: pages.tap(seen, *which(tap, article)))

    def tap(
        self, number: str, tap: str, article: str, request: Request, form: Annotated[Form, Depends(form_of)]
    ) -> Response:
        """Do what the button said."""
        return self.gate.changed(number, request, partial(self.gate.acts.act, form=form, tap=tap, article=article))

    def check(self, number: str, request: Request) -> Response:
        """Make the editions anew, and check them."""
        return self.gate.changed(number, request, self.gate.acts.check)

    def approve(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Approve what was looked at."""
        return self.gate.changed(number, request, partial(self.gate.acts.approve, form=form), Role.approver)

    def send(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Send what is approved and whose hour is over."""
        return self.gate.changed(number, request, partial(self.gate.acts.send, form=form), Role.approver)

    def _skip(self, user: User, form: Form) -> Response:
        undo = form.get("undo") == "yes"
        with self.gate.app.database.writing() as session:
            known: Any = {"undo": undo, "who": user.address, "at": self.gate.app.clock.now()}
            done = skipping.skip(session, form.get("publication", ""), form.get("day", ""), **known)
        return self.gate.list(user, done=" ".join(done.sentences))


def _live() -> Response:
    """Answer with the script that keeps a sending's page up to date."""
    source = environment().get_template("desk/live.js").render()
    return Response(source, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})
