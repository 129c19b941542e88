"""The desk's pages of the mails' templates: edited, tried on the sample and the newest issue, saved as versions."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest import users
from digest.editors import faces
from digest.editors.faces import Face
from digest.errors import BadInput, Conflict, DigestError, NotFound, Refused
from digest.issues.plan import EditionPlan, OwnTemplate
from digest.proofs import mail_templates, trying
from digest.proofs.trying import Tried
from digest.rendering import templates
from digest.rendering.errors import TemplateError
from digest.rendering.urls import Urls
from digest.sample import editions
from digest.users import Role, User
from digest.web import template_pages as shapes
from digest.web.acting import Form, form_of, status_of
from digest.web.desk_panes import MAIL
from digest.web.gate import Gate, page_for
from subscribers.pages import BOTH_WAYS

OF: Final = {"sample": "the sample newsroom", "issue": "the newest issue"}
FACES: Final = (Face.light, Face.dark, Face.forced, Face.bare, Face.plain, Face.text, Face.source)
_CHANGE: Final = "change a template"
_OUTCOME: Final = "An issue that is drafted takes it up at once, and what was approved falls back to a draft."


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/templates."""
    doors = _Templates(gate_)
    made = APIRouter(prefix="/desk/templates")
    for path, show in (
        ("", doors.all),
        ("/{name}", doors.one),
        ("/{name}/mail", doors.mail),
        ("/{name}/versions/{number}", doors.version),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    for path, act in (
        ("", doors.copy),
        ("/{name}", doors.save),
        ("/{name}/mail", doors.mail_of_typed),
        ("/{name}/versions/{number}", doors.restore),
    ):
        made.add_api_route(path, act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Templates:
    gate: Gate

    def all(self, request: Request) -> Response:
        """List the templates."""
        return self.gate.enter(request, self._all)

    def one(self, name: str, request: Request) -> Response:
        """Show a template with both its parts, and how it looks."""
        return self.gate.enter(request, partial(self._one, name=name))

    def mail(self, name: str, request: Request, of: str = "sample", face: str = "light", number: int = -1) -> Response:
        """Show a mail made with a version of a template, as a frame shows it. ``number``: -1 is the one in use."""
        act = partial(self._mail, name=name, of=of, face=face, number=number)
        return self.gate.enter(request, act)

    def version(self, name: str, number: int, request: Request) -> Response:
        """Show what a version changed."""
        return self.gate.enter(request, partial(self._version, name=name, number=number))

    def copy(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Make a new template from one there is."""
        return self.gate.enter(request, partial(self._copy, form=form), Role.operator, "add a template", changes=True)

    def save(self, name: str, request: Request, form: Annotated[Form, Depends(shapes.source_of)]) -> Response:
        """Check what was typed, or save it as a version."""
        act = partial(self._save, name=name, form=form)
        return self.gate.enter(request, act, Role.operator, _CHANGE, changes=True)

    def mail_of_typed(self, name: str, request: Request, form: Annotated[Form, Depends(shapes.source_of)]) -> Response:
        """Show a mail made with what was typed; nothing is saved."""
        act = partial(self._typed_mail, name=name, form=form)
        return self.gate.enter(request, act, Role.operator, _CHANGE, changes=True)

    def restore(self, name: str, number: int, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Put an older version back: it becomes the newest."""
        act = partial(self._restore, name=name, number=number, form=form)
        return self.gate.enter(request, act, Role.operator, _CHANGE, changes=True)

    def _all(self, user: User, *, notice: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            used = mail_templates.used_by(session)
            rows = [
                shapes.row(name, mail_templates.newest(session, name), used.get(name, []))
                for name in mail_templates.names(session)
            ]
        return page_for(user, "templates", status, rows=rows, notice=notice, may_edit=_may_edit(user))

    def _one(
        self,
        user: User,
        name: str,
        *,
        typed: Form | None = None,
        tried: Tried | None = None,
        done: list[str] | None = None,
        notice: str = "",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            own = mail_templates.in_use(session, name)
            past = mail_templates.history(session, name)
            affected = [one.number for one in mail_templates.affected(session, name)]
            used = mail_templates.used_by(session).get(name, [])
        texts = {part: (typed or {}).get(part, getattr(own, part)) for part in ("mjml", "text")}
        conflict = status == HTTPStatus.CONFLICT and typed is not None
        values: dict[str, Any] = {
            "name": name,
            "texts": texts,
            "note": (typed or {}).get("note", ""),
            "base": past[0].number if past else 0,
            "number": own.number,
            "shipped": templates.shipped(name) is not None,
            "versions": [shapes.shown(one) for one in past],
            "used": used,
            "affected": affected,
            "faces": [(one.value, faces.NAMES[one]) for one in FACES],
            "of": OF,
            "tried": tried,
            "diff": shapes.diff(own, OwnTemplate(number=0, **texts)) if conflict else [],
            "most": templates.LONGEST_SOURCE,
        }
        said = {"done": done or [], "notice": notice, "may_edit": _may_edit(user), "outcome": _OUTCOME}
        return page_for(user, "template", status, **values | said)

    def _save(self, user: User, name: str, form: Form) -> HTMLResponse:
        own = shapes.typed(form)
        with self.gate.app.database.reading() as session:
            mail_templates.in_use(session, name)  # or there is no such template
        tried = trying.attempt(own, name, editions.hard(), self._urls())
        if not tried.sound:
            notice = "Nothing was saved: a mail made with it would not be sound."
            return self._one(user, name, typed=form, tried=tried, notice=notice, status=HTTPStatus.BAD_REQUEST)
        if form.get("order") != "save":
            done = [
                f"It is sound. The largest mail of the sample has {tried.html_bytes:,} bytes. Nothing is saved yet."
            ]
            return self._one(user, name, typed=form, tried=tried, done=done)
        return self._store(user, name, own, form, tried)

    def _store(self, user: User, name: str, own: OwnTemplate | None, form: Form, tried: Tried | None) -> HTMLResponse:
        known: dict[str, Any] = {"who": user.address, "at": self.gate.app.clock.now(), "base": shapes.number(form)}
        try:
            version, taken = mail_templates.save(self.gate.app.database, name, own, **known, note=form.get("note", ""))
        except (Conflict, Refused, BadInput) as error:
            kept = form if "mjml" in form else None
            return self._one(user, name, typed=kept, tried=tried, notice=str(error), status=status_of(error))
        return self._one(user, name, tried=tried, done=[f"Version {version.number} is saved.", *shapes.taken(taken)])

    def _copy(self, user: User, form: Form) -> HTMLResponse:
        name, source = form.get("name", "").strip(), form.get("source", "")
        known: dict[str, Any] = {"who": user.address, "at": self.gate.app.clock.now(), "base": 0}
        try:
            templates.mail(name, "mjml")
            with self.gate.app.database.reading() as session:
                if name in mail_templates.names(session):
                    raise Refused(f"There is a template {name!r} already. Choose another name.")
                own = mail_templates.in_use(session, source)
            mail_templates.save(self.gate.app.database, name, own, **known, note=f"copied from {source}")
        except DigestError as error:
            return self._all(user, notice=str(error), status=status_of(error))
        return self._one(user, name, done=[f"Template {name} is made from {source}. A publication can choose it now."])

    def _restore(self, user: User, name: str, number: int, form: Form) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            own = mail_templates.text_of(session, name, number) if number else None
        if own is None or own.number == 0:
            return self._store(user, name, None, form | {"note": "as shipped"}, None)
        tried = trying.attempt(own, name, editions.hard(), self._urls())
        if not tried.sound:
            notice = f"Version {number} is not sound any more; nothing was saved."
            return self._one(user, name, tried=tried, notice=notice, status=HTTPStatus.CONFLICT)
        return self._store(user, name, own, form | {"note": f"version {number} put back"}, tried)

    def _version(self, user: User, name: str, number: int) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            past = mail_templates.history(session, name)
            found = next((one for one in past if one.number == number), None)
            if found is None:
                raise NotFound(f"There is no version {number} of template {name!r}.")
            own = mail_templates.text_of(session, name, number)
            before = shapes.before(session, name, number)
            shown, newest = shapes.shown(found), past[0].number
        values = {"name": name, "version": shown, "diff": shapes.diff(before, own), "base": newest, "own": own}
        return page_for(user, "template_version", **values, newest=newest, may_edit=_may_edit(user))

    def _mail(self, _user: User, name: str, of: str, face: str, number: int) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            own = mail_templates.text_of(session, name, None if number < 0 else number)
        return self._looked_at(name, own, of, face)

    def _typed_mail(self, _user: User, name: str, form: Form) -> HTMLResponse:
        try:
            return self._looked_at(name, shapes.typed(form), form.get("of", ""), form.get("face", ""))
        except BadInput as error:
            return HTMLResponse(faces.shown(Face.text, "", str(error), "en"), HTTPStatus.BAD_REQUEST, MAIL)

    def _looked_at(self, name: str, own: OwnTemplate, of: str, face: str) -> HTMLResponse:
        """Return a mail made with a template; where it cannot be made, the sentence why."""
        look = Face(face) if face in Face.__members__ else Face.light
        plan = self._newest_issue(name) if of == "issue" else editions.usual()
        if plan is None:
            return HTMLResponse(faces.shown(Face.text, "", "There is no issue yet.", "en"), headers=MAIL)
        try:
            body = shapes.page(trying.with_template(plan, name, own), look, self._urls())
        except TemplateError as error:
            return HTMLResponse(faces.shown(Face.text, "", str(error), "en"), HTTPStatus.OK, MAIL)
        return HTMLResponse(editions.with_pictures(body) if of != "issue" else body, headers=MAIL)

    def _newest_issue(self, name: str) -> EditionPlan | None:
        with self.gate.app.database.reading() as session:
            return mail_templates.newest_plan(session, name)

    def _urls(self) -> Urls:
        return Urls(self.gate.app.settings.base_url, self.gate.app.keys)


def _may_edit(user: User) -> bool:
    return users.may(user, Role.operator)
