"""An editor's links: what they show, and what one press does."""

import re
from types import SimpleNamespace

import pytest

from digest.bootstrap import App
from digest.issues import editing, log
from digest.issues.edits import Edits
from digest.proofs import approval, making
from tests.conftest import NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BELA, key
from tests.issues import newsroom as articles
from tests.web import looking
from tests.web.reviewing import OURS, approve, buttons, desk_of, edits, fields, press, prove, stored


@pytest.fixture
def desk(app: App) -> SimpleNamespace:
    """Draft an issue, and return it with the paths of its editors."""
    return desk_of(app)


def test_the_page_shows_the_draft_its_checks_and_the_deadline(http, desk):
    """On top what is asked of the editor, then the edition most readers get, with why each story stands there."""
    page = http.get(desk.path)
    assert page.status_code == 200
    for words in (
        "Review until Tue 24 Nov, 09:00 in Europe/Brussels (08:00 UTC) – 2 hours left.",
        "Checks: all green",
        "Approve all 4 editions for 6 readers",
        "The best that were left out",
        "Editor&#39;s choice 40.00 + reading 15.00 (no reading data yet, counted as average)",
        "South Caucasus + Eastern Europe + Central Asia",
    ):
        assert words in page.text


def test_up_says_what_it_will_do_and_does_it(app, http, desk):
    """The button names both stories; the press pins, logs the editor, makes the editions anew, and tells the change."""
    story = key("south-caucasus", 2)
    assert buttons(http.get(f"{desk.path}/up/{story}")) == [
        (
            "Put “A night train returns after thirty years, and nobody gets off (South Caucasus)” above "
            "“Hazelnut growers plant tea again, on a bet about rain (South Caucasus)”"
        )
    ]
    done = press(http, f"{desk.path}/up/{story}")
    assert done.status_code == 200
    assert "Done: Put “A night train" in done.text
    assert "From place 4 to 3: “A night train" in done.text
    assert edits(app).pins == {"sc": {str(story): 2}}
    with app.database.reading() as session:
        assert log.entries(session, stored(app))[-1].who == ANNA
        assert making.stored_proof(session, stored(app)) is not None


def test_up_on_the_first_of_a_section_makes_the_lead(app, http, desk):
    """There is nothing above it but the lead; Free it takes that back."""
    story = key("eastern-europe", 0)
    (button,) = buttons(http.get(f"{desk.path}/up/{story}"))
    assert button.startswith("Make “The dam keepers of Enguri want their snow back (Eastern Europe)” the lead in place")
    assert "The lead is now" in press(http, f"{desk.path}/up/{story}").text
    assert edits(app).lead == str(story)
    assert "The lead is now" in press(http, f"{desk.path}/free/{story}").text
    assert edits(app).lead == ""


def test_a_pin_can_be_taken_back(app, http, desk):
    """The page of the issue lists what was ordered, each with its way back."""
    story = key("south-caucasus", 2)
    page = press(http, f"{desk.path}/up/{story}")
    assert f"{desk.path}/free/{story}" in page.text
    press(http, f"{desk.path}/free/{story}")
    assert edits(app) == Edits()


def test_drop_takes_the_story_out_and_back_lets_it_in(app, http, desk):
    """What moved in is named; Put it back undoes it."""
    story = key("central-asia", 1)
    done = press(http, f"{desk.path}/drop/{story}")
    assert "Out: “Hazelnut growers plant tea again, on a bet about rain (Central Asia)”." in done.text
    assert re.search(r"In, at place \d+: “How a village school", done.text)
    assert edits(app).excluded == {"": [str(story)]}
    press(http, f"{desk.path}/back/{story}")
    assert edits(app) == Edits()


def test_swap_offers_the_next_five_of_the_section_with_their_points(app, http, desk):
    """The chosen one takes the place; a story that was not offered is refused."""
    story = key("central-asia", 2)
    page = http.get(f"{desk.path}/swap/{story}")
    offered = re.findall(r'<input type="radio" name="by" value="([^"]+)"', page.text)
    assert offered[:3] == [str(key("central-asia", number)) for number in (5, 6, 7)]
    assert len(offered) == 5
    assert len(re.findall(r"<small>\d+\.\d\d = reading", page.text)) == 5
    assert press(http, f"{desk.path}/swap/{story}", by=str(key("central-asia", 0))).status_code == 400
    assert press(http, f"{desk.path}/swap/{story}").status_code == 400
    done = press(http, f"{desk.path}/swap/{story}", by=offered[2])
    assert "In, at place" in done.text
    assert edits(app).pins["ca"] == {offered[2]: 3}
    assert edits(app).excluded == {"": [str(story)]}


