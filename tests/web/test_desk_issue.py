"""The desk's pages of one issue: a story's texts and place, the candidates, subject and note, and the previews."""

from html import unescape

import httpx
import pytest

from digest.editors.faces import Face
from digest.issues.edits import Edits
from tests.editors import newsroom
from tests.editors.newsroom import key
from tests.web import looking
from tests.web.reviewing import OURS, edits, fields, stored
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
STORY = str(key("south-caucasus", 2))
NASTY = '<script>alert(1)</script> "quoted" & more'


def press(client: httpx.Client, page: str, action: str, **more: str) -> httpx.Response:
    """Open a page and send one of its forms, as a browser does."""
    return client.post(action, data={"version": fields(client.get(page))["version"]} | more, headers=OURS)


def test_a_storys_texts_are_an_overlay(app, as_a, desk):
    """What is typed stands in the issue, escaped; the original stays beside it, and an empty text gives it back."""
    editor, page = as_a("editor"), f"{desk.path}/story/{STORY}"
    done = press(editor, page, f"{page}/texts", headline=NASTY, standfirst="A new line", kicker="", alt="")
    assert done.status_code == 200
    assert "Saved." in done.text
    assert "<script>" not in done.text
    assert edits(app).texts[STORY] == {"headline": NASTY, "standfirst": "A new line"}
    assert "The original:" in done.text
    press(editor, page, f"{page}/texts", headline="", standfirst="")
    assert edits(app).texts == {}
    kept = unescape(editor.get(page).text.split('name="headline"', 1)[1].split('value="', 1)[1].split('"', 1)[0])
    assert kept
    version = stored(app).version
    press(editor, page, f"{page}/texts", headline=kept, kicker="Own")
    assert edits(app).texts == {STORY: {"kicker": "Own"}}, "what was left as it is stays the source's"
    assert stored(app).version == version + 1


@pytest.mark.parametrize(
    ("order", "form", "then"),
    [
        ("pin", {"list": "sc", "place": "1"}, {"pins": {"sc": {STORY: 1}}}),
        ("move", {"list": "ca"}, {"moved": {STORY: "ca"}}),
        ("lead", {}, {"lead": STORY}),
        ("exclude", {}, {"excluded": {"": [STORY]}}),
        ("exclude", {"list": "sc"}, {"excluded": {"sc": [STORY]}}),
    ],
)
def test_each_order_does_what_it_says(app, as_a, desk, order, form, then):  # noqa: PLR0917 - parts of one case
    """And is seen on the page of the issue."""
    page = f"{desk.path}/story/{STORY}"
    assert press(as_a("editor"), page, f"{page}/{order}", **form).status_code == 200
    assert edits(app) == Edits.model_validate(then)


def test_orders_are_taken_back(app, as_a, desk):
    """A pin, the choice of the lead, and a drop."""
    editor, page = as_a("editor"), f"{desk.path}/story/{STORY}"
    for order, form, back in (
        ("pin", {"list": "sc", "place": "2"}, ("unpin", {})),
        ("lead", {}, ("lead", {"free": "yes"})),
        ("exclude", {}, ("include", {})),
    ):
        press(editor, page, f"{page}/{order}", **form)
        assert edits(app) != Edits()
        press(editor, page, f"{page}/{back[0]}", **back[1])
        assert edits(app) == Edits()


@pytest.mark.parametrize("place", ["", "0", "one", "99", "1e9", "-1"])
def test_a_bad_place_is_a_sentence(app, as_a, desk, place):
    """And nothing is changed."""
    page = f"{desk.path}/story/{STORY}"
    answer = press(as_a("editor"), page, f"{page}/pin", list="sc", place=place)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert edits(app) == Edits()


def test_two_editors_at_once_lose_nothing(app, as_a, desk):
    """The second is told, sees what the first stored beside what they typed, and nothing is overwritten."""
    first, second, page = as_a("editor"), as_a("approver"), f"{desk.path}/story/{STORY}"
    looked_at = fields(second.get(page))["version"]
    press(first, page, f"{page}/texts", headline="The first one's words")
    answer = second.post(f"{page}/texts", data={"version": looked_at, "headline": "The second one's"}, headers=OURS)
    assert answer.status_code == 409
    shown = unescape(answer.text)
    assert "was changed meanwhile" in shown
    assert 'value="The second one\'s"' in shown
    assert "Stored meanwhile: <bdi>The first one's words" in shown
    assert edits(app).texts[STORY]["headline"] == "The first one's words"


