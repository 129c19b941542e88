"""Pictures are fetched once, in bounds, by whoever comes first; what cannot be had is settled with its reason."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlmodel import select

from digest.articles import candidates
from digest.articles.models import Article, ArticleStatus, Picture, article_id
from digest.articles.pictures import fetching
from digest.articles.pictures.fetching import LEASE, Fetched, fetch_due
from digest.articles.pictures.store import PictureStore
from digest.database import Database
from digest.errors import BadInput
from digest.fetching import Fetched as Answer
from digest.fetching import Fetcher
from tests.articles.pictures.making import jpeg, png_head, written
from tests.articles.pictures.making import plain as one_color
from tests.conftest import BOTH, NOW
from tests.issues.newsroom import article, publish

BASE = "https://digest.example"
MINUTE = timedelta(minutes=1)
BODIES = {
    "good.jpg": ("text/plain", jpeg()),
    "good.webp": ("image/webp", written(one_color(), "WEBP")),
    "page.jpg": ("image/jpeg", b"<!doctype html><title>Log in</title>"),
    "drawn.svg": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "bomb.png": ("image/png", png_head(50_000, 50_000)),
    "dot.gif": ("image/gif", written(one_color(1, 1).quantize(2), "GIF")),
    "cut.jpg": ("image/jpeg", jpeg()[:-400]),
}


class Site(BaseHTTPRequestHandler):
    """A newsroom's site with good and bad pictures, and hostile ones."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self):
        """Answer by path."""
        name = self.path.strip("/")
        self.asked[name] += 1
        kind, body = BODIES.get(name.partition("?")[0], ("", b""))
        if kind:
            self._answer(200, body, {"Content-Type": kind})
        elif name.isdecimal():
            self._answer(int(name), b"no")
        elif name == "inside.jpg":
            self._answer(302, b"", {"Location": "http://inside.test/good.jpg"})
        elif name == "data.jpg":
            self._answer(302, b"", {"Location": "data:image/gif;base64,R0lGODlhAQABAAAAACw="})
        elif name == "large.jpg":
            self._answer(200, b"", {"Content-Length": "15000001"})
        else:
            self._drip()

    def log_message(self, format, *args):  # noqa: A002 - the signature is the library's
        """Keep quiet."""

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self._answer(200, b"", {"Content-Length": "1000"})
        try:
            for _ in range(50):
                self.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            self.close_connection = True


@pytest.fixture
def site() -> Iterator[str]:
    """Run the site; yields its address under the name pictures.test."""
    Site.asked = Counter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://pictures.test:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    """Return the store of the tests."""
    return PictureStore(tmp_path / "pictures", BASE)


def guarded(**bounds: float) -> Fetcher:
    """Return a fetcher to whom our loopback stands for the open internet, and inside.test for a network behind it."""

    def resolver(host: str, _port: int) -> list[str]:
        return ["10.0.0.1" if host == "inside.test" else "127.0.0.1"]

    return Fetcher(resolver=resolver, public=lambda address: address == "127.0.0.1", **bounds)  # type: ignore[arg-type]


