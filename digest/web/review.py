"""The pages behind an editor's links: look at an issue, change it by one tap, approve it.

The signed address is the whole authority: no cookie, no session. GET and HEAD change nothing, since mail programs and
scanners follow links; a POST must come from our own page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from digest.bootstrap import App
from digest.editors import approving, differing, reading, taps
from digest.editors.links import Door, Links, is_editor, issue_of
from digest.editors.reading import Review
from digest.editors.taps import Tap
from digest.errors import BadInput, Conflict, DigestError, NotFound, Refused
from digest.issues import drafting, publications
from digest.proofs import relaxed
from digest.rendering.urls import Urls
from digest.web import review_pages as pages
from digest.web.limiting import Limiter
from digest.web.review_pages import Seen
from digest.web.templates import problem
from subscribers import Claim
from subscribers.errors import BadToken
from subscribers.pages import BOTH_WAYS

MOST_BODY: Final = 65_536  # bytes of a form that are looked at
_STATUS: Final[Mapping[type[DigestError], HTTPStatus]] = {
    NotFound: HTTPStatus.NOT_FOUND,
    BadInput: HTTPStatus.BAD_REQUEST,
    Conflict: HTTPStatus.CONFLICT,
    Refused: HTTPStatus.CONFLICT,
}

Form = dict[str, str]
Act = Callable[[Seen], Response]


async def _form(request: Request) -> Form:
    """Return the fields of a form, the last of each name; none where the body is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def router(app: App, limiter: Limiter) -> APIRouter:
    """Return the routes under /review/{token}."""
    doors = _Reviews(app, limiter)
    made = APIRouter()
    made.add_api_route("/review/{token}", doors.show, methods=BOTH_WAYS, response_model=None)
    for name, act in (("check", doors.check), ("approve", doors.approve), ("send", doors.send)):
        made.add_api_route(f"/review/{{token}}/{name}", act, methods=["POST"], response_model=None)
    made.add_api_route("/review/{token}/{tap}/{article}", doors.ask, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/review/{token}/{tap}/{article}", doors.act, methods=["POST"], response_model=None)
    return made


def of_our_page(headers: Mapping[str, str], base_url: str) -> bool:
    """Tell whether a POST was made by a page of ours, by what browsers say of it (Fetch Metadata; Origin).

    Under no-referrer a browser's Origin is "null", which says nothing; over https it says Sec-Fetch-Site as well. Over
    plain http, where it does not, "null" is let through: the address itself, which nobody else knows, has to do.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    here, origin = urlsplit(base_url), headers.get("origin", "")
    if origin == "null":
        return here.scheme == "http"
    return origin.casefold() == f"{here.scheme}://{here.netloc}".casefold()


@dataclass(frozen=True)
class _Reviews:
    app: App
    limiter: Limiter

    def show(self, token: str, request: Request, edition: str = "") -> Response:
        """Show the issue as it is now; change nothing."""
        return self._answer(token, request, partial(pages.whole, edition=edition))

    def ask(self, token: str, tap: str, article: str, request: Request) -> Response:
        """Show the one button, and what it would do; change nothing."""
        return self._answer(token, request, lambda seen: pages.tap(seen, *_which(tap, article)))

    def act(
        self, token: str, tap: str, article: str, request: Request, form: Annotated[Form, Depends(_form)]
    ) -> Response:
        """Do what the button said, make the editions anew, and show what changed."""
        return self._changed(token, request, partial(self._act, form=form, tap=tap, article=article))

    def check(self, token: str, request: Request) -> Response:
        """Make the editions anew, for the readers of now, and check them."""
        return self._changed(token, request, self._check)

    def approve(self, token: str, request: Request, form: Annotated[Form, Depends(_form)]) -> Response:
        """Approve what was looked at."""
        return self._changed(token, request, partial(self._approve, form=form))

    def send(self, token: str, request: Request, form: Annotated[Form, Depends(_form)]) -> Response:
        """Send what is approved and whose hour is over."""
        return self._changed(token, request, partial(self._send, form=form))

    def _act(self, seen: Seen, form: Form, tap: str, article: str) -> Response:
        what, story = _which(tap, article)
        offered = _offered(seen, what, story)
        try:
            taps.do(
                self.app.database,
                seen.review,
                what,
                story,
                by=form.get("by", ""),
                version=_version(form),
                who=seen.who,
                at=self.app.clock.now(),
            )
        except Conflict as error:
            return pages.tap(self._again(seen), what, story, notice=str(error))
        after = self._again(seen, make=True)
        changes = differing.told(seen.review.plan, after.review.plan)
        return pages.whole(after, done=f"Done: {offered}.", changes=changes)

    def _check(self, seen: Seen) -> Response:
        before = seen.review.proof.content_hash if seen.review.proof else ""
        reason = self._make(seen)
        after = self._again(seen, reason=reason)
        same = after.review.proof is not None and after.review.proof.content_hash == before
        done = "The editions are made and checked; they are the same as before." if same else "Checked again."
        return pages.whole(after, done="" if reason else done)

    def _approve(self, seen: Seen, form: Form) -> Response:
        reasons = {name.removeprefix("reason:"): text for name, text in form.items() if name.startswith("reason:")}
        try:
            approving.approve(
                self.app.database,
                seen.review.issue.id,
                version=_version(form),
                proof=form.get("proof", ""),
                reasons=reasons,
                who=seen.who,
                at=self.app.clock.now(),
            )
        except (Conflict, Refused, BadInput) as error:
            return pages.whole(self._again(seen), notice=str(error), status=_status(error))
        return pages.whole(self._again(seen), done="Approved. What was approved is what is sent.")

    def _send(self, seen: Seen, form: Form) -> Response:
        at, undo = self.app.clock.now(), pages.undo(self.app)
        try:
            starts = approving.send(
                self.app.database, seen.review.issue.id, version=_version(form), who=seen.who, at=at, undo=undo
            )
        except (Conflict, Refused) as error:
            return pages.whole(self._again(seen), notice=str(error), status=_status(error))
        return pages.whole(self._again(seen), done=f"It is sent at {starts:%H:%M} UTC.")

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
            review = self._read(issue_of(claim))
        except Refused as error:
            return problem(str(error), HTTPStatus.FORBIDDEN)
        except DigestError as error:
            return problem(str(error), _status(error))
        seen = Seen(self.app, door, claim.subscriber, review)
        try:
            return act(seen)
        except DigestError as error:
            return pages.refused(seen, str(error), _status(error))

    def _refuse_strangers(self, claim: Claim) -> None:
        """Refuse who is no editor any more, and a token whose issue is of another publication."""
        with self.app.database.reading() as session:
            issue = drafting.find(session, issue_of(claim))
            publication = publications.get(session, issue.publication_id)
        if claim.family != publication.id or not is_editor(publication.editors, claim.subscriber):
            raise Refused(f"This link is over: {claim.subscriber} is no editor of {publication.name} any more.")

    def _again(self, seen: Seen, *, make: bool = False, reason: str = "") -> Seen:
        """Look at the issue anew."""
        if make:
            reason = self._make(seen)
        return Seen(self.app, seen.door, seen.who, self._read(seen.review.issue.id, reason))

    def _make(self, seen: Seen) -> str:
        return reading.made(
            self.app.database,
            seen.review.issue.id,
            urls=self._urls(),
            relaxed=relaxed.names(self.app.settings),
            at=self.app.clock.now(),
        )

    def _read(self, issue_id: UUID, reason: str = "") -> Review:
        with self.app.database.reading() as session:
            return reading.read(session, issue_id, urls=self._urls(), at=self.app.clock.now(), reason=reason)

    def _urls(self) -> Urls:
        return Urls(self.app.settings.base_url, self.app.keys)

    def _links(self) -> Links:
        return Links(self.app.settings.base_url, self.app.keys)


def _offered(seen: Seen, what: Tap, story: UUID) -> str:
    """Return what was offered, in words; "" where it cannot be offered any more: then the act says why."""
    try:
        return taps.offer(seen.review, what, story).button
    except DigestError:
        return ""


def _which(tap: str, article: str) -> tuple[Tap, UUID]:
    try:
        return Tap(tap), UUID(article)
    except ValueError as error:
        raise NotFound("There is no such page here.") from error


def _version(form: Form) -> int:
    text = form.get("version", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - more is no version
        raise BadInput("The form does not say what you looked at. Open the page again.")
    return int(text)


def _status(error: DigestError) -> HTTPStatus:
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.CONFLICT)
