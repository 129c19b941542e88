"""The desk's pages of readers: who finds them, what is shown of one, what is done for them, and what is refused."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from digest.database import Database
from subscribers import end, find, search, subscribe, suppress, suppression_of
from subscribers import searching as searches
from subscribers.errors import SubscribersError
from tests.conftest import BOTH, NOW
from tests.issues import newsroom
from tests.web import looking
from tests.web.reviewing import OURS, stored
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
READER, SCRIPT = "nora@example.org", "<script>alert(1)</script>"
DAY = timedelta(days=1)


@pytest.fixture
def nora(app, desk):
    """Put Nora, whose name is script, on a list; return the path of her page."""
    assert desk.issue
    with app.database.writing() as session:
        said: Any = {"at": NOW - 9 * DAY, "source": f"form {SCRIPT}", "wording": SCRIPT, "confirmed": True}
        return f"/desk/readers/{subscribe(session, app.keys, address=READER, lists=['sc'], name=SCRIPT, **said)}"


def ask(client: httpx.Client, path: str = "/desk/readers", **form: Any) -> httpx.Response:
    return client.post(path, data=form, headers=OURS)


def person_of(app, address=READER):
    with app.database.reading() as session:
        return find(session, app.keys, address)


@BOTH
def test_readers_are_found_page_by_page(database: Database, monkeypatch):
    """By a part of the address, by list, by state; each once, the newest first; a page looks at so many at most."""
    newsroom.found(database)
    for number in range(9):
        newsroom.reader(database, f"r{number}@example.org", "sc" if number % 2 else "ee")
    with database.writing() as session:
        suppress(session, newsroom.KEYS, "r3@example.org", "by_hand", NOW)
        end(session, ref=newsroom.person(session, "r5@example.org"), family="weekly", list_id="sc", at=NOW, source="x")

    def all_of(**asked: str) -> list[str]:
        found, before = [], None
        while True:
            with database.reading() as session:
                page = search(session, NOW, before=before, limit=2, **asked)
            found += [one.address[:2] for one in page.readers]
            before = page.before
            if before is None:
                return found

    for looked in (200_000, 3):
        monkeypatch.setattr(searches, "LOOKED_AT", looked)
        assert all_of() == [f"r{n}" for n in range(8, -1, -1)]
        assert all_of(text="R3@EX") == ["r3"]
        assert all_of(text="%") == []
        assert all_of(list_id="sc") == ["r7", "r5", "r3", "r1"]
        assert all_of(list_id="sc", state="confirmed") == ["r7", "r3", "r1"]
        assert all_of(state="ended") == ["r5"]
        assert all_of(state="suppressed") == ["r3"]
        assert all_of(state="paused") == all_of(state="unconfirmed") == []
    with database.reading() as session, pytest.raises(SubscribersError, match="no state"):
        search(session, NOW, state="asleep")


def test_readers_are_for_operators_alone(as_a, nora):
    """Who edits or approves sees neither the search nor a page, and can do nothing to anybody."""
    for role in ("editor", "approver"):
        client = as_a(role)
        for answer in (
            client.get("/desk/readers"),
            client.get(nora),
            ask(client, text=READER),
            ask(client, nora, order="suppress"),
        ):
            assert answer.status_code == 409
            assert "has to be operator" in answer.text
            assert READER not in answer.text


def test_no_other_site_can_do_anything_to_a_reader(app, as_a, nora):
    """A POST from elsewhere is refused, on both pages."""
    operator = as_a("operator")
    for path in ("/desk/readers", nora):
        answer = operator.post(
            path, data={"order": "erase", "typed": READER}, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403
    assert person_of(app) is not None


def test_a_search_leads_to_the_reader(as_a, nora):
    """The address stands in no link; the page shows lists and consents, and script in any field is text."""
    operator = as_a("operator")
    found = ask(operator, order="search", text="nora@")
    assert f'href="{nora}"' in found.text
    assert READER not in str(found.url)
    page = operator.get(nora)
    assert SCRIPT not in page.text
    assert "&lt;script&gt;" in page.text
    assert "South Caucasus" in page.text
    assert "Nobody is known by that." in ask(operator, order="search", text="nobody").text
    assert 'role="alert"' in ask(operator, order="search", state="asleep").text
    assert operator.get("/desk/readers/nonsense").status_code == 404


def test_what_a_reader_asks_for_is_done(app, as_a, nora):
    """A ban comes with who and why, and goes; a list ends with its record; erasing wants the address typed."""
    operator = as_a("operator")
    assert "No mail goes there any more." in ask(operator, nora, order="suppress", reason=f"asked {SCRIPT}").text
    assert SCRIPT not in operator.get(nora).text
    with app.database.reading() as session:
        banned = suppression_of(session, app.keys, READER)
    assert banned is not None
    assert banned.note == f"at the desk, by operator@example.org: asked {SCRIPT}"
    assert "The ban is lifted." in ask(operator, nora, order="unsuppress").text
    assert "There was no ban." in ask(operator, nora, order="unsuppress").text
    assert "They are off" in ask(operator, nora, order="end", list="sc").text
    person = person_of(app)
    assert [one.state for one in person.lists] == ["ended"]
    assert person.consents[-1].source == "desk: operator@example.org"
    assert ask(operator, nora, order="end", list="none").status_code == 409
    assert ask(operator, nora, order="burn").status_code == 400
    assert ask(operator, nora, order="erase", typed="nora@example.com").status_code == 400
    assert person_of(app) is not None
    assert "Forgotten." in ask(operator, nora, order="erase", typed=f" {READER.upper()} ").text
    assert person_of(app) is None
    assert operator.get(nora).status_code == 404
    assert ask(operator, nora, order="end", list="sc").status_code == 404
    assert "erased, since" in ask(operator, order="search", text=READER).text


def test_a_complaint_is_never_lifted(app, as_a, nora):
    """Neither by the button, which is not there, nor by who posts it all the same."""
    with app.database.writing() as session:
        suppress(session, app.keys, READER, "complaint", NOW)
    operator = as_a("operator")
    assert "that is never lifted" in operator.get(nora).text
    for answer in (ask(operator, nora, order="unsuppress"), ask(operator, order="unsuppress", address=READER)):
        assert answer.status_code == 409
        assert "never lifted" in answer.text
    with app.database.reading() as session:
        assert suppression_of(session, app.keys, READER) is not None


def test_all_that_is_kept_is_given_as_json(app, as_a, nora):
    """Lists, consents, the ban and the deliveries: an attachment that no cache keeps."""
    newsroom.sent(app.database, stored(app), NOW)
    answer = ask(as_a("operator"), nora, order="export")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    data = json.loads(answer.text)
    assert data["address"] == READER
    assert data["consents"][0]["wording"] == SCRIPT
    assert data["suppression"] is None
    assert [one["state"] for one in data["deliveries"]] == ["accepted"]
    assert "accepted" in as_a("operator").get(nora).text


def test_nobody_is_added_without_the_proof_of_their_consent(app, as_a, nora):
    """Source and day are needed, no day to come, a list; what they left since stays left."""
    operator, new = as_a("operator"), "ola@example.org"
    whole: dict[str, Any] = {
        "order": "add",
        "address": new,
        "lists": ["sc"],
        "source": f"fair {SCRIPT}",
        "agreed": "2026-11-20",
    }
    faults: tuple[dict[str, Any], ...] = (
        {"source": " "},
        {"agreed": ""},
        {"agreed": "2026-11-25"},
        {"lists": []},
        {"address": "nonsense"},
        {"lists": ["none"]},
    )
    for wrong in faults:
        answer = ask(operator, **(whole | wrong))
        assert answer.status_code in (400, 409), wrong
        assert 'role="alert"' in answer.text
        assert SCRIPT not in answer.text
    assert person_of(app, new) is None
    assert "Added." in ask(operator, **whole, wording="Yes, by mail").text
    said = person_of(app, new).consents[-1]
    assert (said.action, said.wording) == ("confirmed", "Yes, by mail")
    assert said.source == f"fair {SCRIPT} (desk: operator@example.org)"
    assert f"{said.at:%Y-%m-%d}" == "2026-11-20"
    ask(operator, nora, order="end", list="sc")
    left = ask(operator, **(whole | {"address": READER}))
    assert left.status_code == 400
    assert "They left sc on 2026-11-24" in left.text


def test_mail_to_an_unknown_address_is_forbidden_and_allowed(as_a, nora):
    """For whoever asks by phone and is no reader; nonsense is a sentence."""
    operator = as_a("operator")
    assert nora
    assert "No mail goes there" in ask(operator, order="suppress", address="who@example.org", reason="phone").text
    assert "by_hand, since" in ask(operator, order="search", text="who@example.org").text
    assert "The ban is lifted." in ask(operator, order="unsuppress", address="who@example.org").text
    assert ask(operator, order="suppress", address="nonsense").status_code == 409
    assert ask(operator, order="burn", address="who@example.org").status_code == 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well(app, site, nora, chromium, scheme):
    """On a phone and off it: no sideways scroll, nothing that axe finds; what is found too."""
    newsroom.sent(app.database, stored(app), NOW)
    with app.database.writing() as session:
        suppress(session, app.keys, READER, "by_hand", NOW, note="w" * 100)
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    page.goto(f"{site}/desk/readers")
    looking.enter(page, "operator@example.org")
    page.wait_for_url(f"{site}/desk/readers")
    for width in (360, 1100):
        page.set_viewport_size({"width": width, "height": 740})
        for path in ("/desk/readers", nora, "found"):
            if path == "found":
                page.goto(f"{site}/desk/readers")
                page.get_by_role("button", name="Find them").press("Enter")
                page.get_by_text("Known since").first.wait_for(state="attached")
            else:
                page.goto(site + path)
            looking.fits(page, width)
            looking.faultless(page, path, width)
    context.close()
