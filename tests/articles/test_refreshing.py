"""What comes in is kept up to date: feeds, then same stories, pages and pictures; one fault stops nothing else."""

import threading
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlmodel import select

from digest.articles import changes
from digest.articles.clusters import comparing
from digest.articles.feeds import keeping
from digest.articles.feeds.models import Feed
from digest.articles.models import Article, ArticlePage, ArticleWords, Picture
from digest.articles.pictures.store import PictureStore
from digest.articles.refreshing import Refresher
from digest.clock import StillClock
from digest.database import Database
from digest.errors import Refused
from digest.fetching import Fetcher
from digest.regions import apply_preset
from tests.articles.feeds.site import Site, serving

FEED = """<rss version="2.0"><channel><title>News</title><item><title>Flood near Tbilisi</title><link>{0}/flood</link>
<description>{1}</description><enclosure url="{0}/p.jpg" type="image/jpeg" length="1"/></item>
<item><title>Rain in Georgia: Tbilisi dries out</title><link>{0}/rain</link><description>{1}</description></item>
</channel></rss>"""
WORDS = " ".join(f"word{n} of the long story that two desks tell" for n in range(12))
PAGE = '<html><head><meta property="og:title" content="Flood"></head><body><h1>Flood</h1></body></html>'


@pytest.fixture
def site():
    """Serve a feed with two articles of one story, their pages, and a picture."""
    with serving() as one:
        picture = BytesIO()
        Image.new("RGB", (1400, 900), (120, 90, 60)).save(picture, "JPEG")
        one.give("/feed.xml", FEED.format(one.root, WORDS), content_type="application/rss+xml")
        one.give("/p.jpg", picture.getvalue(), content_type="image/jpeg")
        for path in ("/flood", "/rain"):
            one.give(path, PAGE, content_type="text/html")
        yield one


@pytest.fixture
def refresher(database: Database, clock: StillClock, tmp_path: Path, site: Site) -> Refresher:
    """Return a refresher of a newsroom with that feed."""
    with database.writing() as session:
        apply_preset(session, "starter")
        keeping.add(session, keeping.FeedData(url=site.root + "/feed.xml"), clock.now())
    store = PictureStore(tmp_path / "pictures", "https://digest.example.org")
    return Refresher(database, Fetcher(allow_private=True, total=3, step=2), clock, store)


def test_one_pass_brings_everything_up_to_date(refresher: Refresher, site: Site, tmp_path: Path):
    """Articles, their regions by the places they name, their cluster, the state of their pages, and cut pictures."""
    said: list[str] = []
    refresher.run(say=said.append)
    with refresher.database.reading() as session:
        found = {one.headline: one for one in session.exec(select(Article))}
        flood, rain = found["Flood near Tbilisi"], found["Rain in Georgia: Tbilisi dries out"]
        assert flood.regions == {"south-caucasus": "mention"}
        assert flood.cluster == rain.cluster
        assert flood.cluster is not None
        assert len(session.exec(select(ArticleWords)).all()) == 2
        assert {one.says for one in session.exec(select(ArticlePage))} == {""}
        (picture,) = session.exec(select(Picture))
    assert (picture.error, picture.lead_width) == ("", 1280)
    assert {one.name for one in (tmp_path / "pictures").iterdir()} == {picture.lead, picture.thumb}
    assert said == []
    asked = len(site.seen)
    refresher.run(say=said.append)
    assert len(site.seen) == asked


def test_a_cut_off_asks_what_was_not_asked_lately(refresher: Refresher, site: Site, clock: StillClock):
    """Ten minutes after the last time a feed is asked again, whatever its cadence; sooner it is not."""
    refresher.run()
    clock.at += timedelta(minutes=5)
    refresher.before_cutoff()
    assert site.paths.count("/feed.xml") == 1
    clock.at += timedelta(minutes=6)
    refresher.before_cutoff()
    assert site.paths.count("/feed.xml") == 2


def test_pictures_of_the_newsroom_are_left_where_they_are(refresher: Refresher, site: Site):
    """With the setting PICTURES=newsroom none is fetched."""
    Refresher(refresher.database, refresher.fetcher, refresher.clock, refresher.pictures, cut=False).run()
    assert "/p.jpg" not in site.paths


def test_one_fault_is_said_and_stops_nothing_else(refresher: Refresher, site: Site, monkeypatch: pytest.MonkeyPatch):
    """A step that is refused says so; the steps after it are done."""

    def refused(*_: object, **__: object) -> None:
        raise Refused("The texts cannot be compared now.")

    monkeypatch.setattr(comparing, "compare", refused)
    said: list[str] = []
    refresher.run(say=said.append)
    assert said == ["The texts cannot be compared now."]
    assert "/p.jpg" in site.paths


def test_who_is_told_to_leave_begins_nothing(refresher: Refresher, site: Site):
    """A worker that ends asks no further feed."""
    stop = threading.Event()
    stop.set()
    refresher.run(stop=stop)
    assert site.seen == []


def test_a_page_that_is_gone_is_said(refresher: Refresher, site: Site, clock: StillClock):
    """Looked at before a sending, the page of a story that answers 410 unpublishes it."""
    refresher.run()
    site.give("/flood", "gone", 410)
    with refresher.database.reading() as session:
        flood = changes.find(session, site.root + "/flood")
        feed = session.exec(select(Feed)).one()
    assert feed.failures == 0
    clock.at += timedelta(hours=3)
    (sentence,) = refresher.look_at([flood.id])
    assert "Flood near Tbilisi" in sentence
    with refresher.database.reading() as session:
        assert changes.find(session, site.root + "/flood").status == "unpublished"
