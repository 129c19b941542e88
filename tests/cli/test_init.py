"""``digest init``: asks what the options do not say, and never leaves something half-made."""

import os
import subprocess
import sys
from pathlib import Path

ANSWERED = ["--name", "The River", "--sender", "news@river.example", "--postal-address", "1 Quay, 1000 Town"]


def init(folder: Path, *options: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    command = [sys.executable, "-m", "digest", "init", *options]
    return subprocess.run(  # noqa: S603
        command, cwd=folder, input=answers, capture_output=True, text=True, check=False, env=environment
    )


def test_it_asks_and_sets_up(tmp_path: Path):
    """Answers come in order; an empty one takes the default; the lists are those at the ends of the tree."""
    done = init(tmp_path, answers="The River\nnews@river.example\n1 Quay, 1000 Town\n\n\n\n\n")
    assert done.returncode == 0, done.stderr
    assert "Publication the-river, with lists the-river-south-caucasus" in done.stdout
    file = tmp_path / "digest.toml"
    assert file.stat().st_mode & 0o077 == 0
    assert "secret_key" in file.read_text(encoding="utf-8")
    again = init(tmp_path, *ANSWERED)
    assert (again.returncode, again.stdout) == (1, "")
    assert "this folder is set up" in again.stderr


def test_without_anybody_to_ask_the_defaults_hold(tmp_path: Path):
    """What has no default is asked for by name; the rest needs no answer."""
    missing = init(tmp_path, "--name", "The River")
    assert missing.returncode == 1
    assert "Say --sender." in missing.stderr
    assert not (tmp_path / "digest.toml").exists()
    done = init(tmp_path, *ANSWERED, "--list", "world")
    assert done.returncode == 0, done.stderr
    assert "with lists the-river-world." in done.stdout


def test_a_refused_setup_leaves_no_settings(tmp_path: Path):
    """A zone that does not exist: one sentence, and the next try may ask again."""
    refused = init(tmp_path, *ANSWERED, "--zone", "Mars/Base")
    assert refused.returncode == 1
    assert "Mars/Base" in refused.stderr
    assert not (tmp_path / "digest.toml").exists()
