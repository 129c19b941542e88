"""Who has to sign in first comes back to the page they were at: never to an order, never to another site."""

import httpx
import pytest

from tests.editors.newsroom import key
from tests.web.reviewing import OURS, fields
from tests.web.test_desk import WORDS, as_a, desk

__all__ = ["as_a", "desk"]
STORY = key("south-caucasus", 1)


PAGES = (
    ("/issues/1/sending/send", "/issues/1/sending"),
    ("/issues/1/approve", "/issues/1"),
    ("/issues/1/order", "/issues/1"),
    (f"/issues/1/story/{STORY}/exclude", f"/issues/1/story/{STORY}"),
    (f"/issues/1/drop/{STORY}", f"/issues/1/drop/{STORY}"),
    ("/issues/1/checks/links", "/issues/1/checks"),
    ("/lists/sc", "/lists/sc"),
    ("/publications/weekly/skip", "/publications/weekly"),
    ("/skip", ""),
    ("/users", "/users"),
)


def test_a_button_leads_back_to_its_page(http: httpx.Client, as_a, desk):
    """The page is there, and signing in leads to it."""
    assert desk.issue.number == 1
    operator = as_a("operator")
    for order, page in PAGES:
        asked = http.post(f"/desk{order}", headers=OURS)
        assert fields(http.get(asked.headers["location"]))["next"] == f"/desk{page}", order
        assert operator.get(f"/desk{page}").status_code == 200, page
    given = {"next": "/desk/lists/sc", "address": "operator@example.org", "password": WORDS}
    assert http.post("/desk/sign-in", data=given, headers=OURS).headers["location"] == "/desk/lists/sc"


@pytest.mark.usefixtures("desk")
def test_a_page_keeps_what_it_was_asked_for(http: httpx.Client):
    """Its question comes back with it."""
    asked = http.get("/desk/articles", params={"q": "rail & road"})
    given = fields(http.get(asked.headers["location"]))
    assert given["next"] == "/desk/articles?q=rail+%26+road".replace("&", "&amp;")
