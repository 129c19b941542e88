"""SMTP, sending: one message for each reader over a kept connection of each worker thread; a relay of any kind.

RFC 5321 says when a mail is taken (see line.py), RFC 3461 what can be asked of reports, RFC 5321 section 4.5.3.1 that
100 recipients are always a fair measure. There are no idempotency keys: what got no answer after its final dot is of
unknown fate, alone; everybody else of the call has an answer, or comes again.
A call ends in connect + write + read seconds, as a call of HTTP does: who is not reached by then is queued again.
"""

import email
import re
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.generator import BytesGenerator
from io import BytesIO
from typing import Final

from digest.accounts import Account
from digest.clock import SystemClock
from digest.providers.http import TimeOuts
from digest.providers.smtp.answers import Tally
from digest.providers.smtp.line import CLOSING, Envelope, Line, Lost, Opener, Step
from digest.providers.smtp.naming import Naming
from digest.providers.smtp.relay import relay_of
from digest.sending.message import POLICY, Letter
from digest.sending.provider import Content, Features, Mailing, NotTaken, Receipt, Recipient, StopIssue, UnknownOutcome

FEATURES: Final = Features(
    name="smtp",
    max_recipients=100,
    max_bytes=40_000_000,  # no limit of anybody's: what a slow line carries in the time of a call
    merges=False,
    idempotency=None,
    per_recipient=True,
    proof="no webhooks: reports by mail, to bounce addresses with a tag (HMAC-SHA256)",
)
_ENVELOPE_BYTES: Final = 600  # commands and answers
_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # ASCII without blanks and angle brackets


class Smtp:
    """Sends by a relay."""

    features = FEATURES

    def __init__(self, opener: Opener, naming: Naming) -> None:
        self._opener, self._naming = opener, naming
        self._lines = _Lines(opener)

    def payload_bytes(self, content: Content) -> int:
        """Return the bytes of a call that belong to no reader; the edition itself goes to each of them anew."""
        return len(content.subject.encode()) + _ENVELOPE_BYTES

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds: a whole message."""
        mail = Letter(content).write(recipient, self._opener.now())
        return len(mail) + mail.count(b"\r\n.") + _ENVELOPE_BYTES

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Offer each reader's mail in turn; see Receipt for what the answers say."""
        sender = mailing.content.sender_address
        if not self._naming.domain and not _ADDRESS.fullmatch(sender):
            raise StopIssue(f"SMTP cannot name the sender {sender!r}: it must be ASCII. Set SENDER_ADDRESS so.")
        call = _Call(self._lines, self._opener, self._naming, mailing)
        for recipient in mailing.recipients:
            call.deal_with(recipient)
        return call.tally.receipts()

    def close(self) -> None:
        """Close every thread's connection."""
        self._lines.close()


