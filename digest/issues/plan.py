"""What an edition will hold, before it is rendered: plain frozen values that rendering and proofs read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from digest.ranking.candidate import LeftOut, Points


@dataclass(frozen=True, slots=True)
class Picture:
    """A story's picture; its addresses are absolute."""

    url: str
    alt: str
    credit: str = ""
    width: int | None = None
    height: int | None = None
    thumb: str = ""  # address of a small 3:2 copy, to stand beside a headline; "": there is only the one


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPlan:
    """An article as it stands at one place of one edition. Texts are plain, edits applied."""

    article_id: UUID
    story_key: str
    url: str
    headline: str
    standfirst: str = ""
    kicker: str = ""
    byline: str = ""
    place_name: str = ""  # dateline: Tbilisi
    minutes: int | None = None
    language: str = "en"
    picture: Picture | None = None
    correction: str = ""
    updated: bool = False
    from_daily: bool = False  # the daily brought it this week: the mail says so
    editors_choice: bool = False
    show_badge: bool = False  # at most a third of the stories print it
    place: int  # from the top of the whole mail; the lead is 1
    block: str  # lead | section | brief | popular | correction
    list_id: str = ""
    region: str = ""
    also_in: tuple[str, ...] = ()  # regions, by id, among the reader's others
    points: Points
    penalty: float = 0.0
    pinned: bool = False
    why: str = ""  # one sentence: the parts of its score in words


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPlan:
    """The stories of one region under one heading."""

    list_id: str
    region: str
    heading: str  # in the edition's language
    color: str
    color_dark: str
    stories: tuple[StoryPlan, ...]
    briefs: tuple[StoryPlan, ...] = ()
    borrowed: bool = False  # from the region it names: the list itself is thin (ruling 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTemplate:
    """A newsroom's own text of its mail's template, in both parts; it stands for the product's file of that name."""

    number: int  # of the version
    mjml: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPlan:
    """One edition of one issue for one ordered set of lists."""

    issue_id: UUID
    revision: int
    publication: Mapping[str, str]  # id, name, sender_name, sender_address, reply_to, postal_address, website, ...
    as_of: datetime
    zone: str
    cadence: str
    lists: tuple[str, ...]
    list_names: Mapping[str, str]  # list id -> name in the edition's language
    set_key: str
    language: str
    subject: str
    preheader: str
    note: str = ""  # the editor's note
    editor_name: str = ""
    editor_role: str = ""
    lead: StoryPlan | None
    sections: tuple[SectionPlan, ...]
    popular: tuple[StoryPlan, ...] = ()
    corrections: tuple[StoryPlan, ...] = ()
    empty_regions: tuple[str, ...] = ()  # region names with nothing new
    region_names: Mapping[str, str] = field(default_factory=dict)  # region id -> name in the edition's language
    left_out: tuple[LeftOut, ...] = ()
    without: tuple[str, ...] = ()  # story keys a sibling edition leaves out
    own_template: OwnTemplate | None = None  # None: the product's file, as ``publication`` names it

    @property
    def stories(self) -> tuple[StoryPlan, ...]:
        """Return every story that stands in the mail, in order of place."""
        found = [self.lead] if self.lead else []
        for section in self.sections:
            found += [*section.stories, *section.briefs]
        return tuple(sorted([*found, *self.corrections, *self.popular], key=lambda s: s.place))
