"""The mail as it is seen: a real Chromium, both widths, light and dark, with pictures and styles lost on the way."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from digest.issues.plan import EditionPlan
from digest.rendering.mailing import render
from tests.rendering import plans

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="680"><rect width="1280" height="680"/></svg>'
PAGE_RULES = {"landmark-one-main", "region"}  # of a page; the mail program owns that
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle"
EDITIONS = {
    "english": plans.english(
        corrections=(plans.story(20, block="correction", headline="Four piers", correction="Not five."),),
        empty_regions=("Middle East",),
    ),
    "arabic": plans.arabic(),
    "plain": plans.plain(),
    "long": plans.edition(
        {
            "central-asia": [
                {"headline": (LONG + " and a headline that runs on to the limit of a hundred and ten")[:110]},
                {"headline": LONG, "standfirst": LONG, "kicker": LONG, "byline": LONG, "show_badge": True},
                {"headline": LONG, "block": "brief"},
            ]
        },
        popular=plans.popular(9, [{"headline": LONG, "kicker": LONG}]),
    ),
}
EVERY = pytest.mark.parametrize("name", EDITIONS)
WIDTHS = pytest.mark.parametrize("width", [360, 640])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
SMALL_TEXT = """() => {
  const small = [];
  const walker = document.createTreeWalker(document.querySelector('[role=article]'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.replace(/[\\s\\u200b]/g, '')) continue;
    const size = parseFloat(getComputedStyle(node.parentElement).fontSize);
    if (size < 12) small.push([node.data, size]);
  }
  return small;
}"""
HEADINGS = """() => [...document.querySelectorAll('h1,h2,h3')].map((each) => {
  const box = each.getBoundingClientRect();
  return each.innerText.trim() && box.width > 40 && box.height > 15 && box.left >= 0 && box.right <= innerWidth + 1;
})"""


@contextmanager
def opened(
    chromium: Any, html: str, width: int = 640, scheme: str = "light", *, pictures: bool = True
) -> Iterator[Any]:
    """Open a mail; its pictures come from here, or not at all."""
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    try:
        page = context.new_page()
        if pictures:
            page.route("**/*", lambda route: route.fulfill(body=PICTURE, content_type="image/svg+xml"))
        else:
            page.route("**/*", lambda route: route.abort())
        page.set_content(html)
        yield page
    finally:
        context.close()


def mail(plan: EditionPlan) -> str:
    return render(plan, plans.URLS).html


def sound(page: Any) -> None:
    """Assert that nothing scrolls sideways, no text is tiny, and each heading is seen."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SMALL_TEXT) == []
    seen = page.evaluate(HEADINGS)
    assert seen
    assert all(seen)


@EVERY
@WIDTHS
@SCHEMES
def test_it_fits(chromium, name, width, scheme):
    """Every edition fits both widths in both schemes."""
    with opened(chromium, mail(EDITIONS[name]), width, scheme) as page:
        sound(page)


@EVERY
@WIDTHS
def test_without_pictures(chromium, name, width):
    """Where pictures do not come, the mail still fits, and the lead's ground keeps its shape."""
    with opened(chromium, mail(EDITIONS[name]), width, pictures=False) as page:
        sound(page)
        for ground in page.query_selector_all("td.ph"):
            assert ground.bounding_box()["height"] >= 160


@EVERY
@WIDTHS
def test_without_styles(chromium, name, width):
    """Where a client drops every style block, the inline styles alone make a sound page."""
    html = re.sub(r"<style.*?</style>", "", mail(EDITIONS[name]), flags=re.DOTALL)
    with opened(chromium, html, width) as page:
        sound(page)


@EVERY
@SCHEMES
@pytest.mark.parametrize("pictures", [True, False], ids=["pictures", "no pictures"])
def test_accessibility(chromium, name, scheme, pictures):
    """The checker axe finds nothing but what is the mail program's to give; contrast included, in both schemes."""
    with opened(chromium, mail(EDITIONS[name]), 640, scheme, pictures=pictures) as page:
        violations = Axe().run(page).response["violations"]
    found = {each["id"]: [node["html"] for node in each["nodes"]] for each in violations}
    assert {rule: nodes for rule, nodes in found.items() if rule not in PAGE_RULES} == {}


def test_dark_is_dark(chromium):
    """In the dark scheme the page, the cards and the headlines take their dark colours."""
    with opened(chromium, mail(EDITIONS["english"]), 640, "dark") as page:
        color = "(s, p) => getComputedStyle(document.querySelector(s))[p]"
        assert page.evaluate(f"({color})('.page', 'backgroundColor')") == "rgb(14, 16, 19)"
        assert page.evaluate(f"({color})('.card', 'backgroundColor')") == "rgb(23, 25, 30)"
        assert page.evaluate(f"({color})('h2 a', 'color')") == "rgb(242, 239, 232)"


def test_tap_targets(chromium):
    """On a phone the button, the votes and the footer's links are 44 px high."""
    with opened(chromium, mail(EDITIONS["english"]), 360) as page:
        heights = page.evaluate(
            "() => [...document.querySelectorAll('a.btn, a.pill, a.mut')].filter((a) => !a.querySelector('img'))"
            ".map((a) => a.getBoundingClientRect().height)"
        )
        assert len(heights) > 10
        assert min(heights) >= 44


def test_the_thumbnail_stands_at_the_end(chromium):
    """The thumbnail stands right of its headline in English, left of it in Arabic."""
    for name, at_the_right in (("english", True), ("arabic", False)):
        with opened(chromium, mail(EDITIONS[name]), 360) as page:
            places = page.evaluate(
                "() => ['.th img', 'h3.h3a a'].map((s) => document.querySelector(s).getBoundingClientRect().left)"
            )
            assert (places[0] > places[1]) is at_the_right
