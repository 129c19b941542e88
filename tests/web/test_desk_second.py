"""Signing in with a second factor: turned on with a code, asked for after the password, each code taken once."""

from datetime import timedelta

import httpx
import pyotp
import pytest

from tests.conftest import NOW
from tests.web import looking
from tests.web.reviewing import OURS, fields
from tests.web.test_desk import WORDS, as_a, desk

__all__ = ["as_a", "desk"]
ANNA = {"address": "approver@example.org", "password": WORDS}


@pytest.fixture
def secret(as_a) -> str:
    """Let the approver turn it on; returns the secret."""
    client = as_a("approver")
    found = fields(client.get("/desk/me"))["secret"]
    form = {"order": "on", "secret": found, "code": pyotp.TOTP(found).at(NOW), "password": WORDS}
    assert client.post("/desk/me", data=form | {"password": "wrong wrong wrong"}, headers=OURS).status_code == 409
    assert client.post("/desk/me", data=form | {"code": "000000"}, headers=OURS).status_code == 409
    assert "Saved." in client.post("/desk/me", data=form, headers=OURS).text
    return found


def test_a_code_is_asked_for_and_taken_once(app, http: httpx.Client, secret: str):
    """The password alone opens nothing; a code opens once, also to who saw it on the wire."""
    asked = http.post("/desk/sign-in", data=ANNA, headers=OURS)
    assert asked.status_code == 200
    assert "set-cookie" not in asked.headers
    assert http.get("/desk").status_code == 303
    given = fields(asked)
    app.clock.at = NOW + timedelta(minutes=2)
    code = pyotp.TOTP(secret).at(app.clock.now())
    assert http.post("/desk/second", data=given | {"code": "123456"}, headers=OURS).status_code == 403
    assert http.post("/desk/second", data=given | {"code": f"{code[:3]} {code[3:]}"}, headers=OURS).status_code == 303
    assert http.get("/desk").status_code == 200
    assert http.post("/desk/second", data=given | {"code": code}, headers=OURS).status_code == 403


def test_the_code_that_turned_it_on_opens_nothing(http: httpx.Client, secret: str):
    """It was used."""
    given = fields(http.post("/desk/sign-in", data=ANNA, headers=OURS))
    code = pyotp.TOTP(secret).at(NOW)
    assert http.post("/desk/second", data=given | {"code": code}, headers=OURS).status_code == 403


def test_the_second_step_is_over_after_five_minutes_and_for_nobody_else(app, http: httpx.Client, secret: str):
    """A proof of the password holds five minutes; a forged one never; another site's form is refused."""
    given = fields(http.post("/desk/sign-in", data=ANNA, headers=OURS))
    app.clock.at = NOW + timedelta(minutes=5)
    code = {"code": pyotp.TOTP(secret).at(app.clock.now())}
    assert "took too long" in http.post("/desk/second", data=given | code, headers=OURS).text
    forged = given | {"proof": app.keys.sign("view", subscriber=ANNA["address"], family="desk")}
    assert http.post("/desk/second", data=forged | code, headers=OURS).status_code == 403
    assert http.post("/desk/second", data=given | code, headers={"Origin": "https://evil.example"}).status_code == 403


def test_guessing_codes_is_slowed(http: httpx.Client, secret: str):
    """After some tries no code is looked at, right or wrong."""
    assert secret
    given = fields(http.post("/desk/sign-in", data=ANNA, headers=OURS))
    tries = [http.post("/desk/second", data=given | {"code": "000000"}, headers=OURS) for _ in range(10)]
    assert tries[-1].status_code == 429


def test_it_is_turned_off_with_the_password(app, as_a, http: httpx.Client, secret: str):
    """And a new password signs out."""
    app.clock.at = NOW + timedelta(minutes=2)
    given = fields(http.post("/desk/sign-in", data=ANNA, headers=OURS))
    http.post("/desk/second", data=given | {"code": pyotp.TOTP(secret).at(app.clock.now())}, headers=OURS)
    assert "Saved." in http.post("/desk/me", data={"order": "off", "password": WORDS}, headers=OURS).text
    client = as_a("approver")
    form = {"order": "password", "password": WORDS, "new": "four other good words"}
    assert "12 to 200" in client.post("/desk/me", data=form | {"new": "short"}, headers=OURS).text
    assert client.post("/desk/me", data=form, headers=OURS).status_code == 303
    assert client.get("/desk").status_code == 303


def test_it_reads_well(site, desk, chromium):
    """The page with its picture fits a telephone; axe finds nothing."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{site}{desk.path}")
    looking.enter(page, ANNA["address"])
    page.wait_for_url(f"{site}{desk.path}")
    page.goto(f"{site}/desk/me")
    looking.fits(page, 360)
    looking.faultless(page)
    context.close()
