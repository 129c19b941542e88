"""The desk behind a password: sign in, the list of issues, and each issue's page with the buttons one's role allows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from digest import users
from digest.bootstrap import App
from digest.editors import skipping
from digest.errors import DigestError
from digest.users import Role
from digest.web import review_pages as pages
from digest.web.acting import Form, form_of, status_of, which
from digest.web.gate import ELSEWHERE, Gate, asked, page
from digest.web.limiting import Limiter
from digest.web.review_pages import Seen
from digest.web.templates import environment
from subscribers.pages import BOTH_WAYS

MOST_SECONDS: Final = int(users.WHOLE.total_seconds())
_WRONG: Final = "Nobody works here by this address and password."
_MANY: Final = "Too many tries came from here. Wait ten minutes."

Act = Callable[[Seen], Response]


def router(app: App, limiter: Limiter, gate: Gate) -> APIRouter:
    """Return the routes under /desk."""
    doors = _Desk(app, limiter, gate)
    made = APIRouter(prefix="/desk")
    for path, show in (("", doors.issues), ("/sign-in", doors.ask), ("/issues/{number}", doors.issue)):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/issues/{number}/{tap}/{article}", doors.ask_tap, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/live.js", _live, methods=BOTH_WAYS, response_model=None)
    for path, act in (
        ("/sign-in", doors.sign_in),
        ("/sign-out", doors.sign_out),
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
    app: App
    limiter: Limiter
    gate: Gate

    def ask(self, next: str = "/desk") -> Response:  # noqa: A002 - the name in the address
        """Show the form to sign in."""
        return self._form(next_of(next))

    def sign_in(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Begin a session where address and password are somebody's."""
        address, after = form.get("address", ""), next_of(form.get("next", ""))
        if not self.gate.is_ours(request):
            return self._form(after, notice=ELSEWHERE, status=HTTPStatus.FORBIDDEN)
        client = request.client.host if request.client else "-"
        if not (self.limiter(f"sign-in {client}") and self.limiter(f"sign-in-as {address.strip().casefold()[:254]}")):
            return self._form(after, address=address, notice=_MANY, status=HTTPStatus.TOO_MANY_REQUESTS)
        with self.app.database.reading() as session:
            user = users.prove(session, address, form.get("password", ""))
        if user is None:
            return self._form(after, address=address, notice=_WRONG, status=HTTPStatus.FORBIDDEN)
        with self.app.database.writing() as session:
            token = users.sign_in(session, user, self.app.clock.now())
        return self._with_cookie(RedirectResponse(after, HTTPStatus.SEE_OTHER), token, MOST_SECONDS)

    def sign_out(self, request: Request) -> Response:
        """End the session."""
        if not self.gate.is_ours(request):
            return self._form("/desk", notice=ELSEWHERE, status=HTTPStatus.FORBIDDEN)
        with self.app.database.writing() as session:
            users.sign_out(session, request.cookies.get(self.gate.cookie, ""))
        return self._with_cookie(RedirectResponse("/desk/sign-in", HTTPStatus.SEE_OTHER), "", 0)

    def issues(self, request: Request) -> Response:
        """Show every issue, and the runs ahead."""
        user = self.gate.user(request)
        return self.gate.list(user) if user else self.gate.sign_in_first(request)

    def skip(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Leave a planned sending out, or let it run after all."""
        user = self.gate.user(request)
        if user is None or not self.gate.is_ours(request):
            return self.gate.sign_in_first(request)
        try:
            self.gate.demand(user, Role.approver, "leave a sending out")
            with self.app.database.writing() as session:
                undo = form.get("undo") == "yes"
                done = skipping.skip(session, form.get("publication", ""), form.get("day", ""), undo=undo)
        except DigestError as error:
            return self.gate.list(user, notice=str(error), status=status_of(error))
        return self.gate.list(user, done=" ".join(done.sentences))

    def issue(self, number: str, request: Request, edition: str = "") -> Response:
        """Show an issue as it is now; change nothing."""
        return self.gate.answer(number, request, partial(pages.whole, edition=edition))

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

    def _form(
        self, after: str, *, address: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> HTMLResponse:
        with self.app.database.reading() as session:
            nobody = not users.all_users(session)
        return page("sign_in", status, **asked(after=after, address=address, notice=notice, nobody=nobody))

    def _with_cookie(self, answer: Response, token: str, seconds: int) -> Response:
        answer.set_cookie(
            self.gate.cookie, token, max_age=seconds, path="/", secure=self.gate.is_safe, httponly=True, samesite="lax"
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _live() -> Response:
    """Answer with the script that keeps a sending's page up to date."""
    source = environment().get_template("desk/live.js").render()
    return Response(source, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


def next_of(text: str) -> str:
    """Return where to go after signing in: a page of the desk and nothing else, or we would send people anywhere."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and "//" not in text and ".." not in text
    return text if plain and (text == "/desk" or text.startswith("/desk/")) else "/desk"
