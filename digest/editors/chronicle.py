"""The history of an issue in words: who, when, what, from what to what, and what can be put back. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from digest.editors import times
from digest.editors.reading import Review
from digest.issues import editing
from digest.issues.edits import EVERYWHERE, ISSUE_TEXTS
from digest.issues.models import Comment, IssueLog
from digest.proofs import snapshot
from digest.rendering.wording import clean

LONGEST: Final = 200  # characters of a value that is shown
UNTOLD: Final = (snapshot.NAME, "hash", "edition")  # what machines compare


def entries(review: Review) -> list[dict[str, Any]]:
    """Return the log, the newest first."""
    zone = review.publication.zone
    return [
        {
            "id": one.id,
            "at": times.when(one.at, zone),
            "who": one.who,
            "what": one.what,
            "before": told(review, _without(one.before, one.after)),
            "after": told(review, _without(one.after, one.before)),
            "can_restore": editing.is_change(one),
        }
        for one in sorted(review.log, key=_number, reverse=True)
    ]


def comments(review: Review, found: Sequence[Comment]) -> list[dict[str, Any]]:
    """Return the comments as the page shows them; one about a story is named by its headline."""
    zone = review.publication.zone
    return [
        {
            "id": one.id,
            "at": times.when(one.at, zone),
            "who": one.who,
            "text": one.text,
            "story": str(one.article_id) if one.article_id else "",
            "about": _headline(review, str(one.article_id)) if one.article_id else "",
            "resolved_by": one.resolved_by,
        }
        for one in found
    ]


def told(review: Review, value: Any) -> str:
    """Return one side of a change in words: stories by their headlines, lists by their names."""
    if value is None or value in ({}, [], ""):
        return ""
    if isinstance(value, Mapping):
        parts = (_field(review, str(name), held) for name, held in value.items())
        return _short("; ".join(part for part in parts if part))
    if isinstance(value, list):
        return _short(", ".join(str(one) for one in value))
    return _short(_instant(review, str(value)))


def _without(value: Any, other: Any) -> Any:
    """Return a side of a change without what the other side has as well."""
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return {key: _without(held, other.get(key)) for key, held in value.items() if held != other.get(key)}
    if isinstance(value, list) and isinstance(other, list):
        return [one for one in value if one not in other]
    return value


def _instant(review: Review, text: str) -> str:
    """Return an instant as editors are told it, and any other text as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return times.when(moment, review.publication.zone) if moment.tzinfo else text


def _field(review: Review, name: str, held: Any) -> str:
    say = _SAID.get(name)
    if say is not None:
        return "; ".join(say(review, held))
    if name in ISSUE_TEXTS:
        return "; ".join(f"{name} {_of(review, key)}“{text}”" for key, text in held.items())
    return f"{name.replace('_', ' ')}: {_plain(review, held)}" if name not in UNTOLD and _is_said(held) else ""


def _is_said(held: Any) -> bool:
    return held not in ({}, [], "", None)


def _plain(review: Review, held: Any) -> str:
    """Return what stands in the log under a name that has no words of its own."""
    if isinstance(held, Mapping):
        return ", ".join(f"{key} ({_plain(review, one)})" for key, one in held.items())
    if isinstance(held, list):
        return " + ".join(_list(review, str(one)) for one in held)
    return _instant(review, str(held))


def _pins(review: Review, held: Any) -> Iterator[str]:
    for key, pinned in held.items():
        for article, place in pinned.items():
            yield f"“{_headline(review, article)}” at {place} of {_list(review, key)}"


def _excluded(review: Review, held: Any) -> Iterator[str]:
    for key, articles in held.items():
        for article in articles:
            yield f"without “{_headline(review, article)}” {_of(review, key)}".strip()


def _texts(review: Review, held: Any) -> Iterator[str]:
    for article, own in held.items():
        for which, text in own.items():
            yield f"{which} of “{_headline(review, article)}”: “{text}”"


def _moved(review: Review, held: Any) -> Iterator[str]:
    for article, key in held.items():
        yield f"“{_headline(review, article)}” in {_list(review, key)}"


def _lead(review: Review, held: Any) -> Iterator[str]:
    yield f"lead “{_headline(review, held)}”" if held else "no lead chosen"


_SAID: Final[Mapping[str, Callable[[Review, Any], Iterator[str]]]] = {
    "pins": _pins,
    "excluded": _excluded,
    "texts": _texts,
    "moved": _moved,
    "lead": _lead,
}


def _of(review: Review, key: str) -> str:
    return "" if key == EVERYWHERE else f"of {_list(review, key)} "


def _list(review: Review, key: str) -> str:
    one = review.recipe.frame.by_list.get(key)
    return clean(one.name) if one else key


def _headline(review: Review, article: str) -> str:
    one = review.recipe.by_id.get(article)
    return clean(one.headline) if one else article


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _number(entry: IssueLog) -> int:
    return entry.id or 0
