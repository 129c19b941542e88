"""How one signs in at the desk: password, second factor, session; and what one can change of that."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

import segno
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from digest import users
from digest.errors import BadInput
from digest.users import User
from digest.web import openid
from digest.web.acting import Form, form_of
from digest.web.gate import ELSEWHERE, Gate, page_for
from digest.web.limiting import Limiter
from digest.web.review_pages import page
from digest.web.templates import PRODUCT
from subscribers.errors import BadToken
from subscribers.pages import BOTH_WAYS

SECOND: Final = "second"  # of the proof that the password was right
SECOND_FOR: Final = timedelta(minutes=5)
MOST_SECONDS: Final = int(users.WHOLE.total_seconds())
_WRONG: Final = "Nobody works here by this address and password."
_NO_PASSWORDS: Final = "Nobody signs in with a password here."
MANY: Final = "Too many tries came from here. Wait ten minutes."


def router(gate: Gate, limiter: Limiter) -> APIRouter:
    """Return the routes /desk/sign-in, /desk/second, /desk/me and /desk/sign-out."""
    doors = SignIn(gate, limiter)
    made = APIRouter(prefix="/desk")
    for path, show in (("/sign-in", doors.ask), ("/me", doors.me)):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    for path, act in (
        ("/sign-in", doors.sign_in),
        ("/second", doors.second),
        ("/me", doors.set_me),
        ("/sign-out", doors.sign_out),
    ):
        made.add_api_route(path, act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class SignIn:
    """The doors of those routes."""

    gate: Gate
    limiter: Limiter

    def ask(self, next: str = "/desk") -> Response:  # noqa: A002 - the name in the address
        """Show the form to sign in."""
        return self.form(next_of(next))

    def sign_in(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Begin a session where address and password are somebody's."""
        address, after = form.get("address", ""), next_of(form.get("next", ""))
        if not self.gate.is_ours(request):
            return self.form(after, notice=ELSEWHERE, status=HTTPStatus.FORBIDDEN)
        if self._only_openid:
            return self.form(after, notice=_NO_PASSWORDS, status=HTTPStatus.FORBIDDEN)
        client = request.client.host if request.client else "-"
        if not (self.limiter(f"sign-in {client}") and self.limiter(f"sign-in-as {address.strip().casefold()[:254]}")):
            return self.form(after, address=address, notice=MANY, status=HTTPStatus.TOO_MANY_REQUESTS)
        with self.gate.app.database.reading() as session:
            user = users.prove(session, address, form.get("password", ""))
        if user is None:
            return self.form(after, address=address, notice=_WRONG, status=HTTPStatus.FORBIDDEN)
        if user.second:
            return self._ask_second(user.address, after)
        return self.begin(user, after)

    def second(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Begin a session where the code of the second factor is right; the password was before."""
        after, now = next_of(form.get("next", "")), self.gate.app.clock.now()
        if not self.gate.is_ours(request):
            return self.form(after, notice=ELSEWHERE, status=HTTPStatus.FORBIDDEN)
        if self._only_openid:
            return self.form(after, notice=_NO_PASSWORDS, status=HTTPStatus.FORBIDDEN)
        try:
            address = self.gate.app.keys.read(form.get("proof", ""), SECOND, now).subscriber
        except BadToken:
            return self.form(after, notice="That took too long. Begin again.", status=HTTPStatus.FORBIDDEN)
        if not self.limiter(f"sign-in-as {address}"):
            return self.form(after, notice=MANY, status=HTTPStatus.TOO_MANY_REQUESTS)
        with self.gate.app.database.writing() as session:
            user = users.prove_second(session, address, form.get("code", ""), now)
        if user is None:
            return self._ask_second(address, after, "That code is not right, or was used. Take the next one.")
        return self.begin(user, after)

    def _ask_second(self, address: str, after: str, notice: str = "") -> Response:
        until = self.gate.app.clock.now() + SECOND_FOR
        proof = self.gate.app.keys.sign(SECOND, subscriber=address, family="desk", expires=until)
        status = HTTPStatus.FORBIDDEN if notice else HTTPStatus.OK
        return page("second", status, at_desk=True, who="", proof=proof, next=after, notice=notice)

    def begin(self, user: User, after: str) -> Response:
        """Begin a session for somebody who proved who they are."""
        with self.gate.app.database.writing() as session:
            token = users.sign_in(session, user, self.gate.app.clock.now())
        return self._with_cookie(RedirectResponse(after, HTTPStatus.SEE_OTHER), token, MOST_SECONDS)

    def me(self, request: Request) -> Response:
        """Show how one signs in, with a fresh secret for a second factor."""
        return self.gate.enter(request, self._me)

    def set_me(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Turn the second factor on or off, or take another password."""
        return self.gate.enter(request, partial(self._set_me, form=form), changes=True)

    def _me(self, user: User, done: str = "", notice: str = "", secret: str = "") -> Response:
        settings = self.gate.app.settings
        ways = {"openid": openid.name(settings), "linked": bool(user.openid), "by_password": not settings.openid_only}
        fresh = secret or users.new_second()
        picture = segno.make(users.second_uri(user, fresh, PRODUCT)).svg_inline(scale=5, light="#fff", border=4)
        values = {"secret": fresh, "picture": picture, "has": bool(user.second), "least": users.SHORTEST} | ways
        status = HTTPStatus.CONFLICT if notice else HTTPStatus.OK
        return page_for(user, "me", status, done=done, notice=notice, **values)

    def _set_me(self, user: User, form: Form) -> Response:
        order = form.get("order", "")
        try:
            user = self._change(user.address, form)
        except BadInput as error:
            return self._me(user, notice=str(error), secret=form.get("secret", "") if order == "on" else "")
        if order == "password":
            return RedirectResponse("/desk/sign-in", HTTPStatus.SEE_OTHER)
        return self._me(user, done="Saved.")

    def _change(self, address: str, form: Form) -> User:
        """Change what was asked for, where the password of now is right. Raises BadInput."""
        order, app = form.get("order", ""), self.gate.app
        if self._only_openid:
            raise BadInput(_NO_PASSWORDS)
        with app.database.reading() as session:  # argon2 takes its time: nobody waits for a write lock meanwhile
            if users.prove(session, address, form.get("password", "")) is None:
                raise BadInput("Your password of now is not right.")
        with app.database.writing() as session:
            if order == "on":
                users.set_second(session, address, form.get("secret", ""), form.get("code", ""), app.clock.now())
            elif order == "off":
                users.without_second(session, address)
            elif order == "password":
                users.set_password(session, address, form.get("new", ""))
            return users.get(session, address)

    def sign_out(self, request: Request) -> Response:
        """End the session."""
        if not self.gate.is_ours(request):
            return self.form("/desk", notice=ELSEWHERE, status=HTTPStatus.FORBIDDEN)
        with self.gate.app.database.writing() as session:
            users.sign_out(session, request.cookies.get(self.gate.cookie, ""))
        return self._with_cookie(RedirectResponse("/desk/sign-in", HTTPStatus.SEE_OTHER), "", 0)

    def form(
        self, after: str, *, address: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> HTMLResponse:
        """Return the form to sign in, with what did not work."""
        with self.gate.app.database.reading() as session:
            nobody = not users.all_users(session)
        shown = self.gate.asked(after=after, address=address, notice=notice, nobody=nobody)
        return page("sign_in", status, **shown)

    @property
    def _only_openid(self) -> bool:
        return self.gate.app.settings.openid_only

    def _with_cookie(self, answer: Response, token: str, seconds: int) -> Response:
        answer.set_cookie(
            self.gate.cookie, token, max_age=seconds, path="/", secure=self.gate.is_safe, httponly=True, samesite="lax"
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def next_of(text: str) -> str:
    """Return where to go after signing in: a page of the desk and nothing else, or we would send people anywhere."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and "//" not in text and ".." not in text
    return text if plain and (text == "/desk" or text.startswith("/desk/")) else "/desk"
