"""The desk's tag map: what each tag of each feed means, those that wait first; and what another meaning would move."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest import users
from digest.articles.feeds import tags
from digest.articles.feeds.meanings import MEANINGS, region_names
from digest.articles.feeds.models import SourceTag
from digest.articles.places import foreseeing
from digest.desk_log import note
from digest.errors import BadInput, DigestError
from digest.fetching import masked
from digest.regions import all_regions
from digest.rendering.wording import clean
from digest.users import Role, User
from digest.web.acting import Form, form_of, status_of
from digest.web.desk_regions import choices
from digest.web.gate import Gate, page_for
from subscribers.pages import BOTH_WAYS

KINDS: Final = ("waiting", "mapped", "all")


@dataclass(frozen=True)
class _View:
    """Which part of the map somebody looks at."""

    only: str = "waiting"
    text: str = ""
    source: str = ""  # of the last tag before this part
    tag: str = ""

    @classmethod
    def of(cls, form: Form) -> "_View":
        """Return the view that a form's page showed."""
        return cls(form.get("only", "waiting"), form.get("q", "")[:200])


def router(gate_: Gate) -> APIRouter:
    """Return the routes of /desk/tags."""
    doors = _Tags(gate_)
    made = APIRouter(prefix="/desk/tags")
    made.add_api_route("", doors.tags, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("", doors.order, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Tags:
    gate: Gate

    def tags(self, request: Request, only: str = "waiting", q: str = "", source: str = "", tag: str = "") -> Response:
        """Show the map, or those that wait."""
        return self.gate.enter(request, partial(self._tags, view=_View(only, q[:200], source, tag)))

    def order(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Show what another meaning would move, or say it."""
        return self.gate.enter(request, partial(self._order, form=form), Role.approver, "map tags", changes=True)

    def _tags(
        self,
        user: User,
        view: _View,
        *,
        asked: dict[str, Any] | None = None,
        done: str = "",
        notice: str = "",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HTMLResponse:
        only = view.only if view.only in KINDS else "waiting"
        after = (view.source, view.tag) if view.tag else None
        with self.gate.app.database.reading() as session:
            stored = all_regions(session)
            found = tags.map_page(session, only=only, text=view.text, after=after)
            counts = {kind: tags.count(session, kind) for kind in KINDS}
        names, regions = region_names(stored), {one.id: clean(one.name()) for one in stored}
        rows = [_row(one, names, regions) for one in found.tags]
        values = {"rows": rows, "more": found.more, "counts": counts, "only": only, "text": view.text, "asked": asked}
        values |= {"choices": choices(stored), "meanings": MEANINGS, "may": users.may(user, Role.approver)}
        return page_for(user, "tags", status, done=done, notice=notice, first=after is None, **values)

    def _order(self, user: User, form: Form) -> HTMLResponse:
        view, order = _View.of(form), form.get("order", "")
        try:
            if order == "look":
                return self._tags(user, view, asked=self._foreseen(form))
            if order != "save":
                raise BadInput("The form does not say what to do. Open the page again.")
            done = self._save(user.address, form)
        except DigestError as error:
            return self._tags(user, view, notice=str(error), status=status_of(error))
        return self._tags(user, view, done=done)

    def _foreseen(self, form: Form) -> dict[str, Any]:
        """Return what the page asks before a meaning is saved."""
        source, tag, target = form.get("source", ""), form.get("tag", ""), form.get("target", "")
        with self.gate.app.database.reading() as session:
            row = foreseeing.known(session, source, tag)
            found = foreseeing.foresee(session, source, tag, target)
            means = _words(target, {one.id: clean(one.name()) for one in all_regions(session)})
        given = {"source": source, "tag": tag, "target": target, "seen": row.target, "label": clean(row.label)}
        return given | {"shown": masked(source), "means": means, "found": found, "most": foreseeing.MOST}

    def _save(self, who: str, form: Form) -> str:
        app, source, tag, target = self.gate.app, form.get("source", ""), form.get("tag", ""), form.get("target", "")
        seen = form.get("seen", "")
        moved = foreseeing.mean(app.database, source, tag, target, app.clock.now(), seen=seen)
        with app.database.writing() as session:
            note(session, who, "means", f"tag {tag} of {source}", at=app.clock.now(), before=seen, after=target)
            label = clean(foreseeing.known(session, source, tag).label)
            means = _words(target, {one.id: clean(one.name()) for one in all_regions(session)})
        return f"“{label}” means {means} from now on; {moved} stored article{'' if moved == 1 else 's'} changed."


def _words(target: str, regions: dict[str, str]) -> str:
    return regions.get(target, target) or "nothing yet"


def _row(one: SourceTag, names: dict[str, str], regions: dict[str, str]) -> dict[str, Any]:
    by_name = "" if one.target else names.get(one.tag, "")
    return {
        "source": one.source,
        "shown": masked(one.source),
        "tag": one.tag,
        "label": clean(one.label) or one.tag,
        "articles": one.articles,
        "target": one.target,
        "means": f"{regions[by_name]}, by its name" if by_name else _words(one.target, regions),
        "last": f"{one.last_seen_at:%Y-%m-%d}",
    }
