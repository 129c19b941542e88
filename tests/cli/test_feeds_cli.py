"""The commands of feeds, as a person or a script uses them."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest import bootstrap
from digest.articles.feeds import tags as source_tags
from digest.articles.importing.data import ArticleData
from digest.articles.storing import store
from digest.cli.articles import commands as articles
from digest.cli.feeds import commands as feeds
from digest.cli.regions import commands as regions
from digest.errors import DigestError
from tests.articles.feeds.site import Site, as_json, item, rss, serving
from tests.conftest import NOW

Run = Callable[..., Result]
OLD = NOW - timedelta(days=20)
SALT = item("salt", OLD, category="Georgia")
CHOICE = item("choice", OLD, category="Editor's choice")
OPML = """<opml version="2.0"><body><outline text="Central Asia"><outline text="Steppe" xmlUrl="https://s.example/feed"/>
</outline><outline text="Steppe again" xmlUrl="https://s.example/feed"/>
<outline text="Odd" xmlUrl="gopher:x"/></body></opml>"""


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve a site on loopback."""
    with serving() as one:
        yield one


@pytest.fixture
def run(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command in a fresh folder with a fresh database and the starter regions."""
    monkeypatch.setenv("DIGEST_FETCH_PRIVATE_ADDRESSES", "true")
    CliRunner().invoke(regions, ["preset", "starter"])

    def command(*words: str, given: str | bytes | None = None, noun: Any = feeds) -> Result:
        return CliRunner().invoke(noun, list(words), input=given)

    return command


def data(result: Result) -> Any:
    """Return the JSON a command printed."""
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def stored(run: Run) -> dict[str, Any]:
    """Return all articles by headline."""
    return {one["headline"]: one for one in data(run("list", "--json", noun=articles))}


def test_a_feed_is_added_and_fetched_at_once(run: Run, site: Site):
    """What came is said, that none of it is new, which tags wait, and with which command they are given a meaning."""
    url = site.give("/feed", rss(SALT, CHOICE, item("other", OLD, category="Sport")))
    words = ["--region", "Central Asia", "--language", "en-GB", "--name", "News", "--every", "60"]
    maps = ["--map", "Georgia=south-caucasus", "--map", "Category:Editor's choice=badge"]
    result = run("add", url, *words, *maps)
    assert result.exit_code == 0, result.output
    key = url.removeprefix("http://")
    assert f"Added {key} (feed, every 60 minutes).\n" in result.stdout
    assert f"{key}: 3 articles: 3 new, all backlog: what was out before counts as old.\n" in result.stdout
    assert f"1 tag is not mapped: digest feeds tags {key}\n" in result.stdout
    found = stored(run)
    assert found["Salt"]["regions"] == {"south-caucasus": "tag"}
    assert found["Other"]["regions"] == {"central-asia": "feed"}
    assert (found["Choice"]["editors_choice"], found["Salt"]["editors_choice"]) == (True, False)
    assert f"    digest feeds map {key} Sport=REGION\n" in run("tags").stdout


def test_a_feed_that_fails_is_kept_and_said(run: Run, site: Site):
    """Exit 1, the reason, and how to mend it; the page names its feed."""
    url = site.give("/", '<html><link rel="alternate" type="application/rss+xml" href="/feed"></html>')
    result = run("add", url)
    assert result.exit_code == 1
    assert f"It names this feed: {site.root}/feed" in result.stderr
    key = site.root.removeprefix("http://")
    assert f"Mend it: digest feeds change {key} --url URL" in result.stderr
    site.give("/feed", rss(SALT))
    changed = run("change", key, "--url", f"{site.root}/feed")
    assert changed.stdout.startswith(f"Changed {key}: {site.root}/feed, no region, en.")
    assert run("fetch", key).exit_code == 0


def test_the_worker_may_fetch_first(run: Run, site: Site):
    """--no-fetch asks nobody; --json says what is known."""
    url = site.give("/feed", rss(SALT))
    added = data(run("add", url, "--no-fetch", "--json"))
    assert (added["health"], added["fetched"], added["unmapped"], site.seen) == ("new", [], 0, [])
    other = run("add", site.give("/feed?cat=1"), "--no-fetch")
    assert "The worker fetches it; or `digest feeds fetch`." in other.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add", "nonsense:x"], "no address of a feed"),
        (["add", "https://a.example/f", "--region", "atlantis"], "There is no region 'atlantis'"),
        (["add", "https://a.example/f", "--map", "Georgia"], "Write --map"),
        (["add", "https://a.example/f", "--kind", "odd"], "Kinds: feed"),
        (["add", "https://a.example/f", "--every", "1"], "every 5 to"),
        (["add", "https://a.example/f", "--keep-query", "x"], "Write --keep-query"),
        (["show", "x"], "There is no feed 'x'"),
        (["fetch", "x"], "There is no feed 'x'"),
        (["remove", "x"], "There is no feed 'x'"),
        (["change", "x", "--every", "60"], "There is no feed 'x'"),
        (["change", "x"], "Say what to change"),
        (["map", "x", "A=badge"], "There is no feed 'x'"),
        (["tags", "x"], "There is no feed 'x'"),
        (["import", "none.opml"], "none.opml cannot be read: No such file"),
        (["import", "-"], "no OPML"),
    ],
)
def test_bad_input_is_a_sentence(run: Run, words: list[str], sentence: str):
    """And nothing is added."""
    result = run(*words, given="")
    assert result.exit_code == 1
    assert isinstance(result.exception, DigestError)
    assert sentence in str(result.exception)
    assert data(run("list", "--json")) == []


def test_feeds_are_listed_with_their_health(run: Run, site: Site):
    """In words; without any, how to add one."""
    assert "digest feeds add URL" in run("list").stdout
    run("add", site.give("/feed", rss(SALT)), "--name", "News", "--region", "south-caucasus")
    run("add", f"{site.root}/none")
    listed = run("list").stdout.splitlines()
    key = site.root.removeprefix("http://")
    assert listed[0].startswith(f"{key}/none: failing: 1 failure in a row, never fine yet. There is nothing")
    assert listed[1] == "    feed, no region, every 30 minutes"
    assert listed[2].startswith("News: fine: 1 item, fetched 20")
    assert listed[3] == f"    {key}/feed  feed, south-caucasus, every 30 minutes"
    assert [one["health"] for one in data(run("list", "--json"))] == ["failing", "fine"]


def test_one_feed_is_shown_with_its_tags(run: Run, site: Site):
    """All that is known, and what each tag means."""
    run("add", site.give("/feed", rss(SALT, CHOICE)), "--map", "Georgia=south-caucasus")
    shown = run("show", "feed").stdout
    assert "words:          fine: 2 items" in shown
    assert "    Georgia = south-caucasus  (1)" in shown
    assert "    Editor's choice = not mapped  (1)" in shown
    assert data(run("show", "feed", "--json"))["tags"][0]["feed"].endswith("/feed")


def test_feeds_are_fetched_all_some_or_those_due(run: Run, site: Site):
    """By name at once; --due only when their time has come; exit 1 where one failed, and the others are taken."""
    run("add", site.give("/one", rss(SALT)))
    run("add", site.give("/two", b"", 500))
    assert run("fetch", "--due").stdout == "No feed is due.\n"
    asked = len(site.seen)
    result = run("fetch")
    assert result.exit_code == 1
    assert "/one: 1 article: 1 as before." in result.stdout
    assert "/two: The site has an error of its own (500)" in result.stderr
    assert len(site.seen) == asked + 2
    third = data(run("fetch", "one", "--json"))
    assert (third[0]["state"], third[0]["unchanged"]) == ("unchanged", 1)
    dying = run("fetch", "two")
    assert "is dead, 3 failures in a row" in dying.stderr


def test_what_is_wrong_with_items_is_said(run: Run, site: Site):
    """Each with its place, ten at most; --json has all."""
    bad = [{"link": f"https://news.example/{n}"} for n in range(12)]
    result = run("add", site.give("/feed", rss(SALT, *bad)))
    assert "    item 2: It has no headline.\n" in result.stderr
    assert "    2 more; --json has all." in result.stderr
    assert len(data(run("fetch", "--json"))[0]["problems"]) == 12


def test_without_feeds_there_is_nothing_to_fetch(run: Run):
    """A sentence, and no failure."""
    assert run("fetch").stdout == "There are no feeds.\n"


def test_mapping_a_tag_moves_the_stored_articles(run: Run, site: Site):
    """How many is said; the tag waits no more; an empty meaning has it wait again."""
    run("add", site.give("/feed", rss(SALT, CHOICE)))
    result = run("map", "feed", "Georgia=South Caucasus", "Category:Editor's choice=badge")
    assert "Georgia means south-caucasus." in result.stdout
    assert result.stdout.endswith("2 articles moved.\n")
    assert stored(run)["Salt"]["regions"] == {"south-caucasus": "tag"}
    assert run("tags").stdout == "No tag waits for a meaning.\n"
    every = run("tags", "feed", "--all").stdout
    assert "Editor's choice: badge, 1 article of 127.0.0.1" in every
    again = data(run("map", "feed", "Georgia=", "--json"))
    assert (again["meanings"], again["moved"]) == ({"Georgia": ""}, 1)
    assert [one["tag"] for one in data(run("tags", "--json"))] == ["Georgia"]


def test_the_command_for_a_tag_can_be_pasted(run: Run, site: Site):
    """Quotes and blanks are written as a shell wants them; the tags of other sources can be mapped, too."""
    run("add", site.give("/feed?cat=1", rss(CHOICE)))
    with bootstrap.opened() as app, app.database.writing() as session:
        one = ArticleData(url="https://x.example/1", headline="X", categories=["Über uns"])
        store(session, [one], source="my file", at=NOW)
    lines = run("tags").stdout.splitlines()
    assert any(line.endswith("""?cat=1' 'Editor'"'"'s choice=REGION'""") for line in lines)
    assert "    digest feeds map 'my file' 'Über uns=REGION'" in lines
    assert run("map", "my file", "Über uns=ignore").exit_code == 0
    with bootstrap.opened() as app, app.database.reading() as session:
        assert [one.target for one in source_tags.of_source(session, "my file")] == ["ignore"]
    assert run("tags", "my file").stdout == "No tag waits for a meaning.\n"
    assert len(data(run("tags", "--all", "--json"))) == 1


