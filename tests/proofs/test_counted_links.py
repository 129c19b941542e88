"""The checks of links see through a counted link to the story's own address."""

from dataclasses import replace

import pytest

from digest.issues.building import Builder
from digest.proofs import checks, checks_links
from digest.proofs.check import Level
from digest.rendering.urls import Urls
from tests.conftest import KEYS
from tests.proofs.test_checks import URLS, around, examine, loud, recipe


def found_in(**story):
    """Return what the checks say of an issue whose clicks are counted; ``story``: what is special of the first."""
    used = recipe(**story)
    plan = Builder(used).build(("sc",))
    examined = examine(replace(plan, publication={**plan.publication, "clicks": "personal"}))
    assert examined.html.count("/c/") > len(plan.stories)
    return loud(checks.run([examined], around(used)))


def test_a_sound_counted_issue_is_green():
    """Links over our own site, personal ones, and the hidden one are no fault."""
    assert found_in() == {}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://meridian.org/0", "not-https"),
        ("https://localhost/0", "local-host"),
        ("https://staging.meridian.org/0", "local-host"),
    ],
)
def test_the_storys_own_address_is_judged(url, code):
    """Behind a link of ours that is sound itself."""
    assert found_in(url=url)[code] is Level.red


def test_marks_set_twice_are_found_behind_a_counted_link():
    """Once for each link, with the story's own address as its place."""
    used = recipe()
    edition = examine(Builder(used).build(("sc",)))
    twice = "https://m.org/?utm_source=a&utm_source=b"
    page = f'<a href="{URLS.story(edition.plan, 1, twice)}">c</a>'
    said = [one for one in checks_links.run([replace(edition, html=page)], around(used)) if one.code == "utm-twice"]
    assert [one.place for one in said] == [twice]


def test_our_own_site_is_judged_as_well():
    """A base URL that readers cannot reach is red, however good the stories' addresses are."""
    edition = examine(Builder(recipe()).build(("sc",)))
    counted = Urls("http://localhost:8000", KEYS).story(edition.plan, 1, "https://m.org/")
    page = f'<a href="{counted}">c</a>'
    codes = {one.code for one in checks_links.run([replace(edition, html=page)], around(recipe()))}
    assert {"not-https", "local-host"} <= codes


def test_a_story_missing_from_a_part_is_found():
    """The link of another place with the same address would do; no link does not."""
    used = recipe()
    plan = Builder(used).build(("sc",))
    edition = examine(replace(plan, publication={**plan.publication, "clicks": "anonymous"}))
    lost = replace(edition, text=edition.text.replace("meridian.org/2", "meridian.org/x"))
    said = [one for one in checks_links.run([lost], around(used)) if one.code == "parts-differ"]
    assert len(said) == 1
