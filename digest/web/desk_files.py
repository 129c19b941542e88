"""The desk's scripts: its own, and htmx as it was released, each under a name that changes with it."""

from functools import cache
from hashlib import sha256
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from digest.errors import NotFound
from digest.settings import templates_folder
from digest.web.templates import problem
from subscribers.pages import BOTH_WAYS

FOR_GOOD: Final = "public, max-age=31536000, immutable"
HTMX: Final = "vendor/htmx-2.0.11.min.js"
FILES: Final = {"htmx.js": HTMX, "desk.js": "desk.js", "drag.js": "drag.js"}


def router() -> APIRouter:
    """Return the route /desk/files/{hash}/{name}: a file never changes under its address."""
    made = APIRouter(prefix="/desk/files")
    made.add_api_route("/{mark}/{name}", _file, methods=BOTH_WAYS, response_model=None)
    return made


def address(name: str) -> str:
    """Return where a script is. Raises NotFound."""
    return f"/desk/files/{_read(name)[1]}/{name}"


def addresses() -> list[str]:
    """Return the scripts of an issue's page, in the order they are run."""
    return [address(name) for name in FILES]


def _file(mark: str, name: str) -> Response:
    try:
        body, known = _read(name)
    except NotFound as error:
        return problem(str(error))
    cache_for = FOR_GOOD if mark == known else "no-cache"
    return Response(body, media_type="text/javascript; charset=utf-8", headers={"Cache-Control": cache_for})


@cache
def _read(name: str) -> tuple[bytes, str]:
    if name not in FILES:
        raise NotFound("There is no such page here.")
    body = (templates_folder() / "desk" / FILES[name]).read_bytes()
    return body, sha256(body).hexdigest()[:16]
