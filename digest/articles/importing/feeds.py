"""Reads articles from RSS 0.9 to 2.0, RDF and Atom, by feedparser, which only gets what feed_markup made fit for it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import feedparser

from digest.articles.importing import feed_markup, feed_pictures, feed_spaces, people
from digest.articles.importing.data import (
    LANGUAGE,
    ArticleData,
    PictureRule,
    RowError,
    absolute,
    build,
    same_picture,
    undated,
)
from digest.articles.importing.dates import read_date
from digest.articles.importing.feed_text import decode, document
from digest.articles.importing.plain import paragraphs
from digest.errors import BadInput

__all__ = ["decode", "read"]

LARGEST = 5_000_000  # bytes
MOST_ITEMS = 5_000
LONG_SUMMARY = 1_500  # characters; what is longer is the article itself, and its first paragraph the standfirst
TOLD = frozenset({"categories"})  # an item without any says that it has none any more
PAGES = frozenset({"text/html", "application/xhtml+xml", "text/plain", ""})
WEB = ("http://", "https://")


def read(content: bytes, base: str = "", picture: PictureRule = same_picture) -> Iterator[ArticleData | RowError]:
    """Yield each article of a feed, or what is wrong with it. ``base``: the address it came from.

    Where the feed is broken, what can be read is taken and a RowError says so; so it is where there is more than can
    be read in a moment. Raises BadInput where it is too large, carries definitions of its own (DTD), or holds nothing
    that can be read.
    """
    if len(content) > LARGEST:
        raise BadInput(f"The feed has {len(content):,} bytes; at most {LARGEST:,} are read.")
    text = document(content)
    if not text:
        raise BadInput("It is no feed that can be read: it has no element rss, feed, RDF or channel.")
    fit = feed_markup.fit(text)
    parsed = _parsed(fit.text, base)
    reason = f" ({fit.fault})" if fit.fault else ""
    if not parsed.entries and (not fit.ended or not parsed.get("version")):
        raise BadInput(f"It is no feed that can be read{reason}.")
    if reason:
        yield RowError("feed", f"It is not well-formed{reason}; what could be read was taken.", kept=True)
    left_out = fit.left_out + max(0, len(parsed.entries) - MOST_ITEMS)
    if left_out:
        yield RowError("feed", f"It is too large: its last {left_out:,} items were left out.", kept=True)
    for number, entry in enumerate(parsed.entries[:MOST_ITEMS], start=1):
        values = _values(entry, _base(entry, base)) | {
            "url": _address(entry, base, atom=str(parsed.version).startswith("atom")),
            "language": _language(entry, parsed.feed),
        }
        yield from _article(entry, values, f"item {number}", picture)


def _parsed(text: str, base: str) -> Any:
    headers = {"content-type": "application/xml; charset=utf-8"} | ({"content-location": base} if base else {})
    text = feed_spaces.without_unread(feed_pictures.annotated(text))
    prepared = '<?xml version="1.0" encoding="utf-8"?>' + text
    try:
        return feedparser.parse(
            prepared.encode("utf-8", "replace"),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers=headers,
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # of its handlers, where elements are misused
        raise BadInput("It is no feed that can be read: its elements stand where they mean nothing.") from error


def _article(entry: Any, values: dict[str, Any], where: str, picture: PictureRule) -> Iterator[ArticleData | RowError]:
    given = next((text for text in _dates(entry) if text), "")
    if values["published_at"] is None and given:
        yield undated(given, where)
    yield from build({key: value for key, value in values.items() if value or key in TOLD}, where, picture)


def _values(entry: Any, base: str) -> dict[str, Any]:
    tags = [str(tag.get("label") or tag.get("term") or "") for tag in dict.get(entry, "tags", ())]
    standfirst, body = _texts(entry)
    return {
        "guid": dict.get(entry, "id"),
        "headline": dict.get(entry, "title"),
        "standfirst": standfirst,
        "body_html": body,
        "authors": _authors(entry),
        "image": feed_pictures.best(entry, base, (body, standfirst)),
        "published_at": _published(entry),
        "categories": [tag for tag in tags if tag.strip()],
    }


def _base(entry: Any, base: str) -> str:
    """Return what addresses in an entry are relative to: its xml:base, else the address of the feed."""
    details = (dict.get(entry, name) for name in ("title_detail", "summary_detail"))
    return next((str(one["base"]) for one in details if one and one.get("base")), base)


def _address(entry: Any, base: str, *, atom: bool) -> str | None:
    """Return where the article is: before a counter of clicks, else the page it links to, else its permanent id.

    Of several pages Atom means the first, and one in no other language; of several in RSS the last is read.
    """
    links = [one for one in dict.get(entry, "links", ()) if one.get("rel") == "alternate" and one.get("href")]
    pages = [one for one in links if one.get("type", "") in PAGES and "hreflang" not in one] if atom else []
    given = [dict.get(entry, "feedburner_origlink"), *(one["href"] for one in pages), dict.get(entry, "link")]
    given += [*(one["href"] for one in links), *_permanent(entry)]
    addresses = [absolute(base, str(one)) for one in given if one]
    return next((one for one in addresses if one.lower().startswith(WEB)), next(iter(addresses), None))


def _permanent(entry: Any) -> list[str]:
    """Return the id where it is an address and nothing says that it is not that of a page."""
    guid = str(dict.get(entry, "id", ""))
    return [guid] if guid.lower().startswith(WEB) and "guidislink" not in entry else []


def _authors(entry: Any) -> list[str]:
    given = (str(author.get("name") or "") for author in dict.get(entry, "authors", ()))
    return list(dict.fromkeys(name for one in given for name in people.names(one)))


def _texts(entry: Any) -> tuple[str, str]:
    """Return standfirst and body: many feeds put the whole article where the summary should stand."""
    contents = dict.get(entry, "content", ())
    body = max((str(one.get("value", "")) for one in contents), key=len, default="")
    summary = str(dict.get(entry, "summary", "") or ("" if body else feed_pictures.described(entry)))
    if summary == body or (not body and len(summary) > LONG_SUMMARY):
        return paragraphs(summary, LONG_SUMMARY).split("\n\n", 1)[0], summary
    return summary, body


def _dates(entry: Any) -> list[str]:
    return [str(dict.get(entry, name) or "") for name in ("published", "created", "updated")]


def _published(entry: Any) -> datetime | None:
    return next((moment for text in _dates(entry) if (moment := read_date(text))), None)


def _language(entry: Any, feed: Mapping[str, Any]) -> str | None:
    """Return the language an entry or its feed names; what is none, such as "English", would be told for each item."""
    detail: Mapping[str, Any] = dict.get(entry, "title_detail", {})
    given = (dict.get(entry, "language"), detail.get("language"), feed.get("language"))
    return next((one for one in given if one and LANGUAGE.match(str(one).strip().lower().replace("_", "-"))), None)
