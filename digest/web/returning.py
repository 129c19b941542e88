"""Where somebody goes on who had to sign in first: to the page they were at, never to an order or another site."""

from collections.abc import Iterable, Iterator
from typing import Final

from fastapi import Request
from fastapi.routing import APIRoute

from subscribers.pages import BOTH_WAYS

_HOME: Final = "/desk"


def after(request: Request) -> str:
    """Return the path of the page to show after signing in: a page itself, with what it was asked for.

    For what a button sent it is the nearest page above its address: orders stand under the page that has the button.
    """
    path: str = request.scope["path"]
    if request.method in BOTH_WAYS:
        return f"{path}?{request.url.query}" if request.url.query else path
    known = {one.path for one in _routes(request.app.routes) if set(BOTH_WAYS) & (one.methods or set())}
    template, here = request.scope["route"].path.split("/"), path.split("/")
    while len(template) == len(here) > len(_HOME.split("/")):
        if "/".join(template) in known:
            return "/".join(here)
        template, here = template[:-1], here[:-1]
    return _HOME


def _routes(known: Iterable[object]) -> Iterator[APIRoute]:
    """Yield the routes of an application, also those of the routers that it includes (FastAPI keeps them whole)."""
    for one in known:
        if isinstance(one, APIRoute):
            yield one
        yield from _routes(getattr(getattr(one, "original_router", None), "routes", ()))
