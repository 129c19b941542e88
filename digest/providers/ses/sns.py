"""SNS messages: whether one proves that it is SNS's, of our topic, and of now.

The signature proves only that SNS sent a message, for whichever AWS account: so the topic is checked too, and first.
The certificate comes over HTTPS from a host of SNS and is kept; SNS tries a message again for an hour at most. Pages:
"Verifying the signatures of Amazon SNS messages", "Message delivery retries" and "HTTP/HTTPS notification JSON format"
of docs.aws.amazon.com/sns/latest/dg, read in November 2026. Only the host, and no name within the certificate, says
whose it is: its names are not documented.
"""

import re
import threading
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from digest.providers.event import Forged
from digest.providers.http import Caller
from digest.sending.provider import NotTaken

OLDEST: Final = timedelta(minutes=65)  # SNS tries for an hour; the rest is for the way
EARLIEST: Final = timedelta(minutes=5)  # its clock may be a little ahead of ours
MOST_CERTIFICATES: Final = 8
CERTIFICATE_BYTES: Final = 20_000
_HOST = re.compile(r"sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?")
_HASHES: Final[Mapping[str, type[HashAlgorithm]]] = {"1": SHA1, "2": SHA256}
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}

Message = Mapping[str, str]


class Proof:
    """Proves the messages of one topic. Thread-safe; keeps the few certificates that it fetched."""

    def __init__(self, caller: Caller, topic: str) -> None:
        self._caller, self._topic = caller, topic
        self._certificates: dict[str, x509.Certificate] = {}
        self._lock = threading.Lock()

    def check(self, body: bytes, now: datetime) -> Message:
        """Return a message's fields. Raises Forged; ProviderError when its certificate cannot be fetched now."""
        message = _parsed(body)
        if message.get("TopicArn") != self._topic:
            raise Forged(f"This message is of the SNS topic {message.get('TopicArn')!r}, not of SES_WEBHOOK_SECRET.")
        _check_time(message, now)
        certificate = self._certificate(message.get("SigningCertURL", ""))
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise Forged("The certificate of this SNS message is out of date.")
        _check_signature(message, certificate)
        return message

    def _certificate(self, url: str) -> x509.Certificate:
        if not is_address_of_sns(url) or not urlsplit(url).path.endswith(".pem") or "?" in url:
            raise Forged(f"The certificate of this message is not at an address of SNS: {url[:200]!r}.")
        with self._lock:
            found = self._certificates.get(url)
        if found is None:
            found = self._fetched(url)
            with self._lock:
                while len(self._certificates) >= MOST_CERTIFICATES:
                    self._certificates.pop(next(iter(self._certificates)))
                self._certificates[url] = found
        return found

    def _fetched(self, url: str) -> x509.Certificate:
        answer = self._caller.get(url)
        if answer.status_code >= 500 or answer.status_code == 429:  # noqa: PLR2004
            raise NotTaken(f"SNS answered {answer.status_code} when asked for its certificate: try again later.")
        if answer.status_code != 200 or len(answer.content) > CERTIFICATE_BYTES:  # noqa: PLR2004
            raise Forged(f"There is no certificate of SNS at {url}.")
        try:
            return x509.load_pem_x509_certificate(answer.content)
        except ValueError as error:
            raise Forged(f"What is at {url} is no certificate.") from error


def is_address_of_sns(url: str) -> bool:
    """Return whether a URL is https at a host of SNS, with nothing in it to mislead."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not re.search(r"[\s\\@#]", url)
    return plain and parts.scheme == "https" and port is None and bool(_HOST.fullmatch(parts.netloc))


def instant(text: Any, otherwise: datetime) -> datetime:
    """Return an ISO 8601 time as AWS writes it, in UTC; ``otherwise`` where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return otherwise
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _parsed(body: bytes) -> Message:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Forged("This is no SNS message: it is no JSON.") from error
    if not isinstance(message, dict) or str(message.get("Type")) not in _SIGNED:
        raise Forged("This is no SNS message: turn raw message delivery off, so that messages are signed.")
    return {name: value for name, value in message.items() if isinstance(value, str)}


def _check_time(message: Message, now: datetime) -> None:
    at = instant(message.get("Timestamp"), datetime.min.replace(tzinfo=UTC))
    if not now - OLDEST <= at <= now + EARLIEST:
        raise Forged(f"This SNS message is of {message.get('Timestamp')!r}: too old to be believed, or not yet.")


def _check_signature(message: Message, certificate: x509.Certificate) -> None:
    key, made_by = certificate.public_key(), _HASHES.get(message.get("SignatureVersion", ""))
    if made_by is None or not isinstance(key, rsa.RSAPublicKey):
        raise Forged("This SNS message is signed in a way that we do not know: SignatureVersion must be 1 or 2.")
    try:
        signature = b64decode(message.get("Signature", ""), validate=True)
        key.verify(signature, string_to_sign(message), padding.PKCS1v15(), made_by())
    except (InvalidSignature, NoBase64, ValueError) as error:
        raise Forged("The signature of this SNS message is wrong.") from error


def string_to_sign(message: Message) -> bytes:
    """Return what SNS signed: names and values, each on a line; Subject only where there is one."""
    return "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[message["Type"]] if name in message).encode()
