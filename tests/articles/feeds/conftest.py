"""What the tests of feeds share: a site to ask, a fetcher that may ask it, and a way to add a feed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from digest.articles import polling
from digest.articles.feeds import keeping
from digest.articles.feeds.models import Feed
from digest.articles.pictures.store import PictureStore
from digest.database import Database
from digest.fetching import Fetcher
from digest.regions import apply_preset
from tests.articles.feeds.site import Site, serving
from tests.conftest import NOW

Add = Callable[..., Feed]


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve a site on loopback."""
    with serving() as one:
        yield one


@pytest.fixture
def fetcher() -> Fetcher:
    """Return a fetcher that may ask loopback, and has little patience."""
    return Fetcher(allow_private=True, total=3, step=2)


@pytest.fixture
def pictures(tmp_path: Path) -> PictureStore:
    """Return a store of pictures."""
    return PictureStore(tmp_path / "pictures", "http://127.0.0.1:8000")


@pytest.fixture
def add(database: Database) -> Add:
    """Return what adds a feed, and the starter regions with the first one."""

    def adding(url: str, **more) -> Feed:
        with database.writing() as session:
            apply_preset(session, "starter")
            return keeping.add(session, keeping.FeedData(url=url, **more), NOW)

    return adding


@pytest.fixture
def poll(database: Database, fetcher: Fetcher, pictures: PictureStore):
    """Return what polls a feed at a time."""

    def polling_it(feed: Feed, at=NOW, **more):
        return polling.poll(database, more.pop("by", fetcher), pictures, feed.id, at, **more)

    return polling_it
