"""Which regions a text is about: the places it names, weighed by where they stand (regions.md 2.2 point 3)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from digest.articles.places import gazetteer
from digest.articles.places.gazetteer import STATE, Words, fold, unmarked
from digest.articles.places.scanning import Match, Scan, scan
from digest.regions import Region

ON_TOP, EARLY, LATER = 3.0, 2.0, 1.0  # weight of a mention: headline and standfirst, start of the body, its rest
EARLY_WORDS = 100
SHARE = 0.3  # of all weight, that a place must have
LEAST = 3.0  # weight that a place must have
MOST = 3  # places
_START = re.compile(rf"\s*(?:\S+\s+){{{EARLY_WORDS}}}")
_DATELINE = re.compile(
    r"\s*(?P<place>\w[\w .'’-]{1,30}\w)(?:,[^\n]{1,40}?)?(?:\s*\([^\n()]{2,30}\))?\s*(?:[-–—]{1,2}\s|/\w+/)"
)
_REGION = "region:"  # before the target of a newsroom's own alias


class Places:
    """The places of a newsroom's regions: their countries, and the names that it added itself. Pure."""

    def __init__(self, owners: Mapping[str, tuple[str, ...]], aliases: Sequence[tuple[str, str]] = ()) -> None:
        self.owners = dict(owners)  # place (a code, a disputed place, an alias of a region) -> regions
        self._aliases = tuple(aliases)
        self._own: dict[str, Words] = {}

    @classmethod
    def of(cls, regions: Iterable[Region]) -> Self:
        """Build the places of stored regions; a disputed place by one of its names stands for all of them."""
        owners: dict[str, list[str]] = {}
        aliases = []
        for region in regions:
            targets = list(region.countries)
            for alias in region.aliases:
                known = _disputed_by_name(alias)
                targets.append(known or f"{_REGION}{region.id}")
                if known is None:
                    aliases.append((alias, f"{_REGION}{region.id}"))
            for target in targets:
                owners.setdefault(target, []).append(region.id)
        return cls({target: tuple(dict.fromkeys(ids)) for target, ids in owners.items()}, aliases)

    def mentioned(
        self, *, headline: str = "", standfirst: str = "", body: str = "", language: str
    ) -> dict[str, tuple[str, ...]]:
        """Return region id -> the words that named it, strongest first; a country leads to each region listing it."""
        found: dict[str, list[str]] = {}
        for target, words in self._strongest(headline, standfirst, body, language).items():
            for region in self.owners.get(target, ()):
                found.setdefault(region, []).extend(words)
        return {region: tuple(dict.fromkeys(words)) for region, words in found.items()}

    def countries(
        self, *, headline: str = "", standfirst: str = "", body: str = "", language: str
    ) -> dict[str, tuple[str, ...]]:
        """Return ISO 3166-1 alpha-2 code -> the words that named it, strongest first, whatever regions there are."""
        strongest = self._strongest(headline, standfirst, body, language)
        return {target: words for target, words in strongest.items() if len(target) == 2}  # noqa: PLR2004 - a code

    def unmapped(self, *, headline: str = "", standfirst: str = "", body: str = "", language: str) -> tuple[str, ...]:
        """Return the English names of the disputed places a text names and no region has."""
        named = {target for _, match in self._weighed(headline, standfirst, body, language) for target in match.targets}
        return tuple(names[0] for place, names in gazetteer.disputed().items() if place in named - self.owners.keys())

    def homeless(self) -> tuple[str, ...]:
        """Return the English names of all disputed places that no region has."""
        return tuple(names[0] for place, names in gazetteer.disputed().items() if place not in self.owners)

    def _strongest(self, headline: str, standfirst: str, body: str, language: str) -> dict[str, tuple[str, ...]]:
        weights: dict[str, float] = {}
        words: dict[str, dict[str, float]] = {}
        total = 0.0
        for weight, match in self._weighed(headline, standfirst, body, language):
            total += weight
            for target in match.targets:
                weights[target] = weights.get(target, 0) + weight
                said = words.setdefault(target, {})
                said[match.text] = said.get(match.text, 0) + weight
        strong = [place for place in weights if weights[place] >= LEAST and weights[place] >= SHARE * total]
        strong.sort(key=lambda place: -weights[place])
        return {place: tuple(sorted(words[place], key=lambda word: -words[place][word])) for place in strong[:MOST]}

    def _weighed(self, headline: str, standfirst: str, body: str, language: str) -> list[tuple[float, Match]]:
        """Return every place named, with the weight of where it stands; doubtful words only in good company."""
        automata = self._automata(language)
        scans = [
            (weight, scan(text, _short(language), automata))
            for weight, text in _parts(unmarked(headline), unmarked(standfirst), unmarked(body))
            if text
        ]
        company = _company([one for _, one in scans])
        return [
            (weight, match)
            for weight, one in scans
            for match in _told_apart(_decided(one, company), once=weight == ON_TOP)
        ]

    def _automata(self, language: str) -> tuple[Words, ...]:
        shipped = gazetteer.load(_short(language))
        if not self._aliases:
            return (shipped,)
        if (own := self._own.get(language)) is None:
            short = _short(language)
            own = Words(
                pair
                for alias, target in self._aliases
                for pair in gazetteer.entries_of(alias, target, gazetteer.kind_of(alias, "name", short), short)
            )
            self._own[language] = own
        return (own, shipped)


