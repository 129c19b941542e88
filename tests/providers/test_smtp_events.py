"""SMTP, what came back: reports in every shape become events of their delivery, and nothing else becomes one."""

import mailbox
import os
from base64 import b64encode
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.accounts import Account, ProviderName
from digest.errors import BadInput
from digest.providers.event import EventKind, ProviderEvent
from digest.providers.smtp import read_mailbox
from digest.providers.smtp.events import events_of
from digest.providers.smtp.naming import Naming
from tests.conftest import NOW
from tests.providers.accounts import account

MAILS = Path(__file__).parent / "mail"
SECRET = "secret-of-the-mailbox"
ADDRESS = "no-such-reader@readers.example.org"
VERP = "bounces+1.7@bounces.example.org"
RETURNED = "Return-Path: <x@example.org>\nX-Digest-Delivery: 1.7\nX-Digest-Batch: b-1\nMessage-ID: <1.7@example.org>\n"


def of(**given: str) -> Account:
    """Return an account with a relay."""
    fields = {"url": "smtp://127.0.0.1:25?starttls=never", "domain": "bounces.example.org"}
    return account(ProviderName.smtp, **(fields | given))


def read(raw: bytes, **given: str) -> list[ProviderEvent]:
    """Return the events of one mail."""
    return events_of(raw, Naming(of(**given)), NOW)


def stored(name: str) -> bytes:
    """Return a mail that came back once."""
    return (MAILS / name).read_bytes()


def one(raw: bytes, **given: str) -> ProviderEvent:
    """Return the one event of a mail."""
    (event,) = read(raw, **given)
    return event


def report(
    *parts: tuple[str, str], head: str = "", to: str = "postmaster@example.org", kind: str = "delivery-status"
) -> bytes:
    """Return a multipart/report. ``parts``: (content type, with further headers, and the text)."""
    body = "".join(f"--=b\nContent-Type: {kind_of}\n\n{text}\n" for kind_of, text in parts)
    return (
        f"From: MAILER-DAEMON@mx.example.net\nTo: {to}\nMessage-ID: <r1@mx.example.net>\n"
        f"Date: Mon, 02 Nov 2026 10:00:00 +0100\n{head}MIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="=b"\n\n{body}--=b--\n'
    ).encode("utf-8", "surrogateescape")


def status(action: str = "failed", code: str = "5.1.1", diagnostic: str = "smtp; 550 5.1.1 User unknown") -> str:
    """Return the text of a delivery status."""
    lines = {"Action": action, "Status": code, "Diagnostic-Code": diagnostic}
    fields = "".join(f"{name}: {value}\n" for name, value in lines.items() if value)
    return f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {ADDRESS}\n{fields}"


def bounce(*given: str, to: str = VERP) -> ProviderEvent:
    """Return the event of a bounce that says these things."""
    return one(report(("text/plain", "Sorry."), ("message/delivery-status", status(*given)), to=to))


def test_a_real_bounce_names_its_delivery():
    """Postfix, a user it does not have: bounced for good, with the server's words, time, batch and queue id."""
    event = one(stored("postfix-failed.eml"))
    assert (event.kind, event.permanent, event.delivery_ref) == (EventKind.bounced, True, "1.1")
    assert event.address == ADDRESS
    assert event.reason == 'unknown user: "no-such-reader" (5.1.1)'
    assert event.at == datetime(2026, 11, 25, 9, 15, 36, tzinfo=UTC)
    assert event.batch_id == "11111111-2222-4333-8444-555555555555"
    assert event.message_id == "11F23D299A"
    assert event.raw["recipient"]["status"] == "5.1.1"


def test_a_real_delay_and_a_real_success():
    """Postfix, a server that does not answer: deferred. And "delivered", where a report of success was asked for."""
    late, there = one(stored("postfix-delayed.eml")), one(stored("postfix-delivered.eml"))
    assert (late.kind, late.permanent, late.delivery_ref) == (EventKind.deferred, False, "1.7")
    assert (there.kind, there.permanent, there.delivery_ref) == (EventKind.delivered, False, "1.5")


