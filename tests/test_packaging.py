"""What is shipped: a wheel that has everything it needs, and a lock that installs the same everywhere."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import digest

ROOT = Path(digest.__file__).parent.parent
DATA = {".mjml", ".txt", ".html", ".css", ".toml", ".json", ".rss", ".csv", ".jpg", ".js", ".mako", ".ttf"}


def test_the_wheel_has_templates_words_and_sample(tmp_path: Path):
    """Every template and every data file of the packages is inside; no test is."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = [f"digest/_templates/{file.relative_to(ROOT / 'templates')}" for file in files("templates")]
    data = [str(file.relative_to(ROOT)) for folder in ("digest", "subscribers") for file in files(folder)]
    assert templates
    assert data
    assert not (set(templates) | set(data)) - names
    assert not [name for name in names if name.startswith("tests/")]


def files(folder: str) -> list[Path]:
    """Return the data files below a folder of the checkout."""
    return [file for file in (ROOT / folder).rglob("*") if file.suffix in DATA]


def test_the_lock_has_every_dependency_with_hashes():
    """What pyproject.toml asks for stands in requirements.lock, pinned, with a hash, and without an address."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    asked += project["project"]["optional-dependencies"]["postgres"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", lock, re.MULTILINE))
    for requirement in asked:
        name = re.split(r"[<>=\[;\s]", requirement, maxsplit=1)[0].lower()
        assert name in pinned, name
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "http" not in lock.replace("httpcore", "").replace("httpx", "").replace("httptools", "")


def test_nothing_else_stands_at_the_top():
    """The tree is the one of the design; a stray file would be shipped in every clone."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    tops = {name.split("/")[0] for name in listed.stdout.splitlines()}
    allowed = {"pyproject.toml", "digest", "templates", "subscribers", "tests", "Makefile", "README.md"}
    assert tops <= allowed | {"CHANGELOG.md", "LICENSE", "requirements.lock", ".ci"}


def test_no_file_is_longer_than_one_can_hold_in_mind():
    """400 lines at most, everywhere."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    long = [name for name in listed.stdout.splitlines() if len((ROOT / name).read_text().splitlines()) > 400]
    assert not long
