"""The golden table: thirty worked cases of the formula, each to the cent."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from digest.articles.canonical import canonical_url
from digest.ranking.candidate import Candidate
from digest.ranking.edition import rank_edition
from digest.ranking.formula import WEEKLY
from digest.ranking.merging import merge
from digest.ranking.section import rank_section
from tests.ranking.making import ids, order, reasons

TABLE = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))
AS_OF = datetime.fromisoformat(TABLE["as_of"])
SECTIONS = [case for case in TABLE["cases"] if "prefs" not in case]
EDITIONS = [case for case in TABLE["cases"] if "prefs" in case]


def candidate(inputs: dict[str, Any]) -> Candidate:
    """Return one row of the table as a candidate."""
    return Candidate(
        id=inputs["id"],
        url=canonical_url(inputs["url"]) if "url" in inputs else "",
        published_at=datetime.fromisoformat(inputs["published"]),
        refreshed_at=datetime.fromisoformat(inputs["refreshed"]) if "refreshed" in inputs else None,
        status=inputs.get("status", "published"),
        editors_choice=inputs.get("editor", False),
        evergreen=inputs.get("evergreen", False),
        has_image=inputs.get("image", False),
        clicks=inputs.get("clicks", 0),
        expected=inputs.get("expected", 0),
        popular_rank=tuple(inputs["pop_rank"]) if "pop_rank" in inputs else None,
        regions=inputs["regions"],
        topics=frozenset(inputs.get("topics", [])),
        cluster=inputs.get("cluster"),
        excluded=inputs.get("excluded", False),
        sent={name: datetime.fromisoformat(at) for name, at in inputs.get("sent", {}).items()},
    )


def test_the_table_is_whole() -> None:
    """All thirty cases are there."""
    assert [case["case"] for case in TABLE["cases"]] == list(range(1, 31))


@pytest.mark.parametrize("case", SECTIONS, ids=lambda case: case["promise"])
def test_section(case: dict[str, Any]) -> None:
    """A section has the order, the points, the losses and the reasons of the table."""
    pins = {inputs["id"]: inputs["pin"] for inputs in case["inputs"] if "pin" in inputs}
    candidates = [candidate(inputs) for inputs in case["inputs"]]
    asked = order("sc", stories=10, briefs=0, pins=pins)
    ranked = rank_section(candidates, asked, as_of=AS_OF, formula=WEEKLY, set_key="weekly")
    assert ids(ranked.placed) == case["expected"]
    assert {one.candidate.id: one.points.total for one in ranked.placed} == case["points"]
    assert {one.candidate.id: one.penalty for one in ranked.placed if one.penalty} == case["penalties"]
    assert reasons(ranked.left_out) == case["dropped"]
    assert len(ranked.placed) + len(ranked.left_out) == len(merge(candidates))


@pytest.mark.parametrize("case", EDITIONS, ids=lambda case: case["promise"])
def test_edition(case: dict[str, Any]) -> None:
    """A combined edition has the lead, the sections and the Popular block of the table."""
    candidates = [candidate(inputs) for inputs in case["inputs"]]
    orders = [order(region) for region in case["prefs"]]
    ranked = rank_edition(candidates, orders, as_of=AS_OF, formula=WEEKLY, set_key="weekly")
    assert ranked.lead
    assert ranked.lead.candidate.id == case["expected"]["lead"]
    assert {one.order.list_id: ids(one.stories) for one in ranked.sections} == case["expected"]["sections"]
    assert ids(ranked.popular) == case["expected"]["popular"]
