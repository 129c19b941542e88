"""Importing readers from CSV: repeatable, and never against a reader's wish."""

import gc
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subscribers import bulk, find, import_csv, import_plans, subscribe, suppress
from subscribers import importing as importing_module
from subscribers.errors import BadFile, UnknownList
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences, person, records
from tests.subscribers.test_consent import join, stop

HEAD = "email,name,language,lists,consent_at,consent_source\n"
LATER = NOW + timedelta(days=1)


def bring(store, keys, text, **more):
    """Import a file's text as of NOW."""
    return import_csv(store, keys, io.StringIO(text, newline=""), **{"at": NOW, "source": "import:file.csv", **more})


def counts(report):
    """Return the counts that are not 0."""
    names = ("new", "updated", "unchanged", "suppressed", "repeated", "failed", "unconfirmed")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def lists_of(store, keys, address):
    """Return list -> state of a person."""
    with store.reading() as session:
        return {one.list_id: one.state for one in person(session, keys, address).lists}


@BOTH
def test_a_file_is_imported_and_the_same_again_changes_nothing(store, keys):
    """Each person with their lists, language, consent; the second run finds all unchanged."""
    text = HEAD + (
        "Lena@Example.org,Lena,de,sc|Eastern Europe,2026-01-02,shop form\n"
        "omar@example.org,,,CENTRAL-ASIA; daily-sc,2026-01-02T10:00+02:00,shop form\n"
    )
    report = bring(store, keys, text, wording="Yes please")
    assert counts(report) == {"new": 2}
    with store.reading() as session:
        assert audiences(session) == {
            ("Lena@example.org", "weekly"): "sc ee",
            ("omar@example.org", "weekly"): "ca",
            ("omar@example.org", "daily"): "daily-sc",
        }
        lena, omar = person(session, keys, "lena@example.org"), person(session, keys, "omar@example.org")
        assert (lena.name, lena.language, omar.language) == ("Lena", "de", "en")
        assert lena.consents[0].model_dump() == {
            "list_id": "sc",
            "action": "confirmed",
            "at": datetime(2026, 1, 2, tzinfo=UTC),
            "source": "import:file.csv (shop form)",
            "wording": "Yes please",
            "network": "",
        }
        assert omar.consents[0].at == datetime(2026, 1, 2, 8, tzinfo=UTC)
        before = records(session)
    assert counts(bring(store, keys, text, at=LATER)) == {"unchanged": 2}
    with store.reading() as session:
        assert records(session) == before


@BOTH
def test_without_a_consents_source_and_date_rows_wait(store, keys):
    """They are imported unconfirmed, and the report says so; options can say it for all rows."""
    text = "email\na@example.org\nb@example.org\n"
    report = bring(store, keys, text, lists=["sc"], consent_source="form")
    assert counts(report) == {"new": 2, "unconfirmed": 2}
    assert lists_of(store, keys, "a@example.org") == {"sc": "unconfirmed"}
    proof = {"consent_source": "form", "consent_at": NOW}
    assert counts(bring(store, keys, text, lists=["sc"], confirmed=False, **proof)) == {"unchanged": 2}
    assert counts(bring(store, keys, text, lists=["sc"], **proof)) == {"updated": 2}
    assert lists_of(store, keys, "a@example.org") == {"sc": "confirmed"}
    assert counts(bring(store, keys, text, lists=["sc"])) == {"unchanged": 2}
    assert lists_of(store, keys, "a@example.org") == {"sc": "confirmed"}


@BOTH
def test_what_a_reader_ended_is_not_revived_and_suppressed_ones_are_not_touched(store, keys):
    """A file from elsewhere does not know what the reader told us."""
    with store.writing() as session:
        stop(session, join(session, keys, "sc", address="gone@example.org"))
        suppress(session, keys, "complained@example.org", "complaint", NOW)
    rows = "".join(f"{name}@example.org,,,sc|ee,2026-01-02,form\n" for name in ("gone", "complained"))
    assert counts(bring(store, keys, HEAD + rows)) == {"updated": 1, "suppressed": 1}
    assert lists_of(store, keys, "gone@example.org") == {"ee": "confirmed", "sc": "ended"}
    with store.reading() as session:
        assert find(session, keys, "complained@example.org") is None


@BOTH
def test_a_missing_name_is_filled_in_and_a_given_one_kept(store, keys):
    """What the reader wrote themselves is not overwritten."""
    with store.writing() as session:
        join(session, keys, "sc", address="a@example.org")
        join(session, keys, "sc", address="b@example.org", name="Own")
    rows = "a@example.org,File,,sc,2026-01-02,form\nb@example.org,File,,sc,2026-01-02,form\n"
    assert counts(bring(store, keys, HEAD + rows)) == {"updated": 1, "unchanged": 1}
    with store.reading() as session:
        assert person(session, keys, "a@example.org").name == "File"
        assert person(session, keys, "b@example.org").name == "Own"


