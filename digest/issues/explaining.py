"""Why an article stands where it does, or nowhere: for one edition whole, or for one article in every edition."""

from collections.abc import Iterable
from typing import Any

from digest.issues import telling
from digest.issues.building import Builder
from digest.issues.inputs import Inputs
from digest.issues.plan import EditionPlan
from digest.ranking.candidate import LeftOut, Reason


def everything(builder: Builder, lists: tuple[str, ...]) -> dict[str, Any]:
    """Return one edition with every story and every article left out."""
    return telling.edition(builder.build(lists), builder.recipe)


def one(builder: Builder, article: Inputs, orders: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """Return one article, and what became of it in the edition of each ordered set of lists."""
    places = [
        {"lists": list(lists)} | _became(builder.build(lists), article, builder) for lists in dict.fromkeys(orders)
    ]
    return {"article_id": article.id, "url": article.url, "headline": article.headline, "places": places}


def in_words(left: LeftOut, builder: Builder) -> str:
    """Return the reason as a person reads it, naming the other story or section."""
    if left.reason == Reason.duplicate and left.detail in builder.recipe.by_id:
        return f"duplicate of {builder.recipe.by_id[left.detail].headline!r}"
    return f"{left.reason} ({left.detail})" if left.detail else str(left.reason)


def _became(plan: EditionPlan, article: Inputs, builder: Builder) -> dict[str, Any]:
    for story in plan.stories:
        if str(story.article_id) == article.id:
            where = "lead" if story.block == "lead" else f"{story.block} of {story.list_id}"
            return telling.story(story) | {"answer": f"place {story.place}, {where}. {story.why}"}
    for left in plan.left_out:
        if left.id == article.id:
            return telling.left_out(left, builder.recipe) | {"answer": f"left out: {in_words(left, builder)}"}
    return {"answer": "left out"}
