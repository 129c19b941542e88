"""The desk's pages of regions, and of articles without one: the tree is changed, previewed, and never broken."""

import json

import pytest

from digest.articles import browsing, changes
from digest.articles.browsing import Wanted
from digest.articles.feeds import keeping
from digest.articles.feeds.keeping import FeedData
from digest.articles.places import uses
from digest.database import Database
from digest.errors import BadInput, Conflict, NotFound, Refused
from digest.regions import (
    add_region,
    all_regions,
    apply_preset,
    change_region,
    effective_countries,
    get_region,
    in_tree_order,
    remove_region,
    shift_region,
    stamp,
)
from tests.conftest import BOTH, NOW
from tests.editors.newsroom import key
from tests.issues import newsroom
from tests.web import looking
from tests.web.looking import reads_well, signed_in
from tests.web.reviewing import OURS
from tests.web.test_desk import as_a, desk

__all__ = ["as_a", "desk"]
SC = "/desk/regions/south-caucasus"
SCRIPT = "<script>alert(1)</script>"


def stored(app, region="south-caucasus"):
    with app.database.reading() as session:
        return get_region(session, region)


def form_of(app, **values):
    one = stored(app)
    given = {"order": "save", "seen": stamp(one), "parent": one.parent_id or "", "kind": one.kind}
    given |= {"color": one.color, "color_dark": one.color_dark, "country": one.countries}
    return given | {f"name:{language}": name for language, name in one.names.items()} | values


@BOTH
def test_regions_move_among_their_siblings_and_never_under_themselves(database: Database):
    """Up and down swap siblings and keep subtrees whole; at the end nothing moves; a cycle is refused."""
    with database.writing() as session:
        apply_preset(session, "starter")
        before = [one.id for one in in_tree_order(all_regions(session))]
        assert before[:4] == ["world", "eastern-neighbourhood", "south-caucasus", "eastern-europe"]
        shift_region(session, "eastern-neighbourhood", up=True)
        assert [one.id for one in in_tree_order(all_regions(session))] == before
        shift_region(session, "eastern-neighbourhood", up=False)
        moved = [one.id for one in in_tree_order(all_regions(session))]
        assert moved[:5] == ["world", "central-asia", "eastern-neighbourhood", "south-caucasus", "eastern-europe"]
        for under in ("world", "south-caucasus", "eastern-neighbourhood"):
            with pytest.raises(BadInput, match="under itself"):
                change_region(session, "world" if under != "world" else under, {"parent_id": under})
        change_region(session, "south-caucasus", {"parent_id": None})
        assert get_region(session, "south-caucasus").parent_id is None


@BOTH
def test_a_region_has_its_countries_and_those_below_it(database: Database):
    """Effective countries are the union down the tree."""
    with database.writing() as session:
        apply_preset(session, "starter")
        whole = effective_countries(all_regions(session))
    assert whole["eastern-neighbourhood"] == ("AM", "AZ", "BY", "GE", "MD", "TR", "UA")
    assert whole["south-caucasus"] == ("AM", "AZ", "GE")


@BOTH
def test_nothing_is_removed_from_under_what_hangs_on_it(database: Database):
    """A region with others below it, a list, a feed or an article is kept, with a sentence for each; else it goes."""
    newsroom.found(database)
    newsroom.publish(database, [newsroom.article("one", regions={"central-asia": "tag"})])
    with database.writing() as session:
        keeping.add(session, FeedData(url="https://news.example/feed", region="central-asia"), NOW)
        assert uses.of_region(session, "eastern-neighbourhood")[0].startswith(
            "2 regions stand below it (eastern-europe"
        )
        hanging = uses.of_region(session, "central-asia")
        assert hanging[0] == "1 list is about it (Central Asia)"
        assert hanging[1] == "1 feed puts articles there"
        assert hanging[2].startswith("articles belong to it, such as “Headline of one")
        with pytest.raises(Refused, match="cannot be removed: 1 list"):
            remove_region(session, "central-asia", hanging)
        assert uses.of_region(session, "middle-east") == []
        remove_region(session, "middle-east", [])
        with pytest.raises(NotFound):
            get_region(session, "middle-east")


