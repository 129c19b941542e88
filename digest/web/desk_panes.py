"""What the panes of an issue's page ask for: rows put elsewhere, undo and redo, the live mail, and the explanation."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest.editors import faces, live, ordering, undoing, why
from digest.editors.faces import Face
from digest.editors.ordering import Go
from digest.errors import BadInput, Conflict, DigestError, NotFound
from digest.issues import editing
from digest.rendering.urls import Urls
from digest.users import Role
from digest.web import review_pages as pages
from digest.web.acting import Act, Form, form_of, status_of, version_of
from digest.web.gate import Gate
from digest.web.review_pages import Seen
from digest.web.security import OF_A_MAIL
from subscribers import find
from subscribers.errors import SubscribersError
from subscribers.pages import BOTH_WAYS

MAIL: Final = {"Content-Security-Policy": OF_A_MAIL, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
SOURCE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
AS_READER: Final = "as-reader"  # purpose of a token: whose mail is shown; no address is part of an address of ours
SHOWN_FOR: Final = timedelta(hours=1)
_NUMBER: Final = 4  # digits of a row

Do = Callable[[Seen, Form, dict[str, Any]], str]


def router(gate_: Gate) -> APIRouter:
    """Return the routes under /desk/issues/{number} that the panes use; they come before the desk's own."""
    doors = _Panes(gate_)
    made = APIRouter(prefix="/desk/issues/{number}")
    for path, show in (("/live/{face}", doors.live), ("/as/{token}/{face}", doors.mail_of), ("/why.csv", doors.why)):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    for path, act in (
        ("/order", doors.order),
        ("/replace", doors.replace),
        ("/unpin", doors.unpin),
        ("/undo", doors.undo),
        ("/redo", doors.redo),
        ("/as", doors.as_reader),
    ):
        made.add_api_route(path, act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Panes:
    gate: Gate

    def order(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Put a row elsewhere, pin it, make it the lead, or take it out."""
        return self._changed(number, request, form, _order)

    def replace(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Put a candidate in the place of a story."""
        return self._changed(number, request, form, _replace)

    def unpin(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Take all pins back."""
        return self._changed(number, request, form, _unpin)

    def undo(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Take the latest of one's own changes back."""
        return self._changed(number, request, form, partial(_step, which=undoing.UNDO))

    def redo(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Do again what was undone."""
        return self._changed(number, request, form, partial(_step, which=undoing.REDO))

    def live(self, number: str, face: str, request: Request, edition: str = "") -> Response:
        """Answer with the mail as it would be made this moment."""
        return self.gate.answer(number, request, partial(_live, face=face, edition=edition))

    def why(self, number: str, request: Request, edition: str = "") -> Response:
        """Answer with the explanation of the edition as CSV."""
        return self.gate.answer(number, request, partial(_why, edition=edition))

    def as_reader(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Show what the reader of an address gets."""
        act = partial(self._as_reader, address=form.get("address", ""), face=form.get("face", "light"))
        return self.gate.changed(number, request, self._only_operators(request, act))

    def mail_of(self, number: str, token: str, face: str, request: Request) -> Response:
        """Answer with the mail of one reader, for the frames of that page."""
        act = partial(self._mail_of, token=token, face=face)
        return self.gate.answer(number, request, self._only_operators(request, act))

    def _only_operators(self, request: Request, act: Act) -> Act:
        """Return an act that is refused to whoever may not look at readers elsewhere either."""

        def checked(seen: Seen) -> Response:
            user = self.gate.user(request)
            if user is not None:
                self.gate.demand(user, Role.operator, "look at readers")
            return act(seen)

        return checked

    def _changed(self, number: str, request: Request, form: Form, do: Do) -> Response:
        quick = pages.swaps(request.headers)
        return self.gate.changed(number, request, partial(self._do, form=form, do=do, quick=quick))

    def _do(self, seen: Seen, form: Form, do: Do, *, quick: bool) -> Response:
        """Change the issue and show it; ``quick``: its editions are made when the editor rests."""
        edition = form.get("edition", "")
        before = live.of_edition(seen.review, edition)
        known = {"who": seen.who, "at": self.gate.app.clock.now(), "version": version_of(form)}
        try:
            done = do(replace(seen, review=before), form, known)
        except DigestError as error:
            again = self.gate.acts.again(seen)
            return pages.whole(again, edition=edition, notice=str(error), status=status_of(error))
        after = self.gate.acts.again(seen, make=not quick)
        return pages.whole(after, edition=edition, done=f"{done}.", before=before.plan)

    def _as_reader(self, seen: Seen, address: str, face: str) -> Response:
        app, look = self.gate.app, face_of(face)
        try:
            with app.database.reading() as session:
                person = find(session, app.keys, address)
                if person is None:
                    raise NotFound("There is no reader with this address.")
                shown = live.as_reader(session, seen.review, person.ref)
        except (DigestError, SubscribersError) as error:
            return pages.whole(seen, notice=str(error), status=HTTPStatus.NOT_FOUND)
        token = app.keys.sign(
            AS_READER,
            subscriber=person.ref,
            family=seen.review.publication.id,
            reference=str(seen.review.issue.id),
            expires=seen.review.at + SHOWN_FOR,
        )
        values = {
            "address": person.address,
            "told": live.told(seen.review, shown.plan),
            "frame": f"{seen.door.url}/as/{token}",
            "faces": [(one.value, faces.NAMES[one]) for one in Face],
            "face": look.value,
            "widths": faces.WIDTHS,
            "cut": faces.cut(shown.plan.subject, shown.plan.preheader),
            "sender": seen.review.publication.sender_name,
        }
        return pages.of_issue("as_reader", seen, HTTPStatus.OK, values)

    def _mail_of(self, seen: Seen, token: str, face: str) -> Response:
        app, look = self.gate.app, face_of(face)
        try:
            claim = app.keys.read(token, AS_READER, seen.review.at)
        except SubscribersError as error:
            raise NotFound(str(error)) from error
        if claim.reference != str(seen.review.issue.id):
            raise NotFound("This is the mail of another issue.")
        with app.database.reading() as session:
            shown = live.as_reader(session, seen.review, claim.subscriber)
        return mail_answer(live.page(shown.plan, look, _urls(seen), name=shown.name), look)


def _live(seen: Seen, face: str, edition: str) -> Response:
    look = face_of(face)
    return mail_answer(live.page(live.of_edition(seen.review, edition).plan, look, _urls(seen)), look)


def mail_answer(body: str, look: Face) -> Response:
    """Return a mail in a face, for a frame."""
    policy = {"Content-Security-Policy": SOURCE_POLICY} if look in (Face.text, Face.source) else {}
    return HTMLResponse(body, headers=MAIL | policy)


def _why(seen: Seen, edition: str) -> Response:
    review = live.of_edition(seen.review, edition)
    name = f"issue-{review.issue.number}-why.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("\ufeff" + why.as_csv(review), media_type="text/csv; charset=utf-8", headers=headers)


def _order(seen: Seen, form: Form, known: dict[str, Any]) -> str:
    with seen.app.database.reading() as session:  # said before what may not be there any more
        editing.locked(session, seen.review.issue.id, known["version"])
    try:
        go, article = Go(form.get("go", "")), UUID(form.get("article", ""))
    except ValueError as error:
        raise BadInput("The form does not say what to do. Open the page again.") from error
    aim = ordering.aim(seen.review, article, go, list_id=form.get("list", ""), at=_row(form.get("row", "0")))
    ordering.do(seen.app.database, seen.review, aim, **known)
    return aim.done


def _replace(seen: Seen, form: Form, known: dict[str, Any]) -> str:
    try:
        old, new = UUID(form.get("article", "")), UUID(form.get("by", ""))
    except ValueError as error:
        raise BadInput("Choose the story to put in its place.") from error
    by_id = seen.review.recipe.by_id
    editing.replace(seen.app.database, seen.review.issue.id, old, new, **known)
    return f"“{by_id[str(new)].headline}” stands where “{by_id[str(old)].headline}” stood"


def _unpin(seen: Seen, _form: Form, known: dict[str, Any]) -> str:
    ordering.unpin_all(seen.app.database, seen.review, **known)
    return "Nothing is pinned any more: the points decide every place"


def _step(seen: Seen, _form: Form, known: dict[str, Any], which: str) -> str:
    review = seen.review
    if review.issue.version != known["version"]:
        raise Conflict("The issue was changed meanwhile. Look at it again, then undo.")
    name = undoing.step(seen.app.database, review, which, **known)
    return f"{'Undone' if which == undoing.UNDO else 'Done again'}: {name}"


def _row(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _NUMBER):
        raise BadInput("The form does not say where to. Open the page again.")
    return int(text)


def face_of(text: str) -> Face:
    """Return a view by its name. Raises NotFound."""
    try:
        return Face(text)
    except ValueError as error:
        raise NotFound(f"There is no such view. Views: {', '.join(Face)}.") from error


def _urls(seen: Seen) -> Urls:
    return Urls(seen.app.settings.base_url, seen.app.keys)
