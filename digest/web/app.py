"""Puts the pages together into one web application."""

from functools import partial
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response

from digest.bootstrap import App
from digest.web import (
    api,
    clicks,
    desk,
    desk_history,
    desk_issue,
    desk_newsroom,
    desk_people,
    desk_report,
    desk_sending,
    desk_sign_in,
    editions,
    public,
    review,
    webhooks,
)
from digest.web.acting import Acts
from digest.web.gate import Gate
from digest.web.letters import family_name, sender, wants_zones
from digest.web.limiting import Limiter
from digest.web.security import SecurityHeaders, of_our_pages
from digest.web.templates import PRODUCT, environment, problem, style, translation
from subscribers import pages


def create(app: App) -> FastAPI:
    """Return the web application of a product. It opens nothing until it is asked, and closes nothing."""
    web = FastAPI(title=PRODUCT, docs_url=None, redoc_url=None, openapi_url=None)
    limiter = Limiter(app.clock)
    gate = Gate(app, Acts(app))
    web.include_router(
        pages.router(
            sessions=app.database,
            clock=app.clock,
            keys=app.keys,
            templates=environment(),
            translator=translation,
            base_url=app.settings.base_url,
            limiter=limiter,
            send_confirmation=sender(app),
            names=partial(family_name, app),
            zoned=partial(wants_zones, app),
            personal=partial(clicks.counts_people, app),
        )
    )
    web.include_router(editions.router(app, limiter))
    web.include_router(public.router(app))
    web.include_router(clicks.router(app))
    web.include_router(webhooks.router(app))
    web.include_router(review.router(app, limiter))
    web.include_router(desk_sending.router(gate, limiter))
    web.include_router(desk_history.router(gate))
    web.include_router(desk_report.router(gate))
    web.include_router(desk_issue.router(gate))
    web.include_router(desk_newsroom.router(gate))
    web.include_router(desk_people.router(gate))
    web.include_router(desk_sign_in.router(gate, limiter))
    web.include_router(desk.router(gate))
    web.include_router(api.router(app, limiter))
    web.add_exception_handler(HTTPStatus.NOT_FOUND, _not_found)
    web.add_middleware(SecurityHeaders, policy=of_our_pages(style()))
    return web


def _not_found(_request: Request, _error: Exception) -> Response:
    return problem("There is no such page here.")