def test_bad_regions_are_sentences(database: Database):
    """A taken id, no name, a language that is none, a country that is none, an old stamp."""
    with database.writing() as session:
        apply_preset(session, "starter")
        with pytest.raises(Conflict, match="already"):
            add_region(session, {"id": "world", "names": {"en": "W"}})
        for values, words in (
            ({"names": {"en": " "}}, "needs a name"),
            ({"names": {"english!": "X"}}, "not a language code"),
            ({"names": {"en": "X" * 121}}, "too long"),
            ({"countries": ["Georgia"]}, "no country"),
            ({"color": "red"}, "color cannot be"),
            ({"kind": "moon"}, "kind cannot be"),
        ):
            with pytest.raises(BadInput, match=words):
                change_region(session, "world", values)
        with pytest.raises(Conflict, match="somebody else"):
            change_region(session, "world", {"names": {"en": "Globe"}}, seen="0")


def test_the_tree_is_shown_to_all_and_changed_by_operators(app, as_a):
    """An editor sees names and no buttons, and is refused; an operator adds, moves, and gives Karabakh a region."""
    editor, operator = as_a("editor"), as_a("operator")
    page = editor.get("/desk/regions")
    assert "South Caucasus" in page.text
    assert "Add a region" not in page.text
    add = {"order": "add", "name": SCRIPT, "id": "baltics", "parent": "european-union"}
    assert editor.post("/desk/regions", data=add, headers=OURS).status_code == 409
    assert as_a("approver").post(SC, data={"order": "remove"}, headers=OURS).status_code == 409
    assert operator.post("/desk/regions", data=add, headers={"Origin": "https://evil.example"}).status_code == 403
    added = operator.post("/desk/regions", data=add, headers=OURS)
    assert SCRIPT not in added.text
    assert stored(app, "baltics").parent_id == "european-union"
    assert operator.post("/desk/regions", data=add, headers=OURS).status_code == 409
    assert SCRIPT not in operator.get("/desk/regions/baltics").text
    home = operator.post(
        "/desk/regions", data={"order": "home", "place": "Karabakh", "region": "south-caucasus"}, headers=OURS
    )
    assert "by all its names" in home.text
    assert "<option>Karabakh</option>" not in home.text
    assert stored(app).aliases == ["Karabakh"]
    operator.post("/desk/regions", data={"order": "down", "region": "south-caucasus"}, headers=OURS)
    assert stored(app).position > stored(app, "eastern-europe").position
    assert operator.post("/desk/regions", data={"order": "burn"}, headers=OURS).status_code == 400


def test_a_region_is_changed_on_its_page(app, as_a):
    """Names in several languages, countries, parent and colours; a colour that cannot be read is refused."""
    operator = as_a("operator")
    values = {
        "name:ka": "სამხრეთ კავკასია",
        "new_language": "fr",
        "new_name": "Caucase du Sud",
        "country": ["AM", "GE"],
    }
    saved = operator.post(SC, data=form_of(app, **values, parent="world"), headers=OURS)
    assert "Saved." in saved.text
    one = stored(app)
    assert one.names["fr"] == "Caucase du Sud"
    assert (one.countries, one.parent_id) == (["AM", "GE"], "world")
    pale = operator.post(SC, data=form_of(app, color="#FFFF00"), headers=OURS)
    assert pale.status_code == 400
    assert "contrast of 1.1 : 1 on white" in pale.text
    assert "Take a lighter one" in operator.post(SC, data=form_of(app, color_dark="#000000"), headers=OURS).text
    for wrong in ({"parent": "atlantis"}, {"country": ["QQ"]}, {"color": "red"}, {"name:en": "", "name:ar": ""}):
        answer = operator.post(
            SC, data={**form_of(app, **wrong), **dict.fromkeys(("name:ka", "name:fr"), "")}, headers=OURS
        )
        assert 'role="alert"' in answer.text
    assert stored(app).countries == ["AM", "GE"]


