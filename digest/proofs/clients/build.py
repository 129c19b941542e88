"""Makes support.json from caniemail's data file: what each mail program supports of each feature, newest test only.

The data set is "Can I email..." by Rémi Parmentier and contributors, MIT licence:
https://www.caniemail.com/api/data.json, source https://github.com/hteumeuleu/caniemail. Run it after downloading:

    python -m digest.proofs.clients.build data.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CATEGORIES = ("html", "css", "image")
HERE = Path(__file__).parent / "support.json"
LICENSE = "MIT, Copyright (c) 2019 HTeuMeuLeu"
SOURCE = "https://www.caniemail.com/api/data.json"
UNKNOWN = "u"


def compact(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept: programs in order, and of each feature its title and one letter for each program.

    The letters are caniemail's: y supported, a in part, n not, u unknown.
    """
    features = [one for one in data["data"] if one["category"] in CATEGORIES]
    clients = sorted({f"{family}.{place}" for one in features for family, on in one["stats"].items() for place in on})
    support = {
        one["slug"]: [one["title"], "".join(_letter(one["stats"], name) for name in clients)] for one in features
    }
    return {
        "source": SOURCE,
        "license": LICENSE,
        "updated": data["last_update_date"][:10],
        "families": data["nicenames"]["family"],
        "clients": clients,
        "features": dict(sorted(support.items())),
    }


def _letter(stats: Mapping[str, Any], client: str) -> str:
    """Return what the newest version that was tested says, without its notes."""
    family, _, place = client.partition(".")
    versions = stats.get(family, {}).get(place, {})
    return str(list(versions.values())[-1])[0] if versions else UNKNOWN


def main(path: Path) -> None:
    """Write support.json beside this file."""
    data = compact(json.loads(path.read_text(encoding="utf-8")))
    lines = ",\n".join(f"  {json.dumps(slug)}: {json.dumps(one)}" for slug, one in data.pop("features").items())
    head = json.dumps(data, ensure_ascii=False, indent=1).removesuffix("\n}")
    HERE.write_text(f'{head},\n "features": {{\n{lines}\n }}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
