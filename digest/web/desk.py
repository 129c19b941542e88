"""The desk behind a password: sign in, the list of issues, and each issue's page with the buttons one's role allows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from digest import users
from digest.bootstrap import App
from digest.editors import listing, skipping
from digest.editors.links import Door
from digest.errors import DigestError, Refused
from digest.issues import finding
from digest.users import Role, User
from digest.web import review_pages as pages
from digest.web.acting import Acts, Form, form_of, of_our_page, status_of, which
from digest.web.limiting import Limiter
from digest.web.review_pages import Seen
from digest.web.templates import environment
from subscribers.pages import BOTH_WAYS

COOKIE: Final = "digest_desk"
SAFE_COOKIE: Final = f"__Host-{COOKIE}"  # over https no other host can set it
MOST_SECONDS: Final = int(users.WHOLE.total_seconds())
_WRONG: Final = "Nobody works here by this address and password."
_MANY: Final = "Too many tries came from here. Wait ten minutes."
_ELSEWHERE: Final = "This did not come from our own page. Open the desk again."

Act = Callable[[Seen], Response]


def router(app: App, limiter: Limiter) -> APIRouter:
    """Return the routes under /desk."""
    doors = _Desk(app, limiter, Acts(app))
    made = APIRouter(prefix="/desk")
    for path, show in (("", doors.issues), ("/sign-in", doors.ask), ("/issues/{number}", doors.issue)):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/issues/{number}/{tap}/{article}", doors.ask_tap, methods=BOTH_WAYS, response_model=None)
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
    acts: Acts

    def ask(self, next: str = "/desk") -> Response:  # noqa: A002 - the name in the address
        """Show the form to sign in."""
        return self._form(next_of(next))

    def sign_in(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Begin a session where address and password are somebody's."""
        address, after = form.get("address", ""), next_of(form.get("next", ""))
        if not self._is_ours(request):
            return self._form(after, notice=_ELSEWHERE, status=HTTPStatus.FORBIDDEN)
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
        if not self._is_ours(request):
            return self._form("/desk", notice=_ELSEWHERE, status=HTTPStatus.FORBIDDEN)
        with self.app.database.writing() as session:
            users.sign_out(session, request.cookies.get(self._cookie, ""))
        return self._with_cookie(RedirectResponse("/desk/sign-in", HTTPStatus.SEE_OTHER), "", 0)

    def issues(self, request: Request) -> Response:
        """Show every issue, and the runs ahead."""
        user = self._user(request)
        return self._list(user) if user else self._sign_in_first(request)

    def skip(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Leave a planned sending out, or let it run after all."""
        user = self._user(request)
        if user is None or not self._is_ours(request):
            return self._sign_in_first(request)
        try:
            self._demand(user, Role.approver, "leave a sending out")
            with self.app.database.writing() as session:
                undo = form.get("undo") == "yes"
                done = skipping.skip(session, form.get("publication", ""), form.get("day", ""), undo=undo)
        except DigestError as error:
            return self._list(user, notice=str(error), status=status_of(error))
        return self._list(user, done=" ".join(done.sentences))

    def issue(self, number: str, request: Request, edition: str = "") -> Response:
        """Show an issue as it is now; change nothing."""
        return self._answer(number, request, partial(pages.whole, edition=edition))

    def ask_tap(self, number: str, tap: str, article: str, request: Request) -> Response:
        """Show the one button, and what it would do; change nothing."""
        return self._answer(number, request, lambda seen: pages.tap(seen, *which(tap, article)))

    def tap(
        self, number: str, tap: str, article: str, request: Request, form: Annotated[Form, Depends(form_of)]
    ) -> Response:
        """Do what the button said."""
        return self._changed(number, request, partial(self.acts.act, form=form, tap=tap, article=article))

    def check(self, number: str, request: Request) -> Response:
        """Make the editions anew, and check them."""
        return self._changed(number, request, self.acts.check)

    def approve(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Approve what was looked at."""
        return self._changed(number, request, partial(self.acts.approve, form=form), Role.approver)

    def send(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Send what is approved and whose hour is over."""
        return self._changed(number, request, partial(self.acts.send, form=form), Role.approver)

    def _changed(self, number: str, request: Request, act: Act, role: Role = Role.editor) -> Response:
        if not self._is_ours(request):
            return self._form("/desk", notice=_ELSEWHERE, status=HTTPStatus.FORBIDDEN)
        return self._answer(number, request, act, role)

    def _answer(self, number: str, request: Request, act: Act, role: Role = Role.editor) -> Response:
        """Let who is signed in look at an issue, or act on it; or say what is wrong."""
        user = self._user(request)
        if user is None:
            return self._sign_in_first(request)
        try:
            seen = self._seen(number, user)
        except DigestError as error:
            return self._list(user, notice=str(error), status=status_of(error))
        try:
            self._demand(user, role, "approve or send an issue")
            return act(seen)
        except DigestError as error:
            return pages.refused(seen, str(error), status_of(error))

    def _seen(self, number: str, user: User) -> Seen:
        with self.app.database.reading() as session:
            issue = finding.issue(session, number)
        door = Door(f"{self.app.settings.base_url}/desk/issues/{issue.number}")
        return Seen(
            self.app,
            door,
            user.address,
            self.acts.read(issue.id),
            at_desk=True,
            may_approve=users.may(user, Role.approver),
        )

    @staticmethod
    def _demand(user: User, role: Role, what: str) -> None:
        if not users.may(user, role):
            raise Refused(f"You are {user.role} here; to {what} one has to be {role}. An operator can change that.")

    def _user(self, request: Request) -> User | None:
        """Return who is signed in, and note now and then that they are here."""
        token, now = request.cookies.get(self._cookie, ""), self.app.clock.now()
        with self.app.database.reading() as session:
            found = users.signed_in(session, token, now) if token else None
        if found is None:
            return None
        user, held = found
        if users.is_to_note(held, now):
            with self.app.database.writing() as session:
                users.note_use(session, held, now)
        return user

    def _list(
        self, user: User, *, done: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> HTMLResponse:
        at = self.app.clock.now()
        with self.app.database.reading() as session:
            values = {"lines": listing.lines(session, at), "planned": listing.runs_ahead(session, at)}
        return _page("issues", status, at_desk=True, who=user.address, done=done, notice=notice, **values)

    def _form(
        self, after: str, *, address: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> HTMLResponse:
        with self.app.database.reading() as session:
            nobody = not users.all_users(session)
        given = {"next": after, "address": address[: users.LONGEST_ADDRESS], "notice": notice, "nobody": nobody}
        return _page("sign_in", status, at_desk=True, who="", **given)

    def _sign_in_first(self, request: Request) -> Response:
        after = request.url.path if request.method in BOTH_WAYS else "/desk"
        return RedirectResponse(f"/desk/sign-in?next={quote(after)}", HTTPStatus.SEE_OTHER)

    def _is_ours(self, request: Request) -> bool:
        return of_our_page(request.headers, self.app.settings.base_url)

    @property
    def _cookie(self) -> str:
        return SAFE_COOKIE if self._is_safe else COOKIE

    @property
    def _is_safe(self) -> bool:
        return self.app.settings.base_url.startswith("https://")

    def _with_cookie(self, answer: Response, token: str, seconds: int) -> Response:
        answer.set_cookie(
            self._cookie, token, max_age=seconds, path="/", secure=self._is_safe, httponly=True, samesite="lax"
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def next_of(text: str) -> str:
    """Return where to go after signing in: a page of the desk and nothing else, or we would send people anywhere."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and "//" not in text and ".." not in text
    return text if plain and (text == "/desk" or text.startswith("/desk/")) else "/desk"


def _page(template: str, status: HTTPStatus, **values: Any) -> HTMLResponse:
    body = environment().get_template(f"desk/{template}.html").render(values)
    headers = {"Content-Security-Policy": pages.policy(), "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return HTMLResponse(body, status_code=status, headers=headers)
