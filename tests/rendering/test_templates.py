"""Templates of a newsroom's own: run in a sandbox, strict, and their mistakes come with a line."""

from pathlib import Path

import pytest

from digest.rendering import templates
from digest.rendering.errors import TemplateError
from digest.settings import templates_folder


def run(folder: Path, content: str, name: str = "own.mjml", **values: object) -> str:
    (folder / name).write_text(content, encoding="utf-8")
    return templates.run(name, values, folder)


def test_html_is_escaped_and_text_is_not(tmp_path):
    """What goes into .mjml and .html is escaped, what goes into .txt is not."""
    for name in ("own.mjml", "own.html"):
        assert run(tmp_path, "{{ x }}", name, x="<b> & '") == "&lt;b&gt; &amp; &#39;"
    assert run(tmp_path, "{{ x }}", "own.txt", x="<b> & '") == "<b> & '"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("one\n{{ nobody }}", "line 2: UndefinedError: 'nobody' is undefined"),
        ("one\ntwo\n{% if %}", "line 3"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ x + 1 }}", "TypeError"),
        ("{% include 'nowhere.mjml' %}", "no template nowhere.mjml"),
        ("{% include '../secret' %}", "no template ../secret"),
    ],
)
def test_mistakes_are_named(tmp_path, content, what):
    """An undefined name, a broken tag, a way out of the sandbox or out of the folder: a sentence, with the line."""
    with pytest.raises(TemplateError) as caught:
        run(tmp_path, content, x=[1])
    assert what in str(caught.value)


def test_an_environment_is_made_once():
    """The compiled templates are kept: compiling costs more than MJML itself."""
    assert templates.environment(templates_folder()) is templates.environment(templates_folder())
