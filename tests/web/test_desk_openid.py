"""Signing in at the desk by OpenID Connect: who is let in, and everything that must not let anybody in."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from digest import settings, users
from digest.bootstrap import App
from digest.errors import SettingsError
from digest.web import openid
from tests.conftest import NOW, STRONG
from tests.web import identity, looking
from tests.web.identity import CLIENT, EC, OTHER, SECRET, Provider
from tests.web.reviewing import OURS

ANNA = "anna@meridian.example"
WORDS = "salt river night train"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Run an identity provider."""
    with identity.running() as found:
        yield found


@pytest.fixture
def given() -> dict[str, Any]:
    """Return settings besides; a test may change them."""
    return {}


@pytest.fixture
def app(app: App, provider: Provider, given: dict[str, Any]) -> App:
    """Let the product know the provider, and Anna work here."""
    known = {"openid_issuer": provider.url, "openid_client_id": CLIENT, "openid_client_secret": SecretStr(SECRET)}
    made = App(app.settings.model_copy(update=known | {"openid_name": "Meridian"} | given), app.clock, still=True)
    made.__dict__.update(socket=app.__dict__["socket"], database=app.database)
    with made.database.writing() as session:
        users.add(session, ANNA, "approver", WORDS, NOW)
    return made


def leave(http: httpx.Client, after: str = "/desk") -> str:
    """Press the button; returns where the browser is sent."""
    answer = http.get("/desk/openid", params={"next": after})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def sign_in(http: httpx.Client, provider: Provider, after: str = "/desk") -> httpx.Response:
    """Go there and back."""
    return http.get(f"/desk/openid/callback?{provider.authorise(leave(http, after))}")


def stored(app: App, address: str = ANNA) -> str:
    with app.database.reading() as session:
        return users.get(session, address).openid


def refused(answer: httpx.Response, http: httpx.Client, words: str, status: int = 403) -> None:
    """Make sure that nobody was let in, and the page says why."""
    assert answer.status_code == status
    assert words in answer.text
    assert http.get("/desk").status_code == 303


def test_a_known_address_comes_in_and_is_linked(app, http, provider):
    """Back to where one wanted to go, without a password or a code; the token in the cookie is used up."""
    assert "Sign in with Meridian" in http.get("/desk/sign-in?next=/desk/me").text
    answer = sign_in(http, provider, "/desk/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/me")
    assert stored(app) == f"{provider.url} 007"
    page = http.get("/desk/me")
    assert "You sign in with Meridian" in page.text
    assert "digest_openid" not in dict(http.cookies)
    (form,) = provider.redeemed
    assert form["redirect_uri"] == f"{app.settings.base_url}/desk/openid/callback"


def test_afterwards_the_subject_decides(app, http, provider):
    """Whatever address it has by then; another subject with Anna's address is not Anna."""
    sign_in(http, provider)
    provider.claims = {"email": "somebody@else.example", "email_verified": False}
    assert sign_in(http, provider).status_code == 303
    http.cookies.clear()
    provider.claims = {"sub": "008"}
    refused(sign_in(http, provider), http, "as somebody else of the identity provider")
    with app.database.writing() as session:
        users.without_openid(session, ANNA)
    assert sign_in(http, provider).status_code == 303
    assert stored(app).endswith(" 008")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"nonce": "another"}, "cannot be trusted"),
        ({"nonce": None}, "cannot be trusted"),
        ({"aud": "another program"}, "cannot be trusted"),
        ({"aud": ["another", CLIENT]}, "another program"),
        ({"azp": "another"}, "another program"),
        ({"iss": "https://other.example"}, "cannot be trusted"),
        ({"exp": int(NOW.timestamp()) - 61}, "cannot be trusted"),
        ({"exp": None}, "cannot be trusted"),
        ({"iat": int(NOW.timestamp()) + 3_600}, "cannot be trusted"),
        ({"sub": ""}, "cannot be trusted"),
        ({"sub": "x" * 256}, "too long"),
        ({"email_verified": False}, "address is verified"),
        ({"email_verified": "true"}, "address is verified"),
        ({"email_verified": None}, "address is verified"),
        ({"email": None}, "address is verified"),
        ({"email": "nobody@meridian.example"}, "Nobody works at this desk as nobody@meridian.example"),
    ],
)
def test_what_a_token_must_not_say(app, http, provider, claims, words):
    """Each is refused with a sentence; nobody is linked, nobody made."""
    provider.claims = claims
    refused(sign_in(http, provider), http, words)
    assert stored(app) == ""
    with app.database.reading() as session:
        assert len(users.all_users(session)) == 1


