"""The one guarded fetch of addresses that others gave us: feeds, pages, pictures, certificates, and alerts to post to.

It refuses private addresses after the name was resolved and connects to exactly the address that was checked, at
each redirect anew; size, time and redirects are bounded. httpcore is used below httpx because only there can the
connection be pinned and each single read be given what is left of the time.
"""

import ipaddress
import json
import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urljoin, urlsplit

import httpcore

from digest.errors import BadInput

USER_AGENT = "digest-mailer/26.1 (feed reader of a newsletter)"
Resolver = Callable[[str, int], list[str]]
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits
PERMANENT = frozenset({301, 308})
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
LOGIN = re.compile(r"(?<=//)[^/@\s]*@")
SECRETS = re.compile(
    r"(?<=[?&])(?P<name>(?:api|access|auth)?[-_]?(?:key|token)|secret|pass(?:word)?|auth|sig(?:nature)?)=[^&#\s]+",
    re.IGNORECASE,
)
MASK = "***"
NETWORK_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError, OSError)


@dataclass(frozen=True)
class Fetched:
    """What an address gave: ``url`` after redirects, the status, headers by lower-case name, the body unpacked.

    ``redirects``: the statuses of the redirects on the way, in order.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: tuple[int, ...] = ()

    @property
    def content_type(self) -> str:
        """Return the type of the body, lower case, without parameters; "" where none is given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def moved_for_good(self) -> bool:
        """Tell whether every redirect on the way was a permanent one, and there was any."""
        return bool(self.redirects) and PERMANENT.issuperset(self.redirects)


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, by the system's resolver. Raises BadInput where there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadInput(f"there is no host {host!r}") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches addresses within bounds. Build one and keep it; it holds no connection between calls.

    ``allow_private``: also private and loopback addresses. Times in seconds: ``total`` bounds all of a call with its
    redirects, ``step`` each connect and each wait for bytes. ``max_bytes``: of a body, packed and unpacked.
    """

    allow_private: bool = False
    total: float = 30.0
    step: float = 10.0
    max_bytes: int = 5_000_000
    max_redirects: int = 5
    user_agent: str = USER_AGENT
    resolver: Resolver = resolve
    public: Callable[[str], bool] = is_public
    tls: ssl.SSLContext | None = None  # whose certificates are trusted; default: the usual authorities
    elapsed: Callable[[], float] = time.monotonic

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetch an address; any status but a redirect is an answer. Raises BadInput with a sentence."""
        return self._followed("GET", url, headers or {})

    def head(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """Ask what an address would answer, without its body; else as ``get``. Not every server says the truth."""
        return self._followed("HEAD", url, headers or {})

    def _followed(self, method: str, url: str, headers: Mapping[str, str]) -> Fetched:
        deadline = self.elapsed() + self.total
        here = url
        passed: tuple[int, ...] = ()
        for _ in range(self.max_redirects + 1):
            fetched = self._one(here, deadline, headers, method=method)
            target = fetched.headers.get("location")
            if fetched.status not in REDIRECTS or not target:
                return replace(fetched, redirects=passed)
            passed = (*passed, fetched.status)
            here = _joined(here, target)
        raise BadInput(f"{shown(url)} could not be fetched: it redirects more than {self.max_redirects} times.")

    def post_json(self, url: str, payload: Mapping[str, Any]) -> Fetched:
        """Post a message as JSON, within the same bounds; a redirect is an answer, and is not followed.

        Raises BadInput with a sentence where no answer came. It is not tried again: who posts knows what that means.
        """
        headers = {"content-type": "application/json"}
        return self._one(url, self.elapsed() + self.total, headers, json.dumps(payload).encode())

    def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Fetched:
        """Post a form, as ``post_json`` does a message."""
        sent = {"content-type": "application/x-www-form-urlencoded"} | dict(headers or {})
        return self._one(url, self.elapsed() + self.total, sent, urlencode(fields).encode())

    def _one(
        self, url: str, deadline: float, headers: Mapping[str, str], content: bytes | None = None, method: str = "POST"
    ) -> Fetched:
        try:
            return self._asked(url, deadline, headers, content, method)
        except httpcore.TimeoutException as error:
            raise BadInput(f"{shown(url)} could not be fetched: it took too long to answer.") from error
        except NETWORK_ERRORS as error:
            reason = str(error).rstrip(".") or "the connection broke"
            raise BadInput(f"{shown(url)} could not be fetched: {reason}.") from error
        except BadInput as error:
            raise BadInput(f"{shown(url)} could not be fetched: {str(error).rstrip('.')}.") from error

    def _asked(
        self, url: str, deadline: float, headers: Mapping[str, str], content: bytes | None, method: str
    ) -> Fetched:
        address = _request_url(url)
        sent = {"user-agent": self.user_agent, "accept": "*/*", "accept-encoding": "gzip, deflate"} | dict(headers)
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self.step)
        backend = _Guard(self, deadline)
        if content is not None:
            sent["content-length"] = str(len(content))
        asked: dict[str, Any] = {"headers": list(sent.items()), "content": content, "extensions": {"timeout": timeout}}
        with (
            httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend) as pool,
            pool.stream(method, address, **asked) as answer,
        ):
            got = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in answer.headers}
            follow = answer.status in REDIRECTS and "location" in got
            body = b"" if follow or method == "HEAD" else self._body(answer.iter_stream(), got)
            return Fetched(url, answer.status, got, body)

    def _body(self, chunks: Iterable[bytes], headers: Mapping[str, str]) -> bytes:
        if headers.get("content-length", "").isdecimal() and int(headers["content-length"]) > self.max_bytes:
            raise self._too_large()
        unpacked = bytearray()
        packed = 0
        unpacker = _unpacker(headers.get("content-encoding", "").strip().lower())
        for chunk in chunks:
            packed += len(chunk)
            unpacked += unpacker(chunk, self.max_bytes + 1 - len(unpacked))
            if max(packed, len(unpacked)) > self.max_bytes:
                raise self._too_large()
        unpacker.finish(packed)
        return bytes(unpacked)

    def _too_large(self) -> BadInput:
        return BadInput(f"it is larger than {self.max_bytes:,} bytes")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self.tls or httpcore.default_ssl_context()


