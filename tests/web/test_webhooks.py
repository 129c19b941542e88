"""The door for webhooks: what is proved is stored once and answered; what is not is refused; nothing is a 500."""

import socket
from base64 import b64encode
from urllib.parse import urlsplit

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from digest import settings
from digest.bootstrap import App
from digest.engine import local
from digest.errors import SettingsError
from digest.events import intake
from digest.providers import registry
from digest.providers.event import Reading
from digest.sending.provider import NotTaken
from digest.web import webhooks
from tests.conftest import NOW, STRONG
from tests.providers.test_sendgrid_events import BASE, secret, signed


class Confirming:
    """A webhook that asks to be confirmed, and cannot be."""

    def read(self, _headers, _body, _now) -> Reading:
        """Ask for it."""
        return Reading(confirm="https://provider.example/confirm")

    def confirm(self, url: str) -> None:
        """Fail."""
        raise NotTaken(f"{url} cannot be reached.")


@pytest.fixture
def door(app: App) -> App:
    """Let the app have an account with SendGrid."""
    given = {"provider": "sendgrid", "sendgrid_api_key": "SG.x", "sendgrid_webhook_secret": secret()}
    loaded = settings.load(app.settings.outbox_dir.parent, **{**_given(app), **given})
    app.__dict__["settings"] = loaded
    return app


def _given(app: App) -> dict[str, str]:
    names = {"secret_key": STRONG, "address_key": STRONG[::-1]}
    return names | {"database_url": app.settings.database_url, "base_url": app.settings.base_url}


def events(app: App) -> list[str]:
    """Return the ids that are stored."""
    with app.database.reading() as session:
        return list(session.execute(select(intake.EVENT.c.event_id).order_by(intake.EVENT.c.id)).scalars())


def test_events_are_stored_once(door, http):
    """Told twice, in one request or two, they are one; the answer says so, and a worker applies them."""
    body = orjson.dumps([BASE | {"event": "delivered"}, BASE | {"event": "delivered"}, BASE | {"sg_event_id": "ev-2"}])
    first = http.post("/webhooks/sendgrid", content=body, headers=signed(body))
    assert (first.status_code, first.json()) == (200, {"stored": 2, "known": 1, "unknown": 1})
    assert http.post("/webhooks/sendgrid", content=body, headers=signed(body)).json() == {
        "stored": 0,
        "known": 3,
        "unknown": 1,
    }
    assert events(door) == ["ev-1", "ev-2"]
    local.run(door.means, concurrency=1, until_idle=True)
    assert intake.counts(door.database)["without_effect"] == 1
    assert intake.counts(door.database)["unknown"] == 1


def test_what_is_not_proved_is_refused(door, http):
    """Forged, truncated, of an account without a secret or none at all, too large; none is stored."""
    body = orjson.dumps([BASE])
    assert http.post("/webhooks/sendgrid", content=body).status_code == 401
    assert http.post("/webhooks/sendgrid", content=body[:-2], headers=signed(body)).status_code == 401
    assert http.post("/webhooks/resend", content=body, headers=signed(body)).status_code == 404
    assert http.get("/webhooks/sendgrid").status_code in (404, 405)
    huge = b"x" * (webhooks.MOST_BODY + 1)
    assert http.post("/webhooks/sendgrid", content=huge, headers=signed(body)).status_code == 413
    parts = (huge[:1_000_000] for _ in range(11))
    assert http.post("/webhooks/sendgrid", content=parts, headers=signed(body)).status_code == 413, "without its length"
    assert events(door) == []


def _speak(door: App, said: bytes) -> bytes:
    """Send bytes as they are, and hang up; returns the beginning of the answer."""
    url = urlsplit(door.settings.base_url)
    with socket.create_connection((str(url.hostname), url.port or 80), timeout=10) as line:
        line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        return line.recv(100)


def test_a_body_that_ends_too_early_is_not_stored(door, http):
    """Though its signature would be right; the door goes on serving."""
    body = orjson.dumps([BASE | {"event": "delivered"}])
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(body).items())
    request = f"POST /webhooks/sendgrid HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body) + 1}\r\n\r\n"
    _speak(door, request.encode() + body)
    assert http.get("/health").status_code == 200
    assert events(door) == []


def test_a_length_is_believed_before_the_body_comes(door, http):
    """Nobody can make us read what is too large anyway."""
    request = f"POST /webhooks/sendgrid HTTP/1.1\r\nHost: x\r\nContent-Length: {webhooks.MOST_BODY + 1}\r\n\r\n"
    assert b" 413 " in _speak(door, request.encode())
    assert http.get("/health").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b"[1, null, [], {}]",
        b'[{"event": ["delivered"], "timestamp": {}, "sg_event_id": 1, "email": 7, "delivery": [1]}]',
        b'[{"event": "bounce", "reason": "\\u0000", "delivery": "1.99999999999", "sg_event_id": "\\u0000"}]',
        b'[{"a": ' + b"[" * 300 + b"]" * 300 + b"}]",
        b'[{"timestamp": 1e400, "n": 123456789012345678901234567890}]',
        '[{"event": "доставлено"}]'.encode(),
        b"\xff\xfe",
        b"",
    ],
    ids=range(10),
)
def test_what_is_proved_is_never_an_error_of_ours(door, http, body):
    """Whatever stands in it, it is stored once, and a worker gets over it."""
    answers = [http.post("/webhooks/sendgrid", content=body, headers=signed(body)) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[1].json()["stored"] == 0
    local.run(door.means, concurrency=1, until_idle=True)
    assert intake.counts(door.database)["waiting"] == 0


def test_headers_of_nonsense_are_refused(door, http):
    """A time that is none, a signature of something else, and one twice."""
    body = orjson.dumps([BASE])
    good = signed(body)
    for name in good:
        for wrong in ("", "x", "\u00e9", b64encode(b"x" * 70).decode()):
            headers = {**good, name: wrong.encode("latin-1")}
            assert http.post("/webhooks/sendgrid", content=body, headers=headers).status_code == 401
    assert events(door) == []


def test_a_database_that_does_not_answer_is_said_so(door, http, monkeypatch):
    """503, so that the provider tells it again."""
    body = orjson.dumps([BASE | {"event": "delivered"}])

    def fail(*_given, **_named):
        raise OperationalError("INSERT", {}, Exception("gone"))

    monkeypatch.setattr(intake, "store", fail)
    assert http.post("/webhooks/sendgrid", content=body, headers=signed(body)).status_code == 503
    monkeypatch.undo()
    assert http.post("/webhooks/sendgrid", content=body, headers=signed(body)).json()["stored"] == 1
    assert events(door) == ["ev-1"]


def test_what_cannot_be_confirmed_now_is_asked_for_again(door, http):
    """503, so that the provider comes again."""
    door.__dict__["webhooks"] = {"ses": Confirming()}
    answer = http.post("/webhooks/ses", content=b"{}")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.json()["error"]


def test_events_are_forgotten_by_age(door):
    """What nothing waits for goes; what waits stays."""
    body = orjson.dumps([BASE | {"event": "delivered"}, BASE | {"sg_event_id": "ev-2"}])
    intake.receive(door.database, "sendgrid", door.webhooks["sendgrid"], signed(body), body, now=NOW)
    assert intake.forget(door.database, NOW) == 0
    door.clock.sleep(60)
    assert intake.forget(door.database, door.clock.now()) == 1
    assert events(door) == ["ev-1"]


def test_who_has_no_events_to_ask_for_says_so(door):
    """With those that have, and what to do instead."""
    with pytest.raises(SettingsError, match="brevo, mailgun, postmark"):
        registry.puller(door.settings)
