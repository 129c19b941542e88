"""Sending by JSON: approve, send, schedule, the stops, what nobody knows; and which key may do what."""

from datetime import timedelta
from threading import Thread
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from digest import api_keys
from digest.api_keys import Scope
from digest.engine import local
from digest.sending.ledger import BATCH, DELIVERY
from tests.conftest import NOW
from tests.editors import newsroom
from tests.web.reviewing import desk_of, stored

ONE = "/api/issues/1"


@pytest.fixture(autouse=True)
def desk(app) -> Any:
    """Draft an issue and make its editions."""
    made = desk_of(app)
    assert made.issue.number == 1
    return made


@pytest.fixture
def api(with_key) -> httpx.Client:
    """Return a client whose key may read and send."""
    made: httpx.Client = with_key("read", "send")
    return made


def looked(api: httpx.Client) -> dict[str, Any]:
    """Look at the issue; return what an approval of it names."""
    shown = api.get(ONE).json()
    reasons = {one["code"]: "Seen" for one in shown["checks"] if one["level"] == "amber"}
    return {"version": shown["version"], "proof": shown["proof"], "reasons": reasons}


def work(app) -> None:
    """Let a worker do what is due."""
    local.run(app.means, concurrency=2, until_idle=True)


def test_an_issue_is_approved_sent_and_reported(app, api):
    """Who did it stands in the log; the ledger's sum is the audience; then there is a report."""
    given = api.post(f"{ONE}/approve", json=looked(api)).json()
    assert given["who"] == "key robot"
    assert given["readers"] == 6
    sent = api.post(f"{ONE}/send", json={"version": given["version"]}).json()
    assert sent["status"] == "scheduled"
    assert sent["undo_until"] == "2026-11-24T06:05:00Z"
    assert api.get(f"{ONE}/report").status_code == 409
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    ledger = api.get(f"{ONE}/ledger").json()
    assert ledger["status"] == "sent"
    assert ledger["whole"]
    assert ledger["sum"] == ledger["audience"] == ledger["deliveries"]["accepted"] == 6
    report = api.get(f"{ONE}/report").json()
    assert report["version"] == 1
    assert {"issue", "notes", "places", "regions", "stories"} <= report.keys()
    assert [one["who"] for one in api.get(f"{ONE}/history").json()["items"]].count("key robot") == 2


def test_the_same_order_again_does_nothing_more(app, api):
    """Approve, send, schedule, pause, resume, cancel: a repetition answers with what stands, and logs nothing."""
    given = looked(api)
    assert [api.post(f"{ONE}/approve", json=given).status_code for _ in range(2)] == [200, 200]
    order = {"version": given["version"]}
    first = api.post(f"{ONE}/send", json=order).json()
    app.clock.sleep(60)
    assert api.post(f"{ONE}/send", json=order).json() == first
    assert api.post(f"{ONE}/pause", json={"reason": "a doubt"}).json()["held"] == "a doubt"
    assert api.post(f"{ONE}/pause").json()["held"] == "a doubt"
    assert [api.post(f"{ONE}/resume").json()["held"] for _ in range(2)] == ["", ""]
    later = order | {"at": "2026-11-24T12:00:00+01:00"}
    assert {api.post(f"{ONE}/schedule", json=later).json()["send_at"] for _ in range(2)} == {"2026-11-24T11:00:00Z"}
    assert {api.post(f"{ONE}/cancel").json()["status"] for _ in range(2)} == {"cancelled"}
    done = [one["what"] for one in reversed(api.get(f"{ONE}/history").json()["items"])]
    assert done[-6:] == ["approve", "schedule", "pause", "resume", "schedule", "cancel"]
    assert api.post(f"{ONE}/send", json=order).status_code == 409


def test_what_was_not_looked_at_is_not_approved_nor_sent(app, api):
    """Another version, another proof, no version, no approval, an hour that is over: problems that say so."""
    given = looked(api)
    assert api.post(f"{ONE}/send", json={"version": given["version"]}).status_code == 409
    assert api.post(f"{ONE}/approve", json=given | {"version": given["version"] + 1}).status_code == 409
    assert api.post(f"{ONE}/approve", json=given | {"proof": "0" * 64}).status_code == 409
    assert api.post(f"{ONE}/approve", json={"proof": given["proof"]}).status_code == 428
    assert api.post(f"{ONE}/approve", json={"proof": given["proof"]}, headers={"If-Match": '"99"'}).status_code == 412
    assert stored(app).status == "in_review"
    assert api.post(f"{ONE}/approve", json=given).status_code == 200
    past = {"version": given["version"], "at": "2026-11-24T05:00:00Z"}
    assert "is over" in api.post(f"{ONE}/schedule", json=past).json()["detail"]
    assert api.post(f"{ONE}/revoke", headers={"If-Match": f'"{given["version"]}"'}).json()["status"] == "in_review"
    assert api.post(f"{ONE}/revoke", json={"version": given["version"]}).status_code == 409


