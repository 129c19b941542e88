"""OpenID Connect, as one who relies on it: where to send somebody who signs in, and whom the answer names.

Authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE (RFC 7636), state and nonce. ID tokens are
verified by joserfc with the keys of the provider's JWKS; of its algorithms only those with a public key are taken.
"""

import hmac
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from digest.errors import BadInput, DigestError, Refused
from digest.fetching import Fetched, Fetcher
from digest.settings import Settings, is_safe

PURPOSE: Final = "openid"  # of the token in the cookie
CALLBACK: Final = "/desk/openid/callback"
DISCOVERY: Final = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0, section 4
SCOPE: Final = "openid email"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LEEWAY: Final = 60  # seconds that two clocks may differ
LONGEST_CODE: Final = 4_000  # characters; RFC 6749 names no bound
LONGEST_SUBJECT: Final = 255  # OpenID Connect Core, section 2
_OK: Final = 200
_WORD: Final = re.compile(r"[a-z_]{1,40}")


class ProviderDown(DigestError):
    """The identity provider did not answer as it should."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the identity provider names."""

    openid: str  # issuer and subject
    address: str
    verified: bool  # that the address is theirs


@dataclass(frozen=True, slots=True)
class Seed:
    """The one secret of a sign-in, kept by the browser alone; what others see is derived from it, one way."""

    value: str

    @property
    def state(self) -> str:
        """Return what comes back with the answer (RFC 6749, 10.12)."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Return what must stand in the ID token."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Return what proves that who redeems the code asked for it (RFC 7636, 4.1)."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """Return the verifier's hash, S256."""
        return _plain(sha256(self.verifier.encode()).digest())

    def _derived(self, what: str) -> str:
        return _plain(hmac.digest(self.value.encode(), what.encode(), "sha256"))


