"""Texts that save themselves while an editor types: each field alone, compared with what its editor had before them."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from digest.editors import stories
from digest.editors.reading import Review
from digest.errors import BadInput, Conflict, DigestError, Refused
from digest.issues import editing
from digest.issues.edits import ISSUE_TEXTS, STORY_TEXTS
from digest.web import review_pages as pages
from digest.web.acting import Form, form_of, status_of
from digest.web.gate import Gate
from digest.web.review_pages import Seen, page

TRIES: Final = 3  # somebody else saved something else this very moment: look again


def router(gate_: Gate) -> APIRouter:
    """Return the route /desk/issues/{number}/field."""
    made = APIRouter(prefix="/desk/issues/{number}")
    made.add_api_route("/field", _Fields(gate_).save, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Fields:
    gate: Gate

    def save(self, number: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Save one field, or show both texts where somebody else changed it since."""
        return self.gate.changed(number, request, partial(self._save, form=form))

    def _save(self, seen: Seen, form: Form) -> Response:
        """Compare what the editor had before them with what is stored, and swap if it is the same.

        A change of something else raises the version, too, but is in nobody's way here.
        """
        name, article = form.get("name", ""), form.get("article", "")
        if name not in (STORY_TEXTS if article else ISSUE_TEXTS) or name not in form:
            raise BadInput("The form does not say which text. Open the page again.")
        text, was = form[name], form.get(f"was-{name}", "")
        for _ in range(TRIES):
            field = _stored(seen.review, article, name)
            shown = field["value"] or (field["original"] if article else "")
            if shown not in (was, text):
                return _conflict(seen, field, article, {"was": was, "mine": text, "theirs": shown})
            try:
                self._set(seen, field, article, text)
            except Conflict:
                seen = self.gate.acts.again(seen)
                continue
            except DigestError as error:
                return _answer(seen, field, article, {"notice": str(error), "was": was}, status=status_of(error))
            return self._saved(seen, article, name)
        raise Refused("Others change this issue all the time; nothing was saved. Wait a moment.")

    def _set(self, seen: Seen, field: dict[str, str], article: str, text: str) -> None:
        own = "" if article and text.strip() == field["original"] else text  # it is the source's own
        editing.set_text(
            self.gate.app.database,
            seen.review.issue.id,
            field["name"],
            own,
            article=UUID(article) if article else None,
            who=seen.who,
            at=self.gate.app.clock.now(),
            version=seen.review.issue.version,
        )

    def _saved(self, seen: Seen, article: str, name: str) -> Response:
        after = self.gate.acts.again(seen)
        field = _stored(after.review, article, name)
        shown = field["value"] or (field["original"] if article else "")
        values = {"was": shown, "headline": _headline(after.review, article) if name == "headline" else ""}
        answer = _answer(after, field, article, values)
        versions = {"from": seen.review.issue.version, "version": after.review.issue.version}
        answer.headers["HX-Trigger"] = orjson.dumps({"saved": versions}).decode()
        return answer


def _conflict(seen: Seen, field: dict[str, str], article: str, texts: dict[str, str]) -> Response:
    """Show both; what the form says it was stays as it was, so that nothing but a choice is saved over theirs."""
    last = next((one.who for one in reversed(seen.review.log) if one.what.endswith(f"set {field['name']}")), "Somebody")
    return _answer(seen, field, article, texts | {"them": last}, status=HTTPStatus.CONFLICT)


def _answer(
    seen: Seen, field: dict[str, str], article: str, values: dict[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> Response:
    blank: dict[str, Any] = {"notice": "", "theirs": None, "mine": "", "them": "", "headline": ""}
    return page("field", status, **(blank | {"field": field, "article": article, "door": seen.door} | values))


def _stored(review: Review, article: str, name: str) -> dict[str, str]:
    found = stories.fields(review, article) if article else stories.texts(review)
    return next(one for one in found if one["name"] == name)


def _headline(review: Review, article: str) -> str:
    return pages.headline(review, article)
