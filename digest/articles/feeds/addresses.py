"""Tells the addresses of feeds apart: which feed one is, what it gives, and what exactly is asked for. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from digest.articles.canonical import canonical_url
from digest.articles.feeds.models import Feed, FeedKind
from digest.errors import BadInput
from digest.fetching import MASK, SECRETS

WORDPRESS = re.compile(r"/wp-json/wp/v2/|[?&]rest_route=(?:/|%2f)wp(?:/|%2f)v2(?:/|%2f)", re.IGNORECASE)
GHOST = re.compile(r"/ghost/api/(?:[^/?#]+/)?content/", re.IGNORECASE)
PAGE = 50  # posts of one answer; both systems give at most 100
# What is asked for where the address does not say.
# https://developer.wordpress.org/rest-api/using-the-rest-api/global-parameters/ (a list since 5.4, all before)
# https://docs.ghost.org/content-api/parameters
ASKED = {
    FeedKind.wordpress: {"_embed": "author,wp:featuredmedia,wp:term", "per_page": str(PAGE)},
    FeedKind.ghost: {"include": "tags,authors", "limit": str(PAGE)},
}
# How much is asked for, and by whom, makes no other feed.
NOT_TELLING = {
    FeedKind.wordpress: frozenset({"_embed", "_fields", "per_page", "page"}),
    FeedKind.ghost: frozenset({"include", "fields", "formats", "limit", "page"}),
}


def feed_id(url: str) -> str:
    """Return the id of the feed at an address: its canonical URL with the query, since that may be all the difference.

    It is printed everywhere, so a key or password in it is left out, or stands as a short hash where it may be what
    tells two feeds apart. Raises BadInput where this is no web address.
    """
    bare, _, query = url.strip().partition("#")[0].partition("?")
    not_telling = NOT_TELLING.get(kind_of(url))
    pairs = {
        (name, f"~{sha256(value.encode()).hexdigest()[:8]}" if _is_secret(name) else value)
        for name, value in parse_qsl(query, keep_blank_values=True, errors="replace")
        if not_telling is None or not (_plain(name) in not_telling or _is_secret(name))
    }
    told = urlencode(sorted(pairs), safe=":,/+~", quote_via=quote)
    return canonical_url(bare) + (f"?{told}" if told else "")


def kind_of(url: str) -> FeedKind:
    """Tell what an address gives, as far as it shows."""
    if WORDPRESS.search(url):
        return FeedKind.wordpress
    return FeedKind.ghost if GHOST.search(url) else FeedKind.feed


def request_url(url: str, kind: FeedKind | str, page: int = 1) -> str:
    """Return the address that is asked: WordPress and Ghost are told how much to give, unless the address says it."""
    bare, _, query = url.partition("#")[0].partition("?")
    asked = dict(ASKED.get(FeedKind(kind), {})) | ({"page": str(page)} if page > 1 else {})
    given = _names(query)
    more = urlencode({name: value for name, value in asked.items() if name not in given}, safe=":,", quote_via=quote)
    whole = "&".join(part for part in (query, more) if part)
    return f"{bare}?{whole}" if whole else bare


def chooses_its_page(url: str) -> bool:
    """Tell whether an address says itself which part of a list it wants."""
    return bool(_names(urlsplit(url).query) & {"page", "offset"})


def host_of(url: str) -> str:
    """Return the host that an address is asked of, www left aside."""
    return (urlsplit(url).hostname or "").lower().removeprefix("www.")


def is_masked(url: str) -> bool:
    """Tell whether the key of an address was masked when it was printed or exported."""
    return any(value == MASK for _, value in parse_qsl(urlsplit(url).query))


def called(feed: Feed) -> str:
    """Return what a feed is called in sentences."""
    return feed.name or feed.id


def parse_keep(options: Iterable[str]) -> dict[str, frozenset[str]]:
    """Read ``SITE=KEY`` options, see ``canonical_url``. Raises BadInput."""
    keep: dict[str, frozenset[str]] = {}
    for option in options:
        site, equals, key = option.partition("=")
        if not equals or not key.strip():
            raise BadInput(f"--keep-query {option!r} cannot be read. Write --keep-query example.org=id.")
        host = canonical_url(site).partition("/")[0]
        keep[host] = keep.get(host, frozenset()) | {key.strip().lower()}
    return keep


def as_options(keep: Mapping[str, frozenset[str]]) -> list[str]:
    """Return what ``parse_keep`` reads."""
    return [f"{site}={key}" for site in sorted(keep) for key in sorted(keep[site])]


def listed(names: Sequence[str], most: int = 10) -> str:
    """Return names for a sentence, at most so many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _names(query: str) -> set[str]:
    return {_plain(name) for name, _ in parse_qsl(query, keep_blank_values=True)}


def _is_secret(name: str) -> bool:
    return SECRETS.match(f"?{name}=x", 1) is not None


def _plain(name: str) -> str:
    """Return the name of a parameter that may be written as a list: ``_fields[]`` is ``_fields``."""
    return name.partition("[")[0].lower()
