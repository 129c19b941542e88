"""A draft that its editors look at through the web, and how a test presses the buttons."""

import re
from types import SimpleNamespace
from typing import Any

import httpx
from sqlmodel import select

from digest.bootstrap import App
from digest.editors.links import Links
from digest.issues.edits import Edits
from digest.issues.models import Issue
from digest.proofs import making
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from tests.conftest import NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA

OURS = {"Sec-Fetch-Site": "same-origin"}


def desk_of(app: App) -> SimpleNamespace:
    """Draft an issue as the cut-off does; return it with the path of Anna's page, and of anybody's."""
    newsroom.found(app.database)
    issue = newsroom.draft(app.database)
    prove(app, issue)
    return SimpleNamespace(issue=issue, path=path(app, issue, ANNA), of=lambda who: path(app, issue, who))


def path(app: App, issue: Issue, who: str, at: Any = NOW) -> str:
    """Return the path of an editor's page."""
    return links(app).door(issue, who, at).url.removeprefix(app.settings.base_url)


def links(app: App) -> Links:
    return Links(app.settings.base_url, app.keys)


def prove(app: App, issue: Issue) -> None:
    urls = Urls(app.settings.base_url, app.keys)
    making.make_proof(app.database, issue.id, urls=urls, at=app.clock.now(), relaxed=NOT_NEEDED)


def stored(app: App) -> Issue:
    with app.database.reading() as session:
        return session.exec(select(Issue)).one()


def edits(app: App) -> Edits:
    return Edits.model_validate(stored(app).edits)


def fields(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))


def press(http: httpx.Client, path: str, **more: str) -> httpx.Response:
    """Open a page and press its button, as a browser does."""
    given = fields(http.get(path)) | more
    return http.post(path, data=given, headers=OURS)


def approve(http: httpx.Client, desk: SimpleNamespace, **reasons: str) -> httpx.Response:
    given = fields(http.get(desk.path)) | {f"reason:{code}": reason for code, reason in reasons.items()}
    return http.post(f"{desk.path}/approve", data=given, headers=OURS)


def buttons(page: httpx.Response) -> list[str]:
    return [
        re.sub(r"\s+", " ", one).strip() for one in re.findall(r"<button[^>]*>(.*?)</button>", page.text, re.DOTALL)
    ]
