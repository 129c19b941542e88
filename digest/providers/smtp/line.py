"""One connection to a relay: opening it, offering one mail, and knowing whether a lost mail was taken (RFC 5321).

A server takes a mail with its answer to the final dot, and with nothing before it (section 4.1.1.4; 6.1 tells of the
gap). So what is lost before the dot was not taken, and what is lost after it is unknown.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from digest.providers.http import TimeOuts
from digest.providers.smtp.relay import Relay, Secrecy
from digest.sending.provider import NotTaken, ProviderError, StopIssue, UnknownOutcome

CLOSING: Final = 421  # the server says so and hangs up, at any moment (section 4.2.2)
GO_ON: Final = 354
_AT_LINE_START = re.compile(rb"(?m)^\.")


class Step(StrEnum):
    """Which command an answer is to."""

    sender = "MAIL"
    recipient = "RCPT"
    data = "DATA"
    dot = "the mail"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a relay answered, in its own words."""

    step: Step
    code: int
    words: str

    @property
    def good(self) -> bool:
        """Return whether it says yes."""
        return self.code // 100 == 2  # noqa: PLR2004

    def __str__(self) -> str:
        """Return it as a reason."""
        return f"The relay answered {self.code} to {self.step}: {self.words or 'nothing more'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a relay is told of one mail."""

    sender: str
    recipient: str
    id: str  # comes back in a report, where the relay can do that (RFC 3461)


class Lost(Exception):
    """The connection ended before the mail was taken."""


