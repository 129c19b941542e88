"""Lets other systems in by key: looks at the key and its scopes, then at how much is sent, then lets the route act."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from digest import api_keys
from digest.api_keys import Scope
from digest.bootstrap import App
from digest.errors import BadInput, DigestError
from digest.web import intake, problems
from digest.web.limiting import Limiter
from digest.web.problems import Refusal
from subscribers.errors import SubscribersError

MANNERS: Final = 5.0  # seconds that a refused client may go on sending
JSON: Final = "application/json"
UTF8: Final = frozenset({"", "utf-8", "utf8", "us-ascii"})
HOW: Final = "Send it as the header Authorization: Bearer dgst_...; `digest keys add NAME` makes one."
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who has come in: a key, by its id and name; what it sent, as JSON."""

    id: int
    name: str
    body: bytes = b""

    @property
    def who(self) -> str:
        """Return the name as the log of an issue has it."""
        return f"key {self.name}"


class Heard(Request):
    """A request whose body was read and understood before, so that FastAPI need not do it its own way."""

    def __init__(self, request: Request, body: bytes, value: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._heard, self._value = body, value

    async def body(self) -> bytes:
        """Return the body."""
        return self._heard

    async def json(self) -> Any:
        """Return what the body says."""
        return self._value


Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Act = Callable[[Caller], Awaitable[Response]]


@dataclass(frozen=True)
class KeyDoor:
    """The door. ``most``: bytes of a body; ``patience``: seconds for the whole of it."""

    app: App
    limiter: Limiter
    most: int
    patience: float = 60.0

    async def answer(self, request: Request, scope: Scope, act: Act, *, always_body: bool = False) -> Response:
        """Look at the key, read the body, and let it act: who has no key is not listened to.

        ``always_body``: the request is nothing without one.
        """
        try:
            answer = await act(await self._let_in(request, scope, always_body=always_body))
            answer.headers.setdefault("Cache-Control", "no-store")
            return answer  # noqa: TRY300 - what follows answers in its place
        except (DigestError, SubscribersError) as error:
            said = problems.refused(error)
        except (Refusal, RequestValidationError, HTTPException, SQLAlchemyError, TimeoutError) as error:
            said = problems.refusal_of(error)
        return problems.answer(said, request.scope["path"])

    def route(self, scope: Scope) -> type[APIRoute]:
        """Return the class of routes that one comes to by a key with a scope."""
        door = self

        class Keyed(APIRoute):
            """A route behind the door."""

            def get_route_handler(self) -> Handler:
                """Return what answers: the door first, then what the route does."""
                inner = super().get_route_handler()

                async def handle(request: Request) -> Response:
                    async def act(caller: Caller) -> Response:
                        request.state.caller = caller
                        return await inner(Heard(request, caller.body, _understood(caller.body)))

                    return await door.answer(request, scope, act)

                return handle

        return Keyed

    async def _let_in(self, request: Request, scope: Scope, *, always_body: bool) -> Caller:
        try:
            caller = await run_in_threadpool(self._caller, request, scope)
            if always_body or (request.method in WITH_BODY and _announces(request)):
                return Caller(caller.id, caller.name, await self._body(request))
        except Refusal:
            await self._let_finish(request)
            raise
        return caller

    def _caller(self, request: Request, scope: Scope) -> Caller:
        """Return the key that a request shows, and note that it was used. Raises Refusal."""
        word, _, shown = request.headers.get("authorization", "").partition(" ")
        if word.lower() != "bearer" or not shown.strip():
            raise _unauthorised(f"A key is needed. {HOW}")
        with self.app.database.reading() as session:
            key = api_keys.find(session, shown.strip())
        client = request.client.host if request.client else "-"
        if key is None or key.id is None:
            if not self.limiter(f"wrong-key {client}"):
                raise _too_many("Too many wrong keys came from this network address.")
            raise _unauthorised(f"The key opens nothing: it is wrong, or was revoked. {HOW}", ', error="invalid_token"')
        if not self.limiter(f"api {key.id}"):
            raise _too_many("This key was used too often.")
        if scope not in key.scopes:
            raise _forbidden(key.name, scope)
        now = self.app.clock.now()
        if not api_keys.is_noted(key, now):
            with self.app.database.writing() as session:
                api_keys.note_use(session, key, now)
        return Caller(key.id, key.name)

    async def _body(self, request: Request) -> bytes:
        """Return the body of a request, refused as soon as it is known to be too long. Raises Refusal."""
        _refuse_other_types(request)
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self.most:
            raise self._too_long()
        parts, length = [], 0
        try:
            async with asyncio.timeout(self.patience):
                async for part in request.stream():
                    length += len(part)
                    if length > self.most:
                        raise self._too_long()
                    parts.append(part)
        except ClientDisconnect as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, "The body ended too early.") from error
        except TimeoutError as error:
            sentence = f"The body did not come within {self.patience:g} seconds."
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, sentence, {"Connection": "close"}) from error
        return b"".join(parts)

    async def _let_finish(self, request: Request) -> None:
        """Throw away some of what still comes, for a client that is cut off while it sends never sees the answer."""
        if "expect" in request.headers:
            return  # it waits to be told whether to send
        length = 0
        with suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(min(self.patience, MANNERS)):
                async for part in request.stream():
                    length += len(part)
                    if length > self.most:
                        return

    def _too_long(self) -> Refusal:
        sentence = f"The body has over {self.most / 1_000_000:g} MB. Send it in parts."
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence, {"Connection": "close"})


def _understood(body: bytes) -> Any:
    """Return what a body says; nothing where there is none. Raises BadInput."""
    try:
        return intake.parsed(body) if body else None
    except BadInput as error:
        faults = [{"detail": str(error), "pointer": "#"}]
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), kind="not-json", more={"errors": faults}) from error


def _announces(request: Request) -> bool:
    """Tell whether a request says that a body comes."""
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def _refuse_other_types(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    name = kind.strip().lower()
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(' "').lower()
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    plain = name == JSON or (name.startswith("application/") and name.endswith("+json"))
    if not plain or charset not in UTF8 or coding != "identity":
        sentence = "The body must be JSON in UTF-8, not compressed, with the header Content-Type: application/json."
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence, {"Accept": JSON})


def _unauthorised(sentence: str, more: str = "") -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, sentence, {"WWW-Authenticate": f'Bearer realm="digest"{more}'})


def _forbidden(name: str, scope: Scope) -> Refusal:
    sentence = f"The key {name!r} has not the scope {scope}. One that has it: `digest keys add NAME --scope {scope}`."
    challenge = f'Bearer realm="digest", error="insufficient_scope", scope="{scope}"'  # RFC 6750 section 3.1
    return Refusal(HTTPStatus.FORBIDDEN, sentence, {"WWW-Authenticate": challenge})


def _too_many(sentence: str) -> Refusal:
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"{sentence} Try again in 10 minutes.", {"Retry-After": "600"})
