"""The desk's pages of lists: what one can subscribe to, in the newsroom's order, with its readers and how they grew."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from digest import users
from digest.desk_log import note
from digest.editors import times
from digest.errors import BadInput, DigestError
from digest.issues import publications
from digest.issues.models import Publication
from digest.regions import all_regions, get_region
from digest.rendering.wording import clean
from digest.schedule import next_runs
from digest.users import Role, User
from digest.web import sparks
from digest.web.acting import Form, form_of, status_of
from digest.web.desk_regions import choices
from digest.web.gate import Gate, page_for
from subscribers import (
    ListData,
    ListNumbers,
    add_list,
    change_list,
    get_list,
    growth,
    list_numbers,
    lists,
    reorder,
    stamp,
)
from subscribers.errors import SubscribersError, UnknownList
from subscribers.pages import BOTH_WAYS

WEEKS: Final = 8
_WHAT: Final = "change the lists"


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/lists and /desk/lists/{list}."""
    doors = _Lists(gate_)
    made = APIRouter(prefix="/desk/lists")
    made.add_api_route("", doors.lists, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("", doors.order, methods=["POST"], response_model=None)
    made.add_api_route("/{list_id}", doors.one, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/{list_id}", doors.change, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Lists:
    gate: Gate

    def lists(self, request: Request) -> Response:
        """Show all lists."""
        return self.gate.enter(request, self._lists)

    def order(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Add a list, or move one up or down."""
        return self.gate.enter(request, partial(self._order, form=form), Role.operator, _WHAT, changes=True)

    def one(self, list_id: str, request: Request) -> Response:
        """Show one list."""
        return self.gate.enter(request, partial(self._list, list_id=list_id))

    def change(self, list_id: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Rename a list, or close it to new readers."""
        act = partial(self._change, list_id=list_id, form=form)
        return self.gate.enter(request, act, Role.operator, _WHAT, changes=True)

    def _lists(
        self,
        user: User,
        done: str = "",
        notice: str = "",
        typed: Form | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HTMLResponse:
        now = self.gate.app.clock.now()
        with self.gate.app.database.reading() as session:
            families = publications.all_publications(session)
            stored, numbers, grown = all_regions(session), list_numbers(session, now), growth(session, now, WEEKS)
            known = lists(session)
        names = {one.id: clean(one.name()) for one in stored}
        groups = [_group(one, [data for data in known if data.family == one.id], now) for one in families]
        strays = [data for data in known if data.family not in {one.id for one in families}]
        groups += [{"name": "Without a publication", "next": "", "lists": strays}] if strays else []
        for group in groups:
            group["lists"] = _rows(group["lists"], names, numbers, grown)
        values: dict[str, Any] = {"groups": groups, "publications": [(one.id, clean(one.name)) for one in families]}
        values |= {"choices": choices(stored), "may": users.may(user, Role.operator), "typed": typed or {}}
        return page_for(user, "lists", status, done=done, notice=notice, **values)

    def _order(self, user: User, form: Form) -> HTMLResponse:
        try:
            done = self._add(user.address, form) if form.get("order") == "add" else self._move(user.address, form)
        except (DigestError, SubscribersError) as error:
            return self._lists(user, notice=str(error), typed=form, status=_status(error))
        return self._lists(user, done=done)

    def _add(self, who: str, form: Form) -> str:
        with self.gate.app.database.writing() as session:
            data = _new(session, form)
            add_list(session, data)
            note(session, who, "added", f"list {data.id}", at=self.gate.app.clock.now(), after=data.model_dump())
        return f"{data.name} is added. Readers can subscribe to it from now on."

    def _move(self, who: str, form: Form) -> str:
        order, app = form.get("order", ""), self.gate.app
        if order not in ("up", "down"):
            raise BadInput("The form does not say what to do. Open the page again.")
        with app.database.writing() as session:
            data = get_list(session, form.get("list", ""))
            ids = [one.id for one in lists(session, data.family)]
            place = ids.index(data.id)
            other = place - 1 if order == "up" else place + 1
            if not 0 <= other < len(ids):
                return f"{data.name} stands there already."
            ids[place], ids[other] = ids[other], ids[place]
            note(session, who, order, f"list {data.id}", at=app.clock.now(), after=ids)
        moved = reorder(app.database, data.family, ids)
        if moved is None:
            return (
                f"{data.name} moved {order}. The worker moves the readers: within minutes they get their sections so."
            )
        return f"{data.name} moved {order}. {moved:,} reader{' gets' if moved == 1 else 's get'} their sections so."

    def _list(
        self,
        user: User,
        list_id: str,
        *,
        done: str = "",
        notice: str = "",
        yours: Form | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HTMLResponse:
        now = self.gate.app.clock.now()
        with self.gate.app.database.reading() as session:
            data = get_list(session, list_id)
            numbers, grown = list_numbers(session, now), growth(session, now, WEEKS)
            names = {one.id: clean(one.name()) for one in all_regions(session)}
            publication = session.get(Publication, data.family)
        row = _rows([data], names, numbers, grown)[0]
        weeks = list(enumerate(grown.get(list_id, (0,) * WEEKS), start=1 - WEEKS))
        values: dict[str, Any] = {
            "one": row,
            "weeks": weeks,
            "publication": clean(publication.name) if publication else data.family,
        }
        values |= {"stamp": stamp(data)}
        values |= {"next": _next(publication, now) if publication else "", "may": users.may(user, Role.operator)}
        return page_for(user, "list", status, done=done, notice=notice, yours=yours or {}, **values)

    def _change(self, user: User, list_id: str, form: Form) -> HTMLResponse:
        values = {"name": form.get("name", ""), "description": form.get("description", "")}
        yours = values | {"open": form.get("open", "")}
        try:
            if not form.get("seen"):
                raise BadInput("The form came incomplete: nothing was saved. Open the page again.")
            with self.gate.app.database.writing() as session:
                before = get_list(session, list_id)
                given = values | {"open": form.get("open") == "yes"}
                after = change_list(session, list_id, given, seen=form.get("seen", ""))
                seen = {"before": before.model_dump(), "after": after.model_dump()}
                note(session, user.address, "changed", f"list {list_id}", at=self.gate.app.clock.now(), **seen)
        except UnknownList as error:
            return self._lists(user, notice=str(error), status=HTTPStatus.NOT_FOUND)
        except (DigestError, SubscribersError) as error:
            said = f"{error} What you typed stands in the fields, what is stored below it. Save again to put yours."
            notice = said if form.get("seen") else str(error)
            return self._list(user, list_id, notice=notice, yours=yours, status=_status(error))
        return self._list(user, list_id, done="Saved. The next issue says it so.")


def _new(session: Session, form: Form) -> ListData:
    """Return the list that a form adds, the last of its publication's. Raises BadInput, NotFound."""
    family, region, name = form.get("publication", ""), form.get("region", ""), " ".join(form.get("name", "").split())
    publications.get(session, family)
    get_region(session, region)
    if not name:
        raise BadInput("A list needs a name that readers see.")
    if get_known := [one for one in lists(session) if one.id == form.get("id", "").strip()]:
        raise BadInput(f"There is a list {get_known[0].id} already: {get_known[0].name}. Choose another id.")
    return ListData(
        id=form.get("id", "").strip(),
        name=name[:300],
        description=" ".join(form.get("description", "").split())[:300],
        family=family,
        topic=region,
        language=form.get("language", "").strip() or "en",
        position=1 + max((one.position for one in lists(session, family)), default=0),
    )


def _group(publication: Publication, known: list[ListData], now: datetime) -> dict[str, Any]:
    return {"name": clean(publication.name), "next": _next(publication, now), "lists": known}


def _next(publication: Publication, now: datetime) -> str:
    runs = next_runs(publication, now, 1)
    return times.when(runs[0].send, publication.zone) if runs else ""


def _rows(
    known: list[ListData],
    names: dict[str, str],
    numbers: dict[str, ListNumbers],
    grown: dict[str, tuple[int, ...]],
) -> list[dict[str, Any]]:
    return [
        {
            "id": data.id,
            "name": clean(data.name),
            "given": data.name,
            "description": clean(data.description),
            "region": names.get(data.topic, data.topic),
            "topic": data.topic,
            "language": data.language,
            "open": data.open,
            "numbers": numbers.get(data.id, ListNumbers()),
            "first": place == 0,
            "last": place == len(known) - 1,
        }
        | _course(numbers.get(data.id, ListNumbers()).confirmed, grown.get(data.id, (0,) * WEEKS))
        for place, data in enumerate(known)
    ]


def _course(now: int, weeks: tuple[int, ...]) -> dict[str, Any]:
    """Return how the confirmed readers came to be what they are, drawn, and by how many they grew."""
    points = [now]
    for more in reversed(weeks):
        points.insert(0, points[0] - more)
    grown = sum(weeks)
    said = f"Confirmed readers over {WEEKS} weeks: from {points[0]:,} to {now:,}"
    return {"spark": sparks.line(points, said), "grown": f"{grown:+,}" if grown else "±0"}


def _status(error: Exception) -> HTTPStatus:
    return HTTPStatus.NOT_FOUND if isinstance(error, UnknownList) else status_of(error)
