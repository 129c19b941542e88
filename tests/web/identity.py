"""A small identity provider on loopback, that can be told to answer wrongly."""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.conftest import NOW

CLIENT, SECRET = "digest desk", "s:cr&t"
RSA = RSAKey.import_key(rsa.generate_private_key(65_537, 2048), {"kid": "rsa", "use": "sig"})
EC = ECKey.import_key(ec.generate_private_key(ec.SECP256R1()), {"kid": "ec", "use": "sig"})
OTHER = RSAKey.import_key(rsa.generate_private_key(65_537, 2048), {"kid": "rsa", "use": "sig"})


@dataclass
class Provider:
    """What it says, and what it was asked. ``claims`` and ``found`` beat what it would say."""

    url: str = ""
    algorithm: str = "RS256"
    key: Any = field(default_factory=lambda: RSA)
    claims: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    token: str = ""  # instead of a signed one
    down: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)  # not redeemed yet -> what was asked
    redeemed: list[dict[str, str]] = field(default_factory=list)

    def authorise(self, door: str) -> str:
        """Let somebody in at the door that the browser was sent to; returns the query of the way back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(door).query).items()}
        assert door.startswith(f"{self.url}/authorize?")
        assert (asked["response_type"], asked["scope"], asked["client_id"]) == ("code", "openid email", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes) + len(self.redeemed)}"
        self.codes[code] = asked
        return f"code={code}&state={asked['state']}"

    def answer(self, path: str, form: dict[str, str], headers: Any) -> tuple[int, Any]:
        """Answer a request."""
        if self.down:
            return 503, "<h1>away</h1>"
        if path == "/.well-known/openid-configuration":
            ends = ("authorization_endpoint", "/authorize"), ("token_endpoint", "/token"), ("jwks_uri", "/keys")
            return 200, {"issuer": self.url} | {name: self.url + end for name, end in ends} | self.found
        if path == "/keys":
            strange = {"kty": "AKP", "kid": "new", "pub": "x"}
            return 200, {"keys": [strange, RSA.as_dict(private=False), EC.as_dict(private=False)]}
        if path == "/userinfo":
            assert headers["authorization"] == "Bearer access"
            return 200, self.userinfo
        return self._token(form, headers) if path == "/token" else (404, {})

    def _token(self, form: dict[str, str], headers: Any) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        basic = b64decode(headers.get("authorization", "").removeprefix("Basic ") or "").decode()
        known = basic == "digest+desk:s%3Acr%26t" or (form.get("client_id"), form.get("client_secret")) == (
            CLIENT,
            SECRET,
        )
        if asked is None or not known or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if _hash(form["code_verifier"]) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        self.redeemed.append(form)
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.token or self.signed(asked)}

    def signed(self, asked: dict[str, str]) -> str:
        """Return the ID token."""
        now = int(NOW.timestamp())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "007", "nonce": asked["nonce"], "iat": now, "exp": now + 300}
        claims |= {"email": "Anna@meridian.example", "email_verified": True} | self.claims
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": self.algorithm, "kid": self.key.kid}, kept, self.key)


def unsigned(claims: dict[str, Any]) -> str:
    """Return a token of the algorithm "none"."""
    parts = [urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in ({"alg": "none"}, claims)]
    return f"{'.'.join(parts)}."


def shared(claims: dict[str, Any]) -> str:
    """Return a token signed with our own secret as its key: whoever knows the client could make it."""
    return jwt.encode({"alg": "HS256", "kid": "rsa"}, claims, OctKey.import_key(SECRET * 8), ["HS256"])


def _hash(text: str) -> str:
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()


@contextmanager
def running() -> Iterator[Provider]:
    """Run one on a free port."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._say({name: values[0] for name, values in parse_qs(body).items()})

        def _say(self, form: dict[str, str]) -> None:
            status, said = provider.answer(self.path.partition("?")[0], form, self.headers)
            raw = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_given: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield provider
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()
