"""An edition as plain data for machines: every story with its points and why, and every article left out."""

from collections.abc import Mapping
from typing import Any

from digest.clock import as_utc_text
from digest.issues.models import Issue
from digest.issues.plan import EditionPlan, SectionPlan, StoryPlan
from digest.issues.recipe import Recipe
from digest.ranking.candidate import LeftOut, Points


def issue(held: Issue, recipe: Recipe) -> dict[str, Any]:
    """Return what an issue is, in short."""
    return {
        "issue": str(held.id),
        "number": held.number,
        "publication": held.publication_id,
        "as_of": as_utc_text(held.as_of),
        "once": held.once,
        "formula": recipe.frame.formula,
    }


def edition(plan: EditionPlan, recipe: Recipe) -> dict[str, Any]:
    """Return an edition: sections with their stories, and what was left out with its reason."""
    return {
        "lists": list(plan.lists),
        "language": plan.language,
        "subject": plan.subject,
        "preheader": plan.preheader,
        "note": plan.note,
        "lead": story(plan.lead, recipe) if plan.lead else None,
        "sections": [_section(section, recipe) for section in plan.sections],
        "corrections": [story(one, recipe) for one in plan.corrections],
        "popular": [story(one, recipe) for one in plan.popular],
        "empty_regions": list(plan.empty_regions),
        "left_out": [left_out(one, recipe) for one in plan.left_out],
    }


def story(one: StoryPlan, recipe: Recipe) -> dict[str, Any]:
    """Return a story at its place, with the others that tell it."""
    return {
        "article_id": str(one.article_id),
        "url": one.url,
        "headline": one.headline,
        "place": one.place,
        "block": one.block,
        "list": one.list_id,
        "region": one.region,
        "also_in": list(one.also_in),
        "also": [_other(other, recipe) for other in recipe.by_id[str(one.article_id)].also],
        "editors_choice": one.editors_choice,
        "badge_printed": one.show_badge,
        "pinned": one.pinned,
        "points": points(one.points, one.penalty),
        "why": one.why,
    }


def left_out(one: LeftOut, recipe: Recipe) -> dict[str, Any]:
    """Return an article without a place, and why."""
    inputs = recipe.by_id[one.id]
    return {
        "article_id": one.id,
        "url": inputs.url,
        "headline": inputs.headline,
        "reason": str(one.reason),
        "detail": one.detail,
        "points": points(one.points, 0.0) if one.points else None,
    }


def points(parts: Points, penalty: float) -> Mapping[str, float]:
    """Return the parts of a score, and their sum."""
    return {
        "editor": parts.editor,
        "reading": parts.reading,
        "freshness": parts.freshness,
        "region": parts.region,
        "likeness": -penalty if penalty else 0.0,
        "total": round(parts.total - penalty + 1e-9, 2),
    }


def _other(article: str, recipe: Recipe) -> dict[str, Any]:
    """Return another article of a story; one that is too old to be a candidate is named by its id only."""
    inputs = recipe.by_id.get(article)
    return {"article_id": article, "url": inputs.url if inputs else "", "headline": inputs.headline if inputs else ""}


def _section(section: SectionPlan, recipe: Recipe) -> dict[str, Any]:
    return {
        "list": section.list_id,
        "region": section.region,
        "heading": section.heading,
        "stories": [story(one, recipe) for one in section.stories],
        "briefs": [story(one, recipe) for one in section.briefs],
        "borrowed": section.borrowed,
    }
