"""The desk's pages of regions: the tree, one region, and what a preset or a file would change of them."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from digest import users
from digest.articles.places import uses
from digest.articles.places.mentions import Places
from digest.desk_log import note
from digest.errors import BadInput, Conflict, DigestError, NotFound
from digest.regions import (
    KINDS,
    LONGEST_NAME,
    Region,
    RegionTree,
    add_aliases,
    add_region,
    all_regions,
    change_region,
    effective_countries,
    get_region,
    in_tree_order,
    remove_aliases,
    remove_region,
    shift_region,
    stamp,
)
from digest.rendering import contrast
from digest.rendering.catalogue import direction
from digest.rendering.wording import clean
from digest.users import Role, User
from digest.web.acting import Form, fields_of, form_of, status_of
from digest.web.gate import Gate, page_for
from digest.web.territories import countries, named
from subscribers import lists
from subscribers.pages import BOTH_WAYS

Fields = dict[str, list[str]]
GROUNDS: Final = {"color": ("#FFFFFF", "white", "darker"), "color_dark": ("#17191E", "the dark card", "lighter")}
_WHAT: Final = "change the regions"


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/regions and /desk/regions/{region}."""
    doors = _Regions(gate_)
    made = APIRouter(prefix="/desk/regions")
    made.add_api_route("", doors.tree, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("", doors.order, methods=["POST"], response_model=None)
    made.add_api_route("/{region}", doors.region, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/{region}", doors.change, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Regions:
    gate: Gate

    def tree(self, request: Request) -> Response:
        """Show the tree, and the places that no region has."""
        return self.gate.enter(request, self._tree)

    def order(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Add a region, move one up or down, or give a place that no region has to one."""
        return self.gate.enter(request, partial(self._order, form=form), Role.operator, _WHAT, changes=True)

    def region(self, region: str, request: Request) -> Response:
        """Show a region."""
        return self.gate.enter(request, partial(self._region, region=region))

    def change(self, region: str, request: Request, form: Annotated[Fields, Depends(fields_of)]) -> Response:
        """Change a region, its aliases, or remove it."""
        act = partial(self._change, region=region, form=form)
        return self.gate.enter(request, act, Role.operator, _WHAT, changes=True)

    def _tree(
        self,
        user: User,
        done: str = "",
        notice: str = "",
        typed: Form | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            stored = in_tree_order(all_regions(session))
        whole = effective_countries(stored)
        values = {
            "tree": _branches(stored, None, whole),
            "choices": choices(stored),
            "homeless": Places.of(stored).homeless(),
            "may": users.may(user, Role.operator),
            "typed": typed or {},
            "longest": LONGEST_NAME,
        }
        return page_for(user, "regions", status, done=done, notice=notice, **values)

    def _order(self, user: User, form: Form) -> HTMLResponse:
        try:
            with self.gate.app.database.writing() as session:
                done = _ordered(session, user.address, form, self.gate.app.clock.now())
        except DigestError as error:
            return self._tree(user, notice=str(error), typed=form, status=status_of(error))
        return self._tree(user, done=done)

    def _region(
        self,
        user: User,
        region: str,
        *,
        done: str = "",
        notice: str = "",
        yours: tuple[str, ...] = (),
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            one = get_region(session, region)
            stored = in_tree_order(all_regions(session))
            languages = {"en", *one.names, *(data.language for data in lists(session))}
            hanging = uses.of_region(session, region, articles=False)
        values = _shown(one, stored, languages) | {"hanging": hanging, "may": users.may(user, Role.operator)}
        return page_for(user, "region", status, done=done, notice=notice, yours=yours, **values)

    def _change(self, user: User, region: str, form: Fields) -> HTMLResponse:
        order = form.get("order", [""])[-1]
        try:
            with self.gate.app.database.writing() as session:
                done = _changed(session, user.address, region, order, form, at=self.gate.app.clock.now())
        except NotFound as error:
            return self._tree(user, notice=str(error), status=HTTPStatus.NOT_FOUND)
        except Conflict as error:
            return self._region(user, region, notice=str(error), yours=_yours(form), status=HTTPStatus.CONFLICT)
        except DigestError as error:
            return self._region(user, region, notice=str(error), yours=_yours(form), status=status_of(error))
        return self._tree(user, done=done) if order == "remove" else self._region(user, region, done=done)


def _ordered(session: Session, who: str, form: Form, at: datetime) -> str:
    """Do what a button of the tree says; returns what was done."""
    order, region = form.get("order", ""), form.get("region", "")
    if order in ("up", "down"):
        shift_region(session, region, up=order == "up")
        note(session, who, order, f"region {region}", at=at)
        return f"{get_region(session, region).name()} moved {order}."
    if order == "home":
        add_aliases(session, region, [form.get("place", "")])
        note(session, who, "alias added", f"region {region}", at=at, after=form.get("place", ""))
        return f"{form.get('place', '')[:60]} is in {get_region(session, region).name()} from now on, by all its names."
    if order == "add":
        row = {"id": form.get("id", "").strip(), "names": {"en": form.get("name", "")}}
        added = add_region(session, row | {"parent": form.get("parent") or None})
        note(session, who, "added", f"region {added.id}", at=at)
        return f"{added.name()} is added. Give it countries and colours on its page."
    raise BadInput("The form does not say what to do. Open the page again.")


def _changed(session: Session, who: str, region: str, order: str, form: Fields, *, at: datetime) -> str:
    """Do what a button of a region's page says; returns what was done."""
    before = get_region(session, region).model_dump(mode="json")
    if order == "save":
        if not form.get("seen", [""])[-1]:
            raise BadInput("The form came incomplete: nothing was saved. Open the page again.")
        change_region(session, region, _values(form), seen=form.get("seen", [""])[-1])
        done = "Saved. Articles that come from now on follow; for stored ones: digest articles locate."
    elif order == "alias":
        add_aliases(session, region, form.get("alias", [""]))
        done = "Texts that say so are about it from now on. For stored ones: digest articles locate."
    elif order == "unalias":
        remove_aliases(session, region, form.get("alias", []))
        done = "That name is taken away."
    elif order == "remove":
        remove_region(session, region, uses.of_region(session, region))
        note(session, who, "removed", f"region {region}", at=at, before=before)
        return f"{before['names'].get('en', region)} is removed."
    else:
        raise BadInput("The form does not say what to do. Open the page again.")
    after = get_region(session, region).model_dump(mode="json")
    note(session, who, order, f"region {region}", at=at, before=before, after=after)
    return done


def _values(form: Fields) -> dict[str, Any]:
    names = {name.removeprefix("name:"): values[-1] for name, values in form.items() if name.startswith("name:")}
    language, name = form.get("new_language", [""])[-1].strip(), form.get("new_name", [""])[-1]
    if name.strip():
        names[language] = name
    unknown = sorted(set(form.get("country", [])) - countries().keys())
    if unknown:
        raise BadInput(f"{unknown[0][:40]!r} is no country that we know. Choose from the list.")
    colors = {field: sound_color(form.get(field, [""])[-1], field) for field in GROUNDS}
    parent = form.get("parent", [""])[-1] or None
    kind = form.get("kind", ["custom"])[-1]
    return {"names": names, "countries": form.get("country", []), "parent_id": parent, "kind": kind} | colors


def sound_color(color: str, field: str) -> str:
    """Return a region's colour in capitals if it can be read on its ground (WCAG 2.2, 1.4.3). Raises BadInput."""
    ground, where, other = GROUNDS[field]
    if not contrast.HEX.match(color):
        raise BadInput(f"{color[:40]!r} is no colour. Write it as #9E1B32.")
    reached = contrast.ratio(color, ground)
    if reached < contrast.LEAST:
        raise BadInput(
            f"{color.upper()} has a contrast of {reached:.1f} : 1 on {where}, and text needs {contrast.LEAST} : 1 "
            f"(WCAG 2.2). Take a {other} one."
        )
    return color.upper()


def _yours(form: Fields) -> tuple[str, ...]:
    """Return what somebody had typed, where it was not taken."""
    shown = [name for name in form if name.startswith("name:") or name in ("new_name", "parent", *GROUNDS)]
    lines = [f"{name.removeprefix('name:')}: {form[name][-1]}" for name in shown if form[name][-1]]
    return (*lines, f"countries: {', '.join(form['country'])}") if form.get("country") else tuple(lines)


def _branches(stored: list[Region], parent: str | None, whole: dict[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return the regions below one as nested rows."""
    beside = [one for one in stored if one.parent_id == parent]
    return [
        {
            "id": one.id,
            "name": clean(one.name()),
            "color": one.color if contrast.HEX.match(one.color) else "#54565C",
            "countries": len(whole.get(one.id, ())),
            "own": ", ".join(named(one.countries)),
            "aliases": ", ".join(one.aliases),
            "first": number == 0,
            "last": number == len(beside) - 1,
            "below": _branches(stored, one.id, whole),
        }
        for number, one in enumerate(beside)
    ]


def choices(stored: list[Region]) -> list[tuple[str, str]]:
    """Return (id, name) of regions in the order of the tree, each set off by how deep it is."""
    tree = RegionTree.of(stored)
    return [(one.id, "– " * len(tree.ancestors(one.id)) + clean(one.name())) for one in in_tree_order(stored)]


def _shown(one: Region, stored: list[Region], languages: set[str]) -> dict[str, Any]:
    tree = RegionTree.of(stored)
    outside = [region for region in stored if one.id not in (region.id, *tree.ancestors(region.id))]
    whole = effective_countries(stored)[one.id]
    names = dict.fromkeys(sorted(languages), "") | one.names
    colors = [
        {"field": field, "value": getattr(one, field), "where": where, "reached": _reached(getattr(one, field), ground)}
        for field, (ground, where, _) in GROUNDS.items()
    ]
    return {
        "one": {"id": one.id, "name": clean(one.name()), "parent": one.parent_id or "", "kind": one.kind},
        "names": [(language, name, direction(language)) for language, name in names.items()],
        "stamp": stamp(one),
        "parents": choices(outside),
        "kinds": KINDS,
        "colors": colors,
        "own": set(one.countries),
        "own_named": named(one.countries),
        "below_named": named([code for code in whole if code not in one.countries]),
        "countries": countries(),
        "aliases": one.aliases,
        "longest": LONGEST_NAME,
    }


def _reached(color: str, ground: str) -> str:
    if not contrast.HEX.match(color):
        return "no colour"
    reached = contrast.ratio(color, ground)
    return f"{reached:.1f} : 1{'' if reached >= contrast.LEAST else ', too little to read'}"
