"""Where an issue stands, said truthfully: changed while it was paused, and called back with nothing changed."""

from datetime import timedelta

import httpx
from sqlalchemy import select, update
from sqlmodel import select as model_select

from digest.issues.models import IssueStatus
from digest.proofs.check import Check
from digest.proofs.models import ProofRecord
from digest.sending.ledger import DELIVERY
from tests.conftest import NOW
from tests.editors import newsroom
from tests.web.reviewing import OURS, fields, stored
from tests.web.test_desk import _ambers, as_a, desk
from tests.web.test_desk_rules import rule
from tests.web.test_desk_sending import approver, mails, order, work

__all__ = ["approver", "as_a", "desk"]


def half_sent(app, approver: httpx.Client, desk) -> int:
    """Send the issue, but to one reader; it is paused by then. Returns how many have it."""
    order(approver, desk.path, "send")
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    with app.database.writing() as session:
        ids = session.execute(select(DELIVERY.c.subscriber_id)).scalars().all()
        waits = {"state": "queued", "settled_at": None, "batch_number": None}
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id == ids[0]).values(waits))
    newsroom.set_issue(app.database, desk.issue.id, status="paused")
    return len(ids) - 1


def edit(client: httpx.Client, desk) -> None:
    given = fields(client.get(f"{desk.path}/texts"))
    texts = {"version": given["version"], "subject": "Another one"}
    assert client.post(f"{desk.path}/texts", data=texts, headers=OURS).status_code == 200


def test_what_is_changed_while_it_is_paused_is_still_paused(app, approver, desk):
    """Every page says so, and which revision waits for a yes; the rest can be cancelled before and after that yes."""
    have_it = half_sent(app, approver, desk)
    edit(approver, desk)
    assert stored(app).revision == 2
    for path in ("/desk", desk.path, f"{desk.path}/sending"):
        assert "paused, revision 2 not approved yet" in approver.get(path).text, path
    page = approver.get(f"{desk.path}/sending").text
    assert "Cancel the rest, for good" in page
    assert "Let it go on" not in page
    assert "Pause it" not in page
    given = fields(approver.get(desk.path)) | {
        f"reason:{code}": "Seen" for code in _ambers(approver.get(desk.path).text)
    }
    assert approver.post(f"{desk.path}/approve", data=given, headers=OURS).status_code == 200
    page = approver.get(f"{desk.path}/sending").text
    assert "paused, revision 2 approved, not sent yet" in page
    assert "Cancel the rest, for good" in page
    assert f"Cancelled: nothing more leaves. {have_it} have it." in order(approver, desk.path, "cancel").text
    with app.database.reading() as session:
        states = session.execute(select(DELIVERY.c.state)).scalars().all()
    assert sorted(set(states)) == ["accepted", "cancelled"]
    assert states.count("cancelled") == 1
    assert stored(app).status == IssueStatus.cancelled
    assert "Cancel the rest" not in approver.get(f"{desk.path}/sending").text


def test_what_is_called_back_unchanged_keeps_its_editions_and_its_test(app, as_a, desk):
    """A test that was demanded is not demanded again, and the reasons given stand in their fields; a yes is needed."""
    rule(app, test_required="true")
    thin = Check.amber("content", "thin", "There is little to read.", "", "Add a story")
    with app.database.writing() as session:
        record = session.exec(model_select(ProofRecord)).one()
        record.checks = [*record.checks, thin.as_json()]
        session.add(record)
    approver = as_a("approver")
    order(approver, desk.path, "test")
    given = fields(approver.get(desk.path)) | {"reason:thin": "Seen"}
    assert "Approved." in approver.post(f"{desk.path}/approve", data=given, headers=OURS).text
    order(approver, desk.path, "send")
    assert "editions, checks and tests stand" in approver.post(f"{desk.path}/sending/undo", headers=OURS).text
    page = approver.get(desk.path)
    assert "had approved this very content" in page.text
    assert "Before it is approved" not in page.text
    assert 'value="Seen"' in page.text
    assert "The editions are made anew" not in page.text
    assert order(approver, desk.path, "send").status_code == 409
    given = fields(page) | {f"reason:{code}": "Seen" for code in _ambers(page.text)}
    assert "Approved." in approver.post(f"{desk.path}/approve", data=given, headers=OURS).text
    order(approver, desk.path, "send")
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    assert mails(app)


def test_what_is_called_back_and_changed_is_tested_again(app, approver, desk):
    """Another content has another hash: neither its test nor its approval counts."""
    rule(app, test_required="true")
    order(approver, desk.path, "test")
    order(approver, desk.path, "send")
    approver.post(f"{desk.path}/sending/undo", headers=OURS)
    edit(approver, desk)
    page = approver.get(desk.path).text
    assert "A test of exactly this content has to be sent" in page
    assert "Changed since" in page
