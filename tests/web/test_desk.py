"""The desk behind a password: who gets in, what each role may, and what no other site can make a browser do."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import httpx
import pytest
from fastapi.responses import Response

from digest import users
from digest.bootstrap import App
from digest.web.desk_sign_in import SignIn, next_of
from digest.web.gate import Gate
from tests.editors import newsroom
from tests.editors.newsroom import key
from tests.web import looking
from tests.web.reviewing import OURS, buttons, desk_of, fields, stored

WORDS = looking.WORDS
Client = Callable[[str], httpx.Client]


@pytest.fixture
def desk(app: App) -> SimpleNamespace:
    """Draft an issue, and let one of each role work here."""
    made = desk_of(app)
    with app.database.writing() as session:
        for role in users.Role:
            users.add(session, f"{role}@example.org", role, WORDS, app.clock.now())
    return SimpleNamespace(issue=made.issue, path=f"/desk/issues/{made.issue.number}")


@pytest.fixture
def as_a(site: str, desk: SimpleNamespace) -> Iterator[Client]:
    """Return what signs somebody in by their role, as a browser does."""
    assert desk.issue
    opened: list[httpx.Client] = []

    def client(role: str) -> httpx.Client:
        made = httpx.Client(base_url=site, trust_env=False, timeout=60)
        opened.append(made)
        answer = made.post("/desk/sign-in", data={"address": f"{role}@example.org", "password": WORDS}, headers=OURS)
        assert answer.status_code == 303
        return made

    yield client
    for one in opened:
        one.close()


def test_nobody_sees_anything_before_signing_in(http, desk):
    """Every page leads to the form, and from it back to where one wanted to go; POSTs change nothing."""
    for path in ("/desk", desk.path, f"{desk.path}/drop/{key('south-caucasus', 1)}"):
        answer = http.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/desk/sign-in?next=/desk")
        assert http.get(answer.headers["location"]).status_code == 200
    assert http.post(f"{desk.path}/approve", headers=OURS).status_code == 303
    assert http.post("/desk/skip", headers=OURS).status_code == 303


def test_the_list_names_each_issue_and_the_runs_ahead(as_a, desk):
    """Status, hour, stories, readers, checks; four weeks of planned runs with a button to skip each."""
    page = as_a("editor").get("/desk")
    assert f'href="/desk/issues/{desk.issue.number}"' in page.text
    assert "in review" in page.text
    assert page.text.count("Skip this one") == 4
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.headers["content-security-policy"]


def test_an_editor_changes_and_an_approver_approves(app, as_a, desk):
    """An editor drops a story and is not offered to approve; trying it is refused; an approver's button does it."""
    editor, article = as_a("editor"), key("south-caucasus", 1)
    asked = editor.get(f"{desk.path}/drop/{article}")
    done = editor.post(f"{desk.path}/drop/{article}", data=fields(asked), headers=OURS)
    assert "Done:" in done.text
    assert "An approver has to approve it" in done.text
    assert not [one for one in buttons(done) if one.startswith("Approve")]
    approver = as_a("approver")
    given = fields(approver.get(desk.path))
    refused = editor.post(f"{desk.path}/approve", data=given, headers=OURS)
    assert refused.status_code == 409
    assert "one has to be approver" in refused.text
    assert stored(app).status == "in_review"
    ambers = {f"reason:{code}": "It is fine" for code in _ambers(approver.get(desk.path).text)}
    assert approver.post(f"{desk.path}/approve", data=given | ambers, headers=OURS).status_code == 200
    assert stored(app).status == "approved"


def _ambers(page: str) -> list[str]:
    return [part.split('"', 1)[0] for part in page.split('name="reason:')[1:]]


def test_a_sending_is_skipped_and_runs_after_all(as_a):
    """By an approver; an editor is refused; a bad day is a sentence."""
    approver = as_a("approver")
    day = approver.get("/desk").text.split('name="day" value="', 1)[1].split('"', 1)[0]
    form = {"publication": "weekly", "day": day}
    assert "has to be approver" in as_a("editor").post("/desk/skip", data=form, headers=OURS).text
    page = approver.post("/desk/skip", data=form, headers=OURS)
    assert "is skipped" in page.text
    assert "Let it run after all" in page.text
    assert "runs after all" in approver.post("/desk/skip", data=form | {"undo": "yes"}, headers=OURS).text
    assert approver.post("/desk/skip", data=form | {"day": "<b>"}, headers=OURS).status_code == 400


