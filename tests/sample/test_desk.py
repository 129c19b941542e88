"""The demo's desk: somebody gets in by what was printed, and finds next week's issue as a draft."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from digest.sample import desk

ROOT = Path(__file__).parents[2]


@dataclass
class Demo:
    """A demo that is served, and what it printed."""

    folder: Path
    told: str

    def of(self, pattern: str) -> str:
        """Return what was printed at a place."""
        found = re.search(pattern, self.told)
        assert found, self.told
        return found[1]


def served(folder: Path) -> Iterator[Demo]:
    """Run the command as a new user would, until it is ready; ends it afterwards."""
    command = [sys.executable, "-m", "digest", "demo", "--serve", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as process:
        told = ""
        assert process.stderr is not None
        while "Serving on" not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
        yield Demo(folder, told)
        process.terminate()
        process.stderr.read()
    assert process.returncode in (0, -15)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Serve a demo in an empty folder. No second run in it: that would end the password which tests sign in by."""
    yield from served(tmp_path_factory.mktemp("demo"))


@contextmanager
def signed_in(demo: Demo, password: str) -> Iterator[httpx.Client]:
    """Sign in at the desk as a browser would."""
    url = demo.of(r"The desk: +(\S+)/desk\n")
    headers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
    form = {"address": demo.of(r"Address: +(\S+)"), "password": password, "next": "/desk"}
    with httpx.Client(base_url=url, headers=headers, follow_redirects=True, timeout=60) as client:
        client.post("/desk/sign-in", data=form)
        yield client


def test_what_was_printed_opens_the_desk_and_the_draft(demo: Demo):
    """Two issues are sent, the next one waits; a wrong password opens nothing."""
    with signed_in(demo, demo.of(r"Password: +(\S+)")) as client:
        listed = client.get("/desk").text
        assert listed.count("sent") >= 2
        assert "sign-out" in listed
        draft = client.get(demo.of(r"(http\S+/desk/issues/\d+)"))
        assert draft.status_code == 200
        assert "Vintners go back to clay" in draft.text
    with signed_in(demo, "not the password") as stranger:
        assert "sign-out" not in stranger.get("/desk").text


REGION = {"order": "save", "kind": "custom", "color": "#6B3A7D", "color_dark": "#D0A5E0", "country": "EG"}
CHANGES = (
    ("/desk/lists", {"order": "down", "list": "meridian-south-caucasus"}),
    ("/desk/lists/meridian-central-asia", {"name": "Steppes", "description": "", "open": ""}),
    ("/desk/regions", {"order": "down", "region": "south-caucasus"}),
    ("/desk/regions/central-asia", {"order": "alias", "alias": "The steppes"}),
    ("/desk/regions/middle-east", REGION | {"name:en": "Levant and Gulf"}),
    ("/desk/publications/meridian/skip", {"day": "2030-01-07"}),
)


def test_the_next_run_has_the_same_draft_and_another_password(demo: Demo, tmp_path: Path):
    """What was changed at the desk stays, lists and regions too; nobody knows the password of yesterday.

    In a copy: the first one goes on.
    """
    shutil.copytree(demo.folder, tmp_path / "again")
    with contextmanager(served)(tmp_path / "again") as first:
        with signed_in(first, first.of(r"Password: +(\S+)")) as client:
            for path, form in CHANGES:
                seen = re.search(r'name="seen" value="([^"]*)"', client.get(path).text)
                answer = client.post(path, data=form | ({"seen": seen[1]} if seen else {}))
                assert 'role="status"' in answer.text, (path, answer.text)
        (again,) = served(tmp_path / "again")
        with signed_in(first, again.of(r"Password: +(\S+)")) as client:
            page = client.get("/desk/lists").text
            assert page.index("Steppes") < page.index("South Caucasus")
    assert again.of(r"To play: +issue (\d+)") == demo.of(r"To play: +issue (\d+)")
    assert again.of(r"Password: +(\S+)") != demo.of(r"Password: +(\S+)")


def test_passwords_are_long_random_and_easy_to_copy():
    """No letter that is taken for another."""
    found = {desk.fresh_password() for _ in range(50)}
    assert len(found) == 50
    assert all(re.fullmatch(r"[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}", one) for one in found)