def test_subject_and_note_are_set_for_all_or_for_one_list(app, as_a, desk):
    """With how lists of mails cut them; the approval of what was before is gone."""
    editor, page = as_a("editor"), f"{desk.path}/texts"
    long = "A subject of a good length that no telephone shows in full, whatever it is"
    done = press(editor, page, page, subject=long, preheader="", note="Dear reader")
    assert f"{long[:37].rstrip()}…" in done.text
    press(editor, f"{page}?of=sc", f"{page}?of=sc", subject="For the south")
    assert edits(app).subject == {"": long, "sc": "For the south"}
    assert edits(app).note == {"": "Dear reader"}
    assert editor.get(f"{page}?of=nowhere").status_code == 404


def test_candidates_are_searched_and_say_why(as_a, desk):
    """By words and by section; each leads to its own page."""
    editor = as_a("editor")
    everything = editor.get(f"{desk.path}/candidates")
    assert everything.text.count("stands at") >= 3
    one = editor.get(f"{desk.path}/candidates", params={"q": "no such words anywhere"})
    assert "No candidate fits" in one.text
    south = editor.get(f"{desk.path}/candidates", params={"of": "sc"}).text
    assert STORY in south
    assert str(key("central-asia", 1)) not in south
    assert str(key("central-asia", 1)) in everything.text


def test_what_is_taken_out_is_shown_as_out(app, as_a, desk):
    """Its page says so and offers to put it back, not to take it out; no candidate that stands can be put in again."""
    editor, page = as_a("editor"), f"{desk.path}/story/{STORY}"
    assert "Why is it here" in editor.get(page).text
    out = press(editor, page, f"{page}/exclude").text
    assert "Why is it not here" in out
    assert "It is taken out of the whole issue, by hand." in out
    assert "Let it compete again" in out
    assert "Put it back, pinned there" in out
    for wrong in ("Take it out", "Make it the lead", "Move it there", "Pin it there"):
        assert wrong not in out, wrong
    lead = str(key("south-caucasus", 1))
    rows = editor.get(f"{desk.path}/candidates", params={"place": lead}).text.split("<tr>")
    offered = {STORY: 'name="by"', lead: "is there"}
    for row in rows[2:]:
        article = row.split("/story/", 1)[1].split('"', 1)[0]
        assert offered.get(article, "stands already" if "stands at" in row else 'name="by"') in row
        assert ("stands at" in row) is ('name="by"' not in row)
    back = press(editor, page, f"{page}/include").text
    assert "Why is it here" in back
    assert "Take it out of the issue" in back
    part = press(editor, page, f"{page}/exclude", list="sc").text
    assert "Taken out by hand of: <bdi>South Caucasus</bdi>." in part
    assert "Let it compete there again" in part
    assert stored(app).edits["excluded"] == {"sc": [STORY]}


def test_a_preview_shows_each_face_and_nothing_personal(app, as_a, desk):
    """Each face is a page of its own with a policy without scripts; another's edition is none of this issue."""
    editor = as_a("editor")
    page = editor.get(f"{desk.path}/preview")
    address = page.text.split('src="', 1)[1].split('"', 1)[0]
    seen = {}
    for face in Face:
        answer = editor.get(address.rsplit("/", 1)[0] + f"/{face}")
        assert answer.status_code == 200
        assert "script" not in answer.headers["content-security-policy"]
        assert "%%" not in answer.text
        seen[face] = answer.text
    assert len(set(seen.values())) == len(Face)
    assert "<style" not in seen[Face.plain]
    assert 'src="' not in seen[Face.bare].split("<body", 1)[1]
    assert "&lt;html" in seen[Face.source]
    assert editor.get(f"{desk.path}/preview?face=nothing").status_code == 404
    assert editor.get(f"{desk.path}/mail/{stored(app).id}/light").status_code == 404


def test_nothing_is_offered_where_nothing_can_be_changed(app, as_a, desk):
    """A cancelled issue is looked at only; orders are refused."""
    newsroom.set_issue(app.database, desk.issue.id, status="cancelled")
    editor, page = as_a("editor"), f"{desk.path}/story/{STORY}"
    assert "<form" not in editor.get(page).text.split("<main", 1)[1]
    version = str(stored(app).version)
    assert editor.post(f"{page}/lead", data={"version": version}, headers=OURS).status_code == 409
    assert editor.post(f"{page}/burn", data={"version": version}, headers=OURS).status_code == 404
    assert editor.get(f"{desk.path}/story/none").status_code == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well_in_a_browser(site, desk, chromium, scheme):
    """On a phone and off it: no sideways scroll, nothing blocked by the policy, and axe finds nothing."""
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    page.goto(f"{site}/desk")
    looking.enter(page, "approver@example.org")
    page.get_by_role("heading", name="Issues").wait_for()
    for tail in (f"/story/{STORY}", "/candidates", "/texts", "/preview", "/preview?face=text"):
        for width in (360, 1100):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + desk.path + tail)
            looking.fits(page, width)
            looking.faultless(page, tail, width, frames=False)
    assert complaints == []
    context.close()
