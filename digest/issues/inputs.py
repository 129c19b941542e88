"""What is frozen of one article with a draft: its texts, and everything its points are worked out from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from digest.clock import as_utc_text

_TIMES = ("published_at", "first_seen_at", "refreshed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """One candidate as it was at the cut-off. ``regions`` are as imported: ancestors are added when building."""

    id: str  # of the article
    canonical_url: str
    url: str
    headline: str
    standfirst: str = ""
    kicker: str = ""
    byline: str = ""
    place: str = ""
    language: str = "en"
    minutes: int | None = None
    correction: str = ""
    picture: Mapping[str, Any] | None = None  # url, thumb, alt, credit, width, height
    picture_lost: str = ""  # a sentence: why its picture cannot be had; it stands without one
    picture_pending: bool = False  # not fetched yet: the newsroom's own address stands in
    published_at: datetime
    first_seen_at: datetime
    refreshed_at: datetime | None = None
    status: str = "published"
    editors_choice: bool = False
    evergreen: bool = False
    regions: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    cluster: str | None = None
    also: tuple[str, ...] = ()  # ids of the others in its cluster
    clicks: float = 0.0
    expected: float = 0.0
    popular_rank: tuple[int, int] | None = None
    sent: Mapping[str, datetime] = field(default_factory=dict)  # set key -> last sent
    shown_popular: tuple[str, ...] = ()  # set keys
    carried: tuple[str, ...] = ()  # set keys whose last issue had no room for it (ruling 1)
    late: bool = False  # first seen since the last cut-off: carried for every set (ruling 1)
    from_daily: bool = False  # the companion told it in the week before; it may stand here again, labelled
    correction_due: bool = False  # there is a correction for those sets that were sent the story without it
    correction_told: tuple[str, ...] = ()  # set keys that this correction went out to

    @property
    def story_key(self) -> str:
        """Return what makes it the same story: its cluster, else its canonical URL."""
        return self.cluster or self.canonical_url

    def as_json(self) -> dict[str, Any]:
        """Return it as stored: plain JSON values, defaults left out."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        for name in _TIMES:
            plain[name] = _text(plain[name])
        plain["sent"] = {key: _text(at) for key, at in sorted(self.sent.items())}
        return {name: value for name, value in plain.items() if value not in (None, "", (), {}, False, 0.0)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it back from what is stored."""
        plain = dict(stored)
        for name in _TIMES:
            if name in plain:
                plain[name] = datetime.fromisoformat(plain[name])
        if "sent" in plain:
            plain["sent"] = {key: datetime.fromisoformat(at) for key, at in plain["sent"].items()}
        for name in ("topics", "authors", "shown_popular", "carried", "popular_rank", "correction_told", "also"):
            if name in plain:
                plain[name] = tuple(plain[name])
        return cls(**plain)


def _text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return as_utc_text(moment) if moment.microsecond == 0 else moment.isoformat()
