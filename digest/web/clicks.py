"""Sends the readers of a mail on to the story they clicked: one hop, at once, whatever the database does."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.background import BackgroundTask

from digest.bootstrap import App
from digest.events import clicking
from digest.events.clicking import Asked
from digest.issues.models import Publication
from digest.rendering import click_links
from digest.rendering.context import PERSONAL
from digest.web.templates import asked_for, problem
from subscribers.pages import BOTH_WAYS

LOG = logging.getLogger(__name__)
_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
_NOT_OURS: Final = "This link is not complete, or was not made by us. Open it again from the mail."


def router(app: App) -> APIRouter:
    """Return the route /c/{token}?u=URL: see rendering/click_links.py."""
    made = APIRouter()
    made.add_api_route("/c/{token}", _Clicks(app).follow, methods=BOTH_WAYS, response_model=None)
    return made


def counts_people(app: App, family: str) -> bool:
    """Tell whether a publication counts the clicks of those who agree to it; they are asked only then."""
    with app.database.reading() as session:
        publication = session.get(Publication, family)
    return publication is not None and publication.clicks == PERSONAL


@dataclass(frozen=True)
class _Clicks:
    app: App

    async def follow(self, token: str, request: Request) -> Response:
        """Send the reader on, without a look-up and without waiting for a thread; note the click afterwards."""
        url = next(iter(request.query_params.getlist("u")), "")
        claim = click_links.read(self.app.keys, token, url)
        if claim is None:
            return problem(_NOT_OURS, spoken=asked_for(request))
        headers = request.headers
        asked = Asked(
            edition=claim.edition,
            place=claim.place,
            token=token,
            at=self.app.clock.now(),
            method=request.method,
            address=request.client.host if request.client else "-",
            agent=headers.get("user-agent", ""),
            purpose=headers.get("sec-purpose") or headers.get("purpose", ""),
            reader=next(iter(request.query_params.getlist("r")), ""),
        )
        noted = BackgroundTask(self._note, asked)
        return Response(status_code=HTTPStatus.FOUND, headers={"Location": url, **_HEADERS}, background=noted)

    def _note(self, asked: Asked) -> None:
        """Store the click; the reader is on the way already, so what goes wrong is only logged."""
        try:
            clicking.record(self.app.database, self.app.keys, asked)
        except Exception:
            LOG.exception("A click on place %s of edition %s was not stored.", asked.place, asked.edition)
