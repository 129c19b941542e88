"""SMTP, what came back: events from the mails in a mailbox that the bounce addresses are delivered to.

A Maildir folder or an mbox file is read from its beginning, and left as it is: the same mail gives the same events, so
it may be read again and again, and cleaned by whoever keeps it. Auto-replies are never bounces: they hold no report.

A report names its delivery by the bounce address it went to, else by what it returned of our mail (header, envelope id,
bounce address, Message-ID). Where names carry tags (see naming.py) a Message-ID, which carries none, proves nothing.
A report that names none of ours has no address in its event: anybody can write one, and nobody is banned by it.
"""

import mailbox
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from email.errors import MessageError
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from digest.accounts import Account
from digest.errors import BadInput
from digest.providers.event import EventKind, ProviderEvent
from digest.providers.smtp.naming import Naming
from digest.providers.smtp.reports import Fields, Report, clean, parse

# Where an MTA writes the envelope's recipient when it delivers, the surest first; To is the sender's own word.
_WENT_TO: Final = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-real-to", "to")
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ACTIONS: Final = {
    "failed": EventKind.bounced,
    "delayed": EventKind.deferred,
    "delivered": EventKind.delivered,
    "relayed": EventKind.delivered,  # to a server that sends no more reports
    "expanded": EventKind.delivered,  # to the members of a list behind the address
}
# not-spam (RFC 6430) and auth-failure (RFC 6591) are nobody's complaint; virus and other may be a machine's.
_FEEDBACK: Final = {
    "abuse": EventKind.complained,
    "fraud": EventKind.complained,
    "opt-out": EventKind.unsubscribed,
    "opt-out-list": EventKind.unsubscribed,
}


def read_mailbox(account: Account, path: Path) -> Iterator[ProviderEvent]:
    """Yield the events of the mails in a Maildir folder or an mbox file, in any order.

    Raises BadInput where it is neither, SettingsError where the account has no relay.
    """
    naming = Naming(account)
    for raw, arrived in _mails(path):
        yield from events_of(raw, naming, arrived)


def events_of(raw: bytes, naming: Naming, arrived: datetime) -> list[ProviderEvent]:
    """Return the events of one mail; none where it is no report. ``arrived``: where it tells no time itself."""
    try:
        report = parse(raw)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MessageError):
        return []  # what Python's own parser stumbles over was written to make it stumble
    if not report.recipients and not report.feedback:
        return []
    mail_id = next(iter(report.values("message-id")), "") or sha256(raw).hexdigest()
    ref = _delivery(report, naming)
    if report.feedback:
        return [_complaint(report, mail_id, ref, arrived)]
    return [_status(report, one, mail_id, ref, arrived) for one in report.recipients]


def _mails(path: Path) -> Iterator[tuple[bytes, datetime]]:
    """Yield each mail and when it was put there."""
    if path.is_dir() and ((path / "new").is_dir() or (path / "cur").is_dir()):
        yield from _of_maildir(path)
    elif path.is_file():
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with closing(mailbox.mbox(path, create=False)) as box:
            for key in box.iterkeys():
                yield box.get_bytes(key), changed
    else:
        raise BadInput(f"{path} is no mailbox: neither an mbox file nor a Maildir folder with new/ and cur/ in it.")


def _of_maildir(path: Path) -> Iterator[tuple[bytes, datetime]]:
    """Yield its mails; one that its keeper moves or takes away meanwhile is passed over: it is read the next time."""
    for file in sorted(one for folder in ("new", "cur") for one in (path / folder).glob("[!.]*")):
        try:
            yield file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
        except OSError:
            continue


def _delivery(report: Report, naming: Naming) -> str:
    """Return the delivery a report is about; "" where it names none of ours."""
    for address in report.values(*_WENT_TO):
        for one in re.findall(r"[^\s<>,;]+@[^\s<>,;]+", address):
            if ref := naming.in_address(one):
                return ref
    original, about = report.original, report.about
    names = (original.get("x-digest-delivery", ""), about.get("original-envelope-id", ""))
    addresses = (original.get("return-path", ""), report.feedback.get("original-mail-from", ""))
    senders = (about.get("x-postfix-sender", "").partition(";")[2], *addresses)
    found = [*map(naming.inside, names), *map(naming.in_address, senders)]
    if not naming.tagged:
        ids = (original.get("message-id", ""), *report.values("in-reply-to"))
        found += [naming.inside(one.strip(" <>").partition("@")[0]) for one in ids]
    return next(filter(None, found), "")


