"""Build the data of the gazetteer and the presets: CLDR's names and containment, and our own lists beside it.

Run ``python -m digest.articles.places.build FOLDER``, with the unpacked npm package ``cldr-core`` as the folder.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global

HERE = Path(__file__).parent
SOURCES = HERE / "sources"
PRESETS = HERE.parents[1] / "region_presets.json"
LANGUAGES = ("en", "fr", "de", "ru", "ar", "ka", "hy", "az", "uk", "es", "it", "tr")
COLUMNS = ("en", "fr", "de", "ru", "ar")  # of the tables of cities and of disputed places
# Parts of territories and codes that no standard names; XK and TW stand in `sources/disputed.txt`.
NO_COUNTRY = frozenset({"AC", "CP", "CQ", "DG", "EA", "IC", "TA", "EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
NOT_IN_M49 = frozenset({"XK", "TW"})  # CLDR adds them to the UN's tree; a newsroom decides itself
KINDS = {"names": "name", "adjectives": "adjective", "people": "people", "shorthands": "name"}
# Per continent, on white and on the dark card; both pass 4.5 to 1.
COLORS = {
    "001": ("#4A4E57", "#C3C7D0"),
    "002": ("#8A4B00", "#EDB56B"),
    "019": ("#9E1B32", "#F2929F"),
    "142": ("#6B3A7D", "#D0A5E0"),
    "150": ("#1F4E9E", "#9DBFF5"),
    "009": ("#0B5C6B", "#7CC7D4"),
}


def main(folder: Path) -> None:
    """Write every data file anew; the same sources give the same bytes."""
    cities = list(_table("cities.txt"))
    disputed = list(_table("disputed.txt"))
    (HERE / "data").mkdir(exist_ok=True)
    for language in LANGUAGES:
        _write(HERE / "data" / f"{language}.json", language_data(language, cities, disputed))
    _write(HERE / "data" / "disputed.json", disputed_names(disputed))
    _write(HERE / "data" / "first_names.json", sorted(set(_lines("first_names.txt", " "))))
    tree = json.loads((folder / "supplemental" / "territoryContainment.json").read_text(encoding="utf-8"))
    _write(PRESETS, presets(tree["supplemental"]["territoryContainment"]))


def language_data(
    language: str, cities: list[tuple[str, list[list[str]]]], disputed: list[tuple[str, list[list[str]]]]
) -> dict[str, Any]:
    """Return the words of one language: by kind and place, the guards, the first names, and the doubtful ones."""
    own = _own(language)
    words: dict[str, dict[str, list[str]]] = {"name": {code: list(names) for code, names in _cldr_names(language)}}
    for head, kind in KINDS.items():
        for code, listed in own.get(head, {}).items():
            words.setdefault(kind, {}).setdefault(code, []).extend(listed)
    for code, listed in _cities(language, cities):
        words.setdefault("state" if code.endswith("*") else "name", {}).setdefault(code.strip("*"), []).extend(listed)
    if language in COLUMNS:
        at = COLUMNS.index(language)
        words["disputed"] = {place: columns[at] for place, columns in disputed if columns[at]}
    words = {kind: {code: _unique(listed) for code, listed in sorted(places.items())} for kind, places in words.items()}
    return {
        "words": _once(words),
        "guards": own.get("guards", []),
        "persons": own.get("persons", []),
        "doubtful": own.get("doubtful", []),
    }


def disputed_names(disputed: list[tuple[str, list[list[str]]]]) -> dict[str, list[str]]:
    """Return every name of every disputed place, the English first, with CLDR's where the place has a code."""
    return {
        place: _unique(
            [
                *(name for column in columns for name in column),
                *(name for language in LANGUAGES for name in dict(_cldr_names(language)).get(place, ())),
            ]
        )
        for place, columns in disputed
    }