def test_two_who_change_a_region_at_once_are_told(app, as_a):
    """The second sees what is stored now and what they had typed; nothing is lost or written over."""
    operator = as_a("operator")
    form = form_of(app, **{"name:en": "Mine"})
    operator.post(SC, data=form_of(app, **{"name:en": "Theirs"}), headers=OURS)
    answer = operator.post(SC, data=form, headers=OURS)
    assert answer.status_code == 409
    assert "en: Mine" in answer.text
    assert 'value="Theirs"' in answer.text
    assert stored(app).names["en"] == "Theirs"


def test_aliases_come_and_go_and_a_region_is_removed(app, as_a):
    """By their buttons; what hangs on a region is said instead."""
    operator = as_a("operator")
    assert SCRIPT not in operator.post(SC, data={"order": "alias", "alias": SCRIPT}, headers=OURS).text
    assert stored(app).aliases == [SCRIPT]
    operator.post(SC, data={"order": "unalias", "alias": SCRIPT}, headers=OURS)
    assert stored(app).aliases == []
    assert operator.post(SC, data={"order": "alias", "alias": " "}, headers=OURS).status_code == 400
    assert "list is about it" in operator.post(SC, data={"order": "remove"}, headers=OURS).text
    gone = operator.post("/desk/regions/middle-east", data={"order": "remove"}, headers=OURS)
    assert "Middle East is removed." in gone.text
    assert operator.post("/desk/regions/middle-east", data={"order": "remove"}, headers=OURS).status_code == 404
    assert operator.get("/desk/regions/middle-east").status_code == 404


def test_an_import_is_shown_before_it_is_done(app, as_a):
    """A preset and JSON say what they would change, and change it only then; nonsense is a sentence."""
    operator = as_a("operator")
    assert as_a("editor").get("/desk/region-presets").status_code == 409

    def do(**form: str):
        return operator.post("/desk/region-presets", data=form, headers=OURS)

    with app.database.reading() as session:
        before = len(all_regions(session))
    page = do(order="look", preset="m49")
    assert "What it would change" in page.text
    with app.database.reading() as session:
        assert len(all_regions(session)) == before
    assert "Imported:" in do(order="import", preset="m49").text
    assert "Nothing." in do(order="look", preset="m49").text
    rows = [{"id": "south-caucasus", "names": {"en": "Transcaucasia"}, "parent": "world", "countries": ["GE"]}]
    text = json.dumps(rows)
    told = do(order="look", text=text).text
    assert "names South Caucasus (en)" in told
    assert "becomes Transcaucasia (en)" in told
    do(order="import", text=text)
    assert stored(app).names == {"en": "Transcaucasia"}
    for wrong in (
        "",
        "{",
        "[1]",
        '[{"id": "x", "countries": 7}]',
        '[{"id": "X Y"}]',
        '[{"id": "x", "color": "#FFFF00"}]',
    ):
        assert do(order="import", text=wrong).status_code == 400, wrong
    assert do(order="look", preset="atlantis").status_code == 404


