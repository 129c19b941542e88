"""How well countries are found: precision and recall on the labelled headlines, by language."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from digest.articles.places.mentions import Places

HEADLINES = sorted((Path(__file__).parent / "headlines").glob("*.json"))
PRECISION, RECALL = 0.90, 0.75


def rows() -> list[dict[str, Any]]:
    """Return every labelled headline."""
    return [row for path in HEADLINES for row in json.loads(path.read_text(encoding="utf-8"))]


def counted(rows: list[dict[str, Any]]) -> tuple[int, int, int]:
    """Return how many countries were found rightly, wrongly, and not at all."""
    right = wrong = missed = 0
    for row in rows:
        found = Places.of([]).countries(
            headline=row["headline"], standfirst=row["standfirst"], language=row["language"]
        )
        wanted = set(row["countries"])
        right += len(wanted & found.keys())
        wrong += len(found.keys() - wanted)
        missed += len(wanted - found.keys())
    return right, wrong, missed


def figures(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Return precision and recall over the countries of some headlines."""
    right, wrong, missed = counted(rows)
    return right / (right + wrong), right / (right + missed)


@pytest.mark.parametrize("half", ["tuning", "held_out"])
def test_countries_are_found_in_labelled_headlines(half):
    """Precision 0.90 and recall 0.75 over all, on the half that lists were mended by and on the one kept aside."""
    groups = defaultdict(list)
    for row in rows():
        if row["half"] == half:
            groups[row["language"]].append(row)
    everything = [row for group in groups.values() for row in group]
    for language, group in sorted((*groups.items(), ("all", everything))):
        precision, recall = figures(group)
        print(f"{half:8} {language:3} {len(group):3} headlines: precision {precision:.3f}, recall {recall:.3f}")  # noqa: T201 - for the report
    precision, recall = figures(everything)
    assert len(everything) >= 75
    assert precision >= PRECISION
    assert recall >= RECALL