def test_signatures_are_proved(http, provider):
    """ES256 is as good as RS256; another key of the same name, "none", and a secret as key are not."""
    provider.algorithm, provider.key = "ES256", EC
    assert sign_in(http, provider).status_code == 303
    http.cookies.clear()
    provider.algorithm, provider.key = "RS256", OTHER
    refused(sign_in(http, provider), http, "cannot be trusted")
    now = int(NOW.timestamp())
    for kind in ("none", "HS256"):
        door = leave(http)
        nonce = dict(httpx.URL(door).params)["nonce"]
        claims = {"iss": provider.url, "aud": CLIENT, "sub": "007", "nonce": nonce, "iat": now, "exp": now + 60}
        provider.token = identity.unsigned(claims | {"email": ANNA, "email_verified": True})
        if kind == "HS256":
            provider.token = identity.shared(claims)
        refused(http.get(f"/desk/openid/callback?{provider.authorise(door)}"), http, "cannot be trusted")


def test_a_way_back_that_nobody_began_here(app, http, provider):
    """Another state, another browser, none at all, or too late; each needs a new beginning."""
    query = provider.authorise(leave(http))
    refused(http.get(f"/desk/openid/callback?{query}x"), http, "Begin again")
    refused(http.get(f"/desk/openid/callback?{query}"), http, "Begin again")
    query = provider.authorise(leave(http))
    with httpx.Client(base_url=http.base_url, trust_env=False, timeout=60) as other:
        refused(other.get(f"/desk/openid/callback?{query}"), other, "began in another browser")
    app.clock.at = NOW + timedelta(minutes=10)
    refused(http.get(f"/desk/openid/callback?{query}"), http, "took too long")
    assert provider.redeemed == []


def test_a_code_is_taken_once(http, provider):
    """Who saw the address on the way back, and even has the cookie, gets nothing by it."""
    door = leave(http)
    kept, query = dict(http.cookies), provider.authorise(door)
    assert http.get(f"/desk/openid/callback?{query}").status_code == 303
    http.cookies.clear()
    http.cookies.update(kept)
    refused(http.get(f"/desk/openid/callback?{query}"), http, "did not take its own code (invalid_grant)")


def test_what_the_provider_says_on_the_way_back(http, provider):
    """Its error, no code, or the answer of another issuer (RFC 9207)."""
    for more in ("&error=access_denied", "&code=", "&iss=https://other.example"):
        query = provider.authorise(leave(http))
        refused(http.get(f"/desk/openid/callback?{query}{more}"), http, "Begin again")
    assert provider.redeemed == []


def test_a_provider_that_is_down_or_wrong(http, provider):
    """A sentence before one leaves, and one on the way back; addresses that others could read are not used."""
    query = provider.authorise(leave(http))
    provider.down = True
    refused(http.get(f"/desk/openid/callback?{query}"), http, "cannot be read (status 503)", 503)
    assert http.get("/desk/openid").status_code == 503
    provider.down = False
    for found in ({"issuer": "https://other.example"}, {"authorization_endpoint": "http://elsewhere.example/"}):
        provider.found = found
        assert http.get("/desk/openid").status_code == 503
    provider.found = {}
    query = provider.authorise(leave(http))
    provider.found = {"jwks_uri": f"{provider.url}/nothing"}
    refused(http.get(f"/desk/openid/callback?{query}"), http, "cannot be read", 503)
    provider.found = {"jwks_uri": "ftp://keys.example"}
    query = provider.authorise(leave(http))
    refused(http.get(f"/desk/openid/callback?{query}"), http, "no safe jwks_uri", 503)


def test_an_address_may_come_from_userinfo(http, provider):
    """Where the token has none; not where that is about somebody else. The secret may go in the form."""
    provider.claims = {"email": None, "email_verified": None}
    provider.found = {
        "userinfo_endpoint": f"{provider.url}/userinfo",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }
    provider.userinfo = {"sub": "666", "email": ANNA, "email_verified": True}
    refused(sign_in(http, provider), http, "somebody else")
    provider.userinfo["sub"] = "007"
    assert sign_in(http, provider).status_code == 303


