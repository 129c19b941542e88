"""The desk's pages of readers: finding them, what is known of one, and what they asked for; for operators alone.

A reader's address, or a part of it, is never part of an address of ours: searches are POSTs, and a page is by ref.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlmodel import Session, col

from digest.desk_log import note
from digest.errors import BadInput, DigestError, NotFound
from digest.events import erasing
from digest.issues.models import Issue, Publication
from digest.rendering.wording import clean
from digest.sending.models import Delivery
from digest.users import Role, User
from digest.web.acting import Form, fields_of, form_of, status_of
from digest.web.consent_day import agreed_on
from digest.web.gate import Gate, page_for
from subscribers import (
    Keys,
    ListData,
    PersonData,
    SuppressionData,
    end,
    erase,
    find,
    get_list,
    lists,
    look_up,
    search,
    subscribe,
    suppress,
    suppression_of,
    unsuppress,
)
from subscribers.errors import SubscribersError
from subscribers.pages import BOTH_WAYS

Fields = dict[str, list[str]]
LAST_ISSUES: Final = 12  # whose deliveries a reader's page shows
STATES: Final = ("confirmed", "unconfirmed", "paused", "ended", "suppressed")
_WHAT: Final = "look at readers"
_LONGEST: Final = 300
_NO_DAY: Final = "Say on which day they agreed, as 2026-11-24. Without it nobody is added."
_ADDRESS: Final = 254


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/readers and /desk/readers/{ref}."""
    doors = _Readers(gate_)
    made = APIRouter(prefix="/desk/readers")
    made.add_api_route("", doors.readers, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("", doors.order, methods=["POST"], response_model=None)
    made.add_api_route("/{ref}", doors.reader, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/{ref}", doors.act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Readers:
    gate: Gate

    def readers(self, request: Request) -> Response:
        """Show the form that asks for readers."""
        return self.gate.enter(request, self._page, Role.operator, _WHAT)

    def order(self, request: Request, form: Annotated[Fields, Depends(fields_of)]) -> Response:
        """Find readers, add one who agreed elsewhere, or forbid mail to an address."""
        return self.gate.enter(request, partial(self._order, form=form), Role.operator, _WHAT, changes=True)

    def reader(self, ref: str, request: Request) -> Response:
        """Show what is known of a reader."""
        return self.gate.enter(request, partial(self._reader, ref=ref), Role.operator, _WHAT)

    def act(self, ref: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Do what is asked for a reader."""
        return self.gate.enter(request, partial(self._act, ref=ref, form=form), Role.operator, _WHAT, changes=True)

    def _page(
        self,
        user: User,
        form: Fields | None = None,
        done: str = "",
        notice: str = "",
        status: HTTPStatus = HTTPStatus.OK,
        **values: Any,
    ) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            known = lists(session)
        typed = {name: some[-1][:_LONGEST] for name, some in (form or {}).items()}
        given: dict[str, Any] = {
            "lists": known,
            "states": STATES,
            "typed": typed,
            "ticked": (form or {}).get("lists", []),
            "found": None,
        }
        given |= {"today": f"{self.gate.app.clock.now():%Y-%m-%d}", "banned": None}
        return page_for(user, "readers", status, done=done, notice=notice, **(given | values))

    def _order(self, user: User, form: Fields) -> HTMLResponse:
        order = form.get("order", ["search"])[-1]
        try:
            if order == "search":
                return self._search(user, form)
            if order == "add":
                ref = self._add(user.address, form)
                return self._reader(user, ref, done="Added. Their page shows how they stand now.")
            done = self._ban(user.address, order, form)
        except (DigestError, SubscribersError) as error:
            return self._page(user, form, notice=str(error), status=status_of(error))
        return self._page(user, done=done)

    def _search(self, user: User, form: Fields) -> HTMLResponse:
        app, asked = self.gate.app, {name: form.get(name, [""])[-1] for name in ("text", "state", "list", "before")}
        before = int(asked["before"]) if asked["before"].isdecimal() and len(asked["before"]) < 18 else None  # noqa: PLR2004
        with app.database.reading() as session:
            found = search(
                session,
                app.clock.now(),
                text=asked["text"][:_ADDRESS],
                state=asked["state"],
                list_id=asked["list"],
                before=before,
            )
            banned = None if found.readers else _banned(session, app.keys, asked["text"])
        return self._page(user, form, found=found, banned=banned)

    def _add(self, who: str, form: Fields) -> str:
        """Add somebody who agreed elsewhere, with the proof of it; returns their ref. Raises BadInput."""
        app, address = self.gate.app, form.get("address", [""])[-1]
        agreed = agreed_on(form.get("agreed", [""])[-1].strip(), app.clock.now(), _NO_DAY)
        source = " ".join(form.get("source", [""])[-1].split())[:_LONGEST]
        chosen = form.get("lists", [])
        if not source:
            raise BadInput("Say where they agreed: a fair, a phone call, a form on paper. Without it nobody is added.")
        if not chosen:
            raise BadInput("Tick the lists that they agreed to.")
        with app.database.writing() as session:
            _refuse_ended(find(session, app.keys, address), chosen, agreed)
            ref = subscribe(
                session,
                app.keys,
                address=address,
                lists=chosen,
                at=agreed,
                source=f"{source} (desk: {who})",
                wording=form.get("wording", [""])[-1].strip()[:2_000],
                name=" ".join(form.get("name", [""])[-1].split())[:_LONGEST],
                confirmed=True,
            )
            said = {"lists": chosen, "source": source, "agreed": agreed}
            note(session, who, "added", f"reader {ref}", at=app.clock.now(), after=said)
        return ref

    def _ban(self, who: str, order: str, form: Fields) -> str:
        """Forbid mail to an address that nobody need have, or allow it again."""
        app, address, reason = self.gate.app, form.get("address", [""])[-1], form.get("reason", [""])[-1]
        if order not in ("suppress", "unsuppress"):
            raise BadInput("The form does not say what to do. Open the page again.")
        with app.database.writing() as session:
            at, about = app.clock.now(), f"address {app.keys.address_key(address)}"
            if order == "unsuppress" and not unsuppress(session, app.keys, address):
                return "There was no ban."
            note(session, who, order, about, at=at, after=reason)
            if order == "unsuppress":
                return "The ban is lifted."
            suppress(session, app.keys, address, "by_hand", at, note=_noted(who, reason))
        return "No mail goes there any more."

    def _reader(
        self, user: User, ref: str, done: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> HTMLResponse:
        app = self.gate.app
        with app.database.reading() as session:
            number, person = _known(session, ref)
            names = {data.id: clean(data.name) for data in lists(session)}
            values: dict[str, Any] = {"deliveries": deliveries(session, number)}
            values["banned"] = suppression_of(session, app.keys, person.address)
        paused = person.paused_until is not None and person.paused_until > app.clock.now()
        values |= {"person": person, "names": names, "paused": paused}
        return page_for(user, "reader", status, done=done, notice=notice, **values)

    def _act(self, user: User, ref: str, form: Form) -> Response:
        app, order = self.gate.app, form.get("order", "")
        try:
            with app.database.writing() as session:
                number, person = _known(session, ref)
                if order == "export":
                    return _exported(session, app.keys, user.address, number, person, at=app.clock.now())
                done = _done(session, app.keys, person, form, who=user.address, at=app.clock.now())
                note(session, user.address, order, f"reader {ref}", at=app.clock.now(), after=form.get("list", ""))
        except NotFound as error:
            return self._page(user, notice=str(error), status=HTTPStatus.NOT_FOUND)
        except (DigestError, SubscribersError) as error:
            return self._reader(user, ref, notice=str(error), status=status_of(error))
        return self._page(user, done=done) if order == "erase" else self._reader(user, ref, done=done)


def _known(session: Session, ref: str) -> tuple[int, PersonData]:
    """Return the number of a reader, and what is known of them. Raises NotFound."""
    found = look_up(session, ref)
    if found is None:
        raise NotFound("Nobody is known here any more. They may have been erased.")
    return found


def deliveries(session: Session, number: int) -> list[dict[str, Any]]:
    """Return what became of the last issues for a reader, the newest first; by key: the ledger is long."""
    newest = select(Issue, col(Publication.name)).join(Publication, col(Publication.id) == col(Issue.publication_id))
    sent = newest.where(col(Issue.audience_size).is_not(None)).order_by(col(Issue.number).desc()).limit(LAST_ISSUES * 4)
    issues = {issue.number: (issue, name) for issue, name in session.execute(sent)}
    mine = select(Delivery).where(col(Delivery.issue_number).in_(list(issues)), col(Delivery.subscriber_id) == number)
    rows = session.execute(mine.order_by(col(Delivery.issue_number).desc()).limit(LAST_ISSUES)).scalars()
    return [
        {
            "issue": one.issue_number,
            "name": clean(issues[one.issue_number][1]),
            "day": f"{issues[one.issue_number][0].as_of:%Y-%m-%d}",
            "state": str(one.state),
            "outcome": one.outcome or "",
            "reason": one.reason or "",
            "at": _when(one.outcome_at or one.settled_at),
        }
        for one in rows
    ]


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def _done(session: Session, keys: Keys, person: PersonData, form: Form, *, who: str, at: datetime) -> str:
    """Do what a button of a reader's page says; returns what was done."""
    order = form.get("order", "")
    if order == "suppress":
        suppress(session, keys, person.address, "by_hand", at, note=_noted(who, form.get("reason", "")))
        return "No mail goes there any more."
    if order == "unsuppress":
        return "The ban is lifted." if unsuppress(session, keys, person.address) else "There was no ban."
    if order == "end":
        chosen: ListData = get_list(session, form.get("list", ""))
        end(session, ref=person.ref, family=chosen.family, list_id=chosen.id, at=at, source=f"desk: {who}")
        return f"They are off {chosen.name}."
    if order == "erase":
        if form.get("typed", "").strip().casefold() != person.address.casefold():
            raise BadInput("To erase somebody for good, type their address just as it stands here. Nothing was erased.")
        known = look_up(session, person.ref)
        erase(session, keys, person.address, at)
        if known:
            erasing.forget(session, known[0], person.address)
        return "Forgotten. The address stays banned by its hash, so that no import brings it back."
    raise BadInput("The form does not say what to do. Open the page again.")


def _exported(session: Session, keys: Keys, who: str, number: int, person: PersonData, *, at: datetime) -> Response:
    """Return all that is kept about a reader, for them (GDPR, Article 15)."""
    banned = suppression_of(session, keys, person.address)
    data = person.model_dump(mode="json") | {"suppression": asdict(banned) if banned else None}
    note(session, who, "exported", f"reader {person.ref}", at=at)
    text = json.dumps(data | {"deliveries": deliveries(session, number)}, ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": f'attachment; filename="reader-{person.ref}.json"', "Cache-Control": "no-store"}
    return Response(text, media_type="application/json", headers=headers)


def _banned(session: Session, keys: Keys, text: str) -> SuppressionData | None:
    """Return why mail to an address that nobody has is forbidden; None where it is not, or where this is no address."""
    try:
        return suppression_of(session, keys, text)
    except SubscribersError:
        return None


def _refuse_ended(person: PersonData | None, chosen: list[str], agreed: datetime) -> None:
    """Refuse what a reader ended after they had agreed: an old consent revives nothing. Raises BadInput."""
    for one in person.lists if person else ():
        if one.list_id in chosen and one.state == "ended" and one.changed_at >= agreed:
            raise BadInput(
                f"They left {one.list_id} on {one.changed_at:%Y-%m-%d}, after they had agreed. Only a newer one counts."
            )


def _noted(who: str, reason: str) -> str:
    """Return the note that a ban carries: who said so, and why."""
    text = " ".join(reason.split())[:_LONGEST]
    return f"at the desk, by {who}: {text}" if text else f"at the desk, by {who}"