class Line:
    """One connection, of one thread. ``until``: by when its present call must be over."""

    def __init__(self, smtp: smtplib.SMTP, times: TimeOuts, now: Callable[[], datetime], until: datetime) -> None:
        self._smtp, self._times, self._now = smtp, times, now
        self.until = until
        self.used = False  # it has carried a mail: a loss may only mean that the relay had enough of it

    @property
    def eight_bit(self) -> bool:
        """Return whether mails may hold other bytes than ASCII (RFC 6152)."""
        return bool(self._smtp.has_extn("8bitmime"))

    @property
    def open(self) -> bool:
        """Return whether there is still a connection."""
        return self._smtp.sock is not None

    def is_alive(self) -> bool:
        """Ask whether the relay still listens."""
        try:
            return self._ask("NOOP")[0] == 250  # noqa: PLR2004
        except Lost:
            return False

    def offer(self, envelope: Envelope, mail: bytes) -> Reply:
        """Offer one mail to one reader; returns the answer that decides.

        Raises Lost where it was surely not taken, and UnknownOutcome where the connection ended after the dot.
        """
        reply = self._introduce(envelope, mail)
        if reply.step is Step.data and reply.code == GO_ON:
            reply = self._hand_over(mail)
        elif self.open:
            with suppress(Lost):
                self._ask("RSET")
        if reply.code == CLOSING:
            self.close()
        self.used = True
        return reply

    def close(self) -> None:
        """Say goodbye, and do not wait for an answer."""
        with suppress(OSError, smtplib.SMTPException):
            self._smtp.send("QUIT\r\n")
        self._smtp.close()

    def _introduce(self, envelope: Envelope, mail: bytes) -> Reply:
        has = self._smtp.has_extn
        sender = [f"MAIL FROM:<{envelope.sender}>"]
        sender += ["BODY=8BITMIME"] if self.eight_bit else []
        sender += [f"SIZE={len(mail)}"] if has("size") else []
        sender += ["RET=HDRS", f"ENVID={envelope.id}"] if has("dsn") else []
        recipient = [f"RCPT TO:<{envelope.recipient}>", *(["NOTIFY=FAILURE,DELAY"] if has("dsn") else [])]
        reply = self._step(Step.sender, sender, 2)
        reply = self._step(Step.recipient, recipient, 2) if reply.good else reply
        return self._step(Step.data, ["DATA"], 3) if reply.good else reply

    def _step(self, step: Step, words: Sequence[str], good: int) -> Reply:
        reply = Reply(step, *self._ask(" ".join(words)))
        if reply.code // 100 not in (good, 4, 5):
            self.close()
            raise Lost(f"its answer makes no sense here: {reply}")
        return reply

    def _hand_over(self, mail: bytes) -> Reply:
        try:
            self._patience(self._times.write)
            self._smtp.send(_AT_LINE_START.sub(b"..", mail))
            self._patience(self._times.read)  # where the time is up now, the dot is not sent
        except (OSError, smtplib.SMTPException) as error:
            self._smtp.close()
            raise Lost(f"The connection ended within a mail: {_in_words(error)}") from error
        try:
            code, words = self._ask(".")
        except Lost as error:
            raise UnknownOutcome(f"The relay gave no answer to a mail it had got whole: {error}.") from error
        if code // 100 not in (2, 4, 5):
            self._smtp.close()
            raise UnknownOutcome(f"The relay's answer to a mail makes no sense: {code} {words}.")
        return Reply(Step.dot, code, words)

    def _ask(self, command: str) -> tuple[int, str]:
        try:
            self._patience(self._times.read)
            code, words = self._smtp.docmd(command)
        except (OSError, smtplib.SMTPException) as error:
            self._smtp.close()
            raise Lost(_in_words(error)) from error
        if code < 0:
            self._smtp.close()
            raise Lost("its answer is not SMTP")
        return code, _text(words)

    def _patience(self, seconds: float) -> None:
        left = (self.until - self._now()).total_seconds()
        if self._smtp.sock is None:
            raise ConnectionError("it is closed")
        if left <= 0:
            raise TimeoutError("the time of this call was up")
        self._smtp.sock.settimeout(min(seconds, left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """How connections to one relay are opened. ``hello``: the name we give; "": an address in brackets."""

    relay: Relay
    times: TimeOuts
    now: Callable[[], datetime]
    hello: str
    tls: ssl.SSLContext

    def open(self, until: datetime) -> Line:
        """Open a connection and log in. Raises NotTaken or StopIssue."""
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise self._error("cannot be reached", error) from error
        try:
            self._log_in(smtp)
        except (OSError, smtplib.SMTPException) as error:
            smtp.close()
            raise self._error("let nobody in", error) from error
        return Line(smtp, self.times, self.now, until)

    def _connected(self) -> smtplib.SMTP:
        where, name = self.relay, self.hello or "[127.0.0.1]"
        wait = self.times.connect
        if where.secrecy is Secrecy.tls:
            return smtplib.SMTP_SSL(where.host, where.port, local_hostname=name, timeout=wait, context=self.tls)
        return smtplib.SMTP(where.host, where.port, local_hostname=name, timeout=wait)

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self.relay.secrecy is Secrecy.starttls:
            smtp.starttls(context=self.tls)
            smtp.ehlo()
        if self.relay.user:
            smtp.login(self.relay.user, self.relay.password)
        if smtp.sock is not None:  # the dot goes in a packet of its own: it must not wait for the mail's receipt
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _error(self, what: str, error: Exception) -> ProviderError:
        """Return what a failure to open means: nothing was taken, and either time mends it or a person."""
        message = f"The relay {self.relay.host}:{self.relay.port} {what}: {_in_words(error)}."
        if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code < 500:  # noqa: PLR2004
            return NotTaken(message, throttled=error.smtp_code == CLOSING)
        if isinstance(error, smtplib.SMTPServerDisconnected | ssl.SSLEOFError):
            return NotTaken(message)
        if isinstance(error, smtplib.SMTPException | ssl.SSLError):
            return StopIssue(f"{message} Check SMTP_URL: user, password, port, and the relay's certificate.")
        return NotTaken(message)


def _text(words: bytes) -> str:
    return " ".join(words.decode("utf-8", "replace").split())[:400]


def _in_words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {_text(said if isinstance(said, bytes) else said.encode())}".strip(" .")
    return f"{type(error).__name__} {error}".strip(" .")
