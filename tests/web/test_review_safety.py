"""An editor's links: whom they obey, and what they never do."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from digest.bootstrap import App
from digest.issues import log
from digest.issues.models import Issue, IssueCandidate
from digest.web.acting import of_our_page
from tests.conftest import NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BELA, SEND_AT, key
from tests.web.reviewing import OURS, desk_of, fields, stored


@pytest.fixture
def desk(app: App) -> SimpleNamespace:
    """Draft an issue, and return it with the paths of its editors."""
    return desk_of(app)


def test_looking_changes_nothing(app, http, desk):
    """GET and HEAD of every link, as scanners of mail do, leave issue, log and editions as they are."""
    newsroom.set_issue(app.database, desk.issue.id, edits={})
    article = key("south-caucasus", 1)
    with app.database.reading() as session:
        before = (stored(app).model_dump(warnings=False), len(log.entries(session, stored(app))))
    for tail in ("", f"/up/{article}", f"/drop/{article}", f"/swap/{article}", f"/back/{article}"):
        assert http.head(desk.path + tail).status_code == 200
        assert http.get(desk.path + tail).status_code == 200
    for tail in ("/approve", "/check", "/send"):
        assert http.get(desk.path + tail).status_code in (404, 405)
    with app.database.reading() as session:
        assert (stored(app).model_dump(warnings=False), len(log.entries(session, stored(app)))) == before


def test_who_is_no_editor_any_more_has_no_way_in(app, http, desk):
    """The link was good yesterday; the list of editors decides today."""
    assert http.get(desk.of(BELA)).status_code == 200
    newsroom.change(app.database, editors=[ANNA])
    for answer in (http.get(desk.of(BELA)), http.post(f"{desk.of(BELA)}/approve", headers=OURS)):
        assert answer.status_code == 403
        assert "no editor" in answer.text
    assert http.get(desk.path).status_code == 200


def test_a_token_opens_its_own_issue_alone(app, http, desk):
    """A story of another issue is none of this one, and a token of another publication is refused."""
    other = key("central-asia", 1)
    article = "00000000-0000-4000-8000-000000000000"
    assert http.get(f"{desk.path}/drop/{article}").status_code == 404
    assert http.get(f"{desk.path}/burn/{other}").status_code == 404
    assert http.get(f"{desk.path}/drop/nothing").status_code == 404
    purpose = {"subscriber": ANNA, "reference": str(desk.issue.id), "expires": NOW + timedelta(days=1)}
    foreign = app.keys.sign("review", family="daily", **purpose)
    assert http.get(f"/review/{foreign}").status_code == 403
    nothing = app.keys.sign("review", subscriber=ANNA, family="weekly", reference="what")
    assert http.get(f"/review/{nothing}").status_code == 404
    gone = app.keys.sign("review", subscriber=ANNA, family="weekly", reference=article)
    assert http.get(f"/review/{gone}").status_code == 404


def test_a_link_for_another_purpose_or_forged_opens_nothing(app, http, desk):
    """And whoever tries many is told to stop."""
    view = app.keys.sign("view", subscriber=ANNA, family="weekly", reference=str(desk.issue.id))
    assert http.get(f"/review/{view}").status_code == 404
    forged = desk.path[:-4] + "AAAA"
    answers = [http.get(forged).status_code for _ in range(40)]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert http.get(desk.path).status_code == 200


def test_a_link_is_over_two_days_after_the_sending(app, http, desk):
    """Until then it opens."""
    app.clock.at = SEND_AT + timedelta(days=2, minutes=-1)
    assert http.get(desk.path).status_code == 200
    app.clock.at = SEND_AT + timedelta(days=2, minutes=1)
    over = http.get(desk.path)
    assert over.status_code == 404
    assert "out of date" in over.text


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {"Origin": "https://evil.example"}]
)
def test_a_post_from_elsewhere_is_refused(app, http, desk, headers):
    """Also with the right address: nothing is done."""
    article = key("central-asia", 1)
    given = fields(http.get(f"{desk.path}/drop/{article}"))
    for tail in (f"/drop/{article}", "/approve", "/check", "/send"):
        assert http.post(desk.path + tail, data=given, headers=headers).status_code == 403
    assert (stored(app).version, stored(app).status) == (1, "in_review")


@pytest.mark.parametrize(
    ("headers", "base", "ours"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "null"}, "https://m.example", True),
        ({"sec-fetch-site": "same-site"}, "https://m.example", False),
        ({"origin": "https://m.example"}, "https://m.example/below", True),
        ({"origin": "https://m.example.evil.example"}, "https://m.example", False),
        ({"origin": "null"}, "https://m.example", False),
        ({"origin": "null"}, "http://m.example", True),
        ({}, "http://m.example", False),
    ],
)
def test_our_own_page_is_known_by_what_browsers_say(headers, base, ours):
    """Sec-Fetch-Site decides where there is one; else Origin, which over plain http may be null."""
    assert of_our_page(headers, base) is ours


def test_no_field_becomes_markup_or_a_script_behind_a_link(app, http, desk):
    """Headlines, names and addresses are text, wherever they are printed."""
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    with app.database.writing() as session:
        issue = session.get_one(Issue, desk.issue.id)
        issue.edits = {
            "texts": {str(key("central-asia", n)): {"headline": evil, "standfirst": evil, "kicker": evil, "alt": evil}
                      for n in range(3)},
            "subject": {"": evil}, "preheader": {"": evil},
        }  # fmt: skip
        issue.held = issue.failed = evil
        issue.version += 1
        session.add(issue)
        inputs = session.get_one(IssueCandidate, (issue.id, key("central-asia", 1)))
        inputs.inputs = {**inputs.inputs, "url": "javascript:alert(3)"}
        session.add(inputs)
    newsroom.change(app.database, name=evil)
    tails = ["", *(f"/{tap}/{key('central-asia', 1)}" for tap in ("up", "drop", "swap", "back"))]
    pages = [http.get(desk.path + tail) for tail in tails]
    pages.append(http.post(f"{desk.path}/check", headers=OURS))
    for page in pages:
        assert page.status_code == 200
        assert "alert(1)" in page.text
        assert "<script" not in page.text
        assert "<img src=x" not in page.text
        assert not re.search(r"=\s*[\"']?javascript:", page.text)
    assert "is no web address (http or https). Mend the article, or replace the story." in pages[-1].text


def test_the_answers_keep_their_address_to_themselves(http, desk):
    """No referrer, no cache, no cookie, no frame around it; only our own mails in its frame."""
    page = http.get(desk.path)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers
    csp = page.headers["content-security-policy"]
    assert "default-src 'none'" in csp
    assert "frame-src 'self'" in csp
    assert "frame-ancestors 'none'" in csp
    assert "script-src" not in csp
    assert 'sandbox=""' in page.text


@pytest.mark.parametrize("given", [{}, {"version": "x"}, {"version": "1" * 12}, {"version": "1", "fill": "x" * 70_000}])
def test_a_form_that_says_not_what_was_looked_at_does_nothing(app, http, desk, given):
    """None, nonsense, or so long that it is not read."""
    for tail in (f"/drop/{key('central-asia', 1)}", "/approve", "/send"):
        assert http.post(desk.path + tail, data=given, headers=OURS).status_code == 400
    assert stored(app).version == 1


def test_what_is_not_approved_is_not_sent(http, desk):
    """Whoever makes up a form is told what is missing."""
    refused = http.post(f"{desk.path}/send", data={"version": "1"}, headers=OURS)
    assert refused.status_code == 409
    assert "is not approved" in refused.text