class Says:
    """A fetcher that says what it is told to."""

    def __init__(self, *answers: int | BadInput) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the next answer; the last again and again."""
        assert headers
        self.asked.append(url)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BadInput):
            raise answer
        return Answer(url, answer, {}, jpeg(300, 200))


def show(database: Database, *urls: str, **changes: Any) -> None:
    """Publish an article for each picture."""
    publish(
        database, [article(f"{n}-{changes.get('hours', '')}", image_url=url, **changes) for n, url in enumerate(urls)]
    )


def rows(database: Database) -> dict[str, Picture]:
    """Return what is known of pictures, by the last part of their address."""
    with database.reading() as session:
        return {row.url.rpartition("/")[2]: row for row in session.exec(select(Picture))}


@BOTH
def test_pictures_are_fetched_once_and_kept(database, site, store):
    """Whatever type the server names; two articles with one picture ask once; a second run asks nothing."""
    show(database, f"{site}/good.jpg", f"{site}/good.webp", f"{site}/good.jpg", "")
    assert fetch_due(database, guarded(), store, NOW) == Fetched(2, 0, 0)
    found = rows(database)
    good = found["good.jpg"]
    assert (good.lead_width, good.lead_height, good.error, good.failures, good.next_at) == (1280, 720, "", 0, None)
    assert good.tried_at == NOW
    assert {one for row in found.values() for one in (row.lead, row.thumb)} == {p.name for p in store.folder.iterdir()}
    assert fetch_due(database, guarded(), store, NOW + timedelta(days=2)) == Fetched(0, 0, 0)
    assert Site.asked == {"good.jpg": 1, "good.webp": 1}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("404", "the server answers 404 (Not Found)."),
        ("410", "the server answers 410 (Gone)."),
        ("401", "the server answers 401 (Unauthorized)."),
        ("299", "the server answers 299."),
        ("page.jpg", "What came is no JPEG, PNG, GIF, WebP or AVIF picture."),
        ("drawn.svg", "What came is no JPEG, PNG, GIF, WebP or AVIF picture."),
        ("bomb.png", "The picture has over 40 million pixels."),
        ("dot.gif", "it is a spacer or an icon."),
        ("cut.jpg", "The picture is broken, or ends too early."),
        ("large.jpg", "it is larger than 15,000,000 bytes."),
        ("inside.jpg", "inside.test leads to 10.0.0.1, an address inside this network"),
        ("data.jpg", "only http:// and https:// addresses are fetched."),
    ],
)
def test_what_is_no_picture_is_settled_at_once(database, site, store, name, sentence):
    """With the reason in a sentence; nobody asks again, and nothing is kept."""
    show(database, f"{site}/{name}")
    assert fetch_due(database, guarded(), store, NOW) == Fetched(0, 1, 0)
    (row,) = rows(database).values()
    assert sentence in row.error
    assert (row.next_at, row.lead, row.failures) == (None, "", 1)
    assert fetch_due(database, guarded(), store, NOW + timedelta(days=1)) == Fetched(0, 0, 0)
    assert not store.folder.exists()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/p.jpg", "http://[::1]/p.jpg", "http://169.254.169.254/latest", "data:image/gif;base64,AA"]
)
def test_private_addresses_are_never_asked(database, store, url):
    """By the guarded fetcher as it is."""
    show(database, url)
    fetcher = Fetcher(resolver=lambda host, _port: [host])
    assert fetch_due(database, fetcher, store, NOW) == Fetched(0, 1, 0)
    (row,) = rows(database).values()
    assert "inside this network" in row.error or "only http" in row.error
    assert row.next_at is None


@pytest.mark.parametrize("name", ["500", "503", "429", "403", "drip.jpg"])
def test_what_may_pass_is_tried_again(database, site, store, name):
    """After ten minutes, an hour and six hours; then the matter is settled."""
    show(database, f"{site}/{name}")
    fetcher = guarded(total=1.0, step=1.0)
    at = NOW
    for failures, wait in enumerate((10 * MINUTE, 60 * MINUTE, 360 * MINUTE), start=1):
        assert fetch_due(database, fetcher, store, at) == Fetched(0, 1, 0)
        row = rows(database)[name]
        assert (row.failures, row.next_at) == (failures, at + wait)
        assert fetch_due(database, fetcher, store, at + wait - MINUTE) == Fetched(0, 0, 0)
        at += wait
    assert fetch_due(database, fetcher, store, at) == Fetched(0, 1, 0)
    row = rows(database)[name]
    assert (row.failures, row.next_at) == (4, None)
    assert f"{site}/{name} could not be fetched: " in row.error
    assert fetch_due(database, fetcher, store, at + timedelta(days=9)) == Fetched(0, 0, 0)
    assert Site.asked[name] == 4


def test_a_host_that_is_not_found_may_come_back(database, store, monkeypatch):
    """A name server that does not answer is no fault of the picture."""

    def no_answer(*_args: Any, **_more: Any) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_answer)
    show(database, "http://nowhere.test/p.jpg")
    fetch_due(database, Fetcher(), store, NOW)
    assert rows(database)["p.jpg"].next_at == NOW + 10 * MINUTE


def test_a_picture_that_comes_at_last_is_kept(database, store):
    """And its old error is forgotten."""
    show(database, "https://news.example/p.jpg")
    fetcher = Says(500, 429, 200)
    for wait, expected in ((0, Fetched(0, 1, 0)), (10, Fetched(0, 1, 0)), (70, Fetched(1, 0, 0))):
        assert fetch_due(database, fetcher, store, NOW + wait * MINUTE) == expected
    row = rows(database)["p.jpg"]
    assert (row.error, row.failures, row.next_at, row.lead != "") == ("", 0, None, True)


def test_a_changed_address_is_another_picture(database, store):
    """It is fetched anew; what was kept before stays for the mails that show it."""
    show(database, "https://news.example/old.jpg")
    fetcher = Says(200)
    fetch_due(database, fetcher, store, NOW)
    with database.writing() as session:
        session.exec(select(Article)).one().image_url = "https://news.example/new.jpg"
    fetch_due(database, fetcher, store, NOW)
    assert fetcher.asked == ["https://news.example/old.jpg", "https://news.example/new.jpg"]


@BOTH
def test_which_articles_have_their_pictures_fetched(database, store):
    """Published ones a mail may hold: new, updated or first seen in 28 days, evergreens of a year; or those named."""
    days = 24

    def put(name: str, hours: float, **changes: Any) -> None:
        publish(database, [article(name, hours=hours, image_url=f"https://news.example/{name}", **changes)])

    put("new", 5)
    put("month", 27 * days)
    put("old", 29 * days, first_seen_at=NOW - timedelta(days=29))
    put("updated", 60 * days, first_seen_at=NOW - timedelta(days=60), refreshed_at=NOW - timedelta(days=1))
    put("seen", 60 * days, first_seen_at=NOW - timedelta(days=1))
    put("evergreen", 300 * days, evergreen=True)
    put("ancient", 400 * days, evergreen=True)
    put("withdrawn", 5, status=ArticleStatus.unpublished)
    fetcher = Says(200)
    fetch_due(database, fetcher, store, NOW)
    asked = [url.rpartition("/")[2] for url in fetcher.asked]
    assert sorted(asked) == ["evergreen", "month", "new", "updated"]
    fetcher.asked.clear()
    only = [article_id(f"meridian.example/{name}") for name in ("old", "withdrawn", "new")]
    assert fetch_due(database, fetcher, store, NOW, articles=only) == Fetched(1, 0, 0)
    assert fetcher.asked == ["https://news.example/old"]
    assert fetch_due(database, fetcher, store, NOW, articles=[]) == Fetched(0, 0, 0)


def test_a_run_is_bounded(database, store):
    """In pictures, newest articles first; in time; and by a word from outside. What is left is said."""
    for hours in (30, 10, 20):
        show(database, f"https://news.example/{hours}.jpg", hours=hours)
    fetcher = Says(200)
    told = threading.Event()
    told.set()
    assert fetch_due(database, fetcher, store, NOW, stop=told) == Fetched(0, 0, 3)
    assert fetch_due(database, fetcher, store, NOW, seconds=0) == Fetched(0, 0, 3)
    assert fetcher.asked == []
    assert fetch_due(database, fetcher, store, NOW, most=2) == Fetched(2, 0, 1)
    assert sorted(fetcher.asked) == ["https://news.example/10.jpg", "https://news.example/20.jpg"]
    assert fetch_due(database, fetcher, store, NOW) == Fetched(1, 0, 0)


def test_pictures_of_ours_are_never_asked_for_over_the_network(database, store, tmp_path):
    """What came with a file is read from the folder; what is gone from there is settled."""
    (tmp_path / "p.png").write_bytes(written(one_color(), "PNG"))
    show(database, store.keep(tmp_path / "p.png"), f"{BASE}/pictures/{'0' * 32}.jpg", f"{BASE}/pictures/../digest.db")
    fetcher = Says(BadInput("not to be asked"))
    assert fetch_due(database, fetcher, store, NOW) == Fetched(1, 2, 0)
    assert fetcher.asked == []
    assert "The folder of pictures has no" in rows(database)[f"{'0' * 32}.jpg"].error


@BOTH
def test_two_workers_fetch_each_picture_once(database, site, store):
    """At the same time: together they do it all, and none twice."""
    names = [f"good.jpg?{n}" for n in range(12)]
    show(database, *(f"{site}/{name}" for name in names))
    start = threading.Barrier(3)
    came: list[Fetched] = []

    def work() -> None:
        start.wait()
        came.append(fetch_due(database, guarded(), store, NOW))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.kept for one in came) == 12
    assert Site.asked == dict.fromkeys(names, 1)
    assert all(row.lead for row in rows(database).values())


def test_a_dead_workers_picture_is_fetched_when_its_claim_runs_out(database, store):
    """Not before."""
    show(database, "https://news.example/p.jpg")

    def die() -> None:
        raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError, match="the power is gone"):
        fetch_due(database, Does(die), store, NOW)
    fetcher = Says(200)
    assert fetch_due(database, fetcher, store, NOW + LEASE - MINUTE) == Fetched(0, 0, 0)
    assert fetch_due(database, fetcher, store, NOW + LEASE) == Fetched(1, 0, 0)


class Does:
    """A fetcher that does what a test wants in the middle of a fetch."""

    def __init__(self, act: Callable[[], None], status: int = 200) -> None:
        self.act = act
        self.status = status

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Do it, and answer."""
        assert headers
        self.act()
        return Answer(url, self.status, {}, jpeg())


