"""The pages that are the same for everybody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.clock import StillClock
from digest.errors import Refused
from digest.ranking.formula import WEEKLY
from digest.web import public
from digest.web.limiting import MOST_KEYS, Limiter
from digest.web.serving import listen
from tests.conftest import NOW
from tests.web.test_readers import scan

NAME = "0123456789abcdef0123456789abcdef.jpg"


def test_the_home_page_says_what_this_is(http):
    """And where to unsubscribe."""
    answer = http.get("/")
    assert answer.status_code == 200
    assert "digest-mailer" in answer.text
    assert scan(http, "/") == {"/", "/how-we-choose", "/icon.svg", "/join", "/link"}


@pytest.mark.parametrize(("path", "kind"), [("/icon.svg", "image/svg+xml"), ("/favicon.ico", "image/x-icon")])
def test_the_icon_is_there_and_kept(http, path, kind):
    """Also where programs look for it unasked; the pages of readers and of the desk name it."""
    answer = http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["cache-control"] == "public, max-age=2592000"
    for page in ("/", "/desk/sign-in"):
        assert '<link rel="icon" href="/icon.svg"' in http.get(page).text


def test_health_asks_the_database(app, http):
    """200 while it answers, 503 when it does not."""
    assert http.get("/health").json() == {"database": "ok"}
    app.database.close()
    folder = app.settings.pictures_dir.parent
    (folder / "web.db").unlink()
    (folder / "web.db").mkdir()
    for extra in ("web.db-wal", "web.db-shm"):
        (folder / extra).unlink(missing_ok=True)
    assert http.get("/health").status_code == 503


def test_how_we_choose_is_made_from_the_formula(http, readers, monkeypatch):
    """The numbers on the page are the formula's, so that it cannot say something else; per publication, or all."""
    page = http.get("/how-we-choose").text
    for number in ("40", "0–30", "0–20", "10, 6, 3", "3 days", "12 hours", "v1"):
        assert number in page
    monkeypatch.setattr(public, "WEEKLY", replace(WEEKLY, editor=41.5, version="v9"))
    changed = http.get("/how-we-choose").text
    assert "41.5" in changed
    assert "v9" in changed
    own = http.get("/how-we-choose/weekly").text
    assert "The Weekly" in own
    assert "In a daily mail" not in own
    assert http.get("/how-we-choose/nowhere").status_code == 404
    assert readers.ref


def test_pictures_are_served_for_good(app, http):
    """By the hash of their content only, and nothing else of the disk."""
    folder = app.settings.pictures_dir
    folder.mkdir()
    (folder / NAME).write_bytes(b"\xff\xd8\xff picture")
    (folder / "notes.txt").write_text("secret")
    (folder / f".{NAME}.part").write_bytes(b"half")
    answer = http.get(f"/pictures/{NAME}")
    assert (answer.status_code, answer.content) == (200, b"\xff\xd8\xff picture")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{NAME[:32]}"'
    for ending, kind in (("png", "image/png"), ("gif", "image/gif")):
        (folder / f"{NAME[:32]}.{ending}").write_bytes(b"picture")
        assert http.get(f"/pictures/{NAME[:32]}.{ending}").headers["content-type"] == kind
    for wrong in ("notes.txt", f".{NAME}.part", "..%2fweb.db", NAME.replace("0", "1"), ""):
        assert http.get(f"/pictures/{wrong}").status_code == 404


def test_a_picture_that_is_held_already_is_not_sent_again(app, http):
    """304, with the same promise; another mark gets the picture, and HEAD its head."""
    app.settings.pictures_dir.mkdir()
    (app.settings.pictures_dir / NAME).write_bytes(b"\xff\xd8\xff picture")
    tag = http.get(f"/pictures/{NAME}").headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = http.get(f"/pictures/{NAME}", headers={"If-None-Match": held})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert http.get(f"/pictures/{NAME}", headers={"If-None-Match": '"other"'}).status_code == 200
    head = http.head(f"/pictures/{NAME}")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "11")
    assert http.get(f"/pictures/{NAME.replace('0', '1')}", headers={"If-None-Match": "*"}).status_code == 404


@pytest.mark.parametrize("path", ["/nowhere", "/docs", "/openapi.json", "/u"])
def test_an_unknown_page_says_so(http, path):
    """In a page, with the safe headers."""
    answer = http.get(path)
    assert answer.status_code == 404
    assert "no such page" in answer.text
    assert "content-security-policy" in answer.headers


def test_a_taken_port_is_refused_with_a_sentence():
    """Not with a stack of calls."""
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(Refused, match=r"Cannot listen on 127\.0\.0\.1"):
            listen("127.0.0.1", taken.getsockname()[1])


def test_the_limiter_counts_in_a_moving_window():
    """So many in so long, each key for itself; what is out of date is forgotten."""
    clock = StillClock(NOW)
    allow = Limiter(clock, {"x": (2, timedelta(minutes=1))})
    assert [allow("x a"), allow("x a"), allow("x a"), allow("x b")] == [True, True, False, True]
    clock.sleep(60)
    assert allow("x a")
    for number in range(MOST_KEYS + 1):
        allow(f"x {number}")
    clock.sleep(60)
    assert allow("x a")
    assert len(allow._seen) == 1
