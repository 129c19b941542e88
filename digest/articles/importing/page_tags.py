"""Reads what the tags of a web page say of its article: meta tags, microdata, and at last the visible ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.articles.importing import plain
from digest.articles.importing.linked_data import LANGUAGE, labels, sized

MOST = 400  # meta tags; nodes of microdata
DEEPEST = 60  # parents looked at
LONGEST_LINE, LONGEST_BODY = 2_000, 50_000
ARTICLE_TYPE = re.compile(r"schema\.org/\w*(?:article|posting|report)\b", re.IGNORECASE)
NAMES = {  # each fact with the meta tags that may say it, the best first (Open Graph, Twitter, Parse.ly, Dublin Core)
    "headline": ("og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title"),
    "standfirst": ("og:description", "twitter:description", "description", "dc.description", "dcterms.description"),
    "authors": ("article:author", "author", "parsely-author", "dc.creator", "dcterms.creator", "sailthru.author"),
    "published_at": (
        "article:published_time", "og:article:published_time", "parsely-pub-date", "article:published", "pubdate",
        "publish-date", "publishdate", "publication_date", "date", "dcterms.issued", "dc.date.issued",
        "dcterms.created", "dc.date", "sailthru.date", "datepublished",
    ),
    "categories": (
        "article:section", "article:tag", "parsely-section", "parsely-tags", "news_keywords", "sailthru.tags",
    ),
    "language": ("og:locale", "content-language", "dc.language", "language"),
}  # fmt: skip


@dataclass(frozen=True)
class Tags:
    """What the tags of a page say, by where it stands; facts as in ``linked_data.facts``."""

    meta: dict[str, list[str]]  # lower-case name -> contents
    microdata: dict[str, list[Any]] = field(default_factory=dict)
    visible: dict[str, list[Any]] = field(default_factory=dict)
    title: str = ""
    links: tuple[tuple[str, str, str], ...] = ()  # rel, href, type
    base: str = ""
    password: bool = False  # it asks for one

    def first(self, *names: str) -> str:
        """Return the first meta tag of these names that says anything."""
        return next((one for name in names for one in self.meta.get(name, ())), "")

    def link(self, rel: str) -> str:
        """Return where the first link of a relation leads."""
        return next((href for rels, href, _ in self.links if rel in rels.split()), "")

    @property
    def is_article(self) -> bool:
        """Tell whether a tag says that the page is an article."""
        said = self.first("og:type").lower() in ("article", "news.article")
        return said or bool(self.microdata) or any(self.meta.get(name) for name in NAMES["published_at"])

    def facts(self) -> dict[str, list[Any]]:
        """Return what the meta tags say."""
        found: dict[str, list[Any]] = {
            fact: [one for name in names for one in self.meta.get(name, ())] for fact, names in NAMES.items()
        }
        found["authors"] = [_people(found["authors"])]
        found["categories"] = [[label for one in found["categories"] for label in labels(one)]]
        found["language"] = [one for one in found["language"] if LANGUAGE.match(one)]
        found["image"] = self._pictures()
        return found

    def _pictures(self) -> list[dict[str, Any]]:
        size = sized(self.first("og:image:width"), self.first("og:image:height"))
        og = self.first("og:image:secure_url", "og:image", "og:image:url")
        pictures = [{"url": og, "alt": self.first("og:image:alt"), "credit": ""} | size]
        twitter = self.first("twitter:image", "twitter:image:src")
        pictures.append({"url": twitter, "alt": self.first("twitter:image:alt"), "credit": ""})
        return [one for one in pictures if one["url"]]


def read(tree: LexborHTMLParser) -> Tags:
    """Read the tags of a page."""
    base = tree.css_first("base[href]")
    title = tree.css_first("title")
    return Tags(
        meta=_meta(tree),
        microdata=_microdata(tree),
        visible=_visible(tree),
        title=_text(title) if title else "",
        links=tuple(
            (
                (one.attributes.get("rel") or "").lower(),
                one.attributes.get("href") or "",
                one.attributes.get("type") or "",
            )
            for one in tree.css("link[rel][href]")[:MOST]
        ),
        base=(base.attributes.get("href") or "") if base else "",
        password=tree.css_first("input[type=password]") is not None,
    )


def robots(tree: LexborHTMLParser) -> str:
    """Return what a page asks of all search engines, lower case."""
    return ",".join(_meta(tree).get("robots", ())).lower()


def _meta(tree: LexborHTMLParser) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in tree.css("meta[content]")[:MOST]:
        held = one.attributes
        content = (held.get("content") or "").strip()
        for key in ("property", "name", "http-equiv", "itemprop"):
            for name in (held.get(key) or "").lower().split() if content else ():
                if content not in found.setdefault(name, []):
                    found[name].append(content)
    return found


def _people(given: list[str]) -> list[str]:
    """Return names without addresses; a byline with its By is a name."""
    names = (one.strip() for one in given if not one.startswith(("http:", "https:", "/", "@", "www.")))
    return list(dict.fromkeys(re.sub(r"\Aby\s+", "", name, flags=re.IGNORECASE) for name in names if name))


def _microdata(tree: LexborHTMLParser) -> dict[str, list[Any]]:
    """Return the properties of the first article that is marked up in the page itself (schema.org microdata)."""
    scope = next(
        (one for one in tree.css("[itemtype]")[:MOST] if ARTICLE_TYPE.search(one.attributes.get("itemtype") or "")),
        None,
    )
    if scope is None:
        return {}
    held: dict[str, list[Any]] = {}
    for node in scope.css("[itemprop]")[:MOST]:
        owner = _owner(node)
        if owner is None or owner != scope:
            continue
        for name in (node.attributes.get("itemprop") or "").split():
            held.setdefault(name, []).append(node)
    return {
        "headline": _values(held, "headline", "name"),
        "standfirst": _values(held, "description", "alternativeHeadline"),
        "authors": [[name for node in held.get("author", ()) if (name := _named(node))]],
        "published_at": _values(held, "datePublished", "dateCreated"),
        "image": [picture for node in held.get("image", ()) if (picture := _picture(node))["url"]],
        "categories": [[label for one in _values(held, "articleSection", "keywords") for label in labels(one)]],
        "language": [one for one in _values(held, "inLanguage") if LANGUAGE.match(one)],
        "body": ["\n\n".join(_paragraphs(node) for node in held.get("articleBody", ())[:5])],
    }


def _owner(node: LexborNode) -> LexborNode | None:
    """Return the node whose property this is: the nearest thing around it."""
    here = node.parent
    for _ in range(DEEPEST):
        if here is None or "itemscope" in here.attributes:
            return here
        here = here.parent
    return None


def _values(held: dict[str, list[Any]], *names: str) -> list[str]:
    return [value for name in names for node in held.get(name, ()) if (value := _value(node))]


def _value(node: LexborNode) -> str:
    held = node.attributes
    for name in ("content", "datetime", "src", "href") if node.tag != "a" else ("content",):
        if held.get(name):
            return str(held[name]).strip()
    return _text(node)


def _named(node: LexborNode) -> str:
    inner = node.css_first("[itemprop~=name]") if "itemscope" in node.attributes else None
    name = _value(inner or node)
    return "" if name.startswith(("http:", "https:", "/")) else name


def _picture(node: LexborNode) -> dict[str, Any]:
    inside = "itemscope" in node.attributes
    found = next((one for name in ("contentUrl", "url") if (one := node.css_first(f"[itemprop~={name}]"))), None)
    source = (found if inside and found else node).attributes
    picture = node if node.tag == "img" else node.css_first("img")
    alt = (picture.attributes.get("alt") or "") if picture else ""
    url = source.get("content") or source.get("src") or source.get("href") or ""
    return {"url": url or (picture.attributes.get("src") or "" if picture else ""), "alt": alt, "credit": ""}


def _paragraphs(node: LexborNode) -> str:
    return plain.paragraphs(node.inner_html or "", LONGEST_BODY)


def _visible(tree: LexborHTMLParser) -> dict[str, list[Any]]:
    root = tree.css_first("html")
    headings = [text for one in tree.css("h1")[:3] if (text := _text(one))]
    return {
        "headline": headings if len(headings) == 1 else [],
        "published_at": list(_times(tree)),
        "language": [one for one in [(root.attributes.get("lang") or "") if root else ""] if LANGUAGE.match(one)],
    }


def _times(tree: LexborHTMLParser) -> Iterator[str]:
    """Yield the times that may be the article's: inside it, or the only one there is."""
    for query in ("time[pubdate]", "article header time[datetime]", "article time[datetime]", "main time[datetime]"):
        for one in tree.css(query)[:1]:
            yield one.attributes.get("datetime") or _text(one)
    alone = tree.css("time[datetime]")
    if len(alone) == 1:
        yield alone[0].attributes.get("datetime") or ""


def _text(node: LexborNode) -> str:
    return plain.line(node.inner_html or "", LONGEST_LINE)
