"""The words of the readers' pages and letters, by their English sentence: one TOML file for each other language."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from digest.rendering.catalogue import FALLBACK, Catalogue, catalogue, languages

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of the pages in one language."""

    language: str
    base: Catalogue  # its plurals, dates, lists and direction
    sentences: dict[str, Any]  # English -> a sentence, or its plural forms

    def text(self, sentence: str) -> str:
        """Return a sentence in the language; the English one where it has none."""
        return str(self.sentences.get(sentence, sentence))

    def count(self, sentence: str, n: int) -> str:
        """Return a sentence about a number, in the plural form that the language has for it."""
        forms = self.sentences.get(sentence, {})
        return str(forms.get(self.base.locale.plural_form(n)) or forms.get("other", sentence)).format(n=n)

    def date(self, moment: datetime, zone: str) -> str:
        """Return the day of a moment in a zone, in words."""
        return self.base.date(moment, zone)

    def listed(self, names: list[str]) -> str:
        """Return names as the language lists them: A, B and C."""
        return self.base.enumerate(names)


@cache
def page_words(language: str) -> PageWords:
    """Return the words of the pages in a language; English where there are none."""
    base = language.lower().split("-")[0]
    known = base if base in languages() else FALLBACK
    return PageWords(known, catalogue(known), sentences(known))


@cache
def sentences(language: str) -> dict[str, Any]:
    """Return English sentence -> what it is in a language; for English only its plurals."""
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def own_names() -> dict[str, str]:
    """Return code -> what each language with words calls itself, in the order of their codes."""
    names = {code: catalogue(code).language_name(code) for code in languages()}
    return {code: name[:1].title() + name[1:] for code, name in names.items()}
