"""The mails to editors: what stands in them, whole and plain, and how they look in a browser."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from digest.articles.models import article_id
from digest.editors import reading, writing
from digest.editors.links import Door
from digest.issues import editing
from digest.issues.models import Issue
from digest.rendering.urls import Urls
from tests.conftest import KEYS, NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BASE, BELA, key
from tests.issues import newsroom as articles

DOOR = Door(f"{BASE}/review/TOKEN")
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def issue(database):
    """Draft an issue, and make its editions."""
    newsroom.found(database)
    made = newsroom.draft(database)
    newsroom.prove(database, made)
    return made


def review(database, issue, at=NOW):
    """Read the review of an issue."""
    with database.reading() as session:
        return reading.read(session, issue.id, urls=Urls(BASE, KEYS), at=at)


def test_the_draft_says_all_an_editor_needs(database, issue):
    """Deadline in both zones, what happens without an answer, why each story stands, who gets what, what is out."""
    letter = writing.draft(review(database, issue), DOOR)
    assert letter.subject == "[Review] The Meridian, 24 Nov: 15 stories, all green"
    for words in (
        "Tue 24 Nov, 09:00 in Europe/Brussels (08:00 UTC)",
        "If nobody approves it by then, it is held and nothing is sent.",
        "84.06 = choice 40 + reading 15 + freshness 19.06 + region 10",
        "cap or space, the places went to stories with more points",
        "A night train returns after thirty years, and nobody gets off (South Caucasus)",
    ):
        for part in (letter.html, " ".join(letter.text.split())):
            assert words in part, words
    assert "Who gets what: 6 readers" in letter.html
    assert letter.html.count(f'href="{DOOR.url}"') == 2


def test_every_story_has_its_links_in_both_parts(database, issue):
    """Up, Drop and Swap; the lead has nothing above it."""
    shown = review(database, issue)
    letter = writing.draft(shown, DOOR)
    for story in shown.plan.stories:
        for tap in ("drop", "swap") if story.block == "lead" else ("up", "drop", "swap"):
            assert f'href="{DOOR.url}/{tap}/{story.article_id}"' in letter.html
            assert f"{DOOR.url}/{tap}/{story.article_id}" in letter.text
    assert f"/up/{shown.plan.stories[0].article_id}" not in letter.html


def test_checks_stand_on_top_with_their_remedies(database, issue):
    """Red first; a story is named by its headline."""
    editing.set_text(database, issue.id, "subject", "WIN A PRIZE NOW!!!", who=BELA, at=NOW)
    newsroom.prove(database, issue)
    articles.change(database, newsroom.slug("south-caucasus", 1), status="retracted")
    letter = writing.draft(review(database, issue), DOOR)
    assert letter.subject.endswith("15 stories, 1 red, 2 amber")
    red, amber = letter.text.index("RED: A story is retracted"), letter.text.index("AMBER: ")
    assert red < amber < letter.text.index("WHAT MOST READERS GET")
    assert "Exclude or replace it." in " ".join(letter.text.split())
    assert "digest issues edit 1 set subject TEXT" in letter.html


def test_more_than_ten_editions_are_counted(database):
    """The ten largest by name, the others as a number."""
    newsroom.found(database)
    orders = [["sc"], ["ee"], ["ca"], ["sc", "ee"], ["ee", "ca"], ["sc", "ca"]]
    for number, lists in enumerate(orders):
        articles.reader(database, f"more{number}@example.org", *lists, at=NOW - timedelta(days=3))
    issue = newsroom.draft(database)
    newsroom.prove(database, issue)
    shown = review(database, issue)
    assert shown.proof is not None
    many = replace(shown, proof=replace(shown.proof, editions=shown.proof.editions * 3))
    letter = writing.draft(many, DOOR)
    others = 3 * len(shown.proof.editions) - 10
    assert f"{others} other editions" in letter.html
    assert f"in {others} other editions" in letter.text


def test_a_mail_that_would_be_clipped_shows_fewer_stories(database):
    """Gmail clips at 102,400 bytes: the rest stands on the page."""
    newsroom.found(database, section_stories=8, section_briefs=0)
    articles.publish(
        database,
        [newsroom.article("south-caucasus", 1) | articles.article(f"long-{n}", standfirst="word " * 1_200)
         for n in range(8)],
    )  # fmt: skip
    issue = newsroom.draft(database)
    for number in range(8):
        long = article_id(f"meridian.example/long-{number}")
        editing.pin(database, issue.id, long, list_id="sc", place=number + 1, who=ANNA, at=NOW)
    letter = writing.draft(review(database, issue), DOOR)
    assert len(letter.html.encode()) <= writing.MOST_BYTES
    assert re.search(r"\d+ more stories stand on <a", letter.html)
    assert re.search(r"\d+ more stories stand on the page", letter.text)


def test_no_field_becomes_markup(database, issue):
    """Headlines, names and reasons are text in the HTML, as they are in the text."""
    with database.writing() as session:
        held = session.get_one(Issue, issue.id)
        texts = {"headline": EVIL, "standfirst": EVIL, "kicker": EVIL, "alt": EVIL}
        held.edits = {
            "texts": {str(key("central-asia", n)): texts for n in range(6)},
            "subject": {"": EVIL}, "preheader": {"": EVIL},
        }  # fmt: skip
        held.held = EVIL
        session.add(held)
    newsroom.change(database, name=EVIL)
    shown = review(database, issue)
    for letter in (
        writing.draft(shown, DOOR),
        writing.reminder(shown, DOOR),
        *(writing.outcome(shown, DOOR, kind) for kind in ("sent", "held", "stopped", "skipped", "cancelled")),
    ):
        assert "alert(1)" in letter.html
        assert "<script" not in letter.html
        assert "<img src=x" not in letter.html
        assert "\n" not in letter.subject


def test_reminders_say_what_is_left_to_do(database, issue):
    """Before the deadline how long it is; held, why."""
    at = NOW + timedelta(minutes=75)
    letter = writing.reminder(review(database, issue, at), DOOR)
    assert letter.subject == "[Reminder] The Meridian, 24 Nov: 45 minutes left to approve"
    newsroom.set_issue(database, issue.id, held="Its hour came and nobody had approved it.")
    letter = writing.reminder(review(database, issue, at), DOOR)
    assert letter.subject == "[Held] The Meridian, 24 Nov: still waits for you"
    assert "It is held: Its hour came and nobody had approved it." in letter.text
    assert DOOR.url in letter.text


def counted(**counts):
    """Return counts of a ledger."""
    states = ("freezing", "queued", "claimed", "accepted", "rejected", "suppressed", "withdrawn", "uncertain")
    return dict.fromkeys((*states, "cancelled"), 0) | counts


@pytest.mark.parametrize(
    ("counts", "subject", "line"),
    [
        (counted(accepted=1200), "[Sent] The Meridian, 24 Nov: 1,200 readers", "took 1,200 of 1,200 mails."),
        (counted(accepted=9, withdrawn=1), "[Sent] The Meridian, 24 Nov: 9 of 10 readers", "others: 1 withdrawn."),
        (
            counted(accepted=7, rejected=2, uncertain=1),
            "[Sent in part] The Meridian, 24 Nov: 7 of 10 readers",
            "others: 2 rejected, 1 uncertain.",
        ),
    ],
)
def test_what_went_out_is_counted(database, issue, counts, subject, line):
    """The ledger's numbers, and whether it was all."""
    letter = writing.outcome(replace(review(database, issue), counts=counts), DOOR, "sent")
    assert letter.subject == subject
    assert line in letter.text
    assert DOOR.url not in letter.text  # there is nothing to do


