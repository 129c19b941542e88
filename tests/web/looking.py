"""Looking at pages of the desk in a real browser: signing in, and that nothing is cut, hidden or unreadable."""

from collections.abc import Iterable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.web.test_desk import WORDS

WIDTHS = (360, 1100)


def signed_in(chromium: Browser, url: str, scheme: str = "light", address: str = "operator@example.org") -> Page:
    """Return a page at an address of the desk, in a context of its own where somebody is signed in."""
    page = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light", locale="en-GB").new_page()
    page.goto(url)
    page.get_by_label("Email address").fill(address)
    page.get_by_label("Password").fill(WORDS)
    page.keyboard.press("Enter")
    page.wait_for_url(url)
    return page


def reads_well(page: Page, site: str, paths: Iterable[str], widths: Iterable[int] = WIDTHS) -> None:
    """Fail where a page has to be scrolled sideways, or axe finds something."""
    for path in paths:
        for width in widths:
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            found = Axe().run(page).response["violations"]
            assert found == [], (path, width, [(one["id"], [n["html"] for n in one["nodes"]]) for one in found])
