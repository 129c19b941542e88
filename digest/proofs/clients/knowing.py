"""Knows which mail program supports what, and how programs and features are called."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

SUPPORT: Final = Path(__file__).parent / "support.json"
# What readers of newsrooms use; a publication may name others ("clients").
USUAL: Final = (
    "gmail.desktop-webmail",
    "gmail.ios",
    "gmail.android",
    "apple-mail.macos",
    "apple-mail.ios",
    "outlook.windows",
    "outlook.outlook-com",
    "yahoo.desktop-webmail",
    "yahoo.ios",
    "yahoo.android",
    "thunderbird.macos",
    "gmx.desktop-webmail",
    "web-de.desktop-webmail",
)
_PLACES: Final[Mapping[str, str]] = {
    "desktop-webmail": "web",
    "mobile-webmail": "web on a phone",
    "ios": "iOS",
    "android": "Android",
    "macos": "macOS",
    "windows": "Windows",
    "outlook-com": "Outlook.com and the new Outlook",
    "windows-mail": "Windows Mail",
}
_OWN_NAMES: Final[Mapping[str, str]] = {
    "outlook.windows": "classic Outlook for Windows",
    "outlook.outlook-com": "Outlook.com and the new Outlook",
    "thunderbird.macos": "Thunderbird",
}


@dataclass(frozen=True, slots=True)
class Support:
    """The data, as ``build`` wrote it. Letters: y supported, a in part, n not, u unknown."""

    updated: str
    families: Mapping[str, str]
    clients: tuple[str, ...]
    features: Mapping[str, tuple[str, str]]  # slug -> title, letters

    def lacks(self, client: str, feature: str) -> bool:
        """Tell whether a program is known not to support a feature."""
        return feature in self.features and self.features[feature][1][self.clients.index(client)] == "n"

    def title(self, feature: str) -> str:
        """Return what a feature is called."""
        title = self.features[feature][0] if feature in self.features else feature
        return title.removesuffix(" property").removesuffix(" CSS").replace("<", "‹").replace(">", "›")

    def chosen(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return the programs to look at: those wanted that are known, else the usual ones."""
        return tuple(one for one in wanted if one in self.clients) or USUAL

    def names(self, clients: Iterable[str]) -> str:
        """Return what to call some programs: Gmail (web, iOS) and Yahoo! Mail (web)."""
        families: dict[str, list[str]] = {}
        for client in clients:
            family, _, place = client.partition(".")
            known = self.families.get(family, family)
            if client in _OWN_NAMES:
                families[_OWN_NAMES[client]] = []
            else:
                families.setdefault(known, []).append(_PLACES.get(place, place))
        return " and ".join(f"{name} ({', '.join(places)})" if places else name for name, places in families.items())


@cache
def support() -> Support:
    """Read the data once."""
    plain = json.loads(SUPPORT.read_text(encoding="utf-8"))
    features = {slug: (title, letters) for slug, (title, letters) in plain["features"].items()}
    return Support(plain["updated"], plain["families"], tuple(plain["clients"]), features)
