"""Other settings of the formula, as a person writes them: ``editor=30,reading=40,half_life=48``."""

from collections.abc import Iterator
from dataclasses import fields, replace
from math import isfinite
from typing import Any

from digest.errors import BadInput
from digest.ranking.candidate import Evidence
from digest.ranking.formula import Formula

AS_IT_IS = "now"
"""Stands for the formula without a change."""
_UNITS = ("_hours", "_minutes", "_days")
_NOT_NUMBERS = {"version", "strengths"}
_ABOVE_NOTHING = {"half_life_hours", "prior", "span"}  # what is divided by


def changed(text: str, formula: Formula) -> Formula:
    """Return the formula with other numbers; ``now`` changes none. Raises BadInput for a name or number it cannot be.

    Names are those of ``Formula``, with or without their unit (``half_life`` is ``half_life_hours``), and ``tag``,
    ``feed`` and ``mention`` for the strength of evidence. The version says what was changed.
    """
    if text.strip() == AS_IT_IS:
        return formula
    numbers: dict[str, Any] = {}
    strengths = dict(formula.strengths)
    for name, number in _pairs(text):
        if name in strengths:
            strengths[name] = number
        else:
            numbers[name] = int(number) if isinstance(getattr(formula, name), int) else number
    version = f"{formula.version} with {', '.join(f'{name}={number:g}' for name, number in _pairs(text))}"
    return replace(formula, **numbers, strengths=strengths, version=version)


def _pairs(text: str) -> Iterator[tuple[str, float]]:
    """Yield the names, in full, with their numbers."""
    for part in text.split(","):
        name, given, number = part.partition("=")
        if not given:
            raise BadInput(f"{part.strip()!r} sets nothing. Write NAME=NUMBER, such as editor=30,half_life=48.")
        full = _full(name.strip())
        yield full, _number(full, number.strip())


def _full(name: str) -> str:
    known = [one.name for one in fields(Formula) if one.name not in _NOT_NUMBERS] + list(Evidence)
    for full in known:
        if name == full or any(name + unit == full for unit in _UNITS):
            return str(full)
    raise BadInput(f"The formula has no {name!r}. It has: {', '.join(known)}.")


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no number for {name}.") from error
    if not isfinite(number) or number < 0 or (name in _ABOVE_NOTHING and number == 0):
        least = "above 0" if name in _ABOVE_NOTHING else "0 or more"
        raise BadInput(f"{name} cannot be {text}: it is {least}.")
    if isinstance(getattr(Formula(), name, 0.0), int) and number != int(number):
        raise BadInput(f"{name} cannot be {text}: it is a whole number.")
    return number
