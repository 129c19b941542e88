"""Exporting readers: what goes out can come in again, and a spreadsheet runs nothing of it."""

import csv
import io

import pytest

from subscribers import erase, export_csv, import_csv, suppress
from subscribers import exporting as exporting_module
from subscribers.errors import UnknownList
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences
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


def test_an_export_of_nobody_is_its_headings(store):
    """An empty installation gives a file that can be filled in."""
    with store.reading() as session:
        assert "".join(export_csv(session)) == "address,name,language,lists,consent_at,consent_source,zone\r\n"
