"""Drafting an issue: gathering its candidates at a cut-off and storing all it will ever be built from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, text
from sqlmodel import Session, col

from digest.articles.candidates import gather, named
from digest.articles.models import Article
from digest.articles.pictures.store import PictureStore
from digest.clock import as_utc_text
from digest.database import Database
from digest.errors import NotFound
from digest.issues import gathering, lifecycle, log, numbering, publications
from digest.issues import recipe as recipes
from digest.issues.building import issue_id
from digest.issues.edits import Edits
from digest.issues.frame import Frame
from digest.issues.frame import freeze as freeze_frame
from digest.issues.history import History, sent_to_sets, told_this_week
from digest.issues.models import Issue, IssueCandidate, IssueStatus, Publication
from digest.issues.recipe import Recipe
from digest.ranking.formula import Formula, for_cadence

_CANDIDATE: Any = IssueCandidate.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What a draft stores: the frame, and each candidate's inputs."""

    frame: Frame
    inputs: list[dict[str, Any]]


def draft(
    database: Database,
    publication_id: str,
    *,
    as_of: datetime,
    at: datetime,
    once: bool = False,
    pictures: PictureStore | None = None,
) -> Issue:
    """Draft the issue of a publication at a cut-off; the same cut-off again returns what is stored.

    ``as_of``: the cut-off. ``at``: now. ``once``: a special issue outside the schedule. ``pictures``: where the cut
    copies are that its mail shows (``store.cut_pictures``); None: it shows the newsroom's own pictures.
    """
    number = issue_id(publication_id, as_of, once)
    with database.reading() as session:
        stored = session.get(Issue, number)
        if stored is not None:
            session.expunge(stored)  # the end of a reading session would empty it
            return stored
        gathered = _gather(session, publication_id, as_of, number, (), pictures=pictures)
    with database.writing() as session:
        return _store(session, number, publication_id, gathered, as_of=as_of, at=at, once=once)


def refresh(
    database: Database, issue: UUID, as_of: datetime, at: datetime, who: str, *, pictures: PictureStore | None = None
) -> Issue:
    """Gather an issue's candidates anew at another cut-off, keeping every edit; takes an approval back."""
    with database.reading() as session:
        held = find(session, issue)
        added = [UUID(one) for one in Edits.model_validate(held.edits).added]
        gathered = _gather(session, held.publication_id, as_of, issue, added, pictures=pictures)
    with database.writing() as session:
        held = find(session, issue)
        lifecycle.reopen(held, at)
        log.add(session, held, at=at, who=who, what="refresh", before=as_utc_text(held.as_of), after=as_utc_text(as_of))
        held.as_of = as_of
        held.frame = gathered.frame.model_dump(mode="json")
        session.add(held)
        session.flush()
        session.execute(delete(_CANDIDATE).where(_CANDIDATE.c.issue_id == issue))
        store_candidates(session, issue, gathered.inputs)
        return held


def recipe(session: Session, issue: Issue) -> Recipe:
    """Return what an issue is built from, as it is stored."""
    return recipes.load(session, issue)


def find(session: Session, issue: UUID) -> Issue:
    """Return an issue by its id, or raise NotFound."""
    found = session.get(Issue, issue)
    if found is None:
        raise NotFound(f"There is no issue {issue}. `digest issues list` shows those that exist.")
    return found


def store_candidates(session: Session, issue: UUID, inputs: Iterable[dict[str, Any]]) -> None:
    """Store the inputs of an issue's candidates."""
    rows = [{"issue_id": issue, "article_id": UUID(one["id"]), "inputs": one} for one in inputs]
    if rows:
        session.execute(insert(_CANDIDATE), rows)


def inputs_of(
    session: Session, issue: Issue, articles: Sequence[Article], pictures: PictureStore | None = None
) -> list[dict[str, Any]]:
    """Return the inputs of articles as candidates of an issue that exists already."""
    frozen = Publication.model_validate(issue.frame["publication"])
    history = _history(session, frozen, issue.as_of, issue.id)
    window = _window(for_cadence(frozen.cadence))
    return gathering.freeze(
        session,
        articles,
        publication_id=issue.publication_id,
        as_of=issue.as_of,
        history=history,
        window=window,
        apart=issue.id,
        pictures=pictures,
    )


def _gather(
    session: Session,
    publication_id: str,
    as_of: datetime,
    issue: UUID,
    added: Sequence[UUID],
    *,
    pictures: PictureStore | None,
) -> _Gathered:
    publication = publications.get(session, publication_id)
    formula = for_cadence(publication.cadence)
    history = _history(session, publication, as_of, issue)
    last = as_utc_text(history.last_cutoff) if history.last_cutoff else None
    frame = freeze_frame(session, publication, formula.version, last)
    articles = _articles(session, as_of, formula, added)
    inputs = gathering.freeze(
        session,
        articles,
        publication_id=publication_id,
        as_of=as_of,
        history=history,
        window=_window(formula),
        apart=issue,
        pictures=pictures,
    )
    return _Gathered(frame, inputs)


def _history(session: Session, publication: Publication, as_of: datetime, apart: UUID) -> History:
    """Return what a publication told its sets; with what its daily told this week, where it may repeat that."""
    found = sent_to_sets(session, publication.id, as_of, apart)
    if not (publication.repeats_daily and publication.companion):
        return found
    return replace(found, daily=told_this_week(session, publication.companion, as_of))


def _window(formula: Formula) -> timedelta:
    return timedelta(hours=formula.window_hours + formula.grace_hours)


def _articles(session: Session, as_of: datetime, formula: Formula, added: Sequence[UUID]) -> list[Any]:
    """Return what may matter, in every language so that all have a reason, and what editors brought in by hand."""
    found = gather(session, as_of=as_of, window_hours=formula.window_hours, grace_hours=formula.grace_hours)
    return list({article.id: article for article in (*found, *named(session, added))}.values())


def _store(
    session: Session,
    number: UUID,
    publication_id: str,
    gathered: _Gathered,
    *,
    as_of: datetime,
    at: datetime,
    once: bool,
) -> Issue:
    _lock(session)
    stored = session.get(Issue, number)
    if stored is not None:  # another worker was quicker
        return stored
    issue = Issue.model_validate(
        {
            "id": number,
            "number": numbering.last(session, col(Issue.number)) + 1,
            "publication_id": publication_id,
            "as_of": as_of,
            "once": once,
            "status": IssueStatus.draft,
            "frame": gathered.frame.model_dump(mode="json"),
            "created_at": at,
            "changed_at": at,
        }
    )
    session.add(issue)
    session.flush()
    store_candidates(session, issue.id, gathered.inputs)
    log.add(session, issue, at=at, who="digest", what="draft", after=as_utc_text(as_of))
    return issue


def _lock(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text("LOCK TABLE issue IN SHARE ROW EXCLUSIVE MODE"))