def shown(url: str) -> str:
    """Return an address as it may be printed: short, and without a password or a key."""
    bare = masked(UNPRINTABLE.sub("", url))
    return bare if len(bare) <= 200 else bare[:199] + "…"  # noqa: PLR2004 - a line of a terminal


def masked(text: str) -> str:
    """Return a text with the passwords and keys of all addresses in it masked."""
    return SECRETS.sub(rf"\g<name>={MASK}", LOGIN.sub("", text))


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise BadInput(f"{shown(url)} could not be fetched: it redirects to what is no address ({error}).") from error


def _request_url(url: str) -> str:
    try:
        parts = urlsplit(UNPRINTABLE.sub(lambda match: quote(match.group()), url.strip()))
        port = parts.port
    except ValueError as error:
        raise BadInput(f"it is no address ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput("only http:// and https:// addresses are fetched")
    if parts.username is not None:
        raise BadInput("an address with a login in it is not fetched")
    return _ascii(parts, port)


def _ascii(parts: SplitResult, port: int | None) -> str:
    name = parts.hostname or ""
    try:
        host = f"[{name}]" if ":" in name else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise BadInput(f"{name!r} is no host name") from error
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=-._~?[]")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}{f'?{query}' if query else ''}"


class _Plain:
    """A body that is not packed."""

    def __call__(self, chunk: bytes, most: int) -> bytes:  # noqa: ARG002 - as _Packed
        return chunk

    def finish(self, packed: int) -> None:
        """Be content with any end: the length is httpcore's to check."""


class _Packed:
    """A packed body, unpacked piece by piece, never to more than is asked for."""

    WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # noqa: RUF012 - zlib: 31 gzip; 47 zlib or gzip by its head

    def __init__(self, encoding: str) -> None:
        self._inner = zlib.decompressobj(wbits=self.WINDOWS[encoding])

    def __call__(self, chunk: bytes, most: int) -> bytes:
        try:
            return self._inner.decompress(chunk, max(1, most))
        except zlib.error as error:
            raise BadInput("its body is packed wrongly") from error

    def finish(self, packed: int) -> None:
        """Raise BadInput where the end is missing."""
        if packed and not self._inner.eof:
            raise BadInput("its packed body ends too early")


def _unpacker(encoding: str) -> _Plain | _Packed:
    if encoding in ("", "identity"):
        return _Plain()
    if encoding not in _Packed.WINDOWS:
        raise BadInput(f"its body is packed as {encoding[:40]!r}, which was not asked for")
    return _Packed(encoding)


class _Guard(httpcore.NetworkBackend):
    """Opens connections to addresses that were checked, and to nothing else."""

    def __init__(self, fetcher: Fetcher, deadline: float) -> None:
        self._fetcher = fetcher
        self._left = lambda: deadline - fetcher.elapsed()
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve a host, check every address of it, and connect to the first that answers."""
        addresses = self._checked(host, port)
        failed: Exception = httpcore.ConnectError(f"{host} cannot be reached")
        for address in addresses:
            try:
                stream = self._inner.connect_tcp(
                    address, port, _at_most(timeout, self._left), local_address, socket_options
                )
                return _Bounded(stream, self._left)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _checked(self, host: str, port: int) -> list[str]:
        addresses = self._fetcher.resolver(host.strip("[]"), port)
        if not addresses:
            raise BadInput(f"there is no host {host!r}")
        inner = [] if self._fetcher.allow_private else [one for one in addresses if not self._fetcher.public(one)]
        if inner:
            raise BadInput(
                f"{host} leads to {inner[0]}, an address inside this network; "
                "set FETCH_PRIVATE_ADDRESSES if that is meant"
            )
        return addresses


class _Bounded(httpcore.NetworkStream):
    """A connection whose every wait is cut to what is left of the whole time, against servers that drip."""

    def __init__(self, inner: httpcore.NetworkStream, left: Callable[[], float]) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what comes, within the time left."""
        return self._inner.read(max_bytes, _at_most(timeout, self._left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write a request, within the time left."""
        self._inner.write(buffer, _at_most(timeout, self._left))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on in TLS, checked against the host's name and not its address."""
        inner = self._inner.start_tls(ssl_context, server_hostname, _at_most(timeout, self._left))
        return _Bounded(inner, self._left)

    def get_extra_info(self, info: str) -> Any:
        """Tell about the connection below."""
        return self._inner.get_extra_info(info)


def _at_most(timeout: float | None, left: Callable[[], float]) -> float:
    rest = left()
    if rest <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return rest if timeout is None else min(timeout, rest)
