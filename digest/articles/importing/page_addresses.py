"""Judges addresses that a page gives for itself: whether they can be its own, or are a template's mistake. Pure."""

import re

from digest.articles.canonical import canonical_url
from digest.errors import BadInput

COPIES = (
    "cdn.ampproject.org",
    "webcache.googleusercontent.com",
    "translate.goog",
    "web.archive.org",
    "amp.cloudflare.com",
)
SECOND_LEVEL = 3  # letters: co.uk, com.au
SLUG = 12  # letters; so long is the name of an article, not that of a section
LANGUAGE = re.compile(r"[a-z]{2}(?:-[a-z]{2,4})?\Z")
PLACES = re.compile(r"(?:index|home|default|start|main|404|error|not-?found|page-not-found|gone)(?:\.\w{2,5})?\Z")


def plausible(said: str, url: str) -> bool:
    """Tell whether an address that a page says is its own can be that.

    Never the front page; not what stands above the page in its own path (its section); of another site only where
    that has the same path, or the page was found in a store of copies. ``url``: where it was found; "" if unknown.
    """
    there, here = _split(said), _split(url)
    if there is None or is_front(said):
        return False
    if here is None or here == there:
        return True
    if _is_above(there[1], here[1]) and same_site(there[0], here[0]):
        return False
    return same_site(there[0], here[0]) or here[0].endswith(COPIES) or _same_path(there[1], here[1])


def is_front(url: str) -> bool:
    """Tell whether an address is the front page of a site, in one of its languages perhaps."""
    parts = _split(url)
    if parts is None:
        return True
    segments = parts[1]
    bare = all(LANGUAGE.match(one) or PLACES.match(one) for one in segments) and len(segments) <= 2  # noqa: PLR2004
    return bare and ("?" not in canonical_url(url))


def leads_away(url: str, final: str) -> bool:
    """Tell whether a redirect from an article's address left it for a front page, its section, or a page of errors."""
    there, here = _split(final), _split(url)
    if there is None or here is None or there == here or not same_site(there[0], here[0]):
        return False
    return is_front(final) or _is_above(there[1], here[1])


def same_site(one: str, other: str) -> bool:
    """Tell whether two hosts belong to one site, as far as their names tell."""
    return one == other or _domain(one) == _domain(other)


def _split(url: str) -> tuple[str, list[str]] | None:
    try:
        canonical = canonical_url(url) if url else ""
    except BadInput:
        return None
    host, _, path = canonical.partition("?")[0].partition("/")
    return (host, path.split("/") if path else []) if host else None


def _domain(host: str) -> str:
    name, _, port = host.partition(":")
    labels = name.split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= SECOND_LEVEL  # noqa: PLR2004
    if name.replace(".", "").isdecimal():
        return host
    return ".".join(labels[-3 if short else -2 :]) + (f":{port}" if port else "")


def _is_above(section: list[str], article: list[str]) -> bool:
    """Tell whether a path is that of a section around an article, and not the first of an article's many pages."""
    rest = article[len(section) :]
    return bool(rest) and article[: len(section)] == section and _names_a_story(rest[-1])


def _names_a_story(segment: str) -> bool:
    bare = segment.rpartition(".")[0] or segment
    return len(bare) >= SLUG or bare.count("-") > 1


def _same_path(one: list[str], other: list[str]) -> bool:
    return one == other and bool(one) and len(one[-1]) >= SLUG