def test_a_tagged_name_counts_only_with_its_own_secret():
    """With the secret it is read; without, or with another, it names nothing, and no address is given."""
    raw = stored("postfix-failed-tagged.eml")
    assert one(raw, webhook_secret=SECRET).delivery_ref == "1.6"
    other = one(raw, webhook_secret="other")
    assert (other.delivery_ref, other.address, other.kind) == ("", "", EventKind.bounced)


@pytest.mark.parametrize("name", ["postfix-failed.eml", "postfix-delayed.eml"])
def test_a_made_up_name_counts_for_nothing_where_names_are_tagged(name: str):
    """Names without tags, in every place they may stand: anybody could have written them."""
    event = one(stored(name), webhook_secret=SECRET)
    assert (event.delivery_ref, event.address) == ("", "")
    password = one(stored(name), url="smtp://user:password@mail.example.org:587")
    assert password.delivery_ref == ""


def test_names_go_out_and_come_back():
    """Each kind of delivery, tagged and not; what names none of ours raises, or means nothing."""
    direct = "direct." + "0a" * 16
    for naming in (Naming(of()), Naming(of(webhook_secret=SECRET))):
        for ref in ("1.7", "12345.987654321", direct):
            sender = naming.sender(ref, "")
            assert len(sender.partition("@")[0]) <= 64
            assert naming.in_address(f"<{sender.upper()}>") == ref
            assert naming.inside(naming.outside(ref)) == ref
        for odd in ("", "1", "1.2.3", "1.9999999999", "\u0661.7", "1.7-", "1.7\n", "direct.x"):
            with pytest.raises(ValueError, match="names no delivery"):
                naming.outside(odd)
        assert naming.in_address("bounces+1.7@elsewhere.example.org") == ""
        assert naming.in_address("other+1.7@bounces.example.org") == ""


@pytest.mark.parametrize(
    ("code", "diagnostic", "dead"),
    [
        ("5.1.1", "", True), ("5.1.10", "", True), ("5.2.1", "", True), ("5.0.0", "", True), ("5.4.4", "", True),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", False), ("5.2.0", "", False), ("5.3.4", "", False),
        ("5.7.1", "smtp; 550 5.7.1 blocked", False), ("5.1.8", "", False), ("4.2.2", "", False), ("4.4.7", "", False),
        ("5.0.0", "smtp; 552 5.2.2 over quota", False), ("5.0.0", "smtp;550 5.1.1 unknown", True),
        ("", "smtp; 550 5.1.1 unknown", True), ("", "smtp; 550 go away", False), ("nonsense", "", False),
    ],
)  # fmt: skip
def test_only_a_dead_address_bounces_for_good(code: str, diagnostic: str, dead: bool):  # noqa: FBT001
    """A full mailbox, a filter, a large mail, and everything that began with 4: bounced, but not for good."""
    event = bounce("failed", code, diagnostic)
    assert (event.kind, event.permanent) == (EventKind.bounced, dead)


@pytest.mark.parametrize(
    ("action", "code", "kind"),
    [
        ("Failed", "5.1.1", EventKind.bounced), ("delayed", "4.4.1", EventKind.deferred),
        ("relayed", "2.0.0", EventKind.delivered), ("expanded", "2.0.0", EventKind.delivered),
        ("", "5.1.1", EventKind.bounced), ("", "4.4.1", EventKind.deferred), ("", "2.1.5", EventKind.delivered),
        ("failed; see below", "5.1.1", EventKind.bounced), ("exploded", "5.1.1", EventKind.unknown),
    ],
)  # fmt: skip
def test_each_action_is_one_kind(action: str, code: str, kind: EventKind):
    """A missing action is told by the status; one that nobody knows is kept as unknown."""
    assert bounce(action, code, "").kind is kind


@pytest.mark.parametrize(
    "header",
    [
        f"X-Original-To: {VERP}\n",
        f"Delivered-To: {VERP}\n",
        f"Envelope-To: <{VERP}>\n",
        f"Cc: a@b\nX-Envelope-To: {VERP}\n",
    ],
)
def test_the_bounce_address_may_stand_in_many_headers(header: str):
    """Each MTA that delivers writes the envelope's recipient elsewhere."""
    assert one(report(("message/delivery-status", status()), head=header)).delivery_ref == "1.7"


