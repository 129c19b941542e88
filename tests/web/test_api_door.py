"""Who may come in by the door for other systems, how often, and with how much."""

import gzip
import json
import socket
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select

from digest import api_keys
from digest.api_keys import ApiKey
from digest.articles.models import Article
from digest.web import api
from digest.web.limiting import RULES, Limiter
from tests.conftest import NOW
from tests.web.running import running

JSON = {"Content-Type": "application/json"}
STORY = {"url": "https://example.org/salt", "headline": "Salt"}


@pytest.fixture
def key(app) -> str:
    """Make a key of the CMS."""
    with app.database.writing() as session:
        return api_keys.add(session, "cms", NOW)


@pytest.fixture
def cms(http: httpx.Client, key: str) -> httpx.Client:
    """Return a client that shows the key."""
    http.headers["Authorization"] = f"Bearer {key}"
    return http


def stored(app) -> list[str]:
    """Return the headlines of all articles."""
    with app.database.reading() as session:
        return list(session.exec(select(Article.headline)).all())


def post(client: httpx.Client, path: str, body: Any, **headers: str) -> httpx.Response:
    """Send a body: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=content, headers=JSON | headers)


def test_without_a_key_nothing_is_taken(app, http, key):
    """401 says what is missing, in words and in the header that clients understand."""
    for shown in ("", "Basic eDp5", "Bearer", key, f"Token {key}"):
        answer = post(http, "/api/articles", STORY, Authorization=shown)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="digest"'
        assert "digest keys add" in answer.json()["error"]
    wrong = post(http, "/api/reads", {}, Authorization=f"Bearer {key}x")
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    with app.database.writing() as session:
        api_keys.revoke(session, "cms", NOW)
    assert post(http, "/api/articles", STORY, Authorization=f"Bearer {key}").status_code == 401
    assert stored(app) == []


def test_wrong_keys_are_soon_refused_and_right_ones_are_not(app, http, key):
    """Guessing is limited per network; whose key is right is not kept out by it."""
    allowed = RULES["wrong-key"][0]
    statuses = [post(http, "/api/reads", {}, Authorization="Bearer no").status_code for _ in range(allowed + 1)]
    assert statuses == [401] * allowed + [429]
    assert post(http, "/api/articles", STORY, Authorization=f"bearer  {key}").status_code == 200
    app.clock.sleep(660)
    assert post(http, "/api/reads", {}, Authorization="Bearer no").status_code == 401


def test_one_key_may_be_used_so_often_only(app, cms, monkeypatch):
    """And is told when to come again."""
    assert RULES["api"][0] >= 1_000
    allowed = 5
    monkeypatch.setitem(RULES, "api", (allowed, RULES["api"][1]))
    statuses = {post(cms, "/api/reads", b"").status_code for _ in range(allowed)}
    assert statuses == {422}
    refused = post(cms, "/api/reads", b"")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "600"
    app.clock.sleep(660)
    assert post(cms, "/api/reads", b"").status_code == 422


def test_the_use_of_a_key_is_noted(app, cms):
    """At most once a minute."""

    def used() -> Any:
        with app.database.reading() as session:
            return session.exec(select(ApiKey)).one().used_at

    assert used() is None
    for seconds, noted in ((0, 0), (30, 0), (40, 70)):
        app.clock.sleep(seconds)
        post(cms, "/api/articles", [])
        assert used() == NOW + timedelta(seconds=noted)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ],
)
def test_only_plain_json_is_taken(cms, headers):
    """415 says what is: also what an HTML form of another site could send is none."""
    body = gzip.compress(b"[]") if "Content-Encoding" in headers else b"[]"
    answer = cms.post("/api/articles", content=body, headers=JSON | headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", 'application/json;charset="UTF-8"', "application/ld+json"]
)
def test_json_by_any_of_its_names_is_taken(cms, kind):
    """With its charset said, too."""
    assert post(cms, "/api/articles", b"[]", **{"Content-Type": kind}).status_code == 200


def test_a_body_that_is_too_long_is_refused_before_it_is_read(cms):
    """By its announced length, or as soon as more has come; the limit itself is still taken."""
    filler = b'["' + b"x" * (api.MOST_BODY - 4) + b'"]'
    assert len(filler) == api.MOST_BODY
    assert post(cms, "/api/articles", filler).status_code == 422
    announced = post(cms, "/api/articles", filler + b" ")
    assert announced.status_code == 413
    assert "10 MB" in announced.json()["error"]
    assert announced.headers["connection"] == "close"
    keyless = post(cms, "/api/articles", filler, Authorization="Bearer no")
    assert keyless.status_code == 401


def test_a_body_without_an_end_is_cut_off(app, site, key):
    """Chunk after chunk, with no length announced: the answer comes while the client still sends."""
    host, port = site.removeprefix("http://").split(":")
    head = f"POST /api/articles HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    sent = 0
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
        try:
            while sent < 5 * api.MOST_BODY:
                connection.sendall(chunk)
                sent += 65_536
        except OSError:
            pass  # the server has hung up, as it should
    assert sent < 5 * api.MOST_BODY
    assert stored(app) == []


def test_a_body_that_drips_is_given_up(app, key):
    """The whole of it must come in time; nothing is held open for long."""
    web = FastAPI()
    doors = api._Doors(app, Limiter(app.clock), patience=0.2)
    web.add_api_route("/slow", doors.articles, methods=["POST"], response_model=None)
    host, port = app.settings.base_url.removeprefix("http://").split(":")
    head = f"POST /slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n["
    with running(web, app.__dict__["socket"]), socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_hangs_up_leaves_nothing_behind(app, site, key):
    """Half a body is no article, and the server goes on."""
    host, port = site.removeprefix("http://").split(":")
    head = f"POST /api/articles HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n["
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
    with httpx.Client(base_url=site, trust_env=False, timeout=60) as client:
        assert post(client, "/api/articles", STORY, Authorization=f"Bearer {key}x").status_code == 401
        assert client.get("/health").status_code == 200
    assert stored(app) == []


def test_a_database_that_does_not_answer_is_503(app, cms):
    """The client is told to come again."""
    post(cms, "/api/articles", [])
    app.database.close()
    folder = app.settings.pictures_dir.parent
    for name in ("web.db", "web.db-wal", "web.db-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "web.db").mkdir()
    answer = post(cms, "/api/articles", STORY)
    assert answer.status_code == 503
    assert "later" in answer.json()["error"]
