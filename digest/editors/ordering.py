"""Where a drag, a key or a button puts a story: worked out from what stands there, then done by the usual edits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from digest.database import Database
from digest.editors.reading import Review
from digest.errors import BadInput, NotFound, Refused
from digest.issues import editing
from digest.issues.edits import Edits
from digest.issues.plan import SectionPlan, StoryPlan
from digest.ranking.candidate import Block
from digest.rendering.wording import clean

MOVABLE: Final = (Block.section, Block.brief)


class Go(StrEnum):
    """What can be done to a row in its place."""

    up = "up"
    down = "down"
    to = "to"  # where it was dropped
    pin = "pin"  # to the place it has
    unpin = "unpin"
    lead = "lead"  # or, of the chosen lead, free it
    drop = "drop"


@dataclass(frozen=True, slots=True)
class Aim:
    """A change of the edits, its name in the history, and what it does in words."""

    what: str
    done: str
    edit: Callable[[Edits], Edits]


def aim(review: Review, article: UUID, go: Go, *, list_id: str = "", at: int = 0) -> Aim:
    """Return what an order would change. ``list_id``, ``at``: of a drop, the section and the row there, from 1.

    An empty ``list_id`` with ``to`` makes the story the lead. Raises NotFound, BadInput or Refused with the reason.
    """
    key = str(article)
    if key not in review.recipe.by_id:
        raise NotFound("This story is no candidate of this issue any more. Look at the issue as it is now.")
    if go is Go.to:
        return _put(review, key, list_id, at - 1) if list_id else _lead(review, key)
    return _AIMS[go](review, key)


def do(database: Database, review: Review, chosen: Aim, *, version: int, who: str, at: datetime) -> None:
    """Make the change. Raises Conflict where the issue was changed since ``version``."""
    editing.change(database, review.issue.id, chosen.what, chosen.edit, version=version, who=who, at=at)


def unpin_all(database: Database, review: Review, *, version: int, who: str, at: datetime) -> None:
    """Let the points decide every place again. Raises Conflict."""
    chosen = Aim("unpin all", "", lambda edits: edits.with_fields(pins={}))
    do(database, review, chosen, version=version, who=who, at=at)


def _up(review: Review, key: str) -> Aim:
    story, (section, index) = _story(review, key), _where(review, key)
    if index > 0:
        return _put(review, key, story.list_id, index - 1)
    targets = _targets(review)
    before = targets.index(section) - 1
    return _put(review, key, targets[before].list_id, _LAST) if before >= 0 else _lead(review, key)


def _down(review: Review, key: str) -> Aim:
    if review.plan.lead and str(review.plan.lead.article_id) == key:
        raise Refused("The lead stands above all sections. Make another story the lead, and it goes to its own place.")
    story, (section, index) = _story(review, key), _where(review, key)
    if index + 1 < len(_rows(section)):
        return _put(review, key, story.list_id, index + 1)
    targets = _targets(review)
    after = targets.index(section) + 1
    if after >= len(targets):
        raise Refused(f"“{clean(story.headline)}” is the last of the mail's sections already.")
    return _put(review, key, targets[after].list_id, 0)


_LAST: Final = 10_000  # behind all others


def _put(review: Review, key: str, list_id: str, index: int) -> Aim:
    """Pin a story to the place that a row of a section has now (from 0), and so out of another section."""
    section = next((one for one in _targets(review) if one.list_id == list_id), None)
    if section is None or index < 0:
        raise BadInput("There is no such place in this edition. Look at the issue as it is now.")
    places = _places(review, list_id)
    rows = _rows(section)
    slots = [places[str(one.article_id)] for one in rows if str(one.article_id) in places]
    inside = any(str(one.article_id) == key for one in rows)
    place = _place(slots, index, full=_is_full(review, list_id, len(places)), inside=inside)
    there = next((one for one in rows if places.get(str(one.article_id)) == place), None)
    name, heading = clean(review.recipe.by_id[key].headline), clean(section.heading)
    done = f"“{name}” is pinned to place {place} of {heading}"
    if there is not None and str(there.article_id) != key:
        done += f", where “{clean(there.headline)}” stood"
    if inside:
        return Aim("pin", done, lambda edits: _unled(edits, key).with_pin(list_id, key, place))
    moved = "move and pin" if _stands(review, key) else "pin"
    return Aim(moved, done, lambda edits: _unled(edits, key).with_move(key, list_id).with_pin(list_id, key, place))


def _place(slots: list[int], index: int, *, full: bool, inside: bool) -> int:
    """Return the ranking's place of a row; behind the last one where there is room, else the last one's."""
    if not slots:
        return 1
    if index < len(slots):
        return slots[index]
    return slots[-1] if full or inside else slots[-1] + 1


def _pin(review: Review, key: str) -> Aim:
    _section, index = _where(review, key)
    return _put(review, key, _story(review, key).list_id, index)


def _unpin(review: Review, key: str) -> Aim:
    name = clean(review.recipe.by_id[key].headline)
    return Aim("unpin", f"“{name}” is not pinned any more: its points decide", lambda edits: edits.without_pin(key))


def _lead(review: Review, key: str) -> Aim:
    name = clean(review.recipe.by_id[key].headline)
    if review.recipe.edits.lead == key:
        return Aim("lead", "The points choose the lead again", lambda edits: edits.with_lead(""))
    old = review.plan.lead
    instead = f" in place of “{clean(old.headline)}”" if old and str(old.article_id) != key else ""
    return Aim("lead", f"“{name}” is the lead{instead}", lambda edits: edits.with_lead(key))


def _drop(review: Review, key: str) -> Aim:
    name = clean(review.recipe.by_id[key].headline)
    return Aim("exclude", f"“{name}” is out of every edition", lambda edits: edits.with_exclusion(key))


_AIMS: Final[Mapping[Go, Callable[[Review, str], Aim]]] = {
    Go.up: _up,
    Go.down: _down,
    Go.pin: _pin,
    Go.unpin: _unpin,
    Go.lead: _lead,
    Go.drop: _drop,
}


def _unled(edits: Edits, key: str) -> Edits:
    return edits.with_lead("") if edits.lead == key else edits


def _targets(review: Review) -> list[SectionPlan]:
    return [one for one in review.plan.sections if not one.borrowed]


def _rows(section: SectionPlan) -> tuple[StoryPlan, ...]:
    return (*section.stories, *section.briefs)


def _where(review: Review, key: str) -> tuple[SectionPlan, int]:
    """Return the section a story stands in, and its row there, from 0."""
    for section in _targets(review):
        for index, one in enumerate(_rows(section)):
            if str(one.article_id) == key:
                return section, index
    raise Refused("It does not stand in a section of this edition, so it cannot be moved or pinned there.")


def _story(review: Review, key: str) -> StoryPlan:
    section, index = _where(review, key)
    return _rows(section)[index]


def _stands(review: Review, key: str) -> bool:
    return any(str(one.article_id) == key and one.block in MOVABLE for one in review.plan.stories)


def _places(review: Review, list_id: str) -> dict[str, int]:
    """Return the ranking's places of a section's stories: the lead keeps its own place there empty."""
    ranked = review.builder.ranked(review.plan.lists)
    for section in ranked.sections:
        if section.order.list_id == list_id and section.own is None:
            return {placed.candidate.id: placed.place for placed in (*section.stories, *section.briefs)}
    return {}


def _is_full(review: Review, list_id: str, standing: int) -> bool:
    settings = review.recipe.frame.publication
    lead = review.plan.lead is not None and review.plan.lead.list_id == list_id
    return standing + lead >= int(settings["section_stories"]) + int(settings["section_briefs"])
