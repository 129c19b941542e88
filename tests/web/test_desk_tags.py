"""The desk's tag map and feeds: what waits comes first, what would move is said before, and feeds are looked after."""

from typing import Any

import httpx
import pytest

from digest.articles import changes, polling
from digest.articles.feeds import health, keeping, pacing, tags
from digest.articles.feeds.keeping import FeedData
from digest.articles.identity import SOURCES
from digest.articles.places import foreseeing
from digest.database import Database
from digest.errors import BadInput, Conflict, NotFound
from digest.web.desk_feeds import by_week
from tests.conftest import BOTH, NOW
from tests.issues import newsroom
from tests.web import looking
from tests.web.looking import reads_well, signed_in
from tests.web.reviewing import OURS
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
SOURCE, TAG, SCRIPT = "news.example/feed", "kaukasus", "<b>Kaukasus</b>"


def told(database: Database, slug: str, *categories: str, source: str = SOURCE, **changes_: Any) -> str:
    """Store an article of a source that came with tags; returns its id."""
    row = newsroom.article(slug, **({"regions": {}, "source": source} | changes_))
    newsroom.publish(database, [row])
    values = {"article_id": row["id"], "source": source, "categories": list(categories), "seen_at": NOW}
    blank = {"regions": [], "topics": [], "editors_choice": False, "evergreen": False}
    with database.writing() as session:
        session.execute(SOURCES.insert().values(**values, **blank))
        tags.seen(session, source, categories, NOW)
    return str(row["id"])


@BOTH
def test_what_would_move_is_what_moves(database: Database):
    """Foreseen without a change; an article placed by hand, and one that has the region already, are not among them."""
    newsroom.found(database)
    ids = [told(database, f"k{n}", "Kaukasus", "Wine") for n in range(3)]
    told(database, "other", "Wine")
    told(database, "by-hand", "KAUKASUS", by_hand={"regions": {}})
    told(database, "there", "Kaukasus", regions={"south-caucasus": "tag"})
    with database.reading() as session:
        found = foreseeing.foresee(session, SOURCE, TAG, "south-caucasus")
        assert (found.articles, found.moving, found.whole) == (5, 3, True)
        assert changes.find(session, ids[0]).regions == {}
        with pytest.raises(BadInput, match="no region"):
            foreseeing.foresee(session, SOURCE, TAG, "atlantis")
        with pytest.raises(NotFound):
            foreseeing.foresee(session, SOURCE, "no such", "world")
    moved = foreseeing.mean(database, SOURCE, TAG, "south-caucasus", NOW, seen="")
    assert moved >= found.moving
    with database.reading() as session:
        assert changes.find(session, ids[0]).regions == {"south-caucasus": "tag"}
        assert foreseeing.foresee(session, SOURCE, TAG, "").moving == 4
    with pytest.raises(Conflict, match="south-caucasus meanwhile"):
        foreseeing.mean(database, SOURCE, TAG, "central-asia", NOW, seen="")
    foreseeing.mean(database, SOURCE, TAG, "", NOW, seen="south-caucasus")
    with database.reading() as session:
        assert changes.find(session, ids[0]).regions == {}


