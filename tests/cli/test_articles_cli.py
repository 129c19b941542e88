"""The commands articles, reads and regions, as a person or a script uses them."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli.articles import commands as articles
from digest.cli.reads import commands as reads
from digest.cli.reads import key_of
from digest.cli.regions import commands as regions
from digest.errors import DigestError

FEED = """<rss version="2.0"><channel><item><title>Salt</title><link>https://example.org/salt</link>
<category>Georgia</category><category>Editor's choice</category></item>
<item><link>https://example.org/bare</link></item></channel></rss>"""
Run = Callable[..., Result]


@pytest.fixture
def run(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command in a fresh folder with a fresh database."""
    monkeypatch.setenv("DIGEST_FETCH_PRIVATE_ADDRESSES", "true")
    nouns: dict[str, Any] = {"articles": articles, "reads": reads, "regions": regions}

    def command(noun: str, *rest: str, given: str | bytes | None = None) -> Result:
        return CliRunner().invoke(nouns[noun], list(rest), input=given)

    return command


def data(result: Result) -> Any:
    """Return the JSON a command printed."""
    assert result.exception is None, result.output
    return json.loads(result.stdout)


@pytest.fixture
def feed_url() -> Iterator[str]:
    """Serve the feed on loopback; yields its address."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(FEED)))
            self.end_headers()
            self.wfile.write(FEED.encode())

        def log_message(self, format, *args):  # noqa: A002 - the signature is the library's
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/feed.xml"
    server.shutdown()
    server.server_close()


def test_an_address_and_a_file_are_imported_together(run: Run, feed_url: str, tmp_path: Path):
    """The badge and the region come by the map; what is wrong goes to standard error; the rest is stored."""
    run("regions", "preset", "starter")
    (tmp_path / "more.json").write_text(json.dumps([{"url": "https://example.org/b", "headline": "B"}]))
    maps = ["--map", "Georgia=south-caucasus", "--map", "Category:Editor's choice=badge"]
    result = run("articles", "import", feed_url, "more.json", "none.json", *maps)
    assert result.exit_code == 0
    assert f"{feed_url}: 1 new, 0 updated, 0 unchanged." in result.stdout
    assert "more.json: 1 new" in result.stdout
    assert f"{feed_url}, item 2: It has no headline." in result.stderr
    assert "1 without a date count as published now." in result.stderr
    assert "none.json: It cannot be read: No such file or directory." in result.stderr
    (salt,) = data(run("articles", "list", "--chosen", "--region", "world", "--json"))
    assert (salt["headline"], salt["regions"], salt["editors_choice"]) == ("Salt", {"south-caucasus": "tag"}, True)
    again = data(run("articles", "import", feed_url, "--json", *maps))
    assert [again[0][name] for name in ("origin", "new", "updated", "unchanged")] == [feed_url, 0, 0, 1]


def test_nothing_imported_is_exit_1(run: Run):
    """A script can tell; the sentence says why, also with --json."""
    result = run("articles", "import", "-", given="just words")
    assert result.exit_code == 1
    assert "-: standard input: It is no feed" in result.stderr
    assert json.loads(run("articles", "import", "none.csv", "--json").stdout)[0]["errors"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--map", "Georgia=atlantis"], "is no region"),
        (["--region", "atlantis"], "no region 'atlantis'"),
        (["--keep-query", "example.org"], "Write --keep-query example.org=id"),
    ],
)
def test_options_that_cannot_be_meant_stop_before_anything_is_read(run: Run, options, sentence):
    """The error is one of ours, with a sentence."""
    result = run("articles", "import", "x.json", *options)
    assert isinstance(result.exception, DigestError)
    assert sentence in str(result.exception)


