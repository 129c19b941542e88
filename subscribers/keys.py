"""The signing keys: tokens for links in mails, and the keyed hash that an address is known by.

A token is ``base64url(head + subscriber + mac + version)``. The head says which key signed it and until when it
holds, and carries family and reference; the purpose is not carried, but signed: a token for one purpose is nothing for
another.

Two versions are in mails, and both are read for good. Version 1: HMAC-SHA256. Version 2, for the readers of an edition
by the thousand: keyed BLAKE2s (RFC 7693), which takes all that they share once and costs a third for each of them.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import b2a_base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2s, sha256
from typing import NamedTuple
from uuid import UUID

from subscribers.addresses import identity
from subscribers.errors import BadToken, Expired

MAC_BYTES = 16  # half of what SHA-256 and BLAKE2s give: RFC 2104 section 5 allows it; nobody guesses 128 bits
KEY_ID_BYTES = 2
STAMP_BYTES = KEY_ID_BYTES + 10  # a short MAC: the 80 bits that RFC 2104 section 5 asks for at least
ONE, TWO = b"\x01", b"\x02"  # a version, and the reason that a token always ends in a letter: mail programs that find
# links in plain text leave out a final "-" or "_" (GitHub Flavored Markdown 6.9 does)
LONGEST_TOKEN = 1000  # characters; more is no token of ours, and is not looked at
UNSUBSCRIBE = "unsubscribe"  # its tokens never expire: a mail may be opened after years
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EPOCH_BYTES = 5
_A_UUID = b"\xff"  # stands before the 16 bytes of a UUID, where a text has its length
_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648 section 5; six times faster than base64's own way


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token that was signed by us says."""

    purpose: str
    subscriber: str  # the subscriber's ref, or "-" where the link is nobody's own
    family: str
    reference: str
    expires: datetime | None


class _Key(NamedTuple):
    id: bytes
    secret: bytes


