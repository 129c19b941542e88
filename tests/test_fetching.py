"""The guarded fetch: what it refuses, what it bounds, and that it connects to the very address it checked."""

import gzip
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from digest.errors import BadInput
from digest.fetching import Fetcher, is_public, resolve, shown

# Of this test alone, for the made-up host secure.test; valid from 2020 to 2120.
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgc3gJ/Z/aGIcYgOpE
T2GnmbQ0qd/ZecH/mxLdfHQzYuehRANCAATCj6aFXdrEeXjAEokHJDDRoXOo07nJ
CohlfTHpHdCFtQi61PZhppm670dbcy0w5JcAYFvc8N3soBkNimzeMMCe
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBZzCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAWMRQwEgYDVQQDDAtzZWN1cmUu
dGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFjEUMBIGA1UE
AwwLc2VjdXJlLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATCj6aFXdrE
eXjAEokHJDDRoXOo07nJCohlfTHpHdCFtQi61PZhppm670dbcy0w5JcAYFvc8N3s
oBkNimzeMMCeo0owSDAPBgNVHRMBAf8EBTADAQH/MBYGA1UdEQQPMA2CC3NlY3Vy
ZS50ZXN0MB0GA1UdDgQWBBRQWPiHGajWZEJOcZFgM1CwDeIenTAKBggqhkjOPQQD
AgNIADBFAiEAw2S0Qyt8TKR4s33Rb65LY1Aozzw6MCelOOxzhMP6WrQCICSiVgTG
I8qMhglM3zajeeuRMlrVQSb4XZhXye5M3iXS
-----END CERTIFICATE-----
"""


class Site(BaseHTTPRequestHandler):
    """A small site with the answers a hostile or clumsy server may give."""

    protocol_version = "HTTP/1.1"
    seen: list[dict[str, str]] = []  # noqa: RUF012 - filled anew by each test's server

    def do_GET(self):
        """Answer by path."""
        self.seen.append(dict(self.headers.items()) | {"path": self.path})
        name = self.path.strip("/").split("?")[0].split("/")[0] or "plain"
        getattr(self, f"_{name}", self._plain)()

    def log_message(self, format, *args):  # noqa: A002 - the signature is the library's
        """Keep quiet."""

    def _answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _plain(self):
        self._answer(b"hello", Content_Type="Text/Plain; charset=utf-8", Set_Cookie="a=b")

    def _missing(self):
        self._answer(b"gone", 404)

    def _unchanged(self):
        self._answer(b"", 304)

    def _large(self):
        self._answer(b"x" * 3_000)

    def _unsized(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"x" * 3_000)
        self.close_connection = True

    def _packed(self):
        self._answer(gzip.compress(b"hello"), Content_Encoding="gzip")

    def _deflated(self):
        self._answer(zlib.compress(b"hello"), Content_Encoding="deflate")

    def _bomb(self):
        self._answer(gzip.compress(b"0" * 20_000_000), Content_Encoding="gzip")

    def _wrongly(self):
        self._answer(b"hello", Content_Encoding="gzip")

    def _cut(self):
        self._answer(gzip.compress(bytes(range(256)) * 4)[:-12], Content_Encoding="gzip")

    def _brotli(self):
        self._answer(b"hello", Content_Encoding="br")

    def _once(self):
        self._answer(b"", 302, Location="/plain")

    def _nowhere(self):
        self._answer(b"no target", 302)

    def _loop(self):
        self._answer(b"", 301, Location="/loop")

    def _inside(self):
        self._answer(b"", 307, Location="http://inside.test/secret")

    def _file(self):
        self._answer(b"", 302, Location="file:///etc/passwd")

    def _drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self._drop_by_drop(b"x")

    def _headerdrip(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        self._drop_by_drop(b"y")

    def _drop_by_drop(self, drop: bytes) -> None:
        self.close_connection = True
        try:
            for _ in range(100):
                self.wfile.write(drop)
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    def _broken(self):
        self.close_connection = True
        self.wfile.write(b"nonsense\r\n\r\n")


class Server(ThreadingHTTPServer):
    """A server that keeps quiet about handshakes that are refused, since that is what is tested."""

    def handle_error(self, request, client_address):
        """Say nothing."""


@contextmanager
def _serving(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    Site.seen = []
    server = Server(("127.0.0.1", 0), Site)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def port() -> Iterator[int]:
    """Serve the site on loopback; yields its port."""
    with _serving() as number:
        yield number


@pytest.fixture
def fetcher() -> Fetcher:
    """Return a fetcher for which the site on loopback, called outside.test, is on the open internet."""
    names = {"outside.test": ["127.0.0.1"], "inside.test": ["10.0.0.7"], "both.test": ["127.0.0.1", "10.0.0.7"]}
    return Fetcher(
        resolver=lambda host, _port: names.get(host, []),
        public=lambda address: address == "127.0.0.1" or is_public(address),
        total=5,
        step=2,
        max_bytes=2_000,
    )


def test_an_address_is_fetched_with_its_name_and_type(port, fetcher):
    """The body comes with status and headers; the server is asked by its name, politely, and without a referrer."""
    answer = fetcher.get(f"http://outside.test:{port}/plain?a=b c", {"if-none-match": "x"})
    assert (answer.status, answer.body, answer.content_type) == (200, b"hello", "text/plain")
    assert answer.url == f"http://outside.test:{port}/plain?a=b c"
    asked = Site.seen[0]
    assert asked["Host"] == f"outside.test:{port}"
    assert asked["path"] == "/plain?a=b%20c"
    assert asked["user-agent"].startswith("digest-mailer")
    assert asked["if-none-match"] == "x"


def test_any_status_but_a_redirect_is_an_answer(port, fetcher):
    """404 and 304 are for the caller to judge; so is a redirect without a target."""
    assert fetcher.get(f"http://outside.test:{port}/missing").status == 404
    assert fetcher.get(f"http://outside.test:{port}/unchanged").status == 304
    assert fetcher.get(f"http://outside.test:{port}/nowhere").body == b"no target"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://[::1]/", "http://[::ffff:127.0.0.1]/"],
)
def test_loopback_is_refused_however_it_is_written(url):
    """By default no form of the machine's own address is fetched, and the sentence names the setting."""
    with pytest.raises(BadInput, match=r"inside this network.*FETCH_PRIVATE_ADDRESSES"):
        Fetcher().get(url)


