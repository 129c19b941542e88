"""From a file or an address to stored articles in one call."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from digest.articles import collecting
from digest.articles.collecting import Batch
from digest.articles.importing.reading import Origin
from digest.articles.models import Article
from digest.articles.storing import Import
from digest.database import Database
from digest.errors import BadInput
from digest.fetching import Fetched, Fetcher
from tests.conftest import NOW

OLD = (NOW - timedelta(days=20)).isoformat()
FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "items": [{"id": "1", "url": "https://example.org/a", "title": "A", "date_published": OLD}],
}


class Site(Fetcher):
    """A fetcher that answers from here."""

    def get(self, url, headers=None):  # noqa: ARG002 - the signature is Fetcher's
        """Answer with the feed, or with nothing."""
        status = 404 if url.endswith("gone") else 200
        return Fetched(url + "?redirected", status, {"content-type": "application/json"}, json.dumps(FEED).encode())


def take(database: Database, batch: Batch, **more) -> Article:
    """Store a batch and return the one article."""
    collecting.store(database, batch, Import(source="", at=NOW), **more)
    with database.reading() as session:
        return session.exec(select(Article)).one()


def test_an_address_is_fetched_read_and_stored(database: Database):
    """Its source is its address; the first import of a feed makes nothing old new, a later one does."""
    origin, content = collecting.open_origin("https://www.example.org/feed.json", Site())
    batch = collecting.read(content, origin)
    assert (batch.feed, batch.source, origin.content_type) == (True, "example.org/feed.json", "application/json")
    article = take(database, batch)
    assert article.source == "example.org/feed.json"
    assert article.first_seen_at == NOW - timedelta(days=20)


def test_a_feed_that_was_seen_before_brings_new_articles(database: Database):
    """What appears in it later is new however old it says it is; by hand that can be said otherwise."""
    other = {"url": "https://example.org/x", "headline": "X"}
    file = collecting.read(json.dumps([other]).encode(), Origin("x", path=Path("feed.json")))
    assert (file.feed, file.source) == (False, "feed")
    collecting.store(database, file, Import(source="feed", at=NOW))
    batch = collecting.read(json.dumps(FEED).encode(), Origin("-"))
    assert batch.source == "stdin"
    collecting.store(database, batch, Import(source="feed", at=NOW))
    with database.reading() as session:
        assert session.exec(select(Article).where(Article.headline == "A")).one().first_seen_at == NOW


def test_backlog_can_be_said_by_hand(database: Database):
    """False: even at the first import everything is new."""
    batch = collecting.read(json.dumps(FEED).encode(), Origin("-"))
    assert take(database, batch, backlog=False).first_seen_at == NOW


def test_a_file_overrules_what_a_feed_says(database: Database):
    """A person imports a file; that is meant."""
    collecting.store(database, collecting.read(json.dumps(FEED).encode(), Origin("-")), Import(source="feed", at=NOW))
    data = json.dumps([{"url": "https://example.org/a", "headline": "By hand"}]).encode()
    assert take(database, collecting.read(data, Origin("x.json", path=Path("x.json")))).headline == "By hand"


def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path, monkeypatch):
    """A missing page, a missing file, a folder, a file without end."""
    with pytest.raises(BadInput, match="status 404"):
        collecting.open_origin("https://example.org/gone", Site())
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(BadInput, match="cannot be read"):
            collecting.open_origin(str(path), Site())
    (tmp_path / "large").write_bytes(b"12345")
    assert collecting.open_origin(str(tmp_path / "large"), Site())[1] == b"12345"
    monkeypatch.setattr("digest.articles.importing.reading.LARGEST", 4)
    with pytest.raises(BadInput, match="Split it"):
        collecting.open_origin(str(tmp_path / "large"), Site())