@dataclass(frozen=True)
class Keys:
    """The keys in force.

    ``secret`` signs. ``old`` ones still open the links of mails sent before a change of keys. ``address`` keys the
    hashes of addresses and is never changed: suppressions are kept under it.
    """

    secret: str = field(repr=False)
    old: tuple[str, ...] = field(default=(), repr=False)
    address: str = field(default="", repr=False)

    @cached_property
    def _keys(self) -> tuple[_Key, ...]:
        secrets = (text.encode() for text in (self.secret, *self.old))
        return tuple(_Key(sha256(b"key id " + secret).digest()[:KEY_ID_BYTES], secret) for secret in secrets)

    def sign(
        self, purpose: str, *, subscriber: str, family: str, reference: str = "", expires: datetime | None = None
    ) -> str:
        """Return a token of about 80 characters for a link. To sign for many readers take ``signer``."""
        body = self._head(purpose, family, reference, expires) + _packed(subscriber)
        token = body + _mac_one(self._keys[0].secret, _packed_text(purpose) + body) + ONE
        return urlsafe_b64encode(token).rstrip(b"=").decode()

    def signer(
        self, purpose: str, *, family: str, reference: str = "", expires: datetime | None = None
    ) -> Callable[[Iterable[bytes]], list[str]]:
        """Return a function that signs for many subscribers at once, in about a microsecond each.

        It takes their refs, each as 16 bytes, and returns their tokens in the same order.
        """
        head = self._head(purpose, family, reference, expires) + _A_UUID
        begun = blake2s(_packed_text(purpose) + head, key=_key_two(self._keys[0].secret), digest_size=MAC_BYTES)
        length = len(head) + 16 + MAC_BYTES + len(TWO)
        fill = b"\0" * (-length % 3)  # base64 takes three bytes at a time: so all can be written in one go
        width, step = -(-length * 4 // 3), (length + len(fill)) // 3 * 4

        def token(ref: bytes) -> bytes:
            mac = begun.copy()
            mac.update(ref)
            return b"".join((head, ref, mac.digest(), TWO, fill))

        def sign(refs: Iterable[bytes]) -> list[str]:
            text = b2a_base64(b"".join(map(token, refs)), newline=False).translate(_URL_SAFE).decode()
            return [text[at : at + width] for at in range(0, len(text), step)]

        return sign

    def read(self, token: str, purpose: str, now: datetime) -> Claim:
        """Return what a token says. Raises BadToken with a sentence for the person who holds the link; Expired."""
        raw = _decoded(token)
        body, mac = raw[: -MAC_BYTES - 1], raw[-MAC_BYTES - 1 : -1]
        signed = _packed_text(purpose) + body
        made = _mac_two if raw.endswith(TWO) else _mac_one
        good = [
            hmac.compare_digest(made(key.secret, signed), mac) for key in self._keys if key.id == body[:KEY_ID_BYTES]
        ]
        if not any(good):
            raise BadToken("This link is not complete, or was not made by us. Open it again from the mail.")
        claim = _claim(purpose, body)
        if claim.expires is not None and now >= claim.expires:
            raise Expired("This link is out of date. Take the one in the newest mail.")
        return claim

    def _head(self, purpose: str, family: str, reference: str, expires: datetime | None) -> bytes:
        if expires is not None and purpose == UNSUBSCRIBE:
            raise ValueError("A link to unsubscribe never expires.")
        return self._keys[0].id + _packed_time(expires) + _packed(family) + _packed(reference)

    def stamp(self, purpose: str, message: bytes) -> bytes:
        """Return 12 bytes that only we can make of a message: for links that stand in a mail twenty times."""
        key = self._keys[0]
        return key.id + _short(key.secret, purpose, message)

    def is_stamp(self, stamp: bytes, purpose: str, message: bytes) -> bool:
        """Tell whether a stamp was made by us, by the key in force or an old one, of this message for this purpose."""
        good = [
            hmac.compare_digest(_short(key.secret, purpose, message), stamp[KEY_ID_BYTES:])
            for key in self._keys
            if key.id == stamp[:KEY_ID_BYTES]
        ]
        return any(good)

    def address_key(self, address: str) -> str:
        """Return the keyed hash (32 hex digits) that an address is known by, however it is written."""
        return self.key_of(identity(address))

    def key_of(self, identity: str) -> str:
        """Return the keyed hash of what ``addresses.identity`` returned."""
        return hmac.digest(self._address_key, identity.encode(), "sha256")[:16].hex()

    @cached_property
    def _address_key(self) -> bytes:
        return self.address.encode()


def _mac_one(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, "sha256")[:MAC_BYTES]


def _mac_two(secret: bytes, message: bytes) -> bytes:
    return blake2s(message, key=_key_two(secret), digest_size=MAC_BYTES).digest()


def _key_two(secret: bytes) -> bytes:
    """Return the key of version 2: BLAKE2s takes 32 bytes at most, and one key should not serve two algorithms."""
    return hmac.digest(secret, b"links, version 2", "sha256")


def _short(secret: bytes, purpose: str, message: bytes) -> bytes:
    """Return a MAC of 10 bytes; the purpose is set apart from those of tokens, which begin otherwise."""
    named = b"stamp" + _packed_text(purpose)
    return hmac.digest(secret, named + message, "sha256")[: STAMP_BYTES - KEY_ID_BYTES]


def _packed_text(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > 254:  # noqa: PLR2004 - 255 marks a UUID
        raise ValueError(f"{text[:20]!r}... is too long for a link.")
    return bytes((len(raw),)) + raw


def _packed(text: str) -> bytes:
    """Pack a text; one that is a UUID as its 16 bytes, since links should be short."""
    if _UUID.fullmatch(text) is None:
        return _packed_text(text)
    return _A_UUID + bytes.fromhex(text.replace("-", ""))


def _packed_time(moment: datetime | None) -> bytes:
    return (0 if moment is None else int(moment.timestamp())).to_bytes(_EPOCH_BYTES, "big")


def _decoded(token: str) -> bytes:
    """Return the bytes of a token; none where it was altered in a way that base64 would forgive."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        return b""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""
    exact = raw.endswith((ONE, TWO)) and urlsafe_b64encode(raw).rstrip(b"=").decode() == token
    return raw if exact else b""


def _claim(purpose: str, body: bytes) -> Claim:
    """Take apart what was found to be signed by us."""
    at = KEY_ID_BYTES + _EPOCH_BYTES
    seconds = int.from_bytes(body[KEY_ID_BYTES:at], "big")
    texts = []
    for _ in range(3):
        text, at = _unpacked(body, at)
        texts.append(text)
    family, reference, subscriber = texts
    return Claim(purpose, subscriber, family, reference, datetime.fromtimestamp(seconds, UTC) if seconds else None)


def _unpacked(body: bytes, at: int) -> tuple[str, int]:
    length = body[at]
    if length == 255:  # noqa: PLR2004
        return str(UUID(bytes=body[at + 1 : at + 17])), at + 17
    return body[at + 1 : at + 1 + length].decode(), at + 1 + length