def test_private_addresses_can_be_allowed(port):
    """The setting opens them, for feeds on the newsroom's own network."""
    assert Fetcher(allow_private=True).get(f"http://127.0.0.1:{port}/plain").body == b"hello"


def test_one_private_address_among_public_ones_is_enough_to_refuse(port, fetcher):
    """A name that leads to both is a trap."""
    with pytest.raises(BadInput, match=r"10.0.0.7"):
        fetcher.get(f"http://both.test:{port}/plain")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),  # noqa: S104 - it is looked at, nothing is bound
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("240.0.0.1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address, public):
    """Private, shared, local, multicast and reserved ones are not, nor what wraps one of them."""
    assert is_public(address) is public


def test_a_redirect_is_followed_and_checked_anew(port, fetcher):
    """A redirect within the site works; one to an address inside, or to a file, is refused."""
    answer = fetcher.get(f"http://outside.test:{port}/once")
    assert (answer.url, answer.body) == (f"http://outside.test:{port}/plain", b"hello")
    with pytest.raises(BadInput, match=r"inside.test/secret could not be fetched.*inside this network"):
        fetcher.get(f"http://outside.test:{port}/inside")
    with pytest.raises(BadInput, match="only http"):
        fetcher.get(f"http://outside.test:{port}/file")


def test_redirects_are_counted(port, fetcher):
    """A circle ends after five, with a sentence."""
    with pytest.raises(BadInput, match="redirects more than 5 times"):
        fetcher.get(f"http://outside.test:{port}/loop")
    assert len(Site.seen) == 6


def test_a_name_that_changes_its_address_cannot_slip_in(port):
    """The checked address is connected to, not what the name leads to a moment later (DNS rebinding)."""
    answers = iter([["127.0.0.1"], ["10.0.0.7"]])
    fetcher = Fetcher(resolver=lambda *_: next(answers), public=lambda address: address == "127.0.0.1", step=2)
    assert fetcher.get(f"http://outside.test:{port}/plain").body == b"hello"
    assert next(answers) == ["10.0.0.7"]  # asked once


def test_the_next_address_is_tried_where_one_does_not_answer(port, free_port):
    """A name with several addresses is reached by any of them; none of them gives a sentence."""
    fetcher = Fetcher(resolver=lambda *_: ["::1", "127.0.0.1"], allow_private=True, step=2)
    assert fetcher.get(f"http://outside.test:{port}/plain").body == b"hello"
    with pytest.raises(BadInput, match="could not be fetched"):
        fetcher.get(f"http://outside.test:{free_port}/plain")


@pytest.mark.parametrize("path", ["large", "unsized", "bomb"])
def test_a_body_is_bounded_packed_and_unpacked(port, fetcher, path):
    """Too much is not read, whether its size is announced, kept silent, or hidden in a packed body."""
    with pytest.raises(BadInput, match="larger than 2,000 bytes"):
        fetcher.get(f"http://outside.test:{port}/{path}")


def test_packed_bodies_are_unpacked(port, fetcher):
    """Gzip and deflate are; a wrongly packed one, and a packing nobody asked for, give a sentence."""
    assert fetcher.get(f"http://outside.test:{port}/packed").body == b"hello"
    assert fetcher.get(f"http://outside.test:{port}/deflated").body == b"hello"
    for path, sentence in {"wrongly": "packed wrongly", "brotli": "not asked for", "cut": "ends too early"}.items():
        with pytest.raises(BadInput, match=sentence):
            fetcher.get(f"http://outside.test:{port}/{path}")


@pytest.mark.parametrize("path", ["drip", "headerdrip"])
def test_a_server_that_drips_does_not_hold_us(port, fetcher, path):
    """Each wait is short, and still the whole is bounded, in the body and in the headers."""
    slow = Fetcher(resolver=fetcher.resolver, public=fetcher.public, total=0.5, step=0.3)
    started = time.monotonic()
    with pytest.raises(BadInput, match="took too long"):
        slow.get(f"http://outside.test:{port}/{path}")
    assert time.monotonic() - started < 2


def test_nonsense_from_a_server_is_a_sentence(port, fetcher):
    """What is no HTTP raises BadInput, and so does a name nobody knows."""
    with pytest.raises(BadInput, match=r"outside.test.* could not be fetched: .+\.$"):
        fetcher.get(f"http://outside.test:{port}/broken")
    with pytest.raises(BadInput, match=r"there is no host 'nobody.test'"):
        fetcher.get("http://nobody.test/")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://outside.test/a", "only http"),
        ("outside.test/a", "only http"),
        ("http:///a", "only http"),
        ("http://[::1/a", "no address"),
        ("http://outside.test:99999/a", "no address"),
        ("http://name:secret@outside.test/a", "login"),
        ("http://a..b/", "no host"),
        ("http://" + "a" * 70 + "é.test/", "no host name"),
    ],
)
def test_an_address_that_cannot_be_fetched_is_a_sentence(url, sentence, fetcher):
    """Other schemes, logins and broken addresses are refused; a password is never repeated."""
    with pytest.raises(BadInput, match=sentence) as caught:
        fetcher.get(url)
    assert "secret" not in str(caught.value)


