"""The door for other systems: POST /api/articles and /api/reads, over a real socket."""

import json
from datetime import timedelta
from threading import Thread
from typing import Any

import httpx
import pytest
from sqlmodel import select

from digest import api_keys
from digest.articles.models import Article, Reads
from digest.regions import apply_preset
from tests.conftest import NOW

JSON = {"Content-Type": "application/json"}
STORY = {"url": "https://example.org/salt", "headline": "Salt", "standfirst": "Of the sea."}
WEEK = {"from": "2026-11-16T00:00:00Z", "to": "2026-11-23T00:00:00+00:00"}


@pytest.fixture
def key(app) -> str:
    """Make a key of the CMS."""
    with app.database.writing() as session:
        apply_preset(session, "starter")
        return api_keys.add(session, "cms", NOW)


@pytest.fixture
def cms(http: httpx.Client, key: str) -> httpx.Client:
    """Return a client that shows the key."""
    http.headers["Authorization"] = f"Bearer {key}"
    return http


def stored(app) -> dict[str, Article]:
    """Return all articles by headline."""
    with app.database.reading() as session:
        return {one.headline: one for one in session.exec(select(Article)).all()}


def post(client: httpx.Client, path: str, body: Any, **headers: str) -> httpx.Response:
    """Send a body: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=content, headers=JSON | headers)


def test_articles_are_stored_once_and_changed_after(app, cms):
    """New, then unchanged, then updated: sending again does no harm."""
    whole = STORY | {"regions": ["south-caucasus"], "guid": "7", "published_at": "2026-11-24T05:00:00Z"}
    counts = []
    for article in (whole, whole, whole | {"headline": "Salt and sea"}):
        answer = post(cms, "/api/articles", {"articles": [article]})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
        counts.append([answer.json()[name] for name in ("new", "updated", "unchanged")])
    assert counts == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    (one,) = stored(app).values()
    assert (one.headline, one.source, one.regions) == ("Salt and sea", "api:cms", {"south-caucasus": "tag"})


@pytest.mark.parametrize("shape", [STORY, [STORY], {"articles": [STORY]}, {"articles": [STORY], "source": "wp"}])
def test_one_article_a_list_and_an_object_are_understood(app, cms, shape):
    """A hook that sends one article at a time need not wrap it."""
    assert post(cms, "/api/articles", shape).json()["new"] == 1
    assert stored(app)["Salt"].source == ("wp" if "source" in shape else "api:cms")


def test_a_bad_article_costs_only_itself(app, cms):
    """Each error says which one and what is wrong; 422 only where nothing could be stored."""
    bad: list[Any] = [{"headline": "No address"}, 7, STORY | {"nonsense": 1}, {"url": "https://example.org/x"}]
    answer = post(cms, "/api/articles", [*bad, STORY | {"regions": ["atlantis"]}])
    assert answer.status_code == 200
    data = answer.json()
    assert data["new"] == 1
    assert [error["where"] for error in data["errors"]] == [f"article {number}" for number in (1, 2, 3, 4)]
    assert data["errors"][0]["sentence"] == "It has no url."
    assert "atlantis" in data["warnings"][0]["sentence"]
    refused = post(cms, "/api/articles", bad)
    assert refused.status_code == 422
    assert len(refused.json()["errors"]) == 4
    assert post(cms, "/api/articles", []).json()["new"] == 0
    assert list(stored(app)) == ["Salt"]


def test_a_cms_withdraws_by_address_and_status(app, cms):
    """The headline need not be repeated; what is not there cannot be withdrawn."""
    post(cms, "/api/articles", STORY)
    gone = {"url": "http://www.example.org/salt?utm_source=x", "status": "Retracted"}
    assert post(cms, "/api/articles", gone).json()["updated"] == 1
    assert stored(app)["Salt"].status == "retracted"
    never = post(cms, "/api/articles", [{"url": "https://example.org/never", "status": "unpublished"}])
    assert never.status_code == 422
    assert "nothing to withdraw" in never.json()["errors"][0]["sentence"]
    odd = post(cms, "/api/articles", [{"url": "mailto:x", "status": "unpublished"}, {"status": "unpublished"}])
    assert len(odd.json()["errors"]) == 2


def test_texts_of_another_source_are_filled_up_only(app, cms):
    """The CMS does not overrule the feed, unless it says that it is the feed."""
    post(cms, "/api/articles", {"articles": [STORY], "source": "example.org/feed"})
    post(cms, "/api/articles", STORY | {"headline": "Other", "kicker": "Sea"})
    (article,) = stored(app).values()
    assert (article.headline, article.kicker) == ("Salt", "Sea")
    post(cms, "/api/articles", {"articles": [STORY | {"headline": "Other"}], "source": "example.org/feed"})
    assert list(stored(app)) == ["Other"]


def test_the_archive_that_is_pushed_first_is_not_new(app, cms):
    """Old articles of the first request count as seen when they were published, later ones are news; or as it says."""
    old = {"published_at": "2020-01-01T00:00:00Z"}
    for name, more in (("a", {}), ("b", {}), ("c", {"backlog": True})):
        article = {"url": f"https://example.org/{name}", "headline": name} | old
        assert post(cms, "/api/articles", {"articles": [article], "language": "de", **more}).status_code == 200
    seen = {name: article.first_seen_at.year for name, article in stored(app).items()}
    assert seen == {"a": 2020, "b": 2026, "c": 2020}
    assert stored(app)["a"].language == "de"


def test_reads_are_stored_once(app, cms):
    """The same period again replaces; pages that are no article are counted and shown."""
    post(cms, "/api/articles", STORY)
    pages = [{"url": "/salt?x=1", "views": 12}, {"url": "/topic", "views": 99}, {"url": "/", "views": 500}]
    for views in (12, 15):
        pages[0]["views"] = views
        answer = post(cms, "/api/reads", WEEK | {"pages": pages, "site": "https://example.org"})
        assert answer.status_code == 200
        assert (answer.json()["articles"], answer.json()["unknown"]) == (1, 2)
        assert answer.json()["unknown_most_read"] == [{"url": "https://example.org/topic", "views": 99, "rank": None}]
    with app.database.reading() as session:
        row = session.exec(select(Reads)).one()
    assert (row.views, row.source, row.period_end) == (15, "api:cms", NOW - timedelta(hours=30))


def test_ranks_are_of_now_and_a_period_ends_now_at_the_latest(app, cms):
    """A list needs no period; a report of today is of today so far."""
    post(cms, "/api/articles", STORY)
    ranks = {"pages": [{"url": STORY["url"], "rank": 2}], "source": "front page"}
    assert post(cms, "/api/reads", ranks).json()["articles"] == 1
    today = {"from": "2026-11-24T00:00:00+01:00", "to": "2026-11-25T00:00:00+01:00"}
    assert post(cms, "/api/reads", today | {"pages": [{"url": STORY["url"], "views": 3}]}).json()["articles"] == 1
    with app.database.reading() as session:
        rows = {row.source: row for row in session.exec(select(Reads))}
    assert (rows["front page"].rank, rows["front page"].period_end) == (2, NOW)
    assert (rows["api:cms"].period_start, rows["api:cms"].period_end) == (NOW - timedelta(hours=7), NOW)


NO_READS = [
    ({"pages": [{"url": "https://example.org/a", "views": 1}]}, "need their period"),
    ({"pages": [], "from": "2026-11-16"}, "need their period"),
    ({"pages": [], "from": "soon", "to": "2026-11-23"}, "from is not a time"),
    ({"pages": [], "from": 5, "to": "2026-11-23"}, "from must be a text"),
    ({"pages": [], "from": "0001-01-01T00:00:00+14:00", "to": "2026-11-23"}, "from is not a time"),
    ({"pages": [], "from": "2026-11-23", "to": "2026-11-16"}, "must end after it starts"),
    ({"pages": [], "from": "2999-01-01", "to": "2999-01-02"}, "must end after it starts"),
    ({"pages": {}}, "pages must be a list"),
    ({"pages": [1] * 50_001}, "at most 50,000"),
    ({"pages": [], "views": 1}, "'views' is not a field"),
    ({"pages": [], "site": "no site"}, "no host name"),
    ({}, "has no pages"),
    ([], "has no pages"),
    (None, "has no pages"),
]


def test_reads_that_cannot_be_meant_are_a_sentence(cms, subtests):
    """422, and the sentence says how to write it."""
    for body, sentence in NO_READS:
        with subtests.test(body=repr(body)[:80], sentence=sentence):
            answer = post(cms, "/api/reads", body)
            assert answer.status_code == 422
            assert sentence in answer.json()["error"]


def test_pages_with_impossible_figures_cost_only_themselves(app, cms):
    """Negative, broken, endless and absent figures, and odd addresses."""
    post(cms, "/api/articles", STORY)
    url = STORY["url"]
    bad: list[Any] = [
        {"url": url}, {"url": url, "views": -1}, {"url": url, "views": 1.5}, {"url": url, "views": 10**30},
        {"url": url, "views": "12"}, {"url": url, "views": True}, {"url": url, "rank": 0}, {"views": 1}, 3, None,
        {"url": "mailto:x", "views": 1}, {"url": "x" * 5_000, "views": 1}, {"url": "\u0000", "views": 1}, [[]],
    ]  # fmt: skip
    answer = post(cms, "/api/reads", WEEK | {"pages": [*bad, {"url": url, "views": 4.0}]})
    assert answer.status_code == 200
    assert [error["where"] for error in answer.json()["errors"]] == [f"page {n}" for n in range(1, len(bad) + 1)]
    with app.database.reading() as session:
        assert session.exec(select(Reads)).one().views == 4
    assert post(cms, "/api/reads", WEEK | {"pages": bad}).status_code == 422


NO_ARTICLES = [
    (b"", "no JSON"),
    (b"\xff\xfe{}", "no JSON"),
    (b'{"articles": [{"url": "https://example.org/\xe9"}]}', "no JSON"),
    (b"[NaN]", "no JSON"),
    (b'[{"url": "https://example.org/a", "headline": "A", "minutes": Infinity}]', "no JSON"),
    (b"[" * 100_000, "no JSON"),
    (b'[{"headline": "\\ud800"}]', "no JSON"),
    (b"7", "has no articles"),
    (b'"text"', "has no articles"),
    (b"{}", "has no articles"),
    (b'{"articles": {}}', "articles must be a list"),
    (b'{"articles": [], "sauce": "x"}', "'sauce' is not a field"),
    (b'{"articles": [], "source": ["x"]}', "source must be a text"),
    (b'{"articles": [], "source": "a\\u0000b"}', "source must be a text"),
    (b'{"articles": [], "language": "!"}', "language must be"),
    (b'{"articles": [], "backlog": "yes"}', "backlog must be"),
    (b'{"articles": [{"url": "https://example.org/a", "headline": "A"}], "region": "atlantis"}', "atlantis"),
    (b"[" + b"0," * 5_000 + b"0]", "at most 5,000"),
]


def test_bodies_that_cannot_be_meant_are_a_sentence(app, cms, subtests):
    """Not UTF-8, no number, nested too deep, of another shape: 422, and nothing is stored."""
    for body, sentence in NO_ARTICLES:
        with subtests.test(body=repr(body)[:80], sentence=sentence):
            answer = post(cms, "/api/articles", body)
            assert answer.status_code == 422
            assert sentence in answer.json()["error"]
            assert stored(app) == {}


def test_hostile_values_are_made_harmless_or_refused(app, cms):
    """Null bytes, huge numbers, deep values, scripts: stored without them, or an error of that article."""
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    bad = [STORY | {"headline": deep}, STORY | {"published_at": 10**300}, STORY | {"authors": [deep]}]
    good = STORY | {"headline": "Sa\u0000lt<script>alert(1)</script>", "minutes": 10**300, "body": "\u0000" * 10}
    answer = post(cms, "/api/articles", b"\xef\xbb\xbf" + json.dumps([*bad, good]).encode())
    assert answer.status_code == 200
    assert [error["where"] for error in answer.json()["errors"]] == ["article 1", "article 2", "article 3"]
    (headline,) = stored(app)
    assert "\x00" not in headline
    assert "<script" not in headline
    assert stored(app)[headline].minutes is None


def test_many_at_once_store_each_article_once(app, site, key):
    """Eight clients push the same hundred articles."""
    body = json.dumps([{"url": f"https://example.org/{n}", "headline": f"Story {n}"} for n in range(100)]).encode()
    headers = JSON | {"Authorization": f"Bearer {key}"}
    answers: list[dict[str, int]] = []

    def push() -> None:
        answers.append(httpx.post(f"{site}/api/articles", content=body, headers=headers, timeout=60).json())

    threads = [Thread(target=push) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["new"] for answer in answers) == 100
    assert len(stored(app)) == 100


def test_the_schema_of_an_article_is_public(http):
    """It names the fields, which are needed, and that others are refused; no key is asked for."""
    answer = http.get("/api/articles/schema")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    data = answer.json()
    assert set(data["required"]) == {"url", "headline"}
    assert data["additionalProperties"] is False
    assert {"standfirst", "regions", "status", "image"} <= set(data["properties"])
    assert http.head("/api/articles/schema").status_code == 200
    assert http.get("/api/articles").status_code == 405
