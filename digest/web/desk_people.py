"""The desk's page of who works there: adding people, giving roles and passwords, letting somebody in no more."""

import secrets
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from digest import users
from digest.errors import BadInput, DigestError
from digest.users import Role, User
from digest.web.acting import Form, form_of, status_of
from digest.web.gate import Gate, page_for
from subscribers.pages import BOTH_WAYS

_STAFF = "say who works here"


def router(gate_: Gate) -> APIRouter:
    """Return the routes of /desk/users."""
    doors = _People(gate_)
    made = APIRouter(prefix="/desk")
    made.add_api_route("/users", doors.users, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/users", doors.user, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _People:
    gate: Gate

    def users(self, request: Request) -> Response:
        """Show who works here."""
        return self.gate.enter(request, self._staff, Role.operator, _STAFF)

    def user(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Add somebody, give a role or a password, or let somebody in no more."""
        return self.gate.enter(request, partial(self._user, form=form), Role.operator, _STAFF, changes=True)

    def _staff(
        self,
        user: User,
        *,
        done: str = "",
        notice: str = "",
        asking: dict[str, str] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HTMLResponse:
        """Return the page. ``asking``: what somebody is about to do to themselves, which they have to say twice."""
        with self.gate.app.database.reading() as session:
            found = [
                {"address": one.address, "role": str(one.role), "openid": one.openid}
                for one in users.all_users(session)
            ]
        values: dict[str, Any] = {"people": found, "roles": list(Role), "done": done, "notice": notice}
        values |= {"by_password": not self.gate.app.settings.openid_only, "asking": asking or {}}
        return page_for(user, "users", status, least=users.SHORTEST, **values)

    def _user(self, user: User, form: Form) -> Response:
        order, address = form.get("order", ""), form.get("address", "").strip().casefold()
        loses = order == "remove" or (order == "role" and form.get("role", "") != Role.operator)
        own = loses and address == user.address
        try:
            with self.gate.app.database.writing() as session:
                if loses:
                    users.check_operator_stays(session, address)
                if not own or form.get("sure") == "yes":
                    self._do(session, order, address, form)
        except DigestError as error:
            return self._staff(user, notice=str(error), status=status_of(error))
        if not own:
            return self._staff(user, done="Done.")
        if form.get("sure") != "yes":
            return self._staff(user, asking={"order": order, "role": form.get("role", "")})
        return RedirectResponse("/desk", HTTPStatus.SEE_OTHER)  # this page is not theirs any more

    def _do(self, session: Session, order: str, address: str, form: Form) -> None:
        app = self.gate.app
        if order == "add":
            password = secrets.token_urlsafe(32) if app.settings.openid_only else form.get("password", "")
            users.add(session, address, form.get("role", ""), password, app.clock.now())
        elif order == "role":
            users.set_role(session, address, form.get("role", ""))
        elif order == "password" and not app.settings.openid_only:
            users.set_password(session, address, form.get("password", ""))
        elif order == "remove":
            users.remove(session, address, app.clock.now())
        elif order == "unlink":
            users.without_openid(session, address)
        else:
            raise BadInput("The form does not say what to do. Open the page again.")
