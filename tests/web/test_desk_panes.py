"""The three panes of an issue's page: rows put elsewhere, texts that save themselves, undo, the live mail, and why."""

import csv
import io
import re
from html import unescape

import httpx
import pytest

from digest.editors import live, undoing
from digest.errors import Conflict
from digest.issues import editing
from digest.issues.edits import Edits
from digest.proofs import making
from tests.conftest import NOW
from tests.editors.newsroom import key
from tests.web import looking
from tests.web.reviewing import OURS, edits, fields, stored
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
FIRST, SECOND, THIRD = (str(key("south-caucasus", number)) for number in (1, 2, 3))
EAST = str(key("eastern-europe", 1))
SWAPS = OURS | {"HX-Request": "true"}


def order(client: httpx.Client, path: str, what: str = "order", headers: dict[str, str] = OURS, **form: str):
    """Send one of the page's forms with the version that it shows."""
    version = fields(client.get(path))["version"]
    return client.post(f"{path}/{what}", data={"version": version} | form, headers=headers)


def save(client: httpx.Client, path: str, name: str, text: str, was: str, article: str = ""):  # noqa: PLR0917
    """Save a field as the script does."""
    form = {"version": "1", "name": name, "article": article, name: text, f"was-{name}": was}
    return client.post(f"{path}/field", data=form, headers=SWAPS)


def test_the_page_has_its_panes_and_its_scripts_by_policy(as_a, desk):
    """Scripts only from here, without a letter of them in the page; they never change under their address."""
    client = as_a("editor")
    page = client.get(desk.path)
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<script(?! src=)", page.text) == []
    assert 'sandbox=""' in page.text
    assert '"allowEval":false' in page.text
    scripts = re.findall(r'<script src="([^"]+)"', page.text)
    assert len(scripts) == 3
    for path in scripts:
        answer = client.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert "javascript" in answer.headers["content-type"]
    assert client.get("/desk/files/x/nothing.js").status_code == 404
    assert client.get("/desk/files/old/desk.js").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("article", "form", "then"),
    [
        (SECOND, {"go": "up"}, {"pins": {"sc": {SECOND: 2}}}),
        (FIRST, {"go": "down"}, {"pins": {"sc": {FIRST: 3}}}),
        (SECOND, {"go": "pin"}, {"pins": {"sc": {SECOND: 3}}}),
        (SECOND, {"go": "lead"}, {"lead": SECOND}),
        (SECOND, {"go": "drop"}, {"excluded": {"": [SECOND]}}),
        (FIRST, {"go": "to", "list": "sc", "row": "4"}, {"pins": {"sc": {FIRST: 4}}}),
        (FIRST, {"go": "to", "list": "", "row": "1"}, {"lead": FIRST}),
        (FIRST, {"go": "to", "list": "ee", "row": "1"}, {"moved": {FIRST: "ee"}, "pins": {"ee": {FIRST: 1}}}),
    ],
)
def test_each_order_of_a_row(app, as_a, desk, article, form, then):  # noqa: PLR0917 - parts of one case
    """A place is the ranking's own; into another section it is a move with a pin; the page says what it displaced."""
    done = order(as_a("editor"), desk.path, article=article, **form)
    assert done.status_code == 200
    assert edits(app) == Edits.model_validate(then)
    if "pins" in then and form["go"] != "pin":
        assert "stood" in done.text
        assert ">pinned<" in done.text
        assert "Unpin all (1)" in done.text


def test_up_from_the_first_row_goes_to_the_section_above(app, as_a, desk):
    """And from the first section to the lead; below the last row there is nothing, which is said."""
    client = as_a("editor")
    first_east = str(key("eastern-europe", 0))
    order(client, desk.path, article=first_east, go="up")
    assert edits(app).moved == {first_east: "sc"}
    order(client, desk.path, "undo")
    top = str(key("south-caucasus", 0))
    order(client, desk.path, article=top, go="up")
    assert edits(app).lead == top
    order(client, desk.path, "undo")
    last = order(client, desk.path, article=str(key("central-asia", 4)), go="down")
    assert last.status_code == 409
    assert "the last of the mail" in last.text


