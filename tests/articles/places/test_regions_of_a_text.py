"""From places to the newsroom's regions: every region that lists a country itself, and its own aliases."""

import pytest

from digest.articles.places.mentions import Places
from digest.regions import Region

CAUCASUS = Region(id="caucasus", names={}, countries=["AM", "AZ", "GE", "TR"], aliases=["Karabakh", "Lake Sevan"])
EAST = Region(id="east", names={}, countries=["TR", "IQ"])
WORLD = Region(id="world", names={})
PLACES = Places.of([WORLD, CAUCASUS, EAST])


def test_a_country_leads_to_every_region_that_lists_it():
    """Turkey is in two; the region above is left to the tree; a country of no region leads nowhere."""
    assert PLACES.mentioned(headline="Turkey votes", language="en") == {"caucasus": ("Turkey",), "east": ("Turkey",)}
    assert PLACES.mentioned(headline="Iraq and Armenia", language="en") == {"east": ("Iraq",), "caucasus": ("Armenia",)}
    assert PLACES.mentioned(headline="Japan votes", language="en") == {}
    assert PLACES.mentioned(headline="Armenia and Georgia", language="en") == {"caucasus": ("Armenia", "Georgia")}


@pytest.mark.parametrize(
    ("language", "headline"),
    [
        ("en", "Stepanakert empties"),
        ("fr", "Le Haut-Karabakh se vide"),
        ("de", "Flucht aus Bergkarabach"),
        ("ru", "Жители Нагорного Карабаха уходят"),
        ("ar", "سكان كاراباخ يغادرون"),
    ],
)
def test_an_alias_of_a_disputed_place_is_all_its_names(language, headline):
    """One English name given by the newsroom, and the place counts in every language and by its towns."""
    assert list(PLACES.mentioned(headline=headline, language=language)) == ["caucasus"]
    assert PLACES.unmapped(headline=headline, language=language) == ()
    bare = Places.of([EAST])
    assert bare.mentioned(headline=headline, language=language) == {}
    assert bare.unmapped(headline=headline, language=language) == ("Karabakh",)


def test_another_alias_counts_as_it_is_written_in_any_language():
    """It needs no data; it keeps its capital, and lends nothing to words it is part of."""
    assert PLACES.mentioned(headline="The fish of Lake Sevan", language="en") == {"caucasus": ("Lake Sevan",)}
    assert PLACES.mentioned(headline="Lake Sevan", language="xx") == {"caucasus": ("Lake Sevan",)}
    assert PLACES.mentioned(headline="lake sevan", language="en") == {}
    assert PLACES.mentioned(headline="Lake Sevanavan", language="en") == {}


def test_an_alias_may_be_a_country_too():
    """Then both count: the region of the alias, and those that list the country."""
    places = Places.of(
        [Region(id="alps", names={}, aliases=["Austria"]), Region(id="middle", names={}, countries=["AT"])]
    )
    assert set(places.mentioned(headline="Austria votes", language="en")) == {"alps", "middle"}


def test_disputed_places_ship_without_a_country():
    """They are known, and named as such; a code they have leads to regions that list it."""
    bare = Places.of([])
    for word in ("Crimea", "Abkhazia", "Tskhinvali", "Tiraspol", "Donbas", "Jerusalem", "Golan Heights", "Somaliland"):
        assert bare.countries(headline=f"{word} today", language="en") == {}
        assert len(bare.unmapped(headline=f"{word} today", language="en")) == 1
    assert bare.countries(headline="Pristina today", language="en") == {"XK": ("Pristina",)}
    assert bare.unmapped(headline="Kosovo today", language="en") == ("Kosovo",)
    balkans = Places.of([Region(id="balkans", names={}, countries=["XK"])])
    assert balkans.mentioned(headline="Kosovo today", language="en") == {"balkans": ("Kosovo",)}
    assert balkans.unmapped(headline="Kosovo today", language="en") == ()
    assert "Kosovo" in bare.homeless()
    assert "Kosovo" not in balkans.homeless()


def test_a_disputed_place_without_a_region_still_has_its_weight():
    """A story about Abkhazia that mentions France once is not about France."""
    body = "Abkhazia voted. Sukhumi was calm. In Gagra it rained. France was told."
    assert Places.of([]).countries(headline="Abkhazia votes", body=body, language="en") == {}