def test_who_was_removed_stays_out(app, http, provider):
    """Also one who was linked; added anew, one is linked anew."""
    sign_in(http, provider)
    with app.database.writing() as session:
        users.remove(session, ANNA, NOW)
    refused(sign_in(http, provider), http, "Nobody works at this desk")
    with app.database.writing() as session:
        users.add(session, ANNA, "editor", WORDS, NOW)
    assert stored(app) == ""
    assert sign_in(http, provider).status_code == 303


@pytest.mark.parametrize("after", ["https://evil.example", "//evil.example", "/desk\\evil", "/desk/../x"])
def test_one_stays_here_afterwards(http, provider, after):
    """Whatever the address asked for."""
    assert sign_in(http, provider, after).headers["location"] == "/desk"


def test_tries_are_slowed(http, provider):
    """As by password: thirty in ten minutes from one place."""
    assert provider.url
    answers = [http.get("/desk/openid/callback?state=x&code=y").status_code for _ in range(31)]
    assert (answers[0], answers[-1]) == (403, 429)
    assert http.get("/desk/openid").status_code == 429


class TestOnly:
    """No password is taken where OPENID_ONLY is set."""

    @pytest.fixture
    def given(self) -> dict[str, Any]:
        """Set it."""
        return {"openid_only": True}

    def test_a_password_opens_nothing(self, http, provider):
        """No form asks for one, none is taken, none can be set; the button is there."""
        page = http.get("/desk/sign-in").text
        assert 'type="password"' not in page
        assert "Sign in with Meridian" in page
        form = {"address": ANNA, "password": WORDS}
        for path in ("sign-in", "second"):
            answer = http.post(f"/desk/{path}", data=form, headers=OURS)
            assert answer.status_code == 403
            assert "Nobody signs in with a password here." in answer.text
        sign_in(http, provider)
        assert 'type="password"' not in http.get("/desk/me").text
        change = {"order": "password", "password": WORDS, "new": "four other good words"}
        assert http.post("/desk/me", data=change, headers=OURS).status_code == 409

    def test_people_are_added_by_address(self, app, http, provider):
        """By an operator at the desk, without a password; a link is forgotten by a button."""
        with app.database.writing() as session:
            users.set_role(session, ANNA, "operator")
        sign_in(http, provider)
        page = http.get("/desk/users").text
        assert 'type="password"' not in page
        assert "Forget that of" in page
        form = {"order": "add", "address": "bela@meridian.example", "role": "editor"}
        assert http.post("/desk/users", data=form, headers=OURS).status_code == 200
        assert stored(app, "bela@meridian.example") == ""
        assert http.post("/desk/users", data={"order": "unlink", "address": ANNA}, headers=OURS).status_code == 200
        assert stored(app) == ""
        assert http.get("/desk").status_code == 303


def test_where_none_is_set_there_is_no_door(tmp_path):
    """Nor a button; settings that cannot be meant are refused with a sentence."""
    keys: dict[str, Any] = {"secret_key": STRONG, "address_key": STRONG}
    assert openid.of(settings.load(tmp_path, **keys)) is None
    assert openid.name(settings.load(tmp_path, **keys)) == ""
    named = settings.load(tmp_path, **keys, openid_issuer="https://login.meridian.example/", openid_client_id="x")
    assert openid.name(named) == "login.meridian.example"
    for wrong, words in (
        ({"openid_issuer": "http://login.example"}, "https://"),
        ({"openid_issuer": "https://login.example?x"}, "https://"),
        ({"openid_issuer": "https://login.example"}, "OPENID_CLIENT_ID"),
        ({"openid_only": True}, "nobody could sign in"),
    ):
        with pytest.raises(SettingsError, match=words):
            settings.load(tmp_path, **keys, **wrong)


def test_the_form_reads_well(site, provider, chromium):
    """On a telephone, light and dark, without any script; axe finds nothing."""
    assert provider.url
    for scheme in ("light", "dark"):
        context = chromium.new_context(locale="en-GB", color_scheme=scheme, viewport={"width": 360, "height": 740})
        page = context.new_page()
        page.goto(f"{site}/desk/sign-in")
        assert page.get_by_role("link", name="Sign in with Meridian").is_visible()
        looking.fits(page, 360)
        looking.faultless(page)
        context.close()