def test_long_imports_show_progress_and_short_lists_of_errors(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A bar on a person's standard error from 200 articles on; at most 20 errors are printed, the rest is counted."""
    rows = [f"https://example.org/{n},H{n}" for n in range(250)] + [f",H{n}" for n in range(30)]
    (tmp_path / "many.csv").write_text("\n".join(["url,headline", *rows]))
    assert "/280" not in run("articles", "import", "many.csv").stderr  # a log wants sentences only
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal
    result = run("articles", "import", "many.csv")
    assert "many.csv: 0 new, 0 updated, 250 unchanged." in result.stdout
    assert "280/280" in result.stderr
    assert "many.csv: 10 more errors; --json has all." in result.stderr


def test_kept_query_keys_tell_articles_apart(run: Run):
    """--keep-query names the keys a site needs."""
    rows = "url,headline\nhttps://example.org/read?id=1,A\nhttps://example.org/read?id=2,B\n"
    keep = ["--keep-query", "www.example.org=ID", "--keep-query", "example.org=part"]
    assert data(run("articles", "import", "-", "--json", *keep, given=rows))[0]["new"] == 2


def test_an_article_is_shown_chosen_withdrawn_and_updated(run: Run):
    """Each change says what is so now, and the log of the article has it."""
    run("articles", "import", "-", given="url,headline,topics\nhttps://example.org/a,Salt,rail\n")
    address = "https://example.org/a"
    assert run("articles", "choose", address, "--as", "nino").stdout == "“Salt” has the badge.\n"
    assert "[choice]" in run("articles", "list").stdout
    assert run("articles", "update", address, "--reason", "verdict").stdout == "“Salt” counts as updated now.\n"
    assert run("articles", "unchoose", address).stdout == "“Salt” has no badge.\n"
    assert run("articles", "withdraw", address).stdout == "“Salt” is unpublished.\n"
    assert run("articles", "withdraw", address, "--retracted", "--reason", "wrong").stdout == "“Salt” is retracted.\n"
    assert "[retracted]" in run("articles", "list", "--status", "retracted", "--since", "2020-01-01").stdout
    assert data(run("articles", "withdraw", address, "--undo", "--json"))["status"] == "published"
    shown = run("articles", "show", address).stdout
    assert "headline:       Salt" in shown
    assert "nino: editors_choice False -> True" in shown
    assert "the command line: status unpublished -> retracted wrong" in shown
    assert len(data(run("articles", "show", address, "--json"))["log"]) == 6
    both = run("articles", "withdraw", address, "--undo", "--retracted").exception
    assert isinstance(both, DigestError)
    assert isinstance(run("articles", "list", "--status", "gone").exception, DigestError)
    assert run("articles", "list", "--source", "nobody").stdout == "No article fits.\n"


def test_reads_are_imported_by_a_map(run: Run, tmp_path: Path):
    """Pages that are no article are counted; the same week again replaces what was there."""
    run("articles", "import", "-", given="url,headline\nhttps://example.org/a,Salt\n")
    (tmp_path / "pages-2026-11-23.csv").write_text("Page;Views\n/a;12\n/;90\n/b;x\n", encoding="utf-16")
    options = ["pages-2026-11-23.csv", "--map", "url=Page", "--map", "views=Views", "--site", "https://example.org"]
    result = run("reads", "import", *options, "--from", "2026-11-16", "--to", "2026-11-23")
    assert result.exit_code == 0
    assert result.stdout == "1 article with reads. No imported article: 1 page.\n"
    assert result.stderr == "line 4: Its views is 'x', no whole number.\n"
    assert data(run("reads", "import", *options, "--json"))["unknown"] == ["https://example.org/"]
    assert key_of(tmp_path / "pages-2026-11-23.csv") == "pages"
    assert key_of(Path("2026.csv")) == "reads"
    assert key_of(Path("-")) == "reads"


def test_reads_without_any_article_are_exit_1(run: Run):
    """Nothing matched, or no file: told in a sentence."""
    lines = "url,views\n" + "https://example.org/a,x\n" * 25
    result = run("reads", "import", "-", "--map", "url=url,views=views", given=lines)
    assert result.exit_code == 1
    assert "5 more errors" in result.stderr
    missing = run("reads", "import", "none.csv", "--map", "url=url,views=views").exception
    assert isinstance(missing, DigestError)
    assert "cannot be read" in str(missing)


def test_regions_are_made_listed_and_imported(run: Run, tmp_path: Path):
    """The tree is shown indented; a file adds or replaces."""
    assert "No regions yet" in run("regions", "list").stdout
    assert "7 regions added: world, " in run("regions", "preset", "starter").stdout
    assert run("regions", "preset", "starter").stdout == "0 regions added: none.\n"
    assert "\n    south-caucasus  South Caucasus  AM AZ GE\n" in run("regions", "list").stdout
    (tmp_path / "r.json").write_text(json.dumps({"regions": [{"id": "north", "names": {"en": "North"}}]}))
    assert run("regions", "import", "r.json").stdout == "1 regions imported.\n"
    listed = data(run("regions", "list", "--json"))
    assert [one["id"] for one in listed][-1] == "north"
    assert next(one for one in listed if one["id"] == "south-caucasus")["parent_id"] == "eastern-neighbourhood"


@pytest.mark.parametrize("text", ["[", "{}", "[1]", "[" * 100_000])
def test_a_file_that_holds_no_regions_is_a_sentence(run: Run, tmp_path: Path, text):
    """What it should hold is shown."""
    (tmp_path / "r.json").write_text(text)
    error = run("regions", "import", "r.json").exception
    assert isinstance(error, DigestError)
    assert str(error).startswith("r.json")


@pytest.mark.parametrize("noun", ["articles", "reads", "regions"])
def test_every_command_has_help(run: Run, noun):
    """--help works for the noun and lists its commands with a line each."""
    assert "import" in run(noun, "--help").stdout
    assert "--json" in run(noun, "import", "--help").stdout


def test_where_an_article_belongs_is_the_rules_or_a_person(run: Run, tmp_path: Path):
    """The inbox shows what has no region; a person's word beats tags until it is taken back; nonsense is refused."""
    run("regions", "preset", "starter")
    bare = {"url": "https://example.org/lake", "headline": "The lake", "categories": ["Salt"]}
    (tmp_path / "a.json").write_text(json.dumps([bare]), encoding="utf-8")
    run("articles", "import", "a.json")
    (waiting,) = data(run("articles", "list", "--no-region", "--json"))
    assert waiting["headline"] == "The lake"
    moved = run("articles", "import", "a.json", "--map", "Salt=central-asia")
    assert moved.exception is None
    assert "No article fits." in run("articles", "list", "--no-region").stdout
    result = run("articles", "locate", bare["url"], "--region", "middle-east", "--as", "nino")
    assert result.stdout == "“The lake” belongs to middle-east (tag).\n"
    assert data(run("articles", "locate", "--json")) == {"moved": [], "without_region": 0}
    assert "belongs to no region" in run("articles", "locate", bare["url"], "--nowhere").stdout
    everything = run("articles", "locate")
    assert "0 articles have other regions" in everything.stdout
    assert "1 belong to no region: digest articles list --no-region" in everything.stdout
    assert "belongs to central-asia (tag)" in run("articles", "locate", bare["url"]).stdout
    log = data(run("articles", "show", bare["url"], "--json"))["log"]
    assert [(one["who"], one["after"]) for one in log] == [
        ("nino", {"middle-east": "tag"}),
        ("the command line", {}),
        ("the command line", {"central-asia": "tag"}),
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--region", "world"], "Name the article"),
        (["--nowhere"], "Name the article"),
        (["https://example.org/x", "--nowhere", "--region", "world"], "cannot both be meant"),
        (["https://example.org/x", "--region", "world"], "There is no region"),
    ],
)
def test_locating_that_cannot_be_meant_is_a_sentence(run: Run, options, sentence):
    """It says what is missing."""
    assert sentence in str(run("articles", "locate", *options).exception)