@pytest.mark.parametrize(
    "kind",
    ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers", "message/global"],
)
@pytest.mark.parametrize("name", ["X-Digest-Delivery: 1.7", "Message-ID: <1.7@example.org>", f"Return-Path: <{VERP}>"])
def test_the_returned_mail_names_the_delivery(kind: str, name: str):
    """Whole or headers only, rightly named or not, by any of our headers."""
    returned = f"Subject: News\n{name}\n\n" + ("Dear reader\n" if "headers" not in kind else "")
    raw = report(("message/delivery-status", status()), (kind, returned))
    event = one(raw)
    assert (event.delivery_ref, event.address) == ("1.7", ADDRESS)


def test_the_envelope_id_and_the_reply_name_the_delivery():
    """Original-Envelope-Id where nothing was returned; else the Message-ID that the report replies to."""
    about = "Original-Envelope-Id: 1.7\n" + status()
    assert one(report(("message/delivery-status", about))).delivery_ref == "1.7"
    assert one(report(("message/delivery-status", status()), head="In-Reply-To: <1.7@x>\n")).delivery_ref == "1.7"


def test_odd_shapes_of_a_status_are_read():
    """One block without a blank line; encoded though it must not be; in multipart/mixed; international; alone."""
    flat = status().replace("\n\n", "\n")
    encoded = b64encode(status().encode()).decode()
    quoted = status().replace("=", "=3D").replace("no-such", "no=2Dsuch")
    shapes = [
        report(("message/delivery-status", flat), to=VERP),
        report(("message/delivery-status\nContent-Transfer-Encoding: base64", encoded), to=VERP),
        report(("message/delivery-status\nContent-Transfer-Encoding: quoted-printable", quoted), to=VERP),
        report(("message/global-delivery-status", status()), to=VERP),
        report(("message/delivery-status", status().replace("\n", "\r\n")), to=VERP),
        report(("message/delivery-status", status()), to=VERP).replace(b"multipart/report", b"multipart/mixed"),
        report(("message/delivery-status", status()), to=VERP).replace(b"--=b--\n", b""),
        f"To: {VERP}\nContent-Type: message/delivery-status\n\n{status()}".encode(),
    ]
    for raw in shapes:
        event = one(raw)
        assert (event.kind, event.permanent, event.delivery_ref, event.address) == (
            EventKind.bounced, True, "1.7", ADDRESS,
        ), raw  # fmt: skip


def test_several_recipients_are_several_events():
    """A report of two (an alias of the reader's): one event each, of the same delivery, with ids of their own."""
    two = status() + "\nOriginal-Recipient: rfc822;second@example.org\nAction: delayed\nStatus: 4.4.1\n"
    first, second = read(report(("message/delivery-status", two), to=VERP))
    assert (first.kind, second.kind) == (EventKind.bounced, EventKind.deferred)
    assert (second.address, second.delivery_ref) == ("second@example.org", "1.7")
    assert first.event_id != second.event_id


def test_the_same_mail_has_the_same_id_and_another_has_not():
    """Read twice: the same. Another Message-ID, recipient or action: another. Without an id, the mail itself counts."""
    raw = report(("message/delivery-status", status()), to=VERP)
    ids = {one(raw).event_id, one(raw).event_id}
    assert len(ids) == 1
    others = (raw.replace(b"<r1@", b"<r2@"), raw.replace(b"no-such", b"none-such"), raw.replace(b"failed", b"delayed"))
    without = raw.replace(b"Message-ID: <r1@mx.example.net>\n", b"")
    ids |= {one(other).event_id for other in (*others, without, without + b"\n")}
    assert len(ids) == 6


