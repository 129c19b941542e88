"""From a review to the plain values that the mail, its text and the pages print. Pure."""

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from digest.editors import times
from digest.editors.reading import Review
from digest.issues import explaining, lifecycle
from digest.issues.models import IssueStatus
from digest.issues.plan import StoryPlan
from digest.proofs.check import Check, Level
from digest.proofs.models import Edition
from digest.ranking.candidate import Block, LeftOut, Points
from digest.rendering.catalogue import direction
from digest.rendering.errors import TemplateError
from digest.rendering.links import web_address
from digest.rendering.wording import clean

MOST_EDITIONS: Final = 10  # with most readers; the others are counted
MOST_LEFT_OUT: Final = 5
MOVABLE: Final = (Block.section, Block.brief)
_WORDS: Final = (("editor", "choice"), ("reading", "reading"), ("freshness", "freshness"), ("region", "region"))


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a score, drawn: the whole line is 100 long, as a story can have 100 points."""

    word: str
    start: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A story as an editor sees it, with the one line of why. Texts are plain; addresses are web addresses or ""."""

    id: str
    place: int
    headline: str
    standfirst: str
    kicker: str
    url: str
    thumb: str
    alt: str
    lang: str
    dir: str
    points: str  # one line: the parts that count, and the sum
    why: str  # the whole sentence
    pinned: bool
    brief: bool
    taps: tuple[str, ...]  # up, drop, swap: what can be done to it
    list_id: str = ""  # of the section it stands in
    block: str = ""
    chips: tuple[str, ...] = ()  # editor's choice, updated, another language
    bar: tuple[Bar, ...] = ()  # its points as four lengths


@dataclass(frozen=True, slots=True)
class Part:
    """The stories under one heading."""

    heading: str
    rows: tuple[Row, ...]


def parts(review: Review) -> tuple[Part, ...]:
    """Return the edition with most readers from the top."""
    plan = review.plan
    found = [Part("Lead", (row(plan.lead),))] if plan.lead else []
    found += [
        Part(clean(section.heading), tuple(row(one) for one in (*section.stories, *section.briefs)))
        for section in plan.sections
    ]
    found.append(Part("Corrections of stories they had", tuple(row(one) for one in plan.corrections)))
    found.append(Part("Popular", tuple(row(one) for one in plan.popular)))
    return tuple(part for part in found if part.rows)


def row(story: StoryPlan) -> Row:
    """Return a story as a row."""
    picture = story.picture
    return Row(
        id=str(story.article_id),
        place=story.place,
        headline=clean(story.headline),
        standfirst=clean(story.standfirst),
        kicker=" · ".join(part for part in (clean(story.kicker), clean(story.place_name)) if part),
        url=web(story.url),
        thumb=web(picture.thumb or picture.url) if picture else "",
        alt=clean(picture.alt) if picture else "",
        lang=story.language,
        dir=direction(story.language),
        points=points_line(story.points, story.penalty),
        why=story.why,
        pinned=story.pinned,
        brief=story.block not in (Block.lead, Block.section),
        taps=_taps(story.block),
        list_id=story.list_id,
        block=story.block,
        chips=_chips(story),
        bar=bar(story.points),
    )


def bar(points: Points) -> tuple[Bar, ...]:
    """Return a score as lengths that stand behind each other."""
    found, start = [], 0.0
    for part, word in _WORDS:
        length = float(getattr(points, part))
        found.append(Bar(word, round(start, 2), round(length, 2)))
        start += length
    return tuple(found)


def _chips(story: StoryPlan) -> tuple[str, ...]:
    said = [("editor’s choice", story.editors_choice), ("updated", story.updated), ("from the daily", story.from_daily)]
    return tuple(word for word, holds in said if holds)


def points_line(points: Points, penalty: float = 0.0) -> str:
    """Return a score on one line, short enough for a phone: the sum, then the parts that are not nought."""
    said = " + ".join(f"{word} {_figure(getattr(points, part))}" for part, word in _WORDS if getattr(points, part))
    less = f" − likeness {_figure(penalty)}" if penalty else ""
    return f"{points.total - penalty:.2f} = {said or '0'}{less}"


def _figure(value: float) -> str:
    return f"{value:.2f}".removesuffix(".00")


def web(url: str) -> str:
    """Return a web address in plain ASCII; "" for anything else, so that no script is ever behind a link."""
    try:
        return web_address(url)
    except TemplateError:
        return ""


def facts(review: Review) -> dict[str, Any]:
    """Return what every mail and page says of an issue."""
    found = {level: review.of_level(level) for level in (Level.red, Level.amber, Level.not_checked)}
    editions = _editions(review)
    return {
        "name": clean(review.publication.name),
        "number": review.issue.number,
        "day": times.day(review.publication, review.issue),
        "status": lifecycle.in_words(review.issue.status),
        "stands": lifecycle.stands(review.issue),
        "held": review.issue.held,
        "failed": review.issue.failed,
        "deadline": when(review, review.deadline),
        "left": times.span(review.deadline - review.at) if review.deadline and review.deadline > review.at else "",
        "sends": when(review, review.issue.send_at),
        "unapproved": review.publication.unapproved,
        "subject": clean(review.plan.subject),
        "preheader": clean(review.plan.preheader),
        "stories": len(review.plan.stories),
        "readers": f"{sum(one.readers for one in editions):,}" if editions else "",
        "checks": tuple(check_line(review, one) for one in (*found[Level.red], *found[Level.amber])),
        "unchecked": tuple(dict.fromkeys(one.sentence for one in found[Level.not_checked])),
        "tally": tally(review),
        "is_open": review.is_open,
        "approved_by": review.approval.who if review.approval else "",
        "lists": " + ".join(clean(review.plan.list_names[one]) for one in review.plan.lists),
    }


