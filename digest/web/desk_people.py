"""The desk's pages of people: readers (what is known of one, and what they asked for) and who works at the desk."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest import users
from digest.errors import DigestError
from digest.users import Role, User
from digest.web.acting import Form, form_of, status_of
from digest.web.gate import Gate, page_for
from subscribers import end, erase, find, get_list, suppress, unsuppress
from subscribers.errors import SubscribersError
from subscribers.pages import BOTH_WAYS

_READERS = "look at readers"
_STAFF = "say who works here"


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/readers and /desk/users. A reader's address is never part of an address of ours."""
    doors = _People(gate_)
    made = APIRouter(prefix="/desk")
    made.add_api_route("/readers", doors.readers, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/users", doors.users, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/readers", doors.reader, methods=["POST"], response_model=None)
    made.add_api_route("/users", doors.user, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _People:
    gate: Gate

    def readers(self, request: Request) -> Response:
        """Show the form that asks for an address."""
        return self.gate.enter(request, _reader_page, Role.operator, _READERS)

    def reader(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Show what is known of the reader of an address, and do what is asked for them."""
        return self.gate.enter(request, partial(self._reader, form=form), Role.operator, _READERS, changes=True)

    def users(self, request: Request) -> Response:
        """Show who works here."""
        return self.gate.enter(request, self._staff, Role.operator, _STAFF)

    def user(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Add somebody, give a role or a password, or let somebody in no more."""
        return self.gate.enter(request, partial(self._user, form=form), Role.operator, _STAFF, changes=True)

    def _reader(self, user: User, form: Form) -> HTMLResponse:
        app, address = self.gate.app, form.get("address", "")
        try:
            done = self._act(address, form)
            with app.database.reading() as session:
                person = find(session, app.keys, address)
        except (DigestError, SubscribersError) as error:
            return _reader_page(user, address=address, notice=str(error), status=HTTPStatus.CONFLICT)
        return _reader_page(user, address=address, person=person, done=done, asked=True)

    def _act(self, address: str, form: Form) -> str:
        """Do what a button says; returns what was done, "" where only looking was asked for."""
        app, order, at = self.gate.app, form.get("order", ""), self.gate.app.clock.now()
        with app.database.writing() as session:
            if order == "suppress":
                suppress(session, app.keys, address, "by_hand", at, note="at the desk")
                return "No mail goes there any more."
            if order == "unsuppress":
                return "The ban is lifted." if unsuppress(session, app.keys, address) else "There was no ban."
            if order == "erase":
                erase(session, app.keys, address, at)
                return "Forgotten. The address stays banned by its hash, so that no import brings it back."
            if order == "end":
                person = find(session, app.keys, address)
                chosen = get_list(session, form.get("list", ""))
                if person is not None:
                    end(session, ref=person.ref, family=chosen.family, list_id=chosen.id, at=at, source="desk")
                return f"They are off {chosen.name}."
        return ""

    def _staff(self, user: User, done: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            found = [{"address": one.address, "role": str(one.role)} for one in users.all_users(session)]
        values: dict[str, Any] = {"people": found, "roles": list(Role), "done": done, "notice": notice}
        return page_for(user, "users", status, least=users.SHORTEST, **values)

    def _user(self, user: User, form: Form) -> HTMLResponse:
        app, order, address = self.gate.app, form.get("order", ""), form.get("address", "")
        if order == "remove" and address == user.address:
            return self._staff(
                user, notice="You cannot shut yourself out. Somebody else can.", status=HTTPStatus.CONFLICT
            )
        try:
            with app.database.writing() as session:
                if order == "add":
                    users.add(session, address, form.get("role", ""), form.get("password", ""), app.clock.now())
                elif order == "role":
                    users.set_role(session, address, form.get("role", ""))
                elif order == "password":
                    users.set_password(session, address, form.get("password", ""))
                elif order == "remove":
                    users.remove(session, address, app.clock.now())
        except DigestError as error:
            return self._staff(user, notice=str(error), status=status_of(error))
        return self._staff(user, done="Done.")


def _reader_page(
    user: User,
    *,
    address: str = "",
    person: Any = None,
    asked: bool = False,
    done: str = "",
    notice: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    values = {"address": address[:254], "person": person, "asked": asked, "done": done, "notice": notice}
    return page_for(user, "readers", status, **values)
