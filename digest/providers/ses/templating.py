"""Marks and braces in the language of SES's inline templates, so that SES fills in what is ours and nothing else.

SES reads subject, text and HTML as Handlebars templates; inline ones know simple substitutions only, values go in as
they are (no HTML escaping), and a variable without a value fails the mail after it was taken. Pages: "Using templates
to send personalized email", "Advanced email personalization" of docs.aws.amazon.com/ses/latest/dg, and the description
of TemplateContent in the API, read in November 2026.

A mark becomes a variable. Braces of the newsroom's own become variables too wherever Handlebars would read them: two
in a row, and braces or backslashes that touch a mark (three braces, or a backslash before two, mean other things).
That no value is read as a template again is how Handlebars works; it was not tried against a live account.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from digest.sending.provider import MARK

_SIGNS: Final = {"{": "open", "}": "close", "\\": "back"}
_VALUES: Final = {name: sign for sign, name in _SIGNS.items()}
_PLACES = re.compile(rf"({MARK.pattern})|[{{}}\\]+")
_NAMES = re.compile(r"\{\{([a-z0-9]+)\}\}")


def as_template(text: str) -> str:
    """Return a text with marks as a template that gives the same text back, with the values of ``data``."""
    found = list(_PLACES.finditer(text))
    ends = {one.end() for one in found if one[1]}
    starts = {one.start() for one in found if one[1]}

    def put(place: re.Match[str]) -> str:
        run = place.group()
        if place[1]:
            return f"{{{{{_variable(run)}}}}}"
        touches = place.start() in ends or place.end() in starts
        if touches or "{{" in run or "}}" in run:
            return "".join(f"{{{{{_SIGNS[sign]}}}}}" for sign in run)
        return run

    return _PLACES.sub(put, text)


def variables(*templates: str) -> frozenset[str]:
    """Return the variables of some templates: each of them must have a value."""
    return frozenset(name for template in templates for name in _NAMES.findall(template))


def data(names: Collection[str], values: Mapping[str, str]) -> dict[str, str]:
    """Return a value for each variable: a reader's own by mark (empty where there is none), and the signs."""
    own = {_variable(mark): value for mark, value in values.items() if MARK.fullmatch(mark)}
    return {name: _VALUES.get(name, "") or own.get(name, "") for name in sorted(names)}


def _variable(mark: str) -> str:
    """Return the variable of a mark; a name begins with a letter, and no story can hold it by chance."""
    return "x" + mark.strip("%")
