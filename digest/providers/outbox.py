"""The outbox: writes each message as an .eml file, so that the whole product works with no account anywhere.

Repeating is safe: a delivery of a batch always has the same file name, written beside and then renamed.
"""

import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from digest.clock import SystemClock
from digest.sending.message import Letter
from digest.sending.provider import Content, Features, Mailing, Receipt, Recipient, StopIssue, UnknownOutcome

FEATURES: Final = Features(
    name="outbox",
    max_recipients=500,
    max_bytes=1_000_000_000,
    merges=False,
    idempotency=timedelta(days=36_500),  # a file name is kept for ever
    per_recipient=False,
)


class Outbox:
    """Writes mails into a folder: a sub-folder per issue, a file per delivery and batch."""

    features = FEATURES

    def __init__(self, folder: Path, now: Callable[[], datetime] | None = None) -> None:
        self._folder = folder
        self._now = now or SystemClock().now

    def payload_bytes(self, content: Content) -> int:
        """Return the bytes of what all readers share."""
        return len(content.html) + len(content.text)

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return the bytes of one file, roughly: there is no limit to keep."""
        return len(content.html) + len(content.text) + len(recipient.address)

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Write one file per reader. Not synced one by one: a power cut may lose what the ledger calls accepted."""
        folder = self._folder / re.sub(r"[^A-Za-z0-9._-]", "_", mailing.issue_ref)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StopIssue(f"The outbox {folder} cannot be made: {error.strerror}. Set OUTBOX_DIR.") from error
        letter, at = Letter(mailing.content), self._now()
        for recipient in mailing.recipients:
            name = f"{recipient.delivery_ref}-{mailing.batch_id.hex}.eml"
            _write(folder, name, letter.write(recipient, at))
        return [
            Receipt(delivery_ref=one.delivery_ref, accepted=True, message_id=mailing.batch_id.hex)
            for one in mailing.recipients
        ]

    def close(self) -> None:
        """There is nothing to give back."""


def _write(folder: Path, name: str, message: bytes) -> None:
    unfinished = folder / f".{name}.part"
    try:
        unfinished.write_bytes(message)
        os.replace(unfinished, folder / name)  # noqa: PTH105 - says that it replaces
    except OSError as error:
        raise UnknownOutcome(f"The outbox {folder} cannot be written: {error.strerror}.") from error