def test_a_late_worker_does_not_undo_what_another_did(database, store):
    """A worker that comes back after its claim ran out, and finds nothing, changes nothing."""
    show(database, "https://news.example/p.jpg")

    def let_another_work() -> None:
        assert fetch_due(database, Says(200), store, NOW + LEASE) == Fetched(1, 0, 0)

    fetch_due(database, Does(let_another_work, 404), store, NOW)
    row = rows(database)["p.jpg"]
    assert (row.error, row.lead != "") == ("", True)


def test_a_folder_that_takes_nothing_stops_the_run(database, tmp_path):
    """No picture is to blame for a full disk: it is said, and all are due again."""
    (tmp_path / "pictures").write_text("a file", encoding="ascii")
    store = PictureStore(tmp_path / "pictures", BASE)
    show(database, *(f"https://news.example/{n}.jpg" for n in range(9)))
    came = fetch_due(database, Says(200), store, NOW)
    assert (came.kept, came.failed, came.left) == (0, 0, 9)
    assert "could not be kept" in came.error
    assert all(row.failures == 0 and row.error == "" for row in rows(database).values())
    (tmp_path / "pictures").unlink()
    assert fetch_due(database, Says(200), store, NOW + LEASE) == Fetched(9, 0, 0)


def test_nothing_is_held_while_the_network_is_waited_for(database, store):
    """Another thread can write meanwhile."""
    show(database, "https://news.example/p.jpg")

    def touch() -> None:
        with database.writing() as session:
            session.exec(select(Article)).one().refreshed_at = NOW

    def write_beside() -> None:
        beside = threading.Thread(target=touch)
        beside.start()
        beside.join(timeout=5)
        assert not beside.is_alive()

    assert fetch_due(database, Does(write_beside), store, NOW) == Fetched(1, 0, 0)


def test_the_reach_is_that_of_an_issue():
    """The same ages that candidates are gathered by."""
    assert (fetching.RECENT, fetching.EVERGREEN) == (candidates.RECENT, candidates.EVERGREEN)
