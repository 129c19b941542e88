"""What an approval looked at, kept small in the log: so that a later look can say what changed since."""

from collections.abc import Sequence
from typing import Any, Final

from sqlmodel import Session

from digest.issues.edits import STORY_TEXTS
from digest.issues.recipe import Recipe
from digest.proofs import storing
from digest.proofs.models import Edition

NAME: Final = "content"  # of the field in the log


def largest(editions: Sequence[Edition]) -> Edition | None:
    """Return the edition with most readers, of equal ones that of most lists; None where there is none."""
    whole = [one for one in editions if not one.without]
    return max(whole, key=lambda one: (one.readers, len(one.lists)), default=None)


def of(session: Session, recipe: Recipe, editions: Sequence[Edition]) -> dict[str, Any]:
    """Return the edition with most readers in plain values, and the hash of each other one."""
    shown = largest(editions)
    if shown is None:
        return {}
    edits = recipe.edits
    stories = storing.stories_of(session, shown)
    return {
        "lists": list(shown.lists),
        "subject": shown.subject,
        "preheader": shown.preheader,
        "note": dict(edits.note),
        "stories": {str(one.article_id): {"place": one.place} | _texts(recipe, str(one.article_id)) for one in stories},
        "editions": {str(one.id): one.content_hash for one in editions},
    }


def _texts(recipe: Recipe, article: str) -> dict[str, str]:
    """Return the texts of a story as they are printed: its own, with what was edited."""
    inputs, own = recipe.by_id.get(article), recipe.edits.texts.get(article, {})
    if inputs is None:
        return dict(own)
    kept = {name: str(getattr(inputs, name, "") or "") for name in STORY_TEXTS}
    return (
        kept | {"alt": str((inputs.picture or {}).get("alt", ""))} | {name: text for name, text in own.items() if text}
    )
