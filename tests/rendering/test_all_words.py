"""No template speaks for itself: every word that a reader sees comes from the catalogues."""

import re
from pathlib import Path

import pytest

import digest
from digest.rendering.catalogue import catalogue, languages

TEMPLATES = Path(digest.__file__).parent.parent / "templates"
MAILS = sorted(
    file
    for folder in ("email", "email/partials")
    for file in (TEMPLATES / folder).glob("*.*")
    if file.suffix != ".html"
)
PAGES = sorted((TEMPLATES / "public").glob("*.html"))
NAMES = {"RSS", "JSON", "Feed"}  # of formats: the same in every language
STYLES = re.compile(r"{%-? macro [^%]*%}[^<]*?{%-? endmacro")  # macros without a tag fill in what styles something
NOT_SAID = (r"{#.*?#}", r"{%.*?%}", r"{{.*?}}", r"<!--.*?-->", r"<(mj-style|style)\b.*?</\1>", r"<[^>]*>", r"&[#\w]+;")


def said(text: str) -> list[str]:
    """Return the words that a template prints by itself."""
    for pattern in NOT_SAID:
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    return sorted(set(re.findall(r"[^\W\d_]{2,}", text)) - NAMES)


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_pages_say_nothing_by_themselves(file):
    """Every sentence goes through the catalogue; what it holds is checked in test_page_words.py."""
    assert said(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", MAILS, ids=lambda file: file.name)
def test_mails_say_nothing_by_themselves(file):
    """Nor does a mail; what styles it is no word."""
    text = STYLES.sub(" ", file.read_text(encoding="utf-8"))
    assert said(text) == []


@pytest.mark.parametrize("language", languages())
def test_every_word_of_a_mail_is_in_every_language(language):
    """Whatever a template asks the catalogue for is there."""
    wanted = {word for file in MAILS for word in re.findall(r"\bw\.(\w+)", file.read_text(encoding="utf-8"))}
    assert wanted
    assert wanted - set(catalogue(language).words) == set()


def test_a_word_of_its_own_is_found():
    """The net has no holes."""
    assert said('<p class="x">{{ _("No") }} Hello {% if Title %}<b>you</b>{% endif %} &amp; 12</p>') == ["Hello", "you"]
