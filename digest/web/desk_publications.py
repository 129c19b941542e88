"""The desk's pages of the publications: each with all its fields, its next runs, and who changed what of it."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from digest import desk_log, users
from digest.editors import listing, publication_form, skipping, times
from digest.editors.publication_form import Around
from digest.errors import BadInput, Conflict, DigestError, NotFound, Refused
from digest.issues import publications, sending_accounts
from digest.issues.models import Publication
from digest.proofs import mail_templates
from digest.rendering.wording import clean
from digest.users import Role, User
from digest.web.acting import Form, form_of, status_of
from digest.web.gate import Gate, page_for
from subscribers import lists as lists_of
from subscribers.pages import BOTH_WAYS

MOST_LOG: Final = 30
LONGEST_VALUE: Final = 200
_CHANGE: Final = "change a publication"
_FIRST: Final = ("id", "name", "sender_address", "postal_address", "language", "zone")  # what a new one must say


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/publications."""
    doors = _Publications(gate_)
    made = APIRouter(prefix="/desk/publications")
    made.add_api_route("", doors.all, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/{key}", doors.one, methods=BOTH_WAYS, response_model=None)
    for path, act in (("", doors.add), ("/{key}", doors.save), ("/{key}/skip", doors.skip)):
        made.add_api_route(path, act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Publications:
    gate: Gate

    def all(self, request: Request) -> Response:
        """List the publications."""
        return self.gate.enter(request, self._all)

    def one(self, key: str, request: Request) -> Response:
        """Show a publication with all its fields."""
        return self.gate.enter(request, partial(self._one, key=key))

    def add(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Add a publication."""
        return self.gate.enter(request, partial(self._add, form=form), Role.operator, "add a publication", changes=True)

    def save(self, key: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Save what was changed of a publication."""
        act = partial(self._save, key=key, form=form)
        return self.gate.enter(request, act, Role.operator, _CHANGE, changes=True)

    def skip(self, key: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Leave a planned sending out, or let it run after all."""
        act = partial(self._skip, key=key, form=form)
        return self.gate.enter(request, act, Role.approver, "leave a sending out", changes=True)

    def _all(
        self, user: User, *, typed: Form | None = None, wrong: dict[str, str] | None = None, notice: str = ""
    ) -> HTMLResponse:
        settings = self.gate.app.settings
        first = {"sender_address": settings.sender_address, "postal_address": settings.postal_address}
        with self.gate.app.database.reading() as session:
            rows = [_row(one) for one in publications.all_publications(session)]
        status = HTTPStatus.BAD_REQUEST if notice or wrong else HTTPStatus.OK
        values = dict.fromkeys(_FIRST, "") | first | {"language": "en", "zone": "UTC"} | (typed or {})
        given = {"rows": rows, "values": values, "wrong": wrong or {}, "may_edit": _may_edit(user), "notice": notice}
        return page_for(user, "publications", status, **given)

    def _add(self, user: User, form: Form) -> HTMLResponse:
        typed = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in _FIRST}
        wrong = publications.problems(**typed)
        if wrong:
            return self._all(user, typed=typed, wrong=wrong)
        try:
            with self.gate.app.database.writing() as session:
                data = publications.checked(**typed)
                publications.add(session, data, who=user.address, at=self.gate.app.clock.now())
        except (Refused, BadInput) as error:
            return self._all(user, typed=typed, notice=str(error))
        done = "Added. Look at its hours and rules; then it needs a list: digest lists add ID --publication " + data.id
        return self._one(user, data.id, done=[done])

    def _one(
        self,
        user: User,
        key: str,
        *,
        typed: Form | None = None,
        wrong: dict[str, str] | None = None,
        done: list[str] | None = None,
        notice: str = "",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HTMLResponse:
        at = self.gate.app.clock.now()
        with self.gate.app.database.reading() as session:
            found = publications.get(session, key)
            around = self._around(session, found)
            drafted = mail_templates.changeable(session, key)
            values: dict[str, Any] = {
                "one": _row(found),
                "groups": publication_form.groups(found, around, typed, wrong or {}),
                "seen": publications.fingerprint(found),
                "other": (wrong or {}).get("", ""),
                "runs": [one for one in listing.runs_ahead(session, at) if one["publication"] == key],
                "log": _log(session, found),
                "drafted": [{"number": one.number, "day": times.day(found, one)} for one in drafted],
            }
        said = {"done": done or [], "notice": notice, "may_edit": _may_edit(user), "may_skip": _may_skip(user)}
        return page_for(user, "publication", status, **values | said)

    def _save(self, user: User, key: str, form: Form) -> HTMLResponse:
        app, seen = self.gate.app, form.get("seen", "")
        if not seen:
            raise BadInput("The form came incomplete, or was too long: nothing was saved. Open the page again.")
        with app.database.reading() as session:
            stored = publications.get(session, key)
            around = self._around(session, stored)
        given, wrong = publication_form.given(form, stored, [one for one, _name in around.lists])
        wrong |= publications.problems(**stored.model_dump() | given) if not wrong else {}
        if wrong:
            notice = "Nothing was saved: something below is not right yet."
            return self._one(user, key, typed=form, wrong=wrong, notice=notice, status=HTTPStatus.BAD_REQUEST)
        try:
            with app.database.writing() as session:
                sending_accounts.check_known([given["account"], *given["list_accounts"].values()], around.accounts)
                mail_templates.check_known(session, given["template"])
                changed = publications.put(session, key, given, who=user.address, at=app.clock.now(), seen=seen)
                drafted = [one.number for one in mail_templates.changeable(session, key)]
        except Conflict as error:
            notice = f"{error} What you typed stands in the fields, what is stored below it. Save again to put yours."
            return self._one(user, key, typed=form, notice=notice, status=HTTPStatus.CONFLICT)
        except (BadInput, Refused) as error:
            return self._one(user, key, typed=form, notice=str(error), status=status_of(error))
        names = ", ".join(_label(name) for name in changed)
        done = [f"Saved: {names}." if changed else "Nothing was changed."]
        return self._one(user, key, done=[*done, *publication_form.consequences(changed, drafted)])

    def _skip(self, user: User, key: str, form: Form) -> HTMLResponse:
        known: dict[str, Any] = {
            "undo": form.get("undo") == "yes",
            "who": user.address,
            "at": self.gate.app.clock.now(),
        }
        try:
            with self.gate.app.database.writing() as session:
                done = skipping.skip(session, key, form.get("day", ""), **known)
        except NotFound:
            raise
        except DigestError as error:
            return self._one(user, key, notice=str(error), status=status_of(error))
        return self._one(user, key, done=done.sentences)

    def _around(self, session: Session, publication: Publication) -> Around:
        others = [one for one in publications.all_publications(session) if one.id != publication.id]
        return Around(
            accounts=self.gate.app.settings.account_names,
            lists=[(one.id, clean(one.name)) for one in lists_of(session, publication.id)],
            templates=mail_templates.names(session),
            others=[(one.id, clean(one.name)) for one in others],
        )


def _may_edit(user: User) -> bool:
    return users.may(user, Role.operator)


def _may_skip(user: User) -> bool:
    return users.may(user, Role.approver)


def _row(publication: Publication) -> dict[str, str]:
    unit = "week" if publication.cadence == "weekly" else "day"
    return {
        "id": publication.id,
        "name": clean(publication.name),
        "language": publication.language,
        "sender": f"{clean(publication.sender_name)} <{publication.sender_address}>",
        "cadence": publication.cadence if publication.every == 1 else f"every {publication.every} {unit}s",
        "send": publication.send,
        "zone": publication.zone,
        "template": publication.template,
    }


def _log(session: Session, publication: Publication) -> list[dict[str, str]]:
    """Return the last changes, the newest first, each with what it was and is."""
    return [
        {
            "at": times.when(one.at, publication.zone),
            "who": one.who,
            "field": _label(one.what),
            "before": _said(one.before),
            "after": _said(one.after),
        }
        for one in desk_log.entries(session, publications.about(publication.id), MOST_LOG)
    ]


def _label(field: str) -> str:
    known = publication_form.FIELDS.get(field)
    return known.label if known else field.replace("_", " ")


def _said(value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(map(str, value))
    elif isinstance(value, dict):
        text = ", ".join(f"{name}: {held}" for name, held in value.items())
    else:
        text = {None: "", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)
    short = text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
    return short or "nothing"
