"""Unites an imported article with what is stored of it. Pure: rows in, a row out."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from math import ceil
from typing import Any

from digest.articles.identity import Incoming
from digest.articles.importing.data import ArticleData
from digest.articles.models import ArticleStatus, article_id
from digest.articles.signals import Signals

WORDS_A_MINUTE = 230
TEXTS = (
    "headline", "standfirst", "kicker", "byline", "authors", "desk", "place", "source_line", "correction", "body",
    "minutes", "language", "content_hash",
)  # fmt: skip
IMAGE = ("image_url", "image_alt", "image_credit", "image_width", "image_height")
WITHDRAWN = ("unpublished", "retracted")  # the graver last
SIGNALS = {"regions": {}, "topics": [], "editors_choice": False, "evergreen": False}
COMPARED = ("headline", "standfirst", "body", "language", "published_at")  # what same stories are found by


def fresh(one: Incoming, *, source: str, at: datetime, backlog: bool, language: str) -> dict[str, Any]:
    """Return the row of an article that was not known.

    ``backlog``: the first import of a source brings what was published before we looked; such an article counts
    as first seen when it was published, so that nothing old becomes new. Without a date it is published ``at``.
    Its signals are empty: ``with_signals`` fills them in.
    """
    data = one.data
    published = data.published_at or at
    texts = _texts(one)
    return (
        texts
        | {
            "id": article_id(one.canonical),
            "canonical_url": one.canonical,
            "url": data.url,
            "guid": data.guid,
            "source": source,
            "language": texts["language"] or language,
            "published_at": published,
            "first_seen_at": min(at, published) if backlog else at,
            "refreshed_at": None,
            "imported_at": at,
            "status": (data.status or ArticleStatus.published).value,
            "by_hand": {},
        }
        | SIGNALS
    )


def united(stored: Mapping[str, Any], one: Incoming, *, source: str, at: datetime, owner: bool) -> dict[str, Any]:
    """Return the row of a known article with what an import says of it; equal to ``stored`` where that is nothing new.

    The earliest date holds. Signals are left as they are (see ``with_signals``), and the cluster (see ``clusters``).
    ``owner``: the import may change texts; otherwise it only fills what is empty, so that two feeds with one
    article do not take turns at its headline. What a person decided stays.
    """
    data = one.data
    row = dict(stored) | _changed_texts(stored, one, owner=owner)
    if owner:
        row["url"] = data.url
    if source == stored["source"]:
        row["guid"] = data.guid or stored["guid"]
    row["published_at"] = _published(stored["published_at"], data.published_at, at)
    row.update(stored["by_hand"])
    return row


def standing(stored: str, said: Mapping[str, Mapping[str, Any]], source: str, before: str | None) -> str:
    """Return the status of a known article now that ``source`` spoke of it.

    ``said``: by source, what all of them say now. ``before``: what this one said last. What any source withdrew stays
    withdrawn until that source takes it back: a CMS that lists a story as published must not undo a retraction that
    came another way, nor what was found on the story's page.
    """
    gone = [str(one["status"]) for one in said.values() if one["status"] in WITHDRAWN]
    if gone:
        return max(gone, key=WITHDRAWN.index)
    now = said[source]["status"]
    news = now is not None and now != before and (before is not None or now != ArticleStatus.published)
    return str(now) if news else stored


def said(
    one: Incoming, before: Mapping[str, Any] | None, *, source: str, region: str | None, at: datetime
) -> dict[str, Any]:
    """Return the row of what a source says of an article. What it does not speak of stays as it said ``before``."""
    data = one.data
    given = {
        "guid": data.guid,
        "categories": data.categories,
        "regions": list(one.regions),
        "topics": data.topics,
        "editors_choice": data.editors_choice,
        "evergreen": data.evergreen,
        "cluster": data.cluster,
        "status": data.status.value if data.status else None,
    }
    kept = {} if before is None else {name: before[name] for name in given if name not in data.model_fields_set}
    if before is not None and data.status is None:
        kept["status"] = before["status"]
    row = {"source": source, "region": region, "seen_at": at} | given | kept
    if before is not None and all(before[name] == row[name] for name in row if name != "seen_at"):
        return dict(before)
    return row


def with_signals(row: Mapping[str, Any], signals: Signals) -> dict[str, Any]:
    """Return the row of an article with what its sources say together; what a person decided stays."""
    return dict(row) | asdict(signals) | dict(row["by_hand"])


def _published(stored: datetime, given: datetime | None, at: datetime) -> datetime:
    """Keep the earliest date ever seen, since feeds rewrite dates; an embargo that is still on may be moved."""
    if given is None:
        return stored
    return given if stored > at else min(stored, given)


def _changed_texts(stored: Mapping[str, Any], one: Incoming, *, owner: bool) -> dict[str, Any]:
    given = _texts(one)
    taken = {name: given[name] for name in TEXTS if given[name] and (owner or not stored[name])}
    if not given["body"] and stored["body"]:
        taken.pop("content_hash", None)  # the fuller text says more
        if one.data.minutes is None:
            taken.pop("minutes", None)
    if given["image_url"] and (owner or not stored["image_url"]):
        taken |= {name: given[name] for name in IMAGE}
    return taken


def _texts(one: Incoming) -> dict[str, Any]:
    data, image = one.data, one.data.image
    body = data.body or data.body_html
    return {
        "headline": data.headline,
        "standfirst": data.standfirst,
        "kicker": data.kicker,
        "byline": data.byline or ", ".join(data.authors),
        "authors": data.authors or _authors(data),
        "desk": data.desk,
        "place": data.place,
        "source_line": data.source_line,
        "correction": data.correction,
        "language": data.language,
        "body": body,
        "minutes": data.minutes or (ceil(len(body.split()) / WORDS_A_MINUTE) or None),
        "content_hash": one.content_hash,
        "image_url": image.url if image else "",
        "image_alt": image.alt if image else "",
        "image_credit": image.credit if image else "",
        "image_width": image.width if image else None,
        "image_height": image.height if image else None,
    }


def _authors(data: ArticleData) -> list[str]:
    """Take the byline for the author where no authors are named, so that the ranking's author cap works."""
    name = data.byline.removeprefix("By ").removeprefix("by ").strip()
    return [name] if name else []