def approving(review: Review, who: str) -> dict[str, Any]:
    """Return what is to be known before an approval besides the checks, see ``desk/approving.html``."""
    publication, former = review.publication, review.approved_before
    same = bool(former and review.proof and former.after.get("hash") == review.proof.content_hash)
    rules = (
        (publication.test_required, "A test of what is approved has to be sent first."),
        (publication.four_eyes, "Who changed it last does not approve it."),
    )
    return {
        "since": review.since,
        "since_whom": former.who if former else "",
        "since_when": when(review, former.at) if former else "",
        "same": same,
        "reasons": dict(former.after.get("accepted", {})) if former and same else {},
        "proof_made": review.proof is not None,
        "unmet": review.unmet(who),
        "wants_test": publication.test_required and not review.known.tested,
        "rules": [sentence for holds, sentence in rules if holds],
    }


def tally(review: Review) -> str:
    """Return how many checks are red and amber: 1 red, 2 amber; or that all is green."""
    if review.proof is None and not review.checks:
        return "not checked yet"
    counted = [(len(review.of_level(level)), level.value) for level in (Level.red, Level.amber)]
    return ", ".join(f"{count} {level}" for count, level in counted if count) or "all green"


def check_line(review: Review, check: Check) -> dict[str, str]:
    """Return a check as it is shown: a story is named by its headline, not by its number."""
    known = review.recipe.by_id.get(check.place)
    shown = {name: clean(value) for name, value in check.as_json().items()}
    shown["remedy"] = shown["remedy"].replace("ISSUE", str(review.issue.number))  # a command to copy
    return shown | {"place": clean(known.headline) if known else _place(review, shown["place"])}


def _place(review: Review, place: str) -> str:
    """Return the place of a check with lists by name: an edition, or sets of lists, are stored by their ids."""
    by_list = review.recipe.frame.by_list
    lists, less, without = place.partition(", less ")
    parts = lists.split(" + ")
    if not all(one in by_list for one in parts):
        return place
    return " + ".join(clean(by_list[one].name) for one in parts) + less + without


def audience(review: Review) -> dict[str, Any]:
    """Return the readers of each edition: the ten largest, and how many others there are."""
    editions = _editions(review)
    rest = editions[MOST_EDITIONS:]
    return {
        "editions": tuple(
            {"id": str(one.id), "name": edition_name(review, one), "readers": f"{one.readers:,}"}
            for one in editions[:MOST_EDITIONS]
        ),
        "others": len(rest),
        "others_readers": f"{sum(one.readers for one in rest):,}",
    }


class Named(Protocol):
    """An edition, or its shape: what it is called by."""

    @property
    def lists(self) -> Sequence[str]:
        """Return its lists."""

    @property
    def without(self) -> Sized:
        """Return the stories that its readers had."""


def edition_name(review: Review, edition: Named) -> str:
    """Return what to call an edition: its lists by name."""
    by_list = review.recipe.frame.by_list
    name = " + ".join(clean(by_list[one].name) if one in by_list else one for one in edition.lists)
    without = len(edition.without)
    return f"{name}, without {without} they had" if without else name


def left_out(review: Review, most: int = MOST_LEFT_OUT) -> tuple[dict[str, str], ...]:
    """Return the best articles without a place, each with its points and the reason."""
    return tuple(waiting(review, one) for one in best_left_out(review.plan.left_out, most))


def best_left_out(left: Iterable[LeftOut], most: int) -> Sequence[LeftOut]:
    """Return those that were weighed, most points first."""
    weighed = [one for one in left if one.points is not None]
    return sorted(weighed, key=lambda one: (-(one.points.total if one.points else 0.0), one.id))[:most]


def waiting(review: Review, left: LeftOut) -> dict[str, str]:
    """Return an article without a place as it is shown: its points, and why it has none."""
    inputs = review.recipe.by_id[left.id]
    return {
        "id": left.id,
        "headline": clean(inputs.headline),
        "url": web(inputs.url),
        "lang": inputs.language,
        "dir": direction(inputs.language),
        "points": f"{left.points.total:.2f}" if left.points else "",
        "line": points_line(left.points) if left.points else "",
        "reason": clean(explaining.in_words(left, review.builder)),
    }


def when(review: Review, moment: Any) -> str:
    """Return an instant in the publication's zone and in UTC; "" for none."""
    return times.when(moment, review.publication.zone) if moment else ""


def is_late(review: Review) -> bool:
    """Tell whether a sending must be ordered by a person: it is held, has no hour, or its hour is over."""
    issue = review.issue
    over = issue.send_at is not None and issue.send_at + timedelta(hours=review.publication.grace_hours) < review.at
    return issue.status == IssueStatus.approved and (bool(issue.held) or issue.send_at is None or over)


def _editions(review: Review) -> Sequence[Edition]:
    return review.proof.editions if review.proof else ()


def _taps(block: str) -> tuple[str, ...]:
    if block == Block.lead:
        return ("drop", "swap")
    if block in MOVABLE:
        return ("up", "drop", "swap")
    return ("drop",) if block == Block.popular else ()
