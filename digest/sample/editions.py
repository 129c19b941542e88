"""Editions of the made-up newsroom, put together without a database: what a template is tried on and looked at with."""

import base64
import json
import re
from dataclasses import replace
from functools import cache
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from digest.issues.plan import EditionPlan, Picture, SectionPlan, StoryPlan
from digest.ranking.candidate import Points
from digest.regions import STARTER
from digest.sample import newsroom

REGIONS: Final = ("south-caucasus", "central-asia", "eastern-europe")
STORIES: Final = 5  # of each region; the last two are brief
POPULAR: Final = 4
SITE: Final = "https://meridian.example"
_POINTS: Final = Points(editor=40.0, reading=20.0, freshness=15.0, region=10.0)
_NAMES: Final = {slug: names for slug, names, *_ in STARTER}
_COLORS: Final = {slug: (light, dark) for slug, _names, _parent, _countries, light, dark in STARTER}
_ADDRESS: Final = re.compile(re.escape(f"{SITE}/pictures/") + r"([a-z-]+\.jpg)")
_CORRECTION: Final = "An earlier version gave the wrong year."
_ISSUE: Final = uuid5(NAMESPACE_URL, "sample issue")


@cache
def usual() -> EditionPlan:
    """Return the edition that a template is looked at with: three regions, a lead, Popular, a note, a correction."""
    found = {region: _articles(f"{region}.json") for region in REGIONS}
    return _edition("meridian", found, "en")


@cache
def hard() -> tuple[EditionPlan, ...]:
    """Return the editions that a template has to bear: the usual one, one from right to left, a bare one."""
    arabic = {"south-caucasus": _articles("arabic.json")}
    bare = {"world": [{"headline": "A story with nothing but a headline", "url": f"{SITE}/bare"}]}
    plain = _edition("meridian", bare, "en")
    nothing_else = replace(plain, note="", editor_name="", editor_role="", popular=(), corrections=(), preheader="")
    return (usual(), _edition("meridian-ar", arabic, "ar"), nothing_else)


def with_pictures(html: str) -> str:
    """Put the sample's pictures into a mail to look at: its made-up site has none."""
    return _ADDRESS.sub(lambda found: _inline(found.group(1)) or found.group(), html)


@cache
def _inline(name: str) -> str:
    file = newsroom.folder() / "feeds" / "pictures" / name
    if not file.is_file():
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(file.read_bytes()).decode()}"


def _articles(file: str) -> list[dict[str, Any]]:
    read: dict[str, list[dict[str, Any]]] = json.loads((newsroom.folder() / "feeds" / file).read_text(encoding="utf-8"))
    return read["articles"]


def _edition(publication: str, found: dict[str, list[dict[str, Any]]], language: str) -> EditionPlan:
    told = {key: [_story(one, key, language) for one in articles[:STORIES]] for key, articles in found.items()}
    rest = [_story(one, key, language) for key, articles in found.items() for one in articles[STORIES : STORIES + 2]]
    first = next(iter(told))
    lead = replace(told[first].pop(0), block="lead")
    sections = tuple(_section(region, stories, language) for region, stories in told.items())
    house = next(one for one in newsroom.PUBLICATIONS if one["id"] == publication)
    names = {slug: names.get(language, names["en"]) for slug, names in _NAMES.items()}
    plan = EditionPlan(
        issue_id=_ISSUE,
        revision=1,
        publication=_printed(house),
        as_of=newsroom.CUTOFF,
        zone=house["zone"],
        cadence="weekly",
        lists=tuple(found),
        list_names={region: names[region] for region in found},
        set_key=" ".join(sorted(found)),
        language=language,
        subject=lead.headline,
        preheader=", ".join(one.headline for one in rest[:1]),
        note=newsroom.NOTES[publication],
        editor_name=house["editor_name"],
        editor_role=house["editor_role"],
        lead=lead,
        sections=tuple(one for one in sections if one.stories),
        popular=tuple(replace(one, block="popular") for one in rest[:POPULAR]),
        corrections=tuple(_corrected(one) for one in rest[-1:]),
        empty_regions=(names["middle-east"],),
        region_names=names,
    )
    return _placed(plan)


def _printed(house: dict[str, Any]) -> dict[str, str]:
    wanted = ("id", "name", "language", "sender_name", "sender_address", "reply_to", "postal_address", "website")
    return {name: str(house.get(name, "")) for name in wanted} | {"template": "digest", "clicks": "anonymous"}


def _section(region: str, stories: list[StoryPlan], language: str) -> SectionPlan:
    light, dark = _COLORS[region]
    return SectionPlan(
        list_id=region,
        region=region,
        heading=_NAMES[region].get(language, _NAMES[region]["en"]),
        color=light,
        color_dark=dark,
        stories=tuple(stories[:-2] if len(stories) > 2 else stories),  # noqa: PLR2004 - the others are brief
        briefs=tuple(replace(one, block="brief") for one in stories[-2:]) if len(stories) > 2 else (),  # noqa: PLR2004 - see above
    )


def _story(given: dict[str, Any], region: str, language: str) -> StoryPlan:
    return StoryPlan(
        article_id=_key(given["url"]),
        story_key=given["url"],
        url=given["url"],
        headline=given["headline"],
        standfirst=given.get("standfirst", ""),
        kicker=given.get("kicker", ""),
        byline=given.get("byline", ""),
        place_name=given.get("place", ""),
        minutes=given.get("minutes"),
        language=given.get("language", language),
        picture=_picture(given.get("image")),
        editors_choice=given.get("editors_choice", False),
        show_badge=given.get("editors_choice", False),
        place=0,
        block="section",
        list_id=region,
        region=region,
        also_in=tuple(one for one in given.get("regions", ()) if one != region)[:1],
        points=_POINTS,
    )


def _corrected(story: StoryPlan) -> StoryPlan:
    """Return a story as one that was sent before, and is put right now."""
    key = f"{story.url}-corrected"
    own: dict[str, Any] = {
        "article_id": _key(key),
        "story_key": key,
        "url": key,
        "correction": _CORRECTION,
        "picture": None,
    }
    return replace(story, block="correction", **own)


def _picture(given: dict[str, Any] | None) -> Picture | None:
    if not given:
        return None
    shape: dict[str, Any] = {"width": given.get("width"), "height": given.get("height")}
    return Picture(f"{SITE}/{given['url']}", given.get("alt", ""), given.get("credit", ""), **shape)


def _placed(plan: EditionPlan) -> EditionPlan:
    """Give each story its place from the top, as the mail counts them."""
    count = 0

    def at(story: StoryPlan) -> StoryPlan:
        nonlocal count
        count += 1
        return replace(story, place=count)

    return replace(
        plan,
        lead=at(plan.lead) if plan.lead else None,
        sections=tuple(
            replace(one, stories=tuple(at(s) for s in one.stories), briefs=tuple(at(s) for s in one.briefs))
            for one in plan.sections
        ),
        corrections=tuple(at(one) for one in plan.corrections),
        popular=tuple(at(one) for one in plan.popular),
    )


def _key(text: str) -> UUID:
    return uuid5(_ISSUE, text)