def test_a_new_region_moves_the_stored_articles(run: Run, site: Site):
    """Those that carry no other; '' takes the region away."""
    run("add", site.give("/feed", rss(CHOICE)), "--region", "south-caucasus")
    changed = run("change", "feed", "--region", "central-asia", "--every", "120", "--keep-query", "news.example=id")
    assert changed.stdout.endswith("central-asia, en. 1 article moved.\n")
    assert stored(run)["Choice"]["regions"] == {"central-asia": "feed"}
    after = data(run("change", "feed", "--region", "", "--json"))
    assert (after["region"], after["moved"], after["keep_query"]) == (None, 1, ["news.example=id"])
    assert stored(run)["Choice"]["regions"] == {}


def test_a_removed_feed_leaves_its_articles(run: Run, site: Site):
    """It says so."""
    run("add", site.give("/feed", rss(SALT)))
    assert "What came of it stays: 1 article, and what its tags mean." in run("remove", "feed").stdout
    assert data(run("list", "--json")) == []
    assert list(stored(run)) == ["Salt"]


def test_lists_of_feeds_come_in_and_go_out(run: Run, tmp_path: Path):
    """Groups give regions; the same feed twice is one; what cannot be one is said; what goes out comes in again."""
    (tmp_path / "list.opml").write_text(OPML)
    result = run("import", "list.opml")
    assert result.exit_code == 0
    assert "Added Steppe: central-asia.\n1 feed added, 1 there already." in result.stdout
    assert "'gopher:x' is no address" in result.stderr
    out = run("export")
    assert '<outline text="Central Asia">' in out.stdout
    again = data(run("import", "-", "--json", given=out.stdout))
    assert (again["added"], len(again["there"]), again["errors"]) == ([], 1, [])
    assert run("import", "-", given=OPML.replace("https", "gopher")).exit_code == 1
    assert data(run("export", "--json"))[0]["region"] == "central-asia"


def test_a_key_is_shown_nowhere_but_where_it_is_asked_for(run: Run, site: Site):
    """Not on adding, listing, showing or failing, nor in a list for others; only to move house."""
    site.give("/ghost/api/content/posts/", as_json({"posts": [], "meta": {"pagination": {}}}))
    url = f"{site.root}/ghost/api/content/posts/?key=s3cret"
    results = [run("add", url), run("add", url), run("list"), run("list", "--json"), run("show", "ghost")]
    site.give("/ghost/api/content/posts/", b"", 301, Location="/ghost/api/content/posts/?key=s3cret")
    results += [run("fetch"), run("show", "ghost", "--json"), run("export"), run("change", url, "--name", "G")]
    for result in results:
        assert "s3cret" not in f"{result.output} {result.exception}"
    out = run("export", "--with-keys").stdout
    assert "key=s3cret" in out
    run("remove", "G")
    assert run("import", "-", given=out).exit_code == 0
    masked = run("export").stdout
    run("remove", "G")
    assert "is masked" in run("import", "-", given=masked).stderr
