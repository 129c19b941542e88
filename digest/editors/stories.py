"""One story of an issue as its own page shows it, the candidates to choose from, and the texts of an issue. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from digest.editors import views
from digest.editors.reading import Review
from digest.errors import NotFound
from digest.issues.candidates import STRENGTHS
from digest.issues.edits import EVERYWHERE, ISSUE_TEXTS, STORY_TEXTS
from digest.issues.inputs import Inputs
from digest.issues.plan import StoryPlan
from digest.ranking.candidate import LeftOut, Points
from digest.rendering.catalogue import direction
from digest.rendering.wording import clean

MOST: Final = 500  # candidates on the page
NAMES: Final[Mapping[str, str]] = {
    "headline": "Headline",
    "standfirst": "Standfirst",
    "kicker": "Kicker",
    "alt": "What the picture shows",
    "subject": "Subject",
    "preheader": "Preheader",
    "note": "Editor’s note",
}


def story(review: Review, article: str) -> dict[str, Any]:
    """Return all that can be said of a candidate: where it stands, why, its texts, its pins. Raises NotFound."""
    inputs = review.recipe.by_id.get(article)
    if inputs is None:
        raise NotFound("This issue has no such candidate. Look for it among the candidates.")
    edits, lists = review.recipe.edits, review.recipe.frame.lists
    return {
        "id": article,
        "headline": clean(edits.texts.get(article, {}).get("headline", "") or inputs.headline),
        "url": views.web(inputs.url),
        "lang": inputs.language,
        "dir": direction(inputs.language),
        "standing": _standing(review, article),
        "texts": fields(review, article),
        "bar": views.bar(standing_points) if (standing_points := _weight(review, article)) else (),
        "also": [
            {"id": one, "headline": clean(review.recipe.by_id[one].headline)}
            for one in inputs.also
            if one in review.recipe.by_id
        ],
        "in_cluster": len(inputs.also),
        "updated": inputs.refreshed_at is not None,
        "lists": [{"id": one.id, "name": clean(one.name), "pin": _pin(review, article, one.id)} for one in lists],
        "is_lead": edits.lead == article,
        "dropped": article in edits.excluded.get(EVERYWHERE, ()),
        "out_of": [clean(one.name) for one in lists if article in edits.excluded.get(one.id, ())],
        "moved": edits.moved.get(article, ""),
    }


def fields(review: Review, article: str) -> list[dict[str, str]]:
    """Return the texts of a candidate: what was written over them, and the original. Raises NotFound."""
    inputs = review.recipe.by_id.get(article)
    if inputs is None:
        raise NotFound("This issue has no such candidate. Look for it among the candidates.")
    return [_text(review, inputs, name) for name in STORY_TEXTS]


def candidates(review: Review, wanted: str, list_id: str) -> list[dict[str, str]]:
    """Return the first candidates of ``ordered`` as they are shown, those that do not stand with the reason."""
    placed, left = _by_id(review)
    rows = []
    for key in ordered(review, wanted, list_id)[:MOST]:
        inputs, standing = review.recipe.by_id[key], placed.get(key)
        total = standing.points.total if standing else _points(left.get(key))
        rows.append(
            {
                "id": key,
                "headline": clean(inputs.headline),
                "lang": inputs.language,
                "dir": direction(inputs.language),
                "points": "–" if total is None else f"{total:.2f}",
                "stands": "yes" if standing else "",
                "why": f"stands at {standing.place}" if standing else _reason(review, left.get(key)),
                "badge": "editor’s choice" if inputs.editors_choice else "",
            }
        )
    return rows


def ordered(review: Review, wanted: str, list_id: str) -> list[str]:
    """Return the ids of candidates by points: those that stand, then those left out.

    ``wanted``: words that must stand in headline, standfirst, author or topics; ``list_id``: only what is of the
    region of that list, or all.
    """
    words = wanted.casefold().split()
    placed, left = _by_id(review)

    def order(key: str) -> tuple[bool, float, str]:
        standing = placed.get(key)
        total = standing.points.total if standing else _points(left.get(key))
        return standing is None, -(total if total is not None else -1.0), key

    found = review.recipe.by_id.items()
    return sorted((key for key, one in found if _fits(one, words) and _of_list(review, one, list_id)), key=order)


def _by_id(review: Review) -> tuple[dict[str, StoryPlan], dict[str, LeftOut]]:
    """Return the stories of the edition in view, and what is left out of it, by id."""
    placed = {str(one.article_id): one for one in review.plan.stories}
    return placed, {one.id: one for one in review.plan.left_out}


def texts(review: Review, list_id: str = EVERYWHERE) -> list[dict[str, str]]:
    """Return subject, preheader and note of an issue, or those of one list's editions, as set and as they would be."""
    edits = review.recipe.edits
    default = {"subject": review.plan.subject, "preheader": review.plan.preheader, "note": review.plan.note}
    return [
        {
            "name": name,
            "label": NAMES[name],
            "value": getattr(edits, name).get(list_id, ""),
            "original": clean(default[name]),
        }
        for name in ISSUE_TEXTS
    ]


def _text(review: Review, inputs: Inputs, name: str) -> dict[str, str]:
    original = (inputs.picture or {}).get("alt", "") if name == "alt" else getattr(inputs, name)
    return {
        "name": name,
        "label": NAMES[name],
        "value": review.recipe.edits.texts.get(inputs.id, {}).get(name, ""),
        "original": clean(original),
    }


def _standing(review: Review, article: str) -> dict[str, Any] | None:
    for one in review.plan.stories:
        if str(one.article_id) == article:
            return {"place": one.place, "why": one.why, "pinned": one.pinned, "block": one.block}
    left = next((one for one in review.plan.left_out if one.id == article), None)
    return {"place": 0, "why": _reason(review, left), "pinned": False, "block": ""} if left else None


def _pin(review: Review, article: str, list_id: str) -> int:
    return review.recipe.edits.pins.get(list_id, {}).get(article, 0)


def _weight(review: Review, article: str) -> Points | None:
    """Return the points of a candidate where it was weighed, standing or left out."""
    for one in review.plan.stories:
        if str(one.article_id) == article:
            return one.points
    return next((one.points for one in review.plan.left_out if one.id == article), None)


def _points(left: LeftOut | None) -> float | None:
    return left.points.total if left is not None and left.points is not None else None


def _reason(review: Review, left: LeftOut | None) -> str:
    return views.waiting(review, left)["reason"] if left is not None else "for other lists than this edition’s"


def _fits(inputs: Inputs, words: list[str]) -> bool:
    held = " ".join((inputs.headline, inputs.standfirst, inputs.byline, *inputs.topics)).casefold()
    return all(word in held for word in words)


def _of_list(review: Review, inputs: Inputs, list_id: str) -> bool:
    one = review.recipe.frame.by_list.get(list_id)
    return one is None or one.general or one.region in review.recipe.frame.tree.reaching(inputs.regions, STRENGTHS)
