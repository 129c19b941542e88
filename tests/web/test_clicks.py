"""A click on a story of a mail, against a real server: on to the story in one hop, and never elsewhere."""

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlmodel import col, select

from digest.events.models import Click
from digest.issues.models import Publication
from digest.proofs.models import Edition
from digest.rendering import click_links
from digest.web import clicks
from digest.web.templates import environment, translation
from subscribers import Keys, pages
from subscribers.consent import CLICKS
from tests.conftest import NOW
from tests.subscribers.reading import person
from tests.web.conftest import ADDRESS
from tests.web.running import running

STORY = "https://meridian.example/a/%D1%8F?id=7&utm_source=digest&utm_content=sc-3#top"
OLD = "zQ4tUe8wYb2nHk6rMx0pVd5sAj9gLf3c"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}


@pytest.fixture
def door(app) -> Iterator[httpx.Client]:
    """Serve the clicks, and the pages of readers as they are where clicks are counted, on a real socket."""
    web = FastAPI(openapi_url=None)
    web.include_router(clicks.router(app))
    web.include_router(
        pages.router(
            pages.Ports(
                sessions=app.database,
                clock=app.clock,
                keys=app.keys,
                templates=environment(),
                translator=translation,
                base_url=app.settings.base_url,
                limiter=lambda _: True,
                send_confirmation=lambda _: None,
                personal=lambda family: clicks.counts_people(app, family),
            )
        )
    )
    how: dict[str, Any] = {"trust_env": False, "headers": BROWSER, "timeout": 60}
    with running(web) as (address, _), httpx.Client(base_url=address, **how) as client:
        yield client


def link(app, edition, place=3, url=STORY, keys=None):
    """Return a counted link of an edition, and let it stand in what was sent."""
    made = click_links.path(keys or app.keys, edition if isinstance(edition, UUID) else edition.id, place, url)
    with app.database.writing() as session:
        session.execute(update(Edition).values(html=Edition.html + made))
    return made


def stored(app, number):
    """Return the clicks, once there are so many: they are written after the answer."""
    found: list[Click] = []
    for _ in range(200):
        with app.database.reading() as session:
            found = list(session.exec(select(Click).order_by(col(Click.id))))
        if len(found) >= number:
            break
        time.sleep(0.02)
    assert len(found) == number
    return found


def test_a_click_leads_to_the_story_in_one_hop(app, door, edition):
    """302 to the very address, for GET and HEAD; nothing is kept in the browser, and both are noted."""
    path = link(app, edition)
    for method in ("GET", "HEAD"):
        answer = door.request(method, path)
        assert (answer.status_code, answer.headers["location"], answer.content) == (302, STORY, b"")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
    got, head = stored(app, 2)
    assert (got.edition_number, got.place, got.method, got.sign, got.at) == (edition.number, 3, "GET", "", NOW)
    assert (head.method, head.sign, head.visitor) == ("HEAD", "head", got.visitor)


def test_what_machines_do_is_noted_as_theirs(app, door, edition):
    """The hidden link, a prefetch, a name that is known; all are sent on all the same."""
    requests = [(0, {}), (3, {"sec-purpose": "prefetch"}), (3, {"purpose": "prefetch"}), (3, {"user-agent": "curl/8"})]
    for place, headers in requests:
        assert door.get(link(app, edition, place), headers=headers).status_code == 302
    assert sorted(one.sign for one in stored(app, 4)) == ["agent", "prefetch", "prefetch", "trap"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        STORY.replace("meridian", "meridlan"),
        f"{STORY}x",
        "https://meridian.example@evil.example/",
        "https://a.example/\r\nSet-Cookie: a=b",
        "<script>alert(1)</script>",
        "",
    ],
)
def test_it_leads_nowhere_else(app, door, edition, url):
    """Another address than the signed one is refused with a page that neither repeats it nor links to it."""
    token = link(app, edition).partition("?")[0]
    for path in (f"{token}?u={quote(url)}", f"{token}?u={quote(url)}&u={quote(STORY, safe='')}"):
        answer = door.get(path)
        assert answer.status_code == 404
        assert "location" not in answer.headers
        assert "Open it again from the mail" in answer.text
        assert "evil" not in answer.text
        assert "<script" not in answer.text
    assert stored(app, 0) == []