def test_somebody_elses_change_meanwhile_is_shown_and_asked_again(app, http, desk):
    """Nothing is done to what the editor did not see; the next press, on what they see now, is."""
    story = key("south-caucasus", 2)
    page = http.get(f"{desk.path}/up/{story}")
    editing.exclude(app.database, desk.issue.id, key("central-asia", 1), who=BELA, at=NOW)
    again = http.post(f"{desk.path}/up/{story}", data=fields(page), headers=OURS)
    assert again.status_code == 409
    assert "was changed meanwhile" in again.text
    assert BELA in again.text
    assert edits(app).pins == {}
    assert http.post(f"{desk.path}/up/{story}", data=fields(again), headers=OURS).status_code == 200
    assert edits(app).pins == {"sc": {str(story): 2}}


def test_a_press_twice_does_it_once(app, http, desk):
    """A form that is sent again, by a tired finger or a reload, is told that the issue changed."""
    story = key("central-asia", 1)
    page = http.get(f"{desk.path}/drop/{story}")
    assert http.post(f"{desk.path}/drop/{story}", data=fields(page), headers=OURS).status_code == 200
    again = http.post(f"{desk.path}/drop/{story}", data=fields(page), headers=OURS)
    assert again.status_code in (404, 409)
    assert stored(app).version == 2


def test_a_green_draft_is_approved_with_one_press(app, http, desk):
    """In the editor's name, for the very content that was shown; the page then says when it is sent."""
    done = approve(http, desk)
    assert "Approved by anna@meridian.example." in done.text
    assert "It is sent Tue 24 Nov, 09:00 in Europe/Brussels (08:00 UTC)." in done.text
    with app.database.reading() as session:
        given = approval.valid(session, stored(app))
    assert given is not None
    assert given.who == ANNA


def test_an_amber_check_wants_a_reason(app, http, desk):
    """No approval without it; with it, it stands in the approval."""
    editing.set_text(app.database, desk.issue.id, "subject", "WIN A PRIZE NOW!!!", who=BELA, at=NOW)
    prove(app, stored(app))
    page = http.get(desk.path)
    codes = re.findall(r'name="reason:([^"]+)" required', page.text)
    assert codes
    refused = approve(http, desk, **dict.fromkeys(codes, " "))
    assert refused.status_code == 400
    assert stored(app).status == "in_review"
    assert "Approved by" in approve(http, desk, **dict.fromkeys(codes, "We won one")).text
    with app.database.reading() as session:
        given = approval.valid(session, stored(app))
    assert given is not None
    assert given.accepted == dict.fromkeys(codes, "We won one")


def test_a_red_check_leaves_no_button(app, http, desk):
    """A story that the newsroom took back since blocks, with its headline and the remedy; a forced POST is refused."""
    held = fields(http.get(desk.path))
    articles.change(app.database, newsroom.slug("south-caucasus", 1), status="retracted")
    page = http.get(desk.path)
    assert "1 red" in page.text
    assert "Exclude or replace it." in page.text
    assert "Hazelnut growers plant tea again, on a bet about rain (South Caucasus))" in page.text
    assert not any(one.startswith("Approve") for one in buttons(page))
    forced = http.post(f"{desk.path}/approve", data=held, headers=OURS)
    assert forced.status_code == 409
    assert "The checks are red" in forced.text
    assert stored(app).status == "in_review"


def test_what_was_edited_since_is_not_approved(app, http, desk):
    """The approval binds to the version that was shown."""
    held = fields(http.get(desk.path))
    editing.exclude(app.database, desk.issue.id, key("central-asia", 1), who=BELA, at=NOW)
    prove(app, stored(app))
    late = http.post(f"{desk.path}/approve", data=held, headers=OURS)
    assert late.status_code == 409
    assert "was changed meanwhile" in late.text
    assert stored(app).status == "in_review"


def test_editions_made_anew_with_other_content_are_not_approved_unseen(app, http, desk):
    """The version is the same, the editions are not: there is a new set of lists."""
    held = fields(http.get(desk.path))
    articles.reader(app.database, "new@example.org", "ee", at=NOW)
    prove(app, stored(app))
    late = http.post(f"{desk.path}/approve", data=held, headers=OURS)
    assert late.status_code == 409
    assert "made anew since you looked" in late.text
    assert stored(app).status == "in_review"


