"""The desk's pages of publications and schedule: who may change what, each change logged, nobody overwritten."""

import re
from typing import Any

import httpx
import pytest

from digest import desk_log
from digest.editors import hours
from digest.errors import BadInput, Conflict
from digest.issues import publications
from digest.issues.models import Run
from tests.conftest import BOTH, NOW
from tests.issues import newsroom
from tests.web.looking import reads_well, signed_in
from tests.web.reviewing import OURS
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
PAGE = "/desk/publications/weekly"
SCRIPT = "<script>alert(1)</script>\"'&"


def typed(page: httpx.Response) -> dict[str, str]:
    """Return what a browser would post of the form of a publication, as it stands."""
    text = page.text[page.text.index('name="seen"') - 100 :]
    found = dict(re.findall(r'<input type="(?:text|number|date|time|hidden)" name="([^"]+)" value="([^"]*)"', text))
    found |= dict.fromkeys(re.findall(r'<input type="checkbox" name="(\w+)" value="yes" checked', text), "yes")
    found |= dict(re.findall(r'<textarea name="(\w+)"[^>]*>\n([^<]*)</textarea>', text))
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return {
        name: value.replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&") for name, value in found.items()
    }


def save(client: httpx.Client, **changes: str) -> httpx.Response:
    return client.post(PAGE, data=typed(client.get(PAGE)) | changes, headers=OURS)


def stored(app: Any) -> Any:
    with app.database.reading() as session:
        found = publications.get(session, "weekly")
        session.expunge(found)
        return found


def test_what_is_shown_is_saved_as_it_is(app, as_a):
    """A form sent back untouched changes nothing, whatever the fields hold."""
    newsroom_fields = {"house_bylines": ["O’Neill, J."], "review": "30 7 * * 1", "cutoff": "15 6 1 * *"}
    with app.database.writing() as session:
        publications.put(session, "weekly", {**newsroom_fields, "review": ""})
    before = stored(app).model_dump()
    assert "Nothing was changed." in save(as_a("operator")).text
    assert stored(app).model_dump() == before


