"""How everything under /api says what does not work (RFC 9457), and that no request makes a fault of ours."""

import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.api_keys import Scope
from digest.web import problems
from digest.web.limiting import RULES
from tests.conftest import NOW
from tests.editors.newsroom import key
from tests.web.reviewing import desk_of, stored

ONE = "/api/issues/1"
JSON = {"Content-Type": "application/json"}
FIRST = str(key("south-caucasus", 1))
FUZZED = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.fixture
def api(app, with_key, monkeypatch) -> httpx.Client:
    """Return a client whose key may do all, as often as it likes."""
    assert desk_of(app).issue.number == 1
    monkeypatch.setitem(RULES, "api", (100_000, RULES["api"][1]))
    made: httpx.Client = with_key(*Scope, name="all")
    return made


def told(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return a problem, once it is one as the standard has it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["type"].removeprefix("/api/docs#") in problems.KINDS
    assert found["title"] == problems.KINDS[found["type"].removeprefix("/api/docs#")][0]
    assert found["detail"].endswith((".", "`"))
    assert found["error"] == found["detail"]
    assert found["instance"] == answer.request.url.raw_path.decode().partition("?")[0]
    return found


NOT_THERE = [
    ("GET", "/api", 404), ("GET", "/api/", 404), ("GET", "/api/nothing", 404), ("GET", "/api/issues/1/x", 404),
    ("GET", "/api/%D0%B6%20x", 404), ("DELETE", ONE, 405), ("GET", f"{ONE}/approve", 405),
    ("PUT", "/api/issues", 405),
    ("GET", "/api/articles", 405), ("POST", "/api/docs", 405), ("GET", "/api/issues/99", 404),
    ("GET", "/api/issues/0", 422), ("GET", "/api/issues/-1", 422), ("GET", "/api/issues/1e3", 422),
    ("GET", "/api/issues/99999999999999999999999999", 422), ("GET", "/api/issues/weekly", 422),
    ("POST", "/api/publications/%00/drafts", 422), ("POST", f"{ONE}/comments/99999999999999999999/resolve", 422),
    ("POST", f"{ONE}/uncertain/0", 422), ("POST", f"{ONE}/approve", 422),
]  # fmt: skip


def test_what_is_not_there_is_a_problem_too(api, subtests):
    """404, 405 and places that cannot be: the same shape, and the methods an address takes."""
    for method, path, status in NOT_THERE:
        with subtests.test(method=repr(method)[:80], path=path):
            answer = api.request(method, path)
            told(answer, status)
            assert ("allow" in answer.headers) == (status == 405)
            if path == ONE:
                assert answer.headers["allow"] == "GET, HEAD"
            both = api.delete(f"{ONE}/comments")
            assert both.headers["allow"] == "GET, HEAD, POST"


def test_pages_elsewhere_fail_as_before(http):
    """Who asks for a page that is not there sees a page."""
    answer = http.get("/apiary")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    answer = http.post("/how-we-choose")
    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("text/html")


def test_a_key_that_is_missing_or_wrong_is_a_problem(http, app):
    """401 with the challenge; asking for the description needs no key."""
    http.timeout = httpx.Timeout(60)
    for header in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer no"}):
        answer = http.get("/api/issues", headers=header)
        told(answer, 401)
        assert answer.headers["www-authenticate"].startswith('Bearer realm="digest"')
    allowed = RULES["wrong-key"][0]
    statuses = [http.get("/api/issues", headers={"Authorization": "Bearer no"}).status_code for _ in range(allowed)]
    assert statuses[-1] == 429
    assert http.get("/api/openapi.json").status_code == 200
    assert app.clock.now() == NOW


def test_one_key_may_ask_so_often_only(api, monkeypatch):
    """As at the door for articles."""
    monkeypatch.setitem(RULES, "api", (3, RULES["api"][1]))
    answers = [api.get("/api/issues") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "600"
    told(answers[-1], 429)


NO_BODIES = [
    (b"{", 422), (b"\xff\xfe", 422), (b"[NaN]", 422), (b"[" * 100_000, 422), (b'{"text": "\\ud800"}', 422),
    (b'{"text": Infinity}', 422), (b" " * 1_000_001, 413), (b"null", 422), (b"7", 422), (b'"x"', 422), (b"", 422),
    (b'{"text": "a\\u0000b"}', 422), (b'{"text": "' + b"x" * 2_001 + b'"}', 422), (b'{"text": ""}', 422),
    (b'{"text": "a", "who": "anna"}', 422), (b'{"text": 7}', 422), (b'{"text": ["a"]}', 422),
    (b'{"text": "a", "article": 7}', 422), (b'{"text": "a", "article": "x"}', 422),
    (b'{"text": "a", "article": 1e400}', 422), (b'{"text": ' + b"9" * 5_000 + b"}", 422),
]  # fmt: skip


def test_bodies_that_cannot_be_meant_are_problems(api, subtests):
    """No JSON, too deep, too long, of another type, with NUL, with members that nobody knows."""
    for body, status in NO_BODIES:
        with subtests.test(body=repr(body)[:80], status=status):
            found = told(api.post(f"{ONE}/comments", content=body, headers=JSON), status)
            assert status == 413 or found["errors"]
            assert api.get(f"{ONE}/comments").json() == {"items": []}


def test_only_json_is_taken(api):
    """What a form of another site could send is none."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        told(api.post(f"{ONE}/comments", content=b'{"text": "a"}', headers={"Content-Type": kind}), 415)


def test_each_fault_has_its_place(api):
    """A JSON pointer into the body as it was sent, also where shapes are chosen by a member; or the parameter."""
    many = {
        "version": 1,
        "edits": [{"do": "lead", "article": FIRST}, {"do": "pin", "article": "x", "place": 0, "a/b~": 1}],
    }
    found = told(api.post(f"{ONE}/edits", json=many), 422)
    assert {one["pointer"] for one in found["errors"]} == {
        "#/edits/1/article", "#/edits/1/list", "#/edits/1/place", "#/edits/1/a~1b~0",
    }  # fmt: skip
    assert all(one["detail"].endswith(".") for one in found["errors"])
    places = {
        "list": ([{"do": "fly"}], "#/0"),
        "one": ({"do": "set", "what": "colour", "text": "x"}, "#/what"),
        "version": ({"version": "7", "edits": []}, "#/version"),
    }
    for body, pointer in places.values():
        assert pointer in {one["pointer"] for one in told(api.post(f"{ONE}/edits", json=body), 422)["errors"]}
    by_query = told(api.get("/api/issues?limit=0"), 422)
    assert by_query["errors"] == [{"detail": by_query["errors"][0]["detail"], "in": "query", "parameter": "limit"}]


def test_the_door_for_articles_says_it_alike(api):
    """Its field error stays; errors of single articles have their place in the body, whatever its shape."""
    bad = {"headline": "No address"}
    good = {"url": "https://example.org/a", "headline": "A"}
    for body, place in (({"articles": [good | {"x": 1}, bad]}, "#/articles/1"), ([good | {"x": 1}, bad], "#/1")):
        found = told(api.post("/api/articles", json=body), 422)
        assert found["errors"][1] == {
            "where": "article 2", "sentence": "It has no url.", "detail": "It has no url.", "pointer": place,
        }  # fmt: skip
        assert found["new"] == 0
    assert told(api.post("/api/articles", json={"url": "x"}), 422)["errors"][0]["pointer"] == "#"
    told(api.post("/api/articles", content=b"[NaN]", headers=JSON), 422)
    told(api.post("/api/reads", json={}), 422)
    assert api.post("/api/articles", json=[good, bad]).json()["errors"][0]["pointer"] == "#/1"


def test_a_fault_of_ours_is_a_problem_without_its_secrets(app, api, monkeypatch):
    """500 says that it was written down, and nothing of what it was."""

    def broken(*_args: Any, **_more: Any) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("digest.editors.reading.read", broken)
    assert "secret" not in told(api.get(ONE), 500)["detail"]
    assert api.get("/api/issues").status_code == 200
    assert stored(app).number == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
    | st.sampled_from([FIRST, "sc", "pin", "subject", "2026-11-24T06:00:00Z", "\x00", "Infinity", -1, 2**63, 2**64]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
MEMBERS = st.sampled_from(
    [
        "do", "article", "list", "place", "what", "text", "url", "by", "entry", "version", "edits", "as", "as_of", "at",
        "to",
        "once", "refresh", "proof", "reasons", "reason", "subject", "headline", "edition", "note",
    ]
)  # fmt: skip
VERBS = ["pin", "unpin", "exclude", "include", "replace", "lead", "move", "add", "set", "take", "keep", "restore"]
BODIES = st.one_of(
    VALUES,
    st.dictionaries(MEMBERS, VALUES, max_size=6),
    st.dictionaries(MEMBERS, VALUES, max_size=5).map(lambda one: one | {"version": 1}),
    st.builds(lambda do, more: more | {"do": do}, st.sampled_from(VERBS), st.dictionaries(MEMBERS, VALUES, max_size=5)),
)
ACTS = (
    ("POST", f"{ONE}/edits"), ("PUT", f"{ONE}/texts"), ("POST", f"{ONE}/comments"), ("POST", f"{ONE}/test"),
    ("POST", f"{ONE}/approve"), ("POST", f"{ONE}/revoke"), ("POST", f"{ONE}/schedule"), ("POST", f"{ONE}/pause"),
    ("POST", f"{ONE}/uncertain/1"), ("POST", f"{ONE}/refresh"), ("POST", "/api/publications/weekly/drafts"),
    ("POST", "/api/articles"), ("POST", "/api/reads"),
)  # fmt: skip


@pytest.mark.parametrize("act", ACTS, ids=[path for _, path in ACTS])
def test_no_body_makes_a_fault(api, act):
    """Whatever is sent, it is done or it is a problem with a sentence; never a fault of ours."""
    method, path = act

    @FUZZED
    @given(body=BODIES, tag=st.sampled_from(["*", '"1"', '"2", W/"3"', "x", '"' + "9" * 12 + '"']))
    def send(body: Any, tag: str) -> None:
        sent = json.dumps(body).encode("utf-8", "surrogatepass")
        answer = api.request(method, path, content=sent, headers=JSON | {"If-Match": tag})
        assert answer.status_code < 500, (body, answer.text)
        if answer.status_code >= 400:
            told(answer, answer.status_code)

    send()


@FUZZED
@given(
    path=st.sampled_from(["/api/issues", f"{ONE}/candidates", f"{ONE}/history", "/api/lists", "/api/schedule"]),
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "status", "publication", "q", "list", "weeks"]),
        st.text(max_size=12),
        max_size=3,
    ),
)
def test_no_query_makes_a_fault(api, path, query):
    """As with bodies."""
    safe = {name: re.sub("[\ud800-\udfff]", "?", text) for name, text in query.items()}
    answer = api.get(path, params=safe)
    assert answer.status_code < 500, (path, query, answer.text)
    if answer.status_code >= 400:
        told(answer, answer.status_code)
