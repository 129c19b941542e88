"""The places the newsroom covers: a tree of regions, presets to start from, and evidence carried to ancestors."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from sqlalchemy import JSON, Column
from sqlmodel import Field, Session, SQLModel, select

from digest.errors import BadInput, Conflict, NotFound, Refused

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
KINDS = ("custom", "country", "m49")
LONGEST_NAME = 120
_HEX = re.compile(r"#[0-9A-Fa-f]{6}\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")  # ISO 3166-1 alpha-2
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*\Z")
GENERAL = "world"  # the list of the root region takes every region's best, see ranking rule 11

_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"  # its members in 2026
# name, parent, countries, light colour, dark colour. Contrast against white and #17191E is tested.
STARTER: tuple[tuple[str, dict[str, str], str | None, tuple[str, ...], str, str], ...] = (
    ("world", {"en": "World", "ar": "العالم"}, None, (), "#4A4E57", "#C3C7D0"),
    (
        "eastern-neighbourhood",
        {"en": "Eastern Neighbourhood", "ar": "الجوار الشرقي"},
        "world",
        ("TR",),
        "#7A4A12",
        "#E5B878",
    ),
    (
        "south-caucasus",
        {"en": "South Caucasus", "ar": "جنوب القوقاز"},
        "eastern-neighbourhood",
        ("AM", "AZ", "GE"),
        "#9E1B32",
        "#F2929F",
    ),
    (
        "eastern-europe",
        {"en": "Eastern Europe", "ar": "أوروبا الشرقية"},
        "eastern-neighbourhood",
        ("BY", "MD", "UA"),
        "#3B4A8C",
        "#A9B5F0",
    ),
    (
        "central-asia",
        {"en": "Central Asia", "ar": "آسيا الوسطى"},
        "world",
        ("KZ", "KG", "TJ", "TM", "UZ"),
        "#0B5C6B",
        "#7CC7D4",
    ),
    (
        "middle-east",
        {"en": "Middle East", "ar": "الشرق الأوسط"},
        "world",
        ("AE", "BH", "EG", "IL", "IQ", "IR", "JO", "KW", "LB", "OM", "PS", "QA", "SA", "SY", "TR", "YE"),
        "#6B3A7D",
        "#D0A5E0",
    ),
    (
        "european-union",
        {"en": "European Union", "ar": "الاتحاد الأوروبي"},
        None,
        tuple(_UNION.split()),
        "#1F4E9E",
        "#9DBFF5",
    ),
)
PRESETS = {"starter": STARTER}
# More presets, from CLDR by `python -m digest.articles.places.build`: m49, the UN's tree of the world, and eu.
MADE = Path(__file__).parent / "region_presets.json"


class Region(SQLModel, table=True):
    """A place the newsroom covers. Regions form a tree; a root without children may be a grouping (the EU)."""

    id: str = Field(primary_key=True)  # a slug
    parent_id: str | None = Field(default=None, foreign_key="region.id")
    names: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))  # by language
    kind: str = "custom"  # custom | country | m49
    countries: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # ISO 3166-1 alpha-2
    aliases: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # names in texts
    color: str = "#4A4E57"  # on white
    color_dark: str = "#C3C7D0"  # on the dark card
    position: int = 0

    def name(self, language: str = "en") -> str:
        """Return its name in a language, else in English, else its id."""
        return self.names.get(language) or self.names.get("en") or self.id


class RegionTree:
    """The tree as plain values: parents by id. Pure; can be frozen into an issue and read back."""

    def __init__(self, parents: Mapping[str, str | None]) -> None:
        self.parents = dict(parents)

    @classmethod
    def of(cls, regions: Iterable[Region]) -> Self:
        """Build the tree of stored regions."""
        return cls({region.id: region.parent_id for region in regions})

    def ancestors(self, region: str) -> tuple[str, ...]:
        """Return the regions above one, nearest first."""
        above: list[str] = []
        parent = self.parents.get(region)
        while parent is not None and parent not in above:
            above.append(parent)
            parent = self.parents.get(parent)
        return tuple(above)

    def reaching(self, evidence: Mapping[str, str], strengths: Mapping[str, float]) -> dict[str, str]:
        """Carry evidence to the ancestors unchanged, the strongest per region; never downwards (rule 3).

        ``evidence``: region id -> kind of evidence; ``strengths``: kind -> weight. Unknown regions are kept.
        """
        reached: dict[str, str] = {}
        for region, kind in evidence.items():
            for place in (region, *self.ancestors(region)):
                if place not in reached or strengths[kind] > strengths[reached[place]]:
                    reached[place] = kind
        return reached


def all_regions(session: Session) -> list[Region]:
    """Return every region in the newsroom's order."""
    return list(session.exec(select(Region).order_by(Region.position, Region.id)))  # type: ignore[arg-type]


