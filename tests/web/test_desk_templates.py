"""The desk's pages of templates: who may change them, what is refused, versions, and how a mail looks with them."""

import html
import re
from typing import Any

import httpx
import pytest

from digest.issues import drafting
from digest.issues.models import IssueStatus
from digest.proofs import approval, mail_templates
from digest.rendering import templates
from tests.web import looking
from tests.web.looking import signed_in
from tests.web.reviewing import OURS, approve, stored
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
PAGE = "/desk/templates/digest"
OWN = "Made with care"


def typed(page: httpx.Response) -> dict[str, str]:
    """Return what a browser would post of the editor, as it stands."""
    parts = re.findall(r'<textarea class="source" name="(\w+)"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)
    found = {name: html.unescape(text).replace("\n", "\r\n") for name, text in parts}
    base = re.search(r'name="base" value="(\d+)"', page.text)
    return found | {"base": base.group(1) if base else "", "order": "save"}


def put(client: httpx.Client, old: str = "{{ w.privacy }}", new: str = "{{ w.privacy }} " + OWN, **more: str) -> Any:
    """Change the MJML that stands in the editor, and press a button."""
    form = typed(client.get(PAGE))
    assert old in form["mjml"]
    return client.post(PAGE, data=form | {"mjml": form["mjml"].replace(old, new, 1)} | more, headers=OURS)


def versions(app: Any, name: str = "digest") -> list[int]:
    with app.database.reading() as session:
        return [one.number for one in mail_templates.history(session, name)]


def test_the_editor_holds_the_text_as_it_is(app, as_a):
    """What comes out of the page is, but for the line ends of browsers, what is in use; sent back it is no version."""
    operator = as_a("operator")
    shipped = templates.shipped("digest")
    assert shipped is not None
    form = typed(operator.get(PAGE))
    assert (form["mjml"], form["text"]) == (shipped.mjml.replace("\n", "\r\n"), shipped.text.replace("\n", "\r\n"))
    assert "says already" in html.unescape(operator.post(PAGE, data=form, headers=OURS).text)
    assert versions(app) == []


def test_a_version_is_saved_and_takes_approvals_back(app, as_a, desk):
    """The page warned before; the issue is a draft again; the history says who and why."""
    approver, operator = as_a("approver"), as_a("operator")
    assert approve(approver, desk).status_code == 200
    assert stored(app).status == IssueStatus.approved
    assert f"Saving a version changes issue {desk.issue.number}" in operator.get(PAGE).text
    done = put(operator, note="a <b>line</b>")
    assert "Version 1 is saved." in done.text
    assert f"Taken up by issue {desk.issue.number}" in done.text
    assert stored(app).status == IssueStatus.draft
    with app.database.reading() as session:
        assert approval.valid(session, drafting.find(session, desk.issue.id)) is None
    assert "a &lt;b&gt;line&lt;/b&gt;" in done.text
    assert "operator@example.org" in done.text
    shown = operator.get(f"{PAGE}/versions/1").text
    assert re.search(rf'<span class="plus">\+[^<]*{OWN}', shown)
    assert "Checked again." in operator.post(f"{desk.path}/check", headers=OURS).text


def test_an_older_version_and_the_shipped_one_are_put_back(app, as_a):
    """As new versions; what is put back is what is in use."""
    operator = as_a("operator")
    put(operator)
    put(operator, OWN, "Made in haste")
    assert "Version 3 is saved." in operator.post(f"{PAGE}/versions/1", data={"base": "2"}, headers=OURS).text
    assert OWN in typed(operator.get(PAGE))["mjml"]
    assert "meanwhile" in operator.post(f"{PAGE}/versions/2", data={"base": "2"}, headers=OURS).text
    assert "Version 4 is saved." in operator.post(f"{PAGE}/versions/0", data={"base": "3"}, headers=OURS).text
    assert OWN not in typed(operator.get(PAGE))["mjml"]
    assert "as shipped" in operator.get("/desk/templates").text
    assert versions(app) == [4, 3, 2, 1]
    assert operator.get(f"{PAGE}/versions/9").status_code == 404
    assert operator.get(f"{PAGE}/versions/4").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{{ date }}", "{{ datum }}", "line 13"),
        ("</mj-body>", "<mj-secton></mj-secton></mj-body>", "<mj-secton> is not a tag"),
        ("marks['unsubscribe_url@html_attr']", "view_url", "unsubscribe_url"),
        ("{{ line.text }}", "us", "The mail lost"),
        ("{{ why }}", "hello", "The reason line is missing"),
        ("{{ w.privacy }}", "<script>alert(1)</script>", "no script"),
        ("{{ w.privacy }}", "{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ w.privacy }}", "<i>x</i>" * 15_000, "Gmail cuts it off"),
        ("{{ w.privacy }}", "x" * 250_000, "200,000 is the most"),
    ],
)
def test_what_is_not_sound_is_not_saved(app, as_a, old, new, said):
    """It is said with its place, and what was typed stands in the editor, as text."""
    answer = put(as_a("operator"), old, new)
    assert answer.status_code == 400
    assert said in html.unescape(answer.text)
    assert new in typed(answer)["mjml"]
    assert "<script>alert" not in answer.text
    assert versions(app) == []