def _plain(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, kw_only=True)
class Identity:
    """An identity provider, as the settings name it. Its documents are read anew at each sign-in: keys change."""

    issuer: str
    client_id: str
    secret: str
    redirect: str
    fetcher: Fetcher

    def door(self, seed: Seed) -> str:
        """Return where to send the browser. Raises ProviderDown with a sentence."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect,
            "scope": SCOPE,
            "state": seed.state,
            "nonce": seed.nonce,
            "code_challenge": seed.challenge,
            "code_challenge_method": "S256",
        }
        there = _address(self._discovered(), "authorization_endpoint")
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"

    def person(self, code: str, seed: Seed, now: datetime) -> Person:
        """Redeem a code, and return whom it names. Raises Refused, ProviderDown."""
        found = self._discovered()
        tokens = self._redeemed(found, code, seed)
        keys = _keys(_object(self._get(_address(found, "jwks_uri")), "keys"))
        claims = verified(str(tokens.get("id_token") or ""), keys, self, seed.nonce, now)
        known = claims if "email" in claims else {**claims, **self._asked(found, tokens, str(claims["sub"]))}
        address = known.get("email")
        return Person(
            f"{self.issuer} {claims['sub']}",
            address if isinstance(address, str) else "",
            isinstance(address, str) and known.get("email_verified") is True,
        )

    def _discovered(self) -> dict[str, Any]:
        found = _object(self._get(f"{self.issuer.rstrip('/')}{DISCOVERY}"), "discovery document")
        if found.get("issuer") != self.issuer:
            raise ProviderDown("The identity provider calls itself by another issuer than OPENID_ISSUER says.")
        return found

    def _redeemed(self, found: Mapping[str, Any], code: str, seed: Seed) -> dict[str, Any]:
        """Turn the code into tokens (OpenID Connect Core, 3.1.3). Raises Refused where it is not taken."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": seed.verifier,
        }
        headers = {"accept": "application/json"}
        ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self.secret and "client_secret_basic" in ways:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret)}"  # RFC 6749, 2.3.1
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.client_id} | ({"client_secret": self.secret} if self.secret else {})
        answer = self._try(lambda: self.fetcher.post_form(_address(found, "token_endpoint"), form, headers))
        if answer.status != _OK:
            raise Refused(f"The identity provider did not take its own code{_error(answer)}. Begin again.")
        return _object(answer, "tokens")

    def _asked(self, found: Mapping[str, Any], tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """Return the address from the UserInfo endpoint, for providers that put none into the token (5.3)."""
        access = tokens.get("access_token")
        if not isinstance(access, str) or "userinfo_endpoint" not in found:
            return {}
        answer = self._get(_address(found, "userinfo_endpoint"), {"authorization": f"Bearer {access}"})
        known = _object(answer, "answer about you")
        if known.get("sub") != subject:  # 5.3.2: or it is about somebody else
            raise Refused("The identity provider told us of somebody else. Begin again.")
        return {name: known[name] for name in ("email", "email_verified") if name in known}

    def _get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        return self._try(lambda: self.fetcher.get(url, {"accept": "application/json"} | dict(headers or {})))

    @staticmethod
    def _try(fetch: Any) -> Fetched:
        try:
            answer: Fetched = fetch()
        except BadInput as error:
            raise ProviderDown(f"The identity provider cannot be reached: {error}") from error
        return answer


def of(settings: Settings) -> Identity | None:
    """Return the identity provider of the settings; None where they name none. Nothing is fetched yet."""
    if not settings.openid_issuer:
        return None
    secret = settings.openid_client_secret
    return Identity(
        issuer=settings.openid_issuer,
        client_id=settings.openid_client_id,
        secret=secret.get_secret_value() if secret else "",
        redirect=f"{settings.base_url}{CALLBACK}",
        # It may well stand inside the network: an operator names it. It has no reason to lead us elsewhere.
        fetcher=Fetcher(allow_private=True, total=20.0, step=10.0, max_bytes=1_000_000, max_redirects=0),
    )


def name(settings: Settings) -> str:
    """Return what the button calls the identity provider; "" where there is none."""
    return settings.openid_name or urlsplit(settings.openid_issuer).hostname or ""


def verified(token: str, keys: KeySet, provider: Identity, nonce: str, now: datetime) -> dict[str, Any]:
    """Return what an ID token says once it is proved (OpenID Connect Core, 3.1.3.7). Raises Refused."""
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        rules.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise Refused(
            f"What the identity provider says of you cannot be trusted: {_reason(error)}. Begin again."
        ) from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise Refused("What the identity provider says of you was meant for another program. Begin again.")
    if len(str(claims["sub"])) > LONGEST_SUBJECT:
        raise Refused("The identity provider calls you by a name that is too long.")
    return dict(claims)


def _reason(error: Exception) -> str:
    """Return in short what is wrong with a token."""
    words = str(error).partition(": ")
    return (words[2] or words[0] or type(error).__name__).rstrip(".")[:120]


def _keys(found: Mapping[str, Any]) -> KeySet:
    """Return the keys of a JWKS that we can read. Raises ProviderDown where there is none."""
    listed = found.get("keys")
    keys = [key for one in (listed if isinstance(listed, list) else []) if (key := _key(one)) is not None]
    if not keys:
        raise ProviderDown("The identity provider shows no keys that its words could be proved by.")
    return KeySet(keys)


def _key(one: Any) -> Key | None:
    try:
        return JWKRegistry.import_key(one) if isinstance(one, dict) else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None  # of a kind that is newer than we are: RFC 7517, section 5


def _object(answer: Fetched, what: str) -> dict[str, Any]:
    """Return the JSON object of an answer. Raises ProviderDown."""
    try:
        found = json.loads(answer.body) if answer.status == _OK else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderDown(f"The identity provider's {what} cannot be read (status {answer.status}).")
    return found


def _address(found: Mapping[str, Any], name: str) -> str:
    """Return an endpoint. Raises ProviderDown where there is none, or what is sent there could be read by others."""
    address = found.get(name)
    if not isinstance(address, str) or not is_safe(address):
        raise ProviderDown(f"The identity provider names no safe {name}.")
    return address


def _error(answer: Fetched) -> str:
    """Return the error code of RFC 6749, 5.2, in brackets."""
    try:
        code = json.loads(answer.body).get("error", "")
    except (ValueError, AttributeError):
        return ""
    return f" ({code})" if isinstance(code, str) and _WORD.fullmatch(code) else ""
