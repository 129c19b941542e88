"""The tags of a source get their meaning from what the newsroom said, and from the names of its regions."""

import pytest

from digest.articles.feeds.meanings import Meanings, parse_map, region_names
from digest.errors import BadInput
from digest.regions import Region


def test_a_map_is_read_from_options():
    """Regions by id or name in any language, badge, evergreen, topic, ignore; case and apostrophes do not matter."""
    regions = [Region(id="south-caucasus", names={"en": "South Caucasus", "ar": "جنوب القوقاز"})]
    names = region_names(regions)
    found = parse_map(["Category:Editor’s Choice=badge", "GEORGIA=south caucasus", "a=b=ignore"], names)
    meanings = Meanings({tag: target for tag, (_, target) in found.items()}, names)
    result = meanings.sort(["georgia", "جنوب القوقاز", "editor's  choice", "A=B", "Rail", "Rail"])
    assert found["editor's choice"] == ("Editor’s Choice", "badge")
    assert result.regions == ["south-caucasus"]
    assert result.topics == ["Rail"]
    assert result.editors_choice
    assert not result.evergreen


@pytest.mark.parametrize(
    ("option", "sentence"),
    [("Georgia", "cannot be read"), ("=badge", "cannot be read"), ("Georgia=atlantis", "'atlantis' is no region")],
)
def test_a_map_that_cannot_be_meant_is_a_sentence(option, sentence):
    """Both sides must say something; the regions there are get named."""
    with pytest.raises(BadInput, match=sentence):
        parse_map([option], {})
    with pytest.raises(BadInput, match=sentence):
        parse_map([option], {"south caucasus": "south-caucasus"})
