"""The door for providers' webhooks: proved, stored, answered; the consequences are drawn by the schedule."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from digest.bootstrap import App
from digest.events import intake
from digest.providers.event import Forged
from digest.sending.provider import ProviderError

MOST_BODY: Final = 10_000_000  # bytes: SendGrid sends the most, a few hundred KB
TOO_LARGE: Final = "The body is larger than any webhook."


def router(app: App) -> APIRouter:
    """Return the route POST /webhooks/{account}."""
    made = APIRouter()
    made.add_api_route("/webhooks/{account}", _Door(app).take, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Door:
    app: App

    async def take(self, account: str, request: Request) -> Response:
        """Store what a request holds. An answer of 2xx means that all of it is kept."""
        body, declared = bytearray(), request.headers.get("content-length", "")
        try:
            if declared.isdecimal() and int(declared) > MOST_BODY:
                return _said(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
            async for part in request.stream():
                body += part
                if len(body) > MOST_BODY:
                    return _said(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
        except ClientDisconnect:
            return _said(HTTPStatus.BAD_REQUEST, "The body ended too early.")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return await run_in_threadpool(self._store, account, headers, bytes(body))

    def _store(self, account: str, headers: dict[str, str], body: bytes) -> Response:
        webhook = self.app.webhooks.get(account)
        if webhook is None:
            sentence = "No account of that name takes webhooks here: its webhook secret is not set."
            return _said(HTTPStatus.NOT_FOUND, sentence)
        try:
            done = intake.receive(self.app.database, account, webhook, headers, body, now=self.app.clock.now())
            if done.confirm:
                webhook.confirm(done.confirm)
        except Forged as error:
            return _said(HTTPStatus.UNAUTHORIZED, str(error))
        except ProviderError as error:  # its certificate or its confirmation cannot be fetched now
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except (SQLAlchemyError, TimeoutError):
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer. Send it again later.")
        return JSONResponse(
            {"stored": done.stored, "known": done.known, "unknown": done.unknown}, headers={"Cache-Control": "no-store"}
        )


def _said(status: HTTPStatus, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status, headers={"Cache-Control": "no-store"})
