"""The desk's page that takes regions from a preset or from JSON, and shows first what that would change."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from digest import users
from digest.database import Database
from digest.desk_log import note
from digest.errors import BadInput, DigestError
from digest.regions import MADE, PRESETS, Region, all_regions, apply_preset, change_region, import_regions
from digest.rendering.wording import clean
from digest.users import Role, User
from digest.web.acting import Form, form_of, status_of
from digest.web.desk_regions import sound_color
from digest.web.gate import Gate, page_for
from digest.web.territories import named
from subscribers.pages import BOTH_WAYS

_WHAT: Final = "import regions"
_FIELDS: Final = {"parent_id": "parent", "names": "names", "countries": "countries", "aliases": "aliases"}
_COLORS: Final = {"color": "colour", "color_dark": "dark colour", "kind": "kind", "position": "place"}
_SAID: Final = {"starter": "a tree to start from", "m49": "the United Nations’ tree of the world", "eu": "the Union"}


@dataclass(frozen=True)
class Changes:
    """What an import would change, in sentences."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    kept: int = 0  # regions that stay as they are


class _Undone(Exception):
    """Ends a transaction whose changes were only to be looked at."""


def router(gate_: Gate) -> APIRouter:
    """Return the routes of /desk/region-presets."""
    doors = _Presets(gate_)
    made = APIRouter(prefix="/desk/region-presets")
    made.add_api_route("", doors.show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("", doors.take, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Presets:
    gate: Gate

    def show(self, request: Request) -> Response:
        """Show what regions can be taken from."""
        return self.gate.enter(request, _page, Role.operator, _WHAT)

    def take(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Show what an import would change, or do it."""
        return self.gate.enter(request, partial(self._take, form=form), Role.operator, _WHAT, changes=True)

    def _take(self, user: User, form: Form) -> HTMLResponse:
        try:
            act = _act(form)
            found = foreseen(self.gate.app.database, act)
            if form.get("order") != "import":
                return _page(user, form=form, changes=found)
            with self.gate.app.database.writing() as session:
                act(session)
                named = [*found.added, *found.changed]
                note(session, user.address, "imported", "regions", at=self.gate.app.clock.now(), after=named)
        except DigestError as error:
            return _page(user, form=form, notice=str(error), status=status_of(error))
        return _page(
            user, done=f"Imported: {len(found.added)} new, {len(found.changed)} changed, {found.kept} as before."
        )


def foreseen(database: Database, act: Callable[[Session], None]) -> Changes:
    """Return what an act would change of the regions: it is done, looked at, and undone. Raises what the act does."""
    found = Changes()
    with suppress(_Undone), database.writing() as session:
        before = _dumped(session)
        act(session)
        session.flush()
        found = differences(before, _dumped(session))
        raise _Undone
    return found


def differences(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> Changes:
    """Return how regions, by id, differ."""
    added = [_new(one) for region, one in after.items() if region not in before]
    both = [(before[region], one) for region, one in after.items() if region in before]
    changed = [_news(old, new) for old, new in both if old != new]
    return Changes(added, changed, len(both) - len(changed))


def _new(one: dict[str, Any]) -> str:
    under = f", under {one['parent_id']}" if one["parent_id"] else ""
    held = f": {', '.join(named(one['countries']))}" if one["countries"] else ""
    return f"{_name(one)} ({one['id']}){under}{held}"


def _news(old: dict[str, Any], new: dict[str, Any]) -> str:
    told = [
        f"{word} {_plain(old[field])} becomes {_plain(new[field])}"
        for field, word in (_FIELDS | _COLORS).items()
        if old[field] != new[field]
    ]
    return f"{_name(new)} ({new['id']}): {'; '.join(told)}"


def _name(one: dict[str, Any]) -> str:
    return clean(str(one["names"].get("en") or next(iter(one["names"].values()), one["id"])))


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} ({language})" for language, name in value.items()) or "nothing"
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else str(value or "nothing")


def _dumped(session: Session) -> dict[str, dict[str, Any]]:
    session.expire_all()
    return {one.id: one.model_dump(mode="json") for one in all_regions(session)}


def _act(form: Form) -> Callable[[Session], None]:
    """Return what an import does. Raises BadInput where its JSON cannot be read."""
    preset, text = form.get("preset", ""), form.get("text", "")
    if preset:
        return lambda session: _ignored(apply_preset(session, preset))
    rows = _rows(text)
    return lambda session: _checked(session, rows)


def _ignored(_regions: Sequence[Region]) -> None:
    """Let an import that returns its regions be an act."""


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"Choose a preset, or paste JSON; this is none: {error}.") from error
    rows = data.get("regions") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadInput('That is no list of regions. Write [{"id": "baltics", "names": {"en": "Baltics"}}].')
    return rows


def _checked(session: Session, rows: list[dict[str, Any]]) -> None:
    """Import rows as the command does, and check what it takes as given: names, countries, colours."""
    try:
        imported = import_regions(session, rows)
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"A region in the JSON cannot be read: {error}.") from error
    for one in imported:
        colors = {field: sound_color(getattr(one, field), field) for field in ("color", "color_dark")}
        values = {name: getattr(one, name) for name in ("names", "countries", "kind", "parent_id")}
        change_region(session, one.id, values | colors)


def _page(
    user: User,
    *,
    form: Form | None = None,
    changes: Changes | None = None,
    done: str = "",
    notice: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    made = json.loads(MADE.read_text(encoding="utf-8"))
    names = [(name, _SAID.get(name, "")) for name in (*PRESETS, *made)]
    values = {"presets": names, "changes": changes, "form": form or {}, "may": users.may(user, Role.operator)}
    return page_for(user, "region_presets", status, done=done, notice=notice, **values)
