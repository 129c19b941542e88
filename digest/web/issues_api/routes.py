"""Puts the routes of the API together: each with its scope, its shapes, and the problems it may answer."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter

from digest.api_keys import Scope
from digest.bootstrap import App
from digest.web.issues_api import outcomes, shapes
from digest.web.issues_api.describing import operation
from digest.web.issues_api.editing import Editing
from digest.web.issues_api.listing import Listing
from digest.web.issues_api.reading import Reading
from digest.web.issues_api.seeing import Newsroom
from digest.web.issues_api.sending import Sending
from digest.web.key_door import KeyDoor
from digest.web.limiting import Limiter

MOST_BODY: Final = 1_000_000  # bytes
ONE: Final = "/api/issues/{number}"
_GET, _POST, _PUT = "GET", "POST", "PUT"
_CHANGES: Final = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED)
_CREATED: Final[Mapping[int | str, dict[str, Any]]] = {201: {"description": "Made", "model": shapes.IssueLine}}


def router(app: App, limiter: Limiter) -> APIRouter:
    """Return the routes under /api that are about issues."""
    newsroom = Newsroom(app, limiter)
    made = _Routes(KeyDoor(app, limiter, MOST_BODY))
    _lists(made, Listing(newsroom))
    _one(made, Reading(newsroom))
    _changes(made, Editing(newsroom))
    _orders(made, Sending(newsroom))
    return made.router


class _Routes:
    """Adds routes, each behind the door."""

    def __init__(self, door: KeyDoor) -> None:
        self.router = APIRouter()
        self._kinds = {scope: door.route(scope) for scope in Scope}

    def add(  # noqa: PLR0917 - what a route is
        self,
        scope: Scope,
        tag: str,
        method: str,
        path: str,
        act: Callable[..., Any],
        shape: Any,
        more: tuple[HTTPStatus, ...] = (),
        responses: Mapping[int | str, dict[str, Any]] | None = None,
    ) -> None:
        """Add a route; one that is read can be asked for its headers alone, too (HEAD)."""
        told = operation(act, scope, more)
        told["responses"] = {**told["responses"], **(responses or {})}
        kind, known = self._kinds[scope], {"response_model": shape, "tags": [tag]}
        self.router.add_api_route(path, act, methods=[method], route_class_override=kind, **known, **told)
        if method == _GET:
            self.router.add_api_route(
                path, act, methods=["HEAD"], route_class_override=kind, include_in_schema=False, response_model=shape
            )


def _lists(made: _Routes, doors: Listing) -> None:
    for path, act, shape in (
        ("/api/issues", doors.list_issues, shapes.IssuePage),
        ("/api/publications", doors.list_publications, outcomes.Publications),
        ("/api/lists", doors.list_lists, outcomes.Lists),
        ("/api/regions", doors.list_regions, outcomes.Regions),
        ("/api/schedule", doors.show_schedule, outcomes.Schedule),
    ):
        made.add(Scope.read, "Lists", _GET, path, act, shape)


def _one(made: _Routes, doors: Reading) -> None:
    for path, act, shape in (
        ("", doors.show_issue, shapes.IssueWhole),
        ("/candidates", doors.list_candidates, shapes.CandidatePage),
        ("/history", doors.list_history, shapes.HistoryPage),
        ("/comments", doors.list_comments, shapes.Comments),
        ("/editions/{edition}", doors.show_edition, shapes.Edition),
        ("/ledger", doors.show_ledger, outcomes.Ledger),
        ("/report", doors.show_report, dict[str, Any]),
    ):
        more = (HTTPStatus.CONFLICT,) if path in ("/report", "/candidates") else ()
        made.add(Scope.read, "One issue", _GET, ONE + path, act, shape, more)


def _changes(made: _Routes, doors: Editing) -> None:
    edit, tag = Scope.edit, "Editing"
    drafts = "/api/publications/{publication}/drafts"
    made.add(edit, tag, _POST, drafts, doors.make_draft, shapes.IssueLine, responses=_CREATED)
    made.add(edit, tag, _POST, f"{ONE}/edits", doors.edit, outcomes.Changed, _CHANGES)
    made.add(edit, tag, _PUT, f"{ONE}/texts", doors.set_texts, outcomes.Changed, _CHANGES)
    made.add(edit, tag, _POST, f"{ONE}/refresh", doors.gather_anew, outcomes.Changed, _CHANGES)
    made.add(edit, tag, _POST, f"{ONE}/check", doors.check, shapes.Checked)
    made.add(edit, tag, _POST, f"{ONE}/comments", doors.add_comment, shapes.Comment)
    made.add(edit, tag, _POST, ONE + "/comments/{comment}/resolve", doors.resolve_comment, shapes.Comment)


def _orders(made: _Routes, doors: Sending) -> None:
    send, tag = Scope.send, "Sending"
    made.add(Scope.edit, tag, _POST, f"{ONE}/test", doors.send_test, outcomes.Tested, (HTTPStatus.BAD_GATEWAY,))
    made.add(send, tag, _POST, f"{ONE}/approve", doors.approve, outcomes.Approval, _CHANGES)
    made.add(send, tag, _POST, f"{ONE}/revoke", doors.revoke, shapes.IssueLine, _CHANGES)
    made.add(send, tag, _POST, f"{ONE}/schedule", doors.schedule, outcomes.Ledger, _CHANGES)
    made.add(send, tag, _POST, f"{ONE}/send", doors.send, outcomes.Ledger, _CHANGES)
    for name, act in (("pause", doors.pause), ("resume", doors.resume), ("cancel", doors.cancel)):
        made.add(send, tag, _POST, f"{ONE}/{name}", act, outcomes.Ledger)
    made.add(send, tag, _POST, ONE + "/uncertain/{batch}", doors.resolve_batch, outcomes.Settled)