def get_region(session: Session, region_id: str) -> Region:
    """Return one region, or raise NotFound naming those that exist."""
    region = session.get(Region, region_id)
    if region is None:
        known = ", ".join(r.id for r in all_regions(session)) or "none yet; run `digest regions preset starter`"
        raise NotFound(f"There is no region {region_id!r}. Regions: {known}.")
    return region


def in_tree_order(regions: Sequence[Region]) -> list[Region]:
    """Return stored regions as a reader of the tree meets them: each before those below it, siblings in order."""
    below: dict[str | None, list[Region]] = {}
    for region in regions:
        below.setdefault(region.parent_id, []).append(region)
    ordered: list[Region] = []
    left = list(reversed(below.get(None, [])))
    while left:
        region = left.pop()
        ordered.append(region)
        left += reversed(below.get(region.id, []))
    return ordered


def effective_countries(regions: Iterable[Region]) -> dict[str, tuple[str, ...]]:
    """Return region id -> its countries and those of the regions below it, sorted."""
    known = list(regions)
    tree = RegionTree.of(known)
    found: dict[str, set[str]] = {region.id: set() for region in known}
    for region in known:
        for place in (region.id, *tree.ancestors(region.id)):
            found.setdefault(place, set()).update(region.countries)
    return {place: tuple(sorted(countries)) for place, countries in found.items()}


def stamp(region: Region) -> str:
    """Return what tells whether a region is still as somebody saw it."""
    stored = json.dumps(region.model_dump(mode="json"), sort_keys=True)
    return sha256(stored.encode()).hexdigest()[:16]


def add_region(session: Session, row: Mapping[str, Any]) -> Region:
    """Add a region, see ``import_regions`` for the row. Raises Conflict where its id is taken, BadInput."""
    there = session.get(Region, str(row.get("id", "")))
    if there is not None:
        raise Conflict(f"There is a region {there.id!r} already: {there.name()}. Choose another id.")
    region = _from_row(session, row, 1)
    session.add(region)
    session.flush()
    return change_region(session, region.id, {"names": region.names, "countries": region.countries})


def change_region(session: Session, region_id: str, values: Mapping[str, Any], *, seen: str = "") -> Region:
    """Change a region's names, kind, parent_id (None: a root), countries, color or color_dark; its id is for good.

    ``seen``: its ``stamp`` when somebody decided that. Raises Conflict where it has changed since, BadInput, NotFound.
    """
    get_region(session, region_id)
    region = session.get_one(Region, region_id, with_for_update=True, populate_existing=True)
    if seen and stamp(region) != seen:
        raise Conflict(
            f"{region.name()} was changed by somebody else meanwhile. It is shown as it is now; do it again."
        )
    for name, value in values.items():
        setattr(region, name, _sound(session, region, name, value))
    session.add(region)
    session.flush()
    return region


def shift_region(session: Session, region_id: str, *, up: bool) -> None:
    """Move a region one place up or down among those with the same parent; at the end it stays."""
    regions = all_regions(session)
    region = get_region(session, region_id)
    beside = [one for one in regions if one.parent_id == region.parent_id]
    place = beside.index(region)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(beside):
        return
    beside[place], beside[other] = beside[other], beside[place]
    rank = {one.id: number for number, one in enumerate(beside)}
    regions.sort(key=lambda one: rank.get(one.id, one.position))
    for number, one in enumerate(in_tree_order(regions)):
        one.position = number
        session.add(one)
    session.flush()


def remove_region(session: Session, region_id: str, hanging: Sequence[str]) -> None:
    """Remove a region that nothing hangs on. ``hanging``: what does, as sentences; then it is Refused with them."""
    region = get_region(session, region_id)
    if hanging:
        raise Refused(f"{region.name()} cannot be removed: {'; '.join(hanging)}.")
    session.delete(region)
    session.flush()


def apply_preset(session: Session, name: str) -> list[Region]:
    """Add the regions of a preset that are not there yet; leave the others as the newsroom made them."""
    return [region for row in preset_rows(name) if (region := _add_if_new(session, row)) is not None]


