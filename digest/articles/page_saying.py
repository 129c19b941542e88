"""Judges what an article's own page says of it: that it is there, that it is gone, or nothing for certain. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from digest.articles.canonical import canonical_url
from digest.articles.importing.data import ArticleData
from digest.articles.importing.page import Page
from digest.articles.importing.page_addresses import leads_away, same_site
from digest.errors import BadInput
from digest.fetching import Fetched, shown

OK, NOT_FOUND, GONE_FOR_GOOD = 200, 404, 410
NO_INDEX = frozenset({"noindex", "none"})  # none: noindex and nofollow


class Says(StrEnum):
    """What a page says of its article."""

    there = ""
    gone = "gone"
    noindex = "noindex"
    nothing = "nothing"  # an error, a login, another site: it says nothing of the article


@dataclass(frozen=True)
class Saying:
    """What was seen. ``sure``: once is enough. ``reason``: a sentence. ``article``: what the page tells of it."""

    says: Says
    reason: str = ""
    sure: bool = False
    article: ArticleData | None = None


def heard(url: str, fetched: Fetched) -> Saying:
    """Judge an answer to a request for an article's address."""
    if not _same_site(url, fetched.url):
        return Saying(Says.nothing, f"It leads to {shown(fetched.url)}.")
    if fetched.status == OK:
        return _shown(url, fetched)
    if fetched.status == GONE_FOR_GOOD:
        return Saying(Says.gone, "Its page is gone (410).", sure=True)
    if fetched.status == NOT_FOUND:
        return Saying(Says.gone, "Its page is not found (404).")
    return Saying(Says.nothing, f"Its page answers {fetched.status}.")


def _shown(url: str, fetched: Fetched) -> Saying:
    page = Page.of(fetched.body, fetched.url, fetched.headers.get("content-type", "")) if _is_html(fetched) else None
    if page is not None and page.is_wall:
        return Saying(Says.nothing, "Its page shows a login, a question or an error.")
    if leads_away(url, fetched.url) or (page is not None and _leads_to_section(url, fetched.url, page)):
        return Saying(Says.gone, f"Its page leads to {shown(fetched.url)}.")
    if asks_noindex(fetched.headers.get("x-robots-tag", "")) or (page is not None and asks_noindex(page.robots)):
        return Saying(Says.noindex, "Its page asks search engines to forget it (noindex).")
    return Saying(Says.there, article=_article(url, page) if page is not None else None)


def asks_noindex(robots: str) -> bool:
    """Tell whether a robots rule asks all engines not to list a page; what only one of them is asked is passed over."""
    for rule in robots.lower().split(","):
        if ":" in rule:
            return False  # what follows is for the engine of that name, or a date
        if rule.strip() in NO_INDEX:
            return True
    return False


def _is_html(fetched: Fetched) -> bool:
    return fetched.content_type in ("", "text/html", "application/xhtml+xml")


def _same_site(one: str, other: str) -> bool:
    hosts = [_key(url).partition("/")[0].partition("?")[0] for url in (one, other)]
    return all(hosts) and same_site(*hosts)


def _leads_to_section(url: str, final: str, page: Page) -> bool:
    """Tell whether an article's address led to another one, higher up, where nothing is an article."""
    depth = [len([part for part in urlsplit(one).path.split("/") if part]) for one in (final, url)]
    return _key(url) != _key(final) and not page.is_article and depth[0] < depth[1]


def _article(url: str, page: Page) -> ArticleData | None:
    """Return what the page tells of its article, if it is the page of this one."""
    if _key(url) not in (_key(page.url), _key(page.canonical)):
        return None
    try:
        return next((one for one in page.article() if isinstance(one, ArticleData)), None)
    except BadInput:
        return None


def _key(url: str) -> str:
    try:
        return canonical_url(url) if url else ""
    except BadInput:
        return ""
