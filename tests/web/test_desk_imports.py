"""The desk's pages of files of readers: who may bring one, what is shown of it, how it is imported, and what is not."""

import csv
import io
import threading
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from digest.engine import bringing
from digest.web import uploading
from subscribers import ReaderFiles, end, export_csv, find, subscribe, suppress, suppression_of
from tests.conftest import NOW
from tests.web.looking import reads_well, signed_in
from tests.web.reviewing import OURS
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
SCRIPT = "<script>alert(1)</script>"
HEAD = "Email Address,First Name,Interests,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LEID,EUID,TAGS\n"
MAILCHIMP = HEAD + (
    "nora@example.org,Nora,South Caucasus,3,2025-04-18 13:51:14,2025-04-18 14:00:32,1,a,\n"
    f"ola@example.org,{SCRIPT},Baltic,3,2025-04-18 13:51:14,2025-04-18 14:00:32,2,b,\n"
    "left@example.org,Lea,South Caucasus,3,2025-04-18 13:51:14,2025-04-18 14:00:32,3,c,\n"
    "banned@example.org,Ben,South Caucasus,3,2025-04-18 13:51:14,2025-04-18 14:00:32,4,d,\n"
    "nonsense,=1+1,South Caucasus,3,2025-04-18 13:51:14,2025-04-18 14:00:32,5,e,\n"
)
NAME = "subscribed_email_audience_export_1.csv"


def bring(client: httpx.Client, text: str | bytes, name: str = NAME, kind: str = "readers") -> httpx.Response:
    raw = text if isinstance(text, bytes) else text.encode()
    return client.post("/desk/imports", data={"kind": kind}, files={"file": (name, raw, "text/csv")}, headers=OURS)


def ask(client: httpx.Client, path: str, order: str, **form: object) -> httpx.Response:
    return client.post(path, data={"order": order, **form}, headers=OURS)


def brought(client: httpx.Client, text: str, **more: str) -> str:
    answer = bring(client, text, **more)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def work(app) -> list[str]:
    """Do what a worker does until no file waits."""
    said: list[str] = []
    while bringing.once(app.means, ReaderFiles(app.settings.imports_dir), threading.Event(), said.append):
        pass
    return said


@pytest.fixture
def people(app, desk):
    """Let somebody have left, and somebody be banned."""
    assert desk.issue
    with app.database.writing() as session:
        ref = subscribe(
            session,
            app.keys,
            address="left@example.org",
            lists=["sc"],
            at=NOW - timedelta(days=9),
            source="form",
            wording="Yes",
            confirmed=True,
        )
        end(session, ref=ref, family="weekly", list_id="sc", at=NOW - timedelta(days=1), source="page")
        suppress(session, app.keys, "banned@example.org", "complaint", NOW)


def state(app, address: str) -> list[str]:
    with app.database.reading() as session:
        found = find(session, app.keys, address)
    return [f"{one.list_id} {one.state}" for one in found.lists] if found else []


def test_files_are_for_operators_alone(app, as_a):
    """Who edits or approves, and who is not signed in, brings nothing and sees nothing; nothing lies on the disk."""
    for role in ("editor", "approver"):
        client = as_a(role)
        assert client.get("/desk/imports").status_code == 409
        assert bring(client, MAILCHIMP).status_code == 409
        assert ask(client, "/desk/imports/export", "", system="plain", who="all").status_code == 409
    with httpx.Client(base_url=app.settings.base_url, trust_env=False) as nobody:
        assert bring(nobody, MAILCHIMP).headers["location"].startswith("/desk/sign-in")
    assert not app.settings.imports_dir.exists()


