"""Texts of articles that changed in the newsroom's system after a draft froze them: what changed, and take or keep."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlmodel import Session, col

from digest.articles.canonical import canonical_url
from digest.articles.models import Article, Picture
from digest.articles.pictures.store import PictureStore
from digest.database import Database
from digest.errors import BadInput, Refused
from digest.issues import drafting, editing, lifecycle, log
from digest.issues.building import Builder
from digest.issues.edits import Edits
from digest.issues.history import STORY
from digest.issues.inputs import Inputs
from digest.issues.models import Issue, IssueCandidate, IssueStatus
from digest.issues.recipe import Recipe

TEXTS = ("headline", "standfirst", "kicker", "byline", "correction")
TAKEN = (
    *TEXTS, "place", "minutes", "url", "picture", "picture_lost", "picture_pending", "correction_due",
    "correction_told",
)  # fmt: skip
OWN = {"picture": "alt"}  # part of the source -> the editor's own text that lies over it, if of another name
APPROVED = (IssueStatus.approved, IssueStatus.scheduled, IssueStatus.paused)
_CHUNK = 5_000  # ids a statement
_ARTICLE: Any = Article.__table__  # type: ignore[attr-defined]
_PICTURE: Any = Picture.__table__  # type: ignore[attr-defined]
_COLUMNS = ("id", "status", "url", "image_url", "image_alt", *TEXTS)


@dataclass(frozen=True, slots=True)
class Source:
    """An article as the newsroom has it now."""

    row: Row[Any]
    cut: str = ""  # the file its picture was cut to
    lost: bool = False  # its picture cannot be had


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What is not as it was frozen: part -> what it was and what it is. ``own``: over which an editor wrote."""

    article: str
    headline: str  # as frozen
    texts: Mapping[str, tuple[str, str]]
    hash: str  # of the source's texts as they are now
    own: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        changed = {name: {"before": before, "after": after} for name, (before, after) in self.texts.items()}
        return {"article_id": self.article, "headline": self.headline, "changed": changed, "own": list(self.own)}


@dataclass(frozen=True, slots=True)
class Settled:
    """An issue after changes of the source were taken or kept, and which these were."""

    issue: Issue
    changes: tuple[SourceChange, ...]


def sources(session: Session, articles: Iterable[UUID]) -> dict[str, Source]:
    """Return articles as they are now, by id; those that are gone are missing."""
    ids, found = list(articles), {}
    for start in range(0, len(ids), _CHUNK):
        query = select(
            *(_ARTICLE.c[name] for name in _COLUMNS), _PICTURE.c.lead, _PICTURE.c.next_at, _PICTURE.c.error
        ).outerjoin(_PICTURE, _PICTURE.c.url == _ARTICLE.c.image_url)
        for row in session.execute(query.where(_ARTICLE.c.id.in_(ids[start : start + _CHUNK]))):
            found[str(row.id)] = Source(row, row.lead or "", bool(row.error) and row.next_at is None)
    return found


def found(recipe: Recipe, now: Mapping[str, Source], *, kept: bool = False) -> dict[str, SourceChange]:
    """Return what changed of each candidate, by article. ``kept``: also what an editor declined already. Pure."""
    edits = recipe.edits
    changes = (_change(one, now[one.id], edits) for one in recipe.candidates if one.id in now)
    return {one.article: one for one in changes if one and (kept or edits.kept.get(one.article) != one.hash)}


def of_stories(
    session: Session, issue: Issue, articles: Collection[str] | None = None, recipe: Recipe | None = None
) -> list[SourceChange]:
    """Return what changed of the stories of an issue and waits for an editor, by headline; none once it is too late.

    ``articles``: those stories; None: all that stand in its editions, or in the whole issue where none is made yet.
    ``recipe``: its recipe, where that was read already.
    """
    if issue.status not in lifecycle.EDITABLE:
        return []
    recipe = recipe or drafting.recipe(session, issue)
    if articles is None:
        query = select(STORY.c.article_id).where(STORY.c.issue_number == issue.number).distinct()
        articles = {str(one) for one in session.execute(query).scalars()} or _standing(recipe)
    changes = found(recipe, sources(session, map(UUID, sorted(articles))))
    return sorted(changes.values(), key=lambda one: (one.headline, one.article))


def take(
    database: Database,
    issue_id: UUID,
    article: UUID | None,
    *,
    who: str,
    at: datetime,
    version: int | None = None,
    pictures: PictureStore | None = None,
) -> Settled:
    """Take an article's texts over as they are now, or those of all candidates; their points and places stay.

    An editor's own texts stay on top. ``pictures``: as ``drafting.draft`` takes it. Takes an approval back. Where
    nothing changed, the issue is left alone.
    """
    with database.writing() as session:
        issue = editing.locked(session, issue_id, version)
        changes = _wanted(session, issue, article, kept=True)
        if changes:
            lifecycle.reopen(issue, at)
            _forget(issue, changes)
            _refreeze(session, issue, [one.article for one in changes], pictures)
            _log(session, issue, "take", changes, who=who, at=at)
        return Settled(issue, changes)


