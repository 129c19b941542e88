"""What an editor can do to an issue on its pages, whichever door they came in by: look, change, check, approve, send.

GET and HEAD change nothing, since mail programs and scanners follow links; a POST must come from our own page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from digest.bootstrap import App
from digest.editors import approving, differing, reading, taps
from digest.editors.reading import Review
from digest.editors.taps import Tap
from digest.errors import BadInput, Conflict, DigestError, NotFound, Refused
from digest.proofs import relaxed
from digest.rendering.urls import Urls
from digest.web import review_pages as pages
from digest.web.review_pages import Seen

MOST_BODY: Final = 65_536  # bytes of a form that are looked at
_STATUS: Final[Mapping[type[DigestError], HTTPStatus]] = {
    NotFound: HTTPStatus.NOT_FOUND,
    BadInput: HTTPStatus.BAD_REQUEST,
    Conflict: HTTPStatus.CONFLICT,
    Refused: HTTPStatus.CONFLICT,
}

Form = dict[str, str]
Act = Callable[[Seen], Response]


async def form_of(request: Request) -> Form:
    """Return the fields of a form, the last of each name; none where the body is too long."""
    return {name: values[-1] for name, values in (await fields_of(request)).items()}


async def fields_of(request: Request) -> dict[str, list[str]]:
    """Return all values of each field of a form: several boxes may be ticked; none where the body is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            return {}
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


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
class Acts:
    """Does what the buttons say, and answers with the page that shows what came of it."""

    app: App

    def act(self, seen: Seen, form: Form, tap: str, article: str) -> Response:
        """Do what a button said, make the editions anew, and show what changed."""
        what, story = which(tap, article)
        offered = _offered(seen, what, story)
        try:
            taps.do(
                self.app.database,
                seen.review,
                what,
                story,
                by=form.get("by", ""),
                version=version_of(form),
                who=seen.who,
                at=self.app.clock.now(),
            )
        except Conflict as error:
            return pages.tap(self.again(seen), what, story, notice=str(error))
        after = self.again(seen, make=True)
        changes = differing.told(seen.review.plan, after.review.plan)
        return pages.whole(after, done=f"Done: {offered}.", changes=changes)

    def check(self, seen: Seen) -> Response:
        """Make the editions anew, for the readers of now, and check them."""
        before = seen.review.proof.content_hash if seen.review.proof else ""
        reason = self._make(seen)
        after = self.again(seen, reason=reason)
        same = after.review.proof is not None and after.review.proof.content_hash == before
        done = "The editions are made and checked; they are the same as before." if same else "Checked again."
        return pages.whole(after, done="" if reason else done)

    def approve(self, seen: Seen, form: Form) -> Response:
        """Approve what was looked at."""
        reasons = {name.removeprefix("reason:"): text for name, text in form.items() if name.startswith("reason:")}
        try:
            approving.approve(
                self.app.database,
                seen.review.issue.id,
                version=version_of(form),
                proof=form.get("proof", ""),
                reasons=reasons,
                who=seen.who,
                at=self.app.clock.now(),
            )
        except (Conflict, Refused, BadInput) as error:
            return pages.whole(self.again(seen), notice=str(error), status=status_of(error))
        return pages.whole(self.again(seen), done="Approved. What was approved is what is sent.")

    def send(self, seen: Seen, form: Form) -> Response:
        """Send what is approved and whose hour is over."""
        at, undo = self.app.clock.now(), pages.undo(self.app)
        try:
            starts = approving.send(
                self.app.database, seen.review.issue.id, version=version_of(form), who=seen.who, at=at, undo=undo
            )
        except (Conflict, Refused) as error:
            return pages.whole(self.again(seen), notice=str(error), status=status_of(error))
        return pages.whole(self.again(seen), done=f"It is sent at {starts:%H:%M} UTC.")

    def read(self, issue_id: UUID, reason: str = "") -> Review:
        """Return an issue as it is now. ``reason``: why its editions could not be made. Raises NotFound."""
        with self.app.database.reading() as session:
            return reading.read(session, issue_id, urls=self._urls(), at=self.app.clock.now(), reason=reason)

    def again(self, seen: Seen, *, make: bool = False, reason: str = "") -> Seen:
        """Look at the issue anew. ``make``: make its editions first."""
        if make:
            reason = self._make(seen)
        return replace(seen, review=self.read(seen.review.issue.id, reason))

    def _make(self, seen: Seen) -> str:
        return reading.made(
            self.app.database,
            seen.review.issue.id,
            urls=self._urls(),
            relaxed=relaxed.names(self.app.settings),
            at=self.app.clock.now(),
        )

    def _urls(self) -> Urls:
        return Urls(self.app.settings.base_url, self.app.keys)


def _offered(seen: Seen, what: Tap, story: UUID) -> str:
    """Return what was offered, in words; "" where it cannot be offered any more: then the act says why."""
    try:
        return taps.offer(seen.review, what, story).button
    except DigestError:
        return ""


def which(tap: str, article: str) -> tuple[Tap, UUID]:
    """Return what a page's address names. Raises NotFound."""
    try:
        return Tap(tap), UUID(article)
    except ValueError as error:
        raise NotFound("There is no such page here.") from error


def version_of(form: Form) -> int:
    """Return the version that a form says somebody looked at. Raises BadInput."""
    text = form.get("version", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - more is no version
        raise BadInput("The form does not say what you looked at. Open the page again.")
    return int(text)


def status_of(error: Exception) -> HTTPStatus:
    """Return the status a page answers with that says such an error."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.CONFLICT)