def test_a_changed_token_is_refused(app, door, edition):
    """Cut short, lengthened, of another place, of another purpose, nonsense; with no URL at all."""
    path, other = link(app, edition), link(app, edition, 4, f"{STORY}4")
    token, query = path.removeprefix("/c/").split("?", 1)
    wrong = [token[:-1], token + "A", "A" + token[1:], other[3:43], "x", "%00" * 40, app.keys.sign(
        "view", subscriber="-", family="weekly", reference=str(edition.id))]  # fmt: skip
    for one in wrong:
        assert door.get(f"/c/{one}?{query}").status_code == 404
    assert door.get(f"/c/{token}").status_code == 404
    assert stored(app, 0) == []


def test_what_others_add_to_a_link_does_not_break_it(app, door, edition):
    """Social networks and gateways put marks of their own behind it."""
    assert door.get(f"{link(app, edition)}&fbclid=abc&r=").headers["location"] == STORY
    stored(app, 1)


def test_links_never_die(app, door, edition):
    """Signed by an old key, of an edition that is gone, of a publication that counts nothing: on to the story."""
    app.__dict__["keys"] = Keys(secret=app.keys.secret, old=(OLD,), address=app.keys.address)
    assert door.get(link(app, edition, keys=Keys(secret=OLD, address=OLD))).headers["location"] == STORY
    stored(app, 1)
    assert door.get(link(app, UUID(int=5))).headers["location"] == STORY
    with app.database.writing() as session:
        session.execute(update(Publication).values(clicks="off"))
    assert door.get(link(app, edition)).headers["location"] == STORY
    assert door.get("/c/x?u=x").status_code == 404
    stored(app, 1)


def test_the_way_on_does_not_need_the_database(app, door, edition, monkeypatch, caplog):
    """While it is away readers get to their stories as ever; the click is lost, and the log says so."""
    path = link(app, edition)

    def away():
        time.sleep(0.5)
        raise OSError("The database is away.")

    monkeypatch.setattr(app.database, "writing", away)
    began = time.monotonic()
    for _ in range(20):
        assert door.get(path).headers["location"] == STORY
    assert time.monotonic() - began < 2
    deadline = time.monotonic() + 10
    while caplog.text.count("was not stored") < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert caplog.text.count("was not stored") == 20


def test_readers_are_asked_where_people_are_counted(app, door, readers):
    """A tick on the page of preferences, only there; it is noted with its words, and taken back as easily."""
    assert 'name="clicks"' not in door.get(readers.preferences).text
    door.post(readers.preferences, data={"list": ["sc"], "clicks_asked": "yes", "clicks": "yes"})
    assert agreed(app) is None
    with app.database.writing() as session:
        session.execute(update(Publication).values(clicks="personal"))
    page = door.get(readers.preferences).text
    assert CLICKS in page
    assert re.search(r'name="clicks" value="yes">', page)
    saved = door.post(readers.preferences, data={"list": ["sc"], "clicks_asked": "yes", "clicks": "yes"})
    assert re.search(r'name="clicks" value="yes" checked>', saved.text)
    assert agreed(app) == NOW
    door.post(readers.preferences, data={"list": ["sc"]})
    assert agreed(app) == NOW
    door.post(readers.preferences, data={"list": ["sc"], "clicks_asked": "yes"})
    assert agreed(app) is None
    with app.database.reading() as session:
        said = [one for one in person(session, app.keys, ADDRESS).consents if not one.list_id]
    assert [(one.action, one.source) for one in said] == [
        ("clicks agreed", "preferences"),
        ("clicks ended", "preferences"),
    ]
    assert said[0].wording.startswith(CLICKS)


def agreed(app):
    with app.database.reading() as session:
        return person(session, app.keys, ADDRESS).clicks_agreed_at
