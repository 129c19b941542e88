"""A real server on loopback, with readers, an edition that is out and one that is not."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from digest import api_keys, settings
from digest.bootstrap import App
from digest.clock import StillClock
from digest.issues.models import Issue, Publication
from digest.proofs.models import Edition
from digest.rendering import slots
from digest.web.app import create
from digest.web.serving import listen
from subscribers import add_list, subscribe
from tests import databases
from tests.conftest import NOW, STRONG
from tests.subscribers.conftest import LISTS
from tests.web.running import running

ADDRESS = "lena@example.org"
ISSUE = UUID("5f0f3f04-5f6c-4f4b-9c3e-0a1b2c3d4e5f")


@pytest.fixture
def app(tmp_path, clock: StillClock) -> Iterator[App]:
    """Return the product with an empty database, on a port that is taken."""
    socket = listen("127.0.0.1", 0)
    given: dict[str, Any] = {
        "secret_key": STRONG,
        "address_key": STRONG[::-1],
        "database_url": databases.copy(tmp_path / "web.db"),
        "base_url": f"http://127.0.0.1:{socket.getsockname()[1]}",
        "pictures_dir": tmp_path / "pictures",
        "outbox_dir": tmp_path / "outbox",
        "imports_dir": tmp_path / "imports",
    }
    made = App(settings.load(tmp_path, **given), clock, still=True)
    made.__dict__["socket"] = socket
    yield made
    socket.close()
    made.close()


@pytest.fixture
def site(app: App) -> Iterator[str]:
    """Run the web application in a thread; return its address."""
    with running(create(app), app.__dict__["socket"]) as (address, app.__dict__["server"]):
        yield address


@pytest.fixture
def http(site: str) -> Iterator[httpx.Client]:
    """Return a client of the site, that follows no redirects and trusts no environment."""
    with httpx.Client(base_url=site, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def with_key(app: App, http: httpx.Client) -> Callable[..., httpx.Client]:
    """Return what lets the client show a new key of the API with these scopes."""

    def client(*scopes: str, name: str = "robot") -> httpx.Client:
        with app.database.writing() as session:
            shown = api_keys.add(session, name, NOW, scopes)
        http.headers["Authorization"] = f"Bearer {shown}"
        return http

    return client


@pytest.fixture
def readers(app: App) -> SimpleNamespace:
    """Put Lena on two lists of the weekly and one of the daily; return her ref and links."""
    with app.database.writing() as session:
        for data in LISTS:
            add_list(session, data)
        words: dict[str, Any] = {"at": NOW - timedelta(days=30), "source": "form", "wording": "Yes", "confirmed": True}
        ref = subscribe(session, app.keys, address=ADDRESS, lists=["sc", "ee", "daily-sc"], name="Lena", **words)
        session.add(publication())

    def link(purpose: str, reference: str = "", **more: Any) -> str:
        return app.keys.sign(purpose, subscriber=ref, family="weekly", reference=reference, **more)

    return SimpleNamespace(
        ref=ref,
        link=link,
        all=f"/u/{link('unsubscribe')}",
        one=f"/u/{link('unsubscribe', 'ee')}",
        preferences=f"/p/{link('preferences')}",
    )


def publication() -> Publication:
    """Return the weekly of the tests."""
    values = {"name": "The Weekly", "sender_name": "The Weekly", "sender_address": "weekly@news.example"}
    return Publication.model_validate({"id": "weekly", "postal_address": "Street 1, Town", **values})


@pytest.fixture
def edition(app: App) -> Edition:
    """Store an edition of an issue that is out."""
    marks = slots.marks(ISSUE, ["sc"], [], taken="")
    html = f'<html lang="en"><body><h1>Top</h1><a href="{marks["unsubscribe_url@html_attr"]}">Unsubscribe</a>'
    html += f'<p>Dear {marks["name@html_text"]}</p><a href="{marks["stop:sc@html_attr"]}">Stop</a></body></html>'
    made = Edition.model_validate(
        {
            "id": uuid5(ISSUE, "sc"),
            "number": 7,
            "issue_id": ISSUE,
            "lists": ["sc"],
            "set_key": "sc",
            "language": "en",
            "subject": "Top & more",
            "html": html,
            "text": f"Top\n\n{marks['unsubscribe_url@text']}\n",
            "marks": slots.used(marks, html),
            "content_hash": "x",
            "created_at": NOW,
        }
    )
    with app.database.writing() as session:
        session.merge(publication())
        session.flush()
        times = {"as_of": NOW, "created_at": NOW, "changed_at": NOW, "first_accepted_at": NOW}
        session.add(Issue.model_validate({"id": ISSUE, "number": 3, "publication_id": "weekly", **times}))
        session.flush()
        session.add(made)
    return made
