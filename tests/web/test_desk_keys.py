"""An issue's page by keys and by drag in a real browser: each does what a button of the page does."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.editors.newsroom import key
from tests.web import looking
from tests.web.reviewing import edits, stored
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
FIRST, SECOND, THIRD = (str(key("south-caucasus", number)) for number in (1, 2, 3))


@pytest.fixture
def opened(site, desk, chromium) -> Iterator[Any]:
    """Open the issue's page for an approver; nothing may be blocked by its policy, no script may fail."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.route("https://meridian.example/**", lambda route: route.abort())
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    page.goto(f"{site}{desk.path}")
    looking.enter(page, "approver@example.org")
    page.locator("html.script #stories").wait_for()
    yield page
    assert complaints == []
    context.close()


def choose(page: Any, article: str) -> None:
    """Walk down to a story by J."""
    page.locator("main > h1").click()
    for _ in range(20):
        if page.locator(f'li.row[aria-current][data-id="{article}"]').count():
            return
        page.keyboard.press("j")
    raise AssertionError(article)


def version(page: Any, number: int) -> None:
    """Wait until the page shows a version of the issue."""
    page.locator(f'#stories[data-version="{number}"]').wait_for()


def test_a_row_is_walked_to_and_moved_by_keys(app, opened):
    """J and K walk, the story's pane follows; Alt and the arrows move it and stay with it; undo and redo."""
    choose(opened, SECOND)
    opened.locator(f'#story[data-id="{SECOND}"]').wait_for()
    opened.keyboard.press("Alt+ArrowUp")
    version(opened, 2)
    assert edits(app).pins == {"sc": {SECOND: 2}}
    assert "stood" in opened.locator("#said").inner_text()
    assert opened.locator("li.row[aria-current]").get_attribute("data-id") == SECOND
    opened.keyboard.press("Control+z")
    version(opened, 3)
    assert edits(app).pins == {}
    opened.keyboard.press("Control+Shift+z")
    version(opened, 4)
    assert edits(app).pins == {"sc": {SECOND: 2}}
    opened.wait_for_load_state("networkidle")
    opened.keyboard.press("k")
    opened.locator(f'li.row[aria-current]:not([data-id="{SECOND}"])').wait_for()


def test_each_letter_does_its_own(app, opened):
    """P pins and unpins, L makes the lead, X excludes, R and / open the candidates, E the texts, C the comments."""
    choose(opened, SECOND)
    opened.keyboard.press("p")
    version(opened, 2)
    assert edits(app).pins == {"sc": {SECOND: 3}}
    opened.keyboard.press("p")
    version(opened, 3)
    assert edits(app).pins == {}
    opened.keyboard.press("r")
    opened.get_by_role("heading", name=re.compile("In place of")).wait_for()
    opened.keyboard.press("/")
    opened.wait_for_function("() => document.activeElement.id === 'search'")
    opened.keyboard.type("wolves")
    opened.wait_for_function("() => document.querySelectorAll('#found tbody tr').length === 3")
    choose(opened, SECOND)
    opened.keyboard.press("c")
    opened.wait_for_function("() => document.activeElement.tagName === 'TEXTAREA'")
    choose(opened, SECOND)
    opened.keyboard.press("l")
    version(opened, 4)
    assert edits(app).lead == SECOND
    choose(opened, THIRD)
    opened.keyboard.press("x")
    version(opened, 5)
    assert edits(app).excluded == {"": [THIRD]}


def test_figures_change_the_mail_and_the_question_mark_lists_the_keys(opened):
    """1 to 7; ? opens the list, Escape closes it."""
    opened.locator("main > h1").click()
    for figure, face in (("2", "dark"), ("6", "text"), ("1", "light")):
        opened.keyboard.press(figure)
        opened.wait_for_function(
            "face => document.querySelector('[data-face][aria-current]').dataset.face === face", arg=face
        )
    opened.keyboard.press("?")
    opened.get_by_role("heading", name="Keys").wait_for()
    opened.keyboard.press("Escape")
    assert not opened.locator("#help").evaluate("each => each.open")


