"""An edition in the browser, as a page and as text, and the three buttons under it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from digest.bootstrap import App
from digest.events.voting import VALUES, record_vote
from digest.issues.models import Issue
from digest.proofs.models import Edition
from digest.rendering import slots
from digest.web.limiting import Limiter
from digest.web.security import OF_A_MAIL
from digest.web.templates import page, problem
from subscribers.errors import BadToken
from subscribers.pages import BOTH_WAYS

VIEW: Final = "view"
FEEDBACK: Final = "feedback"
_HEADERS: Final = {"X-Robots-Tag": "noindex", "Content-Security-Policy": OF_A_MAIL}
_WORDS: Final = {"good": "Good", "fine": "Fine", "poor": "Not for me"}
_NONE: Final = "There is no such issue here, or it is not out yet."


def router(app: App, limiter: Limiter) -> APIRouter:
    """Return the routes of editions.

    Without a token an edition is shown once its issue went out; a token made by us (purpose "view", reference the
    edition's id) opens it before.
    """
    doors = _Editions(app, limiter)
    made = APIRouter()
    for path, show in (
        ("/editions/{edition_id}.txt", doors.text),
        ("/editions/{edition_id}", doors.view),
        ("/editions/{edition_id}/feedback/{answer}", doors.ask),
        ("/editions/{edition_id}/{token}.txt", doors.text),
        ("/editions/{edition_id}/{token}", doors.view),
        ("/feedback/{token}/{answer}", doors.ask_by_token),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/editions/{edition_id}/feedback/{answer}", doors.vote, methods=["POST"], response_model=None)
    made.add_api_route("/feedback/{token}/{answer}", doors.vote_by_token, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Editions:
    app: App
    limiter: Limiter

    def view(self, edition_id: str, token: str = "") -> Response:
        """Show the stored page, with harmless links where a reader's own were."""
        edition = self._edition(edition_id, token, VIEW)
        return HTMLResponse(self._filled(edition, edition.html), headers=_HEADERS) if edition else problem(_NONE)

    def text(self, edition_id: str, token: str = "") -> Response:
        """Show the stored text."""
        edition = self._edition(edition_id, token, VIEW)
        return PlainTextResponse(self._filled(edition, edition.text), headers=_HEADERS) if edition else problem(_NONE)

    def ask(self, edition_id: str, answer: str, token: str = "") -> Response:
        """Show the one button that counts an answer; count nothing."""
        edition = self._edition(edition_id, token, FEEDBACK)
        word = _answer(answer)
        if edition is None or word is None:
            return problem(_NONE)
        return page("feedback", word=_WORDS[word], subject=edition.subject, counted=False)

    def vote(self, edition_id: str, answer: str, request: Request, token: str = "") -> Response:
        """Count an answer."""
        edition = self._edition(edition_id, token, FEEDBACK)
        word = _answer(answer)
        if edition is None or word is None:
            return problem(_NONE)
        client = request.client.host if request.client else "-"
        if not self.limiter(f"vote {client} {edition.number}"):
            return problem("Many votes came from here already. Thank you.", HTTPStatus.TOO_MANY_REQUESTS)
        with self.app.database.writing() as session:
            record_vote(session, edition.number, VALUES[word], self.app.clock.now())
        return page("feedback", word=_WORDS[word], subject=edition.subject, counted=True)

    def ask_by_token(self, token: str, answer: str) -> Response:
        """As ``ask``, where the token names the edition."""
        return self.ask(self._reference(token, FEEDBACK), answer, token)

    def vote_by_token(self, token: str, answer: str, request: Request) -> Response:
        """As ``vote``, where the token names the edition."""
        return self.vote(self._reference(token, FEEDBACK), answer, request, token)

    def _edition(self, edition_id: str, token: str, purpose: str) -> Edition | None:
        """Return an edition that may be shown."""
        try:
            wanted = UUID(edition_id)
        except ValueError:
            return None
        if token and self._reference(token, purpose) != str(wanted):
            return None
        with self.app.database.reading() as session:
            edition = session.get(Edition, wanted)
            if edition is None:
                return None
            is_out = session.get_one(Issue, edition.issue_id).first_accepted_at is not None
        return edition if token or is_out else None

    def _reference(self, token: str, purpose: str) -> str:
        try:
            return self.app.keys.read(token, purpose, self.app.clock.now()).reference
        except BadToken:
            return ""

    def _filled(self, edition: Edition, text: str) -> str:
        home = f"{self.app.settings.base_url}/"
        stops = dict.fromkeys(edition.lists, home)
        harmless = slots.values(edition.marks, unsubscribe_url=home, preferences_url=home, name="", stops=stops)
        return slots.fill(text, harmless)


def _answer(text: str) -> str | None:
    """Return good, fine or poor; 3, 2 and 1 mean the same."""
    by_number = {str(number): word for word, number in VALUES.items()}
    word = by_number.get(text, text)
    return word if word in VALUES else None
