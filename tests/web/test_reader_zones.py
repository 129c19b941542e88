"""The reader's own page lets them choose a time zone, where the newsletter comes at the hour of each reader's zone."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from digest.web.templates import environment, translation
from subscribers import pages
from subscribers.consent import set_zone
from tests.subscribers.reading import person
from tests.web.conftest import ADDRESS
from tests.web.running import running


def nothing(_letter: pages.Letter) -> None:
    """Send nothing."""


@pytest.fixture
def zoned(app) -> Iterator[httpx.Client]:
    """Run the readers' pages of newsletters that come at the hour of each reader's zone."""
    web = FastAPI()
    web.include_router(
        pages.router(pages.Ports(
            sessions=app.database, clock=app.clock, keys=app.keys, templates=environment(), translator=translation,
            base_url="http://127.0.0.1", limiter=lambda _: True, send_confirmation=nothing, zoned=lambda _: True))
    )  # fmt: skip
    with running(web) as (address, _), httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        yield client


def zone_now(app):
    """Return the zone kept of the reader."""
    with app.database.reading() as session:
        return person(session, app.keys, ADDRESS).zone


def chosen(page):
    """Return the values of the options that a page shows as chosen."""
    return re.findall(r'<option value="([^"]*)" selected', page)


def test_a_zone_is_chosen_and_cleared(app, zoned, readers):
    """Choosing is remembered, and shown; the empty choice is that of what is sent; the lists stay as they were."""
    page = zoned.get(readers.preferences).text
    assert chosen(page) == []
    assert '<option value="America/New_York">New York</option>' in page
    assert '<optgroup label="Europe">' in page
    for zone in ("Asia/Tbilisi", "UTC"):
        page = zoned.post(readers.preferences, data={"list": ["sc", "ee"], "zone": zone}).text
        assert "Saved" in page
        assert (chosen(page), zone_now(app)) == ([zone], zone)
    page = zoned.post(readers.preferences, data={"list": ["sc", "ee"], "zone": ""}).text
    assert (chosen(page), zone_now(app)) == ([], "")
    assert re.findall(r'value="([a-z-]+)" checked', page) == ["sc", "ee"]


def test_an_old_name_from_a_file_is_not_lost_by_saving(app, zoned, readers):
    """It is not among those offered, but it is the one chosen; a form without the field changes nothing."""
    with app.database.writing() as session:
        set_zone(session, ref=readers.ref, zone="US/Eastern")
    assert chosen(zoned.get(readers.preferences).text) == ["US/Eastern"]
    zoned.post(readers.preferences, data={"list": ["sc"]})
    assert zone_now(app) == "US/Eastern"


@pytest.mark.parametrize("zone", ["Nowhere", "../../etc/passwd", "<script>", "x" * 5000])
def test_what_is_no_zone_is_refused_and_nothing_is_saved(app, zoned, readers, zone):
    """With a sentence, escaped; the lists of the same form are not changed either."""
    answer = zoned.post(readers.preferences, data={"list": ["ca"], "zone": zone})
    assert answer.status_code == 400
    assert "is not a time zone" in answer.text
    assert "<script>" not in answer.text
    assert zone_now(app) == ""
    with app.database.reading() as session:
        assert [one.state for one in person(session, app.keys, ADDRESS).lists] == ["confirmed"] * 3


def test_no_zone_is_asked_for_where_it_would_change_nothing(http, readers):
    """A newsletter that comes to all at once shows no such field."""
    assert 'name="zone"' not in http.get(readers.preferences).text