def test_all_pins_are_taken_back_at_once(app, as_a, desk):
    """By one button; the points decide again."""
    client = as_a("editor")
    order(client, desk.path, article=SECOND, go="up")
    order(client, desk.path, article=EAST, go="pin")
    assert "Unpin all (2)" in client.get(desk.path).text
    assert order(client, desk.path, "unpin").status_code == 200
    assert edits(app) == Edits()


def test_a_stale_page_moves_nothing(app, as_a, desk):
    """Somebody else changed the issue: the order is refused in words, and the page shows it as it is."""
    client = as_a("editor")
    version = fields(client.get(desk.path))["version"]
    order(as_a("approver"), desk.path, article=SECOND, go="drop")
    late = client.post(f"{desk.path}/order", data={"version": version, "article": FIRST, "go": "lead"}, headers=OURS)
    assert late.status_code == 409
    assert "was changed meanwhile" in late.text
    assert edits(app).lead == ""


@pytest.mark.parametrize(
    "form",
    [{}, {"go": "fly"}, {"go": "up", "article": "none"}, {"go": "to", "list": "sc", "row": "x"},
     {"go": "to", "list": "no", "row": "1"}, {"go": "up", "article": str(key("eastern-europe", 7))}],
)  # fmt: skip
def test_a_form_of_nonsense_changes_nothing(app, as_a, desk, form):
    """It is answered by a sentence."""
    answer = order(as_a("editor"), desk.path, **({"article": FIRST} | form))
    assert answer.status_code in (400, 404, 409)
    assert edits(app) == Edits()


def test_a_script_gets_its_answer_before_the_editions_are_made(app, as_a, desk):
    """Without one they are made at once; with one when the editor rests, and the page keeps its edition meanwhile."""
    client = as_a("editor")
    page = order(client, desk.path, headers=SWAPS, article=SECOND, go="up")
    with app.database.reading() as session:
        assert making.stored_proof(session, stored(app)) is None
    assert "South Caucasus + Eastern Europe + Central Asia" in page.text
    client.post(f"{desk.path}/check", headers=SWAPS)
    with app.database.reading() as session:
        assert making.stored_proof(session, stored(app)) is not None


def test_a_field_saves_itself_and_is_in_the_mail_at_once(app, as_a, desk):
    """The answer brings the version and the new headline; what equals the original is no edit."""
    client = as_a("editor")
    original = _field(client.get(desk.path).text, SECOND, "headline")
    saved = save(client, desk.path, "headline", "A <b>new</b> headline", original, SECOND)
    assert saved.status_code == 200
    assert '"saved"' in saved.headers["hx-trigger"]
    assert f'id="head-{SECOND}" hx-swap-oob="innerHTML">A &lt;b&gt;new' in saved.text
    mail = client.get(f"{desk.path}/live/light")
    assert "A &lt;b&gt;new&lt;/b&gt; headline" in mail.text
    assert re.search(r'<span id="s\d+"></span><a ', mail.text)
    assert 'target="_blank"' in mail.text
    save(client, desk.path, "headline", original, "A <b>new</b> headline", SECOND)
    assert edits(app).texts == {}
    save(client, desk.path, "subject", "Own subject", "")
    assert edits(app).subject == {"": "Own subject"}


