"""What only the mailbox may do, by a link freshly mailed to it: take its data, move elsewhere, be forgotten."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from fastapi import BackgroundTasks, Request
from fastapi.responses import JSONResponse, Response

from subscribers import moving
from subscribers.addresses import identity
from subscribers.consent import number_of
from subscribers.errors import BadAddress, Expired
from subscribers.keys import Claim
from subscribers.pages import letters
from subscribers.pages.forms import Fields, Form, first
from subscribers.pages.frame import HEADERS, ME, Frame
from subscribers.people import Standing, erase, look_up

DOWNLOAD: Final = {"Content-Disposition": 'attachment; filename="my-data.json"'}
_NOT_AN_ADDRESS: Final = (
    "This is not an address that mail can go to. Look at it again: it is written like name@example.org."
)
_NOT_YOURS: Final = "That is not the address these mails go to. Nothing was erased."


@dataclass(frozen=True)
class OwnData:
    """The page /me, and what its buttons do."""

    frame: Frame

    def show(self, token: str, request: Request) -> Response:
        """Show what can be done; change nothing."""
        return self._answer(token, request, partial(self._page, token=token))

    def move(self, token: str, request: Request, form: Fields, tasks: BackgroundTasks) -> Response:
        """Ask another mailbox for its yes, and tell this one."""
        return self._answer(token, request, partial(self._move, token=token, form=form, tasks=tasks))

    def data(self, token: str, request: Request) -> Response:
        """Give everything that is kept about the reader, as JSON."""
        return self._answer(token, request, self._data)

    def erase(self, token: str, request: Request, form: Fields) -> Response:
        """Forget the reader, if they wrote their address once more."""
        return self._answer(token, request, partial(self._erase, token=token, form=form))

    def _answer(self, token: str, request: Request, page: Callable[[Claim, Standing], Response]) -> Response:
        """Answer as every page does, but to no link that was mailed to an address the reader has left since."""

        def checked(claim: Claim, person: Standing) -> Response:
            if claim.reference != self.frame.mark(person.address):
                raise Expired("This link is out of date. Take the one in the newest mail.")
            return page(claim, person)

        return self.frame.answer(token, ME, request, checked)

    def _page(
        self, claim: Claim, person: Standing, *, token: str, said: str = "", wrong: str = "", **values: Any
    ) -> Response:
        given: dict[str, Any] = {"path": f"/me/{token}", "said": said, "wrong": wrong, "new": ""} | values
        status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
        return self.frame.own_page("me", claim, person, status, **given)

    def _move(self, claim: Claim, person: Standing, *, token: str, form: Form, tasks: BackgroundTasks) -> Response:
        ports, new = self.frame.ports, first(form, "address")
        try:
            with ports.sessions.writing() as session:
                found = moving.ask_to_move(session, ports.keys, ref=claim.subscriber, address=new, at=self.frame.now)
        except BadAddress:
            return self._page(claim, person, token=token, wrong=_NOT_AN_ADDRESS, new=new)
        if found is not None:
            for letter in letters.move(self.frame, claim, person, found):
                tasks.add_task(ports.send_confirmation, letter)
        return self._page(claim, person, token=token, said="asked")

    def _data(self, claim: Claim, _person: Standing) -> Response:
        with self.frame.ports.sessions.reading() as session:
            found = look_up(session, claim.subscriber)
        if found is None:
            return JSONResponse({}, headers=HEADERS | DOWNLOAD)
        number, kept = found
        more = self.frame.ports.known(number, kept.address)
        return JSONResponse(kept.model_dump(mode="json") | dict(more), headers=HEADERS | DOWNLOAD)

    def _erase(self, claim: Claim, person: Standing, *, token: str, form: Form) -> Response:
        if not _is_same(first(form, "address"), person.address):
            return self._page(claim, person, token=token, wrong=_NOT_YOURS)
        ports = self.frame.ports
        with ports.sessions.writing() as session:
            number = number_of(session, claim.subscriber)
            erase(session, ports.keys, person.address, self.frame.now)
            ports.forget(session, number or 0, person.address)
        return self.frame.own_page("erased", claim, person)


def _is_same(written: str, address: str) -> bool:
    try:
        return identity(written) == identity(address)
    except BadAddress:
        return False
