"""One issue by the API: the whole of it, its candidates, history, comments, editions, ledger and report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from digest.editors import stories
from digest.editors.reading import Review
from digest.errors import Conflict, NotFound
from digest.issues import comments, editing, explaining, log, source_changes, telling
from digest.issues.edits import EVERYWHERE
from digest.issues.models import Issue as Row
from digest.proofs.models import Edition
from digest.proofs.preview import sample
from digest.proofs.proof import Proof
from digest.rendering import slots
from digest.reports import asking as reports
from digest.web.issues_api.asking import Cursor, Issue, Limit
from digest.web.issues_api.seeing import Newsroom, cursor_of, found, linked, parts_of, tagged

Words = Annotated[str, Query(max_length=200, description="Words that stand in headline, standfirst, author or topics.")]
OfList = Annotated[str, Query(alias="list", max_length=64, description="Only what is of this list's region.")]


@dataclass(frozen=True)
class Reading:
    """Answers what stands in an issue, and what became of it."""

    newsroom: Newsroom

    def show_issue(self, number: Issue, response: Response) -> dict[str, Any]:
        """Show an issue: its largest edition with the reason of each place, the checks, and all editions."""
        review = self.newsroom.review(number)
        with self.newsroom.app.database.reading() as session:
            standing = {str(one.article_id) for one in review.plan.stories}
            changes = source_changes.of_stories(session, review.issue, standing, review.recipe)
        tagged(response, review.issue.version)
        return {
            **{name: getattr(review.issue, name) for name in Row.model_fields},
            **telling.edition(review.plan, review.recipe),
            "name": review.publication.name,
            "deadline": review.deadline,
            "texts": stories.texts(review, EVERYWHERE),
            "source_changed": [one.as_json() for one in changes],
            "proof": review.proof.content_hash if review.proof else None,
            "checks": [one.as_json() for one in review.checks],
            "editions": lines(review.proof),
            "approval": review.approval,
        }

    def list_candidates(  # noqa: PLR0917 - FastAPI names what it hands in
        self,
        number: Issue,
        request: Request,
        response: Response,
        limit: Limit = 50,
        cursor: Cursor = None,
        q: Words = "",
        list_id: OfList = "",
    ) -> dict[str, Any]:
        """List the candidates by points: those that stand, then those left out, each with the reason."""
        review = self.newsroom.review(number)
        if list_id and list_id not in review.recipe.frame.by_list:
            raise NotFound(f"Issue {number} has no list {list_id!r}.")
        ids = stories.ordered(review, q, list_id)
        start = _start(cursor, review.issue.version)
        page = ids[start : start + limit]
        more = cursor_of(review.issue.version, start + limit) if len(ids) > start + limit else None
        linked(request, response, more)
        return {"items": _candidates(review, page), "next": more, "version": review.issue.version}

    def list_history(
        self, number: Issue, request: Request, response: Response, limit: Limit = 50, cursor: Cursor = None
    ) -> dict[str, Any]:
        """List who did what to an issue, the newest first."""
        before = parts_of(cursor, 1)[0] if cursor is not None else None
        with self.newsroom.app.database.reading() as session:
            rows = log.newest(session, found(session, number), limit + 1, before=before)
        more = cursor_of(rows[limit - 1].id) if len(rows) > limit else None
        linked(request, response, more)
        items = [one.model_dump() | {"can_restore": editing.is_change(one)} for one in rows[:limit]]
        return {"items": items, "next": more}

    def list_comments(self, number: Issue) -> dict[str, Any]:
        """List what was said about an issue and its stories, open ones first."""
        with self.newsroom.app.database.reading() as session:
            return {"items": comments.of_issue(session, found(session, number))}

    def show_edition(self, number: Issue, edition: UUID) -> dict[str, Any]:
        """Show an edition as its readers get it: subject, HTML and text, with made-up personal values."""
        review = self.newsroom.review(number)
        one = edition_of(review.proof, edition, number)
        values = sample(one, self.newsroom.app.settings.base_url)
        filled = {"html": slots.fill(one.html, values), "text": slots.fill(one.text, values)}
        return one.model_dump() | filled

    def show_ledger(self, number: Issue) -> dict[str, Any]:
        """Show where a sending stands: how many deliveries in each state, their sum, and uncertain batches."""
        return self.newsroom.ledger(number)

    def show_report(self, number: Issue) -> Mapping[str, Any]:
        """Show what an issue brought, table by table; refused while nothing of it has gone out."""
        with self.newsroom.app.database.reading() as session:
            return reports.of_issue(session, found(session, number), self.newsroom.now()).as_json()


def lines(proof: Proof | None) -> Sequence[Edition]:
    """Return the editions of a proof, those with most readers first."""
    return proof.editions if proof else ()


def edition_of(proof: Proof | None, wanted: UUID, number: int) -> Edition:
    """Return one edition of a proof. Raises NotFound."""
    one = next((one for one in lines(proof) if one.id == wanted), None)
    if one is None:
        raise NotFound(
            f"Issue {number} has no such edition as it is now. POST /api/issues/{number}/check makes them; "
            "the issue names them."
        )
    return one


def _start(cursor: str | None, version: int) -> int:
    """Return where a page of candidates starts. Raises Conflict where they are in another order by now."""
    if cursor is None:
        return 0
    looked_at, start = parts_of(cursor, 2)
    if looked_at != version:
        raise Conflict("The issue was changed since the first page. Start again without a cursor.")
    return start


def _candidates(review: Review, ids: Sequence[str]) -> list[dict[str, Any]]:
    placed = {str(one.article_id): one for one in review.plan.stories}
    left = {one.id: one for one in review.plan.left_out}
    rows = []
    for key in ids:
        inputs, stands, out = review.recipe.by_id[key], placed.get(key), left.get(key)
        points = (stands.points, stands.penalty) if stands else (out.points, 0.0) if out and out.points else None
        why = "It is for other lists than this edition’s."
        if stands:
            why = stands.why
        elif out:
            why = explaining.in_words(out, review.builder)
        rows.append(
            {
                "article_id": key,
                "url": inputs.url,
                "headline": inputs.headline,
                "editors_choice": inputs.editors_choice,
                "place": stands.place if stands else None,
                "block": stands.block if stands else None,
                "points": telling.points(*points) if points else None,
                "why": why,
            }
        )
    return rows
