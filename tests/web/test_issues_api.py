"""The issues by JSON: lists, one issue whole, edits, texts, checks, comments, tests; each as the desk has it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from digest import api_keys, users
from digest.api_keys import Scope
from digest.issues import drafting
from tests.conftest import NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, key
from tests.web.reviewing import desk_of, edits, stored

ONE = "/api/issues/1"
FIRST = str(key("south-caucasus", 1))


@pytest.fixture
def desk(app) -> Any:
    """Draft an issue and make its editions."""
    return desk_of(app)


@pytest.fixture
def api(desk, with_key) -> httpx.Client:
    """Return a client with a key that may read and edit."""
    assert desk.issue.number == 1
    made: httpx.Client = with_key(Scope.read, Scope.edit, name="planner")
    return made


def version(app) -> int:
    """Return the version of the issue."""
    return stored(app).version


def mails(app) -> list[str]:
    """Return to whom the outbox has mails."""
    return [one.read_text() for one in app.settings.outbox_dir.rglob("*.eml")]


def test_issues_come_in_pages(app, api):
    """The newest first; each page names the next in its body and in a Link, and the last names none."""
    for hours in (1, 2, 3):
        drafting.draft(app.database, "weekly", as_of=NOW - timedelta(hours=hours), at=NOW, once=True)
    seen, url = [], "/api/issues?limit=3&publication=weekly"
    while url:
        answer = api.get(url)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        seen += [one["number"] for one in answer.json()["items"]]
        link = answer.links.get("next", {}).get("url", "")
        assert bool(link) == bool(answer.json()["next"])
        assert not link or f"cursor={answer.json()['next']}" in link
        url = link
    assert seen == [4, 3, 2, 1]
    in_review = api.get("/api/issues?status=in_review").json()["items"]
    assert [one["number"] for one in in_review] == [1]
    assert in_review[0]["publication"] == "weekly"


NO_LISTS = [
    ("limit=0", 422), ("limit=101", 422), ("limit=x", 422), ("limit=1e3", 422),
    ("limit=999999999999999999999", 422),
    ("status=lost", 422), ("publication=none", 404), ("publication=%00", 422), ("publication=A", 422),
    ("cursor=!", 422), ("cursor=AAAA", 422), ("cursor=MS4y", 422), ("cursor=" + "A" * 101, 422),
    ("cursor=LTE", 422),
    ("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", 422),
]  # fmt: skip


def test_what_no_list_can_answer_is_a_problem(api, subtests):
    """Each with its place; nothing of it reaches the database."""
    for query, status in NO_LISTS:
        with subtests.test(query=repr(query)[:80], status=status):
            answer = api.get(f"/api/issues?{query}")
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            if "none" not in query and "cursor=" not in query:
                assert answer.json()["errors"][0]["in"] == "query"


def test_an_issue_is_shown_whole(api):
    """Sections with stories, each with its points by part and the reason; checks, editions, texts, version as ETag."""
    answer = api.get(ONE)
    shown = answer.json()
    assert answer.headers["etag"] == f'"{shown["version"]}"'
    assert answer.headers["cache-control"] == "no-store"
    assert shown["status"] == "in_review"
    assert shown["lead"]["place"] == 1
    story = shown["sections"][0]["stories"][0]
    assert story["why"]
    parts = story["points"]
    assert sum(value for name, value in parts.items() if name != "total") == pytest.approx(parts["total"], abs=0.02)
    assert len(shown["proof"]) == 64
    assert shown["checks"]
    assert {one["level"] for one in shown["checks"]} <= {"red", "amber", "not_checked", "green"}
    assert sum(one["readers"] for one in shown["editions"]) == 6
    assert shown["approval"] is None
    assert [one["name"] for one in shown["texts"]] == ["subject", "preheader", "note"]
    assert api.head(ONE).headers["etag"] == answer.headers["etag"]


def test_an_edition_is_shown_as_readers_get_it(api):
    """Subject, HTML and text, with no mark left where something personal goes."""
    edition = api.get(ONE).json()["editions"][0]
    shown = api.get(f"{ONE}/editions/{edition['id']}").json()
    assert shown["subject"] == edition["subject"]
    assert "<html" in shown["html"]
    assert shown["text"]
    assert api.get(f"{ONE}/editions/{uuid4()}").status_code == 404
    assert api.get(f"{ONE}/editions/7").status_code == 422


def test_candidates_come_by_points_with_the_reason(api):
    """All of them once over the pages; searched by words and by list; a changed issue ends the paging."""
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        page = api.get(f"{ONE}/candidates", params=query).json()
        seen += page["items"]
        cursor = page["next"]
    assert len({one["article_id"] for one in seen}) == len(seen) == 24
    assert all(one["why"] for one in seen)
    left = [one for one in seen if one["place"] is None]
    assert left
    found = api.get(f"{ONE}/candidates", params={"q": "vineyards", "list": "sc"}).json()["items"]
    assert [one["headline"] for one in found] == [
        "Wolves came down to the vineyards, and stayed for the harvest (South Caucasus)"
    ]
    assert api.get(f"{ONE}/candidates", params={"list": "moon"}).status_code == 404
    assert api.get(f"{ONE}/candidates", params={"q": "x" * 201}).status_code == 422
    first = api.get(f"{ONE}/candidates", params={"limit": 2}).json()
    body = {"version": first["version"], "edits": [{"do": "exclude", "article": FIRST}]}
    assert api.post(f"{ONE}/edits", json=body).status_code == 200
    assert api.get(f"{ONE}/candidates", params={"limit": 2, "cursor": first["next"]}).status_code == 409


def test_each_edit_is_done_and_logged_as_the_keys(app, api):
    """Pin, move, lead, exclude, include, replace, set, add, restore: one by one, by If-Match."""
    second = str(key("south-caucasus", 2))
    for body in (
        {"do": "pin", "article": FIRST, "list": "sc", "place": 1},
        {"do": "unpin", "article": FIRST},
        {"do": "move", "article": str(key("central-asia", 3)), "list": "sc"},
        {"do": "lead", "article": second},
        {"do": "lead", "article": None},
        {"do": "exclude", "article": FIRST, "list": "sc"},
        {"do": "include", "article": FIRST, "list": None},
        {"do": "replace", "article": FIRST, "by": str(key("south-caucasus", 7))},
        {"do": "set", "what": "headline", "article": second, "text": "Tea again"},
        {"do": "set", "what": "subject", "text": "On tea", "list": "sc"},
    ):
        before = version(app)
        answer = api.post(f"{ONE}/edits", json=body, headers={"If-Match": f'"{before}"'})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"number": 1, "version": before + 1, "status": "draft", "changed": True}
        assert answer.headers["etag"] == f'"{before + 1}"'
    held = edits(app)
    assert held.texts[second] == {"headline": "Tea again"}
    assert held.subject == {"sc": "On tea"}
    log = api.get(f"{ONE}/history", params={"limit": 1}).json()
    assert log["items"][0]["who"] == "key planner"
    assert log["items"][0]["can_restore"]
    back = [
        {"do": "restore", "entry": log["items"][0]["id"]},
        {"do": "take", "article": None},
        {"do": "keep", "article": None},
    ]
    assert api.post(f"{ONE}/edits", json=back, headers={"If-Match": "*"}).json()["changed"]
    assert edits(app).subject == {}
    added = {"do": "add", "url": "https://meridian.example/south-caucasus-1"}
    assert api.post(f"{ONE}/edits", json=added, headers={"If-Match": "*"}).status_code == 200


def test_a_list_of_edits_is_done_whole_or_not_at_all(app, api):
    """The third cannot be done: the first two are not, either, and the sentence says which it was."""
    first = version(app)
    many = [
        {"do": "set", "what": "subject", "text": "A"},
        {"do": "pin", "article": FIRST, "list": "sc"},
        {"do": "exclude", "article": str(uuid4())},
    ]
    refused = api.post(f"{ONE}/edits", json={"version": first, "edits": many})
    assert refused.status_code == 404
    assert refused.json()["detail"].startswith("Edit 3 of 3: ")
    assert version(app) == first
    assert edits(app).subject == {}
    done = api.post(f"{ONE}/edits", json={"version": first, "edits": many[:2]})
    assert done.json()["version"] == first + 2
    again = api.post(f"{ONE}/edits", json={"version": first, "edits": many[:2]})
    assert again.status_code == 409
    assert version(app) == first + 2


def test_a_conflict_shows_both_texts(app, api):
    """409 by the body's version, 412 by If-Match, 428 where neither was said; nothing is overwritten."""
    first = version(app)
    assert api.put(f"{ONE}/texts", json={"version": first, "subject": "Anna’s", "note": "Hers"}).status_code == 200
    mine = {"subject": "Mine", "preheader": "Mine too"}
    by_body = api.put(f"{ONE}/texts", json=mine | {"version": first})
    by_header = api.put(f"{ONE}/texts", json=mine, headers={"If-Match": f'"{first}", "{first - 1}"'})
    silent = api.put(f"{ONE}/texts", json=mine)
    assert [one.status_code for one in (by_body, by_header, silent)] == [409, 412, 428]
    for answer in (by_body, by_header):
        told = answer.json()
        assert told["type"] == "/api/docs#changed"
        assert told["version"] == first + 2
        assert answer.headers["etag"] == f'"{first + 2}"'
        assert told["texts"] == [
            {"name": "subject", "article": None, "list": None, "yours": "Mine", "stored": "Anna’s"},
            {"name": "preheader", "article": None, "list": None, "yours": "Mine too", "stored": ""},
        ]
    edit = {"do": "set", "what": "headline", "article": FIRST, "text": "B"}
    assert api.post(f"{ONE}/edits", json=edit, headers={"If-Match": '"1000"'}).json()["texts"][0]["article"] == FIRST
    assert edits(app).subject == {"": "Anna’s"}
    assert api.put(f"{ONE}/texts", json=mine, headers={"If-Match": "seven"}).status_code == 422


