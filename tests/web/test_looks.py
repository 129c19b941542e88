"""How the pages look in a real browser: no sideways scroll, nothing blocked, and no accessibility fault."""

import pytest

from tests.conftest import KEYS, NOW
from tests.web import looking


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_reads_well_on_a_phone_and_off_it(site, readers, edition, chromium, scheme):
    """At 360 and 640 pixels, in light and dark: fits, follows its own policy, passes axe."""
    undo = readers.link("undo", NOW.isoformat())
    paths = ["/", "/how-we-choose", "/u/wrong", readers.all, readers.one, readers.preferences, f"/undo/{undo}"]
    token = KEYS.sign("feedback", subscriber="-", family="weekly", reference=str(edition.id))
    paths.append(f"/feedback/{token}/good")
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    for path in paths:
        for width in (360, 640):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            looking.fits(page, width)
        looking.faultless(page, path)
    assert complaints == []
    context.close()


def test_a_reader_without_a_mouse_can_unsubscribe(site, readers, chromium):
    """Tab to the button, Enter, done: no script, no pointer."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + readers.one)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert "Eastern Europe" in page.content()
    context.close()
