"""What SendGrid tells: only what it signed is believed, and each of its words becomes one of ours."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import sendgrid
from digest.providers.event import EventKind, Forged, ProviderEvent
from tests.conftest import NOW
from tests.providers.accounts import QUICK, account

OURS = ec.generate_private_key(ec.SECP256R1())
FOREIGN = ec.generate_private_key(ec.SECP256R1())
BASE = {
    "email": "ana@example.org",
    "timestamp": int(NOW.timestamp()) - 60,
    "sg_event_id": "ev-1",
    "sg_message_id": "msg.filter-1",
    "delivery": "12.345",
    "batch": "b-1",
    "issue": "issue-12",
}


def secret(key: Any = OURS) -> str:
    """Return the verification key as SendGrid's page shows it."""
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def signed(body: bytes, at: Any = NOW, key: Any = OURS) -> dict[str, str]:
    """Return the headers of a request."""
    stamp = str(int(at.timestamp()))
    mark = b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    return {"x-twilio-email-event-webhook-signature": mark, "x-twilio-email-event-webhook-timestamp": stamp}


def read(*events: Any, **more: Any) -> tuple[ProviderEvent, ...]:
    """Return what a signed request with these events holds."""
    body = orjson.dumps(list(events))
    hook = sendgrid.webhook(account(ProviderName.sendgrid, webhook_secret=secret()), QUICK)
    return hook.read(signed(body, **more), body, NOW).events


@pytest.mark.parametrize(
    ("word", "more", "kind", "permanent"),
    [
        ("delivered", {"response": "250 OK"}, EventKind.delivered, False),
        ("deferred", {"response": "451 later"}, EventKind.deferred, False),
        ("bounce", {"type": "bounce", "reason": "550 no such user"}, EventKind.bounced, True),
        ("bounce", {"type": "blocked", "reason": "554 blocked"}, EventKind.bounced, False),
        ("dropped", {"reason": "Bounced Address"}, EventKind.rejected, False),
        ("spamreport", {}, EventKind.complained, False),
        ("unsubscribe", {}, EventKind.unsubscribed, False),
        ("group_unsubscribe", {}, EventKind.unsubscribed, False),
        ("open", {"sg_machine_open": True}, EventKind.opened, False),
        ("click", {"url": "https://example.org/"}, EventKind.clicked, False),
        ("processed", {}, EventKind.taken, False),
        ("a new word", {}, EventKind.unknown, False),
    ],
)
def test_each_word_has_one_of_ours(word: str, more: dict[str, Any], kind: EventKind, permanent: bool):  # noqa: FBT001
    """With whom it is about, which delivery, and when."""
    (event,) = read(BASE | {"event": word} | more)
    assert (event.kind, event.permanent) == (kind, permanent)
    assert (event.event_id, event.delivery_ref, event.batch_id) == ("ev-1", "12.345", "b-1")
    assert (event.address, event.message_id) == ("ana@example.org", "msg.filter-1")
    assert event.at == NOW - timedelta(seconds=60)
    assert event.machine is (word == "open")
    assert event.raw["event"] == word


def test_a_hundred_come_at_once():
    """Each under its own id, non-ASCII and all."""
    events = read(*[BASE | {"event": "delivered", "sg_event_id": f"e{n}", "response": "проверка"} for n in range(100)])
    assert len({one.event_id for one in events}) == 100
    assert events[0].reason == "проверка"


@pytest.mark.parametrize("body", [b"no json", b'{"event": "delivered"}', b"", b"[1, null]"])
def test_what_makes_no_sense_is_kept_as_unknown(body: bytes):
    """Signed it is, so nothing of it is lost; the same body has the same id."""
    hook = sendgrid.webhook(account(ProviderName.sendgrid, webhook_secret=secret()), QUICK)
    first, second = (hook.read(signed(body), body, NOW).events for _ in range(2))
    assert {one.kind for one in first} == {EventKind.unknown}
    assert [one.event_id for one in first] == [one.event_id for one in second]


def test_events_without_an_id_have_one_of_their_own():
    """The same event has the same, another one another, however deep it is."""
    body = b'[{"event":"a"},{"event":"b"},{"event":"a"},{"in":' + b"[" * 300 + b"]" * 300 + b"},{}]"
    hook = sendgrid.webhook(account(ProviderName.sendgrid, webhook_secret=secret()), QUICK)
    ids = [one.event_id for one in hook.read(signed(body), body, NOW).events]
    assert (len(set(ids)), ids[0] == ids[2]) == (4, True)


def test_how_it_proves_itself_is_told():
    """In the table of features."""
    assert "ECDSA" in sendgrid.FEATURES.proof


def test_only_its_own_recent_requests_are_believed():
    """Another key, a changed or shortened body, another or an old or future time, no signature, nonsense: refused."""
    hook = sendgrid.webhook(account(ProviderName.sendgrid, webhook_secret=secret()), QUICK)
    body = orjson.dumps([BASE])
    good = signed(body)
    stamp = "x-twilio-email-event-webhook-timestamp"
    forged = [
        (signed(body, key=FOREIGN), body),
        (good, body + b" "),
        (good, body[:-1]),
        (good | {stamp: str(int(NOW.timestamp()) + 1)}, body),
        (signed(body, NOW - timedelta(hours=26)), body),
        (signed(body, NOW + timedelta(minutes=6)), body),
        ({}, body),
        ({stamp: good[stamp]}, body),
        (good | {"x-twilio-email-event-webhook-signature": "%%%"}, body),
        (good | {stamp: "yesterday"}, body),
    ]
    for headers, given in forged:
        with pytest.raises(Forged):
            hook.read(headers, given, NOW)
    assert hook.read(signed(body, NOW - timedelta(hours=24)), body, NOW).events


def test_a_wrong_verification_key_is_named():
    """Nonsense, and a key of another kind."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for wrong in ("not base64!", b64encode(b"nonsense").decode(), secret(other)):
        with pytest.raises(SettingsError, match="SENDGRID_WEBHOOK_SECRET"):
            sendgrid.webhook(account(ProviderName.sendgrid, webhook_secret=wrong), QUICK)
    hook = sendgrid.webhook(account(ProviderName.sendgrid, webhook_secret=secret()), QUICK)
    with pytest.raises(ValueError, match="no confirmation"):
        hook.confirm("https://example.org/")
