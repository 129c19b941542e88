"""The words of the readers' pages: whole in every language, with its own plurals."""

import ast
import re
from pathlib import Path

import pytest

import digest
from digest.rendering.catalogue import languages
from digest.rendering.catalogue.pages import own_names, page_words, sentences
from digest.settings import Settings
from digest.web import archive, clicks, editions, privacy
from subscribers.consent import CLICKS, CLICKS_MORE
from subscribers.pages import confirming, frame, joining, own_data
from tests.conftest import STRONG

WEB = ("app", "archive", "archive_pages", "clicks", "editions", "privacy", "public")  # readers' pages of digest
ROOT = Path(digest.__file__).parent.parent
PAGES = [ROOT / f"digest/web/{name}.py" for name in WEB]
OTHERS = [one for one in languages() if one != "en"]


def spoken() -> set[str]:
    """Return every sentence that a template or a letter of the readers' pages speaks."""
    found = {
        privacy.DAYS,
        clicks._NOT_OURS,
        editions._NONE,
        editions._MANY,
        archive._NOWHERE,
        frame._GONE,
        frame._NO_ZONE,
    }
    found |= {CLICKS, CLICKS_MORE, joining.PROMISE, joining._MANY, confirming.YES, confirming.HERE, own_data._NOT_YOURS}
    found |= set(joining._SENTENCES.values())
    for file in (ROOT / "templates/public").glob("*.html"):
        found |= set(re.findall(r'(?:\b_|counted)\("([^"]+)"', file.read_text(encoding="utf-8")))
    for fact in privacy.facts(Settings(secret_key=STRONG, address_key=STRONG)):
        found |= {fact.what, fact.why, *([fact.days] if isinstance(fact.days, str) else [])}
    for file in (*(ROOT / "subscribers/pages").glob("*.py"), ROOT / "digest/events/quiet.py", *PAGES):
        calls = (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
        said = (call for call in calls if _is_speech(call.func))
        texts = (one.value for call in said for one in call.args if isinstance(one, ast.Constant))
        found |= {one for one in texts if isinstance(one, str)}
    return found


def _is_speech(called: ast.expr) -> bool:
    """Tell whether a call speaks: words.text("..."), words.count("...", n), problem("...")."""
    if isinstance(called, ast.Attribute):
        return called.attr in {"text", "count"}
    return isinstance(called, ast.Name) and called.id == "problem"


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_said_in_every_language(language):
    """None is missing, and none says other things in its braces."""
    words = sentences(language)
    assert spoken() - set(words) == set()
    for english, own in words.items():
        for form in own.values() if isinstance(own, dict) else [own]:
            assert sorted(re.findall(r"{\w+}", form)) in (sorted(re.findall(r"{\w+}", english)), []), english


@pytest.mark.parametrize("language", languages())
def test_every_plural_is_whole(language):
    """Each form that the language has (CLDR)."""
    tags = {*page_words(language).base.locale.plural_form.tags, "other"}
    plurals = {english: own for english, own in sentences(language).items() if isinstance(own, dict)}
    assert plurals.keys() == {one for one, own in sentences("en").items() if isinstance(own, dict)}
    for english, own in plurals.items():
        assert set(own) == tags, english


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("en", 1, "1 hour."),
        ("en", 24, "24 hours."),
        ("ru", 24, "24 часа."),
        ("ru", 25, "25 часов."),
        ("ar", 2, "ساعتين."),
    ],
)
def test_counts(language, n, said):
    """A number is said as the language says it; a sentence without words is said in English."""
    assert page_words(language).count("The link works for {n} hours.", n).endswith(said)
    assert page_words(language).count("{n} new", n) == f"{n} new"
    assert page_words(language).text("New") == "New"


def test_languages_call_themselves():
    """In their own letters; a language without words gets English ones."""
    assert own_names() == {
        "ar": "العربية",
        "de": "Deutsch",
        "en": "English",
        "fr": "Français",
        "ka": "ქართული",
        "ru": "Русский",
    }
    assert page_words("hy-AM").language == "en"
