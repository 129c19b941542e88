"""What a story's page can order: its texts, its place, whether it stands at all, and what it is one story with."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from digest.articles import changes
from digest.articles.clusters import deciding
from digest.editors import stories
from digest.errors import BadInput
from digest.issues import drafting, editing, lifecycle
from digest.issues.edits import STORY_TEXTS
from digest.web.acting import Form
from digest.web.review_pages import Seen

Order = Callable[[Seen, UUID, Form, dict[str, Any]], object]


def set_texts(
    seen: Seen,
    names: tuple[str, ...],
    form: Form,
    known: dict[str, Any],
    *,
    article: UUID | None = None,
    list_id: str | None = None,
) -> None:
    """Set those texts of a form that differ from what is stored; each raises the version by one."""
    database, issue = seen.app.database, seen.review.issue.id
    for name in names:
        if name in form:
            changed = editing.set_text(database, issue, name, form[name], article=article, list_id=list_id, **known)
            known["version"] = changed.version


def _pin(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    place = form.get("place", "")
    if not (place.isascii() and place.isdecimal() and len(place) < 4):  # noqa: PLR2004 - more is no place
        raise BadInput("Which place? Write its number, from 1.")
    return editing.pin(
        seen.app.database, seen.review.issue.id, article, list_id=form.get("list", ""), place=int(place), **known
    )


def _unpin(seen: Seen, article: UUID, _form: Form, known: dict[str, Any]) -> object:
    return editing.unpin(seen.app.database, seen.review.issue.id, article, **known)


def _exclude(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    return editing.exclude(seen.app.database, seen.review.issue.id, article, list_id=form.get("list") or None, **known)


def _include(seen: Seen, article: UUID, _form: Form, known: dict[str, Any]) -> object:
    return editing.include(seen.app.database, seen.review.issue.id, article, **known)


def _move(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    return editing.move(seen.app.database, seen.review.issue.id, article, list_id=form.get("list", ""), **known)


def _lead(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    chosen = None if form.get("free") else article
    return editing.lead(seen.app.database, seen.review.issue.id, chosen, **known)


def _story_texts(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> None:
    originals = {one["name"]: one["original"] for one in stories.story(seen.review, str(article))["texts"]}
    own = {
        name: "" if text.strip() == originals.get(name) else text for name, text in form.items()
    }  # it was not changed
    set_texts(seen, STORY_TEXTS, own, known, article=article)


def _split(seen: Seen, article: UUID, _form: Form, known: dict[str, Any]) -> object:
    """Say that it does not tell the story of its cluster, and gather the candidates anew, which puts that to work."""
    _editable(seen, known)
    with seen.app.database.writing() as session:
        deciding.split(session, str(article), known["who"], known["at"])
    return _anew(seen, known)


def _update(seen: Seen, article: UUID, form: Form, known: dict[str, Any]) -> object:
    """Mark a substantive update of the article: it counts as new once more, and may be sent once more."""
    _editable(seen, known)
    with seen.app.database.writing() as session:
        changes.mark_update(
            session,
            str(article),
            who=known["who"],
            at=known["at"],
            reason=form.get("reason", "")[: editing.LONGEST_TEXT],
        )
    return _anew(seen, known)


def _editable(seen: Seen, known: dict[str, Any]) -> None:
    with seen.app.database.reading() as session:
        lifecycle.check_editable(editing.locked(session, seen.review.issue.id, known["version"]))


def _anew(seen: Seen, known: dict[str, Any]) -> object:
    return drafting.refresh(
        seen.app.database,
        seen.review.issue.id,
        seen.review.issue.as_of,
        known["at"],
        known["who"],
        pictures=seen.app.cut_pictures,
    )


ORDERS: Final[dict[str, Order]] = {
    "pin": _pin,
    "unpin": _unpin,
    "exclude": _exclude,
    "include": _include,
    "move": _move,
    "lead": _lead,
    "texts": _story_texts,
    "split": _split,
    "update": _update,
}
