"""Puts the pages together into one web application."""

from functools import partial
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import Response

from digest.bootstrap import App
from digest.rendering.catalogue.pages import own_names
from digest.web import (
    archive,
    clicks,
    desk,
    desk_checks,
    desk_feeds,
    desk_fields,
    desk_files,
    desk_history,
    desk_imports,
    desk_issue,
    desk_lists,
    desk_newsroom,
    desk_openid,
    desk_panes,
    desk_people,
    desk_publications,
    desk_readers,
    desk_region_presets,
    desk_regions,
    desk_report,
    desk_schedule,
    desk_sending,
    desk_sign_in,
    desk_tags,
    desk_templates,
    editions,
    metrics,
    offers,
    own_data,
    privacy,
    public,
    review,
    under_api,
    webhooks,
)
from digest.web.acting import Acts
from digest.web.desk_sign_in import SignIn
from digest.web.gate import Gate
from digest.web.key_door import KeyDoor
from digest.web.letters import family_name, sender, wants_zones
from digest.web.limiting import Limiter
from digest.web.review_pages import page
from digest.web.security import SecurityHeaders, of_our_pages
from digest.web.templates import PRODUCT, asked_for, environment, problem, style, translation
from subscribers import pages

DESK: Final = "/desk"
NOT_HERE: Final = "There is no such page here."
ONLY_ORDERS: Final = "This is no page: only buttons lead here. Opening it does nothing."


def create(app: App) -> FastAPI:
    """Return the web application of a product. It opens nothing until it is asked, and closes nothing."""
    web = FastAPI(title=PRODUCT, docs_url=None, redoc_url=None, openapi_url=None)
    limiter = Limiter(app.clock)
    gate = Gate(app, Acts(app))
    web.include_router(pages.router(_readers(app, limiter)))
    web.include_router(editions.router(app, limiter))
    web.include_router(public.router(app))
    web.include_router(archive.router(app))
    web.include_router(privacy.router(app))
    web.include_router(clicks.router(app))
    web.include_router(webhooks.router(app))
    web.include_router(review.router(app, limiter))
    web.include_router(desk_sending.router(gate, limiter))
    web.include_router(desk_history.router(gate))
    web.include_router(desk_report.router(gate))
    web.include_router(desk_files.router())
    web.include_router(desk_panes.router(gate))
    web.include_router(desk_fields.router(gate))
    web.include_router(desk_issue.router(gate))
    for newsroom in (desk_newsroom, desk_feeds, desk_tags, desk_region_presets, desk_regions, desk_lists, desk_readers):
        web.include_router(newsroom.router(gate))
    for recurring in (desk_publications, desk_schedule, desk_templates):
        web.include_router(recurring.router(gate))
    web.include_router(desk_imports.router(gate))
    web.include_router(desk_people.router(gate))
    web.include_router(desk_sign_in.router(gate, limiter))
    web.include_router(desk_openid.router(SignIn(gate, limiter), limiter))
    web.include_router(desk_checks.router(gate))
    web.include_router(desk.router(gate))
    web.include_router(metrics.router(app, KeyDoor(app, limiter, most=0)))
    under_api.include(web, app, limiter, _not_found)
    web.add_middleware(SecurityHeaders, policy=of_our_pages(style()))
    return web


def _readers(app: App, limiter: Limiter) -> pages.Ports:
    """Return what the readers' pages are handed."""
    return pages.Ports(
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
        ordered=partial(offers.ordered, app),
        personal=partial(clicks.counts_people, app),
        companion=partial(offers.companion, app),
        offers=partial(offers.offers, app),
        languages=own_names(),
        known=partial(own_data.known, app),
        forget=own_data.forget,
    )


def _not_found(request: Request, error: Exception) -> Response:
    """Answer for an address that is not there, or that only takes what a form sends; at the desk, with a way on."""
    path: str = request.scope["path"]
    if not (path == DESK or path.startswith(f"{DESK}/")):
        status = HTTPStatus(getattr(error, "status_code", HTTPStatus.NOT_FOUND))
        return problem(NOT_HERE, status, spoken=asked_for(request))
    if getattr(error, "status_code", None) != HTTPStatus.METHOD_NOT_ALLOWED:
        return page("lost", HTTPStatus.NOT_FOUND, at_desk=True, who="", sentence=NOT_HERE, back=DESK)
    values = {"sentence": ONLY_ORDERS, "back": path.rpartition("/")[0]}
    return page("lost", HTTPStatus.METHOD_NOT_ALLOWED, at_desk=True, who="", **values)