def build(
    account: Account,
    times: TimeOuts,
    *,
    now: Callable[[], datetime] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Smtp:
    """Return the relay of an account. ``now`` and ``tls`` (whom to trust) are for tests. Raises SettingsError."""
    opener = Opener(
        relay=relay_of(account),
        times=times,
        now=now or SystemClock().now,
        hello=account.domain,
        tls=tls or ssl.create_default_context(),
    )
    return Smtp(opener, Naming(account))


class _Lines:
    """One connection for each thread."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._local = threading.local()
        self._all: list[Line] = []
        self._lock = threading.Lock()

    def kept(self, until: datetime) -> Line | None:
        """Return this thread's connection if the relay still listens."""
        line: Line | None = getattr(self._local, "line", None)
        if line is None or not line.open:
            return None
        line.until = until
        if line.is_alive():
            return line
        self.drop(line)
        return None

    def new(self, until: datetime) -> Line:
        """Open this thread's connection. Raises NotTaken or StopIssue."""
        line = self._opener.open(until)
        self._local.line = line
        with self._lock:
            self._all.append(line)
        return line

    def drop(self, line: Line) -> None:
        """Close a connection for good."""
        line.close()
        with self._lock:
            self._all = [one for one in self._all if one is not line]

    def close(self) -> None:
        """Close every thread's."""
        with self._lock:
            lines, self._all = self._all, []
        for line in lines:
            line.close()
        self._local = threading.local()


class _Call:
    """One mailing on its way."""

    def __init__(self, lines: _Lines, opener: Opener, naming: Naming, mailing: Mailing) -> None:
        self._lines, self._now, self._naming, self._mailing = lines, opener.now, naming, mailing
        begun, times = opener.now(), opener.times
        self._last_start = begun + timedelta(seconds=times.connect + times.write)
        self._until = self._last_start + timedelta(seconds=times.read)
        self._letter = Letter(mailing.content)
        self._line = lines.kept(self._until)
        self.tally = Tally()

    def deal_with(self, recipient: Recipient) -> None:
        """Offer one reader's mail, or say why it waits."""
        ref = recipient.delivery_ref
        if self.tally.over:
            self.tally.left_out(ref)
        elif not _ADDRESS.fullmatch(recipient.address):
            self.tally.refuse(ref, f"SMTP cannot name the address {recipient.address!r}: it must be ASCII, no blanks")
        elif self._now() >= self._last_start and not self.tally.is_empty:
            self.tally.left_out(ref, "The time of the call was up before its turn")
        else:
            self._offer(recipient)

    def _offer(self, recipient: Recipient) -> None:
        """Offer a mail; a connection that carried mails before and is lost now is replaced once."""
        try:
            if not self._on_a_kept_line(recipient):
                self._on(self._new_line(), recipient)
        except Lost as lost:
            self.tally.lost(recipient.delivery_ref, str(lost))
        except UnknownOutcome as error:
            self.tally.unknown(error)
        except StopIssue as error:
            self.tally.stop(error)
            self.tally.left_out(recipient.delivery_ref)
        except NotTaken as error:
            self.tally.unreachable(recipient.delivery_ref, error)

    def _on_a_kept_line(self, recipient: Recipient) -> bool:
        """Return whether an answer came over the connection that is open already."""
        if self._line is None or not self._line.open:
            return False
        try:
            return self._on(self._line, recipient)
        except Lost:
            return False

    def _new_line(self) -> Line:
        if self._line is not None:
            self._lines.drop(self._line)
        self._line = self._lines.new(self._until)
        return self._line

    def _on(self, line: Line, recipient: Recipient) -> bool:
        """Return False where the relay closed a connection that it had taken mails on, before this one was offered."""
        used = line.used
        reply = line.offer(self._envelope(recipient), self._mail(line, recipient))
        if reply.code == CLOSING and reply.step is not Step.dot and used:
            return False
        self.tally.answer(recipient.delivery_ref, reply)
        return True

    def _envelope(self, recipient: Recipient) -> Envelope:
        return Envelope(
            sender=self._naming.sender(recipient.delivery_ref, self._mailing.content.sender_address),
            recipient=recipient.address,
            id=self._naming.outside(recipient.delivery_ref),
        )

    def _mail(self, line: Line, recipient: Recipient) -> bytes:
        ours = {
            "X-Digest-Delivery": self._naming.outside(recipient.delivery_ref),
            "X-Digest-Batch": str(self._mailing.batch_id),
            "X-Digest-Issue": "".join(re.findall(r"[!-~]", self._mailing.issue_ref)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in ours.items()).encode()
        mail = head + self._letter.write(recipient, self._now())
        return mail if line.eight_bit or mail.isascii() else _as_ascii(mail)


def _as_ascii(mail: bytes) -> bytes:
    """Return a mail for a relay that takes ASCII only: its bodies in base64."""
    out = BytesIO()
    policy = POLICY.clone(cte_type="7bit", refold_source="none")
    BytesGenerator(out, mangle_from_=False, policy=policy).flatten(email.message_from_bytes(mail, policy=policy))
    return out.getvalue().rstrip(b"\r\n") + b"\r\n"