@pytest.mark.parametrize(
    ("status", "kind", "commands"),
    [
        ("in_review", "held", ["check 1", "approve 1", "send 1"]),
        ("scheduled", "held", ["status 1", "resume 1"]),
        ("paused", "stopped", ["status 1", "resume 1"]),
    ],
)
def test_what_stands_is_told_with_the_commands_that_mend_it(database, issue, status, kind, commands):
    """And with the link."""
    newsroom.set_issue(database, issue.id, held="The key was refused.", failed="The key was refused.", status=status)
    letter = writing.outcome(review(database, issue), DOOR, kind)
    assert re.findall(r"digest issues (\w+ 1)", letter.text) == commands
    assert letter.subject.endswith("The key was refused")
    assert DOOR.url in letter.html


@pytest.mark.parametrize(("scheme", "pictures"), [("light", True), ("dark", True), ("light", False)])
def test_the_mails_read_well_on_a_phone_and_off_it(  # noqa: PLR0917 - the fixtures and the two looks
    database, issue, chromium, tmp_path, scheme, pictures
):
    """At 360 and 640 pixels, light, dark, without pictures: nothing runs over, axe finds nothing."""
    newsroom.set_issue(database, issue.id, held="Its hour came and nobody had approved it.")
    articles.change(database, newsroom.slug("south-caucasus", 1), status="retracted")
    shown = review(database, issue)
    letters = {"draft": writing.draft(shown, DOOR), "held": writing.outcome(shown, DOOR, "held")}
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    picture = {"body": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "content_type": "image/svg+xml"}
    page.route("https://**", lambda route: route.fulfill(**picture) if pictures else route.abort())
    for name, letter in letters.items():
        file = newsroom.keep(tmp_path, f"{name}.html", letter.html)
        for width in (360, 640):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found = [
            one for one in Axe().run(page).response["violations"] if one["id"] not in ("landmark-one-main", "region")
        ]
        assert found == [], [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    context.close()