def _field(text: str, article: str, name: str) -> str:
    held = text.split(f'id="f-{article}-{name}"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    return unescape(held)


def test_a_conflict_shows_both_and_overwrites_nothing(app, as_a, desk):
    """A change of something else is in nobody's way; of the same text it is asked, and then done."""
    first, second = as_a("editor"), as_a("approver")
    was = _field(second.get(desk.path).text, SECOND, "headline")
    order(first, desk.path, article=FIRST, go="pin")
    assert save(second, desk.path, "headline", "Mine", was, SECOND).status_code == 200
    late = save(first, desk.path, "headline", "Theirs", was, SECOND)
    assert late.status_code == 409
    assert "approver@example.org changed this meanwhile" in late.text
    assert "“<bdi data-theirs>Mine</bdi>”" in late.text
    assert "“<bdi>Theirs</bdi>”" in late.text
    assert f'name="was-headline" value="{was}"' in late.text, "no text but a chosen one is saved over theirs"
    assert save(first, desk.path, "headline", "Theirs", was, SECOND).status_code == 409
    assert edits(app).texts[SECOND]["headline"] == "Mine"
    assert save(first, desk.path, "headline", "Theirs", "Mine", SECOND).status_code == 200
    assert edits(app).texts[SECOND]["headline"] == "Theirs"


def test_undo_and_redo_are_ones_own(app, as_a, desk):
    """They last over a new sign-in, leave what others did, and say when there is nothing left."""
    first, second = as_a("editor"), as_a("approver")
    order(first, desk.path, article=SECOND, go="up")
    order(second, desk.path, article=EAST, go="pin")
    assert "Undone: pin" in order(first, desk.path, "undo").text
    assert edits(app).pins == {"ee": {EAST: 2}}
    assert "Done again: pin" in order(as_a("editor"), desk.path, "redo").text
    assert edits(app).pins == {"ee": {EAST: 2}, "sc": {SECOND: 2}}
    order(first, desk.path, "undo")
    order(first, desk.path, article=SECOND, go="lead")
    assert order(first, desk.path, "redo").status_code == 409, "a new change ends what could be done again"
    order(first, desk.path, "undo")
    assert order(first, desk.path, "undo").status_code == 409
    assert edits(app).pins == {"ee": {EAST: 2}}


def test_undo_never_overwrites_what_others_changed_since(app, as_a, desk):
    """The same text was changed by somebody else: it stays, and a sentence says so."""
    first, second = as_a("editor"), as_a("approver")
    was = _field(first.get(desk.path).text, SECOND, "headline")
    save(first, desk.path, "headline", "Mine", was, SECOND)
    save(second, desk.path, "headline", "Theirs", "Mine", SECOND)
    answer = order(first, desk.path, "undo")
    assert answer.status_code == 409
    assert "Somebody else changed the same thing" in answer.text
    assert edits(app).texts[SECOND]["headline"] == "Theirs"


@pytest.mark.parametrize(
    ("now", "there", "back", "then"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, {}, {"b": 2}),
        ({"b": 2}, {}, {"a": 1}, {"b": 2, "a": 1}),
        (["x", "y", "z"], ["x", "y"], ["x"], ["x", "z"]),
        ("new", "new", "old", "old"),
        ("old", "new", "old", "old"),
        ({"l": {"a": 1, "b": 2}}, {"l": {"a": 1}}, {}, {"l": {"b": 2}}),
    ],
)
def test_one_change_is_taken_back_alone(now, there, back, then):
    """Of maps, lists and texts."""
    assert undoing.merged(now, there, back) == then
    with pytest.raises(Conflict):
        undoing.merged("third", "new", "old")


def test_replacing_names_both(app, as_a, desk):
    """Candidates carry points and reason; the chosen one takes the place."""
    client, new = as_a("editor"), str(key("south-caucasus", 6))
    page = client.get(f"{desk.path}/candidates", params={"place": SECOND})
    assert "In place of" in page.text
    assert f'name="by" value="{new}"' in page.text
    done = order(client, desk.path, "replace", article=SECOND, by=new)
    assert "stood" in done.text
    assert edits(app).pins["sc"][new] == 3
    assert order(client, desk.path, "replace", article=SECOND, by="x").status_code == 400