def test_each_changed_field_is_saved_and_logged(app, as_a):
    """Text, lists, boxes, numbers, hours by day and time, and the account of one list: with who, before and after."""
    done = save(
        as_a("operator"),
        name="The Meridian Weekly",
        every="2",
        starts_on="2026-11-30",
        testers="nora@example.org\r\n leo@example.org",
        four_eyes="yes",
        send_day="2",
        send_time="09:30",
        grace_hours="1.5",
        **{"account:ee": "outbox"},
    )
    assert "Saved: Name" in done.text
    now = stored(app)
    assert (now.name, now.every, now.starts_on, now.send) == ("The Meridian Weekly", 2, "2026-11-30", "30 9 * * 2")
    assert (now.testers, now.four_eyes, now.grace_hours) == (["nora@example.org", "leo@example.org"], True, 1.5)
    assert now.list_accounts == {"ee": "outbox"}
    with app.database.reading() as session:
        log = {one.what: one for one in desk_log.entries(session, "publication weekly", 30)}
    assert set(log) >= {"name", "every", "starts_on", "testers", "four_eyes", "send", "grace_hours", "list_accounts"}
    assert "zone" not in log
    assert (log["every"].before, log["every"].after, log["every"].who) == (1, 2, "operator@example.org")
    assert "<del>1</del> <ins>2</ins>" in done.text
    assert "is drafted already" in done.text
    assert "keeps its hour" in done.text
    assert "holds at once" in done.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sender_address": "nobody"}, "is not an email address"),
        ({"zone": "Europe/Atlantis"}, "is not an IANA time zone"),
        ({"every": "2", "starts_on": ""}, "needs starts_on"),
        ({"every": "often"}, "is not a number"),
        ({"send_line": "0 8 * *"}, "is not a cron line"),
        ({"send_day": "2", "send_line": "0 9 * * 3"}, "Change one of them"),
        ({"send_time": "25:00"}, "is not a time"),
        ({"companion": "weekly"}, "names the publication itself"),
        ({"companion": "daily"}, "there is no publication"),
        ({"testers": "\n".join(f"a{n}@example.org" for n in range(11))}, "at most 10"),
        ({"section_stories": "900"}, "less than or equal to 20"),
        ({"template": "nothing"}, "There is no template"),
        ({"account": "pigeon"}, "There is no provider account"),
        ({"postal_address": ""}, "at least 1 character"),
        ({"clicks": "all"}, "anonymous"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(app, as_a, changes, said):
    """In a sentence, with what was typed still there."""
    before = stored(app).model_dump()
    answer = save(as_a("operator"), name="Typed by me", **changes)
    assert answer.status_code == 400
    assert said in answer.text.replace("&#39;", "'")
    assert "Typed by me" in answer.text
    assert stored(app).model_dump() == before


def test_two_operators_do_not_overwrite_each_other(app, as_a):
    """The second sees both, and may save theirs knowing it; a form that came incomplete saves nothing."""
    one, two = as_a("operator"), as_a("operator")
    mine, theirs = typed(one.get(PAGE)), typed(two.get(PAGE))
    assert one.post(PAGE, data=mine | {"name": "Mine"}, headers=OURS).status_code == 200
    answer = two.post(PAGE, data=theirs | {"name": "Theirs"}, headers=OURS)
    assert answer.status_code == 409
    assert 'value="Theirs"' in answer.text
    assert 'Stored: <span class="spoken">Mine</span>' in answer.text
    assert stored(app).name == "Mine"
    again = two.post(PAGE, data=typed(answer), headers=OURS)
    assert again.status_code == 200
    assert stored(app).name == "Theirs"
    assert two.post(PAGE, data={"name": "Only this"}, headers=OURS).status_code == 400
    assert two.post(PAGE, data={"name": "x" * 70_000}, headers=OURS).status_code == 400
    assert stored(app).name == "Theirs"


@BOTH
def test_a_publication_is_compared_and_swapped(database):
    """On both databases: what was changed since is not overwritten, and the log holds one row for each field."""
    newsroom.found(database)
    with database.writing() as session:
        seen = publications.fingerprint(publications.get(session, "weekly"))
        publications.put(session, "weekly", {"name": "One", "every": 1}, seen=seen, who="a", at=NOW)
    with pytest.raises(Conflict, match="changed meanwhile"), database.writing() as session:
        publications.put(session, "weekly", {"name": "Two"}, seen=seen, who="b", at=NOW)
    with database.reading() as session:
        (entry,) = desk_log.entries(session, "publication weekly", 9)
    assert (entry.what, entry.before, entry.after, entry.who) == ("name", "The Meridian", "One", "a")


def test_only_operators_change_and_only_from_our_own_page(app, as_a):
    """Others look, with nothing to press; a POST from elsewhere is none."""
    before = stored(app).model_dump()
    form = typed(as_a("operator").get(PAGE)) | {"name": "Other"}
    for role in ("editor", "approver"):
        client = as_a(role)
        assert "<button>Save</button>" not in client.get(PAGE).text
        assert client.get("/desk/publications").status_code == 200
        for path, data in ((PAGE, form), ("/desk/publications", {"id": "new"})):
            answer = client.post(path, data=data, headers=OURS)
            assert answer.status_code == 409
            assert "has to be operator" in answer.text
    operator = as_a("operator")
    for path in (PAGE, "/desk/publications", f"{PAGE}/skip", "/desk/schedule/skip"):
        assert operator.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        with httpx.Client(base_url=operator.base_url, trust_env=False, timeout=60) as nobody:
            assert nobody.post(path, data=form, headers=OURS).status_code == 303
    assert stored(app).model_dump() == before
    assert operator.get("/desk/publications/none").status_code == 404


def test_script_in_every_field_stays_text(app, as_a):
    """It is shown as it was typed, in the fields, the list, the log and the schedule."""
    operator = as_a("operator")
    fields = ("name", "sender_name", "postal_address", "editor_name", "editor_role", "house_bylines", "website")
    assert "is not a web address" in save(operator, website=SCRIPT).text
    answer = save(operator, **dict.fromkeys(fields[:-1], SCRIPT), website="https://x.example/" + SCRIPT)
    assert "Saved:" in answer.text
    for page in (answer, operator.get(PAGE), operator.get("/desk/publications"), operator.get("/desk/schedule")):
        assert "<script>alert" not in page.text
    assert stored(app).editor_name == SCRIPT
    bad = save(operator, **dict.fromkeys(("zone", "language", "cadence", "starts_on", "send_line", "send_day"), SCRIPT))
    assert bad.status_code == 400
    assert "<script>alert" not in bad.text


def test_a_publication_is_added(app, as_a):
    """With the few things it needs; a short name that is taken or none is said at its field."""
    operator = as_a("operator")
    form = {
        "id": "morning",
        "name": "Morning",
        "sender_address": "m@meridian.example",
        "postal_address": "Street 1",
        "language": "en",
        "zone": "UTC",
    }
    assert "Added." in operator.post("/desk/publications", data=form, headers=OURS).text
    assert "already" in operator.post("/desk/publications", data=form, headers=OURS).text
    assert "is not a slug" in operator.post("/desk/publications", data=form | {"id": SCRIPT}, headers=OURS).text
    with app.database.reading() as session:
        assert desk_log.entries(session, "publication morning", 9)[0].what == "added"


def test_runs_are_skipped_from_either_page_by_approvers(app, as_a):
    """With zone and UTC; the day comes back; editors see no button. A day without a run is a sentence."""
    approver = as_a("approver")
    for page, action in ((PAGE, f"{PAGE}/skip"), ("/desk/schedule", "/desk/schedule/skip")):
        shown = approver.get(page).text
        assert "in Europe/Brussels (07:00 UTC)" in shown
        days = re.findall(r'name="day" value="([\d-]+)"', shown)
        form = {"publication": "weekly", "day": days[0]}
        assert "is skipped." in approver.post(action, data=form, headers=OURS).text
        assert stored(app).skip_dates == [days[0]]
        assert "it is a skip date" in approver.get(page).text
        assert "runs after all." in approver.post(action, data=form | {"undo": "yes"}, headers=OURS).text
        assert stored(app).skip_dates == []
        assert "sends nothing on" in approver.post(action, data=form | {"day": "2026-11-24"}, headers=OURS).text
        assert "is not a date" in approver.post(action, data=form | {"day": SCRIPT}, headers=OURS).text
        editor = as_a("editor")
        assert "Skip this one" not in editor.get(page).text
        assert "has to be approver" in editor.post(action, data=form, headers=OURS).text
    with app.database.reading() as session:
        assert {one.who for one in desk_log.entries(session, "publication weekly", 9)} == {"approver@example.org"}


def test_clock_changes_are_marked(app, as_a):
    """The run after the clocks went forward says so."""
    app.clock.at = NOW.replace(year=2027, month=3, day=10)
    assert "go forward before this run" in as_a("editor").get(PAGE).text


def test_the_schedule_says_what_became_of_past_runs(app, as_a, desk):
    """Each with its outcome, the reason, and its issue."""
    with app.database.writing() as session:
        times = {"publication_id": "weekly", "send_at": NOW, "created_at": NOW}
        week = {"planned_at": NOW.replace(day=16), "outcome": "skipped: <b>too thin</b>"}
        session.add(Run.model_validate(times | week))
        session.add(Run.model_validate(times | {"planned_at": NOW, "outcome": "drafted", "issue_id": desk.issue.id}))
    shown = as_a("editor").get("/desk/schedule").text
    assert "&lt;b&gt;too thin" in shown
    assert f'<a href="{desk.path}">Issue {desk.issue.number}</a>' in shown
    assert shown.index("drafted") < shown.index("too thin")


@pytest.mark.parametrize(
    ("line", "day", "time"),
    [
        ("0 8 * * 1", "1", "08:00"),
        ("5 0 * * 7", "0", "00:05"),
        ("30 17 * * 1-5", "1-5", "17:30"),
        ("0 6 * * *", "*", "06:00"),
        ("0 6 1 * *", "line", ""),
        ("", "none", ""),
    ],
)
def test_hours_are_said_as_day_and_time_and_read_back(line, day, time):
    """What was not touched stays as it was written; what was is a new line."""
    assert hours.day_and_time(line) == (day, time)
    assert hours.line_of(line, day=day, time=time, line=line) == line
    assert hours.line_of(line, day="3", time="7:05", line=line) == "5 7 * * 3"
    assert hours.line_of(line, day=day, time=time, line="1 2 3 * *") == "1 2 3 * *"
    with pytest.raises(BadInput):
        hours.line_of(line, day="9", time="07:05", line=line)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well(site, desk, chromium, scheme):
    """On a phone and off it: no sideways scroll, and axe finds nothing."""
    page = signed_in(chromium, f"{site}{desk.path}", scheme)
    reads_well(page, site, ("/desk/publications", PAGE, "/desk/schedule"))
    page.context.close()
