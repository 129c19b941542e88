"""A click on the way: from a mail that a worker sent, through the redirect, to the article's popularity."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from sqlmodel import select

from digest.articles.models import Exposure
from digest.engine import local
from digest.events.models import Click
from tests.conftest import NOW
from tests.web.conftest import app, http, site
from tests.web.test_desk import as_a, desk
from tests.web.test_desk_sending import approver, order

__all__ = ["app", "approver", "as_a", "desk", "http", "site"]


@pytest.fixture
def links(app, approver, desk) -> list[str]:
    """Send the issue; returns the counted links of one mail, from the top, each once."""
    order(approver, desk.path, "send")
    app.clock.at = NOW + timedelta(minutes=6)
    local.run(app.means, concurrency=1, until_idle=True)
    mail = max(app.settings.outbox_dir.glob("issue-*/*.eml")).read_text(encoding="utf-8", errors="replace")
    found = re.findall(r'href=3D"([^"]+)"|href="([^"]+)"', mail.replace("=\n", "").replace("=3D", "="))
    every = [unescape(one or other) for one, other in found]
    return list(dict.fromkeys(link for link in every if "/c/" in link and "u=" in link))


def clicked(app) -> dict[int, int]:
    """Return place -> human clicks, of places that have any."""
    with app.database.reading() as session:
        return {row.place: row.clicks for row in session.exec(select(Exposure)) if row.clicks}


def test_a_readers_click_reaches_the_article(app, http: httpx.Client, links: list[str]):
    """One person follows a story, twice; a scanner follows all. The worker's next pass counts the one."""
    assert len(links) >= 3
    path = next(link for link in links if "utm_" in link).removeprefix(app.settings.base_url)
    app.clock.at = NOW + timedelta(hours=2)
    for _ in range(2):
        answer = http.get(path, headers={"User-Agent": "Mozilla/5.0 (a person)"})
        assert answer.status_code == 302
        assert "utm_source=digest" in answer.headers["location"]
    for link in links:
        http.get(link.removeprefix(app.settings.base_url), headers={"User-Agent": "Mozilla/5.0 (a scanner)"})
    for _ in range(50):
        with app.database.reading() as session:
            if len(session.exec(select(Click)).all()) == 2 + len(links):
                break
        http.get("/health")  # what is stored after an answer has a moment
    app.clock.at = NOW + timedelta(hours=3)
    for _ in range(2):
        local.run(app.means, concurrency=1, until_idle=True)
        assert sum(clicked(app).values()) == 1