def test_rows_of_one_person_are_put_together(store, keys):
    """A file with a row per list makes one person with all of them."""
    rows = "a@example.org,,,sc,2026-01-02,form\nA@example.org,Ann,,ee,2026-01-03,form\n"
    assert counts(bring(store, keys, HEAD + rows)) == {"new": 1, "repeated": 1}
    assert lists_of(store, keys, "a@example.org") == {"ee": "confirmed", "sc": "confirmed"}
    with store.reading() as session:
        assert person(session, keys, "a@example.org").name == "Ann"


BROKEN = [
    ("lena,,,sc,,", "is not an email address"),
    (",Lena,,sc,,", "There is no address"),
    ("a@example.org,,,nowhere,,", "no open list 'nowhere'"),
    ("a@example.org,,,old,,", "no open list 'old'"),
    ("a@example.org,,,,,", "names no list"),
    ("a@example.org,,,south-caucasus,,", "or more than one"),
    ("a@example.org,,Englisch!,sc,,", "is not a language"),
    ("a@example.org,,,sc,yesterday,form", "is not a date"),
    ("a@example.org,,,sc,2026-12-01,form", "lies in the future"),
    ("a@example.org,Ren\ufffd,,sc,,", "not UTF-8"),
    ('a@example.org,"Lena,,sc,,', "is not CSV"),
    ('a@example.org,"Le"na,,sc,,', "is not CSV"),
    ("a@example.org", "names no list"),
]


@pytest.mark.parametrize(("row", "sentence"), BROKEN, ids=[row for row, _ in BROKEN])
def test_a_broken_row_loses_nothing_else(store, keys, row, sentence):
    """It is named with its line and a sentence; the rows around it are imported."""
    heard: list[Any] = []
    good = "{}@example.org,Name,en,sc,2026-01-02,form\n"
    text = f"{HEAD}{good.format('x')}\n{row}\n{good.format('y')}{good.format('z')}"
    report = bring(store, keys, text, on_error=heard.append)
    assert counts(report) == {"new": 3, "failed": 1}
    assert [(error.line, sentence in error.message) for error in report.errors] == [(4, True)], report.errors
    assert heard == report.errors
    assert report.rows == 4


def test_a_quotation_mark_never_closed_costs_its_own_line(store, keys):
    """Not the rows up to the next quotation mark, nor up to the end of the file."""
    good = "".join(f"r{n}@example.org,Name,en,sc,2026-01-02,form\n" for n in range(200))
    text = f'{HEAD}{good}a@example.org,"Lena,en,sc,,\n{good.replace("r", "s", 1)}b@example.org,"Omar",en,sc,,\n'
    report = bring(store, keys, text)
    assert counts(report) == {"new": 202, "repeated": 199, "failed": 1, "unconfirmed": 1}
    assert report.errors[0].line == 202


@pytest.mark.parametrize(
    ("last", "broken"), [('c@example.org,C",en,sc,2026-01-02,form', [2]), ('c@example.org,C",en', [2, 4])]
)
def test_rows_between_two_stray_quotation_marks_are_not_swallowed(store, keys, last, broken):
    """Even where what comes of it has as many cells as the header."""
    text = f'{HEAD}a@example.org,"Lena\nb@example.org,B,en,sc,2026-01-02,form\n{last}\n'
    report = bring(store, keys, text)
    assert counts(report) == {"new": 3 - len(broken), "failed": len(broken)}
    assert [error.line for error in report.errors] == broken


