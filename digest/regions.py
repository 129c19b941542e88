"""The places the newsroom covers: a tree of regions, presets to start from, and evidence carried to ancestors."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

from sqlalchemy import JSON, Column
from sqlmodel import Field, Session, SQLModel, select

from digest.errors import BadInput, NotFound

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
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


def _refuse_cycles(regions: list[Region]) -> None:
    tree = RegionTree.of(regions)
    for region in regions:
        if region.id in tree.ancestors(region.id) or region.parent_id == region.id:
            raise BadInput(f"Region {region.id!r} would be its own ancestor.")
