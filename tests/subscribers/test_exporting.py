"""Exporting readers: what goes out can come in again, and a spreadsheet runs nothing of it."""

import csv
import io

import pytest

from subscribers import erase, export_csv, find, import_csv, suppress, unsuppress
from subscribers import exporting as exporting_module
from subscribers.errors import SubscribersError, UnknownList
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences, person
from tests.subscribers.test_consent import join, stop


def export(store, **more):
    """Return the exported rows as dictionaries."""
    with store.reading() as session:
        return list(csv.DictReader(io.StringIO("".join(export_csv(session, **more)))))


@BOTH
def test_an_export_reads_back_to_the_same(store, keys, monkeypatch):
    """After erasing nobody and changing nothing, importing it finds all unchanged."""
    monkeypatch.setattr(exporting_module, "PAGE", 2)
    with store.writing() as session:
        join(session, keys, "sc", "ee", address="a@example.org", name='Ann, "A"')
        join(session, keys, "ca", address="a@example.org", confirmed=False)
        join(session, keys, "ca", address="b@example.org")
        stop(session, join(session, keys, "sc", address="ended@example.org"))
        join(session, keys, "sc", address="banned@example.org")
        suppress(session, keys, "banned@example.org", "by_hand", NOW)
        join(session, keys, "sc", address="erased@example.org")
        erase(session, keys, "erased@example.org", NOW)
        before = audiences(session)
    rows = export(store)
    assert {row["status"] for row in rows} == {"confirmed", "unconfirmed"}
    assert {(row["address"], row["lists"], row["consent_at"]) for row in rows} == {
        ("a@example.org", "sc|ee", NOW.isoformat()),
        ("a@example.org", "ca", ""),
        ("b@example.org", "ca", NOW.isoformat()),
    }
    with store.reading() as session:
        text = "".join(export_csv(session))
    report = import_csv(store, keys, io.StringIO(text), at=NOW, source="import:export.csv")
    assert (report.rows, report.unchanged, report.repeated) == (3, 2, 1)
    with store.reading() as session:
        assert audiences(session) == before


