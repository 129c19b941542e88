"""The command templates, as a person or a script uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digest.cli.publications import commands as publications
from digest.cli.templates import commands
from digest.errors import DigestError

Run = Callable[..., Result]


@pytest.fixture
def run(installed: Path) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command of templates in a fresh folder with a fresh database."""
    return lambda *words: CliRunner().invoke(commands, list(words))


@pytest.fixture
def files(run: Run, installed: Path) -> Path:
    """Write the shipped template into two files, as a newsroom does to change it; return the MJML."""
    (installed / "own.mjml").write_text(run("show", "digest").stdout, encoding="utf-8")
    (installed / "own.txt").write_text(run("show", "digest", "--text").stdout, encoding="utf-8")
    return installed / "own.mjml"


def put(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_template_is_taken_out_checked_saved_and_put_back(run: Run, files: Path):
    """Each save is a version with who and why; an older one becomes the newest; 0 is the shipped one."""
    assert run("list").stdout == "digest\tas shipped\tno publication\n"
    assert "is as shipped" in run("history", "digest").stdout
    assert run("check", str(files)).stdout.startswith("It is sound.")
    put(files, "{{ w.privacy }}", "{{ w.privacy }} Our own.")
    saved = run("save", "digest", str(files), "--note", "our words", "--as", "olga")
    assert saved.stdout == "Template digest: version 1 is in use.\n"
    put(files, "Our own.", "Our very own.")
    assert json.loads(run("save", "digest", str(files), "--json").stdout)["number"] == 2
    assert "Our very own." in run("show", "digest").stdout
    assert "Our own." in run("show", "digest", "--version", "1").stdout
    assert run("restore", "digest", "1").exit_code == 0
    assert "Our own." in run("show", "digest").stdout
    assert run("restore", "digest", "0").exit_code == 0
    assert "Our own." not in run("show", "digest").stdout
    past = run("history", "digest").stdout
    assert past.splitlines()[0].startswith("4 as shipped\t")
    assert "olga\tour words" in past
    assert [one["number"] for one in json.loads(run("history", "digest", "--json").stdout)] == [4, 3, 2, 1]
    assert json.loads(run("list", "--json").stdout) == [{"name": "digest", "version": 0, "publications": []}]


def test_what_is_not_sound_is_said_and_not_saved(run: Run, files: Path):
    """The check says it with its line and ends with 1; saving is refused."""
    put(files, "{{ date }}", "{{ datum }}")
    checked = run("check", str(files))
    assert checked.exit_code == 1
    assert "line 13: UndefinedError: 'datum' is undefined" in checked.stdout
    (fault,) = json.loads(run("check", str(files), "--json").stdout)["faults"]
    assert (fault["part"], fault["line"], fault["red"]) == ("mjml", 13, True)
    refused = run("save", "digest", str(files)).exception
    assert isinstance(refused, DigestError)
    assert "Nothing was saved." in str(refused)
    assert "is as shipped" in run("history", "digest").stdout


def test_a_new_template_needs_both_parts_and_can_be_chosen(run: Run, files: Path, installed: Path):
    """The text beside the MJML is its own; a publication takes only a template that exists."""
    alone = installed / "alone.mjml"
    alone.write_text(files.read_text(encoding="utf-8"), encoding="utf-8")
    assert "say its plain-text part" in str(run("save", "brief", str(alone)).exception)
    assert run("save", "brief", str(alone), "--text", str(installed / "own.txt")).exit_code == 0
    add = ("add", "weekly", "--name", "Weekly", "--sender-address", "a@b.example", "--postal-address", "Street 1")
    assert CliRunner().invoke(publications, list(add)).exit_code == 0
    assert "no template 'bref'" in str(CliRunner().invoke(publications, ["edit", "weekly", "template=bref"]).exception)
    assert CliRunner().invoke(publications, ["edit", "weekly", "template=brief"]).exit_code == 0
    assert "brief\tversion 1\tweekly" in run("list").stdout


def test_what_is_not_there_is_a_sentence(run: Run, installed: Path):
    """A file, a template, a version; a name that is none."""
    for words in (
        ("check", str(installed / "none.mjml")),
        ("show", "none"),
        ("history", "none"),
        ("restore", "digest", "9"),
        ("show", "digest", "--version", "9"),
    ):
        assert isinstance(run(*words).exception, DigestError), words
