"""Regions form a tree; presets and files make them; evidence goes up the tree and never down."""

from typing import Any

import pytest
from sqlmodel import Session

from digest.database import Database
from digest.errors import BadInput, NotFound
from digest.regions import (
    STARTER,
    Region,
    RegionTree,
    add_aliases,
    all_regions,
    apply_preset,
    get_region,
    import_regions,
    preset_rows,
    remove_aliases,
)
from tests.conftest import BOTH

STRENGTHS = {"tag": 1.0, "feed": 0.6, "mention": 0.3}
WHITE, DARK = "#FFFFFF", "#17191E"


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, 1.4.3)."""

    def light(color: str) -> float:
        parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("row", STARTER, ids=lambda row: row[0])
def test_the_colours_of_the_starter_regions_can_be_read(row):
    """At least 4.5 to 1 on white, and on the dark card."""
    assert contrast(row[4], WHITE) >= 4.5
    assert contrast(row[5], DARK) >= 4.5


@pytest.mark.parametrize("preset", ["starter", "m49", "eu"])
def test_the_colours_of_every_preset_can_be_read(preset):
    """At least 4.5 to 1, as the starter's."""
    for row in preset_rows(preset):
        assert contrast(row["color"], WHITE) >= 4.5
        assert contrast(row["color_dark"], DARK) >= 4.5


def test_the_presets_hold_what_the_un_and_the_eu_hold():
    """M49 is one tree with each country once, and without those the UN does not list; the EU has 27 members."""
    rows = {row["id"]: row for row in preset_rows("m49")}
    assert [row["id"] for row in rows.values() if row["parent"] is None] == ["world"]
    assert {row["parent"] for row in rows.values()} - {None} <= rows.keys()
    countries = [country for row in rows.values() for country in row["countries"]]
    assert len(countries) == len(set(countries)) > 240
    assert not {"XK", "TW"} & set(countries)
    assert rows["western-asia"]["parent"] == "asia"
    assert {"AM", "AZ", "GE", "TR", "PS"} <= set(rows["western-asia"]["countries"])
    assert "Азия" in rows["central-asia"]["names"]["ru"]
    union = preset_rows("eu")[0]["countries"]
    assert len(union) == 27
    starter = {row["id"]: row["countries"] for row in preset_rows("starter")}
    assert sorted(starter["european-union"]) == union
    assert "TR" in starter["middle-east"]
    assert "TR" in starter["eastern-neighbourhood"]


def test_a_made_preset_is_stored(database: Database):
    """Its kind, parents, names and colours come with it; again adds nothing."""
    with database.writing() as session:
        assert len(apply_preset(session, "m49")) == len(preset_rows("m49"))
        assert apply_preset(session, "m49") == []
    with database.reading() as session:
        region = get_region(session, "western-asia")
        assert (region.parent_id, region.kind, region.name("en")) == ("asia", "m49", "Western Asia")


def test_aliases_are_added_and_removed(database: Database):
    """One spelling each, in whatever case; what is not there cannot be removed."""
    with database.writing() as session:
        apply_preset(session, "starter")
        assert add_aliases(session, "south-caucasus", ["Karabakh", " Lake  Sevan ", "KARABAKH"]).aliases == [
            "Karabakh",
            "Lake Sevan",
        ]
    with database.writing() as session:
        assert remove_aliases(session, "south-caucasus", ["karabakh"]).aliases == ["Lake Sevan"]
        with pytest.raises(NotFound, match=r"has no alias 'Karabakh'\. Aliases: Lake Sevan"):
            remove_aliases(session, "south-caucasus", ["Karabakh"])
        with pytest.raises(BadInput, match="at least one letter"):
            add_aliases(session, "south-caucasus", [""])
    with database.reading() as session:
        assert get_region(session, "south-caucasus").aliases == ["Lake Sevan"]