def test_texts_of_the_issue_a_list_and_a_story_are_set(app, api):
    """By PUT, those that are named; an empty one gives the original back."""
    texts = {"headline": "Tea", "alt": "A field", "article": FIRST}
    assert api.put(f"{ONE}/texts", json=texts, headers={"If-Match": "*"}).status_code == 200
    assert api.put(f"{ONE}/texts", json={"subject": "S", "list": "sc"}, headers={"If-Match": "*"}).status_code == 200
    assert edits(app).texts == {FIRST: {"headline": "Tea", "alt": "A field"}}
    assert edits(app).subject == {"sc": "S"}
    assert api.put(f"{ONE}/texts", json={"headline": "", "article": FIRST}, headers={"If-Match": "*"}).json()["changed"]
    assert edits(app).texts == {FIRST: {"alt": "A field"}}
    for wrong in ({"headline": "No story"}, {"subject": "S", "article": FIRST}, {"list": "sc"}, {}, {"subject": 7}):
        assert api.put(f"{ONE}/texts", json=wrong, headers={"If-Match": "*"}).status_code == 422


def test_the_editions_are_made_and_checked_on_request(api):
    """The proof is what an approval binds to, and is the same for the same content."""
    first = api.post(f"{ONE}/check").json()
    assert first["proof"] == api.post(f"{ONE}/check").json()["proof"] == api.get(ONE).json()["proof"]
    assert first["editions"][0]["readers"] == 3
    changed = api.put(f"{ONE}/texts", json={"version": first["version"], "subject": "Other"}).json()
    assert api.get(ONE).json()["proof"] is None
    second = api.post(f"{ONE}/check").json()
    assert second["version"] == changed["version"]
    assert second["proof"] != first["proof"]


