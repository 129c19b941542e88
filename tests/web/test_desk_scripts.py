"""What the desk's scripts do in a real browser: two texts at once, what follows an order, the live counts."""

import pytest

from digest.issues.edits import Edits
from tests.web.reviewing import OURS, edits, fields
from tests.web.test_desk import WORDS, as_a, desk
from tests.web.test_desk_panes import SECOND, order, save

__all__ = ["as_a", "desk"]
SOON = 30_000  # ms


@pytest.fixture
def page(site, desk, chromium):
    """Open the issue in a browser, signed in as an approver."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(SOON)
    page.route("https://meridian.example/**", lambda route: route.abort())
    page.goto(f"{site}{desk.path}")
    page.get_by_label("Email address").fill("approver@example.org")
    page.get_by_label("Password").fill(WORDS)
    page.keyboard.press("Enter")
    page.locator("#stories").wait_for()
    page.wait_for_load_state()  # the scripts are at work
    yield page
    context.close()


@pytest.mark.parametrize(("choice", "then"), [("Take theirs", "Theirs"), ("Keep mine", "Mine")])
def test_of_two_texts_the_chosen_one_is_saved_and_no_other(app, desk, page, as_a, choice, then):  # noqa: PLR0917
    """Leaving the field, or pressing a button, saves nothing over what somebody else wrote meanwhile."""
    story = page.locator(f"#story-{SECOND}")
    story.locator("details.edit > summary").click()
    field = story.locator("input[name=headline]")
    was = field.input_value()
    save(as_a("editor"), desk.path, "headline", "Theirs", was, SECOND)
    field.fill("Mine")
    story.locator(".conflict").wait_for()
    page.locator("h1").click()
    page.wait_for_load_state("networkidle")
    assert edits(app).texts[SECOND]["headline"] == "Theirs"
    story.get_by_role("button", name=choice).click()
    story.locator(".saved", has_text="Saved").wait_for()
    assert field.input_value() == then
    assert edits(app).texts[SECOND]["headline"] == then


def test_after_an_order_without_script_the_page_works_on(app, desk, page):
    """Its address is that of the order then; another edition and the rows are asked for at the issue's own."""
    form = page.locator(f"#drop-{SECOND}").locator("xpath=..")
    form.evaluate("form => { form.insertAdjacentHTML('beforeend', '<input name=go value=drop>'); form.submit(); }")
    page.wait_for_url("**/order")
    assert edits(app) == Edits.model_validate({"excluded": {"": [SECOND]}})
    page.locator("#variant select").select_option(index=2)
    page.wait_for_url(f"**{desk.path}?edition=*")
    page.locator("#stories").wait_for()


def test_what_an_order_did_is_seen_from_below(page):
    """Where the place of what was said is out of sight, it stands at the foot for a while; above, it does not."""
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.locator(f"#pin-{SECOND}").click()
    page.locator("#said.toast", has_text="is pinned").wait_for()
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("#undo").click()
    page.locator("#said:not(.toast)", has_text="Undone").wait_for()


def test_a_test_can_be_sent_after_a_change(desk, page, as_a):
    """The button is there though the editions are not made; without them it says what is missing."""
    order(as_a("editor"), desk.path, headers=OURS | {"HX-Request": "true"}, article=SECOND, go="lead")
    page.reload()
    page.locator("#test").press("Enter")
    page.get_by_text("There is no edition to test yet").wait_for()
    page.locator("#tab-checks").click()
    page.get_by_role("button", name="Make the editions and check them").click()
    page.get_by_role("button", name="Make the editions anew and check them").wait_for()
    page.locator("#test").press("Enter")
    page.get_by_text("A test is on its way").wait_for()


def test_candidates_are_searched_and_taken_beside_the_stories(desk, page):
    """The page stays, and the pane shows the story that was put in."""
    page.locator(f"#story-{SECOND}").get_by_role("link", name="Replace").click()
    page.locator("#found").wait_for()
    page.get_by_role("button", name="Show").nth(1).click()
    page.wait_for_load_state("networkidle")
    taken = page.locator("#found button").last
    name = (taken.get_attribute("aria-label") or "").partition(": ")[2]
    taken.click()
    page.locator("#panel-story h1", has_text=name).wait_for()
    assert page.url.endswith(desk.path)


def test_the_live_counts_ask_the_page_of_the_sending(site, desk, page, as_a):
    """Also where the page that shows them is the answer to an order."""
    approver = as_a("approver")
    given = fields(approver.get(desk.path))
    reasons = {name: "seen" for name in given if name.startswith("reason:")}
    assert approver.post(f"{desk.path}/approve", data=given | reasons, headers=OURS).status_code == 200
    page.goto(f"{site}{desk.path}/sending")
    page.get_by_role("button", name="Send it to").click()
    page.wait_for_url("**/sending/send")
    with page.expect_response(lambda one: one.request.method == "GET" and not one.url.endswith(".svg")) as asked:
        pass
    assert asked.value.status == 200
    assert asked.value.url == f"{site}{desk.path}/sending"
