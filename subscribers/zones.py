"""Time zones of readers: the names there are, how one is recognised, and the list that a page shows."""

import re
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from types import MappingProxyType
from typing import Final
from zoneinfo import available_timezones

from subscribers.errors import BadZone

LONGEST: Final = 60  # characters of a wrong name that an error shows; no zone's name is longer
NOT_PLACES: Final = frozenset({"Factory", "localtime"})  # what a machine has for itself
# Shown to readers: where people live. The rest (US/Eastern, EST5EDT) are old names, understood but not offered.
CONTINENTS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
_BLANKS = re.compile(r"\s+")


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all IANA time zones that this machine knows."""
    return frozenset(available_timezones()) - NOT_PLACES


def zone_of(text: str) -> str:
    """Return a zone's name as IANA writes it; "" stays "". Capitals and blanks are forgiven: "america/new york".

    Raises BadZone. The text is only ever looked up in a list: it opens no file, whatever it says.
    """
    wanted = text.strip()
    if not wanted:
        return ""
    if len(wanted) <= LONGEST:
        found = _by_plain_name().get(_BLANKS.sub("_", wanted).casefold())
        if found is not None:
            return found
    raise BadZone(f"{wanted[:LONGEST]!r} is not a time zone. Write one by its place, as in Europe/Brussels.")


@cache
def zones_by_continent() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the zones a reader can choose from: (continent, its zones), both by name; UTC is the last."""
    shown = sorted(name for name in known_zones() if name.partition("/")[0] in CONTINENTS)
    found = groupby(shown, key=lambda name: name.partition("/")[0])
    return (*((continent, tuple(names)) for continent, names in found), ("UTC", ("UTC",)))


@cache
def _by_plain_name() -> Mapping[str, str]:
    return MappingProxyType({name.casefold(): name for name in known_zones()})