@pytest.mark.usefixtures("people")
def test_no_other_site_can_bring_or_take_readers(app, as_a):
    """A POST from elsewhere is refused before a byte of its file is kept."""
    operator = as_a("operator")
    path = brought(operator, MAILCHIMP)
    before = sorted(app.settings.imports_dir.iterdir())
    for where, more in (
        ("/desk/imports", {"files": {"file": (NAME, MAILCHIMP.encode())}}),
        ("/desk/imports/export", {"data": {"system": "plain", "who": "all"}}),
        (path, {"data": {"order": "start"}}),
    ):
        assert operator.post(where, headers={"Origin": "https://evil.example"}, **more).status_code == 403
    assert sorted(app.settings.imports_dir.iterdir()) == before
    assert work(app) == []


@pytest.mark.usefixtures("people")
def test_a_file_is_shown_before_anything_is_written(app, as_a):
    """Whose it is, its first rows masked, what it would come to; a script in it is text; the file is for us alone."""
    operator = as_a("operator")
    path = brought(operator, MAILCHIMP)
    page = operator.get(path).text
    assert "Read as Mailchimp." in page
    assert "Say which lists" in page
    assert "n•••" not in page
    page = operator.get(ask(operator, path, "choose", form="yes", **{"column:2": "lists"}).headers["location"]).text
    assert "Read as Mailchimp." in page
    assert "n•••@example.org" in page
    assert "nora@example.org" not in page
    assert SCRIPT not in page
    for words in ("<strong>2</strong> broken rows", "<strong>1</strong> must not be mailed"):
        assert words in page, words
    assert "<strong>1</strong> of the known: left here" in page
    assert "Baltic</bdi> (1 row)" in page
    assert state(app, "nora@example.org") == []
    (file,) = app.settings.imports_dir.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert app.settings.imports_dir.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("people")
def test_what_the_columns_mean_is_said_by_form_and_a_worker_imports(app, as_a):
    """A name gets its list, the rows are imported outside of the request, who left stays off; the file goes."""
    operator = as_a("operator")
    path = brought(operator, MAILCHIMP)
    meant = {
        f"column:{place}": ours for place, ours in enumerate(("address", "first_name", "lists", "-", "-", "consent_at"))
    }
    chosen = {"form": "yes", **meant, "name:1": "Baltic", "value:1": "ee", "consent_source": "Mailchimp form"}
    page = operator.get(ask(operator, path, "choose", **chosen).headers["location"]).text
    assert "<strong>1</strong> broken rows" in page
    assert "said to be the address" in ask(operator, path, "choose", **(chosen | {"column:1": "address"})).text
    assert ask(operator, path, "start", **chosen).status_code == 303
    waits = operator.get(path).text
    assert f'data-live="{path}"' in waits
    assert "It waits for a worker" in waits
    assert 'role="alert"' in ask(operator, path, "choose", **chosen).text
    assert [said for said in work(app) if said] == [f"{NAME} is imported: 5 rows."]
    assert state(app, "nora@example.org") == ["sc confirmed"]
    assert state(app, "ola@example.org") == ["ee confirmed"]
    assert state(app, "left@example.org") == ["sc ended"]
    assert state(app, "banned@example.org") == []