def test_ten_megabytes_are_refused_with_a_sentence(app, as_a):
    """They are not kept, not compiled, and the sender hears why."""
    form = {"mjml": "x" * 10_000_000, "text": "x", "base": "0", "order": "save"}
    answer = as_a("operator").post(PAGE, data=form, headers=OURS)
    assert answer.status_code == 400
    assert "too long" in answer.text
    assert versions(app) == []


def test_two_operators_do_not_overwrite_each_other(app, as_a):
    """The second keeps what they typed, sees the difference, and may save on top of the newest."""
    one, two = as_a("operator"), as_a("operator")
    form = typed(two.get(PAGE))
    put(one, new="{{ w.privacy }} First")
    answer = two.post(PAGE, data=form | {"mjml": form["mjml"].replace("{{ w.privacy }}", OWN)}, headers=OURS)
    assert answer.status_code == 409
    assert "meanwhile" in answer.text
    assert OWN in typed(answer)["mjml"]
    assert re.search(r'<span class="minus">-[^<]*First', answer.text)
    assert versions(app) == [1]
    assert "Version 2 is saved." in two.post(PAGE, data=typed(answer), headers=OURS).text


def test_only_checking_saves_nothing(app, as_a):
    """It says how heavy the mail is."""
    assert "Nothing is saved yet." in put(as_a("operator"), order="check").text
    assert versions(app) == []


def test_a_new_template_is_made_from_another(app, as_a):
    """By name; one that is taken, or is none, is a sentence."""
    operator = as_a("operator")

    def copy(name: str, source: str = "digest") -> str:
        return str(operator.post("/desk/templates", data={"name": name, "source": source}, headers=OURS).text)

    assert "Template brief is made from digest." in copy("brief")
    assert versions(app, "brief") == [1]
    assert "already" in copy("brief")
    assert "already" in copy("digest")
    assert "not a plain word" in copy("../secret")
    assert "not a plain word" in copy("<script>alert(1)</script>")
    assert "There is no template" in copy("other", "nothing")
    assert operator.get("/desk/templates/nothing").status_code == 404


def test_only_operators_change_and_only_from_our_own_page(app, as_a):
    """Others look; a POST from elsewhere is none; nobody who is not signed in gets a mail."""
    form = typed(as_a("operator").get(PAGE))
    paths = (PAGE, "/desk/templates", f"{PAGE}/mail", f"{PAGE}/versions/0")
    for role in ("editor", "approver"):
        client = as_a(role)
        assert "Save as a version" not in client.get(PAGE).text
        assert client.get(f"{PAGE}/mail").status_code == 200
        for path in paths:
            answer = client.post(path, data=form, headers=OURS)
            assert answer.status_code == 409, path
            assert "has to be operator" in answer.text
    operator = as_a("operator")
    with httpx.Client(base_url=operator.base_url, trust_env=False, timeout=60) as nobody:
        for path in paths:
            assert operator.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
            assert nobody.post(path, data=form, headers=OURS).status_code == 303
        assert nobody.get(f"{PAGE}/mail").status_code == 303
    assert versions(app) == []


def test_a_mail_is_shown_with_what_is_typed_in_each_face(as_a):
    """With the sample and with the newest issue, under a policy that lets nothing run; mistakes are a sentence."""
    operator = as_a("operator")
    form = typed(operator.get(PAGE))
    form["mjml"] = form["mjml"].replace("{{ w.privacy }}", "{{ w.privacy }} " + OWN)
    for face in ("light", "dark", "forced", "bare", "plain", "source", "nonsense"):
        for of, words in (("sample", "The night train is back"), ("issue", "A night train returns")):
            shown = operator.post(f"{PAGE}/mail", data=form | {"face": face, "of": of}, headers=OURS)
            assert OWN in shown.text, (face, of)
            assert words in shown.text, (face, of)
            assert "default-src 'none'" in shown.headers["content-security-policy"]
            assert "script" not in shown.headers["content-security-policy"]
    bad = operator.post(f"{PAGE}/mail", data=form | {"mjml": "{{ <script>"}, headers=OURS)
    assert "line 1" in bad.text
    assert "<script>" not in bad.text
    assert "both parts" in operator.post(f"{PAGE}/mail", data={"mjml": ""}, headers=OURS).text
    assert OWN not in operator.get(f"{PAGE}/mail", params={"number": "0"}).text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_well_and_works_without_script(site, desk, chromium, scheme):
    """On a phone and off it axe finds nothing; what is typed is shown in the frame beside, and saved."""
    page = signed_in(chromium, f"{site}{desk.path}", scheme)
    context = page.context
    state = context.storage_state()
    plain = chromium.new_context(java_script_enabled=False, storage_state=state, color_scheme=scheme)
    bare = plain.new_page()
    bare.goto(site + PAGE)
    box = bare.get_by_role("textbox", name="MJML", exact=True)
    box.fill(box.input_value().replace("{{ w.privacy }}", "{{ w.privacy }} " + OWN))
    bare.get_by_role("button", name="Show at 360 px").click()
    bare.frame_locator("iframe[name=narrow]").get_by_text(OWN).wait_for()
    bare.get_by_role("button", name="Save as a version").click()
    bare.get_by_text("Version 1 is saved.").wait_for()
    plain.close()
    for path in ("/desk/templates", PAGE, f"{PAGE}/versions/1"):
        for width in (360, 1100):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            looking.fits(page, width)
            looking.faultless(page, path, width, frames=False)
    context.close()
