"""All that stands under /api, and how it says what does not work: also to who asks for what is not there."""

from collections.abc import Callable, Iterable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from fastapi.routing import APIRoute

from digest.bootstrap import App
from digest.web import api, problems
from digest.web.issues_api import pages, routes
from digest.web.limiting import Limiter
from digest.web.problems import Refusal

FAULT = "Something is broken here, and it was written down. Look whether it was done before you repeat it."
NotFoundPage = Callable[[Request, Exception], Response]


def include(web: FastAPI, app: App, limiter: Limiter, not_found: NotFoundPage) -> None:
    """Add the routes under /api. ``not_found``: what answers elsewhere, for an address or a method there is not."""
    handing_in, issues = api.router(app, limiter), routes.router(app, limiter)
    described = pages.router([*issues.routes, *handing_in.routes], app.settings.base_url)
    for part in (handing_in, issues, described):
        web.include_router(part)

    ours = [one for part in (handing_in, issues, described) for one in part.routes if isinstance(one, APIRoute)]

    def nowhere(request: Request, error: Exception) -> Response:
        return _said(request, error) if _is_ours(request) else not_found(request, error)

    def other_method(request: Request, error: Exception) -> Response:
        if not _is_ours(request):
            return not_found(request, error)
        answer = _said(request, error)
        answer.headers["Allow"] = ", ".join(_methods(ours, request.scope["path"]))
        return answer

    web.add_exception_handler(HTTPStatus.NOT_FOUND, nowhere)
    web.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, other_method)
    web.add_exception_handler(Exception, _broken)


def _methods(routes: Iterable[APIRoute], path: str) -> list[str]:
    """Return all methods that an address takes: the router names those of the first route alone."""
    return sorted({method for one in routes if one.path_regex.match(path) for method in one.methods or ()})


def _broken(request: Request, _error: Exception) -> Response:
    """Answer for a fault of ours; the server writes it down."""
    if not _is_ours(request):
        return PlainTextResponse("Internal Server Error", HTTPStatus.INTERNAL_SERVER_ERROR)
    refusal = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, FAULT, {"Connection": "close"})
    return problems.answer(refusal, request.scope["path"])


def _said(request: Request, error: Exception) -> Response:
    return problems.answer(problems.refusal_of(error), request.scope["path"])


def _is_ours(request: Request) -> bool:
    path: str = request.scope["path"]
    return path == "/api" or path.startswith("/api/")