def keep(
    database: Database,
    issue_id: UUID,
    article: UUID | None,
    *,
    who: str,
    at: datetime,
    version: int | None = None,
) -> Settled:
    """Keep the texts that are frozen, of one article or of all candidates; a later change asks again.

    The mail stays as it is, so an approval holds; before one, the checks have to run again.
    """
    with database.writing() as session:
        issue = editing.locked(session, issue_id, version)
        changes = _wanted(session, issue, article, kept=False)
        if changes:
            if issue.status not in APPROVED:
                lifecycle.reopen(issue, at)
            edits = Edits.model_validate(issue.edits)
            edits = edits.with_fields(kept=edits.kept | {one.article: one.hash for one in changes})
            issue.edits = edits.model_dump(exclude_defaults=True)
            _log(session, issue, "keep", changes, who=who, at=at)
        return Settled(issue, changes)


def _standing(recipe: Recipe) -> set[str]:
    if not recipe.frame.newsroom_order:
        return set()
    try:
        plan = Builder(recipe).build(recipe.frame.newsroom_order)
    except Refused:  # ranked by another release's formula: it stands nowhere before it is refreshed
        return set()
    return {str(story.article_id) for story in plan.stories}


def _wanted(session: Session, issue: Issue, article: UUID | None, *, kept: bool) -> tuple[SourceChange, ...]:
    lifecycle.check_editable(issue)
    recipe = drafting.recipe(session, issue)
    ids = [one.id for one in recipe.candidates] if article is None else [editing.candidate(session, issue, article)]
    now = sources(session, map(UUID, ids))
    changes = found(recipe, now, kept=kept)
    return tuple(changes[one] for one in ids if one in changes)


def _forget(issue: Issue, changes: Iterable[SourceChange]) -> None:
    """Forget what was declined before: it was taken now."""
    edits = Edits.model_validate(issue.edits)
    taken = {one.article for one in changes}
    kept = {article: text for article, text in edits.kept.items() if article not in taken}
    issue.edits = edits.with_fields(kept=kept).model_dump(exclude_defaults=True)


def _refreeze(session: Session, issue: Issue, articles: Collection[str], pictures: PictureStore | None) -> None:
    """Freeze the texts of candidates anew, and nothing else of them."""
    ids = [UUID(one) for one in articles]
    held = list(session.execute(select(Article).where(col(Article.id).in_(ids))).scalars())
    for fresh in map(Inputs.from_json, drafting.inputs_of(session, issue, held, pictures)):
        row = session.get_one(IssueCandidate, (issue.id, UUID(fresh.id)))
        texts = {name: getattr(fresh, name) for name in TAKEN}
        row.inputs = replace(Inputs.from_json(row.inputs), **texts).as_json()
        session.add(row)


def _log(session: Session, issue: Issue, what: str, changes: Iterable[SourceChange], *, who: str, at: datetime) -> None:
    texts = [(one.article, one.texts) for one in changes]
    before = {article: {name: pair[0] for name, pair in changed.items()} for article, changed in texts}
    after = {article: {name: pair[1] for name, pair in changed.items()} for article, changed in texts}
    log.add(session, issue, at=at, who=who, what=what, before=before, after=after)
    session.add(issue)
    session.flush()


def _change(frozen: Inputs, now: Source, edits: Edits) -> SourceChange | None:
    row = now.row
    texts = {name: (getattr(frozen, name), getattr(row, name)) for name in TEXTS}
    changed = {name: pair for name, pair in texts.items() if pair[0] != pair[1]}
    if _address(frozen.url) != _address(row.url):
        changed["url"] = (frozen.url, row.url)
    changed |= _picture(frozen, now)
    if not changed:
        return None
    own = edits.texts.get(frozen.id, {})
    over = tuple(name for name in changed if OWN.get(name, name) in own)
    return SourceChange(frozen.id, frozen.headline, changed, _hash(row), over)


def _picture(frozen: Inputs, now: Source) -> dict[str, tuple[str, str]]:
    """Return whether it has another picture, or another description of it; our cut copy of one is the same."""
    held, row = dict(frozen.picture or {}), now.row
    before = str(held.get("url", ""))
    if frozen.picture_lost:
        return {} if now.lost or not row.image_url else {"picture": ("", row.image_url)}
    same = before == row.image_url or (bool(now.cut) and before.endswith(f"/{now.cut}"))
    if not same:
        return {"picture": (before, row.image_url)}
    alt = str(held.get("alt", ""))
    return {"alt": (alt, row.image_alt)} if before and alt != row.image_alt else {}


def _address(url: str) -> str:
    """Return where an address leads, without what follows readers about."""
    try:
        return canonical_url(url)
    except BadInput:
        return url


def _hash(row: Row[Any]) -> str:
    parts = [*(getattr(row, name) for name in TEXTS), _address(row.url), row.image_url, row.image_alt]
    return sha256("\x1f".join(parts).encode()).hexdigest()[:16]