def presets(tree: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the presets made from CLDR's containment: the UN's tree of the world, and the European Union."""
    rows = [_node("001", None, tree)]
    for continent in tree["001"]["_contains"]:
        rows.append(_node(continent, "001", tree))
        rows += [_node(part, continent, tree) for part in tree[continent]["_contains"] if part in tree and part != "QO"]
    union = _names("EU") | {"en": "European Union"}
    members = sorted(tree["EU"]["_contains"])
    light, dark = COLORS["150"]
    eu = {"id": "european-union", "names": union, "parent": None, "countries": members, "color": light}
    return {"m49": rows, "eu": [eu | {"color_dark": dark}]}


def _node(code: str, parent: str | None, tree: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    countries = [one for one in tree[code]["_contains"] if len(one) == 2]  # noqa: PLR2004 - an ISO code
    light, dark = COLORS[code] if code in COLORS else COLORS[parent or "001"]
    return {
        "id": _slug(code),
        "names": _names(code),
        "parent": _slug(parent) if parent else None,
        "kind": "m49",
        "countries": sorted(set(countries) - NO_COUNTRY - NOT_IN_M49),
        "color": light,
        "color_dark": dark,
    }


def _slug(code: str) -> str:
    return str(Locale("en").territories[code]).lower().replace(" ", "-")


def _names(code: str) -> dict[str, str]:
    return {language: str(Locale(language).territories[code]) for language in LANGUAGES}


@cache
def _cldr_names(language: str) -> list[tuple[str, list[str]]]:
    """Return code and spellings; a spelling of two places ("Virgin Islands") is none's."""
    places = [
        (code, _spellings(name))
        for code, name in sorted(Locale(language).territories.items())
        if len(code) == 2 and code not in NO_COUNTRY  # noqa: PLR2004 - an ISO code
    ]
    often = Counter(name for _, names in places for name in set(names))
    return [(code, [name for name in names if often[name] == 1]) for code, names in places]


def _spellings(name: str) -> list[str]:
    """Return a name of CLDR as texts write it: without "(Burma)" and "(SAR)"; "St. Lucia" is Saint Lucia too."""
    outside, _, inside = name.partition(" (")
    names = [outside + inside.partition(")")[2]]
    names = [one.replace(" - ", "-").replace(" — ", "-") for one in names]
    names += [one.replace("&", "and") for one in names if "&" in one]
    names += [one.replace("St. ", "Saint ") for one in names if one.startswith("St. ")]
    return [one for one in names if len(one) > 1]


def _cities(language: str, cities: list[tuple[str, list[list[str]]]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the cities of our table; in a language it lacks, CLDR's names of those of them that name a time zone."""
    if language in COLUMNS:
        yield from ((code, columns[COLUMNS.index(language)]) for code, columns in cities)
        return
    known = {(code.strip("*"), name) for code, columns in cities for name in columns[0]}
    countries = get_global("zone_territories")
    for zone, named in sorted(Locale(language)._data["time_zones"].items()):  # noqa: SLF001 - no public way
        english, code = zone.rpartition("/")[2].replace("_", " "), countries.get(zone, "")
        if (code, english) in known and dict(named).get("city"):
            yield code, [str(dict(named)["city"])]


def _own(language: str) -> dict[str, Any]:
    """Read our own list of a language; sections by their heads. Empty where there is none."""
    path = SOURCES / f"{language}.txt"
    read: dict[str, Any] = {}
    if not path.is_file():
        return read
    head = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            head = line.strip("[]")
        elif line and not line.startswith("#"):
            _read_line(read, head, line)
    return read


def _read_line(read: dict[str, Any], head: str, line: str) -> None:
    if head == "doubtful":
        word, _, senses = line.partition(" > ")
        read.setdefault(head, []).append([word, [_sense(one) for one in senses.split(" ; ")]])
    elif head in KINDS:
        for part in line.split(";"):
            code, _, words = part.strip().partition(" ")
            read.setdefault(head, {}).setdefault(code, []).extend(_split(words))
    else:
        read.setdefault(head, []).extend(_split(line))


def _sense(text: str) -> list[Any]:
    """Read "GE : with a, b : not c" as [GE, [a, b], [c]]."""
    target, *conditions = text.strip().split(" : ")
    lists: dict[str, list[str]] = {"with": [], "not": []}
    for condition in conditions:
        verb, _, words = condition.partition(" ")
        lists[verb] += _split(words)
    return [target, lists["with"], lists["not"]]


def _table(file: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Read "CODE en|fr|de|ru|ar" or "ID|en|fr|de|ru|ar"; French and German left out are as English."""
    for line in _lines(file, "\n"):
        separator = "|" if file == "disputed.txt" else " "
        place, _, rest = line.partition(separator)
        columns = [_split(column) for column in rest.split("|")]
        if len(columns) != len(COLUMNS):
            raise SystemExit(
                f"{file}: the line of {place} {columns[0]} has {len(columns)} columns, not {len(COLUMNS)}."
            )
        yield place, [column or (columns[0] if at < 3 else []) for at, column in enumerate(columns)]  # noqa: PLR2004


def _lines(file: str, separator: str) -> Iterator[str]:
    for line in (SOURCES / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield from line.split(separator)


def _once(words: Mapping[str, Mapping[str, list[str]]]) -> dict[str, dict[str, list[str]]]:
    """Take out of names what is listed as disputed: CLDR's "Kosovo" is ours already."""
    listed = {name for names in words.get("disputed", {}).values() for name in names}
    return {
        kind: {
            code: [name for name in names if kind == "disputed" or name not in listed] for code, names in places.items()
        }
        for kind, places in words.items()
    }


def _split(words: str) -> list[str]:
    return [word for part in words.split(",") if (word := part.strip())]


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _write(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
