"""The desk's pages of one issue beside the whole of it: a story, the candidates, the texts, and the previews."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest.editors import differing, faces, stories, views
from digest.editors.faces import Face
from digest.errors import BadInput, Conflict, NotFound
from digest.issues import editing
from digest.issues.edits import EVERYWHERE, ISSUE_TEXTS, STORY_TEXTS
from digest.proofs.models import Edition
from digest.proofs.preview import sample
from digest.rendering import slots
from digest.web import review_pages as pages
from digest.web.acting import Form, form_of, version_of
from digest.web.gate import Gate
from digest.web.review_pages import Seen
from digest.web.security import OF_A_MAIL
from subscribers.pages import BOTH_WAYS

SOURCE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_MAIL: Final = {"Content-Security-Policy": OF_A_MAIL, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}

Order = Callable[[Seen, UUID, Form, dict[str, Any]], object]


def router(gate_: Gate) -> APIRouter:
    """Return the routes under /desk/issues/{number}; they come before the desk's own, whose last one fits anything."""
    doors = _Issue(gate_)
    made = APIRouter(prefix="/desk/issues/{number}")
    for path, show in (
        ("/story/{article}", doors.story),
        ("/candidates", doors.candidates),
        ("/texts", doors.texts),
        ("/preview", doors.preview),
        ("/mail/{edition}/{face}", doors.mail),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/texts", doors.set_texts, methods=["POST"], response_model=None)
    made.add_api_route("/story/{article}/{order}", doors.order, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Issue:
    gate: Gate

    def story(self, number: str, article: str, request: Request) -> Response:
        """Show a story: why it stands there, its texts, and what can be done with it."""
        return self.gate.answer(number, request, partial(_story, article=article))

    def candidates(self, number: str, request: Request, q: str = "", of: str = "") -> Response:
        """Show the candidates, by points, with the reason of those that do not stand."""
        return self.gate.answer(number, request, partial(_candidates, wanted=q, list_id=of))

    def texts(self, number: str, request: Request, of: str = "") -> Response:
        """Show subject, preheader and note, of the issue or of one list's editions."""
        return self.gate.answer(number, request, partial(_texts, list_id=of))

    def preview(self, number: str, request: Request, edition: str = "", face: str = "light") -> Response:
        """Show an edition at two widths in one of its faces."""
        return self.gate.answer(number, request, partial(_preview, wanted=edition, face=face))

    def mail(self, number: str, edition: str, face: str, request: Request) -> Response:
        """Answer with the mail alone, for the frames of the preview."""
        return self.gate.answer(number, request, partial(_mail, wanted=edition, face=face))

    def order(
        self, number: str, article: str, order: str, request: Request, form: Annotated[Form, Depends(form_of)]
    ) -> Response:
        """Do to a story what its page offers."""
        return self.gate.changed(number, request, partial(self._order, article=article, order=order, form=form))

    def set_texts(
        self, number: str, request: Request, form: Annotated[Form, Depends(form_of)], of: str = ""
    ) -> Response:
        """Set the texts of an issue."""
        return self.gate.changed(number, request, partial(self._set_texts, form=form, list_id=of))

    def _order(self, seen: Seen, article: str, order: str, form: Form) -> Response:
        act = _ORDERS.get(order)
        if act is None:
            raise NotFound("There is no such page here.")
        story = _article(article)
        try:
            act(seen, story, form, self._known(seen, form))
        except Conflict as error:
            return _story(self.gate.acts.again(seen), article, notice=str(error), typed=form)
        except BadInput as error:
            return _story(seen, article, notice=str(error), typed=form)
        return self._changed(seen, partial(_story, article=article))

    def _set_texts(self, seen: Seen, form: Form, list_id: str) -> Response:
        try:
            _set(seen, ISSUE_TEXTS, form, self._known(seen, form), list_id=list_id or None)
        except Conflict as error:
            return _texts(self.gate.acts.again(seen), list_id, notice=str(error), typed=form)
        except BadInput as error:
            return _texts(seen, list_id, notice=str(error), typed=form)
        return self._changed(seen, partial(_texts, list_id=list_id))

    def _changed(self, seen: Seen, show: Callable[..., Response]) -> Response:
        """Make the editions anew and say what changed in the largest one."""
        after = self.gate.acts.again(seen, make=True)
        changes = differing.told(seen.review.plan, after.review.plan)
        return show(after, done="Saved. The editions are made anew.", changes=changes[: pages.MOST_CHANGES])

    def _known(self, seen: Seen, form: Form) -> dict[str, Any]:
        return {"who": seen.who, "at": self.gate.app.clock.now(), "version": version_of(form)}


def _story(
    seen: Seen,
    article: str,
    *,
    done: str = "",
    notice: str = "",
    changes: list[str] | None = None,
    typed: Form | None = None,
) -> HTMLResponse:
    shown = stories.story(seen.review, article)
    _keep(shown["texts"], typed)
    status = HTTPStatus.CONFLICT if notice else HTTPStatus.OK
    said = {"done": done, "notice": notice, "changes": changes or []}
    return pages.of_issue("story", seen, status, {"story": shown} | said)


def _candidates(seen: Seen, wanted: str, list_id: str) -> HTMLResponse:
    rows = stories.candidates(seen.review, wanted[:200], list_id)
    values = {"rows": rows, "wanted": wanted[:200], "of": list_id, "lists": _lists(seen)}
    return pages.of_issue("candidates", seen, HTTPStatus.OK, values)


def _texts(
    seen: Seen,
    list_id: str,
    *,
    done: str = "",
    notice: str = "",
    changes: list[str] | None = None,
    typed: Form | None = None,
) -> HTMLResponse:
    if list_id and list_id not in seen.review.recipe.frame.by_list:
        raise NotFound(f"This issue has no list {list_id!r}.")
    found = stories.texts(seen.review, list_id or EVERYWHERE)
    _keep(found, typed)
    cut = faces.cut(views.facts(seen.review)["subject"], views.facts(seen.review)["preheader"])
    status = HTTPStatus.CONFLICT if notice else HTTPStatus.OK
    values = {"texts": found, "of": list_id, "lists": _lists(seen), "cut": cut, "changes": changes or []}
    return pages.of_issue("texts", seen, status, values | {"done": done, "notice": notice})


def _preview(seen: Seen, wanted: str, face: str) -> HTMLResponse:
    chosen, look = _edition(seen, wanted), _face(face)
    editions = seen.review.proof.editions if seen.review.proof else ()
    named = [
        {"id": str(one.id), "name": views.edition_name(seen.review, one), "readers": f"{one.readers:,}"}
        for one in editions
    ]
    values: dict[str, Any] = {
        "editions": named,
        "shown": str(chosen.id),
        "faces": [(one.value, faces.NAMES[one]) for one in Face],
        "face": look.value,
        "widths": faces.WIDTHS if look not in (Face.text, Face.source) else faces.WIDTHS[:1],
        "cut": faces.cut(chosen.subject, chosen.preheader),
        "bytes": f"{chosen.html_bytes / 1024:.0f}",
        "sender": seen.review.publication.sender_name,
    }
    return pages.of_issue("preview", seen, HTTPStatus.OK, values)


def _mail(seen: Seen, wanted: str, face: str) -> HTMLResponse:
    chosen, look = _edition(seen, wanted), _face(face)
    values = sample(chosen, seen.app.settings.base_url)
    body = faces.shown(look, slots.fill(chosen.html, values), slots.fill(chosen.text, values), chosen.language)
    policy = {"Content-Security-Policy": SOURCE_POLICY} if look in (Face.text, Face.source) else {}
    return HTMLResponse(body, headers=_MAIL | policy)


def _edition(seen: Seen, wanted: str) -> Edition:
    """Return the edition that was asked for; without a wish the one with most readers."""
    editions = seen.review.proof.editions if seen.review.proof else ()
    found = next((one for one in editions if str(one.id) == wanted), None) if wanted else next(iter(editions), None)
    if found is None:
        raise NotFound("There is no such edition. Make the editions on the issue's page.")
    return found


def _face(text: str) -> Face:
    try:
        return Face(text)
    except ValueError as error:
        raise NotFound(f"There is no such view. Views: {', '.join(Face)}.") from error


def _lists(seen: Seen) -> list[dict[str, str]]:
    return [{"id": one.id, "name": one.name} for one in seen.review.recipe.frame.lists]


def _keep(texts: list[dict[str, str]], typed: Form | None) -> None:
    """Let what somebody typed stand in the form where it could not be saved; what is stored is shown beside it."""
    for one in texts:
        if typed is not None and one["name"] in typed and typed[one["name"]] != one["value"]:
            one["stored"], one["value"] = one["value"], typed[one["name"]]


def _article(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such story here.") from error


def _set(
    seen: Seen,
    names: tuple[str, ...],
    form: Form,
    known: dict[str, Any],
    *,
    article: UUID | None = None,
    list_id: str | None = None,
) -> None:
    """Set those texts of a form that differ from what is stored; each raises the version by one."""
    database, issue = seen.app.database, seen.review.issue.id
    for name in names:
        if name in form:
            changed = editing.set_text(database, issue, name, form[name], article=article, list_id=list_id, **known)
            known["version"] = changed.version


def _pin(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    place = form.get("place", "")
    if not (place.isascii() and place.isdecimal() and len(place) < 4):  # noqa: PLR2004 - more is no place
        raise BadInput("Which place? Write its number, from 1.")
    return editing.pin(
        seen.app.database, seen.review.issue.id, article, list_id=form.get("list", ""), place=int(place), **known
    )


def _unpin(seen: Seen, article: UUID, _form: Form, known: dict[str, Any]) -> object:
    return editing.unpin(seen.app.database, seen.review.issue.id, article, **known)


def _exclude(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    return editing.exclude(seen.app.database, seen.review.issue.id, article, list_id=form.get("list") or None, **known)


def _include(seen: Seen, article: UUID, _form: Form, known: dict[str, Any]) -> object:
    return editing.include(seen.app.database, seen.review.issue.id, article, **known)


def _move(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    return editing.move(seen.app.database, seen.review.issue.id, article, list_id=form.get("list", ""), **known)


def _lead(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    chosen = None if form.get("free") else article
    return editing.lead(seen.app.database, seen.review.issue.id, chosen, **known)


def _story_texts(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> None:
    originals = {one["name"]: one["original"] for one in stories.story(seen.review, str(article))["texts"]}
    own = {
        name: "" if text.strip() == originals.get(name) else text for name, text in form.items()
    }  # it was not changed
    _set(seen, STORY_TEXTS, own, known, article=article)


_ORDERS: Final[dict[str, Order]] = {
    "pin": _pin,
    "unpin": _unpin,
    "exclude": _exclude,
    "include": _include,
    "move": _move,
    "lead": _lead,
    "texts": _story_texts,
}
