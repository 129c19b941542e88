"""The outbox writes each mail once, whatever is repeated, and says what is wrong with its folder."""

import email
import email.policy
import os
from pathlib import Path
from uuid import UUID

import pytest

from digest.providers.outbox import FEATURES, Outbox
from digest.sending.provider import Mailing, StopIssue, UnknownOutcome
from tests.conftest import NOW
from tests.providers.test_sendgrid import CONTENT, people

BATCH = UUID("11111111-2222-4333-8444-555555555555")


def mailing(issue: str = "issue-1") -> Mailing:
    """Return a mailing to three readers."""
    return Mailing(batch_id=BATCH, issue_ref=issue, content=CONTENT, recipients=people(3))


def test_each_reader_gets_a_file_once(tmp_path: Path):
    """Three files; the same mailing again writes the same three, byte for byte."""
    outbox = Outbox(tmp_path / "out", lambda: NOW)
    receipts = outbox.send(mailing())
    assert [one.delivery_ref for one in receipts] == ["1.0", "1.1", "1.2"]
    files = sorted((tmp_path / "out" / "issue-1").iterdir())
    before = [file.read_bytes() for file in files]
    outbox.send(mailing())
    assert sorted((tmp_path / "out" / "issue-1").iterdir()) == files
    assert [file.read_bytes() for file in files] == before
    message = email.message_from_bytes(before[1], policy=email.policy.default)
    assert message["To"].addresses[0].addr_spec == "reader-1@example.org"
    assert message["Subject"] == CONTENT.subject  # a mark in a subject is left alone: no slot stands there
    outbox.close()


def test_an_issue_cannot_lead_out_of_the_folder(tmp_path: Path):
    """A name with slashes stays inside."""
    Outbox(tmp_path / "out").send(mailing("../../etc"))
    assert [one.name for one in (tmp_path / "out").iterdir()] == [".._.._etc"]


def test_a_folder_that_cannot_be_made_stops_the_issue(tmp_path: Path):
    """A file stands where the folder should: stop, with the setting's name."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StopIssue, match="OUTBOX_DIR"):
        Outbox(tmp_path / "out").send(mailing())


def test_a_file_that_cannot_be_written_is_unknown(tmp_path: Path):
    """A folder stands where a file should: some may be written, so it is repeated."""
    name = f"1.2-{BATCH.hex}.eml"
    (tmp_path / "issue-1" / name / "x").mkdir(parents=True)
    with pytest.raises(UnknownOutcome):
        Outbox(tmp_path).send(mailing())


def test_it_has_no_limits_to_speak_of(tmp_path: Path):
    """Batches of it are cut by number, never by size."""
    outbox = Outbox(tmp_path)
    room = FEATURES.max_bytes - outbox.payload_bytes(CONTENT)
    assert room // outbox.recipient_bytes(CONTENT, people(1)[0]) > FEATURES.max_recipients
    assert os.listdir(tmp_path) == []  # noqa: PTH208