def test_check_makes_the_editions(app, http, desk):
    """After an edit elsewhere there are none: the page offers to make them, and says when nothing differs."""
    editing.exclude(app.database, desk.issue.id, key("central-asia", 1), who=BELA, at=NOW)
    page = http.get(desk.path)
    assert buttons(page) == ["Make the editions and check them"]
    done = http.post(f"{desk.path}/check", headers=OURS)
    assert "Checked again." in done.text
    assert "Approve all 4 editions" in done.text
    assert "the same as before" in http.post(f"{desk.path}/check", headers=OURS).text


def test_a_held_issue_is_approved_and_then_sent_by_a_press(app, http, desk):
    """Nobody approved it in time: the editor does both late; the order can be taken back for five minutes."""
    newsroom.set_issue(app.database, desk.issue.id, held="Its hour came and nobody had approved it.")
    page = http.get(desk.path)
    assert "Its hour came and nobody had approved it." in page.text
    approved = approve(http, desk)
    assert "Send it to 6 readers, in 5 minutes" in buttons(approved)
    sent = http.post(f"{desk.path}/send", data=fields(approved), headers=OURS)
    assert "It is sent at 06:05 UTC." in sent.text
    assert (stored(app).status, stored(app).held) == ("scheduled", "")


def test_a_change_of_an_approved_issue_is_warned_of(app, http, desk):
    """The page says that the approval falls, and it does."""
    approve(http, desk)
    page = http.get(f"{desk.path}/drop/{key('central-asia', 1)}")
    assert "Any change takes the approval back." in page.text
    press(http, f"{desk.path}/drop/{key('central-asia', 1)}")
    assert stored(app).status == "in_review"


def test_what_is_over_can_only_be_looked_at(app, http, desk):
    """A sent issue has no links under its stories, and refuses a press."""
    newsroom.set_issue(app.database, desk.issue.id, status="sent")
    page = http.get(desk.path)
    assert page.status_code == 200
    assert "/drop/" not in page.text
    assert buttons(page) == []
    refused = http.get(f"{desk.path}/drop/{key('central-asia', 1)}")
    assert refused.status_code == 409
    assert "can no longer be changed" in refused.text


def test_another_edition_can_be_previewed(app, http, desk):
    """Each of the largest is a link; the frame shows it."""
    with app.database.reading() as session:
        proof = making.stored_proof(session, stored(app))
    assert proof is not None
    smallest = proof.editions[-1]
    page = http.get(desk.path, params={"edition": str(smallest.id)})
    address = re.search(r'<iframe src="([^"]+)"', page.text)
    assert address is not None
    shown = http.get(address.group(1))
    assert shown.status_code == 200
    assert smallest.subject.split(" (", maxsplit=1)[0] in shown.text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_reads_well_on_a_phone_and_off_it(app, site, desk, chromium, scheme):
    """At 360 and 640 pixels, in light and dark: fits, follows its own policy, shows the mail, passes axe."""
    editing.set_text(app.database, desk.issue.id, "subject", "WIN A PRIZE NOW!!!", who=BELA, at=NOW)
    editing.exclude(app.database, desk.issue.id, key("central-asia", 1), who=BELA, at=NOW)
    prove(app, stored(app))
    newsroom.set_issue(app.database, desk.issue.id, held="Its hour came and nobody had approved it.")
    taps = [f"/{one}/{key('south-caucasus', 2)}" for one in ("up", "drop", "swap")]
    tails = ["", *taps, f"/back/{key('central-asia', 1)}", "/drop/nothing"]
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    page.route("https://meridian.example/**", lambda route: route.abort())
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    for tail in tails:
        for width in (360, 640):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + desk.path + tail)
            looking.fits(page, width)
        looking.faultless(page, tail, frames=False)
    page.goto(site + desk.path)
    page.locator("iframe").scroll_into_view_if_needed()
    page.frame_locator("iframe").get_by_text("A night train returns").first.wait_for()
    assert complaints == []
    context.close()


def test_an_editor_approves_on_a_phone_without_any_script(app, site, desk, chromium):
    """From the mail's link: press Approve, and it is; a real browser's own headers are let through."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.route("https://meridian.example/**", lambda route: route.abort())
    page.goto(f"{site}{desk.path}/drop/{key('central-asia', 1)}")
    page.get_by_role("button").click()
    page.get_by_text("Out: “Hazelnut growers").wait_for()
    page.get_by_role("button", name="Approve all").click()
    page.get_by_text("Approved by anna@meridian.example.").wait_for()
    assert stored(app).status == "approved"
    context.close()
