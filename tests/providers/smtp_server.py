"""A relay on loopback, as strict as a real one: the order of commands, line ends, lengths, STARTTLS, and login.

What it answers, or when it hangs up, can be told beforehand. Rules: RFC 5321, 3207, 4954, 6152, 1870 and 3461.
"""

import ipaddress
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from digest.clock import SystemClock

USER, PASSWORD = "digest", "pa ss:w@rd/%"
HANG_UP = "HANG UP"  # as an answer: no answer, and the connection ends
LONGEST_LINE = 1000  # with its CR LF
KEYWORDS = ("PIPELINING", "SIZE 10240000", "8BITMIME", "DSN", "ENHANCEDSTATUSCODES")

Script = Callable[[str, str], str | None]  # (verb, its line) -> an answer instead of the usual one


@dataclass(frozen=True, slots=True)
class Mail:
    """What was taken."""

    sender: str
    options: tuple[str, ...]
    to: str
    data: bytes


@dataclass
class Relay:
    """The relay and its memory."""

    port: int = 0
    script: Script = lambda _verb, _line: None
    keywords: tuple[str, ...] = KEYWORDS
    tls: bool = False  # offers STARTTLS, and wants it
    wants_login: bool = False
    implicit: bool = False
    mails: list[Mail] = field(default_factory=list)
    connections: int = 0
    heard: list[str] = field(default_factory=list)

    @property
    def reached(self) -> list[str]:
        """Return the addresses it took mails for."""
        return [mail.to for mail in self.mails]

    def url(self, login: str = "") -> str:
        """Return its address for an account."""
        scheme = "smtps" if self.implicit else "smtp"
        return f"{scheme}://{login}127.0.0.1:{self.port}" + ("" if self.tls or self.implicit else "?starttls=never")


