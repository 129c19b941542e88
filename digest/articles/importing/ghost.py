"""Reads articles from the Ghost Content API: what /ghost/api/content/posts/?include=tags,authors gives.

Fields: https://docs.ghost.org/content-api/posts and https://docs.ghost.org/content-api/parameters; tags that begin
with # are internal: https://docs.ghost.org/publishing#tags
"""

from collections.abc import Iterator, Mapping
from typing import Any

from digest.articles.importing.data import ArticleData, PictureRule, RowError, build, same_picture
from digest.articles.importing.joining import joined

MARKS = frozenset({"uuid", "published_at", "feature_image", "comment_id", "visibility", "custom_excerpt"})
LONGEST_READ = 600  # minutes, as ArticleData has it
STATUSES = {"published": "published", "sent": "published", "scheduled": "embargoed"}  # sent: by mail only; else a draft


def is_posts(data: Any) -> bool:
    """Tell whether parsed JSON is what Ghost gives when it is asked for posts."""
    posts = data.get("posts") if isinstance(data, dict) else None
    if not isinstance(posts, list):
        return False
    if not posts:
        return isinstance(data.get("meta"), dict) and "pagination" in data["meta"]
    return isinstance(posts[0], dict) and "title" in posts[0] and bool(MARKS & posts[0].keys())


def read(
    data: Mapping[str, Any], base: str = "", picture: PictureRule = same_picture
) -> Iterator[ArticleData | RowError]:
    """Yield each article of Ghost's answer, or what is wrong with it. ``base``: the address it came from.

    ``featured`` is the editors' badge: given either way, so that a post that is featured no more loses it.
    """
    for number, post in enumerate(data["posts"], start=1):
        where = f"post {number}"
        if not isinstance(post, dict):
            yield RowError(where, "It is no object, so it was left out.")
            continue
        yield from build(_values(post, base), where, picture)


def _values(post: Mapping[str, Any], base: str) -> dict[str, Any]:
    values = {
        "url": _url(post, base),
        "guid": post.get("id") or post.get("uuid"),
        "canonical_url": joined(base, post.get("canonical_url")),
        "headline": post.get("title"),
        "standfirst": post.get("custom_excerpt") or post.get("excerpt"),
        "body_html": post.get("html"),
        "body": post.get("plaintext") if not post.get("html") else None,
        "minutes": _minutes(post.get("reading_time")),
        "authors": _names(post.get("authors") or [post.get("primary_author")]),
        "published_at": post.get("published_at"),
        "status": _status(post.get("status")),
        "image": _image(post, base),
    }
    found = {name: value for name, value in values.items() if value}
    if "featured" in post:
        found["editors_choice"] = post["featured"] is True
    if "tags" in post:
        found["categories"] = list(_tags(post))
    return found


def _url(post: Mapping[str, Any], base: str) -> Any:
    """Return its address; a post that the site's routes show nowhere has that of the page for "not found"."""
    url = joined(base, post.get("url"))
    return None if isinstance(url, str) and url.rstrip("/").endswith("/404") else url


def _status(value: Any) -> str | None:
    """Return the status; the Content API gives none, since it only gives what is published."""
    return STATUSES.get(value, "unpublished") if isinstance(value, str) and value else None


def _minutes(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value <= LONGEST_READ else None


def _tags(post: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of public tags, the primary one first."""
    first = _names([post.get("primary_tag")])
    others = _names([tag for tag in _list(post.get("tags")) if not _is_internal(tag)])
    yield from dict.fromkeys(one for one in (*first, *others) if not one.startswith("#"))


def _is_internal(tag: Any) -> bool:
    return isinstance(tag, dict) and tag.get("visibility") == "internal"


def _image(post: Mapping[str, Any], base: str) -> dict[str, Any] | None:
    url = post.get("feature_image")
    if not isinstance(url, str) or not url:
        return None
    told = {"alt": post.get("feature_image_alt"), "credit": post.get("feature_image_caption")}
    return {"url": joined(base, url)} | {name: text for name, text in told.items() if isinstance(text, str)}


def _names(given: Any) -> list[str]:
    return [one["name"] for one in _list(given) if isinstance(one, dict) and isinstance(one.get("name"), str)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
