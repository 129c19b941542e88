"""The desk's page of comments and history: said, settled, put back; nothing is lost."""

from html import unescape

import pytest

from digest.issues import log
from digest.issues.edits import Edits
from tests.web import looking
from tests.web.reviewing import OURS, edits, fields, stored
from tests.web.test_desk import as_a, desk
from tests.web.test_desk_issue import STORY, press

__all__ = ["as_a", "desk"]


def test_a_comment_is_said_and_settled(as_a, desk):
    """With who said it, about which story, and who settled it; scripts in it are words."""
    editor, approver, page = as_a("editor"), as_a("approver"), f"{desk.path}/history"
    said = press_comment(editor, page, text="<script>alert(1)</script>\nIs this right?", story=STORY)
    assert "<script>" not in said.text
    assert "&lt;script&gt;" in said.text
    assert "editor@example.org" in said.text
    assert f"/story/{STORY}" in said.text
    number = said.text.split('name="comment" value="', 1)[1].split('"', 1)[0]
    settled = approver.post(f"{page}/resolve", data={"comment": number}, headers=OURS)
    assert "settled by approver@example.org" in settled.text
    assert approver.post(f"{page}/resolve", data={"comment": "999"}, headers=OURS).status_code == 404
    assert approver.post(f"{page}/resolve", data={"comment": "x"}, headers=OURS).status_code == 400
    assert press_comment(editor, page, text="   ").status_code == 409
    assert press_comment(editor, page, text="Why?", story="none").status_code == 409


def press_comment(client, page, **form):
    """Send the form of a comment."""
    return client.post(f"{page}/comment", data=form, headers=OURS)


def test_a_change_is_put_back_alone(app, as_a, desk):
    """What was changed after it, elsewhere, stays; the history keeps both, and says stories by their headlines."""
    editor, story = as_a("editor"), f"{desk.path}/story/{STORY}"
    press(editor, story, f"{story}/lead")
    press(editor, story, f"{story}/texts", headline="Another headline")
    page = editor.get(f"{desk.path}/history")
    assert "lead “" in unescape(page.text)
    assert "headline of “" in unescape(page.text)
    entry = page.text.split('name="entry" value="')[2].split('"', 1)[0]
    given = fields(page) | {"entry": entry}
    done = editor.post(f"{desk.path}/history/restore", data=given, headers=OURS)
    assert "Put back." in done.text
    assert edits(app) == Edits.model_validate({"texts": {STORY: {"headline": "Another headline"}}})
    with app.database.reading() as session:
        assert [one.what for one in log.entries(session, stored(app))][-2:] == ["set headline", "put back: lead"]
    stale = editor.post(f"{desk.path}/history/restore", data=given, headers=OURS)
    assert stale.status_code == 409
    assert "was changed meanwhile" in stale.text


def test_each_entry_says_what_it_changed_and_nothing_for_machines(as_a, desk):
    """Of several texts only the one that was set; hours as clocks show them; no hash, no id, no list in brackets."""
    editor, story = as_a("editor"), f"{desk.path}/story/{STORY}"
    press(editor, story, f"{story}/texts", headline="Another headline")
    press(editor, story, f"{story}/texts", kicker="A kicker")
    approver = as_a("approver")
    assert "A test is on its way" in approver.post(f"{desk.path}/sending/test", headers=OURS).text
    given = fields(approver.get(desk.path))
    reasons = {name: "seen" for name in given if name.startswith("reason:")}
    assert approver.post(f"{desk.path}/approve", data=given | reasons, headers=OURS).status_code == 200
    log = unescape(approver.get(f"{desk.path}/history").text).split("<h2>History</h2>", 1)[1]
    entries = {line.split("<strong>")[2].split("<")[0]: line for line in log.split("<li>")[1:]}
    assert "“A kicker”" in entries["set kicker"]
    assert "Another headline" not in entries["set kicker"]
    assert "approver@example.org" in entries["test"]
    assert "South Caucasus" in entries["test"]
    for name in ("test", "approve"):
        assert "hash" not in entries[name]
        assert "[" not in entries[name]
        assert "{" not in entries[name]
    assert "UTC)" in entries["draft"].split("<ins", 1)[1]


@pytest.mark.parametrize("entry", ["1", "999999", "one", ""])
def test_what_is_no_change_cannot_be_put_back(as_a, desk, entry):
    """The draft itself, what is not there, and nonsense."""
    editor = as_a("editor")
    given = {"version": "1", "entry": entry}
    assert editor.post(f"{desk.path}/history/restore", data=given, headers=OURS).status_code == 409


def test_it_reads_well(site, desk, as_a, chromium):
    """On a phone, with comments and changes: no sideways scroll; axe finds nothing."""
    editor, story = as_a("editor"), f"{desk.path}/story/{STORY}"
    press(editor, story, f"{story}/texts", headline="W" * 200)
    press_comment(editor, f"{desk.path}/history", text="Long " * 300)
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{site}{desk.path}/history")
    looking.enter(page, "approver@example.org")
    page.get_by_role("heading", name="Comments and history").wait_for()
    looking.fits(page, 360)
    looking.faultless(page)
    context.close()
