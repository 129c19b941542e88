"""The desk's page of what an issue brought."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from digest import users
from digest.proofs.models import Edition
from digest.reports import writing
from digest.sending.ledger import ISSUE
from tests.conftest import NOW
from tests.reports import made, newsroom
from tests.web import looking
from tests.web.reviewing import OURS
from tests.web.test_desk import WORDS


@pytest.fixture
def number(app) -> int:
    """Let nine issues go out; returns the number of the last."""
    with app.database.writing() as session:
        users.add(session, "editor@example.org", "editor", WORDS, NOW)
    last = newsroom.history(app.database)[-1].number
    link = "https://news.example/rail?utm_content=south-caucasus-1"
    html = (
        f'<!doctype html><html lang="en"><head><title>Mail</title></head><body><a href="{link}">Rail</a></body></html>'
    )
    with app.database.writing() as session:
        session.execute(update(Edition).values(html=html))
    return last


def test_it_is_read_and_taken_along(site, number, chromium, http):
    """In a browser: figures, pictures, and each table as a CSV file; axe finds nothing, the policy blocks nothing."""
    assert http.get(f"/desk/issues/{number}/report").status_code == 303
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    page.goto(f"{site}/desk/issues/{number}/report")
    looking.enter(page, "editor@example.org")
    page.get_by_role("heading", name="By region").wait_for()
    looking.fits(page, 360)
    looking.faultless(page, frames=False)
    assert page.frame_locator("iframe.mail").get_by_text("expected").count() == 1
    answer = context.request.get(f"{site}/desk/issues/{number}/report/regions.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text().startswith("region,name,readers,")
    assert context.request.get(f"{site}/desk/issues/{number}/report/nothing.csv").status == 404
    links = page.get_by_role("link", name="PNG: ")
    assert links.count() == page.locator("svg.chart").count() > 5
    for at in range(links.count()):
        address = str(links.nth(at).get_attribute("href"))
        answer = context.request.get(f"{site}/desk/{address.partition('/desk/')[2]}")
        assert (answer.status, answer.headers["content-type"], answer.body()[1:4]) == (200, "image/png", b"PNG")
    assert context.request.get(f"{site}/desk/issues/{number}/report/nothing.png").status == 404
    assert http.get(f"/desk/issues/{number}/report/regions.png").status_code == 303
    assert complaints == []
    context.close()


def test_it_has_the_desk_around_it_and_says_hours_as_other_pages_do(app, number, http):
    """Its navigation, and the bar of what leaves soon; hours in the publication's zone, none in ISO 8601."""
    with app.database.writing() as session:
        waits = {"status": "scheduled", "undo_until": NOW + timedelta(minutes=4), "held": ""}
        first = session.execute(select(ISSUE.c.number).order_by(ISSUE.c.number)).scalars().first()
        session.execute(update(ISSUE).where(ISSUE.c.number == first).values(waits))
    given = {"address": "editor@example.org", "password": WORDS}
    http.post("/desk/sign-in", data=given, headers=OURS)
    page = http.get(f"/desk/issues/{number}/report")
    assert '<nav aria-label="Desk">' in page.text
    assert "leaves in 4 minutes" in page.text
    assert re.search(r"Sent \w{3} \d{1,2} \w{3} \d{4}, \d\d:\d\d in Europe/Brussels \(\d\d:\d\d UTC\)", page.text)
    assert not re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d", page.text)
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert "leaves in" not in writing.page(made.report())
