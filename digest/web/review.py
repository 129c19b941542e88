"""The pages behind an editor's links: the signed address is the whole authority, with no cookie and no session."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from digest.bootstrap import App
from digest.editors.links import Door, Links, is_editor, issue_of
from digest.errors import DigestError, Refused
from digest.issues import drafting, publications
from digest.web import review_pages as pages
from digest.web.acting import Act, Acts, Form, form_of, of_our_page, status_of, which
from digest.web.limiting import Limiter
from digest.web.review_pages import Seen
from digest.web.templates import problem
from subscribers import Claim
from subscribers.errors import BadToken
from subscribers.pages import BOTH_WAYS


def router(app: App, limiter: Limiter) -> APIRouter:
    """Return the routes under /review/{token}."""
    doors = _Reviews(app, limiter, Acts(app))
    made = APIRouter()
    made.add_api_route("/review/{token}", doors.show, methods=BOTH_WAYS, response_model=None)
    for name, act in (("check", doors.check), ("approve", doors.approve), ("send", doors.send)):
        made.add_api_route(f"/review/{{token}}/{name}", act, methods=["POST"], response_model=None)
    made.add_api_route("/review/{token}/{tap}/{article}", doors.ask, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/review/{token}/{tap}/{article}", doors.act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Reviews:
    app: App
    limiter: Limiter
    acts: Acts

    def show(self, token: str, request: Request, edition: str = "") -> Response:
        """Show the issue as it is now; change nothing."""
        return self._answer(token, request, partial(pages.whole, edition=edition))

    def ask(self, token: str, tap: str, article: str, request: Request) -> Response:
        """Show the one button, and what it would do; change nothing."""
        return self._answer(token, request, lambda seen: pages.tap(seen, *which(tap, article)))

    def act(
        self, token: str, tap: str, article: str, request: Request, form: Annotated[Form, Depends(form_of)]
    ) -> Response:
        """Do what the button said, make the editions anew, and show what changed."""
        return self._changed(token, request, partial(self.acts.act, form=form, tap=tap, article=article))

    def check(self, token: str, request: Request) -> Response:
        """Make the editions anew, for the readers of now, and check them."""
        return self._changed(token, request, self.acts.check)

    def approve(self, token: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Approve what was looked at."""
        return self._changed(token, request, partial(self.acts.approve, form=form))

    def send(self, token: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Send what is approved and whose hour is over."""
        return self._changed(token, request, partial(self.acts.send, form=form))

    def _changed(self, token: str, request: Request, act: Act) -> Response:
        """Let a POST act, if it came from our own page."""
        if not of_our_page(request.headers, self.app.settings.base_url):
            return problem(
                "This did not come from our own page. Open the link in your mail again.", HTTPStatus.FORBIDDEN
            )
        return self._answer(token, request, act)

    def _answer(self, token: str, request: Request, act: Act) -> Response:
        """Read the token, see that its editor still is one, and let the page answer; or say what is wrong."""
        client = request.client.host if request.client else "-"
        try:
            claim = self._links().read(token, self.app.clock.now())
        except BadToken as error:
            if not self.limiter(f"token {client}"):
                sentence = "Too many wrong links came from here. Try again later."
                return problem(sentence, HTTPStatus.TOO_MANY_REQUESTS)
            return problem(str(error))
        return self._for(claim, token, act)

    def _for(self, claim: Claim, token: str, act: Act) -> Response:
        door = Door(f"{self.app.settings.base_url}/review/{token}")
        try:
            self._refuse_strangers(claim)
            review = self.acts.read(issue_of(claim))
        except Refused as error:
            return problem(str(error), HTTPStatus.FORBIDDEN)
        except DigestError as error:
            return problem(str(error), status_of(error))
        seen = Seen(self.app, door, claim.subscriber, review)
        try:
            return act(seen)
        except DigestError as error:
            return pages.refused(seen, str(error), status_of(error))

    def _refuse_strangers(self, claim: Claim) -> None:
        """Refuse who is no editor any more, and a token whose issue is of another publication."""
        with self.app.database.reading() as session:
            issue = drafting.find(session, issue_of(claim))
            publication = publications.get(session, issue.publication_id)
        if claim.family != publication.id or not is_editor(publication.editors, claim.subscriber):
            raise Refused(f"This link is over: {claim.subscriber} is no editor of {publication.name} any more.")

    def _links(self) -> Links:
        return Links(self.app.settings.base_url, self.app.keys)
