"""Judges what an address answered: sound, dead, a login, a page that only looks like one. Pure."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from digest.articles.importing.page import Page
from digest.articles.importing.page_addresses import is_front
from digest.articles.importing.page_walls import LOGIN, PATH
from digest.errors import BadInput
from digest.fetching import Fetched, shown
from digest.proofs.check import Asked, Level
from digest.proofs.links.targets import Target

DEAD: Final = "link-dead"
CODES: Final = frozenset(
    {DEAD, "link-login", "link-soft-404", "link-front", "link-http", "link-hops"}
    | {"link-refused", "link-slow", "link-inside", "picture-dead", "picture-kind"}
)
MOST_REDIRECTS: Final = 3  # more of them cost a phone seconds
GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_MEND: Final = "Mend its address, or exclude or replace the story; for a page of ours mend the template"
_LOOK: Final = "Open it, and see whether readers get the story"
# What the fetcher says of an address that gave no answer: the rest of its sentences mean that nothing is there.
_SILENT: Final[Mapping[str, tuple[str, str]]] = {
    "took too long": ("link-slow", _LOOK),
    "an address inside this network": ("link-inside", "Look from outside whether readers reach it"),
    "redirects more than": ("link-hops", "Link to where it leads in the end"),
}
_EXISTS: Final = "it is larger than"
_HTML: Final = ("", "text/html", "application/xhtml+xml")


def judge(target: Target, fetched: Fetched, at: datetime) -> Asked:
    """Return what an answer says of a link."""
    if fetched.status in GONE:
        return _bad(target, at, DEAD, f"answers {fetched.status}: there is no such page", _MEND)
    if fetched.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _bad(target, at, DEAD, f"answers {fetched.status}, an error of its server, twice", _MEND)
    if fetched.status == HTTPStatus.UNAUTHORIZED:
        return _bad(target, at, "link-login", "asks for a login (401)", _LOOK)
    if not HTTPStatus.OK <= fetched.status < HTTPStatus.MULTIPLE_CHOICES:
        return _bad(target, at, "link-refused", f"answers {fetched.status}; it may refuse only programs", _LOOK)
    return _picture(target, fetched, at) if target.picture else _page(target, fetched, at)


def failed(target: Target, error: BadInput, at: datetime) -> Asked:
    """Return what it says of a link that there was no answer; ``error``: the fetcher's sentence."""
    said = str(error)
    if _EXISTS in said:
        return Asked(url=target.url, at=at)
    for part, (code, remedy) in _SILENT.items():
        if part in said:
            return Asked(url=target.url, at=at, level=Level.amber, code=code, sentence=said, remedy=remedy)
    code = "picture-dead" if target.picture else DEAD
    return Asked(url=target.url, at=at, level=Level.red, code=code, sentence=said, remedy=_MEND)


def is_fleeting(asked: Asked, status: int | None) -> bool:
    """Tell whether it is worth asking once more: an error of the server, or no answer (``None``)."""
    return asked.level is Level.red and status not in GONE


def says_all(target: Target, head: Fetched) -> bool:
    """Tell whether the answer to HEAD is enough: it is there, and no page whose words could say otherwise."""
    sound = head.status == HTTPStatus.OK and head.content_type not in _HTML
    return sound and not (target.picture and size_of(head) == 0)


def size_of(fetched: Fetched) -> int:
    """Return how many bytes a picture has; 0 where that is not known."""
    said = fetched.headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) < 12 else len(fetched.body)  # noqa: PLR2004 - else nonsense


def _picture(target: Target, fetched: Fetched, at: datetime) -> Asked:
    kind = fetched.content_type
    if kind and not kind.startswith("image/") and kind != "application/octet-stream":
        return _bad(target, at, "picture-kind", f"is no picture but {kind[:40]}", "Give the article another picture")
    return Asked(url=target.url, at=at, size=size_of(fetched))


def _page(target: Target, fetched: Fetched, at: datetime) -> Asked:
    if is_front(fetched.url) and not is_front(target.url):
        return _bad(target, at, "link-front", f"leads to the front page {shown(fetched.url)}", _MEND)
    if fetched.content_type in _HTML and (wall := _wall(fetched)):
        code, said = wall
        return _bad(target, at, code, said, _LOOK)
    if urlsplit(target.url).scheme == "https" and urlsplit(fetched.url).scheme == "http":
        said = f"leads to {shown(fetched.url)}, which is not on https"
        return _bad(target, at, "link-http", said, "Link to where it stands on https")
    hops = len(fetched.redirects)
    if hops > MOST_REDIRECTS:
        said = f"is redirected {hops} times before it shows {shown(fetched.url)}"
        return _bad(target, at, "link-hops", said, "Link to where it leads in the end")
    return Asked(url=target.url, at=at)


def _wall(fetched: Fetched) -> tuple[str, str] | None:
    """Return what a page shows in the place of what is looked for: a login, or that there is none."""
    page = Page.of(fetched.body, fetched.url, fetched.headers.get("content-type", ""))
    if page.is_article:
        return None
    login = "link-login", f"shows a login ({shown(fetched.url)})"
    if fetched.redirects and PATH.search(urlsplit(fetched.url).path):
        return login
    if page.tags.password or LOGIN.match(page.tags.title.strip()):
        return login
    if page.is_wall:
        title = " ".join(page.tags.title.split())[:80]
        return "link-soft-404", f"answers 200, but shows an error: {title!r}"
    return None


def _bad(target: Target, at: datetime, code: str, said: str, remedy: str) -> Asked:
    if target.picture and code == DEAD:
        code, remedy = "picture-dead", "Give the article another picture, and refresh the issue"
    level = Level.red if code in (DEAD, "picture-dead") else Level.amber
    what = "The picture " if target.picture else ""
    return Asked(
        url=target.url, at=at, level=level, code=code, sentence=f"{what}{shown(target.url)} {said}.", remedy=remedy
    )
