"""What the ranking knows of an article, and what it answers: plain frozen values, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Evidence(StrEnum):
    """Why an article belongs to a region, strongest first."""

    tag = "tag"
    feed = "feed"
    mention = "mention"


class Reason(StrEnum):
    """Why a candidate has no place. The order is the order of the filters: the first that holds is given."""

    unpublished = "unpublished"
    retracted = "retracted"
    embargoed = "embargoed"
    excluded = "excluded"
    language = "language"
    region = "region"
    already_sent = "already sent"
    stale = "stale"
    duplicate = "duplicate"  # detail: id of the story that stands for it
    other_section = "in another section"  # detail: list id of that section, or "lead"
    cap_or_space = "cap or space"
    evergreen = "evergreen: section is full enough"


class Block(StrEnum):
    """In which part of the mail a story stands."""

    lead = "lead"
    section = "section"
    brief = "brief"
    popular = "popular"
    correction = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One article as the ranking sees it. All times are aware UTC."""

    id: str
    published_at: datetime  # the earliest ever seen
    url: str = ""  # canonical URL; "" where there is none (then the id stands in)
    refreshed_at: datetime | None = None  # an editor's "substantive update"
    status: str = "published"  # published | unpublished | retracted | embargoed
    language: str = "en"
    editors_choice: bool = False
    evergreen: bool = False
    has_image: bool = False
    clicks: float = 0.0  # human mail clicks plus page views
    expected: float = 0.0  # what an average story would have got in its places and at its age
    popular_rank: tuple[int, int] | None = None  # (rank, length) in a "most read" list; beats counts
    regions: Mapping[str, str] = field(default_factory=dict)  # region -> Evidence, ancestors included
    own_regions: frozenset[str] = frozenset()  # given to it itself, not by ancestry (rule 11); empty: all of regions
    topics: frozenset[str] = frozenset()  # topics and entities; region tags and kickers left out
    authors: frozenset[str] = frozenset()  # house bylines left out
    cluster: str | None = None
    excluded: bool = False  # by an editor, from every section
    carried: bool = False  # ruling 1: stays eligible for one further window
    sent: Mapping[str, datetime] = field(default_factory=dict)  # set key -> when it was last sent to that set
    shown_popular: frozenset[str] = frozenset()  # set keys it was printed in Popular for


@dataclass(frozen=True, slots=True)
class Points:
    """The four parts of a score, each rounded to 0.01."""

    editor: float
    reading: float
    freshness: float
    region: float

    @property
    def total(self) -> float:
        """Return the score."""
        return round(self.editor + self.reading + self.freshness + self.region + 1e-9, 2)


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate that has a place."""

    candidate: Candidate
    points: Points
    penalty: float  # points lost because it resembles a story above it in its section
    place: int  # in its section, from 1
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A candidate that has none, and why."""

    id: str
    reason: Reason
    detail: str = ""
    points: Points | None = None  # None where it was never weighed


@dataclass(frozen=True, slots=True)
class RankedSection:
    """The stories of one section in order, and everything left out of it."""

    placed: tuple[Placed, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionOrder:
    """What is asked of one section of an edition."""

    list_id: str
    region: str
    language: str = "en"
    stories: int = 4
    briefs: int = 3
    general: bool = False  # rule 11: takes every region's best, at most 2 a region
    pins: Mapping[str, int] = field(default_factory=dict)  # candidate id -> place in the section, from 1
    excluded: frozenset[str] = frozenset()  # ids an editor took out of this section
    moved_in: frozenset[str] = frozenset()  # ids an editor moved to this section (and so out of the others)
    languages: frozenset[str] = frozenset()  # further story languages this list allows
    lenders: tuple[str, ...] = ()  # regions it borrows from where it is thin, nearest first (ruling 5)


@dataclass(frozen=True, slots=True)
class EditionSection:
    """One section of a ranked edition."""

    order: SectionOrder
    stories: tuple[Placed, ...]
    briefs: tuple[Placed, ...]
    own: int | None = None  # these are borrowed from ``order.region``: so many stories the list has of its own


@dataclass(frozen=True, slots=True)
class RankedEdition:
    """A whole combined edition: lead, sections in the reader's order, Popular, and everything left out."""

    lead: Placed | None
    lead_list: str  # list id of the section the lead came from; "" without a lead
    sections: tuple[EditionSection, ...]
    popular: tuple[Placed, ...]
    left_out: tuple[LeftOut, ...]  # one reason per candidate that stands nowhere
