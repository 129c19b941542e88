"""The desk's page of what an issue brought, its tables as CSV, and its plots as PNG."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from digest.errors import NotFound
from digest.reports import asking, writing
from digest.reports.tables import Report
from digest.web import around
from digest.web.gate import Gate
from digest.web.review_pages import Seen
from subscribers.pages import BOTH_WAYS

# The page styles itself, and so does the mail in its frame; neither runs a script.
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: http: data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def router(gate: Gate) -> APIRouter:
    """Return the routes /desk/issues/{number}/report, /report/{table}.csv and /report/{plot}.png."""
    doors = _Report(gate)
    made = APIRouter(prefix="/desk/issues/{number}/report")
    made.add_api_route("", doors.page, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/{table}.csv", doors.table, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/{plot}.png", doors.plot, methods=BOTH_WAYS, response_model=None)
    return made


@dataclass(frozen=True)
class _Report:
    gate: Gate

    def page(self, number: str, request: Request) -> Response:
        """Show what an issue brought."""
        return self.gate.answer(number, request, _page)

    def table(self, number: str, table: str, request: Request) -> Response:
        """Answer with one table as CSV."""
        return self.gate.answer(number, request, partial(_csv, key=table))

    def plot(self, number: str, plot: str, request: Request) -> Response:
        """Answer with one plot as PNG."""
        return self.gate.answer(number, request, partial(_png, key=plot))


def _page(seen: Seen) -> HTMLResponse:
    report = _made(seen)
    files = tuple((table.title, f"{seen.door.url}/report/{table.key}.csv") for table in report.tables if table.rows)
    desk = around.values() | {"who": seen.who}
    page = writing.page(report, back=seen.door.url, files=files, pictures=f"{seen.door.url}/report", desk=desk)
    return HTMLResponse(page, headers=HEADERS)


def _csv(seen: Seen, key: str) -> Response:
    report = _made(seen)
    found = next((table for table in report.tables if table.key == key), None)
    if found is None:
        raise NotFound(f"There is no table {key[:40]!r}. Tables: {', '.join(table.key for table in report.tables)}.")
    name = f"issue-{seen.review.issue.number}-{key}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(writing.csv_of(found), media_type="text/csv; charset=utf-8", headers=headers)


def _png(seen: Seen, key: str) -> Response:
    from digest.reports import pictures  # noqa: PLC0415 - the drawing library is for those who ask for a picture

    drawn = pictures.png(_made(seen), key)
    name = f"issue-{seen.review.issue.number}-{key}.png"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(drawn, media_type="image/png", headers=headers)


def _made(seen: Seen) -> Report:
    with seen.app.database.reading() as session:
        return asking.of_issue(session, seen.review.issue, seen.app.clock.now())