def test_a_cell_over_several_lines_is_read(store, keys):
    """As other systems export postal addresses."""
    text = 'email,where,lists\na@example.org,"Street 1\nTown",sc\nb@example.org,x,sc\n'
    report = bring(store, keys, text)
    assert counts(report) == {"new": 2, "unconfirmed": 2}
    assert report.ignored_columns == ("where",)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_headings_are_understood(store, keys, delimiter):
    """Semicolons as in many countries, tabs, a byte order mark, E-Mail, capitals; and columns can be mapped."""
    rows = [
        ["\ufeffE-Mail", "Interests", "Signed up"],
        ["a@example.org", "South Caucasus, Eastern Europe", "2026-01-02"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    mapping = {"interests": "lists", "Signed up": "consent_at"}
    assert counts(bring(store, keys, text, mapping=mapping, consent_source="form")) == {"new": 1}
    assert lists_of(store, keys, "a@example.org") == {"sc": "confirmed", "ee": "confirmed"}


@pytest.mark.parametrize(
    ("text", "more", "sentence"),
    [
        ("", {}, "must name a column email or address. It has: nothing"),
        ("name,lists\n", {}, "must name a column email or address. It has: name, lists"),
        ("email\n", {}, "by a column of lists, or name lists for all rows"),
        ("email,lists\n", {"mapping": {"Interests": "lists"}}, "no column 'interests' to map. It has: email, lists"),
        ("email,lists\n", {"mapping": {"lists": "topics"}}, "no column 'topics' to map to"),
        ('"email,lists\n', {}, "must name a column"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_refused(store, keys, text, more, sentence):
    """With a sentence that says what its first line lacks."""
    with pytest.raises(BadFile, match=sentence):
        bring(store, keys, text, **more)


def test_unknown_and_closed_lists_are_refused_before_anything_is_written(store, keys):
    """A mistyped --list is one error, not one per row."""
    for wrong in ("nowhere", "old"):
        with pytest.raises(UnknownList, match=wrong):
            bring(store, keys, "email\na@example.org\n", lists=[wrong])


def test_an_import_that_was_stopped_goes_on_where_it_was(store, keys):
    """What was imported until then stays; the second run adds the rest."""
    rows = [HEAD, *(f"r{n}@example.org,,,sc,2026-01-02,form\n" for n in range(importing_module.CHUNK + 10))]

    def torn():
        yield from rows[:-5]
        raise OSError("the disk is gone")

    done: list[int] = []
    with pytest.raises(OSError, match="disk"):
        import_csv(store, keys, torn(), at=NOW, source="import:x", on_rows=done.append)
    assert done == [importing_module.CHUNK]
    report = import_csv(store, keys, iter(rows), at=NOW, source="import:x", on_rows=done.append)
    assert counts(report) == {"new": 10, "unchanged": importing_module.CHUNK}
    assert done == [importing_module.CHUNK, importing_module.CHUNK, 10]


@BOTH
def test_thousands_of_rows_go_another_way_and_come_out_the_same(store, keys):
    """PostgreSQL takes them by COPY: quotation marks, tabs, backslashes, line breaks and other alphabets survive it."""
    names = ['quo"te', "tab\there", "back\\slash \\N \\.", "two\nlines", "Ёлка 你好", "NULL"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    rows = [f"r{n}@example.org,{quoted[n % 6]},,sc|ee,2026-01-02,form\n" for n in range(bulk.MANY + 6)]
    text = HEAD + "".join(rows)
    assert counts(bring(store, keys, text)) == {"new": len(rows)}
    assert counts(bring(store, keys, text)) == {"unchanged": len(rows)}
    with store.reading() as session:
        assert [person(session, keys, f"r{n}@example.org").name for n in range(6)] == names
        assert len(audiences(session)) == len(rows)
        last = person(session, keys, f"r{len(rows) - 1}@example.org")
        assert [one.at for one in last.consents] == [datetime(2026, 1, 2, tzinfo=UTC)] * 2


@pytest.mark.parametrize("looking", [True, False])
def test_what_python_does_about_garbage_is_as_before(store, keys, looking):
    """An import keeps it from looking meanwhile; two at once, or a wish of whoever runs us, are respected."""
    if not looking:
        gc.disable()
    try:
        with pytest.raises(BadFile):
            bring(store, keys, "")
        assert gc.isenabled() is looking
    finally:
        gc.enable()


def test_empty_lines_are_no_rows(store, keys):
    """Nor are rows of nothing but separators; a first line of control characters is no CSV at all."""
    assert counts(bring(store, keys, "email,lists\n\n,\na@example.org,sc\n")) == {"new": 1, "unconfirmed": 1}
    with pytest.raises(BadFile, match="control characters"):
        bring(store, keys, "email\x01,lists\n")


def test_a_network_is_kept_and_an_address_is_not(store, keys):
    """Cut to /24 or /48; what is no address is none."""
    rows = [("a", "192.0.2.77"), ("b", "2001:db8:1:2::3"), ("c", "192.0.2.777")]
    text = "email,lists,network\n" + "".join(f"{name}@example.org,sc,{where}\n" for name, where in rows)
    bring(store, keys, text)
    with store.reading() as session:
        found = [person(session, keys, f"{name}@example.org").consents[0].network for name, _ in rows]
    assert found == ["192.0.2.0/24", "2001:db8:1::/48", ""]


def test_the_report_keeps_the_first_errors_only(store, keys):
    """A file of a million wrong rows does not fill the memory; every one is told to whoever listens."""
    heard: list[Any] = []
    text = "email,lists\n" + "x,sc\n" * (importing_module.KEPT_ERRORS + 5)
    report = bring(store, keys, text, on_error=heard.append)
    assert (len(report.errors), report.failed) == (importing_module.KEPT_ERRORS, importing_module.KEPT_ERRORS + 5)
    assert len(heard) == report.failed


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_people_who_come_in_elsewhere_meanwhile_are_found(store, keys, monkeypatch):
    """On PostgreSQL another import may add the same person between our look and our insert."""
    rows = "a@example.org,,,sc,2026-01-02,form\nb@example.org,,,sc,2026-01-02,form\n"
    with store.writing() as session:
        subscribe(session, keys, address="a@example.org", lists=["ee"], at=NOW, source="f", wording="", confirmed=True)
    look = import_plans.known_people
    blind = iter([True])
    monkeypatch.setattr(
        import_plans, "known_people", lambda session, people: {} if next(blind, False) else look(session, people)
    )
    bring(store, keys, HEAD + rows)
    monkeypatch.undo()
    assert lists_of(store, keys, "a@example.org") == {"ee": "confirmed", "sc": "confirmed"}
    with store.reading() as session:
        assert audiences(session) == {("a@example.org", "weekly"): "sc ee", ("b@example.org", "weekly"): "sc"}
