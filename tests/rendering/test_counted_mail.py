"""A mail whose clicks are counted: every story by a link of ours, one hidden link, and nothing else is different."""

import re
from dataclasses import replace
from html import unescape

import pytest

from digest.issues.plan import EditionPlan
from digest.rendering import click_links, sizes, slots
from digest.rendering.mailing import Rendered, render
from digest.rendering.urls import edition_id
from tests.conftest import KEYS
from tests.rendering import plans

HREF = re.compile(r'<a href="(http[^"]+)"')
READER = click_links.reader_signer(KEYS)("9f0c1a52-1111-4222-8333-444455556666")
HERE = "https://x.example/"


def mail(clicks: str, plan: EditionPlan | None = None) -> Rendered:
    made = plan or plans.english()
    return render(replace(made, publication={**made.publication, "clicks": clicks}), plans.URLS)


def hrefs(html: str) -> list[str]:
    """Return the links of a page, without the hidden one."""
    return [unescape(found) for found in HREF.findall(re.sub(r'<a href="[^"]*" aria-hidden.*?</a>', "", html))]


def filled(made: Rendered, part: str, reader: str = "") -> str:
    links = {"unsubscribe_url": HERE, "preferences_url": HERE}
    stops = dict.fromkeys(plans.english().lists, HERE)
    return slots.fill(part, slots.values(made.marks, **links, name="", stops=stops, reader=reader))


@pytest.mark.parametrize("clicks", ["off", "", "of nobody"])
def test_without_counting_the_links_are_the_stories_own(clicks):
    """Off, and an issue that was frozen before clicks were counted: the bytes are those of always."""
    assert mail(clicks) == render(plans.english(), plans.URLS)


@pytest.mark.parametrize("clicks", ["anonymous", "personal"])
def test_every_story_is_counted_and_leads_where_it_led(clicks):
    """In both parts; each link says edition and place, and behind it stands the same address as without counting."""
    plan, off, made = plans.english(), mail("off"), mail(clicks)
    html, text = filled(made, made.html), filled(made, made.text)
    assert [click_links.target(href) for href in hrefs(html)] == hrefs(filled(off, off.html))
    assert re.sub(r"https://\S+/c/\S+", lambda found: click_links.target(found[0]), text) == filled(off, off.text)
    stories = {story.place for story in plan.stories}
    for body in (unescape(html), text):
        found = re.findall(r"/c/([\w-]{40})\?u=[^\s\"]*", body)
        claims = [click_links.read(KEYS, token, click_links.target(_link(body, token))) for token in found]
        assert {claim.edition for claim in claims if claim} == {edition_id(plan)}
        assert {claim.place for claim in claims if claim} - {click_links.TRAP} == stories
        assert None not in claims


def _link(body: str, token: str) -> str:
    found = re.search(rf"https://\S+?/c/{token}\?u=[^\s\"]*", body)
    assert found is not None
    return found[0]


def test_the_hidden_link_stands_in_the_html_once():
    """With place 0, out of the reach of eyes, keys and screen readers; the plain text has none."""
    made = mail("anonymous")
    [trap] = re.findall(
        r'<a href="([^"]*)" aria-hidden="true" tabindex="-1" style="display:none;[^"]*"></a>', made.html
    )
    token = re.findall(r"/c/([\w-]{40})", trap)[0]
    assert click_links.read(KEYS, token, click_links.target(trap)) == click_links.Claim(edition_id(plans.english()), 0)
    assert token not in made.text
    assert "aria-hidden" not in mail("off").html


def test_nobody_reaches_the_hidden_link(chromium):
    """In a real browser: it takes no room, the keyboard passes it over, and it has no name for a screen reader."""
    page = chromium.new_page()
    page.set_content(mail("anonymous").html)
    trap = page.locator("a[aria-hidden]")
    assert trap.count() == 1
    assert not trap.is_visible()
    links = page.locator("a:visible").count()
    reached = set()
    for _ in range(links + 1):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('href')"))
    assert len(reached) > 5
    assert trap.get_attribute("href") not in reached
    assert page.get_by_role("link", include_hidden=False).count() == links
    page.close()


def test_only_who_agreed_is_named():
    """`personal` adds one slot to story links, the same in both parts; it is empty for whoever did not agree."""
    made = mail("personal")
    assert [key for key in made.marks if key.startswith("reader")] == ["reader@url"]
    for part in (made.html, made.text):
        named, nobody = filled(made, part, READER), filled(made, part)
        assert named.count(f"&amp;r={READER}" if part is made.html else f"&r={READER}") > 10
        assert READER not in nobody
        assert re.search(r"r=[\s\"]", nobody)
        assert "%%" not in named + nobody
    assert "reader@url" not in mail("anonymous").marks
    assert "r=" not in _trap(made.html)


def _trap(html: str) -> str:
    found = re.search(r'<a href="([^"]*)" aria-hidden', html)
    assert found is not None
    return found[1]


def test_a_headline_that_holds_the_readers_mark():
    """It comes through as written, as with every slot."""
    mark = mail("personal", plans.plain()).marks["reader@url"]
    made = mail("personal", plans.edition({"central-asia": [{"headline": f"How {mark} got out"}]}))
    assert made.marks["reader@url"] != mark
    values = slots.values(
        made.marks, unsubscribe_url=HERE, preferences_url=HERE, name="", stops={"central-asia": HERE}, reader=READER
    )
    assert f"How {mark} got out" in slots.fill(made.html, values)


def test_what_counting_costs():
    """A mail of 20 stories grows by a few kilobytes, far from what Gmail cuts."""
    plan = plans.many(20)
    grown = {}
    for clicks in ("off", "anonymous", "personal"):
        made = mail(clicks, plan)
        grown[clicks] = sizes.html_bytes(made.html, made.marks)
    assert 0 < grown["anonymous"] - grown["off"] < 2_600
    assert 0 < grown["personal"] - grown["anonymous"] < 1_400