def test_another_site_can_do_nothing(http, app, as_a, desk):
    """A POST that another site made is refused, signed in or not; the cookie is not for scripts nor other sites."""
    approver = as_a("approver")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        for path in ("/approve", "/check", "/send", f"/drop/{key('south-caucasus', 1)}"):
            assert (
                approver.post(desk.path + path, data=fields(approver.get(desk.path)), headers=headers).status_code
                == 403
            )
        assert http.post("/desk/sign-in", data={}, headers=headers).status_code == 403
        assert approver.post("/desk/sign-out", headers=headers).status_code == 403
    assert stored(app).status == "in_review"
    answer = http.post("/desk/sign-in", data={"address": "editor@example.org", "password": WORDS}, headers=OURS)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_over_https_the_cookie_is_bound_to_the_host():
    """By its name and the Secure mark: no other host of the domain can set it."""
    safe = SimpleNamespace(settings=SimpleNamespace(base_url="https://digest.example.org"))
    doors = SignIn(Gate(safe, None), None)  # type: ignore[arg-type]
    answer = doors._with_cookie(Response(), "token", 60)
    assert answer.headers["set-cookie"].startswith("__Host-digest_desk=token;")
    assert "Secure" in answer.headers["set-cookie"]


def test_signing_out_ends_it(as_a):
    """The cookie that a browser kept opens nothing any more."""
    client = as_a("editor")
    kept = dict(client.cookies)
    assert client.post("/desk/sign-out", headers=OURS).status_code == 303
    client.cookies.update(kept)
    assert client.get("/desk").status_code == 303


@pytest.mark.usefixtures("desk")
def test_guessing_is_slowed(http):
    """Ten tries for one person, then the right password does not help either; wrong ones say nothing of who exists."""
    wrong = {"address": "editor@example.org", "password": "wrong wrong wrong"}
    first = http.post("/desk/sign-in", data=wrong, headers=OURS)
    assert first.status_code == 403
    unknown = http.post("/desk/sign-in", data=wrong | {"address": "nobody@example.org"}, headers=OURS)
    assert unknown.text.replace("nobody@", "editor@") == first.text
    for _ in range(10):
        http.post("/desk/sign-in", data=wrong, headers=OURS)
    right = http.post("/desk/sign-in", data=wrong | {"password": WORDS}, headers=OURS)
    assert right.status_code == 429


@pytest.mark.parametrize(
    "text",
    ["https://evil.example", "//evil.example", "/desk//evil", "/desk\\evil", "/deskevil", "/desk/../x", "", "/a"],
)
def test_after_signing_in_one_stays_here(text: str):
    """Whatever the address asks for."""
    assert next_of(text) == "/desk"


def test_an_issue_that_is_not_there_is_a_sentence(as_a, desk):
    """With the list below it."""
    answer = as_a("operator").get("/desk/issues/999")
    assert answer.status_code == 404
    assert f"/desk/issues/{desk.issue.number}" in answer.text


@pytest.mark.parametrize(
    ("path", "status", "back"),
    [
        ("/desk/nothing/here", 404, "/desk"),
        ("/desk/issues/1/approve", 405, "/desk/issues/1"),
        ("/desk/issues/1/order", 405, "/desk/issues/1"),
        ("/desk/schedule/skip", 405, "/desk/schedule"),
        ("/desk/skip", 405, "/desk"),
    ],
)
def test_what_is_no_page_leads_to_one(http, path, status, back):
    """An order's address stays in the address bar: opened again it does nothing, and says where its page is."""
    answer = http.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert f'href="{back}"' in answer.text
    assert "script" not in answer.headers["content-security-policy"]


def test_the_first_visit_says_how_to_begin(http, app):
    """Where nobody works here yet, the form names the command."""
    newsroom.found(app.database)
    assert "digest users add" in http.get("/desk/sign-in").text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_walked_by_keyboard_and_reads_well(site, desk, chromium, scheme):
    """From the form by Tab and Enter to the list and an issue, on a phone and off it; axe finds nothing."""
    context = chromium.new_context(color_scheme=scheme, locale="en-GB", java_script_enabled=True)
    page = context.new_page()
    page.goto(f"{site}{desk.path}")
    looking.enter(page, "approver@example.org")
    page.wait_for_url(f"{site}{desk.path}")
    for path in ("/desk", desk.path, f"{desk.path}/drop/{key('south-caucasus', 1)}"):
        for width in (360, 1100):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            looking.fits(page, width)
            looking.faultless(page, path, width)
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="The editors").wait_for()
    context.close()
