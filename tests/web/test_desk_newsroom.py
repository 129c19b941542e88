"""The desk's pages of articles and of people: what each shows, decides, and keeps from whom."""

import httpx
import pytest

from digest import users
from digest.articles import changes
from tests.editors.newsroom import key
from tests.web.looking import reads_well, signed_in
from tests.web.reviewing import OURS
from tests.web.test_desk import WORDS, as_a, desk

__all__ = ["as_a", "desk"]
STORY = str(key("south-caucasus", 2))
PAGE = f"/desk/articles/{STORY}"


def test_articles_are_searched_and_lead_to_their_page(as_a):
    """By words, by region, by what belongs nowhere; an unknown region is a sentence."""
    editor = as_a("editor")
    assert PAGE in editor.get("/desk/articles").text
    assert PAGE in editor.get("/desk/articles", params={"region": "south-caucasus"}).text
    assert PAGE not in editor.get("/desk/articles", params={"region": "central-asia"}).text
    assert "No article fits" in editor.get("/desk/articles", params={"q": "no such words"}).text
    assert "No article fits" in editor.get("/desk/articles", params={"only": "nowhere"}).text
    assert editor.get("/desk/articles", params={"region": "atlantis"}).status_code == 404


@pytest.mark.parametrize(
    ("order", "form", "field", "value"),
    [
        ("choose", {}, "editors_choice", True),
        ("unchoose", {}, "editors_choice", False),
        ("place", {"region": ["central-asia", "eastern-europe"]}, "regions", ["central-asia", "eastern-europe"]),
        ("place", {}, "regions", []),
        ("unpublished", {}, "status", "unpublished"),
        ("retracted", {"reason": "It was wrong"}, "status", "retracted"),
    ],
)
def test_what_is_decided_of_an_article_holds(app, as_a, order, form, field, value):  # noqa: PLR0917 - one case
    """It is stored, logged with who did it, and shown."""
    done = as_a("editor").post(f"{PAGE}/{order}", data=form, headers=OURS)
    assert "Decided." in done.text
    with app.database.reading() as session:
        found = changes.find(session, STORY)
        held = getattr(found, field)
        assert (sorted(held) if isinstance(value, list) else held) == value
        assert changes.log_of(session, found)[-1].who == "editor@example.org"


def test_bad_orders_are_sentences(as_a):
    """An update without a reason, an order that is none, an article that is not there, a region that is none."""
    editor = as_a("editor")
    assert editor.post(f"{PAGE}/update", data={"reason": " "}, headers=OURS).status_code == 409
    assert editor.post(f"{PAGE}/burn", headers=OURS).status_code == 404
    assert editor.post(f"{PAGE}/place", data={"region": "atlantis"}, headers=OURS).status_code == 404
    assert editor.get("/desk/articles/00000000-0000-4000-8000-000000000000").status_code == 404
    assert editor.post(f"{PAGE}/choose", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert "Decided." in editor.post(f"{PAGE}/rules", headers=OURS).text


def test_an_operator_says_who_works_here(as_a):
    """Adds, gives roles and passwords, removes."""
    operator = as_a("operator")

    def do(**form: str) -> str:
        return str(operator.post("/desk/users", data=form, headers=OURS).text)

    assert "dina@example.org" in do(order="add", address="dina@example.org", role="editor", password=WORDS)
    assert "12 to 200" in do(order="password", address="dina@example.org", password="short")
    do(order="role", address="dina@example.org", role="approver")
    do(order="password", address="dina@example.org", password="four other good words")
    assert "dina@example.org" not in do(order="remove", address="dina@example.org")
    assert "does not say what to do" in do(order="burn", address="dina@example.org")
    assert "no role" in do(order="role", address="editor@example.org", role="boss")


def test_nobody_shuts_themselves_out_unasked_nor_the_last_operator(app, as_a):
    """The last operator stays what they are; another one is asked once more, and then it is done."""
    operator = as_a("operator")
    mine = {"address": "operator@example.org"}
    orders = ({"order": "remove"}, {"order": "role", "role": "editor"})

    def do(**form: str) -> httpx.Response:
        answer: httpx.Response = operator.post("/desk/users", data=mine | form, headers=OURS)
        return answer

    for order in orders:
        for sure in ("", "yes"):
            answer = do(**order, sure=sure)
            assert answer.status_code == 409
            assert "is the last operator here" in answer.text
    do(order="add", address="dina@example.org", role="operator", password=WORDS)
    assert "Shut yourself out?" in do(**orders[0]).text
    asked = do(**orders[1])
    assert "Make yourself editor?" in asked.text
    assert "Yes, make me editor" in asked.text
    assert operator.get("/desk/users").status_code == 200, "nothing is done before that is said"
    assert do(**orders[1], sure="yes").headers["location"] == "/desk"
    assert operator.get("/desk/users").status_code == 409
    with app.database.reading() as session:
        assert users.get(session, mine["address"]).role == "editor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well(site, desk, chromium, scheme):
    """On a phone and off it: no sideways scroll, and axe finds nothing."""
    page = signed_in(chromium, f"{site}{desk.path}", scheme)
    reads_well(page, site, ("/desk/articles", PAGE, "/desk/users"))
    page.context.close()
