"""Gives every address of an article one canonical form, so that one article is stored once."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from unicodedata import normalize
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

from digest.errors import BadInput

LONGEST = 2_000  # characters; longer addresses are tracking gone wrong, and mail clients cut them
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\Z")
IPV6 = re.compile(r"[0-9a-f:.]+\Z")
ALIASES = frozenset({"www", "amp", "m"})
DEFAULT_PORTS = frozenset({80, 443})
SAFE = "-._~!$&'()*+,;=:@"  # RFC 3986 pchar
NOTHING_KEPT: Mapping[str, frozenset[str]] = MappingProxyType({})
# Where the path names no article (the root, or a script), these keys do: plain WordPress ?p=12, story.php?id=12.
# Without them every article of such a site would count as one.
IDENTIFYING = frozenset({"p", "id", "page_id", "article", "article_id", "articleid", "story", "storyid", "nid", "aid"})
SCRIPT = re.compile(r"\.(php|aspx?|jsp|cgi|cfm|do)\Z")


def canonical_url(url: str, keep: Mapping[str, frozenset[str]] = NOTHING_KEPT) -> str:
    """Return the canonical form of an article's address, as ranking.md 1.3 has it. Applying it twice changes nothing.

    Lower case, no scheme, no login, no www/amp/m, no query, no fragment, no trailing slash. ``keep``: per site
    (its host without www) the query keys that identify an article there; their values keep their case.
    Raises BadInput with a sentence where the address has no host, another scheme, or cannot be read.
    """
    parts = _split(url)
    host = _host(parts, url)
    segments = _segments(parts.path)
    kept = _kept_query(parts.query, host, segments, keep)
    return "/".join((host, *segments)) + (f"?{kept}" if kept else "")


def names_an_article(canonical: str) -> bool:
    """Tell whether a canonical URL is more than the front page of a site."""
    return "/" in canonical or "?" in canonical


def _split(url: str) -> SplitResult:
    text = normalize("NFC", url).strip().replace("\\", "/")
    if len(text) > LONGEST:
        raise BadInput(f"The address {text[:60]!r}... is {len(text)} characters long; at most {LONGEST} can be kept.")
    if not SCHEME.match(text) and not text.startswith("//"):
        text = "//" + text.removeprefix("./") if not text.startswith("/") else text
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise BadInput(f"{url!r} is not an address: {error}.") from error
    if parts.scheme not in ("", "http", "https"):
        raise BadInput(f"{url!r} is not a web address: it must start with https:// or http://.")
    return parts


def _host(parts: SplitResult, url: str) -> str:
    host = normalize("NFKC", parts.hostname or "").lower().rstrip(".")
    if not host:
        raise BadInput(f"{url!r} has no host. Write the whole address, such as https://example.org/story.")
    if ":" in host:
        return _with_port(_ipv6(host, url), parts.port)
    name = _ascii(host, url)
    labels = name.split(".")
    while len(labels) > 2 and labels[0] in ALIASES:  # noqa: PLR2004 - m.com is a site of its own
        labels = labels[1:]
    return _with_port(".".join(labels), parts.port)


def _ipv6(host: str, url: str) -> str:
    if not IPV6.match(host):
        raise BadInput(f"{url!r} is not an address: {host!r} is no host.")
    return f"[{host}]"


def _ascii(host: str, url: str) -> str:
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise BadInput(f"{url!r} is not an address: {host!r} is no host name.") from error
    name = name.lower().strip(".")
    if not HOST.match(name):
        raise BadInput(f"{url!r} is not an address: {host!r} is no host name.")
    return name


def _with_port(host: str, port: int | None) -> str:
    return host if port is None or port in DEFAULT_PORTS else f"{host}:{port}"


def _segments(path: str) -> tuple[str, ...]:
    walked: list[str] = []
    for raw in path.split("/"):
        segment = _segment(raw)
        if segment == "..":
            walked = walked[:-1]
        elif segment not in ("", "."):
            walked.append(segment)
    while len(walked) > 1 and walked[-1] == "amp":
        walked.pop()
    while len(walked) > 1 and walked[0] == "amp":
        walked.pop(0)
    return tuple(walked)


def _segment(raw: str) -> str:
    data = unquote_to_bytes(raw)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return quote(data.lower(), safe=SAFE).lower()
    return quote(normalize("NFC", normalize("NFC", text).lower()), safe=SAFE).lower()


def _kept_query(query: str, host: str, segments: tuple[str, ...], keep: Mapping[str, frozenset[str]]) -> str:
    wanted = keep.get(host, frozenset())
    if not segments or SCRIPT.search(segments[-1]):
        wanted |= IDENTIFYING
    if not query or not wanted:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return urlencode(sorted({(key.lower(), value) for key, value in pairs if key.lower() in wanted}))