def preset_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a preset, as `import_regions` reads them. Raises NotFound naming the presets there are."""
    if name in PRESETS:
        keys = ("id", "names", "parent", "countries", "color", "color_dark")
        return [dict(zip(keys, row, strict=True)) for row in PRESETS[name]]
    if name not in _made():
        raise NotFound(f"There is no preset {name!r}. Presets: {', '.join((*PRESETS, *_made()))}.")
    return _made()[name]


@cache
def _made() -> dict[str, list[dict[str, Any]]]:
    read: dict[str, list[dict[str, Any]]] = json.loads(MADE.read_text(encoding="utf-8"))
    return read


def add_aliases(session: Session, region_id: str, names: Sequence[str]) -> Region:
    """Add names by which texts call a region; one it has already, in whatever case, stays as it is."""
    region = get_region(session, region_id)
    added = [" ".join(name.split()) for name in names]
    if not all(added):
        raise BadInput("An alias must have at least one letter.")
    known: dict[str, str] = {}
    for name in (*region.aliases, *added):
        known.setdefault(name.casefold(), name)
    region.aliases = list(known.values())
    return region


def remove_aliases(session: Session, region_id: str, names: Sequence[str]) -> Region:
    """Take names from a region, in whatever case they are given. Raises NotFound for one that it does not have."""
    region = get_region(session, region_id)
    unwanted = {" ".join(name.split()).casefold(): name for name in names}
    for folded, name in unwanted.items():
        if folded not in {alias.casefold() for alias in region.aliases}:
            raise NotFound(f"{region_id} has no alias {name!r}. Aliases: {', '.join(region.aliases) or 'none'}.")
    region.aliases = [alias for alias in region.aliases if alias.casefold() not in unwanted]
    return region


def import_regions(session: Session, rows: Iterable[Mapping[str, Any]]) -> list[Region]:
    """Add or replace regions from rows: id, names, parent, countries, color, color_dark, position.

    Parents must come before their children or exist already. Raises BadInput naming the row.
    """
    imported = []
    for number, row in enumerate(rows, start=1):
        region = _from_row(session, row, number)
        imported.append(session.merge(region))
        session.flush()
    _refuse_cycles(all_regions(session))
    return imported


def _add_if_new(session: Session, row: Mapping[str, Any]) -> Region | None:
    if session.get(Region, row["id"]) is not None:
        return None
    region = _from_row(session, row, 0)
    session.add(region)
    session.flush()
    return region


def _from_row(session: Session, row: Mapping[str, Any], number: int) -> Region:
    slug = str(row.get("id", ""))
    if not SLUG.match(slug):
        raise BadInput(f"Region {number}: the id {slug!r} is not a slug (a-z, 0-9 and single hyphens).")
    parent = row.get("parent")
    if parent is not None and session.get(Region, parent) is None:
        raise BadInput(f"Region {number} ({slug}): its parent {parent!r} does not exist. Put parents first.")
    names = row.get("names") or {"en": slug}
    if not isinstance(names, Mapping) or not all(isinstance(v, str) for v in names.values()):
        raise BadInput(f"Region {number} ({slug}): names must be an object of language: name.")
    count = len(all_regions(session))
    return Region.model_validate(
        {
            "id": slug,
            "parent_id": parent,
            "names": dict(names),
            "kind": row.get("kind", "custom"),
            "countries": [str(c).upper() for c in row.get("countries", [])],
            "aliases": [str(one) for one in row.get("aliases", [])],
            "color": row.get("color", "#4A4E57"),
            "color_dark": row.get("color_dark", "#C3C7D0"),
            "position": row.get("position", count),
        }
    )


def _sound(session: Session, region: Region, name: str, value: Any) -> Any:
    """Return a field of a region once it is sound. Raises BadInput, NotFound."""
    if name == "names":
        return _names(region.id, value)
    if name == "countries":
        return _countries(region.id, value)
    if name == "parent_id":
        return _parent(session, region, value)
    if name in ("color", "color_dark") and _HEX.match(str(value)):
        return value
    if name == "kind" and value in KINDS:
        return value
    raise BadInput(f"Region {region.id!r}: {name} cannot be {str(value)[:40]!r}.")


def _names(region_id: str, names: Mapping[str, str]) -> dict[str, str]:
    kept = {language.strip().lower(): " ".join(name.split()) for language, name in names.items() if name.strip()}
    wrong = [language for language in kept if not _LANGUAGE.match(language)]
    if wrong:
        raise BadInput(f"Region {region_id!r}: {wrong[0][:40]!r} is not a language code; write en, ar or pt-br.")
    if not kept:
        raise BadInput(f"Region {region_id!r} needs a name in one language at least.")
    if longest := next((name for name in kept.values() if len(name) > LONGEST_NAME), ""):
        raise BadInput(f"Region {region_id!r}: {longest[:40]!r}… is too long a name; {LONGEST_NAME} letters at most.")
    return kept


def _countries(region_id: str, codes: Iterable[str]) -> list[str]:
    kept = list(dict.fromkeys(code.strip().upper() for code in codes))
    if wrong := next((code for code in kept if not _COUNTRY.match(code)), None):
        raise BadInput(f"Region {region_id!r}: {wrong[:40]!r} is no country; write its ISO 3166-1 code, as GE.")
    return kept


def _parent(session: Session, region: Region, parent: str | None) -> str | None:
    if not parent:
        return None
    above = get_region(session, parent).id
    if region.id in (above, *RegionTree.of(all_regions(session)).ancestors(above)):
        raise BadInput(f"{region.name()} cannot stand under itself, nor under a region that stands under it.")
    return above


def _refuse_cycles(regions: list[Region]) -> None:
    tree = RegionTree.of(regions)
    for region in regions:
        if region.id in tree.ancestors(region.id) or region.parent_id == region.id:
            raise BadInput(f"Region {region.id!r} would be its own ancestor.")
