"""Each check says one thing, once, with its level; what is sound is green."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from digest.accounts import ProviderName
from digest.issues.building import Builder
from digest.issues.edits import Edits
from digest.issues.plan import EditionPlan, Picture, StoryPlan
from digest.proofs import checks, checks_links, fitting
from digest.proofs.check import Check, Examined, Level, Surroundings
from digest.proofs.relaxed import NOT_NEEDED, names
from digest.rendering.mailing import render
from digest.rendering.urls import Urls
from digest.settings import Settings
from tests.conftest import KEYS, NOW, STRONG
from tests.issues.test_building import IDS, recipe_of, stored

URLS = Urls("https://digest.meridian.org", KEYS)


def recipe(edits: Edits | None = None, **changes):
    """Return a recipe of four sound stories; ``changes`` go to the first."""
    picture = {"url": "https://meridian.org/p.jpg", "alt": "A bridge"}
    sound = [
        {"url": f"https://meridian.org/{n}", "standfirst": "What happened there.", "picture": picture, "hours": 10 + n}
        for n in range(4)
    ]
    sound[0] |= changes
    return recipe_of([stored(n, **one) for n, one in enumerate(sound)], edits)


def examine(plan: EditionPlan, readers: int = 100) -> Examined:
    fitted = fitting.fit(plan, lambda one: render(one, URLS))
    return Examined(
        plan=fitted.plan,
        rendered=fitted.rendered,
        html=fitted.html,
        text=fitted.text,
        html_bytes=fitted.html_bytes,
        readers=readers,
        trimmed=fitted.trimmed,
    )


def around(used, **changes) -> Surroundings:
    known = {"recipe": used, "statuses": {one.id: "published" for one in used.candidates}}
    return Surroundings(**(known | changes))


def loud(found: list[Check]) -> dict[str, Level]:
    return {check.code: check.level for check in found if check.level in (Level.red, Level.amber)}


def looked_at(used=None, lists=("sc",), alter=lambda plan: plan, readers=100, **changes) -> dict[str, Level]:
    used = used or recipe()
    return loud(checks.run([examine(alter(Builder(used).build(lists)), readers)], around(used, **changes)))


def lead_of(plan: EditionPlan, **changes) -> EditionPlan:
    assert plan.lead is not None
    return replace(plan, lead=replace(plan.lead, **changes))


def test_a_sound_issue_is_green_and_says_what_was_looked_at():
    """Every group has its green line, and what nobody looked at is said to be not checked."""
    used = recipe()
    found = checks.run([examine(Builder(used).build(("sc",)))], around(used))
    assert loud(found) == {}
    assert {check.group for check in found if check.level is Level.green} == {
        "content",
        "links",
        "size",
        "accessibility",
        "clients",
        "legal",
        "spam",
        "readers",
        "subject",
    }
    assert [check.code for check in found if check.level is Level.not_checked] == ["links-fetched"]


@pytest.mark.parametrize(
    ("changes", "code", "level"),
    [
        ({"headline": "x" * 111}, "headline-long", Level.red),
        ({"standfirst": ""}, "no-standfirst", Level.amber),
        ({"standfirst": "long words " * 30}, "standfirst-long", Level.amber),
        ({"picture": {"url": "https://meridian.org/p.jpg"}}, "no-alt", Level.amber),
        ({"headline": "Lorem ipsum dolor"}, "placeholder", Level.red),
        ({"standfirst": "Ask [insert name] about it"}, "placeholder", Level.red),
        ({"url": "http://meridian.org/0"}, "not-https", Level.red),
        ({"url": "https://localhost/0"}, "local-host", Level.red),
        ({"url": "https://staging.meridian.org/0"}, "local-host", Level.red),
        ({"url": "https://192.168.0.4/0"}, "local-host", Level.red),
    ],
)
def test_a_fault_of_a_story_is_found(changes, code, level):
    """One story of four has it; the check names it."""
    assert looked_at(recipe(**changes))[code] is level


@pytest.mark.parametrize(
    ("known", "code", "level"),
    [
        ({"statuses": {}}, "withdrawn-story", Level.red),
        ({"corrections": {IDS[0]: "It was Tuesday."}}, "corrected-since", Level.amber),
        ({"sent": {"meridian.example/0": {"sc": NOW - timedelta(days=3)}}}, "already-sent", Level.red),
        ({"last_readers": 50}, "readers-changed", Level.amber),
        ({"unknown_lists": {"new": 5}}, "list-unknown", Level.red),
        ({"readers": 0}, "no-readers", Level.red),
    ],
)
def test_what_changed_since_the_draft_is_found(known, code, level):
    """Withdrawn, corrected, sent by another issue, readers come and gone, a list that is new."""
    assert looked_at(**known)[code] is level


def test_a_year_or_an_update_lifts_already_sent():
    """As in the ranking."""
    long_ago = {"sent": {"meridian.example/0": {"sc": NOW - timedelta(days=400)}}}
    assert looked_at(**long_ago) == {}
    before = {"sent": {"meridian.example/0": {"sc": NOW - timedelta(days=3)}}}
    assert looked_at(recipe(refreshed_at=NOW - timedelta(hours=2)), **before) == {}


@pytest.mark.parametrize(
    ("orders", "code", "level"),
    [
        ({"subject": {"": "x" * 79}}, "subject-long", Level.red),
        ({"subject": {"": "x" * 61}}, "subject-soft", Level.amber),
        ({"subject": {"": "Fwd: news"}}, "subject-reply", Level.red),
        ({"subject": {"": "BREAKING NEWS"}}, "subject-shouts", Level.amber),
        ({"subject": {"": "TODO"}}, "subject-placeholder", Level.red),
        ({"subject": {"": "Same"}, "preheader": {"": "same"}}, "preheader-repeats", Level.amber),
        ({"note": {"": "Dear {{ name }}"}}, "note-placeholder", Level.red),
        ({"pins": {"sc": {IDS[3]: 1}}, "excluded": {"": [IDS[3]]}}, "pin-lost", Level.amber),
    ],
)
def test_what_an_editor_wrote_is_looked_at(orders, code, level):
    """Subject, preheader, note and pins."""
    assert looked_at(recipe(Edits(**orders)))[code] is level


def test_an_old_pin_and_too_many_badges_are_amber():
    """A pinned story past the window; a badge on six of ten."""
    assert looked_at(recipe(Edits(pins={"sc": {IDS[0]: 1}}), hours=300))["pin-old"] is Level.amber
    badged = recipe_of([stored(n, standfirst="So.", editors_choice=n != 2, url=f"https://m.org/{n}") for n in range(4)])
    assert looked_at(badged) == {"badge-inflation": Level.amber}


def test_a_subject_that_names_a_story_some_lack_is_amber():
    """Ruling 4: the readers of the other edition would look for it in vain."""
    used = recipe(Edits(subject={"": "Bridge collapse kills seven"}), headline="Bridge collapse kills seven people")
    other = recipe_of([stored(5, regions={"central-asia": "tag"}, url="https://meridian.org/5", standfirst="So.")])
    used = replace(used, candidates=(*used.candidates, *other.candidates))
    builder = Builder(used)
    found = checks.run([examine(builder.build((one,))) for one in ("sc", "ca")], around(used))
    assert loud(found) == {"subject-names-absent": Level.amber}


def test_a_story_twice_and_a_foreign_one_are_found():
    """Whatever went wrong before: the check is the last to look."""

    def twice(plan: EditionPlan) -> EditionPlan:
        section = plan.sections[0]
        assert plan.lead is not None
        return replace(plan, sections=(replace(section, stories=(*section.stories, replace(plan.lead, place=9))),))

    assert looked_at(alter=twice)["twice"] is Level.red
    assert looked_at(alter=lambda plan: lead_of(plan, language="ru"))["language"] is Level.amber


def test_what_the_law_asks_for_is_looked_for():
    """Address, ways out, headers, reason and sender: each missing one is red."""
    whole = examine(Builder(recipe()).build(("sc",)))
    bare = replace(
        whole,
        plan=replace(whole.plan, publication=dict(whole.plan.publication) | {"sender_name": ""}),
        rendered=replace(whole.rendered, html="", text="", headers={}),
        html="",
        text="",
    )
    assert {code for code, level in loud(checks.run([bare], around(recipe()))).items() if level is Level.red} >= {
        "postal-address-lost",
        "no-unsubscribe",
        "no-unsubscribe-text",
        "no-list-unsubscribe",
        "no-one-click",
        "no-reason",
        "no-sender",
        "parts-differ",
    }
    homeless = replace(
        whole, plan=replace(whole.plan, publication=dict(whole.plan.publication) | {"postal_address": ""})
    )
    assert "no-postal-address" in loud(checks.run([homeless], around(recipe())))


def test_size_is_measured_against_gmails_limits():
    """HTML at 87,040 and 100,000 bytes, styles at 16,384."""
    whole = examine(Builder(recipe()).build(("sc",)))
    near, over = replace(whole, html_bytes=87_041), replace(whole, html_bytes=100_001)
    styled = replace(whole, html=whole.html + f"<style>{'x' * 16_384}</style>")
    for edition, code, level in (
        (near, "html-near", Level.amber),
        (over, "html-bytes", Level.red),
        (styled, "style-bytes", Level.red),
    ):
        assert loud(checks.run([edition], around(recipe()))) == {code: level}


def test_links_are_judged_one_by_one():
    """Relative and doubled marks are red; mailto is not a link to judge."""
    whole = examine(Builder(recipe()).build(("sc",)))
    bad = '<a href="/x">a</a><a href="mailto:a@b.c">b</a><a href="https://m.org/?utm_source=a&amp;utm_source=b">c</a>'
    assert loud(checks.run([replace(whole, html=whole.html + bad)], around(recipe()))) == {
        "not-absolute": Level.red,
        "utm-twice": Level.red,
    }
    many = [replace(whole, html=f'<a href="http://m.org/editions/{n * 44}">x</a>') for n in ("a", "b")]
    codes = [one.code for one in checks_links.run(many, around(recipe()))]
    assert codes.count("not-https") == 1, "the same page of ours in each edition is one fault"
    assert checks_links.plain("https://m.org/a?id=1&utm_source=digest&utm_content=x") == "https://m.org/a?id=1"


def test_the_outbox_does_not_need_public_addresses():
    """Ruling 16: relaxed by name, and said so; a provider on loopback is a stand-in; a real one is not."""

    def settings(**given) -> Settings:
        return Settings(secret_key=STRONG, address_key=STRONG[::-1], **given)

    assert names(settings()) == NOT_NEEDED
    real = {"provider": ProviderName.sendgrid, "sendgrid_api_key": "key"}
    assert names(settings(**real)) == frozenset()
    assert names(settings(**real, sendgrid_base_url="http://127.0.0.1:9")) == NOT_NEEDED
    assert looked_at(recipe(url="http://localhost/0"), relaxed=NOT_NEEDED) == {}


def test_the_same_thing_is_said_once():
    """A story without a standfirst in two editions is one finding."""
    used = recipe(standfirst="")
    builder = Builder(used)
    found = checks.run([examine(builder.build(one)) for one in (("sc",), ("sc", "ca"))], around(used))
    assert [check.code for check in found].count("no-standfirst") == 1
    assert Check.from_json(found[0].as_json()) == found[0]


def long_plan(briefs: int = 30) -> EditionPlan:
    """Return an edition that is far too long."""
    plan = Builder(recipe_of([stored(n, standfirst="So.", url=f"https://m.org/{n}") for n in range(6)])).build(("sc",))
    section = plan.sections[0]
    base = section.stories[0]

    def story(number: int, block: str) -> StoryPlan:
        text = f"Number {number} " + "word " * 600
        return replace(base, article_id=_uuid(number), story_key=str(number), block=block, standfirst=text)

    more = tuple(story(100 + n, "section") for n in range(briefs))
    less = tuple(story(200 + n, "brief") for n in range(5))
    return replace(plan, sections=(replace(section, stories=(*section.stories, *more), briefs=less),))


def _uuid(number: int):
    from uuid import UUID  # noqa: PLC0415 - only here

    return UUID(int=number)


def test_an_edition_too_long_is_trimmed_from_its_lowest_story():
    """Briefs first, then full stories; the lead and pins never; each with its reason; it fits in the end."""
    plan = long_plan()
    pinned = plan.sections[0].stories[-1]
    stories = (*plan.sections[0].stories[:-1], replace(pinned, pinned=True))
    plan = replace(plan, sections=(replace(plan.sections[0], stories=stories),))
    fitted = fitting.fit(plan, lambda one: render(one, URLS))
    assert fitted.fits
    assert [one["block"] for one in fitted.trimmed][:5] == ["brief"] * 5
    assert all("Gmail" in one["reason"] for one in fitted.trimmed)
    kept = {story.article_id for story in fitted.plan.stories}
    assert pinned.article_id in kept
    assert fitted.plan.lead is not None
    left = {one.id for one in fitted.plan.left_out}
    assert {one["article_id"] for one in fitted.trimmed} <= left
    assert [story.place for story in fitted.plan.stories] == list(range(1, len(kept) + 1))


def test_what_cannot_be_trimmed_is_refused_by_the_check():
    """All pinned: nothing may go, so the size is red."""
    plan = long_plan()
    section = plan.sections[0]
    pins = tuple(replace(story, pinned=True) for story in section.stories)
    fitted = fitting.fit(
        replace(plan, sections=(replace(section, stories=pins, briefs=()),)), lambda one: render(one, URLS)
    )
    assert not fitted.fits
    assert fitted.trimmed == ()


def test_a_lost_picture_is_amber_where_it_would_have_been_shown():
    """Once, with the reason and the story it is about; the third story of a section shows none anyway."""
    lost: dict[str, Any] = {"picture": None, "picture_lost": "The server answers 404 (Not Found)."}
    used = recipe(**lost)
    found = checks.run([examine(Builder(used).build(("sc",)))], around(used))
    (said,) = [check for check in found if check.code == "picture-lost"]
    assert said.level is Level.amber
    assert said.sentence == (
        "The picture of a story cannot be had: The server answers 404 (Not Found). It stands without one."
    )
    assert said.place == used.by_id[IDS[0]].headline
    plan = Builder(recipe()).build(("sc",))
    last = plan.sections[0].stories[-1]
    assert last != plan.sections[0].stories[0]
    changed = [replace(one, **lost) if one.id == str(last.article_id) else one for one in recipe().candidates]
    assert looked_at(replace(recipe(), candidates=tuple(changed))) == {}


def test_a_picture_that_was_not_fetched_yet_is_not_checked():
    """The mail shows the newsroom's own; that holds up nobody."""
    used = recipe(picture_pending=True)
    found = checks.run([examine(Builder(used).build(("sc",)))], around(used))
    assert {check.code: check.level for check in found}["picture-pending"] is Level.not_checked
    assert loud(found) == {}


def test_a_picture_without_a_size_is_no_fault():
    """What is not known is not guessed."""
    assert looked_at(alter=lambda plan: lead_of(plan, picture=Picture("https://m.org/p.jpg", "A bridge"))) == {}


def test_a_dead_feed_is_amber_for_the_whole_issue():
    """Its stories may be missing: the sentence says which feed and how to look."""
    sentence = "News: dead: 3 failures in a row, not had since 20 Nov 2026. It answers 500."
    used = recipe()
    found = checks.run([examine(Builder(used).build(("sc",)))], around(used, dead_feeds=[sentence]))
    (check,) = [one for one in found if one.code == "feed-dead"]
    assert (check.level, check.place) == (Level.amber, "")
    assert sentence in check.sentence
