"""An edition in the browser, as a page and as text, and the three buttons under it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from digest.bootstrap import App
from digest.events.voting import VALUES, record_vote
from digest.proofs import published
from digest.proofs.models import Edition
from digest.proofs.published import Told
from digest.rendering import in_public, slots
from digest.rendering.catalogue import catalogue
from digest.rendering.urls import FEEDBACK, VIEW
from digest.web.archive_pages import since, since_as_text
from digest.web.limiting import Limiter
from digest.web.security import OF_A_MAIL
from digest.web.templates import asked_for, page, problem
from subscribers.errors import BadToken
from subscribers.pages import BOTH_WAYS

_HEADERS: Final = {"X-Robots-Tag": "noindex", "Content-Security-Policy": OF_A_MAIL}
_MANY: Final = "Many votes came from here already. Thank you."
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

    def view(self, token: str, request: Request) -> Response:
        """Show the stored page, with harmless links where a reader's own were, and what became of its stories."""
        edition = self._edition(token, VIEW)
        if edition is None:
            return problem(_NONE, spoken=asked_for(request))
        html = in_public.marked(edition.html, since(self._stories(edition), edition.language), edition.language)
        return HTMLResponse(self._filled(edition, html), headers=_HEADERS)

    def text(self, token: str, request: Request) -> Response:
        """Show the stored text, below what became of its stories."""
        edition = self._edition(token, VIEW)
        if edition is None:
            return problem(_NONE, spoken=asked_for(request))
        said = since_as_text(self._stories(edition), edition.language)
        return PlainTextResponse(said + self._filled(edition, edition.text), headers=_HEADERS)

    def ask(self, token: str, answer: str, request: Request) -> Response:
        """Show the one button that counts an answer; count nothing."""
        edition = self._edition(token, FEEDBACK)
        if edition is None or answer not in VALUES:
            return problem(_NONE, spoken=asked_for(request))
        return self._feedback(edition, answer, thanked=False)

    def vote(self, token: str, answer: str, request: Request) -> Response:
        """Count an answer."""
        edition = self._edition(token, FEEDBACK)
        if edition is None or answer not in VALUES:
            return problem(_NONE, spoken=asked_for(request))
        client = request.client.host if request.client else "-"
        if not self.limiter(f"vote {client} {edition.number}"):
            return problem(_MANY, HTTPStatus.TOO_MANY_REQUESTS, spoken=edition.language)
        with self.app.database.writing() as session:
            record_vote(session, edition.number, VALUES[answer], self.app.clock.now())
        return self._feedback(edition, answer, thanked=True)

    def _feedback(self, edition: Edition, answer: str, *, thanked: bool) -> Response:
        word = catalogue(edition.language).word(answer)
        return page("feedback", spoken=edition.language, word=word, subject=edition.subject, thanked=thanked)

    def _stories(self, edition: Edition) -> list[Told]:
        with self.app.database.reading() as session:
            return published.stories(session, [edition.number])[edition.number]

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
