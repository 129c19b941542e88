"""Suppression lists of email providers: read, kept, never weakened."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest

from subscribers import suppress, suppress_csv, suppression_files, suppression_of
from subscribers.errors import BadFile
from tests.conftest import BOTH, NOW
from tests.subscribers.test_import_systems import bans

BOUNCES = (
    "status,reason,email,created\n"
    '5.1.1,"550 5.1.1 The account does not exist, sorry",Dead@example.org,1740823200\n'
    '4.2.2,"452 mailbox full",full@example.org,1740823200\n'
)
MAILGUN = '"Sat, 01 Mar 2025 10:00:00 +0000"'
POSTMARK = "EmailAddress,SuppressionReason,Origin,CreatedAt\na@example.org,{},Recipient,2025-03-01T10:00:00-05:00\n"
SES = "EmailAddress,Reason,LastUpdateTime\na@example.org,{},2025-03-01T10:00:00.123000+00:00\n"
SENDGRID = "email,created\na@example.org,1740823200\n"


def bring(store, keys, text, **more):
    """Import a file of bans as of NOW."""
    lines = io.StringIO(text, newline="")
    return suppress_csv(store, keys, lines, **{"at": NOW, "source": "import:x.csv", **more})


@BOTH
def test_sendgrids_bounces_are_told_by_the_files_name(store, keys):
    """The reason there is a mail server's sentence; what only failed for a while passes."""
    report = bring(store, keys, BOUNCES, file_name="suppression_bounces.csv")
    assert (report.system, report.banned, report.left_out, report.rows) == ("sendgrid", 1, 1, 2)
    assert bans(store, keys, "dead", "full") == ["hard_bounce", ""]
    with store.reading() as session:
        found = suppression_of(session, keys, "dead@example.org")
    assert found is not None
    assert (found.at, found.note) == (datetime(2025, 3, 1, 10, tzinfo=UTC), "import:x.csv")
    assert bring(store, keys, BOUNCES, file_name="suppression_bounces.csv").unchanged == 1


def test_a_file_that_does_not_say_why_needs_a_word(store, keys):
    """Blocks look like bounces and are none: nobody is banned by a guess."""
    report = bring(store, keys, BOUNCES, file_name="suppression_blocks.csv")
    assert (report.failed, report.banned) == (1, 0)
    assert "--reason" in report.errors[0].message
    assert bring(store, keys, BOUNCES, reason="hard_bounce").banned == 1
    with pytest.raises(BadFile, match="is no reason"):
        bring(store, keys, BOUNCES, reason="erased")


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (f"address,code,error,created_at\na@example.org,550,No such user,{MAILGUN}\n", "", "mailgun hard_bounce"),
        (f"address,created_at\na@example.org,{MAILGUN}\n", "complaints.csv", "mailgun complaint"),
        (f"address,tags,created_at\na@example.org,*,{MAILGUN}\n", "", "mailgun by_hand"),
        (SENDGRID, "suppression_spam_reports.csv", "sendgrid complaint"),
        (SENDGRID, "suppression_unsubscribes.csv", "sendgrid by_hand"),
        (POSTMARK.format("SpamComplaint"), "", "postmark complaint"),
        (POSTMARK.format("HardBounce"), "", "postmark hard_bounce"),
        (SES.format("COMPLAINT"), "", "ses complaint"),
        (SES.format("BOUNCE"), "", "ses hard_bounce"),
        ("email,reason\na@example.org,manual\n", "", "plain by_hand"),
    ],
)
def test_every_providers_export_is_understood(store, keys, text, name, expected):
    """Columns, words and dates as each of them has."""
    report = bring(store, keys, text, file_name=name)
    assert (report.banned, f"{report.system} {bans(store, keys, 'a')[0]}") == (1, expected)


def test_the_strongest_reason_holds_and_nothing_is_weakened(store, keys, monkeypatch):
    """Among rows, between chunks, and against what stands here."""
    monkeypatch.setattr(suppression_files, "CHUNK", 3)
    with store.writing() as session:
        suppress(session, keys, "b@example.org", "complaint", NOW)
    words = ["a,bounce", "a,complaint", "a,bounce", "a,bounce", "b,bounce"]
    text = "email,reason\n" + "".join(f"{one.replace(',', '@example.org,')}\n" for one in words)
    done: list[int] = []
    report = bring(store, keys, text, on_rows=done.append)
    assert (report.banned, report.unchanged, done) == (1, 4, [3, 2])
    assert bans(store, keys, "a", "b") == ["complaint", "complaint"]


def test_broken_rows_are_named_and_lose_nothing_else(store, keys, monkeypatch):
    """No address, no date, no CSV; empty lines are none."""
    monkeypatch.setattr(suppression_files, "KEPT_ERRORS", 3)
    heard: list[Any] = []
    text = (
        'email,reason,created\nnobody,bounce,\na@example.org,bounce,soon\n\n,bounce,\n"x,bounce\na@example.org,bounce\n'
    )
    report = bring(store, keys, text, on_error=heard.append)
    assert (report.failed, report.banned, len(report.errors)) == (4, 1, 3)
    assert [one.line for one in heard] == [2, 3, 5, 6]
    assert heard[1].row() == ["3", "'soon' is not a date. Write 2026-11-24.", "a@example.org", "bounce", "soon"]
    only = bring(store, keys, "email,reason\nnobody,bounce\n")
    assert (only.rows, only.failed) == (1, 1)


@pytest.mark.parametrize("text", ["", "name\nx\n", '"email\n'])
def test_a_file_without_addresses_is_refused(store, keys, text):
    """With what its first line has."""
    with pytest.raises(BadFile, match="must name a column email"):
        bring(store, keys, text)
