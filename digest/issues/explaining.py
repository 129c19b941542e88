"""Why an article stands where it does, or nowhere: for one edition whole, or for one article in every edition."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from digest.issues import telling
from digest.issues.building import Builder
from digest.issues.inputs import Inputs
from digest.issues.plan import EditionPlan
from digest.ranking.candidate import LeftOut, Reason

WORDS: Mapping[str, str] = MappingProxyType(
    {
        Reason.language: "it is in another language",
        Reason.region: "it belongs to none of these lists",
        Reason.already_sent: "these readers have had it",
        Reason.stale: "it is older than an issue reaches back",
        Reason.cap_or_space: "the places went to stories with more points",
    }
)


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
    return said(str(left.reason), left.detail)


def said(reason: str, detail: str) -> str:
    """Return a reason in words, with its detail where there is one."""
    words = f"{reason}, {WORDS[reason]}" if reason in WORDS else reason
    return f"{words} ({detail})" if detail else words


def _became(plan: EditionPlan, article: Inputs, builder: Builder) -> dict[str, Any]:
    for story in plan.stories:
        if str(story.article_id) == article.id:
            where = "lead" if story.block == "lead" else f"{story.block} of {story.list_id}"
            return telling.story(story, builder.recipe) | {"answer": f"place {story.place}, {where}. {story.why}"}
    for left in plan.left_out:
        if left.id == article.id:
            return telling.left_out(left, builder.recipe) | {"answer": f"left out: {in_words(left, builder)}"}
    return {"answer": "left out"}
