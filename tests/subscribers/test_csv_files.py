"""CSV files as they come: encodings, instants, records."""

import io
from datetime import UTC, datetime

import pytest

from subscribers import csv_files
from subscribers.csv_files import lines_of, records, survey
from subscribers.moments import moment_of

GERMAN = "email,name\na@example.org,Jürgen Groß\nb@example.org,René\n"
RUSSIAN = "email,name\na@example.org,Ёлка Иванова\nb@example.org,Пётр\n"


@pytest.mark.parametrize(
    ("text", "written", "told"),
    [
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8-sig"),
        (GERMAN, "utf-16", "utf-16"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "cp1252", "cp1252"),
        (RUSSIAN, "cp1251", "cp1251"),
        (RUSSIAN, "utf-8", "utf-8"),
        ("email\na@example.org\n", "ascii", "utf-8"),
        ("", "ascii", "utf-8"),
    ],
)
def test_how_letters_are_written_is_told_by_them(text, written, told):
    """And the text that comes of it is the one that was written."""
    raw = text.encode(written)
    seen = survey(io.BytesIO(raw))
    assert seen.encoding == told
    assert raw.decode(seen.encoding).lstrip("\ufeff") == text
    assert seen.rows == max(0, text.count("\n") - 1)


def test_utf_8_with_a_few_broken_bytes_is_utf_8():
    """One bad row among thousands does not turn the others into nonsense."""
    raw = GERMAN.encode() * 10 + b"c@example.org,Ren\xe9\n"
    assert survey(io.BytesIO(raw)).encoding == "utf-8"


def test_letters_far_behind_the_beginning_are_looked_at(monkeypatch):
    """As where the first accented name stands on line 50,000; a letter cut by a block's end is none that is broken."""
    monkeypatch.setattr(csv_files, "BLOCK", 7)
    assert survey(io.BytesIO(b"plain " * 100 + "é è".encode("cp1252"))).encoding == "cp1252"
    assert survey(io.BytesIO(("é" * 50).encode())).encoding == "utf-8"


def test_a_line_without_end_comes_in_pieces(monkeypatch):
    """So that no file fills the memory."""
    monkeypatch.setattr(csv_files, "LONGEST_FIELD", 4)
    assert list(lines_of(io.StringIO("abcdef\nx", newline=""))) == ["abcd", "ef\n", "x"]


def test_a_note_over_several_lines_with_an_address_is_one_cell():
    """Only what holds an address and a separator looks like a swallowed row."""
    rows = list(records(["email,note\n", 'a@example.org,"write to\n', 'b@example.org"\n', "c@example.org,x\n"]))
    assert rows[1] == (2, ["a@example.org", "write to\nb@example.org"])
    assert rows[2] == (4, ["c@example.org", "x"])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-03-01 10:00:30", datetime(2025, 3, 1, 10, 0, 30, tzinfo=UTC)),
        ("2025-03-01T10:00:30.123Z", datetime(2025, 3, 1, 10, 0, 30, 123000, tzinfo=UTC)),
        ("2025-03-01T12:00+02:00", datetime(2025, 3, 1, 10, tzinfo=UTC)),
        ("2025-03-01 12:00:00.123456789 +0200 EET", datetime(2025, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        ("Sat, 01 Mar 2025 10:00:00 +0000", datetime(2025, 3, 1, 10, tzinfo=UTC)),
        ("1740823200", datetime(2025, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_instants_are_read_as_systems_write_them(text, moment):
    """Mailchimp, Ghost, ISO, listmonk, Mailgun, SendGrid."""
    assert moment_of(text) == moment


@pytest.mark.parametrize("text", ["", "soon", "2025-13-01", "03/04/2025", "12"])
def test_what_is_no_instant_is_refused(text):
    """A day that could be two is none."""
    with pytest.raises(ValueError, match=r"."):
        moment_of(text)