def feedback(kind: str = "abuse", *, returned: str = RETURNED, more: str = "") -> bytes:
    """Return a feedback report."""
    text = f"User-Agent: Loop/1.0\nVersion: 1\n{more}" + (f"Feedback-Type: {kind}\n" if kind else "")
    parts = [("text/plain", "A complaint."), ("message/feedback-report", text)]
    return report(*parts, *([("message/rfc822", returned)] if returned else []), kind="feedback-report")


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("abuse", EventKind.complained), ("Abuse", EventKind.complained), ("fraud", EventKind.complained),
        ("opt-out", EventKind.unsubscribed), ("not-spam", EventKind.unknown), ("auth-failure", EventKind.unknown),
        ("other", EventKind.unknown), ("", EventKind.unknown),
    ],
)  # fmt: skip
def test_a_complaint_is_told_by_its_type(kind: str, found: EventKind):
    """Abuse and fraud are complaints; "not spam" and failed authentication are nobody's."""
    event = one(feedback(kind))
    assert (event.kind, event.delivery_ref, event.batch_id) == (found, "1.7", "b-1")


def test_a_complaint_names_its_delivery_by_the_mail_or_the_envelope():
    """Headers only, or nothing but Original-Mail-From; its time is when the mail had come there."""
    more = (
        f"Original-Mail-From: <{VERP}>\nOriginal-Rcpt-To: <{ADDRESS}>\nArrival-Date: Sun, 01 Nov 2026 08:00:00 -0500\n"
    )
    event = one(feedback(returned="", more=more))
    assert (event.delivery_ref, event.address) == ("1.7", ADDRESS)
    assert event.at == datetime(2026, 11, 1, 13, tzinfo=UTC)


AUTO = "Auto-Submitted: auto-replied\nX-Autoreply: yes\nPrecedence: bulk\n"


@pytest.mark.parametrize(
    "raw",
    [
        f"To: {VERP}\nSubject: Out of office\n{AUTO}\nI am away. 550 5.1.1 User unknown\n".encode(),
        f"To: {VERP}\n{AUTO}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nAway\n--b--\n".encode(),
        f"To: {VERP}\nSubject: Re: News\n\nThank you!\nAction: failed\nStatus: 5.1.1\n".encode(),
        report(("message/disposition-notification", f"Final-Recipient: rfc822;{ADDRESS}\nDisposition: x; displayed"),
               to=VERP, kind="disposition-notification"),
        report(("text/plain", "Nothing more."), to=VERP),
        report(("message/delivery-status", ""), to=VERP),
        report(("message/delivery-status", "Reporting-MTA: dns; mx.example.net\n"), to=VERP),
        f"To: {VERP}\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: message/rfc822\n\n".encode()
        + report(("message/delivery-status", status()), to=VERP) + b"\n--c--\n",
        b"", b"\n", b"\0\xff" * 50, b"From nobody\n" * 9,
    ],
)  # fmt: skip
def test_what_is_no_report_is_no_event(raw: bytes):
    """Vacation replies, thanks, receipts of reading, reports that say nothing, a report that somebody attached."""
    assert read(raw) == []


def test_a_report_that_names_none_of_ours_bans_nobody():
    """It is kept, and counted, without an address: anybody could have written it."""
    event = one(report(("message/delivery-status", status())))
    assert (event.kind, event.delivery_ref, event.address) == (EventKind.bounced, "", "")


def test_dates_that_are_none_are_when_it_arrived():
    """The last attempt, else the report's own date, else the file's; no year breaks it."""
    raw = report(
        ("message/delivery-status", status() + "Last-Attempt-Date: Sat, 31 Oct 2026 23:30:00 -0000\n"), to=VERP
    )
    assert one(raw).at == datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert bounce().at == datetime(2026, 11, 2, 9, tzinfo=UTC)
    for bad in (b"yesterday", b"Mon, 99 Nov 2026 10:00:00", b"Fri, 31 Dec 9999 23:59:59 -1400", b""):
        odd = report(("message/delivery-status", status()), to=VERP)
        assert one(odd.replace(b"Mon, 02 Nov 2026 10:00:00 +0100", bad)).at == NOW


def nested(depth: int) -> bytes:
    """Return a report within so many multiparts."""
    head = f"To: {VERP}\nMIME-Version: 1.0\n"
    for n in range(depth):
        head += f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"
    return (head + f"Content-Type: message/delivery-status\n\n{status()}\n").encode()


