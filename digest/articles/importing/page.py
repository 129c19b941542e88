"""Reads the one article of a web page: by its linked data, else its meta tags, else microdata, else what is seen."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from digest.articles.canonical import canonical_url
from digest.articles.importing import linked_data, markup, page_addresses, page_tags, page_walls, plain
from digest.articles.importing.data import HEADLINE, STANDFIRST, ArticleData, RowError, build, web_url
from digest.articles.importing.dates import read_date
from digest.articles.importing.joining import joined
from digest.articles.importing.linked_data import Graph, Node
from digest.articles.importing.page_tags import Tags
from digest.errors import BadInput

LONG_SUMMARY = 1_500  # characters; what is longer is the article itself
TOLD = frozenset({"categories"})  # a page without any says that the article has none any more
SEPARATOR = re.compile(r"\s+(?:[|\-–—·•»«:]|::)\s+|:\s+(?=\S)")
CLOCK = re.compile(r"\d:\d\d|T\d{4}|\A\d{10}")
ZONE = re.compile(r"(?:Z|[+-]\d\d:?\d\d|\b(?:UTC|GMT)|\A\d{10}(?:\d{3})?)\s*\Z", re.IGNORECASE)
TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|yclid|_ga|wt_mc|cmpid|ito|at_\w+", re.IGNORECASE
)


def read(content: bytes, url: str, content_type: str = "") -> Iterator[ArticleData | RowError]:
    """Yield the article of a page, and what of it could not be read. Raises BadInput where it is no article's page.

    ``url``: where the page was found, after redirects; "" where only the page itself can say. ``content_type``: the
    HTTP header, for its charset.
    """
    yield from Page.of(content, url, content_type).article()


@dataclass(frozen=True)
class Page:
    """A web page as far as it speaks of an article."""

    url: str
    tags: Tags
    graph: Graph
    robots: str  # what it asks of search engines, lower case

    @classmethod
    def of(cls, content: bytes, url: str, content_type: str = "") -> "Page":
        """Take a page apart."""
        parts = markup.parse(content, content_type)
        return cls(url, page_tags.read(parts.tree), Graph(parts.linked_data), page_tags.robots(parts.tree))

    @cached_property
    def base(self) -> str:
        """Return the address that relative ones start from."""
        return str(joined(self.url, self.tags.base)) if self.tags.base else self.url

    @cached_property
    def canonical(self) -> str:
        """Return the address that the page says is its own, where that can be; else ""."""
        said = [self.tags.link("canonical"), self.tags.first("og:url")]
        if self.node is not None and not self.url:
            said += linked_data.addresses(self.node)
        whole = (_web(joined(self.base, one)) for one in said if one)
        return next((one for one in whole if one and page_addresses.plausible(one, self.url)), "")

    @cached_property
    def node(self) -> Node | None:
        """Return the article in the page's linked data."""
        own = [self.url, *(joined(self.base, one) for one in (self.tags.link("canonical"), self.tags.first("og:url")))]
        keys = {key for one in own if (key := _key(one))}
        return linked_data.chosen(self.graph.articles(), lambda one: _key(joined(self.base, one)) in keys)

    @cached_property
    def is_article(self) -> bool:
        """Tell whether anything in the page says that it is an article."""
        return self.node is not None or (self.tags.is_article and not self.graph.overview)

    @property
    def is_wall(self) -> bool:
        """Tell whether this is a login, a question for consent, or an error, shown in an article's place."""
        if self.is_article:
            return False
        return page_walls.is_wall(self.url, self._titles, asks_password=self.tags.password)

    @property
    def feed(self) -> str:
        """Return the address of the feed that the page names, or ""."""
        named = (href for rels, href, kind in self.tags.links if "alternate" in rels and markup.FEED.match(kind))
        return str(joined(self.base, next(named, "")))

    def article(self) -> Iterator[ArticleData | RowError]:
        """Yield its article, see ``read``."""
        self._refuse()
        values = self._values()
        if not values["headline"]:
            raise BadInput("It is a web page without a headline, so it is no article.")
        if not values["url"]:
            raise BadInput("It is a web page that does not say its own address. Import it by its address.")
        dates = [one for source in self._sources for one in source.get("published_at", ())]
        if dates and values["published_at"] is None:
            sentence = f"Its date {dates[0]!r} cannot be read; it counts as published when first seen."
            yield RowError("page", sentence, kept=True)
        yield from build({name: value for name, value in values.items() if value or name in TOLD}, "page")

    def _refuse(self) -> None:
        if self.is_wall:
            raise BadInput(f"It is no article, but the page {self._titles[0]!r}: a login, a question or an error.")
        address = _key(self.canonical or self.url)
        if address and page_addresses.is_front(self.canonical or self.url):
            hint = f" It names this feed: {self.feed}" if self.feed else ""
            raise BadInput(f"It is the front page of a site, not an article.{hint}")
        if not self.is_article and self.feed:
            raise BadInput(f"It is a web page, not a feed. It names this feed: {self.feed}")
        if not self.is_article and self.graph.overview:
            raise BadInput("It is a page of a list or about a person, not an article. Give an article's own address.")

    @cached_property
    def _sources(self) -> list[Mapping[str, list[Any]]]:
        """Return what each part of the page says, the part that is most to be believed first."""
        own = [] if self.node is None else [linked_data.facts(self.graph, self.node)]
        return [*own, self.tags.facts(), self.tags.microdata, self.tags.visible]

    def _values(self) -> dict[str, Any]:
        headline = next(self._headlines(), "")
        return {
            "url": self.canonical or _tidy(self.url),
            "canonical_url": self.canonical,
            "headline": headline,
            "standfirst": self._standfirst(headline),
            "authors": next((one for source in self._sources for one in source.get("authors", ()) if one), []),
            "published_at": published(one for source in self._sources for one in source.get("published_at", ())),
            "image": self._image(),
            "categories": self._categories(),
            "language": self._first("language"),
            "body": self._first("body"),
            "place": self._first("place"),
            "correction": self._first("correction"),
        }

    def _first(self, fact: str) -> str:
        return next((str(one) for source in self._sources for one in source.get(fact, ()) if one), "")

    def _categories(self) -> list[str]:
        """Return the tags of all parts: one has the section, another the keywords."""
        given = [label for source in self._sources for labels in source.get("categories", ()) for label in labels]
        once: dict[str, str] = {}
        for label in given:
            once.setdefault(plain.line(label, STANDFIRST).casefold(), label)
        return list(once.values())

    def _standfirst(self, headline: str) -> str:
        found = (
            plain.line(str(one), 2 * LONG_SUMMARY) for source in self._sources for one in source.get("standfirst", ())
        )
        fitting = (one for one in found if one and one.casefold() != headline.casefold() and len(one) <= LONG_SUMMARY)
        return next(fitting, "")

    def _headlines(self) -> Iterator[str]:
        linked, *_rest = self._sources if self.node is not None else [{}]
        yield from (line for one in linked.get("headline", ()) if (line := plain.line(str(one), HEADLINE)))
        title = plain.line(self.tags.title, HEADLINE)
        given = [*self.tags.facts()["headline"], *self.tags.microdata.get("headline", ())]
        given += [one for one in self.tags.visible["headline"] if not title or one.casefold() in title.casefold()]
        for one in (*given, title):
            line = self._without_site(plain.line(str(one), HEADLINE))
            if line and line.casefold() not in self._site_names:
                yield line

    @property
    def _titles(self) -> list[str]:
        own = [self.tags.title, self.tags.first("og:title"), *self.tags.visible["headline"]]
        return [line for one in own if (line := plain.line(one, HEADLINE))] or [self.url]

    @cached_property
    def _site_names(self) -> frozenset[str]:
        kinds = ("website", "newsmediaorganization", "organization")
        publisher = self.graph.whole(self.node.get("publisher")) if self.node is not None else None
        names = [self.tags.first("og:site_name"), self.tags.first("application-name"), linked_data.text(publisher)]
        names += [self.graph.name_of(kind) for kind in kinds]
        return frozenset(line.casefold() for one in names if (line := plain.line(one, HEADLINE)))

    def _without_site(self, title: str) -> str:
        """Cut the name of the site off a title: as the page says it, or as its host spells it."""
        marks = list(SEPARATOR.finditer(title))
        for mark, keep, cut in (
            *((one, title[: one.start()], title[one.end() :]) for one in marks),
            *((one, title[one.end() :], title[: one.start()]) for one in reversed(marks)),
        ):
            named = cut.casefold() in self._site_names or (mark in (marks[0], marks[-1]) and _is_host(cut, self.url))
            if keep.strip() and named:
                return keep.strip()
        return title

    def _image(self) -> dict[str, Any] | None:
        """Return its picture; of several crops in its linked data, the one that is shown when the page is shared."""
        logo = _logo(self.graph, self.node)
        found = [[self._whole(one) for one in source.get("image", ())] for source in self._sources]
        fitting = [[one for one in part if one["url"] not in ("", logo)] for part in found]
        crops = next((part for part in fitting if part), [])
        if not crops:
            return None
        shared = [self._whole(one)["url"] for one in self.tags.facts()["image"][:1]]
        best = next((one for one in crops if one["url"] in shared and not crops[0].get("width")), crops[0])
        for other in (one for part in fitting for one in part if _file(one["url"]) == _file(best["url"])):
            best = {**_filled(other), **_filled(best)}
        return best

    def _whole(self, picture: Mapping[str, Any]) -> dict[str, Any]:
        return {**picture, "url": _web(joined(self.base, picture["url"]))}