def _status(report: Report, block: Fields, mail_id: str, ref: str, arrived: datetime) -> ProviderEvent:
    """Return what a delivery status says of one recipient."""
    diagnostic = _after_type(block.get("diagnostic-code", ""))
    status = _status_code(block.get("status", ""), diagnostic)
    action = _action(block.get("action", ""), status)
    address = _after_type(block.get("original-recipient", "") or block.get("final-recipient", ""))
    kind = _ACTIONS.get(action, EventKind.unknown)
    return ProviderEvent(
        event_id=_event_id(mail_id, address, action),
        kind=kind,
        at=_when([block.get("last-attempt-date", ""), *report.values("date")], arrived),
        delivery_ref=ref,
        batch_id=report.original.get("x-digest-batch", ""),
        message_id=report.about.get("x-postfix-queue-id", ""),
        address=address if ref else "",
        permanent=kind is EventKind.bounced and _is_dead(status),
        reason=clean(f"{diagnostic or action} ({status})" if status else diagnostic or action),
        raw={"report": "status", "mail": mail_id, "about": dict(report.about), "recipient": dict(block)},
    )


def _complaint(report: Report, mail_id: str, ref: str, arrived: datetime) -> ProviderEvent:
    """Return what a feedback report says."""
    given = report.feedback
    kind = given.get("feedback-type", "").strip().lower()
    address = given.get("original-rcpt-to", "").strip("<> ") or report.original.get("to", "")
    return ProviderEvent(
        event_id=_event_id(mail_id, address, kind),
        kind=_FEEDBACK.get(kind, EventKind.unknown),
        at=_when([given.get("arrival-date", ""), given.get("received-date", ""), *report.values("date")], arrived),
        delivery_ref=ref,
        batch_id=report.original.get("x-digest-batch", ""),
        address=address if ref else "",
        reason=clean(f"{kind or 'no type'} {given.get('user-agent', '')}"),
        raw={"report": "feedback", "mail": mail_id, "feedback": dict(given)},
    )


def _event_id(mail_id: str, address: str, action: str) -> str:
    return sha256(f"{mail_id}\n{address.lower()}\n{action}".encode()).hexdigest()


def _after_type(value: str) -> str:
    """Return a value such as "rfc822; a@example.org" without its type."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and re.fullmatch(r"\s*[\w-]+\s*", kind) else value.strip()


def _status_code(status: str, diagnostic: str) -> str:
    """Return the enhanced status; where it says no more than "it failed", the more exact one of the diagnostic."""
    told = _ENHANCED.search(status)
    exact = _ENHANCED.search(diagnostic)
    if exact and (told is None or (told[2] == "0" and told[1] == exact[1])):
        return exact[0]
    return told[0] if told else ""


def _action(action: str, status: str) -> str:
    """Return the action; where it is missing, what the status says."""
    given = action.partition(";")[0].strip().lower()
    return given or {"5": "failed", "4": "delayed", "2": "delivered"}.get(status[:1], "")


def _is_dead(status: str) -> bool:
    """Return whether a failure's status says that the address will never work (RFC 3463).

    5.1.x speaks of the address (but 5.1.7 and 5.1.8 of ours), 5.2.1 of a closed mailbox, 5.0.0 of nothing more exact,
    5.4.4 of a domain that takes no mail. The others speak of servers, of the mail, or of who may send: 5.2.2 is a full
    mailbox, 5.7.1 a filter, and Postfix says 5.2.0 where its own disk fails.
    """
    if status in ("5.1.7", "5.1.8"):
        return False
    return status.startswith(("5.0.", "5.1.")) or status in ("5.2.1", "5.4.4")


def _when(dates: Sequence[str], arrived: datetime) -> datetime:
    """Return the first of some dates that is one, in UTC; else when the mail arrived."""
    for text in filter(None, dates):
        try:
            found = parsedate_to_datetime(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return arrived
