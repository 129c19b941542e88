"""Issues as feeds, and the map of a site: RSS 2.0, JSON Feed 1.1 and the Sitemap protocol 0.9. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from markupsafe import escape

from digest.clock import as_utc_text
from digest.proofs.published import Told
from digest.rendering.wording import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An issue in a feed."""

    url: str
    title: str
    summary: str
    html: str
    at: datetime
    changed: datetime
    language: str
    about: str  # the list's name
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What stands above the items."""

    title: str
    description: str
    home: str
    url: str
    language: str
    items: Sequence[Item]


def rss(feed: Feed) -> str:
    """Return a feed as RSS 2.0 (rssboard.org/rss-specification), with its own address as the profile of it asks."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": "http://www.w3.org/2005/Atom"})
    channel = SubElement(root, "channel")
    _texts(channel, title=feed.title, link=feed.home, description=feed.description, language=feed.language)
    SubElement(channel, "atom:link", {"href": feed.url, "rel": "self", "type": "application/rss+xml"})
    if feed.items:
        _texts(channel, lastBuildDate=_date(max(one.changed for one in feed.items)))
    for one in feed.items:
        item = SubElement(channel, "item")
        _texts(item, title=one.title, link=one.url, description=one.html, category=one.about, pubDate=_date(one.at))
        SubElement(item, "guid", {"isPermaLink": "true"}).text = one.url
    return _xml(root)


def json_feed(feed: Feed) -> str:
    """Return a feed as JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    items = [
        {
            "id": one.url,
            "url": one.url,
            "title": one.title,
            "content_html": one.html,
            "date_published": as_utc_text(one.at),
            "date_modified": as_utc_text(one.changed),
            "language": one.language,
            "tags": [one.about],
        }
        | ({"summary": one.summary} if one.summary else {})
        | ({"image": one.image} if one.image else {})
        for one in feed.items
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": feed.title, "description": feed.description}
    links = {"home_page_url": feed.home, "feed_url": feed.url, "language": feed.language}
    return orjson.dumps(head | links | {"items": items}).decode()


def sitemap(urls: Iterable[tuple[str, datetime | None]]) -> str:
    """Return a map of pages (sitemaps.org/protocol.html): addresses, and when each changed."""
    root = Element("urlset", {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for url, at in urls:
        entry = SubElement(root, "url")
        _texts(entry, loc=url, **({"lastmod": as_utc_text(at)} if at else {}))
    return _xml(root)


def told_as_html(stories: Sequence[Told], words: dict[str, str], corrected: str) -> str:
    """Return the stories of an issue as a list; ``words``: of stories that are gone; ``corrected``: "Correction"."""
    lines = []
    for one in stories:
        if one.gone:
            lines.append(f"<li><del>{escape(one.headline)}</del> <strong>{escape(words[one.gone])}</strong></li>")
        else:
            more = f"<br><b>{escape(corrected)}:</b> {escape(one.correction)}" if one.correction else ""
            lines.append(f'<li><a href="{escape(one.url)}">{escape(one.headline)}</a>{more}</li>')
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def _texts(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = clean(text)


def _date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


def _xml(root: Element) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'