def test_international_names_and_paths_are_encoded(port):
    """A name in another script is asked for in ASCII, a path percent-encoded, once."""
    asked = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    Fetcher(resolver=resolver, allow_private=True).get(f"http://новости.test:{port}/путь/a%20b")
    assert asked == ["xn--b1amnebsh.test"]
    assert Site.seen[0]["path"] == "/%D0%BF%D1%83%D1%82%D1%8C/a%20b"


def test_a_printed_address_is_short_and_without_a_password():
    """What stands in messages cannot leak a login or flood a log."""
    assert shown("https://name:secret@example.org/a") == "https://example.org/a"
    assert len(shown("https://example.org/" + "a" * 500)) == 200


def test_the_system_resolver_is_asked_by_default():
    """Loopback resolves; a name that cannot exist is a sentence."""
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]
    with pytest.raises(BadInput, match="no host"):
        resolve("a" * 300, 80)


def test_https_is_checked_against_the_name_and_not_the_address(tmp_path: Path):
    """Pinned to an address, the certificate must still be the name's and trusted; else it is refused."""
    (tmp_path / "pem").write_text(KEY + CERTIFICATE, encoding="ascii")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(tmp_path / "pem")
    trusting = ssl.create_default_context(cadata=CERTIFICATE)
    with _serving(server_side) as port:
        fetcher = Fetcher(resolver=lambda *_: ["127.0.0.1"], allow_private=True, tls=trusting)
        assert fetcher.get(f"https://secure.test:{port}/plain").body == b"hello"
        with pytest.raises(BadInput, match="certificate"):
            fetcher.get(f"https://other.test:{port}/plain")
        with pytest.raises(BadInput, match="certificate"):
            Fetcher(resolver=lambda *_: ["127.0.0.1"], allow_private=True).get(f"https://secure.test:{port}/plain")


def test_a_closed_port_is_a_sentence(free_port):
    """Nobody there: the address could not be fetched."""
    with pytest.raises(BadInput, match=f"http://127.0.0.1:{free_port}/ could not be fetched"):
        Fetcher(allow_private=True).get(f"http://127.0.0.1:{free_port}/")


def test_time_that_is_over_before_the_connection_is_a_sentence():
    """A slow resolver eats the whole time; no connection is opened after it."""
    moments = iter([0.0, 40.0, 40.0, 40.0])
    slow = Fetcher(resolver=lambda *_: ["127.0.0.1"], allow_private=True, elapsed=lambda: next(moments))
    with pytest.raises(BadInput, match="too long"):
        slow.get("http://outside.test/")
