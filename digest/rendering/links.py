"""The links of a mail: only web addresses, each with the marks that tell a newsroom's statistics where it stood."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

from digest.rendering.errors import TemplateError

WEB = ("http", "https")
OURS = ("utm_source", "utm_medium", "utm_campaign", "utm_content")
ASCII_OF_A_URL = "!#$%&()*+,/:;=?@[]~"  # kept as they are, besides letters, figures and - . _; quotes are not


def with_utm(url: str, *, campaign: str, content: str) -> str:
    """Return the URL with utm_source=digest, utm_medium=email, utm_campaign and utm_content.

    Its own query and fragment stay as they are; utm marks of these names that it brings are replaced. Raises
    TemplateError for anything that is not http or https.
    """
    parts = urlsplit(web_address(url))
    marks = zip(OURS, ("digest", "email", campaign, content), strict=True)
    own = [pair for pair in parts.query.split("&") if pair and pair.split("=", 1)[0].lower() not in OURS]
    query = "&".join([*own, *(f"{name}={quote(value, safe='-._~')}" for name, value in marks)])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def web_address(url: str) -> str:
    """Return the URL in plain ASCII, quotes and blanks in it escaped.

    Raises TemplateError unless it is http or https with a host.
    """
    cleaned = "".join(c for c in url.strip() if c.isprintable())
    try:
        parts = urlsplit(cleaned)
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode("ascii")
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in WEB or not host:
        raise TemplateError(
            f"The link {url[:200]!r} is no web address (http or https). Mend the article, or replace the story."
        )
    return quote(urlunsplit(parts._replace(netloc=host)), safe=ASCII_OF_A_URL)


def campaign(publication: Mapping[str, str], day: str) -> str:
    """Return utm_campaign: the publication's id and the day of the issue, as 2026-11-24."""
    return f"{publication['id']}-{day}"


def content(region: str, block: str, place: int) -> str:
    """Return utm_content: the region (else the block) and the place from the top of the whole mail."""
    return f"{region or block}-{place}"