def published(given: Iterable[Any]) -> datetime | None:
    """Return the date that says most: with time and zone, else with a time, else the first that can be read."""
    read = [(text, moment) for one in given if (text := str(one).strip()) and (moment := read_date(text))]
    return max(read, key=lambda one: _telling(one[0]))[1] if read else None


def _telling(date: str) -> int:
    return 0 if not CLOCK.search(date) else 2 if ZONE.search(date) else 1


def _web(url: Any) -> str:
    try:
        return web_url(url)
    except ValueError:
        return ""


def _key(url: Any) -> str:
    """Return the canonical form of an address, or "" where it is none."""
    try:
        return canonical_url(url) if isinstance(url, str) and url else ""
    except BadInput:
        return ""


def _tidy(url: str) -> str:
    """Return an address without what only follows readers about."""
    parts = urlsplit(url)
    pairs = [
        (key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not TRACKING.fullmatch(key)
    ]
    query = parts.query if len(pairs) == parts.query.count("&") + 1 else urlencode(pairs)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _logo(graph: Graph, node: Node | None) -> str:
    publisher = graph.whole(node.get("publisher")) if node is not None else None
    logos = linked_data.pictures(graph, publisher.get("logo")) if isinstance(publisher, dict) else []
    return str(logos[0]["url"]) if logos else ""


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _file(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def _is_host(text: str, url: str) -> bool:
    """Tell whether a text is how a site's host spells its name: "The Meridian" at themeridian.example."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    name = "".join(char for char in text.casefold() if char.isalnum())
    label = host.split(".", maxsplit=1)[0].replace("-", "")
    bare = name.removeprefix("the")
    return bool(bare) and (name == host.replace(".", "") or bare == label.removeprefix("the"))
