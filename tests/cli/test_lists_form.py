"""``digest lists form``: what a newsroom puts on its own site."""

import json
import re

import pytest
from typer.testing import CliRunner

from digest import bootstrap
from digest.cli import app
from subscribers import add_list
from tests.subscribers.conftest import LISTS
from tests.web.conftest import publication


@pytest.fixture
def home(installed):
    """Have a publication with lists."""
    with bootstrap.opened() as product, product.database.writing() as session:
        session.add(publication())
        for data in LISTS:
            add_list(session, data)
    return installed


def run(*words):
    return CliRunner().invoke(app, ["lists", "form", *words])


@pytest.mark.usefixtures("home")
def test_a_form_without_script_is_printed():
    """It goes to our page, offers the open lists, and has the field that people do not see."""
    html = run("weekly").stdout
    assert '<form method="post" action="http://127.0.0.1:8000/join/weekly"' in html
    assert re.findall(r'name="list" value="([a-z]+)"', html) == ["sc", "ee", "ca"]
    assert "<p hidden>" in html
    assert "<script" not in html


@pytest.mark.usefixtures("home")
def test_one_list_in_another_language():
    """It is hidden then; the words are that language's, and Arabic runs right to left."""
    html = json.loads(run("weekly", "--list", "sc", "--language", "ar", "--json").stdout)["html"]
    assert re.findall(r'type="hidden" name="list" value="([a-z]+)"', html) == ["sc"]
    assert 'lang="ar" dir="rtl"' in html
    assert "اشترك" in html


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("words", [("weekly", "--list", "old"), ("weekly", "--list", "nowhere"), ("nowhere",)])
def test_what_is_not_there_is_refused(words):
    """A closed or unknown list, an unknown publication: a sentence."""
    assert run(*words).exit_code == 1
