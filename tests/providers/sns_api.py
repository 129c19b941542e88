"""A stand-in for SNS: its certificates and signed messages, made here, and its hosts behind the adapter."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from digest.accounts import ProviderName
from digest.providers import ses
from digest.providers.event import Reading
from tests.conftest import NOW
from tests.providers.accounts import QUICK, account

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-events"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=2336412f"
MESSAGE_ID = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"
MAIL = {
    "timestamp": "2026-11-24T05:50:00.012Z",
    "source": "The Weekly <weekly@example.org>",
    "sendingAccountId": "123456789012",
    "messageId": "0102018-9",
    "destination": ["reader-7@example.org"],
    "tags": {"delivery": ["12_2e345"], "batch": ["b-1"], "ses:configuration-set": ["news"]},
}
HOUR = timedelta(hours=1)


@cache
def rsa_key(_number: int = 0) -> rsa.RSAPrivateKey:
    """Return a key; another for each number."""
    return rsa.generate_private_key(65537, 2048)


def certificate(key: Any = None, *, begins: datetime = NOW - 100 * HOUR, ends: datetime = NOW + 100 * HOUR) -> bytes:
    """Return a certificate of ours for a key, as SNS publishes its own."""
    key = key or rsa_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, begins, ends).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def signed(message: Mapping[str, Any], version: str = "2", key: rsa.RSAPrivateKey | None = None) -> bytes:
    """Return a message as SNS posts it: written out by hand here, so that the adapter does not vouch for itself."""
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if message["Type"] != "Notification":
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    made_by = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - as SNS does
    signature = (key or rsa_key()).sign(text.encode(), padding.PKCS1v15(), made_by)
    more = {"SignatureVersion": version, "Signature": base64.b64encode(signature).decode()}
    return json.dumps({"SigningCertURL": CERTIFICATE, **message, **more}).encode()


def notification(event: Any, **given: Any) -> dict[str, Any]:
    """Return a notification of an event."""
    text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    fields = {
        "Type": "Notification",
        "MessageId": MESSAGE_ID,
        "TopicArn": TOPIC,
        "Message": text,
        "Timestamp": "2026-11-24T05:59:30.000Z",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
    }
    return fields | given


def confirmation(kind: str = "SubscriptionConfirmation", **given: Any) -> dict[str, Any]:
    """Return what SNS posts when an address is subscribed."""
    fields = notification("You have chosen to subscribe to the topic.", Type=kind, SubscribeURL=CONFIRM, Token="2336")
    return fields | given


class Sns:
    """A stand-in for the hosts of SNS, behind the adapter."""

    def __init__(self, pem: bytes | None = None, status: int = 200) -> None:
        self.asked: list[str] = []
        self.pem, self.status = pem or certificate(), status
        given = account(ProviderName.ses, "A:B", region="eu-west-1", webhook_secret=TOPIC)
        self.webhook = ses.webhook(given, QUICK, transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return httpx.Response(self.status, content=self.pem)

    def read(self, body: bytes, now: datetime = NOW) -> Reading:
        """Read a request."""
        return self.webhook.read({"x-amz-sns-message-type": "Notification"}, body, now)