@pytest.mark.usefixtures("people")
def test_what_came_of_a_file_is_told_and_its_broken_rows_are_given(app, as_a):
    """As a CSV that no spreadsheet takes for formulas; the file is gone, its rows go when it is forgotten."""
    operator = as_a("operator")
    path = brought(operator, MAILCHIMP)
    ask(operator, path, "start", form="yes", lists="sc", **{"column:0": "address", "column:5": "consent_at"})
    work(app)
    done = operator.get(path).text
    assert "What came of it" in done
    assert "<strong>2</strong> new readers" in done
    assert [one.name.endswith(".errors.csv") for one in app.settings.imports_dir.iterdir()] == [True]
    answer = operator.get(f"{path}/errors.csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:3] == ["line", "message", "Email Address"]
    assert (rows[1][0], rows[1][2:4]) == ("6", ["nonsense", "'=1+1"])
    assert operator.get(ask(operator, path, "remove").headers["location"]).status_code == 200
    assert list(app.settings.imports_dir.iterdir()) == []
    assert operator.get(path).status_code == 404


def test_a_worker_that_leaves_once_nothing_is_due_imports_what_waits(app, as_a, desk):
    """Beside all else it does; one that nobody brings files to starts no thread."""
    assert desk.issue
    operator, leave = as_a("operator"), threading.Event()
    path = brought(operator, "email\na@example.org\n", name="plain.csv")
    ask(operator, path, "start", form="yes", lists="sc")
    said: list[str] = []
    bringing.end(bringing.begin(app.means, leave, said.append, until_idle=True), leave, until_idle=True)
    assert said == ["plain.csv is imported: 1 rows."]
    assert state(app, "a@example.org") == ["sc unconfirmed"]
    assert bringing.begin(replace(app.means, imports=None), leave, said.append) is None


def test_a_file_is_stopped_and_started_again(app, as_a, desk):
    """Before a worker came it is stopped; then it goes on; what is done cannot be stopped."""
    assert desk.issue
    operator = as_a("operator")
    path = brought(operator, "email,consent_at,consent_source\na@example.org,2026-01-02,fair\n", name="plain.csv")
    assert "Say which lists" in operator.get(path).text
    chosen = {
        "form": "yes",
        "column:0": "address",
        "column:1": "consent_at",
        "column:2": "consent_source",
        "lists": "sc",
    }
    assert ask(operator, path, "start", **chosen).status_code == 303
    assert ask(operator, path, "remove").status_code == 409
    assert ask(operator, path, "stop").status_code == 303
    assert work(app) == []
    assert "Go on where it stopped" in operator.get(path).text
    assert ask(operator, path, "start").status_code == 303
    work(app)
    assert state(app, "a@example.org") == ["sc confirmed"]
    assert ask(operator, path, "stop").status_code == 409
    assert ask(operator, path, "burn").status_code == 400
    assert operator.get(f"{path}/errors.csv").status_code == 404


def test_the_whole_file_is_counted_by_a_worker_and_nothing_is_written(app, as_a, desk, monkeypatch):
    """A preview reads the first rows alone; who wants the whole file's numbers has it tried."""
    assert desk.issue
    monkeypatch.setattr("subscribers.import_work.LOOKED_AT", 1)
    operator = as_a("operator")
    path = brought(operator, "email\na@example.org\nb@example.org\nc@example.org\n", name="plain.csv")
    chosen = {"form": "yes", "column:0": "address", "lists": "sc"}
    ask(operator, path, "choose", **chosen)
    assert "Its first 1 rows" in operator.get(path).text
    ask(operator, path, "count")
    assert work(app) == ["plain.csv is counted: 3 rows."]
    page = operator.get(path).text
    assert "The whole file, if it were imported" in page
    assert "<strong>3</strong> new readers" in page
    assert state(app, "a@example.org") == []


def test_addresses_that_must_not_be_mailed_are_brought_alike(app, as_a, desk):
    """Columns and the reason by form; the ban holds afterwards."""
    assert desk.issue
    operator = as_a("operator")
    path = brought(operator, "who,when\nx@example.org,2026-01-02\nnonsense,\n", name="list.csv", kind="bans")
    assert "must name a column email" in operator.get(path).text
    chosen = {"form": "yes", "column:0": "address", "column:1": "at", "reason": "hard_bounce"}
    page = operator.get(ask(operator, path, "choose", **chosen).headers["location"]).text
    assert "<strong>1</strong> addresses that no mail goes to from now on" in page
    ask(operator, path, "start", **chosen)
    work(app)
    with app.database.reading() as session:
        banned = suppression_of(session, app.keys, "x@example.org")
    assert banned is not None
    assert (banned.reason, f"{banned.at:%Y-%m-%d}", banned.note) == ("hard_bounce", "2026-01-02", "import:list.csv")
    assert "is not an email address" in operator.get(f"{path}/errors.csv").text


def test_what_is_too_large_or_no_file_is_a_sentence(app, as_a, desk, monkeypatch):
    """And nothing of it stays on the disk."""
    assert desk.issue
    operator = as_a("operator")
    assert bring(operator, "").status_code == 400
    assert bring(operator, b"PK\x03\x04zip").status_code == 400
    no_file = operator.post("/desk/imports", data={"kind": "readers"}, headers=OURS)
    assert (no_file.status_code, "brought no file" in no_file.text) == (400, True)
    torn = {**OURS, "Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"--y\r\n", b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail\r\n'):
        assert operator.post("/desk/imports", content=body, headers=torn).status_code == 400
    monkeypatch.setattr(uploading.receive, "__kwdefaults__", {"most": 1_000})
    large = bring(operator, "email\n" + "a@example.org\n" * 200)
    assert (large.status_code, "is larger than" in large.text) == (409, True)
    monkeypatch.setattr(uploading, "SPARE", 1 << 60)
    assert "not enough room" in bring(operator, "email\na@example.org\n").text
    assert list(app.settings.imports_dir.iterdir()) == []


def test_a_files_name_is_never_a_path(app, as_a, desk):
    """It is shown without folders, as text; the file lies under a name of ours."""
    assert desk.issue
    operator = as_a("operator")
    path = brought(operator, "email\na@example.org\n", name="..\\..\\/etc/<b>passwd")
    page = operator.get(path).text
    assert "<bdi>&lt;b&gt;passwd</bdi>" in page
    assert [one.name for one in app.settings.imports_dir.iterdir()] == [path.rpartition("/")[2] + ".csv"]
    for wrong in ("/desk/imports/nonsense", "/desk/imports/00000000-0000-0000-0000-000000000000"):
        assert operator.get(wrong).status_code == 404
        assert ask(operator, wrong, "start").status_code == 404


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("system", ["plain", "mailchimp", "ghost", "listmonk", "substack"])
def test_readers_are_taken_out_in_each_systems_form(app, as_a, system):
    """What the page gives is what the command writes; an unknown system is a sentence; it is logged."""
    answer = ask(as_a("operator"), "/desk/imports/export", "", system=system, who="all")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    with app.database.reading() as session:
        assert answer.text == "".join(export_csv(session, system=system, who="all"))
    assert "left@example.org" in answer.text
    assert ask(as_a("operator"), "/desk/imports/export", "", system="fax", who="all").status_code == 409


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well(app, site, as_a, chromium, scheme):
    """On a phone and off it: no sideways scroll, nothing that axe finds, in each state of a file."""
    operator = as_a("operator")
    shown, waits, done = (brought(operator, MAILCHIMP) for _ in range(3))
    ask(operator, shown, "choose", form="yes", **{"column:2": "lists"})
    bans = brought(operator, "email,created\nx@example.org,1740823200\n", name="suppression_bounces.csv", kind="bans")
    ask(operator, done, "start", form="yes", lists="sc")
    work(app)
    ask(operator, waits, "start", form="yes", lists="sc")
    page = signed_in(chromium, f"{site}/desk/imports", scheme)
    reads_well(page, site, ("/desk/imports", shown, waits, done, bans))
    page.context.close()


@pytest.mark.usefixtures("people")
def test_progress_is_seen_without_and_with_the_script(app, site, as_a, chromium):
    """The page is right when it is loaded; with the desk's script it becomes so by itself once a worker is done."""
    operator = as_a("operator")
    path = brought(operator, MAILCHIMP)
    ask(operator, path, "start", form="yes", lists="sc")
    page = signed_in(chromium, site + path)
    page.get_by_text("It waits for a worker").wait_for()
    assert page.evaluate("document.querySelector('#live').dataset.live") == path
    assert page.locator("progress").get_attribute("value") == "0"
    work(app)
    page.get_by_text("What came of it").wait_for()
    page.context.close()
