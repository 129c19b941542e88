"""The desk's page of an issue's checks, and the button that fetches its links."""

from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from digest.editors import checking
from digest.errors import Conflict, Refused
from digest.proofs import link_fetching, relaxed
from digest.web import review_pages as pages
from digest.web.acting import status_of
from digest.web.gate import Gate
from digest.web.review_pages import Seen
from subscribers.pages import BOTH_WAYS


def router(gate: Gate) -> APIRouter:
    """Return the routes under /desk/issues/{number}/checks; they come before the desk's own."""
    doors = _Checks(gate)
    made = APIRouter(prefix="/desk/issues/{number}/checks")
    made.add_api_route("", doors.page, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/links", doors.links, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Checks:
    gate: Gate

    def page(self, number: str, request: Request) -> Response:
        """Show the checks of an issue; change nothing."""
        return self.gate.answer(number, request, _page)

    def links(self, number: str, request: Request) -> Response:
        """Ask for every link of the editions, and show what came of it."""
        return self.gate.changed(number, request, self._fetch)

    def _fetch(self, seen: Seen) -> Response:
        app = self.gate.app
        try:
            report = link_fetching.fetch(
                app.database,
                seen.review.issue.id,
                app.fetcher,
                at=app.clock.now(),
                relaxed=relaxed.names(app.settings),
            )
        except (Conflict, Refused) as error:
            return _page(self.gate.acts.again(seen), notice=str(error), status=status_of(error))
        return _page(self.gate.acts.again(seen), done=report.sentence)


def _page(seen: Seen, *, done: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    names = relaxed.names(seen.app.settings)
    panel = checking.panel(seen.review, seen.door.url, at_desk=seen.at_desk, relaxed=names)
    return pages.of_issue("checks_page", seen, status, {"panel": panel, "done": done, "notice": notice})
