"""``digest regions``: the places the newsroom covers."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened, read_text
from digest.errors import BadInput

if TYPE_CHECKING:
    from digest.regions import Region

commands = typer.Typer(help="The regions: a tree of the places the newsroom covers.", no_args_is_help=True)


@commands.command("list")
def list_(as_json: Json = False) -> None:
    """List the regions as a tree, with their countries and the names that texts call them by."""
    from digest.articles.places.mentions import Places
    from digest.regions import RegionTree, all_regions

    with opened() as app, app.database.reading() as session:
        stored = all_regions(session)
    tree = RegionTree.of(stored)
    ordered = _below(stored, None)

    def say() -> None:
        for region in ordered:
            countries = f"  {' '.join(region.countries)}" if region.countries else ""
            aliases = f"  ({', '.join(region.aliases)})" if region.aliases else ""
            print(f"{'  ' * len(tree.ancestors(region.id))}{region.id}  {region.name()}{countries}{aliases}")
        if not ordered:
            print("No regions yet. `digest regions preset starter` makes some to start from.")
            return
        homeless = Places.of(ordered).homeless()
        if homeless:
            print(f"Disputed places in no region: {', '.join(homeless)}.")
            print("`digest regions alias REGION NAME` gives one a region, in every language.")

    answer([_data(region) for region in ordered], as_json, say)


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON; - is stdin.")], as_json: Json = False
) -> None:
    """Add or replace regions from a JSON list of {id, names, parent, countries, aliases, color, ...}."""
    from digest.regions import import_regions

    rows = _rows(file)
    with opened() as app, app.database.writing() as session:
        data = [_data(region) for region in import_regions(session, rows)]
    answer(data, as_json, lambda: print(f"{len(data)} regions imported."))


@commands.command()
def preset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="starter, m49 (the UN's tree) or eu.")],
    as_json: Json = False,
) -> None:
    """Add the regions of a preset; those there already stay as they are."""
    from digest.regions import apply_preset, preset_rows

    with opened() as app, app.database.writing() as session:
        data = [_data(region) for region in apply_preset(session, name)]
    added = [one["id"] for one in data]
    kept = [row["id"] for row in preset_rows(name) if row["id"] not in added]

    def say() -> None:
        print(f"{len(data)} regions added: {', '.join(added) or 'none'}.")
        if kept:
            print(f"There already, and left as they are: {', '.join(kept)}.", file=sys.stderr)

    answer(data, as_json, say)


@commands.command()
def alias(
    region: Annotated[str, typer.Argument(metavar="REGION", help="Its id.")],
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="As texts write it, such as Karabakh.")],
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take the names away.")] = False,
    as_json: Json = False,
) -> None:
    """Give a region names by which texts call it; a disputed place by one name counts by all it has."""
    from digest.regions import add_aliases, remove_aliases

    with opened() as app, app.database.writing() as session:
        data = _data((remove_aliases if remove else add_aliases)(session, region, names))
    answer(data, as_json, lambda: print(f"{region} is also: {', '.join(data['aliases']) or 'nothing else'}."))


def _rows(file: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{file} is no JSON: {error}.") from error
    rows = data.get("regions") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f'{file} holds no list of regions. Write [{{"id": "baltics", "names": {{"en": "Baltics"}}}}].')
    return rows


def _below(regions: "list[Region]", parent: str | None) -> "list[Region]":
    """Return the regions in the order of the tree: each before those below it."""
    ordered = []
    for region in regions:
        if region.parent_id == parent:
            ordered += [region, *_below(regions, region.id)]
    return ordered


def _data(region: "Region") -> dict[str, Any]:
    return region.model_dump(mode="json")