def test_comments_are_said_once_and_settled(app, api):
    """A repetition under one Idempotency-Key says nothing twice; another body under it is refused."""
    once = {"Idempotency-Key": "f3-7"}
    said = [api.post(f"{ONE}/comments", json={"text": "Is it so?", "article": FIRST}, headers=once) for _ in range(2)]
    assert [one.status_code for one in said] == [200, 200]
    assert said[0].json() == said[1].json()
    other = api.post(f"{ONE}/comments", json={"text": "Other"}, headers=once)
    assert other.status_code == 422
    assert other.json()["type"] == "/api/docs#key-reused"
    api.post(f"{ONE}/comments", json={"text": "Second"})
    number = said[0].json()["id"]
    for _ in range(2):
        assert api.post(f"{ONE}/comments/{number}/resolve").json()["resolved_by"] == "key planner"
    assert [one["text"] for one in api.get(f"{ONE}/comments").json()["items"]] == ["Second", "Is it so?"]
    with app.database.writing() as session:
        shown = api_keys.add(session, "other", NOW, [Scope.edit])
    headers = once | {"Authorization": f"Bearer {shown}"}
    assert api.post(f"{ONE}/comments", json={"text": "Of another key"}, headers=headers).status_code == 200
    assert api.post(f"{ONE}/comments", json={"text": "x", "article": str(uuid4())}).status_code == 404
    assert api.post(f"{ONE}/comments/999/resolve").status_code == 404


