"""Looking at pages in a real browser: signing in, and that nothing is cut, hidden or unreadable."""

from collections.abc import Iterable
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

WIDTHS = (360, 1100)
WORDS: Final = "salt river night train"  # everybody's password
AXE: Final = Axe()  # reads its half a megabyte once


def enter(page: Page, address: str) -> None:
    """Fill in the form of the desk, and send it off."""
    page.get_by_label("Email address").fill(address)
    page.get_by_label("Password").fill(WORDS)
    page.keyboard.press("Enter")


def signed_in(chromium: Browser, url: str, scheme: str = "light", address: str = "operator@example.org") -> Page:
    """Return a page at an address of the desk, in a context of its own where somebody is signed in."""
    page = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light", locale="en-GB").new_page()
    page.goto(url)
    enter(page, address)
    page.wait_for_url(url)
    return page


def faultless(page: Page, *where: object, frames: bool = True) -> None:
    """Fail where axe finds something on a page as it is now; ``frames``: in what it holds, too."""
    found: list[dict[str, Any]] = AXE.run(page, options={"iframes": frames}).response["violations"]
    told = [(one["id"], [(node["html"], node["failureSummary"]) for node in one["nodes"]]) for one in found]
    assert told == [], (page.url, *where)


def fits(page: Page, width: int) -> None:
    """Fail where a page as it is now has to be scrolled sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)


def reads_well(
    page: Page, site: str, paths: Iterable[str], widths: Iterable[int] = WIDTHS, *, frames: bool = True
) -> None:
    """Fail where a page has to be scrolled sideways, or axe finds something."""
    for path in paths:
        for width in widths:
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            fits(page, width)
            faultless(page, width, frames=frames)
