"""What a check is: what it says, how bad that is, and what it looks at."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from digest.issues.plan import EditionPlan
from digest.issues.recipe import Recipe
from digest.issues.source_changes import SourceChange
from digest.rendering.mailing import Rendered


class Level(StrEnum):
    """What a check says, worst first. Red blocks an approval; amber can be accepted with a reason."""

    red = "red"
    amber = "amber"
    not_checked = "not_checked"
    green = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of asking for one address of a mail."""

    url: str
    at: datetime
    level: Level = Level.green
    code: str = ""  # of the check that says it; "": it is sound
    sentence: str = ""
    remedy: str = ""
    size: int = 0  # bytes of a picture; 0: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. ``place``: the story or part it is about; ``remedy``: how to mend it."""

    level: Level
    group: str  # content | subject | links | size | accessibility | clients | legal | spam | readers
    code: str  # what an editor names when accepting an amber one
    sentence: str
    place: str = ""
    remedy: str = ""
    links: tuple[str, ...] = ()  # the addresses that were asked for, where it is about that; see links/saying.py
    at: str = ""  # when they were asked for (UTC, ISO 8601); "": with the proof

    def as_json(self) -> dict[str, str]:
        """Return it as stored; what is rarely there is left out where it is not."""
        plain = asdict(self) | {"links": "\n".join(self.links)}
        return {name: str(value) for name, value in plain.items() if value or name not in ("links", "at")}

    @classmethod
    def amber(cls, group: str, code: str, sentence: str, place: str, remedy: str) -> Self:
        """Return what can be accepted with a reason."""
        return cls(level=Level.amber, group=group, code=code, sentence=sentence, place=place, remedy=remedy)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it back."""
        links = tuple(stored.get("links", "").splitlines())
        return cls(**{**stored, "level": Level(stored["level"]), "links": links})


def called(lists: Sequence[str], without: Collection[Any]) -> str:
    """Return what checks call an edition: its lists, and how many stories it leaves out of what others have."""
    return f"{' + '.join(lists)}{f', less {len(without)}' if without else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One edition as the checks see it: planned, rendered, measured, with its readers."""

    plan: EditionPlan
    rendered: Rendered
    html: str  # with the slots filled by the longest values
    text: str
    html_bytes: int
    readers: int
    trimmed: Sequence[Mapping[str, Any]] = ()

    @property
    def name(self) -> str:
        """Return what to call it where machines compare: its lists by id."""
        return called(self.plan.lists, self.plan.without)

    @property
    def title(self) -> str:
        """Return what to call it in a sentence: its lists by name."""
        return called([self.plan.list_names.get(one, one) for one in self.plan.lists], self.plan.without)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the checks know besides the editions; all of it read before they run."""

    recipe: Recipe
    statuses: Mapping[str, str] = field(default_factory=dict)  # article id -> status now; missing: gone
    corrections: Mapping[str, str] = field(default_factory=dict)  # article id -> correction now
    changes: Mapping[str, SourceChange] = field(default_factory=dict)  # article id -> what nobody took or kept yet
    sent: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)  # key -> set key -> when, as of now
    list_names: Mapping[str, str] = field(default_factory=dict)  # list -> its name, also of those added since
    last_readers: int | None = None  # audience of the last issue that went out
    nothing_new: Mapping[str, int] = field(default_factory=dict)  # lists -> readers who get no mail this time
    unknown_lists: Mapping[str, int] = field(
        default_factory=dict
    )  # list added after the draft -> readers it leaves out
    instead: Mapping[str, int] = field(default_factory=dict)  # weekly -> readers who get it instead of this issue
    partly_instead: Mapping[str, int] = field(default_factory=dict)  # weekly -> who get it instead of some regions
    spared: int = 0  # readers who had every story of their edition before; the ledger counts them
    later: int = 0  # sibling editions that are made when the issue is frozen
    dead_feeds: Sequence[str] = ()  # sentences: feeds that have not been had for long
    asked: Mapping[str, Asked] = field(default_factory=dict)  # address -> what it answered when it was asked for
    relaxed: frozenset[str] = frozenset()  # links | https: what the provider (the outbox) does not need (ruling 16)

    def named(self, list_id: str) -> str:
        """Return a list as sentences name it."""
        return self.list_names.get(list_id) or list_id
