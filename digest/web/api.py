"""The door for what other systems hand in: articles and reads as JSON, by key; asks for no cookie and sets none."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from digest.api_keys import Scope
from digest.articles.importing.data import ArticleData
from digest.bootstrap import App
from digest.errors import DigestError
from digest.web import intake, problems
from digest.web.issues_api.describing import of_intake
from digest.web.key_door import Caller, KeyDoor
from digest.web.limiting import Limiter
from digest.web.problems import NOT_KEPT, Refusal
from subscribers.pages import BOTH_WAYS

MOST_BODY: Final = 10_000_000  # bytes
LONGEST_WAIT: Final = 60.0  # seconds for a whole body
Take = Callable[[App, bytes, str], intake.Answer]


def router(app: App, limiter: Limiter) -> APIRouter:
    """Return the routes POST /api/articles, POST /api/reads and GET /api/articles/schema."""
    doors = _Doors(app, limiter)
    made = APIRouter(tags=["Handing in"])
    for path, take in (("/api/articles", doors.articles), ("/api/reads", doors.reads)):
        made.add_api_route(path, take, methods=["POST"], response_model=None, **of_intake(path))
    made.add_api_route("/api/articles/schema", _schema, methods=BOTH_WAYS, response_model=None, include_in_schema=False)
    return made


@dataclass(frozen=True)
class _Doors:
    app: App
    limiter: Limiter
    most: int = MOST_BODY
    patience: float = LONGEST_WAIT

    async def articles(self, request: Request) -> Response:
        """Store articles, new or changed; the same again does no harm."""
        return await self._answer(request, intake.articles)

    async def reads(self, request: Request) -> Response:
        """Store page views or ranks; the same source and period again replaces them."""
        return await self._answer(request, intake.reads)

    async def _answer(self, request: Request, take: Take) -> Response:
        async def act(caller: Caller) -> Response:
            try:
                done = await run_in_threadpool(take, self.app, caller.body, caller.name)
            except DigestError as error:  # whatever it is about, it is the body that has to be mended
                raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
            return _said(done, request.scope["path"])

        door = KeyDoor(self.app, self.limiter, self.most, self.patience)
        return await door.answer(request, Scope.intake, act, always_body=True)


def _said(done: intake.Answer, path: str) -> Response:
    if done.status == HTTPStatus.OK:
        return JSONResponse(done.data, done.status, headers=NOT_KEPT)
    sentence = (
        f"Nothing of it could be stored; errors says why, of each. The first: {done.data['errors'][0]['sentence']}"
    )
    return problems.answer(Refusal(done.status, sentence, more=done.data), path)


def _schema() -> Response:
    return JSONResponse(
        schema(), headers={"Cache-Control": "public, max-age=3600"}, media_type="application/schema+json"
    )


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the JSON schema of an article, as POST /api/articles and files of articles have it."""
    found = ArticleData.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Article"}