class _Session(StreamRequestHandler):
    """One connection."""

    relay: Relay
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Begin with TLS where that is asked for."""
        if self.relay.implicit:
            self.request = server_tls().wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
            with suppress(OSError):
                self.request.do_handshake()
        super().setup()

    def finish(self) -> None:
        """Close what became secret, too."""
        with suppress(OSError):
            super().finish()
        self.request.close()

    def handle(self) -> None:
        """Speak until the other side has enough."""
        self.relay.connections += 1
        self.secret, self.known = self.relay.implicit, False
        self.sender: tuple[str, tuple[str, ...]] | None = None
        self.to = ""
        with suppress(OSError, EOFError):
            self._send(self.relay.script("CONNECT", "") or "220 relay.example.org ESMTP")
            while self._one():
                pass

    def _one(self) -> bool:
        verb, space, rest = self._line().partition(" ")
        verb = verb.upper()
        line = verb + space + rest
        self.relay.heard.append(line)
        self.said = None if verb == "DATA" else self.relay.script(verb, line)
        answer = getattr(self, f"_on_{verb.lower()}", lambda _rest: "502 5.5.2 Error: command not recognized")(rest)
        if answer is not None:
            self._send(self.said or answer)
        return verb != "QUIT"

    def _line(self) -> str:
        raw: bytes = self.rfile.readline(LONGEST_LINE + 1)
        if not raw.endswith(b"\r\n"):
            raise EOFError
        return raw.decode("ascii").removesuffix("\r\n")

    def _send(self, answer: str) -> None:
        """Answer, or hang up."""
        if answer == HANG_UP:
            raise EOFError
        self.wfile.write("".join(f"{one}\r\n" for one in answer.split("\r\n")).encode())
        if answer.startswith("421"):
            raise EOFError

    def _on_ehlo(self, _rest: str) -> str:
        words = ["relay.example.org", *self.relay.keywords]
        words += ["STARTTLS"] if self.relay.tls and not self.secret else []
        words += ["AUTH PLAIN LOGIN"] if self.relay.wants_login and (self.secret or not self.relay.tls) else []
        return "\r\n".join([*(f"250-{word}" for word in words[:-1]), f"250 {words[-1]}"])

    def _on_starttls(self, _rest: str) -> None:
        self._send("220 2.0.0 Ready to start TLS")
        self.request = server_tls().wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
        self.secret = True

    def _on_auth(self, rest: str) -> str:
        kind, _, given = rest.partition(" ")
        if kind == "LOGIN":
            self._send("334 UGFzc3dvcmQ6")
            self.known = (b64decode(given).decode(), b64decode(self._line()).decode()) == (USER, PASSWORD)
        else:
            self.known = b64decode(given).decode() == f"\0{USER}\0{PASSWORD}"
        return "235 2.7.0 Authentication successful" if self.known else "535 5.7.8 Error: authentication failed"

    def _on_mail(self, rest: str) -> str:
        if self.relay.tls and not self.secret:
            return "530 5.7.0 Must issue a STARTTLS command first"
        if self.relay.wants_login and not self.known:
            return "530 5.7.0 Authentication required"
        if self.sender:
            return "503 5.5.1 Error: nested MAIL command"
        address, *options = rest.removeprefix("FROM:<").split(" ")
        allowed = {word.partition(" ")[0] for word in self.relay.keywords}
        needs = {"BODY": "8BITMIME", "SIZE": "SIZE", "RET": "DSN", "ENVID": "DSN"}
        if not rest.startswith("FROM:<") or any(needs[one.partition("=")[0]] not in allowed for one in options):
            return "555 5.5.4 Unsupported option"
        self.sender = (address.removesuffix(">"), tuple(options))
        return "250 2.1.0 Ok"

    def _on_rcpt(self, rest: str) -> str:
        if not self.sender or self.to:
            return "503 5.5.1 Error: need MAIL command"
        self.to = "" if self.said else rest.removeprefix("TO:<").partition(">")[0]
        return "250 2.1.5 Ok"

    def _on_data(self, _rest: str) -> None:
        said = self.relay.script("DATA", self.to) if self.to else "554 5.5.1 Error: no valid recipients"
        if said:
            self._send(said)
            return
        self._send("354 End data with <CR><LF>.<CR><LF>")
        data = self._data()
        assert self.sender
        mail = Mail(self.sender[0], self.sender[1], self.to, data)
        said = self.relay.script("DOT", self.to) or ""
        if not said.startswith(("4", "5")):
            self.relay.mails.append(mail)
        self.sender, self.to = None, ""
        self._send(said or f"250 2.0.0 Ok: queued as 4Q{len(self.relay.mails)}")

    def _data(self) -> bytes:
        eight_bit = "8BITMIME" in self.relay.keywords
        lines = []
        while (raw := self.rfile.readline(LONGEST_LINE + 1)) != b".\r\n":
            assert not raw or raw.endswith(b"\r\n"), f"a bare line end, or a line too long: {raw!r}"
            assert eight_bit or raw.isascii(), f"8 bits, though not offered: {raw!r}"
            if not raw or self.relay.script("LINE", raw.decode("latin-1")) == HANG_UP:
                raise EOFError
            lines.append(raw[1:] if raw.startswith(b".") else raw)
        return b"".join(lines)

    def _on_rset(self, _rest: str) -> str:
        self.sender, self.to = None, ""
        return "250 2.0.0 Ok"

    def _on_noop(self, _rest: str) -> str:
        return "250 2.0.0 Ok"

    def _on_quit(self, _rest: str) -> str:
        return "221 2.0.0 Bye"


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = True


@contextmanager
def serving(**given: object) -> Iterator[Relay]:
    """Run a relay on a free port of 127.0.0.1."""
    relay = Relay(**given)  # type: ignore[arg-type]
    handler = type("Session", (_Session,), {"relay": relay})
    with _Server(("127.0.0.1", 0), handler) as server:
        relay.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield relay
        finally:
            server.shutdown()
            thread.join()


def after(seconds: float, answer: str) -> str:
    """Return an answer after a while."""
    time.sleep(seconds)
    return answer


@cache
def _certificate() -> tuple[bytes, bytes]:
    """Return a key and its certificate for 127.0.0.1, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example.org")])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(pem)


@cache
def server_tls() -> ssl.SSLContext:
    """Return the relay's own side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        file.write_bytes(b"".join(_certificate()))
        context.load_cert_chain(file)
    return context


def client_tls() -> ssl.SSLContext:
    """Return the side of somebody who trusts the relay."""
    return ssl.create_default_context(cadata=_certificate()[1].decode())