def test_a_test_reaches_testers_and_the_desk_and_nobody_else(app, api):
    """A reader is no tester; a repetition under one Idempotency-Key is sent once."""
    newsroom.change(app.database, testers=["tess@example.org"])
    with app.database.writing() as session:
        users.add(session, "edith@example.org", "editor", "salt river night train", NOW)
    for to in ("tess@example.org", "Edith@example.org", ANNA):
        assert api.post(f"{ONE}/test", json={"to": to}).status_code == 200
    assert len(mails(app)) == 3
    refused = api.post(f"{ONE}/test", json={"to": "reader0@example.org"})
    assert refused.status_code == 409
    assert api.post(f"{ONE}/test", json={"to": "nobody"}).status_code == 422
    once = {"Idempotency-Key": "t"}
    assert {api.post(f"{ONE}/test", json={"to": ANNA}, headers=once).status_code for _ in range(3)} == {200}
    assert len(mails(app)) == 4
    edition = api.get(ONE).json()["editions"][-1]
    chosen = api.post(f"{ONE}/test", json={"to": ANNA, "edition": edition["id"]}).json()
    assert chosen["edition"] == edition["id"]
    assert api.post(f"{ONE}/test", json={"to": ANNA, "edition": str(uuid4())}).status_code == 404


def test_a_draft_is_made_once_for_a_cut_off(api):
    """201 with its address, then 200 with the same issue; candidates are gathered anew on request."""
    body = {"once": True, "as_of": "2026-11-24T04:00:00+01:00"}
    made = api.post("/api/publications/weekly/drafts", json=body)
    assert made.status_code == 201
    assert made.headers["location"] == "/api/issues/2"
    again = api.post("/api/publications/weekly/drafts", json=body)
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert api.post("/api/publications/daily/drafts", json={}).status_code == 404
    anew = api.post("/api/issues/2/refresh", json={"version": 1})
    assert anew.json()["version"] == 2
    assert api.get("/api/issues/2").json()["as_of"] == "2026-11-24T06:00:00Z"
    assert api.post("/api/issues/2/refresh", json={"version": 1}).status_code == 409


@pytest.mark.parametrize(
    "moment",
    [
        "soon",
        0,
        "0",
        "2026-11-24",
        "2026-11-24T06:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        None,
    ],
)
def test_a_time_names_its_zone(api, moment):
    """What is no instant is a problem at its place; null is now."""
    answer = api.post("/api/publications/weekly/drafts", json={"once": True, "as_of": moment})
    assert answer.status_code == (201 if moment is None else 422)
    if moment is not None:
        assert answer.json()["errors"][0]["pointer"] == "#/as_of"


def test_what_there_is_is_listed(app, api):
    """Publications without anybody's address, lists with their readers, regions, and the runs ahead."""
    newsroom.change(app.database, skip_dates=["2026-11-30"], four_eyes=True)
    (weekly,) = api.get("/api/publications").json()["items"]
    assert weekly["four_eyes"]
    assert ANNA not in api.get("/api/publications").text
    lists = {
        one["id"]: one["readers"] for one in api.get("/api/lists", params={"publication": "weekly"}).json()["items"]
    }
    assert lists == {"sc": 4, "ee": 4, "ca": 5}
    regions = {one["id"]: one["parent"] for one in api.get("/api/regions").json()["items"]}
    assert regions["south-caucasus"] == "eastern-neighbourhood"
    runs = api.get("/api/schedule", params={"weeks": 3}).json()["items"]
    assert [(one["day"], one["runs"]) for one in runs] == [
        ("2026-11-30", False),
        ("2026-12-07", True),
        ("2026-12-14", True),
    ]
    for path in ("/api/lists", "/api/schedule"):
        assert api.get(path, params={"publication": "none"}).status_code == 404
    assert api.get("/api/schedule?weeks=53").status_code == 422
