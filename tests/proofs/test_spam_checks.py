"""What filters distrust, and what an edition brings as a whole."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from digest.issues.building import Builder
from digest.proofs import checks_coverage, checks_links, checks_spam
from digest.proofs.check import Examined, Level
from tests.conftest import NOW
from tests.issues.test_building import IDS
from tests.proofs.test_checks import around, examine, recipe


def edition(**rendered: Any) -> Examined:
    """Return an edition with something else in its finished mail."""
    whole = examine(Builder(recipe()).build(("sc",)))
    return replace(whole, rendered=replace(whole.rendered, **rendered))


def codes(one: Examined) -> dict[str, str]:
    found = list(checks_spam.run([one], around(recipe())))
    assert {check.level for check in found} <= {Level.amber}
    return {check.code: check.place for check in found}


def test_a_sound_mail_is_green():
    """Its own stories and pages are known."""
    assert codes(edition()) == {}


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("Act now: the dam is empty", "spam-subject"),
        ("Empty dam!!", "spam-subject"),
        ("Snow! Ice! Water", "spam-subject"),
        ("Jetzt bestellen: die Talsperre", "spam-subject"),
        ("$$$ for the dam", "spam-subject"),
        ("🌊 The dam 🏔️ is empty", "spam-emoji"),
        ("Is the free press free? A court answers", ""),
        ("The last chance of the last ferry? No: the bridge", ""),
        ("Watch out! The ice is thin 🌊", ""),
        ("Gratis museums, and who pays for them", ""),
    ],
)
def test_subjects_that_read_like_offers(subject, code):
    """Words of offers, shouting marks, more than one emoji; plain news of the same things passes."""
    assert list(codes(edition(subject=subject))) == ([code] if code else [])


def test_pictures_without_words():
    """Thirty words for each picture are the least."""
    page = '<img src="https://meridian.org/p.jpg" alt="">' * 3
    assert "spam-pictures" in codes(edition(html=page, text="A few words alone"))
    assert "spam-pictures" not in codes(edition(html=page, text="word " * 90))


def test_links_to_sites_nobody_named_and_links_in_disguise():
    """A stranger's site is named with the words of its link; the newsroom's pages elsewhere are no strangers."""
    page = (
        '<a href="https://tracker.example.net/x">Win a prize</a><a href="https://www.meridian.org/about">About</a>'
        '<a href="https://bsky.app/profile/meridian.org">Bluesky</a>'
        '<a href="https://meridian.org/login">https://bank.example.com/login</a>'
    )
    assert codes(edition(html=page)) == {
        "unknown-domain": "Win a prize",
        "link-disguised": "https://meridian.org/login",
    }


def test_shortened_links_are_amber():
    """They hide where they lead."""
    page = '<a href="https://bit.ly/abc">The story</a><a href="https://orbit.ly/abc">Another</a>'
    found = [one for one in checks_links.run([replace(edition(), html=page)], around(recipe())) if one.level == "amber"]
    assert [(one.code, one.place) for one in found] == [("link-shortened", "https://bit.ly/abc")]


def coverage(used=None, alter=lambda plan: plan, lists=("sc",)) -> set[str]:
    used = used or recipe()
    return {one.code for one in checks_coverage.run([examine(alter(Builder(used).build(lists)))], around(used))}


def test_a_badge_on_more_than_a_third_says_nothing():
    """The plan itself keeps to a third; whoever changes it is told."""

    def badged(plan):
        section = plan.sections[0]
        return replace(
            plan,
            lead=replace(plan.lead, show_badge=True),
            sections=(replace(section, stories=tuple(replace(one, show_badge=True) for one in section.stories)),),
        )

    assert coverage() == set()
    assert coverage(alter=badged) == {"badges-many"}


def test_a_story_dated_after_the_cut_off():
    """It may not be out yet."""
    used = recipe()
    late = replace(used.candidates[0], published_at=NOW + timedelta(days=2))
    plan = Builder(used).build(("sc",))
    later = replace(used, candidates=(late, *used.candidates[1:]))
    (found,) = checks_coverage.run([examine(plan)], around(later))
    assert (found.code, found.place) == ("date-future", used.by_id[IDS[0]].headline)


def test_a_section_that_looks_at_one_part_of_its_region_alone():
    """Three stories of one country of several are amber; one of another part, or of the whole region, mends it."""
    used = recipe()
    below = [
        used.frame.regions[0].model_copy(update={"id": name, "parent": "south-caucasus", "names": {"en": name.title()}})
        for name in ("georgia", "armenia")
    ]
    frame = used.frame.model_copy(update={"regions": (*used.frame.regions, *below)})

    def told(*where: str) -> set[str]:
        placed = tuple(replace(one, regions={place: "tag"}) for one, place in zip(used.candidates, where, strict=True))
        return coverage(replace(used, frame=frame, candidates=placed))

    assert told("georgia", "georgia", "georgia", "georgia") == {"one-country"}
    assert told("georgia", "georgia", "armenia", "armenia") == set()
    assert told(*["south-caucasus"] * 4) == set()
