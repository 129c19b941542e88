"""The door for other systems: articles and reads as JSON, by key; asks for no cookie and sets none."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from digest import api_keys
from digest.articles.importing.data import ArticleData
from digest.bootstrap import App
from digest.errors import DigestError
from digest.web import intake
from digest.web.limiting import Limiter
from subscribers.pages import BOTH_WAYS

MOST_BODY: Final = 10_000_000  # bytes
LONGEST_WAIT: Final = 60.0  # seconds for a whole body
MANNERS: Final = 5.0  # seconds that a refused client may go on sending
JSON: Final = "application/json"
UTF8: Final = frozenset({"", "utf-8", "utf8", "us-ascii"})
NOT_KEPT: Final = {"Cache-Control": "no-store"}
HOW: Final = "Send it as the header Authorization: Bearer dgst_...; `digest keys add NAME` makes one."
Take = Callable[[App, bytes, str], intake.Answer]


@dataclass
class Refusal(Exception):
    """A request is not taken: the status, and a sentence for whoever wrote the client."""

    status: HTTPStatus
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)


def router(app: App, limiter: Limiter) -> APIRouter:
    """Return the routes POST /api/articles, POST /api/reads and GET /api/articles/schema."""
    doors = _Doors(app, limiter)
    made = APIRouter()
    made.add_api_route("/api/articles", doors.articles, methods=["POST"], response_model=None)
    made.add_api_route("/api/reads", doors.reads, methods=["POST"], response_model=None)
    made.add_api_route("/api/articles/schema", _schema, methods=BOTH_WAYS, response_model=None)
    return made


@dataclass(frozen=True)
class _Doors:
    app: App
    limiter: Limiter
    most: int = MOST_BODY
    patience: float = LONGEST_WAIT

    async def articles(self, request: Request) -> Response:
        """Store articles."""
        return await self._answer(request, intake.articles)

    async def reads(self, request: Request) -> Response:
        """Store page views or ranks."""
        return await self._answer(request, intake.reads)

    async def _answer(self, request: Request, take: Take) -> Response:
        """Look at the key, then read the body, then store it in a thread: who has no key is not listened to."""
        try:
            key = await run_in_threadpool(self._key, request)
            body = await self._body(request)
            done = await run_in_threadpool(take, self.app, body, key)
        except Refusal as refusal:
            await self._let_finish(request)
            return _said(refusal.status, refusal.sentence, refusal.headers)
        except DigestError as error:
            return _said(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except (SQLAlchemyError, TimeoutError):
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer. Send it again later.")
        return JSONResponse(done.data, done.status, headers=NOT_KEPT)

    def _key(self, request: Request) -> str:
        """Return the name of the key that a request shows, and note that it was used. Raises Refusal."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not shown.strip():
            raise _unauthorised(f"A key is needed. {HOW}")
        with self.app.database.reading() as session:
            key = api_keys.find(session, shown.strip())
        client = request.client.host if request.client else "-"
        if key is None:
            if not self.limiter(f"wrong-key {client}"):
                raise _too_many("Too many wrong keys came from this network address.")
            raise _unauthorised(f"The key opens nothing: it is wrong, or was revoked. {HOW}", ', error="invalid_token"')
        if not self.limiter(f"api {key.id}"):
            raise _too_many("This key was used too often.")
        now = self.app.clock.now()
        if not api_keys.is_noted(key, now):
            with self.app.database.writing() as session:
                api_keys.note_use(session, key, now)
        return key.name

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


def _too_many(sentence: str) -> Refusal:
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"{sentence} Try again in 10 minutes.", {"Retry-After": "600"})


def _said(status: HTTPStatus, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, headers={**NOT_KEPT, **(headers or {})})


def _schema() -> Response:
    return JSONResponse(
        schema(), headers={"Cache-Control": "public, max-age=3600"}, media_type="application/schema+json"
    )


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the JSON schema of an article, as POST /api/articles and files of articles have it."""
    found = ArticleData.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Article"}
