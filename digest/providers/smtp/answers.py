"""What a relay's answers mean: for one reader, for the readers after it, and for the call as a whole.

Codes: RFC 5321 section 4.2; enhanced ones: RFC 3463. The words count only where the codes do not tell: whether we are
too fast, whether this relay is ours at all, and what it calls the mail in its queue.
"""

import re
from collections.abc import Sequence
from typing import Final

from digest.providers.smtp.line import CLOSING, Reply, Step
from digest.sending.provider import Again, NotTaken, Receipt, StopIssue, UnknownOutcome

IN_A_ROW: Final = 3  # connections lost, or senders put off, one after the other: then the call ends
SAME_MAIL: Final = 5  # mails refused for what they are, with nobody taken: it is the edition, not its readers
_LOGIN: Final = (530, 534, 535, 538)  # RFC 4954 section 6
_NOT_OURS = re.compile(r"relay(ing)? (access )?(is )?(denied|not permitted|prohibited)|not permitted to relay|unable to relay|authenticat", re.IGNORECASE)  # fmt: skip  # noqa: E501
_TOO_FAST = re.compile(r"too (many|fast|much)|rate|limit|throttl|quota|slow down", re.IGNORECASE)
# Postfix and many others; Exim; Amazon; Sendmail.
_QUEUED = re.compile(r"queued as ([\w.-]+)|\bid=([\w-]+)|^(?:2\.\d\.\d )?Ok:? ([\w-]{16,})|(\w+) Message accepted", re.IGNORECASE)  # fmt: skip  # noqa: E501


class Tally:
    """What is known of the readers of one call, in their order."""

    def __init__(self) -> None:
        self._receipts: list[Receipt] = []
        self._unknown: list[UnknownOutcome] = []
        self._stop: StopIssue | None = None
        self._ended = ""  # why nobody else is offered anything
        self._trouble = 0  # in a row
        self._same_mail = 0

    @property
    def over(self) -> bool:
        """Return whether nobody else of this call shall be offered a mail."""
        return bool(self._ended or self._stop)

    @property
    def is_empty(self) -> bool:
        """Return whether nobody has had a turn yet."""
        return not self._receipts and not self._unknown

    def answer(self, ref: str, reply: Reply) -> None:
        """Take an answer: the code at each step says whom it is about."""
        kind, permanent = reply.step, reply.code // 100 != 4  # noqa: PLR2004
        if kind is Step.dot and reply.code // 100 == 2:  # noqa: PLR2004
            self._trouble = self._same_mail = 0
            self._receipts.append(Receipt(delivery_ref=ref, accepted=True, message_id=queue_id(reply.words)))
        elif not permanent:
            self._later(ref, reply)
        elif stop := _stops(reply):
            self.stop(stop)
            self.left_out(ref)
        else:
            self._trouble = 0
            self._refused(ref, reply)

    def refuse(self, ref: str, reason: str) -> None:
        """Refuse a reader for good."""
        self._receipts.append(Receipt(delivery_ref=ref, accepted=False, reason=reason))

    def left_out(self, ref: str, reason: str = "") -> None:
        """Put a reader off: for the reason given, counting no try; or, where the call ended, for why it did."""
        why = reason or self._ended or str(self._stop)
        again = Again(offered=bool(self._ended) and not reason)
        self._receipts.append(Receipt(delivery_ref=ref, accepted=False, reason=why, again=again))

    def lost(self, ref: str, reason: str) -> None:
        """Note that a new connection was lost before the mail was taken."""
        reason = f"The connection was lost before the mail was taken: {reason}"
        self._receipts.append(Receipt(delivery_ref=ref, accepted=False, reason=reason, again=Again()))
        self._in_trouble(reason)

    def unknown(self, error: UnknownOutcome) -> None:
        """Note that a mail may have been taken: its reader gets no receipt."""
        self._unknown.append(error)
        self._in_trouble(str(error))

    def unreachable(self, ref: str, error: NotTaken) -> None:
        """Note that there is no connection to be had: the call ends."""
        self._ended = str(error)
        again = Again(retry_after=error.retry_after, throttled=error.throttled)
        self._receipts.append(Receipt(delivery_ref=ref, accepted=False, reason=self._ended, again=again))

    def stop(self, error: StopIssue) -> None:
        """Note that nobody will fare better: the call ends."""
        self._stop = error

    def receipts(self) -> Sequence[Receipt]:
        """Return what was answered; raises where one thing holds for all of them.

        Raises StopIssue where nobody was, or may have been, taken; NotTaken where everybody shall come again;
        UnknownOutcome where nothing else is known.
        """
        got = self._receipts
        if self._stop and not self._unknown and not any(one.accepted for one in got):
            raise self._stop
        if self._unknown and not got:
            raise self._unknown[0]
        again = [one.again for one in got if one.again and one.again.offered]
        if got and not self._unknown and len(again) == len(got):
            wait = max((one.retry_after or 0.0 for one in again), default=0.0)
            raise NotTaken(str(got[0].reason), wait or None, throttled=any(one.throttled for one in again))
        return got

    def _later(self, ref: str, reply: Reply) -> None:
        about_us = reply.step is Step.sender or reply.code == CLOSING
        too_fast = about_us and bool(_TOO_FAST.search(reply.words))
        again = Again(throttled=too_fast)
        self._receipts.append(Receipt(delivery_ref=ref, accepted=False, reason=str(reply), again=again))
        if about_us:
            self._in_trouble(str(reply))
        else:
            self._trouble = 0

    def _refused(self, ref: str, reply: Reply) -> None:
        self.refuse(ref, str(reply))
        self._same_mail += reply.step in (Step.data, Step.dot)
        if self._same_mail == SAME_MAIL and not self._unknown and not any(one.accepted for one in self._receipts):
            self.stop(StopIssue(f"The relay refuses the mail itself, for {SAME_MAIL} readers in a row. {reply}."))

    def _in_trouble(self, reason: str) -> None:
        self._trouble += 1
        if self._trouble == IN_A_ROW:
            self._ended = reason


def _stops(reply: Reply) -> StopIssue | None:
    """Return the error where a refusal is about us, not about the reader or the mail."""
    if reply.code in _LOGIN or reply.step is Step.sender:
        return StopIssue(f"{reply}. Check SMTP_URL, SMTP_BOUNCE_DOMAIN and whether the relay lets this sender send.")
    if reply.step is Step.recipient and _NOT_OURS.search(reply.words):
        return StopIssue(f"{reply}. This relay does not send for us: check SMTP_URL, and the relay's own settings.")
    return None


def queue_id(words: str) -> str | None:
    """Return what a relay calls the mail in its queue; None where it does not say."""
    found = _QUEUED.search(words)
    return next((group for group in found.groups() if group), None) if found else None