def _parts(headline: str, standfirst: str, body: str) -> Iterable[tuple[float, str]]:
    """Yield the parts of a text with their weights; a dateline ("TBILISI, Nov 24 —") counts as much as the top."""
    yield ON_TOP, headline
    yield ON_TOP, standfirst
    dateline = _DATELINE.match(body)
    if dateline is not None and (dateline["place"].isupper() or re.search(r"[\d(/]", dateline.group())):
        yield ON_TOP, dateline["place"]
        body = body[dateline.end("place") :]
    start = _START.match(body)
    cut = start.end() if start else len(body)
    yield EARLY, body[:cut]
    yield LATER, body[cut:]


def _told_apart(matches: Iterable[Match], *, once: bool) -> Iterable[Match]:
    """Yield matches; of a headline each place once, for there a second mention is grammar, not emphasis."""
    seen: set[tuple[str, ...]] = set()
    for match in matches:
        if not once or match.targets not in seen:
            yield match
        seen.add(match.targets)


def _short(language: str) -> str:
    return language.partition("-")[0].lower()


def _disputed_by_name(alias: str) -> str | None:
    folded = fold(unmarked(alias))
    return next((place for place, names in gazetteer.disputed().items() if folded in map(fold, names)), None)


def _company(scans: Sequence[Scan]) -> set[str]:
    """Return what a doubtful word may lean on: sure countries ("@GE"), states of the US, and the listed words.

    Words that only must not stand beside others ("Georgian" without Atlanta) are sure once that is known.
    """
    company = set().union(*(one.company for one in scans))
    for one in scans:
        for match in one.matches:
            company.update(f"@{target}" for target in match.targets)
            if match.entry.kind == STATE:
                company.add("#state")
    easy = [m for one in scans for m in one.matches if m.entry.senses and not any(s.company for s in m.entry.senses)]
    company.update(f"@{target}" for match in easy for target in _meaning(match, company))
    return company


def _decided(one: Scan, company: set[str]) -> Iterable[Match]:
    for match in one.matches:
        targets = _meaning(match, company)
        if targets:
            yield match._replace(targets=targets)


def _meaning(match: Match, company: set[str]) -> tuple[str, ...]:
    """Return what a match stands for: the first sense whose company is there and whose enemies are not."""
    if not match.entry.senses:
        return match.targets
    for sense in match.entry.senses:
        if (not sense.company or sense.company & company) and not sense.against & company:
            return (*match.targets, sense.target)
    return match.targets
