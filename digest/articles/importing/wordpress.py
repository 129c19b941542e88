"""Reads articles from the WordPress REST API: the list of posts that /wp-json/wp/v2/posts gives.

Fields: https://developer.wordpress.org/rest-api/reference/posts/ and .../media/; the names of terms, authors and
pictures come with ``_embed``: https://developer.wordpress.org/rest-api/using-the-rest-api/linking-and-embedding/
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from digest.articles.importing.data import ArticleData, PictureRule, RowError, build, same_picture
from digest.articles.importing.joining import joined

STATUSES = {"publish": "published", "future": "embargoed"}  # any other: draft, pending, private, trash
NO_TAGS = frozenset({"post_format", "author", "wp_theme"})  # taxonomies whose terms say nothing of the topic
NO_CATEGORY = "uncategorized"  # slug of what WordPress gives to a post that has no category
WIDE = 1280  # px; the smallest cut that is wide enough for the lead: originals may have 20 MB
NEARLY = 0.03  # cuts of another shape than the original are left aside
UNSET = "0000"  # a date that is not set is 0000-00-00T00:00:00
MORE = re.compile(r"<a\b[^<>]*\bmore-link\b[^<>]*>.*?</a>", re.IGNORECASE | re.DOTALL)
CUT = re.compile(r"\s*\[(?:…|&hellip;|&#8230;|\.\.\.)\]")  # how WordPress ends an excerpt that it made itself


def is_posts(data: Any) -> bool:
    """Tell whether parsed JSON is a list of WordPress posts."""
    if not isinstance(data, list) or not data or not isinstance(data[0], dict):
        return False
    first = data[0]
    return isinstance(first.get("title"), dict) and "rendered" in first["title"] and "link" in first


def read(data: Sequence[Any], base: str = "", picture: PictureRule = same_picture) -> Iterator[ArticleData | RowError]:
    """Yield each article of a list of posts, or what is wrong with it. ``base``: the address it came from.

    ``sticky`` is the editors' badge: given either way, so that a post that is sticky no more loses it.
    """
    for number, post in enumerate(data, start=1):
        where = f"post {number}"
        if not isinstance(post, dict):
            yield RowError(where, "It is no object, so it was left out.")
            continue
        yield from build(_values(post, base), where, picture)


def _values(post: Mapping[str, Any], base: str) -> dict[str, Any]:
    embedded = _object(post.get("_embedded"))
    values = {
        "url": joined(base, post.get("link")),
        "guid": _rendered(post.get("guid")) or _text(post.get("id")),
        "canonical_url": _canonical(post, base),
        "headline": _rendered(post.get("title")),
        "standfirst": CUT.sub("…", MORE.sub("", _rendered(post.get("excerpt")))),
        "body_html": _rendered(post.get("content")),
        "authors": [one["name"] for one in _objects(embedded.get("author")) if isinstance(one.get("name"), str)],
        "published_at": _date(post),
        "status": _status(post.get("status")),
        "image": _image(post, embedded, base),
    }
    found = {name: value for name, value in values.items() if value}
    if "sticky" in post:
        found["editors_choice"] = post["sticky"] is True
    if "wp:term" in embedded:
        found["categories"] = list(_terms(embedded["wp:term"]))
    return found


def _status(value: Any) -> str | None:
    return STATUSES.get(value, "unpublished") if isinstance(value, str) and value else None


def _date(post: Mapping[str, Any]) -> str | None:
    """Return when it was published: in GMT, else as the site's own clock had it, which is hours off at worst."""
    given = [post.get(name) for name in ("date_gmt", "date")]
    return next((one for one in given if isinstance(one, str) and one and not one.startswith(UNSET)), None)


def _terms(groups: Any) -> Iterator[str]:
    """Yield the names of categories, tags, and terms of the newsroom's own taxonomies."""
    for group in groups if isinstance(groups, list) else ():
        for term in _objects(group):
            told = term.get("slug") != NO_CATEGORY and term.get("taxonomy") not in NO_TAGS
            if told and isinstance(term.get("name"), str):
                yield term["name"]


def _canonical(post: Mapping[str, Any], base: str) -> str:
    """Return the canonical address that the Yoast plugin states."""
    given = _object(post.get("yoast_head_json")).get("canonical")
    return str(joined(base, given)) if isinstance(given, str) else ""


def _image(post: Mapping[str, Any], embedded: Mapping[str, Any], base: str) -> dict[str, Any] | None:
    media = next(iter(_objects(embedded.get("wp:featuredmedia"))), {})
    if not isinstance(media.get("source_url"), str) or media.get("media_type", "image") != "image":
        return _other_image(post, base)
    cut = _best_cut(media)
    return {
        "url": joined(base, cut["source_url"]),
        "alt": _text(media.get("alt_text")),
        "credit": _rendered(media.get("caption")),
    } | _size(cut)


def _other_image(post: Mapping[str, Any], base: str) -> dict[str, Any] | None:
    """Return the picture that the plugins Yoast or Jetpack name where nothing is embedded."""
    named = next(iter(_objects(_object(post.get("yoast_head_json")).get("og_image"))), {})
    url = named.get("url") or post.get("jetpack_featured_media_url")
    return {"url": joined(base, url)} | _size(named) if isinstance(url, str) and url else None


def _best_cut(media: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the smallest cut of a picture that is wide enough and has its shape, else the picture itself."""
    details = _object(media.get("media_details"))
    whole = {"source_url": media["source_url"]} | _size(details)
    shape = _shape(whole)
    cuts = [
        one
        for one in _object(details.get("sizes")).values()
        if isinstance(one, dict) and isinstance(one.get("source_url"), str) and _size(one).get("width", 0) >= WIDE
    ]
    fitting = [one for one in cuts if shape and abs(_shape(one) / shape - 1) <= NEARLY]
    return min(fitting, key=lambda one: int(_size(one)["width"]), default=whole)


def _shape(one: Mapping[str, Any]) -> float:
    size = _size(one)
    return size["width"] / size["height"] if size else 0.0


def _size(one: Mapping[str, Any]) -> dict[str, int]:
    """Return width and height in pixels, or nothing where they are not both given: some plugins write them as text."""
    given = {name: str(one.get(name) or "") for name in ("width", "height")}
    fine = all(value.isdecimal() and value.isascii() and 0 < int(value[:9]) <= 100_000 for value in given.values())  # noqa: PLR2004 - as data.Pixels
    return {name: int(value) for name, value in given.items()} if fine else {}


def _rendered(value: Any) -> str:
    """Return a text that WordPress gives as ``{"rendered": ...}``; some plugins give it bare."""
    inner = value.get("rendered") if isinstance(value, dict) else value
    return inner if isinstance(inner, str) else ""


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}  # PHP writes an empty object as []


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
