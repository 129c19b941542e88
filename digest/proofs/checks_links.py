"""Checks of the links of a mail, and that both its parts tell the same stories.

A counted link is looked at twice: as it stands, on our own site, and the story's own address behind it.
"""

import html
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from digest.proofs.check import Check, Examined, Level, Surroundings
from digest.proofs.links import saying
from digest.proofs.links.targets import kind_of_ours, of_all, plain
from digest.rendering import click_links
from digest.rendering.links import WEB, web_address

__all__ = ["LOOKED_AT", "NAME", "hrefs_of", "plain", "run"]

NAME = "links"
LOOKED_AT = "every link absolute, marked once, and the same in both parts; on https and a public host unless relaxed"
_HREF = re.compile(r"""\bhref\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE)
_IN_TEXT = re.compile(r"https?://[^\s<>\"]+")
_LOCAL = re.compile(
    r"^(localhost|.*\.(localhost|local|internal|test|invalid|example)|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+"
    r"|172\.(1[6-9]|2\d|3[01])\.[\d.]+|0\.0\.0\.0|\[?::1\]?|\[?f[cd][0-9a-f:]+\]?)$"
)
_PREVIEW = re.compile(r"(^|[.-])(staging|preview|dev)([.-]|$)")
_MAILTO = ("mailto", "tel")
# Hosts whose only use is to hide an address: filters distrust them, and what stands behind can be changed by others.
_SHORTENERS = frozenset(
    [
        "bit.ly",
        "buff.ly",
        "cutt.ly",
        "dlvr.it",
        "goo.gl",
        "is.gd",
        "lnkd.in",
        "ow.ly",
        "rb.gy",
        "rebrand.ly",
        "s.id",
        "short.io",
        "shorturl.at",
        "t.co",
        "t.ly",
        "tiny.cc",
        "tinyurl.com",
        "trib.al",
        "v.gd",
        "wp.me",
    ]
)


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    """Look at the links of every edition's parts."""
    told: set[str] = set()  # of our own pages one of each kind says it for all editions
    for edition in editions:
        hrefs = hrefs_of(edition.html)
        for url in dict.fromkeys(url for href in hrefs for url in (href, click_links.target(href))):
            kind = kind_of_ours(url)
            if kind not in told:
                yield from _link(url, around.relaxed)
            told |= {kind} if kind else set()
        yield from _stories_in_both(edition, hrefs)
    yield from saying.said(of_all(edition.rendered.html for edition in editions), around.asked)
    if around.relaxed:
        yield Check(
            level=Level.not_checked,
            group=NAME,
            code="links-relaxed",
            sentence=f"Not asked of this provider: {' and '.join(sorted(around.relaxed))}. Local addresses pass.",
            remedy="Set DIGEST_PROVIDER and an https DIGEST_BASE_URL before you mail readers",
        )


def hrefs_of(page: str) -> tuple[str, ...]:
    """Return the links of an HTML part, unescaped, each once."""
    return tuple(dict.fromkeys(html.unescape(found[1:-1]).strip() for found in _HREF.findall(page)))


def _link(href: str, relaxed: frozenset[str]) -> Iterator[Check]:
    parts = urlsplit(href)
    if parts.scheme in _MAILTO:
        return
    if parts.scheme not in WEB or not parts.hostname:
        yield _red("not-absolute", f"{_short(href)} is not an absolute web address.", href)
        return
    if parts.scheme != "https" and "https" not in relaxed:
        yield _red("not-https", f"{_short(href)} is not on https.", href)
    if _is_local(parts.hostname) and "links" not in relaxed:
        yield _red("local-host", f"{_short(href)} is on a host that readers cannot reach.", href)
    if parts.hostname.removeprefix("www.") in _SHORTENERS:
        yield Check(
            level=Level.amber,
            group=NAME,
            code="link-shortened",
            sentence=f"{_short(href)} hides where it leads; filters distrust such links.",
            place=href,
            remedy="Link to the page itself",
        )
    if click_links.target(href) == href and parts.query.count("utm_source=") > 1:
        yield _red("utm-twice", f"{_short(href)} carries utm_source twice.", href)


def _is_local(host: str) -> bool:
    one_word = "." not in host and ":" not in host
    return one_word or bool(_LOCAL.match(host) or _PREVIEW.search(host))


def _stories_in_both(edition: Examined, hrefs: Sequence[str]) -> Iterator[Check]:
    """Compare the story links of both parts with the plan: none may be missing from either."""
    wanted = {plain(web_address(story.url)): story.headline for story in edition.plan.stories}
    parts = {
        "HTML": {plain(click_links.target(href)) for href in hrefs},
        "plain text": {plain(click_links.target(url)) for url in _IN_TEXT.findall(edition.text)},
    }
    for part, urls in parts.items():
        for url, headline in wanted.items():
            if url not in urls:
                yield Check(
                    level=Level.red,
                    group=NAME,
                    code="parts-differ",
                    sentence=f"The {part} of edition {edition.title} lacks the link of a story.",
                    place=headline,
                    remedy="Mend the template",
                )


def _short(url: str) -> str:
    return url if len(url) <= 80 else url[:79] + "…"  # noqa: PLR2004 - fits a line


def _red(code: str, sentence: str, place: str) -> Check:
    remedy = "Mend the article's address or the publication's; BASE_URL for our own pages"
    return Check(level=Level.red, group=NAME, code=code, sentence=sentence, place=place, remedy=remedy)