def test_formulas_are_guarded_and_read_back(store, keys):
    """A name or address that a spreadsheet would run gets a mark in front, which the import takes off."""
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted", "\tx", "\rx"]
    with store.writing() as session:
        for number, name in enumerate(names):
            join(session, keys, "sc", address=f"=r{number}@example.org", name=name)
    rows = export(store)
    assert [row["name"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'quoted", "'\tx", "'\rx"]
    assert rows[0]["address"] == "'=r0@example.org"
    with store.reading() as session:
        text = "".join(export_csv(session))
    report = import_csv(store, keys, io.StringIO(text, newline=""), at=NOW, source="import:export.csv")
    assert (report.rows, report.unchanged) == (7, 7)


def test_an_export_of_some_lists_names_only_these(store, keys):
    """And an unknown list is refused."""
    with store.writing() as session:
        join(session, keys, "sc", "ee", address="a@example.org")
        join(session, keys, "ca", address="b@example.org")
    assert [(row["address"], row["lists"]) for row in export(store, lists=["sc"])] == [("a@example.org", "sc")]
    with pytest.raises(UnknownList):
        export(store, lists=["nowhere"])


def fill(store, keys):
    """Put somebody of each kind on the lists."""
    with store.writing() as session:
        join(session, keys, "sc", "ee", address="ann@example.org", name="Ann de Example")
        join(session, keys, "ee", address="ann@example.org", confirmed=False)
        join(session, keys, "sc", address="waits@example.org", confirmed=False)
        ref = join(session, keys, "sc", "ca", address="left@example.org", name="Left")
        stop(session, ref, "sc")
        stop(session, join(session, keys, "sc", address="gone@example.org"))
        join(session, keys, "sc", address="dead@example.org", name="Dead")
        suppress(session, keys, "dead@example.org", "hard_bounce", NOW)
        join(session, keys, "sc", address="erased@example.org")
        erase(session, keys, "erased@example.org", NOW)


@pytest.mark.parametrize(
    ("system", "who", "people"),
    [
        ("plain", "coming", {"ann", "waits", "left"}),
        ("plain", "left", {"gone", "dead"}),
        ("plain", "all", {"ann", "waits", "left", "gone", "dead"}),
        ("mailchimp", "coming", {"ann", "left"}),
        ("ghost", "left", {"gone", "dead"}),
        ("listmonk", "all", {"ann", "left", "gone", "dead"}),
        ("substack", "coming", {"ann", "left"}),
    ],
)
def test_who_is_written_can_be_said(store, keys, system, who, people):
    """Other systems would mail those who only wait: they are never told of them; nor anybody of who is erased."""
    fill(store, keys)
    rows = export(store, system=system, who=who)
    found = {row.get("address") or row.get("email") or row.get("Email Address") for row in rows}
    assert found == {f"{name}@example.org" for name in people}


def test_what_cannot_be_written_is_refused(store):
    """An unknown system, an unknown choice."""
    for wrong in ({"system": "aweber"}, {"who": "everybody"}):
        with pytest.raises(SubscribersError, match="Write one of plain, mailchimp"):
            export(store, **wrong)


@pytest.mark.parametrize(
    ("system", "row"),
    [
        (
            "mailchimp",
            {
                "Email Address": "ann@example.org",
                "First Name": "Ann",
                "Last Name": "de Example",
                "TAGS": '"sc","ee"',
                "CONFIRM_TIME": "2026-11-24 06:00:00",
                "UNSUB_TIME": "",
                "Status": "subscribed",
            },
        ),
        ("ghost", {"name": "Ann de Example", "subscribed_to_emails": "true", "created_at": "2026-11-24T06:00:00.000Z"}),
        ("listmonk", {"attributes": '{"lists": ["sc", "ee"], "language": "en"}', "status": "enabled"}),
        ("listmonk", {"created_at": "2026-11-24 06:00:00 +0000 UTC"}),
        ("substack", {"active_subscription": "false", "email_disabled": "false", "plan": "other"}),
    ],
)
def test_each_system_gets_its_own_columns(store, keys, system, row):
    """As its own exports have them."""
    fill(store, keys)
    (ann,) = (one for one in export(store, system=system) if "ann@example.org" in one.values())
    assert {name: ann[name] for name in row} == row


ROUND_TRIPS = [
    ("plain", {}),
    ("mailchimp", {"mapping": {"TAGS": "lists"}}),
    ("ghost", {"mapping": {"labels": "lists"}}),
    ("listmonk", {"mapping": {"attributes": "lists"}}),
    ("substack", {"lists": ["sc"]}),
]


@BOTH
@pytest.mark.parametrize(("system", "options"), ROUND_TRIPS, ids=[system for system, _ in ROUND_TRIPS])
def test_what_goes_out_comes_in_the_same(store, keys, system, options):
    """Into an empty installation: who, which lists, since when; and again, as nothing new. Who left stays away."""
    fill(store, keys)
    with store.reading() as session:
        text = "".join(export_csv(session, system=system, who="all", lists=options.get("lists", [])))
        before = {name: standing(session, keys, name) for name in ("ann", "left", "gone")}
    with store.writing() as session:
        unsuppress(session, keys, "dead@example.org")
        for name in ("ann", "waits", "left", "gone", "dead"):
            erase(session, keys, f"{name}@example.org", NOW)
            unsuppress(session, keys, f"{name}@example.org")
    options = {"at": NOW, "source": "import:x", **options}
    report = import_csv(store, keys, io.StringIO(text, newline=""), **options)
    assert (report.system, report.failed) == (system, 0)
    with store.reading() as session:
        after = {name: standing(session, keys, name) for name in before}
        assert after["ann"] == before["ann"] if system != "substack" else after["ann"] == {"sc": ("confirmed", NOW)}
        if system == "plain":
            assert (after, report.banned) == (before, 1)
        assert after["gone"]["sc"][0] == "ended"
        assert all(state != "confirmed" for state, _ in (standing(session, keys, "dead") or {}).values())
    again = import_csv(store, keys, io.StringIO(text, newline=""), **options)
    assert (again.new, again.updated, again.banned) == (0, 0, 0)


def standing(session, keys, name):
    """Return list -> (state, when they agreed to it) of somebody at example.org; None for nobody."""
    if find(session, keys, f"{name}@example.org") is None:
        return None
    found = person(session, keys, f"{name}@example.org")
    said = {one.list_id: one.at for one in found.consents if one.action == "confirmed"}
    return {
        one.list_id: (one.state, said.get(one.list_id) if one.state == "confirmed" else None) for one in found.lists
    }


def test_an_export_of_nobody_is_its_headings(store):
    """An empty installation gives a file that can be filled in."""
    with store.reading() as session:
        header = "address,name,language,lists,consent_at,consent_source,status,left_at,zone\r\n"
        assert "".join(export_csv(session)) == header