def test_the_desks_rules_hold_for_keys(app, with_key):
    """Four eyes: a key that changed the issue last cannot approve it; another can. A test is demanded as ever."""
    newsroom.change(app.database, four_eyes=True)
    both = with_key("read", "edit", "send")
    assert both.put(f"{ONE}/texts", json={"version": stored(app).version, "subject": "S"}).status_code == 200
    both.post(f"{ONE}/check")
    refused = both.post(f"{ONE}/approve", json=looked(both))
    assert refused.status_code == 409
    assert "four eyes" in refused.json()["detail"]
    other = with_key("read", "send", name="second")
    assert other.post(f"{ONE}/approve", json=looked(other)).status_code == 200


def test_uncertain_deliveries_are_decided_by_their_batch(app, api):
    """The batch is named by the ledger; once it is settled, a repetition finds none and does nothing."""
    given = looked(api)
    api.post(f"{ONE}/approve", json=given)
    api.post(f"{ONE}/send", json={"version": given["version"]})
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    with app.database.writing() as session:
        session.execute(update(DELIVERY).values(state="uncertain"))
        session.execute(update(BATCH).values(state="uncertain"))
    batches = api.get(f"{ONE}/ledger").json()["uncertain_batches"]
    first = batches[0]
    settled = api.post(f"{ONE}/uncertain/{first['batch']}", json={"as": "accepted"}).json()
    assert settled["settled"] == first["deliveries"]
    assert len(settled["uncertain_batches"]) == len(batches) - 1
    assert api.post(f"{ONE}/uncertain/{first['batch']}", json={"as": "accepted"}).status_code == 404
    assert api.post(f"{ONE}/uncertain/{batches[1]['batch']}", json={"as": "maybe"}).status_code == 422
    assert api.post(f"{ONE}/uncertain/{batches[1]['batch']}", json={"as_": "again"}).status_code == 422


CALLS = {
    "read": [
        ("GET", "/api/issues"),
        ("GET", ONE),
        ("GET", f"{ONE}/ledger"),
        ("GET", "/api/lists"),
        ("GET", f"{ONE}/history"),
    ],
    "edit": [("POST", f"{ONE}/edits"), ("PUT", f"{ONE}/texts"), ("POST", f"{ONE}/check"), ("POST", f"{ONE}/test")],
    "send": [("POST", f"{ONE}/approve"), ("POST", f"{ONE}/send"), ("POST", f"{ONE}/cancel"), ("POST", f"{ONE}/pause")],
    "intake": [("POST", "/api/articles"), ("POST", "/api/reads")],
}


@pytest.mark.parametrize("held", list(Scope))
def test_no_scope_holds_another(app, with_key, held):
    """403 names the scope that is missing and the command; what the key may do is never 403."""
    api = with_key(held.value)
    before = stored(app).version
    for scope, calls in CALLS.items():
        for method, path in calls:
            answer = api.request(method, path, json={} if method != "GET" else None)
            if scope == held:
                assert answer.status_code != 403, path
                continue
            assert answer.status_code == 403, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert f"`digest keys add NAME --scope {scope}`" in answer.json()["detail"]
            assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["www-authenticate"]
    assert stored(app).version == before


def test_a_revoked_key_does_nothing_more(app, api):
    """From the next request on."""
    assert api.get(ONE).status_code == 200
    with app.database.writing() as session:
        api_keys.revoke(session, "robot", NOW)
    answer = api.get(ONE)
    assert answer.status_code == 401
    assert answer.json()["type"] == "/api/docs#no-key"


def test_two_who_approve_and_edit_at_once_end_in_order(app, site, with_key):
    """Of eight edits of one version one is done; the others are told."""
    api = with_key("read", "edit")
    first, headers, answers = stored(app).version, dict(api.headers), []

    def edit(number: int) -> None:
        body = {"version": first, "subject": f"Subject {number}"}
        answers.append(httpx.put(f"{site}{ONE}/texts", json=body, headers=headers, timeout=60, trust_env=False))

    threads = [Thread(target=edit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [200] + [409] * 7
    assert stored(app).version == first + 1
    assert all(one.json()["texts"][0]["stored"].startswith("Subject") for one in answers if one.status_code == 409)