def test_why_is_a_table_that_is_safe_to_open(app, as_a, desk):
    """Each story and each left out with its parts; formulas are guarded; as of when and by which formula is said."""
    client = as_a("editor")
    editing.set_text(app.database, desk.issue.id, "headline", "=1+1", article=key("south-caucasus", 2), who="x", at=NOW)
    answer = client.get(f"{desk.path}/why.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(rows) == 24
    assert {row["formula"] for row in rows} == {"v1"}
    assert {row["as_of"] for row in rows} == {"2026-11-24T06:00:00Z"}
    assert "'=1+1" in [row["headline"] for row in rows]
    for row in rows[:10]:
        parts = sum(float(row[name]) for name in ("editor", "reading", "freshness", "region", "diversity"))
        assert parts == pytest.approx(float(row["total"]))
    assert all(row["why"] for row in rows)


def test_each_edition_and_each_face_is_shown_live(as_a, desk):
    """Also right after a change, while no edition is made."""
    client = as_a("editor")
    page = client.get(desk.path)
    ids = re.findall(r'<option value="([0-9a-f-]{36})"', page.text)
    assert len(ids) == 4
    order(client, desk.path, headers=SWAPS, article=SECOND, go="drop")
    for edition in ids:
        shown = client.get(desk.path, params={"edition": edition})
        assert shown.status_code == 200
        assert client.get(f"{desk.path}/live/text", params={"edition": edition}).status_code == 200
    assert client.get(f"{desk.path}/live/nothing").status_code == 404
    assert client.get(f"{desk.path}/live/light", params={"edition": "none"}).status_code == 404
    assert client.get(desk.path, params={"edition": "none", "face": "x", "width": "9"}).status_code == 200


def test_the_mail_of_one_reader(as_a, desk):
    """With their own name and lists, for operators alone; who gets nothing is told so; the address is in no link."""
    operator, address = as_a("operator"), "reader3@example.org"
    shown = operator.post(f"{desk.path}/as", data={"address": address, "face": "light"}, headers=OURS)
    assert "South Caucasus, " in shown.text
    frame = re.findall(r'<iframe[^>]+src="([^"]+)"', shown.text)[0]
    assert "@" not in frame
    mail = operator.get(frame)
    assert mail.status_code == 200
    assert "Hazelnut growers" in mail.text
    assert "(Central Asia)" not in mail.text
    assert "preview-only" in mail.text
    assert "script" not in mail.headers["content-security-policy"]
    assert as_a("editor").get(frame).status_code == 409
    refused = as_a("editor").post(f"{desk.path}/as", data={"address": address}, headers=OURS)
    assert "one has to be operator" in refused.text
    assert operator.post(f"{desk.path}/as", data={"address": "nobody@example.org"}, headers=OURS).status_code == 404
    assert operator.post(f"{desk.path}/as", data={"address": "x"}, headers=OURS).status_code == 404
    assert operator.get(f"{desk.path}/as/forged/light").status_code == 404


def test_only_the_first_link_of_a_story_gets_a_mark():
    """So that the preview can be scrolled to it."""
    link = '<a href="https://x.example/a?utm_content=sc-3">'
    assert live.anchored(link * 2) == '<span id="s3"></span>' + link + link


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_well_with_and_without_its_script(site, desk, chromium, scheme):
    """On a phone the panes stand below each other, off it beside each other; axe finds nothing, the policy holds."""
    for scripted in (True, False):
        context = chromium.new_context(color_scheme=scheme, locale="en-GB", java_script_enabled=scripted)
        page = context.new_page()
        page.route("https://meridian.example/**", lambda route: route.abort())
        complaints: list[str] = []
        page.on(
            "console", lambda message, to=complaints: to.append(message.text) if "Security" in message.text else None
        )
        page.goto(f"{site}{desk.path}")
        looking.enter(page, "operator@example.org")
        page.locator("#stories").wait_for()
        for width in (360, 1100):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{site}{desk.path}")
            left = page.locator("#stories").bounding_box()
            middle = page.locator("#mail").bounding_box()
            assert left
            assert middle
            assert (middle["x"] > left["x"] + left["width"] - 1) is (width == 1100)
            if not scripted:
                continue
            looking.fits(page, width)
            page.locator("details.edit summary").nth(1).click()
            looking.faultless(page, width, frames=False)
        assert complaints == []
        context.close()
