"""From an edition's plan to the plain values its templates print: words, dates, links and colours filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from digest.issues.plan import EditionPlan, Picture, SectionPlan, StoryPlan
from digest.rendering import links, slots
from digest.rendering.catalogue import Catalogue, catalogue, direction, fonts
from digest.rendering.errors import TemplateError
from digest.rendering.theme import DARK, LIGHT, TALL, Leading, Palette
from digest.rendering.urls import ANSWERS, Urls
from digest.rendering.wording import clean, first_strong, separator

ANONYMOUS: Final = "anonymous"  # Publication.clicks; anything else than these two is not counted
PERSONAL: Final = "personal"
SMALLEST_SCREEN = 320  # px: so high a lead picture's ground is at least, before the picture comes


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A picture as the mail shows it."""

    src: str
    thumb: str  # what stands beside a headline; the same as src where there is no small copy
    alt: str
    credit: str
    ground_height: int  # px that the lead's ground keeps while the picture is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """A story as the mail shows it. What is missing is "": lines are joined here, so nothing is left between."""

    url: str
    headline: str
    standfirst: str
    kicker: str
    place: str  # after the kicker: dateline, "Updated", "In Russian"
    meta: str  # under the standfirst: byline, minutes, "Also in"
    brief_meta: str  # in Popular: dateline or kicker, minutes
    separator: str  # between kicker and place
    badge: bool
    correction: str
    picture: PictureView | None
    color: int  # number of its pair of colours
    number: int = 0  # in Popular, from 1
    lang: str = ""  # only where it is not the edition's
    dir: str = ""
    serif: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A section as the mail shows it."""

    heading: str
    color: int
    count: str  # "5 stories"
    stories: tuple[StoryView, ...]
    briefs: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The blocks of a mail that hold stories."""

    lead: StoryView | None
    sections: tuple[SectionView, ...]
    corrections: tuple[StoryView, ...]
    popular: tuple[StoryView, ...]

    @property
    def values(self) -> dict[str, Any]:
        """Return them by the names that templates know."""
        return {name: getattr(self, name) for name in ("lead", "sections", "corrections", "popular")}

    @property
    def stories(self) -> tuple[StoryView, ...]:
        """Return every story, in the order of the mail."""
        lead = (self.lead,) if self.lead else ()
        inside = (story for each in self.sections for story in (*each.stories, *each.briefs))
        return (*lead, *inside, *self.corrections, *self.popular)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a template may print, and what of it the finished mail must still hold."""

    values: Mapping[str, Any]
    stories: tuple[StoryView, ...]
    marks: Mapping[str, str]
    subject: str
    preheader: str


@dataclass(slots=True)
class _Maker:
    """Builds the views of one edition."""

    plan: EditionPlan
    words: Catalogue
    day: str
    urls: Urls
    reader: str = ""  # the mark of who reads it, where the publication counts people
    palette: Palette = field(default_factory=Palette)

    def parts(self) -> _Parts:
        """Return all blocks with stories in them."""
        plan = self.plan
        return _Parts(
            lead=self.story(plan.lead) if plan.lead else None,
            sections=tuple(self.section(each) for each in plan.sections if each.stories or each.briefs),
            corrections=tuple(self.story(story) for story in plan.corrections),
            popular=tuple(self.story(story, number) for number, story in enumerate(plan.popular, start=1)),
        )

    def story(self, story: StoryPlan, number: int = 0) -> StoryView:
        """Return the view of a story."""
        kicker, place = clean(story.kicker), self._place(story)
        foreign = story.language.lower().split("-")[0] != self.words.language.lower().split("-")[0]
        return StoryView(
            url=self._url(story),
            headline=clean(story.headline),
            standfirst=clean(story.standfirst),
            kicker=kicker,
            place=self._line(place),
            separator=separator([kicker, *place], self.words.direction) if kicker and place else "",
            meta=self._line([self._byline(story), self._minutes(story), self._also(story)]),
            brief_meta=self._line(
                [clean(story.place_name) or kicker, self._daily(story), self._minutes(story), self._language(story)]
            ),
            badge=story.show_badge,
            correction=clean(story.correction),
            picture=_picture(story.picture),
            color=self._color(story),
            number=number,
            lang=story.language if foreign else "",
            dir=direction(story.language) if foreign else "",
            serif=(fonts(story.language) if foreign else self.words.fonts).serif,
        )

    def section(self, section: SectionPlan) -> SectionView:
        """Return the view of a section."""
        heading = clean(section.heading)
        return SectionView(
            heading=self.words.word("from_region", region=heading) if section.borrowed else heading,
            color=self.palette.number(section.color, section.color_dark),
            count=self.words.count("stories", len(section.stories) + len(section.briefs)),
            stories=tuple(self.story(story) for story in section.stories),
            briefs=tuple(self.story(story) for story in section.briefs),
        )

    def _url(self, story: StoryPlan) -> str:
        try:
            url = links.with_utm(
                story.url,
                campaign=links.campaign(self.plan.publication, self.day),
                content=links.content(story.region, story.block, story.place),
            )
        except TemplateError as error:
            raise TemplateError(f"Story {story.place}, {story.headline!r}: {error}") from error
        return self.urls.story(self.plan, story.place, url, self.reader) if _is_counted(self.plan) else url

    def _line(self, parts: list[str]) -> str:
        present = [part for part in parts if part]
        return separator(present, self.words.direction).join(present)

    def _place(self, story: StoryPlan) -> list[str]:
        updated = self.words.word("updated") if story.updated else ""
        return [part for part in (clean(story.place_name), updated, self._daily(story), self._language(story)) if part]

    def _daily(self, story: StoryPlan) -> str:
        return self.words.word("from_daily") if story.from_daily else ""

    def _language(self, story: StoryPlan) -> str:
        if story.language.lower().split("-")[0] == self.words.language.lower().split("-")[0]:
            return ""
        return self.words.word("in_language", language=self.words.language_name(story.language))

    def _byline(self, story: StoryPlan) -> str:
        name = clean(story.byline)
        before = str(self.words.words["byline"]).partition("{")[0].casefold()
        if not name or name.casefold().startswith(before):
            return name  # there is none, or the newsroom wrote "By" itself (or the language says nothing)
        return self.words.word("byline", name=name)

    def _minutes(self, story: StoryPlan) -> str:
        return self.words.count("minutes", story.minutes) if story.minutes else ""

    def _also(self, story: StoryPlan) -> str:
        names = [clean(self.plan.region_names.get(region, "")) for region in story.also_in]
        named = self.words.enumerate(name for name in names if name)
        return self.words.word("also_in", regions=named) if named else ""

    def _color(self, story: StoryPlan) -> int:
        for section in self.plan.sections:
            if story.list_id == section.list_id and story.region in ("", section.region):
                return self.palette.number(section.color, section.color_dark)
        return self.palette.number(LIGHT.neutral, DARK.neutral)


def make(plan: EditionPlan, urls: Urls) -> Context:
    """Return the values of an edition. Pure. Raises TemplateError naming a story whose link is no web address."""
    words = catalogue(plan.language)
    maker = _Maker(plan, words, plan.as_of.astimezone(ZoneInfo(plan.zone)).date().isoformat(), urls)
    parts, frame = maker.parts(), _frame(plan, urls, words)
    marks = slots.marks(plan.issue_id, plan.lists, plan.without, taken=repr((parts, frame)))
    if plan.publication.get("clicks") == PERSONAL:  # the marks must be known before a link can hold one
        maker.reader = marks["reader@url"]
        parts = maker.parts()
    return Context(
        values={**parts.values, **frame, **_looks(words, maker.palette), "marks": marks},
        stories=parts.stories,
        marks=marks,
        subject=frame["subject"],
        preheader=frame["preheader"],
    )


def _is_counted(plan: EditionPlan) -> bool:
    """Tell whether clicks are counted: an issue that was frozen before there were clicks says nothing of them."""
    return plan.publication.get("clicks") in (ANONYMOUS, PERSONAL)


def _frame(plan: EditionPlan, urls: Urls, words: Catalogue) -> dict[str, Any]:
    names = [clean(plan.list_names.get(each, each)) for each in plan.lists]
    daily = "daily" if plan.cadence == "daily" else "weekly"
    nothing = [clean(name) for name in plan.empty_regions]
    return {
        "w": {key: word for key, word in words.words.items() if isinstance(word, str)},
        "lang": plan.language,
        "dir": words.direction,
        "subject": clean(plan.subject),
        "preheader": clean(plan.preheader),
        "publication": {"logo_url": "", "logo_dark_url": "", **{k: clean(str(v)) for k, v in plan.publication.items()}},
        "date": words.date(plan.as_of, plan.zone),
        "strap": words.word(daily, regions=words.enumerate(names)) if names else "",
        "note": [clean(paragraph) for paragraph in plan.note.split("\n") if clean(paragraph)],
        "editor_name": clean(plan.editor_name),
        "editor_role": clean(plan.editor_role),
        "view_url": urls.view(plan),
        "text_url": urls.text(plan),
        "trap_url": urls.trap(plan) if _is_counted(plan) else "",
        "how_url": urls.how(plan.publication["id"]),
        "feedback": [(words.word(answer), urls.feedback(plan, answer)) for answer in ANSWERS],
        "why": words.word("why_many" if len(names) > 1 else "why_one", lists=words.enumerate(names)) if names else "",
        "nothing_new": words.word(f"nothing_new_{daily}", regions=words.enumerate(nothing)) if nothing else "",
        "stops": [
            (words.word("stop", list=name), f"{slots.STOP}{each}") for each, name in zip(plan.lists, names, strict=True)
        ],
        "imprint": _imprint(plan.publication),
    }


def _looks(words: Catalogue, palette: Palette) -> dict[str, Any]:
    rtl = words.direction == "rtl"
    return {
        "light": LIGHT,
        "dark": DARK,
        "ink": LIGHT.ink,
        "body": LIGHT.body,
        "muted": LIGHT.muted,
        "serif": words.fonts.serif,
        "sans": words.fonts.sans,
        "palette": palette.pairs,
        "leading": TALL if words.fonts.tall else Leading(),
        "tracking": "0" if words.fonts.tall else "-1px",
        "start": "right" if rtl else "left",
        "end": "left" if rtl else "right",
    }


def _imprint(publication: Mapping[str, str]) -> list[dict[str, str]]:
    """Return name and postal address, each in its own direction: an Arabic paper may have a Latin address."""
    name, address = clean(publication.get("name", "")), clean(publication.get("postal_address", ""))
    lines = [address] if address.startswith(name) else [name, address]
    return [{"text": line, "dir": first_strong(line) or "ltr"} for line in lines if line]


def _picture(picture: Picture | None) -> PictureView | None:
    """Return the view of a picture; None where there is none that a mail may show (it must be on the web)."""
    if picture is None or not picture.url.startswith(("https://", "http://")):
        return None
    shape = picture.height / picture.width if picture.width and picture.height else 9 / 16
    return PictureView(
        src=links.web_address(picture.url),
        thumb=links.web_address(picture.thumb or picture.url),
        alt=clean(picture.alt),
        credit=clean(picture.credit),
        ground_height=min(round(SMALLEST_SCREEN * shape), SMALLEST_SCREEN),
    )
