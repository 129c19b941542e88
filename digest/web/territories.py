"""The countries by name, from Unicode CLDR as Babel has it; for people who choose them."""

from functools import cache
from typing import Final

from babel import Locale

# What CLDR calls territories, but no country: groupings, private use, unknown; and parts that ISO lists with others.
_NONE: Final = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})
_CODE: Final = 2  # letters


@cache
def countries() -> dict[str, str]:
    """Return ISO 3166-1 alpha-2 code -> English name, by name; Kosovo is XK, as in CLDR."""
    found = {code: name for code, name in Locale("en").territories.items() if len(code) == _CODE and code not in _NONE}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def named(codes: tuple[str, ...] | list[str]) -> list[str]:
    """Return countries by name, in the order of their names; a code that is none stays a code."""
    return sorted(countries().get(code, code) for code in codes)
