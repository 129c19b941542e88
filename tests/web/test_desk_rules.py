"""The rules of a sending at the desk: tests, demands before an approval, the time to call back, and what is shown."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from digest.issues import publications
from digest.sending.ledger import BATCH, DELIVERY
from tests.conftest import NOW
from tests.editors import newsroom
from tests.web import looking
from tests.web.reviewing import OURS, fields, stored
from tests.web.test_desk import _ambers, as_a, desk
from tests.web.test_desk_sending import approver, mails, order, work

__all__ = ["approver", "as_a", "desk"]
MY, CARLA = "approver@example.org", "carla@meridian.example"


def rule(app, **values: str) -> None:
    with app.database.writing() as session:
        publications.change(session, "weekly", values)


def approve(client, path: str) -> str:
    page = client.get(path)
    given = fields(page) | {f"reason:{code}": "Seen" for code in _ambers(page.text)}
    return str(client.post(f"{path}/approve", data=given, headers=OURS).text)


def test_a_test_is_demanded_and_goes_to_whom_one_ticks(app, as_a, desk):
    """The page says what is missing and offers no button; after a test of this content it approves."""
    rule(app, test_required="yes", testers=CARLA)
    client = as_a("approver")
    page = client.get(desk.path).text
    assert "A test of exactly this content has to be sent before it is approved" in page
    assert f'action="/desk/issues/{desk.issue.number}/approve"' not in page.replace(app.settings.base_url, "")
    assert "has to be sent before" in approve(client, desk.path)
    assert stored(app).status == "in_review"
    answer = order(client, desk.path, "test", **{f"to:{CARLA}": "on", f"to:{MY}": "on"})
    assert f"on its way to {CARLA}, {MY}" in answer.text
    assert sorted(one.parent.name for one in app.settings.outbox_dir.rglob("*.eml")) == ["test", "test"]
    assert "Approved." in approve(client, desk.path)


def test_a_test_goes_to_nobody_else(app, as_a, desk):
    """Not to a reader, not to a list, not to a colleague who is no tester."""
    client = as_a("editor")
    for other in ("reader0@example.org", "all@news.example", MY):
        answer = order(client, desk.path, "test", **{f"to:{other}": "on"})
        assert answer.status_code == 409
        assert "neither yours nor a tester" in answer.text
    assert list(app.settings.outbox_dir.rglob("*.eml")) == []


def test_an_approver_names_the_testers(app, as_a, desk):
    """One on each line, ten at most; an editor does not. A broken form, or one of before, takes nobody away."""
    client = as_a("approver")
    assert f"Tests go to {CARLA}, {MY}." in order(client, desk.path, "testers", testers=f"{CARLA}\n{MY}").text
    assert f'name="to:{CARLA}"' in client.get(f"{desk.path}/sending").text
    many = " ".join(f"t{number}@x.example" for number in range(11))
    assert order(client, desk.path, "testers", testers=many).status_code == 409
    wrong = order(client, desk.path, "testers", testers=f"{CARLA} nobody").text
    assert "Who may get tests: “nobody”" in wrong.replace("&#39;nobody&#39;", "“nobody”")
    assert f">{CARLA} nobody</textarea>" in wrong
    assert f"Stored: {CARLA}, {MY}" in wrong
    assert "testers.0" not in wrong
    given = fields(client.get(f"{desk.path}/sending"))
    assert client.post(f"{desk.path}/sending/testers", data=given, headers=OURS).status_code == 409
    rule(app, name="Another name")
    assert client.post(f"{desk.path}/sending/testers", data=given | {"testers": ""}, headers=OURS).status_code == 409
    assert f"Stored: {CARLA}, {MY}" in order(client, desk.path, "testers", testers=many).text, "nobody took them away"
    assert "Tests go to nobody" in order(client, desk.path, "testers", testers="").text
    assert order(as_a("editor"), desk.path, "testers", testers=CARLA).status_code == 409


def test_four_eyes_by_the_desk(app, as_a, desk):
    """Who changed it last is not offered to approve it; another approver is."""
    rule(app, four_eyes="true")
    client = as_a("approver")
    page = client.get(f"{desk.path}/drop/{newsroom.key('south-caucasus', 1)}")
    client.post(f"{desk.path}/drop/{newsroom.key('south-caucasus', 1)}", data=fields(page), headers=OURS)
    assert f"{MY} changed it last" in client.get(desk.path).text
    assert "somebody else approves" in approve(client, desk.path)
    assert "Approved." in approve(as_a("operator"), desk.path)


def test_what_changed_since_the_approval_is_shown(as_a, approver, desk):
    """By whom it was approved, and what is another now."""
    editor = as_a("editor")
    given = fields(editor.get(desk.path))
    editor.post(f"{desk.path}/texts", data={"version": given["version"], "subject": "Another one"}, headers=OURS)
    editor.post(f"{desk.path}/check", headers=OURS)
    page = approver.get(desk.path).text
    assert f"Changed since {MY} approved it" in page
    assert "and is “Another one”." in page
    assert "Changed since" in approver.get(f"{desk.path}/sending").text


def test_a_bar_on_every_page_calls_it_back(app, as_a, approver, desk):
    """While it can be called back; then it wants another approval. An editor sees it and has no button."""
    order(approver, desk.path, "send")
    for path in ("/desk", desk.path, f"{desk.path}/sending", "/desk/me", "/desk/articles"):
        page = approver.get(path).text
        assert f"Issue {desk.issue.number} of" in page, path
        assert "leaves in 5 minutes" in page, path
    assert "An approver can call it back." in as_a("editor").get("/desk").text
    assert order(as_a("editor"), desk.path, "undo").status_code == 409
    answer = approver.post(f"{desk.path}/sending/undo", headers=OURS)
    assert "Called back: nothing has left." in answer.text
    assert "leaves in" not in answer.text
    assert stored(app).status == "in_review"
    app.clock.at = NOW + timedelta(hours=1)
    work(app)
    assert mails(app) == []
    assert approver.post(f"{desk.path}/sending/undo", headers=OURS).status_code == 409


def test_an_hour_far_away_shows_no_bar_yet(app, approver, desk):
    """The bar stands in the last minutes before it leaves; too late it is gone, and nothing can be called back."""
    order(approver, desk.path, "schedule", at="2026-11-24T11:30")
    assert 'class="leaving"' not in approver.get("/desk").text
    app.clock.at = NOW.replace(hour=10, minute=28, second=45)
    assert "leaves in 75 seconds" in approver.get("/desk").text
    app.clock.at = NOW.replace(hour=10, minute=31)
    assert 'class="leaving"' not in approver.get("/desk").text
    assert "too late to call it back" in approver.post(f"{desk.path}/sending/undo", headers=OURS).text


def test_the_zone_is_said_twice(approver, desk):
    """Beside the field with its UTC, on the button, and in the answer."""
    rule_page = approver.get(f"{desk.path}/sending").text
    assert "Offered: " in rule_page
    assert "UTC" in rule_page.split("Offered: ", 1)[1][:80]
    assert "Let it leave then, " in rule_page


def test_a_paused_sending_says_who_has_it_and_each_edition_its_numbers(app, approver, desk):
    """So many of so many; by edition what became of it; what the provider said in words; what happened."""
    order(approver, desk.path, "send")
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    with app.database.writing() as session:
        ids = session.execute(select(DELIVERY.c.subscriber_id).order_by(DELIVERY.c.subscriber_id)).scalars().all()
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id == ids[0]).values(outcome="bounced"))
        refused = {"state": "rejected", "reason": "No such box here."}
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id == ids[1]).values(refused))
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id == ids[2]).values(state="queued"))
    newsroom.set_issue(app.database, desk.issue.id, status="paused", held="A look at it.")
    page = approver.get(f"{desk.path}/sending").text
    assert f"{len(ids) - 2} of {len(ids)} have it." in page
    assert "No such box here (1 reader)." in page
    assert "What is changed now is a new revision" in page
    assert '<th scope="row"><bdi>All editions</bdi></th>' in page
    assert "open" in page.split("What happened so far", 1)[1]
    newsroom.set_issue(app.database, desk.issue.id, status="draft", held="")
    page = approver.get(f"{desk.path}/sending").text
    assert "The issue is a draft." in page
    assert f"{len(ids) - 2} of {len(ids)} have it." in page, "also while it is changed for the rest"
    newsroom.set_issue(app.database, desk.issue.id, status="approved")
    page = approver.get(f"{desk.path}/sending").text
    assert "Send it to who has it not yet: 1, with" in page, "no button says that all get it again"


def test_the_rate_and_the_end_are_shown_while_it_is_sent(app, approver, desk):
    """Mails a minute over the last five, and when the rest has left at that rate."""
    order(approver, desk.path, "send")
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    with app.database.writing() as session:
        session.execute(update(DELIVERY).values(state="queued"))
        number = session.execute(select(BATCH.c.number)).scalars().first()
        values = {"size": 30, "handed_over_at": NOW + timedelta(minutes=3)}
        session.execute(update(BATCH).values(size=0))
        session.execute(update(BATCH).where(BATCH.c.number == number).values(values))
    newsroom.set_issue(app.database, desk.issue.id, status="sending")
    page = approver.get(f"{desk.path}/sending").text
    assert "10 a minute; at that rate all have it by" in page


@pytest.mark.parametrize(("role", "seen"), [("editor", False), ("approver", False), ("operator", True)])
def test_the_navigation_names_what_one_may_open(as_a, role, seen):
    """Readers and people are an operator's."""
    page = as_a(role).get("/desk").text
    assert ('href="/desk/readers"' in page) is seen
    assert ('href="/desk/users"' in page) is seen


@pytest.mark.parametrize(("width", "scheme"), [(640, "light"), (360, "dark")])
def test_the_pages_read_well(app, site, approver, desk, chromium, width, scheme):  # noqa: PLR0917 - fixtures
    """With the bar, the testers and what is demanded; axe finds nothing, nothing is wider than the screen."""
    rule(app, test_required="yes", four_eyes="yes", testers=CARLA)
    order(approver, desk.path, "send")
    context = chromium.new_context(color_scheme=scheme, locale="en-GB", viewport={"width": width, "height": 740})
    page = context.new_page()
    page.goto(f"{site}{desk.path}/sending")
    looking.enter(page, MY)
    page.get_by_role("heading", name="Sending").wait_for()
    for path in (f"{desk.path}/sending", "/desk"):
        page.goto(site + path)
        assert page.locator(".leaving").is_visible()
        looking.fits(page, width)
        looking.faultless(page)
    page.get_by_role("button", name="Call it back").first.click()
    page.get_by_text("Called back").wait_for()
    context.close()
