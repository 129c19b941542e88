"""The pages that are the same for everybody: what this is, how stories are chosen, pictures, and whether it runs."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from digest.articles.pictures.store import NAME
from digest.bootstrap import App
from digest.issues.models import Publication
from digest.ranking.formula import DAILY, WEEKLY, for_cadence
from digest.rendering.catalogue.pages import own_names
from digest.settings import templates_folder
from digest.web.conditional import has
from digest.web.templates import asked_for, page, problem
from subscribers.pages import BOTH_WAYS

TYPES: Final = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
FOR_A_MONTH: Final = {"Cache-Control": "public, max-age=2592000"}  # an icon keeps its address when it changes
FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


def router(app: App) -> APIRouter:
    """Return the routes /, /how-we-choose, /pictures/{name}, /health and the icons."""
    made = APIRouter()
    for path, show in (
        ("/", _home),
        ("/how-we-choose", _how),
        ("/how-we-choose/{publication}", _how_of(app)),
        ("/pictures/{name}", _picture(app)),
        ("/health", _health(app)),
        ("/icon.svg", _icon("icon.svg", "image/svg+xml")),
        ("/favicon.ico", _icon("icon.ico", "image/x-icon")),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    return made


def _home(request: Request) -> Response:
    return page("home", spoken=asked_for(request))


def _how(request: Request) -> Response:
    formulas = {"weekly": WEEKLY, "daily": DAILY}
    return page("how", spoken=asked_for(request), name="", formulas=formulas, languages=own_names())


def _how_of(app: App) -> Callable[[str, Request], Response]:
    def how(publication: str, request: Request) -> Response:
        spoken = asked_for(request)
        with app.database.reading() as session:
            found = session.get(Publication, publication)
        if found is None:
            return problem("There is no newsletter of that name here.", spoken=spoken)
        formulas = {found.cadence: for_cadence(found.cadence)}
        return page("how", spoken=spoken, name=found.name, formulas=formulas, languages=own_names())

    return how


def _picture(app: App) -> Callable[[str, Request], Response]:
    """Serve a picture for good: its name is the hash of its content, so it never means another, and marks it too."""

    def picture(name: str, request: Request) -> Response:
        file = app.settings.pictures_dir / name
        if NAME.fullmatch(name) is None or not file.is_file():
            return problem("There is no such picture here.", spoken=asked_for(request))
        known, _, ending = name.partition(".")
        headers = {**FOR_EVER, "ETag": f'"{known}"'}
        if has(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return FileResponse(file, headers=headers, media_type=TYPES[ending])

    return picture


def _icon(name: str, kind: str) -> Callable[[], Response]:
    """Serve our icon: the drawing that pages name, and the picture that some programs ask for by themselves."""

    def icon() -> Response:
        return FileResponse(templates_folder() / "public" / name, headers=FOR_A_MONTH, media_type=kind)

    return icon


def _health(app: App) -> Callable[[], Response]:
    def health() -> Response:
        try:
            with app.database.reading() as session:
                session.connection().execute(text("SELECT 1"))
        except SQLAlchemyError:
            return JSONResponse({"database": "does not answer"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"database": "ok"}, headers={"Cache-Control": "no-store"})

    return health
