"""The desk's door by OpenID Connect: to the identity provider, and back with whom it names."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from digest import users
from digest.errors import DigestError, Refused
from digest.web import openid
from digest.web.desk_sign_in import MANY, SignIn, next_of
from digest.web.limiting import Limiter
from digest.web.openid import Identity, ProviderDown, Seed
from subscribers.errors import BadToken

COOKIE: Final = "digest_openid"
LASTS: Final = timedelta(minutes=10)  # to sign in at the provider
_STALE: Final = "That took too long, or began in another browser. Begin again."


def router(doors: SignIn, limiter: Limiter) -> APIRouter:
    """Return the routes /desk/openid and /desk/openid/callback; none where the settings name no identity provider."""
    made = APIRouter(prefix="/desk")
    identity = openid.of(doors.gate.app.settings)
    if identity is not None:
        mine = _OpenId(doors, limiter, identity)
        made.add_api_route("/openid", mine.leave, methods=["GET"], response_model=None)
        made.add_api_route("/openid/callback", mine.come, methods=["GET"], response_model=None)
    return made


@dataclass(frozen=True)
class _OpenId:
    doors: SignIn
    limiter: Limiter
    identity: Identity

    def leave(self, request: Request, next: str = "/desk") -> Response:  # noqa: A002 - the name in the address
        """Send the browser to the identity provider, with a cookie that the way back is proved by."""
        app, after, seed = self.doors.gate.app, next_of(next), Seed(secrets.token_urlsafe(32))
        if not self._may(request):
            return self.doors.form(after, notice=MANY, status=HTTPStatus.TOO_MANY_REQUESTS)
        try:
            door = self.identity.door(seed)
        except ProviderDown as error:
            return self.doors.form(after, notice=str(error), status=HTTPStatus.SERVICE_UNAVAILABLE)
        kept = app.keys.sign(
            openid.PURPOSE,
            subscriber=seed.value,
            family="desk",
            reference=after if len(after) <= users.LONGEST_ADDRESS else "/desk",
            expires=app.clock.now() + LASTS,
        )
        return self._with_cookie(RedirectResponse(door, HTTPStatus.SEE_OTHER), kept, int(LASTS.total_seconds()))

    def come(self, request: Request, state: str = "", code: str = "", error: str = "", iss: str = "") -> Response:
        """Begin a session for whom the identity provider names, if they work here. The cookie is used up."""
        try:
            answer = self._came(request, state=state, code=code, error=error, iss=iss)
        except ProviderDown as wrong:
            answer = self.doors.form("/desk", notice=str(wrong), status=HTTPStatus.SERVICE_UNAVAILABLE)
        except DigestError as wrong:
            answer = self.doors.form("/desk", notice=str(wrong), status=HTTPStatus.FORBIDDEN)
        return self._with_cookie(answer, "", 0)

    def _came(self, request: Request, *, state: str, code: str, error: str, iss: str) -> Response:
        app = self.doors.gate.app
        if not self._may(request):
            return self.doors.form("/desk", notice=MANY, status=HTTPStatus.TOO_MANY_REQUESTS)
        try:
            kept = app.keys.read(request.cookies.get(self._cookie, ""), openid.PURPOSE, app.clock.now())
        except BadToken as wrong:
            raise Refused(_STALE) from wrong
        seed = Seed(kept.subscriber)
        if not hmac.compare_digest(state.encode(), seed.state.encode()):
            raise Refused(_STALE)
        if iss and iss != self.identity.issuer:  # RFC 9207: another provider's answer was mixed in
            raise Refused("That answer came from another identity provider. Begin again.")
        if error or not 0 < len(code) <= openid.LONGEST_CODE:
            raise Refused("The identity provider did not let you in. Begin again, or ask who looks after it.")
        person = self.identity.person(code, seed, app.clock.now())
        with app.database.writing() as session:
            user = users.come_in(session, person.openid, person.address, verified=person.verified)
            session.expunge(user)
        return self.doors.begin(user, next_of(kept.reference))

    def _may(self, request: Request) -> bool:
        return self.limiter(f"sign-in {request.client.host if request.client else '-'}")

    @property
    def _cookie(self) -> str:
        return f"__Host-{COOKIE}" if self.doors.gate.is_safe else COOKIE

    def _with_cookie(self, answer: Response, value: str, seconds: int) -> Response:
        """Keep the seed in the browser; Lax, because the way back begins at another site."""
        safe = self.doors.gate.is_safe
        answer.set_cookie(self._cookie, value, max_age=seconds, path="/", secure=safe, httponly=True, samesite="lax")
        answer.headers["Cache-Control"] = "no-store"
        return answer
