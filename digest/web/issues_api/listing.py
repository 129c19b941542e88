"""The lists of the API: issues by pages, publications, lists with their readers, regions, the runs ahead."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response
from sqlmodel import col, select

import subscribers
from digest import regions, schedule
from digest.issues import publications
from digest.issues.models import Issue, IssueStatus
from digest.web.issues_api.asking import Cursor, Limit, PublicationId
from digest.web.issues_api.seeing import Newsroom, cursor_of, linked, parts_of

Weeks = Annotated[int, Query(ge=1, le=52, description="How far ahead.")]


@dataclass(frozen=True)
class Listing:
    """Answers what there is."""

    newsroom: Newsroom

    def list_issues(  # noqa: PLR0917 - FastAPI names what it hands in
        self,
        request: Request,
        response: Response,
        limit: Limit = 20,
        cursor: Cursor = None,
        status: IssueStatus | None = None,
        publication: PublicationId | None = None,
    ) -> dict[str, Any]:
        """List the issues, the newest first."""
        query = select(Issue).order_by(col(Issue.number).desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(col(Issue.number) < parts_of(cursor, 1)[0])
        if status is not None:
            query = query.where(Issue.status == status)
        with self.newsroom.app.database.reading() as session:
            if publication is not None:
                query = query.where(Issue.publication_id == publications.get(session, publication).id)
            rows = list(session.exec(query))
        more = cursor_of(rows[limit - 1].number) if len(rows) > limit else None
        linked(request, response, more)
        return {"items": rows[:limit], "next": more}

    def list_publications(self) -> dict[str, Any]:
        """List the publications, with their schedule and the desk's rules."""
        with self.newsroom.app.database.reading() as session:
            return {"items": publications.all_publications(session)}

    def list_lists(self, publication: PublicationId | None = None) -> dict[str, Any]:
        """List the lists one can subscribe to, with how many readers each has now."""
        with self.newsroom.app.database.reading() as session:
            if publication is not None:
                publications.get(session, publication)
            found = subscribers.lists(session, publication)
            readers: dict[str, int] = {}
            for family in {one.family for one in found}:
                for part in subscribers.audience_sets(session, family, self.newsroom.now()):
                    readers |= {one: readers.get(one, 0) + part.readers for one in part.lists}
        return {"items": [one.model_dump() | {"readers": readers.get(one.id, 0)} for one in found]}

    def list_regions(self) -> dict[str, Any]:
        """List the regions; each names its parent."""
        with self.newsroom.app.database.reading() as session:
            return {"items": regions.all_regions(session)}

    def show_schedule(self, weeks: Weeks = 4, publication: PublicationId | None = None) -> dict[str, Any]:
        """List the runs ahead, also those that are left out, with the reason."""
        now = self.newsroom.now()
        with self.newsroom.app.database.reading() as session:
            chosen = (
                publications.all_publications(session)
                if publication is None
                else [publications.get(session, publication)]
            )
        until = now + timedelta(weeks=weeks)
        runs = [run for one in chosen for run in takewhile(lambda run: run.cutoff <= until, schedule.planned(one, now))]
        runs.sort(key=lambda run: (run.cutoff, run.publication_id))
        return {"items": [run.as_row() for run in runs]}
