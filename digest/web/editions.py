"""An edition in the browser, as a page and as text, and the three buttons under it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from digest.bootstrap import App
from digest.events.voting import VALUES, record_vote
from digest.proofs.models import Edition
from digest.rendering import slots
from digest.rendering.urls import FEEDBACK, VIEW
from digest.web.limiting import Limiter
from digest.web.security import OF_A_MAIL
from digest.web.templates import page, problem
from subscribers.errors import BadToken
from subscribers.pages import BOTH_WAYS

_HEADERS: Final = {"X-Robots-Tag": "noindex", "Content-Security-Policy": OF_A_MAIL}
_WORDS: Final = {"good": "Good", "fine": "Fine", "poor": "Not for me"}
_NONE: Final = "There is no such issue here, or its link is over or was cut short."


def router(app: App, limiter: Limiter) -> APIRouter:
    """Return the routes of editions. The token names the edition and is made by us: see rendering/urls.py."""
    doors = _Editions(app, limiter)
    made = APIRouter()
    for path, show in (
        ("/editions/{token}.txt", doors.text),
        ("/editions/{token}", doors.view),
        ("/feedback/{token}/{answer}", doors.ask),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/feedback/{token}/{answer}", doors.vote, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Editions:
    app: App
    limiter: Limiter

    def view(self, token: str) -> Response:
        """Show the stored page, with harmless links where a reader's own were."""
        edition = self._edition(token, VIEW)
        return HTMLResponse(self._filled(edition, edition.html), headers=_HEADERS) if edition else problem(_NONE)

    def text(self, token: str) -> Response:
        """Show the stored text."""
        edition = self._edition(token, VIEW)
        return PlainTextResponse(self._filled(edition, edition.text), headers=_HEADERS) if edition else problem(_NONE)

    def ask(self, token: str, answer: str) -> Response:
        """Show the one button that counts an answer; count nothing."""
        edition = self._edition(token, FEEDBACK)
        if edition is None or answer not in VALUES:
            return problem(_NONE)
        return page("feedback", word=_WORDS[answer], subject=edition.subject, counted=False)

    def vote(self, token: str, answer: str, request: Request) -> Response:
        """Count an answer."""
        edition = self._edition(token, FEEDBACK)
        if edition is None or answer not in VALUES:
            return problem(_NONE)
        client = request.client.host if request.client else "-"
        if not self.limiter(f"vote {client} {edition.number}"):
            return problem("Many votes came from here already. Thank you.", HTTPStatus.TOO_MANY_REQUESTS)
        with self.app.database.writing() as session:
            record_vote(session, edition.number, VALUES[answer], self.app.clock.now())
        return page("feedback", word=_WORDS[answer], subject=edition.subject, counted=True)

    def _edition(self, token: str, purpose: str) -> Edition | None:
        """Return the edition a token of ours names; None if it is forged, over, or of an edition that was replaced."""
        try:
            wanted = UUID(self.app.keys.read(token, purpose, self.app.clock.now()).reference)
        except (BadToken, ValueError):
            return None
        with self.app.database.reading() as session:
            return session.get(Edition, wanted)

    def _filled(self, edition: Edition, text: str) -> str:
        home = f"{self.app.settings.base_url}/"
        stops = dict.fromkeys(edition.lists, home)
        harmless = slots.values(edition.marks, unsubscribe_url=home, preferences_url=home, name="", stops=stops)
        return slots.fill(text, harmless)