@BOTH
def test_articles_are_gone_through_page_by_page(database: Database, monkeypatch):
    """Each once, the newest first, whatever is asked for; a page that has looked at enough says where to go on."""
    newsroom.found(database)
    rows = [newsroom.article(f"a{number:02}", hours=number // 2, regions={}) for number in range(12)]
    rows += [newsroom.article("placed", hours=3), newsroom.article("gone", hours=3, regions={}, status="retracted")]
    newsroom.publish(database, rows)
    monkeypatch.setattr(browsing, "LOOKED_AT", 4)
    seen, after, broken = [], "", 0
    for _ in range(20):
        with database.reading() as session:
            page = browsing.page(session, Wanted(only="nowhere"), after, 3)
        seen += [one.headline for one in page.articles]
        after, broken = page.after, broken + page.broke_off
        if not after:
            break
    assert sorted(seen) == sorted(row["headline"] for row in rows[:12])
    assert broken
    monkeypatch.setattr(browsing, "LOOKED_AT", 100)
    with database.reading() as session:
        only = browsing.page(session, Wanted(text="PLACED", regions=["south-caucasus", "world"]))
        assert [one.headline for one in only.articles] == [rows[12]["headline"]]
        with pytest.raises(BadInput):
            browsing.page(session, Wanted(), "nonsense")


def test_articles_without_a_region_are_placed_several_at_once(app, as_a):
    """Ticked and placed, each logged with who did it; the same again places nothing, and who was faster is kept."""
    rows = [newsroom.article(f"lost{n}", regions={}, headline=f"{SCRIPT} {n}") for n in range(3)]
    rows.append(newsroom.article("far", regions={}, headline="Talks on Karabakh go on"))
    newsroom.publish(app.database, rows)
    editor, ids = as_a("editor"), [str(row["id"]) for row in rows]
    page = editor.get("/desk/inbox").text
    assert SCRIPT not in page
    assert "names Karabakh" in page
    done = editor.post("/desk/inbox", data={"article": ids[:2], "where": "in:central-asia"}, headers=OURS)
    assert "2 articles placed: Central Asia." in done.text
    again = editor.post(
        "/desk/inbox", data={"article": ids[:3], "where": "chosen", "region": "south-caucasus"}, headers=OURS
    )
    assert "1 article placed: South Caucasus. 2 had been placed meanwhile" in again.text
    editor.post("/desk/inbox", data={"article": ids[3], "where": "nowhere"}, headers=OURS)
    assert "None: every article has its place." in editor.get("/desk/inbox").text
    with app.database.reading() as session:
        first = changes.find(session, ids[0])
        assert first.regions == {"central-asia": "tag"}
        assert [one.who for one in changes.log_of(session, first)] == ["editor@example.org"]
    for wrong, status in (
        ({"where": "in:central-asia"}, 400),
        ({"article": ids[0], "where": "in:atlantis"}, 404),
        ({"article": ids[0], "where": "chosen"}, 400),
        ({"article": str(key("no-such", 1)), "where": "in:world"}, 404),
        ({"article": [str(n) for n in range(101)], "where": "in:world"}, 400),
    ):
        assert editor.post("/desk/inbox", data=wrong, headers=OURS).status_code == status
    assert (
        editor.post("/desk/inbox", data={"article": ids}, headers={"Origin": "https://evil.example"}).status_code == 403
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_read_well(app, site, desk, chromium, scheme):
    """On a phone and off it: no sideways scroll, nothing that axe finds."""
    newsroom.publish(app.database, [newsroom.article(f"lost{n}", regions={}) for n in range(3)])
    page = signed_in(chromium, f"{site}{desk.path}", scheme)
    reads_well(page, site, ("/desk/regions", SC, "/desk/region-presets", "/desk/inbox", "/desk/articles"))
    page.context.close()


def test_the_tree_is_changed_by_keyboard_without_script(app, site, desk, chromium):
    """Tab to a button, press Enter: a region moves, and stays focusable."""
    assert desk.issue
    context = chromium.new_context(java_script_enabled=False, base_url=site)
    page = context.new_page()
    page.goto(f"{site}/desk/regions")
    looking.enter(page, "operator@example.org")
    page.get_by_role("heading", name="Regions").wait_for()
    page.get_by_role("button", name="Move South Caucasus down").focus()
    page.keyboard.press("Enter")
    page.get_by_text("South Caucasus moved down.").wait_for()
    assert stored(app).position > stored(app, "eastern-europe").position
    context.close()
