"""The desk's page of a sending: tests, the hour, the time to call it back, the ledger, the stops, and the unknown."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from digest.engine import local
from digest.sending.ledger import DELIVERY
from tests.conftest import NOW
from tests.web import looking
from tests.web.reviewing import OURS, fields, stored
from tests.web.test_desk import _ambers, as_a, desk

__all__ = ["as_a", "desk"]


@pytest.fixture
def approver(as_a, desk) -> httpx.Client:
    """Return an approver who has approved the issue."""
    client: httpx.Client = as_a("approver")
    page = client.get(desk.path)
    given = fields(page) | {f"reason:{code}": "Seen" for code in _ambers(page.text)}
    assert client.post(f"{desk.path}/approve", data=given, headers=OURS).status_code == 200
    return client


def order(client: httpx.Client, path: str, what: str, **form: str) -> httpx.Response:
    """Open the page and press a button."""
    given = fields(client.get(f"{path}/sending")) | form
    return client.post(f"{path}/sending/{what}", data=given, headers=OURS)


def work(app) -> None:
    """Let a worker do what is due."""
    local.run(app.means, concurrency=2, until_idle=True)


def mails(app) -> list[Path]:
    """Return the mails to readers in the outbox: not those to editors."""
    return sorted(app.settings.outbox_dir.glob("issue-*/*.eml"))


def test_a_sending_is_called_back_without_a_trace(app, approver, desk):
    """Within its five minutes nothing has left, and nothing leaves afterwards."""
    sent = order(approver, desk.path, "send")
    assert "Until then it can be called back." in sent.text
    assert "Call it back" in sent.text
    work(app)
    assert mails(app) == []
    assert "Cancelled: nothing more leaves. 0 have it." in order(approver, desk.path, "cancel").text
    app.clock.at = NOW + timedelta(hours=3)
    work(app)
    assert mails(app) == []


def test_it_leaves_after_its_time_and_the_ledger_is_shown(app, approver, desk):
    """After the undo window a worker sends it; the page says how many have it, and the sum is the audience."""
    order(approver, desk.path, "send")
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    page = approver.get(f"{desk.path}/sending").text
    count = len(mails(app))
    assert count > 0
    assert f"{count} have it" in page
    assert f"{count} in all, of an audience of {count}" in page
    assert stored(app).status == "sent"
    assert "Pause it" not in page


def test_an_hour_is_that_of_the_zone(app, approver, desk):
    """Written as its clocks show it; what is over, what clocks leap over, another zone and nonsense are sentences."""
    ordered = order(approver, desk.path, "schedule", at="2026-11-24T11:30")
    assert "It leaves" in ordered.text
    assert stored(app).send_at == NOW.replace(hour=10, minute=30)
    for at, words in (
        ("2026-11-23T08:00", "2026-11-23 08:00 in Europe/Brussels is over"),
        ("2027-03-28T02:30", "leap over 02:30"),
        ("2026-11-24T12:00Z", "without another zone"),
        ("soon", "Write the day and the hour"),
        ("2026-11-24T07:05", "less than 15 minutes"),
    ):
        answer = order(approver, desk.path, "schedule", at=at)
        assert answer.status_code == 409
        assert words in answer.text
    assert order(approver, desk.path, "schedule", at="2026-11-24T07:05", soon="yes").status_code == 200


def test_pausing_and_going_on(app, approver, desk):
    """What is paused before it begins does not leave; what goes on does."""
    order(approver, desk.path, "send")
    assert "Paused" in order(approver, desk.path, "pause").text
    app.clock.at = NOW + timedelta(minutes=10)
    work(app)
    assert mails(app) == []
    assert "It goes on." in order(approver, desk.path, "resume").text
    work(app)
    assert mails(app)


def test_what_is_uncertain_is_settled_by_a_person(app, approver, desk):
    """Each batch with its error and three choices; nothing else is a choice."""
    order(approver, desk.path, "send")
    app.clock.at = NOW + timedelta(minutes=10)
    work(app)
    with app.database.writing() as session:
        session.execute(update(DELIVERY).values(state="uncertain"))
    page = approver.get(f"{desk.path}/sending").text
    batch = page.split('name="batch" value="', 1)[1].split('"', 1)[0]
    assert order(approver, desk.path, "resolve", batch=batch).status_code == 409
    assert "were settled: accepted" in order(approver, desk.path, "resolve", batch=batch, **{"as": "accepted"}).text


def test_a_test_goes_to_who_asks_and_to_nobody_else(app, as_a, desk):
    """Marked, to one's own address, at most twenty in ten minutes; an editor may; no row of the ledger is made."""
    editor = as_a("editor")
    assert "on its way to editor@example.org" in order(editor, desk.path, "test", address="all@example.org").text
    written = sorted(app.settings.outbox_dir.rglob("*.eml"))
    assert mails(app) == []
    assert len(written) == 1
    text = written[0].read_text(encoding="utf-8", errors="replace")
    assert "To: editor@example.org" in text
    assert "[Test]" in text
    answers = [order(editor, desk.path, "test").text for _ in range(20)]
    assert "Many tests" in answers[-1]


def test_an_editor_orders_nothing(app, as_a, approver, desk):
    """Each order is refused; nothing of the issue changed."""
    editor = as_a("editor")
    for what in ("send", "schedule", "cancel", "pause", "resume", "resolve"):
        assert order(editor, desk.path, what).status_code == 409
    assert stored(app).status == "approved"
    assert "An approver sends it." in editor.get(f"{desk.path}/sending").text
    assert order(approver, desk.path, "explode").status_code == 409


def test_what_was_changed_meanwhile_is_not_sent(app, as_a, approver, desk):
    """Who looked at another version is told so."""
    given = fields(approver.get(f"{desk.path}/sending"))
    editor = as_a("editor")
    texts = {"version": given["version"], "subject": "Another one"}
    assert editor.post(f"{desk.path}/texts", data=texts, headers=OURS).status_code == 200
    answer = approver.post(f"{desk.path}/sending/send", data=given, headers=OURS)
    assert answer.status_code == 409
    assert "was changed meanwhile" in answer.text
    assert stored(app).status == "in_review"


def test_the_counts_come_by_themselves(app, site, approver, desk, chromium):
    """In a browser the page follows the sending without a hand; axe finds nothing; the policy blocks nothing."""
    order(approver, desk.path, "send")
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    page.goto(f"{site}{desk.path}/sending")
    looking.enter(page, "approver@example.org")
    page.get_by_text("can be called back without a trace").wait_for()
    looking.faultless(page)
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    page.get_by_text("in all, of an audience of").wait_for(timeout=20_000)
    assert page.get_by_text("The issue is sent.").is_visible()
    assert complaints == []
    context.close()
