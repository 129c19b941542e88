"""Bad input of every kind: one sentence on standard error, exit code 1 (2 for wrong usage), and nothing is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.cli import main

Run = Callable[..., tuple[int, str, str]]
INIT = (
    "init", "--name", "Bad", "--sender", "news@b.example", "--postal-address", "1 Road, Town", "--zone", "UTC",
    "--language", "en", "--preset", "starter", "--base-url", "http://127.0.0.1:8000",
)  # fmt: skip
FILES = {
    "page.html": b"<!doctype html><html><body>hi</body></html>",
    "bare.json": b'[{"headline": "No address"}, {"url": "https://a.example/x"}]',
    "empty.csv": b"",
    "binary.csv": b"\x7fELF\x02\x01\x01\x00\x00\x3e\x00name,\x05",
    "bad.json": b"{bad",
    "good.json": b'[{"url": "https://a.example/good", "headline": "Good"}]',
    "nomail.csv": b"mail,name\nok@readers.example,Ok\n",
    "latin.csv": b"email,name\nok@readers.example,J\xf6rg\n",
    "readers.csv": b'email,name\nok@readers.example,"=1+1"\nOK@readers.example,Again\nno-address,X\n"open@x.example\n',
    "reads.csv": b"Page,Views\nhttps://a.example/good,many\n",
}
LIST = ("--list", "bad-south-caucasus")
VIEWS = ("--map", "url=Page", "--map", "views=Views")
ADD = ("publications", "add", "more", "--name", "More")
REFUSED = [
    (("articles", "import", "page.html"), "It is a web page without a headline"),
    (("articles", "import", "bare.json"), "It has no url."),
    (("articles", "import", "bare.json"), "It has no headline."),
    (("articles", "import", "empty.csv"), "It is empty."),
    (("articles", "import", "binary.csv"), "no CSV text"),
    (("articles", "import", "bad.json"), "It is no JSON"),
    (("articles", "import", "missing.xml"), "No such file"),
    (("articles", "import", "."), "Is a directory"),
    (("articles", "import", "good.json", "--region", "atlantis"), "There is no region 'atlantis'."),
    (("articles", "import", "good.json", "--map", "Georgia"), "Write --map"),
    (("articles", "show", "nothing"), "There is no article 'nothing'."),
    (("articles", "list", "--status", "odd"), "There is no status 'odd'."),
    (("articles", "list", "--since", "odd"), "'odd' is not a time."),
    (("reads", "import", "reads.csv", *VIEWS), "no whole number"),
    (("reads", "import", "binary.csv", *VIEWS), "no CSV text"),
    (("reads", "import", "reads.csv", "--map", "url=Page"), "Write --map"),
    (("subscribers", "import", "nomail.csv", *LIST), "must name a column email"),
    (("subscribers", "import", "latin.csv", *LIST, "--encoding", "utf-8"), "The row is not UTF-8 text."),
    (("subscribers", "import", "latin.csv", *LIST, "--encoding", "klingon"), "'klingon' is no encoding."),
    (("subscribers", "import", "binary.csv", *LIST), "no CSV text"),
    (("subscribers", "import", "empty.csv", *LIST), "It has: nothing."),
    (("subscribers", "import", "missing.csv", *LIST), "cannot be read: No such file"),
    (("subscribers", "import", "readers.csv", "--list", "none"), "There is no list 'none'."),
    (("subscribers", "import", "readers.csv", *LIST, "--consent-date", "2999-01-01"), "lies in the future"),
    (("subscribers", "export", "/nowhere/x.csv"), "cannot be written"),
    (("subscribers", "show", "no-address"), "is not an email address"),
    ((*ADD, "--zone", "Mars/Base"), "'Mars/Base' is not an IANA time zone"),
    ((*ADD, "--cutoff", "99 9 * * *"), "is not a cron line"),
    ((*ADD, "--language", "klingonese"), "'klingonese' is not a language code"),
    (("lists", "add", "x", "--publication", "bad", "--region", "nowhere", "--name", "X"), "There is no region"),
    (("lists", "add", "x", "--publication", "none", "--region", "world", "--name", "X"), "There is no publication"),
    (("lists", "add", "x", "--publication", "bad", "--region", "world", "--name", ""), "needs a name"),
    (("lists", "add", "x", "--publication", "bad", "--region", "world", "--name", "X", "--language", "klingonese"),
     "is not a language code"),
    (("lists", "list", "--publication", "none"), "There is no publication 'none'."),
    (("issues", "list", "--publication", "none"), "There is no publication 'none'."),
    (("issues", "draft", "none"), "There is no publication 'none'."),
    (("issues", "draft", "bad", "--at", "soon"), "'soon' is not a time."),
    (("issues", "show", "77"), "There is no issue '77'."),
    (("issues", "edit", "77", "lead", "x"), "There is no issue '77'."),
    (("tick", "--at", "soon"), "'soon' is not a time."),
    (("regions", "preset", "none"), "There is no preset 'none'."),
    (("regions", "import", "bad.json"), "is no JSON"),
    (("demo", "--folder", "."), "is not empty and not a demo"),
    (("demo", "--folder", "page.html"), "page.html cannot be used: Not a directory."),
    (INIT, "this folder is set up"),
    (("-C", "/nowhere", "articles", "list"), "/nowhere is no folder one can work in"),
]  # fmt: skip
WRONG_SETTINGS = [
    ({"SECRET_KEY": "weak"}, "DIGEST_SECRET_KEY is wrong"),
    ({"DATABASE_URL": "nonsense"}, "is not a database address"),
    ({"DATABASE_URL": "mysql://x/y"}, "only SQLite and PostgreSQL"),
    ({"DATABASE_URL": "sqlite:////nowhere/x.db"}, "The database cannot be used: unable to open database file."),
    ({"DATABASE_URL": "sqlite:///page.html"}, "The database cannot be used: file is not a database."),
    ({"DATABASE_URL": "sqlite:///other.db"}, "Run `digest database upgrade`"),
    ({"PROVIDER": "sendgrid"}, "SENDGRID_API_KEY is not set"),
    ({"PROVIDER": "pigeon"}, "DIGEST_PROVIDER is wrong"),
    ({"LEASE_SECONDS": "10"}, "Raise LEASE_SECONDS"),
    ({"BASE_URL": "example.org"}, "must start with https://"),
]
WRONG_FILES = [
    ('colour = "red"\n', "a setting nobody knows: 'colour'"),
    ("colour = \n", "is not valid TOML"),
    ("\udcff\udcfe", "is not UTF-8 text"),
]
LISTINGS = ["regions list", "articles list", "publications list", "lists list", "issues list", "schedule", "tick"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs the whole command in a folder with files of every kind: exit code, what it said and where."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        Path(name).write_bytes(content)

    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["digest", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return command


@pytest.fixture
def installed(run: Run) -> Run:
    """Return the same in an installation."""
    assert run(*INIT)[0] == 0
    return run


@pytest.mark.parametrize(("words", "sentence"), REFUSED)
def test_what_cannot_be_done_is_refused_in_a_sentence(installed: Run, words, sentence):
    """It says what, where and how to mend it, on standard error; the database keeps what it had."""
    before = installed("subscribers", "export")[1]
    code, _, said = installed(*words)
    assert (code, sentence in said, "Traceback" in said) == (1, True, False), said
    assert installed("subscribers", "export")[1] == before


@pytest.mark.parametrize(("settings", "sentence"), WRONG_SETTINGS)
def test_a_wrong_setting_stops_the_start(installed: Run, monkeypatch: pytest.MonkeyPatch, settings, sentence):
    """Each names the setting."""
    for name, value in settings.items():
        monkeypatch.setenv(f"DIGEST_{name}", value)
    code, said, why = installed("articles", "list", "--json")
    assert (code, said, sentence in why) == (1, "", True), why


@pytest.mark.parametrize(("text", "sentence"), WRONG_FILES)
def test_a_wrong_settings_file_stops_the_start(installed: Run, text, sentence):
    """Each names the file."""
    with Path("digest.toml").open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    code, _, why = installed("articles", "list")
    assert (code, sentence in why, "digest.toml" in why) == (1, True, True), why


def test_outside_an_installation_init_is_named(run: Run):
    """Who starts anywhere learns how to begin, and no file is made."""
    code, _, why = run("articles", "list")
    assert (code, "Run `digest init`" in why, Path("digest.db").exists()) == (1, True, False)


@pytest.mark.parametrize("words", [("nosuch",), ("issues", "send"), ("reads", "import"), ("articles", "--x")])
def test_wrong_usage_is_two(run: Run, words):
    """A command that cannot be understood is told apart from one that is refused."""
    assert run(*words)[0] == 2


@pytest.mark.parametrize("words", LISTINGS)
def test_json_stands_alone_also_when_nothing_is_found(installed: Run, words):
    """Standard output is JSON and nothing else."""
    code, said, _ = installed(*words.split(), "--json")
    assert (code, isinstance(json.loads(said), list)) == (0, True)


def test_good_rows_are_kept_beside_broken_ones(installed: Run):
    """A formula, an address twice, one that is none, and a quote that never closes: the good row is imported once."""
    code, said, _ = installed("subscribers", "import", "readers.csv", *LIST, "--json")
    report = json.loads(said)
    assert (code, report["new"], report["repeated"], report["failed"]) == (0, 1, 1, 2)
    assert "'=1+1" in installed("subscribers", "export")[1]  # no spreadsheet works it out


def test_an_unknown_region_costs_the_region_only(installed: Run):
    """The article is stored without it, and a sentence says so."""
    Path("far.json").write_text('[{"url": "https://a.example/f", "headline": "F", "regions": ["atlantis"]}]')
    code, _, why = installed("articles", "import", "far.json")
    assert (code, "There is no region 'atlantis'; stored without it." in why) == (0, True)


def test_a_sent_issue_is_not_said_to_be_a_draft(installed: Run):
    """An edit that changes nothing says so; of an issue that is over, every edit is refused."""
    installed("articles", "import", "good.json", "--region", "south-caucasus")
    assert installed("issues", "draft", "bad")[0] == 0
    assert installed("issues", "edit", "bad", "lead", "")[1] == "Nothing changed: issue 1 is draft, version 1.\n"
    installed("issues", "cancel", "bad")
    code, _, why = installed("issues", "edit", "bad", "lead", "")
    assert (code, "can no longer be changed" in why) == (1, True)


def test_joiners_of_persian_stay_in_a_text(installed: Run):
    """The zero-width non-joiner is part of the spelling; other unseen signs go."""
    installed("issues", "draft", "bad")
    _, said, _ = installed("issues", "edit", "bad", "set", "subject", "می\u200cروم\u2060", "--json")
    assert "می\u200cروم" in json.dumps(json.loads(said)["edits"], ensure_ascii=False)
    assert "\u2060" not in said


def test_a_preview_that_cannot_be_written_is_a_sentence(installed: Run):
    """A file stands where the folder should be."""
    installed("issues", "draft", "bad")
    code, _, why = installed("issues", "preview", "bad", "--folder", "page.html", "--no-open")
    assert (code, "page.html cannot be used" in why) == (1, True), why


@pytest.mark.usefixtures("installed")
def test_a_closed_pipe_is_no_failure(tmp_path: Path):
    """``digest regions list | true`` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "digest", "-C", str(tmp_path), "regions", "list"],
        cwd=Path(__file__).parents[2], stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
    )  # fmt: skip
    os.close(writing)
    assert done.stderr == ""


def test_ctrl_c_says_how_to_go_on(installed: Run, monkeypatch: pytest.MonkeyPatch):
    """The exit code is that of an interrupt, and a sentence names the next commands."""

    def interrupted(*_given, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr("digest.bootstrap.opened", interrupted)
    code, _, why = installed("articles", "list")
    assert (code, "Stopped by Ctrl-C." in why, "`digest worker` goes on with it" in why) == (130, True, True)