@BOTH
def test_the_map_is_gone_through_page_by_page(database: Database):
    """Each tag once, the most used first; one called like a region does not wait."""
    newsroom.found(database)
    with database.writing() as session:
        for number in range(7):
            tags.seen(session, SOURCE, [f"tag {number}"] * (1 + number // 3), NOW)
        tags.seen(session, SOURCE, ["South Caucasus"], NOW)
        seen, after = [], None
        while True:
            page = tags.map_page(session, only="waiting", after=after, limit=2)
            seen += [one.label for one in page.tags]
            if not page.more:
                break
            after = (page.tags[-1].source, page.tags[-1].tag)
        assert seen == ["tag 6", "tag 3", "tag 4", "tag 5", "tag 0", "tag 1", "tag 2"]
        assert [one.label for one in tags.map_page(session, only="mapped").tags] == ["South Caucasus"]
        assert [one.label for one in tags.map_page(session, text="TAG 6").tags] == ["tag 6"]
        assert [tags.count(session, kind) for kind in ("waiting", "mapped", "all")] == [7, 1, 8]


def test_an_approver_maps_a_tag_and_is_told_first_what_moves(app, as_a):
    """An editor only looks; script in a tag is text; a second approver who saw another meaning is told."""
    told(app.database, "one", SCRIPT)
    tag = SCRIPT.casefold()
    editor, approver = as_a("editor"), as_a("approver")
    page = editor.get("/desk/tags").text
    assert SCRIPT not in page
    assert "&lt;b&gt;Kaukasus" in page
    assert "What moves?" not in page
    form = {"order": "look", "source": SOURCE, "tag": tag, "target": "south-caucasus"}
    assert editor.post("/desk/tags", data=form, headers=OURS).status_code == 409
    assert approver.post("/desk/tags", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    asked = approver.post("/desk/tags", data=form, headers=OURS).text
    assert "Articles that would move: <strong>1</strong>" in asked
    with app.database.reading() as session:
        assert tags.of_source(session, SOURCE)[0].target == ""
    save = form | {"order": "save", "seen": ""}
    done = approver.post("/desk/tags", data=save, headers=OURS).text
    assert "means South Caucasus from now on; 1 stored article changed" in done
    assert "Every tag has a meaning." in done
    assert "South Caucasus" in editor.get("/desk/tags", params={"only": "mapped"}).text
    late = approver.post("/desk/tags", data=save | {"target": "central-asia"}, headers=OURS)
    assert late.status_code == 409
    assert "south-caucasus meanwhile" in late.text
    for wrong, status in (({"target": "atlantis"}, 400), ({"tag": "none"}, 404), ({"order": "burn"}, 400)):
        assert approver.post("/desk/tags", data=form | wrong, headers=OURS).status_code == status


def test_a_long_map_has_further_pages(app, as_a):
    """The link at the end leads on, and one back to the start."""
    with app.database.writing() as session:
        for number in range(tags.PAGE + 5):
            tags.seen(session, SOURCE, [f"wort {number:03}"], NOW)
    editor = as_a("editor")
    first = editor.get("/desk/tags")
    assert "wort 044" not in first.text
    last = f"wort {tags.PAGE - 1:03}"
    second = editor.get("/desk/tags", params={"source": SOURCE, "tag": last})
    assert "wort 044" in second.text
    assert "Back to the first" in second.text


@BOTH
def test_a_paused_feed_is_asked_by_nobody_until_it_is_resumed(database: Database):
    """Not due, not hurried, not by force, and a change does not wake it; resumed, it is due at once."""
    with database.writing() as session:
        feed = keeping.add(session, FeedData(url="https://news.example/feed"), NOW)
        assert polling.due(session, NOW) == [feed.id]
        keeping.pause(session, feed, NOW)
        keeping.pause(session, feed, NOW)
        assert health.health(feed) is health.Health.paused
        assert health.words(feed).startswith("paused: not asked until")
        keeping.change(session, feed, {"every_minutes": 15, "url": "https://news.example/new"}, NOW)
        assert feed.next_at == pacing.PAUSED
        assert polling.hurry(session, NOW) == 0
        assert polling.due(session, NOW) == []
        assert health.dead(session) == []
    polled = polling.poll(database, None, None, feed.id, NOW, force=True)  # type: ignore[arg-type]
    assert (polled.state, polled.sentence) == (polling.State.busy, "It is paused. Resume it at the desk first.")
    with database.writing() as session:
        keeping.pause(session, keeping.find(session, feed.id), NOW, resume=True)
        assert polling.due(session, NOW) == [feed.id]
        keeping.pause(session, keeping.find(session, feed.id), NOW, resume=True)


@BOTH
def test_articles_are_counted_by_week(database: Database):
    """The oldest week first; what is older does not count."""
    newsroom.found(database)
    rows = [newsroom.article(f"w{hours}", hours=hours, source=SOURCE) for hours in (1, 2, 24 * 8, 24 * 55, 24 * 57)]
    newsroom.publish(database, rows)
    with database.reading() as session:
        assert by_week(session, NOW) == {SOURCE: [1, 0, 0, 0, 0, 0, 1, 2]}


def test_feeds_show_their_health_and_are_looked_after(app, as_a):
    """A key in an address is not shown; an approver fetches, an operator pauses, resumes and gives a region."""
    with app.database.writing() as session:
        feed = keeping.add(session, FeedData(url="http://127.0.0.1:9/feed?key=topsecretkey", name=f"A {SCRIPT}"), NOW)
        tags.seen(session, feed.id, ["Kaukasus"], NOW)
    editor, operator = as_a("editor"), as_a("operator")
    page = editor.get("/desk/feeds").text
    assert "topsecretkey" not in page
    assert SCRIPT not in page
    assert "1 tag without a meaning" in page
    assert "Fetch now" not in page

    def do(client: httpx.Client, **form: str) -> httpx.Response:
        return client.post("/desk/feeds", data={"feed": feed.id} | form, headers=OURS)

    assert do(editor, order="fetch").status_code == 409
    assert do(as_a("approver"), order="pause").status_code == 409
    fetched = do(as_a("approver"), order="fetch")
    assert fetched.status_code == 200
    assert "topsecretkey" not in fetched.text
    with app.database.reading() as session:
        assert keeping.find(session, feed.id).failures == 1
    assert "nobody asks it" in do(operator, order="pause").text
    assert "It is paused." in do(operator, order="fetch").text
    assert "asked again" in do(operator, order="resume").text
    told(app.database, "fed", source=feed.id)
    assert "1 stored article moved." in do(operator, order="region", region="central-asia").text
    assert do(operator, order="region", region="atlantis").status_code == 404
    assert do(operator, order="burn").status_code == 400
    assert do(operator, order="pause", feed="nowhere").status_code == 404
    assert operator.post("/desk/feeds", data={}, headers={"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well(app, site, desk, chromium, scheme):
    """On a phone and off it: no sideways scroll, nothing that axe finds."""
    with app.database.writing() as session:
        feed = keeping.add(session, FeedData(url=f"https://news.example/{'long-' * 20}feed"), NOW)
        tags.seen(session, feed.id, ["Kaukasus", "W" * 150], NOW)
    page = signed_in(chromium, f"{site}{desk.path}", scheme)
    reads_well(page, site, ("/desk/tags", "/desk/feeds"))
    page.goto(f"{site}/desk/tags")
    page.get_by_label("Meaning of Kaukasus").select_option("south-caucasus")
    page.get_by_role("button", name="Show what would move: Kaukasus").press("Enter")
    page.get_by_text("Articles that would move").wait_for()
    looking.faultless(page)
    page.context.close()
