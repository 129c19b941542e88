"""The desk's pages of one issue beside the whole of it: a story, the candidates, the texts, and the previews."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest.editors import differing, faces, stories, views
from digest.editors.faces import Face
from digest.errors import BadInput, Conflict, NotFound
from digest.issues.edits import EVERYWHERE, ISSUE_TEXTS
from digest.proofs.models import Edition
from digest.proofs.preview import sample
from digest.rendering import slots
from digest.web import review_pages as pages
from digest.web.acting import Form, form_of, version_of
from digest.web.desk_orders import ORDERS, set_texts
from digest.web.desk_panes import face_of, mail_answer
from digest.web.gate import Gate
from digest.web.review_pages import Seen
from subscribers.pages import BOTH_WAYS


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

    def candidates(self, number: str, request: Request, q: str = "", of: str = "", place: str = "") -> Response:
        """Show the candidates, by points, with the reason of those left out; ``place``: whose they may take."""
        return self.gate.answer(number, request, partial(_candidates, wanted=q, list_id=of, place=place))

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
        quick = pages.swaps(request.headers)
        act = partial(self._order, article=article, order=order, form=form, quick=quick)
        return self.gate.changed(number, request, act)

    def set_texts(
        self, number: str, request: Request, form: Annotated[Form, Depends(form_of)], of: str = ""
    ) -> Response:
        """Set the texts of an issue."""
        return self.gate.changed(number, request, partial(self._set_texts, form=form, list_id=of))

    def _order(self, seen: Seen, article: str, order: str, form: Form, *, quick: bool) -> Response:
        act = ORDERS.get(order)
        if act is None:
            raise NotFound("There is no such page here.")
        story = _article(article)
        try:
            act(seen, story, form, self._known(seen, form))
        except Conflict as error:
            return _story(self.gate.acts.again(seen), article, notice=str(error), typed=form)
        except BadInput as error:
            return _story(seen, article, notice=str(error), typed=form)
        return self._changed(seen, partial(_story, article=article), quick=quick)

    def _set_texts(self, seen: Seen, form: Form, list_id: str) -> Response:
        try:
            set_texts(seen, ISSUE_TEXTS, form, self._known(seen, form), list_id=list_id or None)
        except Conflict as error:
            return _texts(self.gate.acts.again(seen), list_id, notice=str(error), typed=form)
        except BadInput as error:
            return _texts(seen, list_id, notice=str(error), typed=form)
        return self._changed(seen, partial(_texts, list_id=list_id))

    def _changed(self, seen: Seen, show: Callable[..., Response], *, quick: bool = False) -> Response:
        """Make the editions anew (``quick``: when the editor rests) and say what changed in the largest one."""
        after = self.gate.acts.again(seen, make=not quick)
        changes = differing.told(seen.review.plan, after.review.plan)
        done = "Saved." if quick else "Saved. The editions are made anew."
        return show(after, done=done, changes=changes[: pages.MOST_CHANGES])

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


def _candidates(seen: Seen, wanted: str, list_id: str, place: str) -> HTMLResponse:
    rows = stories.candidates(seen.review, wanted[:200], list_id)
    taken = pages.headline(seen.review, place) if place in seen.review.recipe.by_id else ""
    values = {"rows": rows, "wanted": wanted[:200], "of": list_id, "lists": _lists(seen)}
    values |= {"place": place if taken else "", "taken": taken}
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
    chosen, look = _edition(seen, wanted), face_of(face)
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


def _mail(seen: Seen, wanted: str, face: str) -> Response:
    chosen, look = _edition(seen, wanted), face_of(face)
    values = sample(chosen, seen.app.settings.base_url)
    body = faces.shown(look, slots.fill(chosen.html, values), slots.fill(chosen.text, values), chosen.language)
    return mail_answer(body, look)


def _edition(seen: Seen, wanted: str) -> Edition:
    """Return the edition that was asked for; without a wish the one with most readers."""
    editions = seen.review.proof.editions if seen.review.proof else ()
    found = next((one for one in editions if str(one.id) == wanted), None) if wanted else next(iter(editions), None)
    if found is None:
        raise NotFound("There is no such edition. Make the editions on the issue's page.")
    return found


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
