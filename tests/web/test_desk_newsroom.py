"""The desk's pages of articles, feeds, readers and people: what each shows, decides, and keeps from whom."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from digest.articles import changes
from digest.articles.feeds import keeping, tags
from digest.articles.feeds.keeping import FeedData
from subscribers import find
from tests.conftest import NOW
from tests.editors.newsroom import key
from tests.issues import newsroom
from tests.web.reviewing import OURS
from tests.web.test_desk import WORDS, as_a, desk

__all__ = ["as_a", "desk"]
STORY = str(key("south-caucasus", 2))
PAGE = f"/desk/articles/{STORY}"
READER = "nora@example.org"


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


def test_feeds_show_their_health_and_their_tags_get_a_meaning(app, as_a):
    """A key in an address is not shown; a tag that means a region leaves the inbox."""
    with app.database.writing() as session:
        feed = keeping.add(session, FeedData(url="https://news.example/feed?key=topsecretkey"), NOW)
        tags.seen(session, feed.id, ["<b>Kaukasus</b>"], NOW)
    editor = as_a("editor")
    page = editor.get("/desk/feeds")
    assert "topsecretkey" not in page.text.replace(f'value="{feed.id}"', "")
    assert "&lt;b&gt;Kaukasus" in page.text
    form = {"source": feed.id, "tag": "<b>Kaukasus</b>", "target": "south-caucasus"}
    assert "Every tag has one." in editor.post("/desk/feeds/map", data=form, headers=OURS).text
    assert editor.post("/desk/feeds/map", data=form | {"target": "nowhere"}, headers=OURS).status_code == 400


def test_readers_are_for_operators_alone(as_a):
    """Who edits or approves does not see what is known of a person."""
    for role in ("editor", "approver"):
        client = as_a(role)
        for answer in (
            client.get("/desk/readers"),
            client.post("/desk/readers", data={"address": READER}, headers=OURS),
        ):
            assert answer.status_code == 409
            assert "has to be operator" in answer.text
        assert client.get("/desk/users").status_code == 409


def test_a_reader_is_looked_up_and_what_they_ask_is_done(app, as_a):
    """Lists and consents are shown; a list ends, a ban comes and goes, and erasing forgets."""
    newsroom.reader(app.database, READER, "sc", at=NOW - timedelta(days=9))
    operator = as_a("operator")

    def do(**form: str) -> str:
        return str(operator.post("/desk/readers", data={"address": READER} | form, headers=OURS).text)

    assert "confirmed" in do()
    assert "No mail goes there any more." in do(order="suppress")
    assert "The ban is lifted." in do(order="unsuppress")
    assert "They are off" in do(order="end", list="sc")
    with app.database.reading() as session:
        person = find(session, app.keys, READER)
        assert person is not None
        assert [one.state for one in person.lists] == ["ended"]
        assert person.consents[-1].source == "desk"
    assert "Forgotten." in do(order="erase")
    assert "Nobody is known" in do()
    assert 'role="alert"' in operator.post("/desk/readers", data={"address": "nonsense"}, headers=OURS).text
    assert 'role="alert"' in do(order="end", list="nowhere")


def test_an_operator_says_who_works_here(as_a):
    """Adds, gives roles and passwords, removes; nobody shuts themselves out."""
    operator = as_a("operator")

    def do(**form: str) -> str:
        return str(operator.post("/desk/users", data=form, headers=OURS).text)

    assert "dina@example.org" in do(order="add", address="dina@example.org", role="editor", password=WORDS)
    assert "12 to 200" in do(order="password", address="dina@example.org", password="short")
    do(order="role", address="dina@example.org", role="approver")
    do(order="password", address="dina@example.org", password="four other good words")
    assert "dina@example.org" not in do(order="remove", address="dina@example.org")
    assert "shut yourself out" in do(order="remove", address="operator@example.org")
    assert "no role" in do(order="role", address="editor@example.org", role="boss")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well(app, site, desk, chromium, scheme):
    """On a phone and off it: no sideways scroll, and axe finds nothing."""
    with app.database.writing() as session:
        feed = keeping.add(session, FeedData(url=f"https://news.example/{'long-' * 20}feed"), NOW)
        tags.seen(session, feed.id, ["Kaukasus"], NOW)
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    page.goto(f"{site}{desk.path}")
    page.get_by_label("Email address").fill("operator@example.org")
    page.get_by_label("Password").fill(WORDS)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}{desk.path}")
    for path in ("/desk/articles", PAGE, "/desk/feeds", "/desk/readers", "/desk/users"):
        for width in (360, 1100):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            found = Axe().run(page).response["violations"]
            assert found == [], (path, width, [(one["id"], [n["html"] for n in one["nodes"]]) for one in found])
    context.close()
