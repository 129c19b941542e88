"""The desk's first page: every issue on a line, and the runs of the next four weeks."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from digest.editors import times
from digest.issues import lifecycle, publications
from digest.issues.models import Issue, IssueLog, Publication
from digest.proofs.check import Level
from digest.proofs.models import EditionStory, ProofRecord
from digest.rendering.wording import clean
from digest.schedule import PlannedRun, planned

MOST: Final = 60  # issues that are listed, the newest first
FEW: Final = 3  # lists that are named
AHEAD: Final = timedelta(days=28)


def lines(session: Session, at: datetime) -> list[dict[str, Any]]:
    """Return the newest issues as the page lists them."""
    found = session.execute(select(Issue).order_by(col(Issue.number).desc()).limit(MOST)).scalars().all()
    named = {one.id: one for one in publications.all_publications(session)}
    stories, proofs, last = _stories(session, found), _proofs(session, found), _last(session, found)
    return [
        _line(one, named[one.publication_id], stories.get(one.number, 0), proofs.get(one.id), last.get(one.id), at)
        for one in found
    ]


def runs_ahead(session: Session, at: datetime) -> list[dict[str, Any]]:
    """Return the runs whose cut-off comes within four weeks, also those that are skipped, by their cut-off."""
    found = [(run, one) for one in publications.all_publications(session) for run in _ahead(one, at)]
    found.sort(key=lambda pair: (pair[0].cutoff, pair[1].id))
    return [_run(run, one) for run, one in found]


def _ahead(publication: Publication, at: datetime) -> Iterator[PlannedRun]:
    for run in planned(publication, at):
        if run.cutoff > at + AHEAD:
            return
        yield run


def _run(run: PlannedRun, publication: Publication) -> dict[str, Any]:
    skipped = run.day.isoformat() in publication.skip_dates
    return {
        "publication": publication.id,
        "name": clean(publication.name),
        "day": f"{run.day:%a} {run.day.day} {run.day:%b}",
        "iso": run.day.isoformat(),
        "cutoff": times.when(run.cutoff, run.zone),
        "send": times.when(run.send, run.zone),
        "why_not": run.why_not,
        "note": run.note,
        "can_skip": not run.why_not,
        "can_undo": bool(run.why_not) and skipped,
    }


def _line(  # noqa: PLR0917 - what one line is made of
    issue: Issue,
    publication: Publication,
    stories: int,
    proof: ProofRecord | None,
    last: IssueLog | None,
    at: datetime,
) -> dict[str, Any]:
    fresh = proof is not None and proof.version == issue.version
    levels = [one["level"] for one in proof.checks] if proof and fresh else []
    readers = issue.audience_size if issue.audience_size is not None else proof.readers if proof else None
    coming = issue.send_at is not None and issue.send_at > at
    return {
        "number": issue.number,
        "name": clean(publication.name),
        "day": times.day(publication, issue),
        "lists": _lists(issue),
        "status": lifecycle.stands(issue),
        "flag": "stopped" if issue.failed else "held" if issue.held else "",
        "sends": times.when(issue.send_at, publication.zone) if issue.send_at else "no hour is set",
        "in_words": f"in {times.span(issue.send_at - at)}" if coming and issue.send_at else "",
        "stories": stories if proof else "–",
        "readers": "–" if readers is None else f"{readers:,}",
        "checked": fresh,
        "red": levels.count(Level.red.value),
        "amber": levels.count(Level.amber.value),
        "changed": f"{issue.changed_at.astimezone(ZoneInfo(publication.zone)):%d %b, %H:%M}",
        "by": last.who if last else "",
    }


def _lists(issue: Issue) -> str:
    """Return the lists of an issue by name: all where they are few, else how many."""
    names = [clean(one["name"]) for one in issue.frame.get("lists", ())]
    return ", ".join(names) if len(names) <= FEW else f"{len(names)} lists"


def _stories(session: Session, issues: Sequence[Issue]) -> dict[int, int]:
    """Return how many stories each issue holds, over all its editions."""
    story: Any = EditionStory.__table__.c  # type: ignore[attr-defined]
    query = select(story.issue_number, func.count(story.article_id.distinct())).group_by(story.issue_number)
    return dict(session.execute(query.where(story.issue_number.in_([one.number for one in issues]))).all())


def _proofs(session: Session, issues: Sequence[Issue]) -> dict[Any, ProofRecord]:
    query = select(ProofRecord).where(col(ProofRecord.issue_id).in_([one.id for one in issues]))
    revisions = {one.id: one.revision for one in issues}
    return {one.issue_id: one for one in session.execute(query).scalars() if one.revision == revisions[one.issue_id]}


def _last(session: Session, issues: Sequence[Issue]) -> dict[Any, IssueLog]:
    """Return the last entry of each issue's log."""
    ids = [one.id for one in issues]
    newest = select(func.max(col(IssueLog.id))).where(col(IssueLog.issue_id).in_(ids)).group_by(col(IssueLog.issue_id))
    query = select(IssueLog).where(col(IssueLog.id).in_(newest))
    return {one.issue_id: one for one in session.execute(query).scalars()}