def test_hostile_mails_break_nothing():
    """Ten megabytes, nesting without end, broken charsets and encodings, ten thousand recipients."""
    large = report(
        ("message/delivery-status", status()), ("message/rfc822", RETURNED + "\n" + "x" * 70 + "\n"), to=VERP
    )
    large = large.replace(b"x" * 70, (b"x" * 70 + b"\n") * 150_000)
    assert len(large) > 10_000_000
    assert (one(large).delivery_ref, one(large).batch_id) == ("1.7", "b-1")
    assert len(read(nested(3))) == 1
    assert [read(nested(depth)) for depth in (50, 900, 20_000)] == [[], [], []]
    many = status() + f"\nFinal-Recipient: rfc822; {ADDRESS}\nAction: failed\n" * 10_000
    assert len(read(report(("message/delivery-status", many), to=VERP))) == 100
    charset = report(
        ("message/delivery-status; charset=no-such", status("failed", "5.1.1", "smtp; \udcff\0\udc80")), to=VERP
    )
    event = one(charset)
    assert (event.kind, "\0" in event.reason) == (EventKind.bounced, False)
    event.reason.encode()
    broken = report(("message/delivery-status\nContent-Transfer-Encoding: base64", "%%%%not base64"), to=VERP)
    assert read(broken) == []
    assert read(b"Content-Type: multipart/report; boundary=\n\n" + b"--\n" * 100_000) == []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mail_breaks_the_reader(data: st.DataObject):
    """A real report, cut and overwritten anywhere: events or none, and every one can be stored."""
    raw = stored(data.draw(st.sampled_from(["postfix-failed.eml", "postfix-delayed.eml"])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(at, min(len(raw), at + 80)))
        raw = raw[:at] + data.draw(st.binary(max_size=30)) + raw[end:]
    for event in read(raw):
        for text in (event.reason, event.address, event.batch_id, event.message_id, str(event.raw)):
            assert "\0" not in text
            text.encode()
        assert event.at.tzinfo is UTC


def test_a_maildir_and_an_mbox_are_read_alike(tmp_path: Path):
    """The same mails in both: the same events; reading changes nothing, and reading again gives the same."""
    folder = mailbox.Maildir(tmp_path / "in", create=True)
    box = mailbox.mbox(tmp_path / "box")
    for name in ("postfix-failed.eml", "postfix-delayed.eml", "postfix-delivered.eml"):
        folder.add(stored(name))
        box.add(stored(name))
    reply = Message()
    reply["Subject"] = "Away"
    reply.set_payload("From here\n")
    folder.add(reply)
    box.add(reply)
    folder.close()
    box.close()
    seen = next((tmp_path / "in" / "new").iterdir())
    seen.rename(tmp_path / "in" / "cur" / f"{seen.name}:2,S")
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file()}
    events = {
        place: sorted((one.event_id, one.delivery_ref, one.kind) for one in read_mailbox(of(), tmp_path / place))
        for place in ("in", "box", "in")
    }
    assert events["in"] == events["box"]
    assert {ref for _, ref, _ in events["in"]} == {"1.1", "1.7", "1.5"}
    after = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file()}
    assert after == before


def test_a_mail_without_a_date_happened_when_its_file_was_written(tmp_path: Path):
    """The file's own time."""
    raw = report(("message/delivery-status", status()), to=VERP).replace(b"Date: ", b"X-Date: ")
    for name in ("new", "cur"):
        (tmp_path / "in" / name).mkdir(parents=True)
    for file in (tmp_path / "in" / "new" / "1.mail", tmp_path / "box"):
        file.write_bytes((b"From x\n" if file.name == "box" else b"") + raw)
        os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    assert [event.at for place in ("in", "box") for event in read_mailbox(of(), tmp_path / place)] == [NOW, NOW]


def test_what_is_no_mailbox_is_told(tmp_path: Path):
    """A path with nothing there, and a folder that is none."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(BadInput, match="neither an mbox file nor a Maildir"):
            list(read_mailbox(of(), path))
    (tmp_path / "empty").write_bytes(b"")
    assert list(read_mailbox(of(), tmp_path / "empty")) == []