@BOTH
def test_a_preset_adds_what_is_missing_and_leaves_the_rest(database: Database):
    """Twice is once; a region the newsroom renamed keeps its name."""
    with database.writing() as session:
        assert len(apply_preset(session, "starter")) == len(STARTER)
    with database.writing() as session:
        region = get_region(session, "middle-east")
        region.names = {"en": "Near East"}
        assert apply_preset(session, "starter") == []
        with pytest.raises(NotFound, match="Presets: starter, m49, eu"):
            apply_preset(session, "mars")
    with database.reading() as session:
        assert get_region(session, "middle-east").name("de") == "Near East"
        assert [region.id for region in all_regions(session)] == [row[0] for row in STARTER]


def imported(session: Session, *rows: dict[str, Any]) -> list[str]:
    """Import rows and return their ids."""
    return [region.id for region in import_regions(session, rows)]


@BOTH
def test_regions_are_imported_and_replaced(database: Database):
    """Parents come first; the same id again replaces what was there."""
    with database.writing() as session:
        assert imported(session, {"id": "north"}, {"id": "baltics", "parent": "north", "countries": ["ee"]}) == [
            "north",
            "baltics",
        ]
        assert imported(session, {"id": "baltics", "names": {"en": "Baltics"}, "parent": "north"}) == ["baltics"]
    with database.reading() as session:
        assert get_region(session, "baltics").name() == "Baltics"
        assert get_region(session, "north").name() == "north"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"id": "North Sea"}], "Region 1: the id 'North Sea' is not a slug"),
        ([{}], "Region 1: the id '' is not a slug"),
        ([{"id": "a", "parent": "b"}], "its parent 'b' does not exist. Put parents first"),
        ([{"id": "a", "names": "A"}], "names must be an object"),
        ([{"id": "a", "names": {"en": 1}}], "names must be an object"),
        ([{"id": "a"}, {"id": "b", "parent": "a"}, {"id": "a", "parent": "b"}], "would be its own ancestor"),
        ([{"id": "a"}, {"id": "a", "parent": "a"}], "would be its own ancestor"),
    ],
)
def test_a_row_that_cannot_be_is_a_sentence_and_nothing_is_stored(database: Database, rows, sentence):
    """The row is named, and the whole import undone."""
    with pytest.raises(BadInput, match=sentence), database.writing() as session:
        import_regions(session, rows)
    with database.reading() as session:
        assert all_regions(session) == []


def test_a_region_that_is_not_there_is_a_sentence(database: Database):
    """Those there are get named, or how to make some."""
    with database.writing() as session:
        with pytest.raises(NotFound, match="none yet; run `digest regions preset starter`"):
            get_region(session, "x")
        apply_preset(session, "starter")
        with pytest.raises(NotFound, match="Regions: world, "):
            get_region(session, "x")


def test_evidence_reaches_ancestors_unchanged_and_never_goes_down():
    """The strongest per region holds; a circle does not hang; unknown regions are kept."""
    tree = RegionTree({"world": None, "east": "world", "caucasus": "east", "loop": "pool", "pool": "loop"})
    assert tree.ancestors("caucasus") == ("east", "world")
    assert tree.ancestors("loop") == ("pool", "loop")
    assert tree.reaching({"east": "mention", "caucasus": "tag"}, STRENGTHS) == {
        "east": "tag",
        "world": "tag",
        "caucasus": "tag",
    }
    assert tree.reaching({"caucasus": "feed", "east": "tag"}, STRENGTHS)["world"] == "tag"
    assert tree.reaching({"east": "tag"}, STRENGTHS) == {"east": "tag", "world": "tag"}
    assert tree.reaching({"mars": "feed"}, STRENGTHS) == {"mars": "feed"}


def test_a_region_without_a_name_in_a_language_falls_back():
    """Its language, else English, else its id."""
    region = Region(id="east", names={"en": "East", "ka": "აღმოსავლეთი"})
    assert [region.name("ka"), region.name("fr"), Region(id="x", names={}).name()] == ["აღმოსავლეთი", "East", "x"]