def test_single_keys_can_be_switched_off_and_never_fire_while_typing(app, opened):
    """The switch is kept in the browser; Alt and the arrows work all the same."""
    choose(opened, SECOND)
    opened.keyboard.press("e")
    opened.wait_for_function("() => document.activeElement.name === 'headline'")
    opened.keyboard.type("xpl")
    opened.keyboard.press("Tab")
    version(opened, 2)
    assert edits(app).excluded == {}
    assert edits(app).texts[SECOND]["headline"].startswith("xpl")
    opened.locator("#help-button").click()
    opened.get_by_label(re.compile("one letter")).uncheck()
    opened.get_by_role("button", name="Close").click()
    opened.reload()
    opened.locator("html.script #stories").wait_for()
    opened.locator(f"#head-{SECOND}").click()
    opened.keyboard.press("x")
    opened.keyboard.press("Alt+ArrowUp")
    version(opened, 3)
    assert edits(app).excluded == {}
    assert edits(app).pins == {"sc": {SECOND: 2}}


def test_a_row_is_dragged_to_another_place(app, opened):
    """By its handle, above another row of its section, with the pointer alone."""
    handle = opened.locator(f"#story-{THIRD} .handle")
    handle.scroll_into_view_if_needed()
    start, target = handle.bounding_box(), opened.locator(f"#story-{SECOND}").bounding_box()
    opened.mouse.move(start["x"] + 5, start["y"] + 5)
    opened.mouse.down()
    opened.mouse.move(target["x"] + 60, target["y"] + 40, steps=5)
    opened.mouse.move(target["x"] + 60, target["y"] + 8, steps=3)
    opened.mouse.up()
    version(opened, 2)
    assert edits(app).pins == {"sc": {THIRD: 3}}
    assert "stood" in opened.locator("#said").inner_text()


def test_a_text_saves_itself_and_a_conflict_lets_the_editor_choose(app, opened, as_a, desk):
    """After a pause in typing the mail shows it; what another editor saved meanwhile is shown beside one's own."""
    choose(opened, SECOND)
    opened.keyboard.press("e")
    field = opened.locator(f"#f-{SECOND}-headline")
    was = field.input_value()
    field.fill("What I write")
    opened.locator(f"#saved-{SECOND}-headline").get_by_text("Saved").wait_for()
    opened.frame_locator("#mail").get_by_text("What I write").first.wait_for()
    assert opened.locator(f"#head-{SECOND}").inner_text() == "What I write"
    other = as_a("editor")
    form = {"version": "1", "name": "headline", "article": SECOND, "headline": "Theirs", "was-headline": "What I write"}
    ours = {"Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
    assert other.post(f"{desk.path}/field", data=form, headers=ours).status_code == 200
    field.fill("Mine again")
    clash = opened.locator(f"#saved-{SECOND}-headline .conflict")
    clash.get_by_text("editor@example.org changed this meanwhile").wait_for()
    assert edits(app).texts[SECOND]["headline"] == "Theirs"
    clash.get_by_role("button", name="Keep mine").click()
    opened.locator(f"#saved-{SECOND}-headline").get_by_text("Saved").wait_for()
    assert edits(app).texts[SECOND]["headline"] == "Mine again"
    assert was != "Mine again"


def test_without_any_script_the_same_buttons_do_it(app, site, desk, chromium):
    """A row is moved, undone, and its texts are saved, by plain forms."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.route("https://meridian.example/**", lambda route: route.abort())
    page.goto(f"{site}{desk.path}")
    looking.enter(page, "approver@example.org")
    page.locator(f"#up-{SECOND}").click()
    page.get_by_text("where “Hazelnut growers").first.wait_for()
    assert edits(app).pins == {"sc": {SECOND: 2}}
    page.locator("#undo").click()
    page.get_by_text("Undone: pin").wait_for()
    texts = page.locator(f"#story-{SECOND} details.edit")
    texts.locator("summary").click()
    texts.get_by_label("Headline").fill("By a plain form")
    texts.get_by_role("button", name="Save the texts").click()
    page.get_by_text("Saved.").wait_for()
    assert edits(app).texts[SECOND]["headline"] == "By a plain form"
    assert stored(app).version == 4
    context.close()
