"""The words, dates, plurals, fonts and directions of the mail, by language: one TOML file each."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list

FOLDER = Path(__file__).parent
FALLBACK = "en"  # words for a language that has no file yet; its dates, fonts and direction are its own


@dataclass(frozen=True, slots=True)
class Fonts:
    """The font stacks of a language, and whether its lines need more room."""

    serif: str
    sans: str
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language."""

    language: str
    locale: Locale  # of the words
    calendar: Locale  # of the dates
    direction: str  # ltr | rtl
    fonts: Fonts
    words: Mapping[str, Any]

    def word(self, key: str, **values: str) -> str:
        """Return a phrase, with what stands in its braces. Raises KeyError for an unknown key."""
        return str(self.words[key]).format(**values)

    def count(self, key: str, n: int) -> str:
        """Return a phrase in the plural form that the language has for n."""
        forms = self.words[key]
        return str(forms.get(self.locale.plural_form(n)) or forms["other"]).format(n=n)

    def date(self, moment: datetime, zone: str) -> str:
        """Return the day of a moment in a zone, in words."""
        pattern = str(self.words["date"]) if self.calendar.language == self.locale.language else "full"
        return format_date(moment.astimezone(ZoneInfo(zone)), pattern, self.calendar)

    def enumerate(self, names: Iterable[str]) -> str:
        """Return names as the language lists them: A, B and C."""
        return format_list(list(names), locale=self.locale)

    def language_name(self, code: str) -> str:
        """Return what the language calls another one; its code where it has no word."""
        known = _locale(code)
        return (known.get_language_name(str(self.locale)) if known else None) or code


def languages() -> list[str]:
    """Return the languages that have a file of words."""
    return sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "fonts")


@cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue of a language tag (en, en-US, zh-hant); English words where it has no file."""
    base = language.lower().split("-")[0]
    words = _words(base if base in languages() else FALLBACK)
    usual = Locale.parse(str(words["locale"]))
    own = _locale(language)
    return Catalogue(
        language=language,
        locale=own if own is not None and own.territory and own.language == usual.language else usual,
        calendar=own if own is not None and (own.territory or own.language != usual.language) else usual,
        direction=direction(language),
        fonts=fonts(language),
        words=words,
    )


@cache
def direction(language: str) -> str:
    """Return ltr or rtl for a language tag."""
    known = _locale(language)
    return str(known.text_direction) if known else "ltr"


@cache
def fonts(language: str) -> Fonts:
    """Return the font stacks of a language."""
    stacks = tomllib.loads((FOLDER / "fonts.toml").read_text(encoding="utf-8"))
    return Fonts(**{**stacks["default"], **stacks.get(language.lower().split("-")[0], {})})


@cache
def _words(language: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return None
