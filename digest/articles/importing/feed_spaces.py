"""Knows the namespaces of feeds: what their prefixes stand for, and what addresses are meant for them."""

import re

BY_PREFIX = {  # what a prefix stands for that was never declared
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/DTDs/PodCast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
OTHERS = {  # and other addresses that are meant for one of them
    "channel.netscape.com/rdf/simple/0.9": "http://my.netscape.com/rdf/simple/0.9/",
    "purl.org/net/rss1.1#": "http://purl.org/rss/1.0/",
    "purl.org/atom/ns#": "http://purl.org/atom/ns#",
    "purl.org/rss/1.0": "http://purl.org/rss/1.0/",
}
SPACE = re.compile(r"(\bxmlns(?::[\w.-]{1,60})?\s*=\s*)(\"[^\"<>]{1,200}\"|'[^'\"<>]{1,200}')")


UNREAD = re.compile(
    r"<(/?)((?:[A-Za-z_][\w.-]{0,60}:)(?=(?:block|box|chapters?|explicit|exterior|featurename|featuretypetag|keywords"
    r"|lat|license|line|linestring|long|lineargraph|linearring|owner|player|point|polygon|pos|poslist|rating|restriction"
    r"|relationshiptag|valid|where)[\s/>])|dcterms:(?=modified[\s/>])|(?=textinput[\s/>]))",
    re.IGNORECASE,
)


def without_unread(text: str) -> str:
    """Rename what modules say that are not read here: feedparser stumbles over it where it stands alone."""
    return UNREAD.sub(r"<\1\2unread-", text)


def registered(text: str) -> str:
    """Write the address of each namespace as it is registered; many have it with https, or a slash more or less."""
    return SPACE.sub(_registered, text)


def _registered(declared: re.Match[str]) -> str:
    given = declared[2][1:-1].strip()
    return f'{declared[1]}"{REGISTERED.get(_bare(given), given)}"'


def _bare(address: str) -> str:
    return re.sub(r"\Ahttps?://(?:www\.)?", "", address.lower()).rstrip("/")


REGISTERED = {_bare(address): address for address in BY_PREFIX.values()} | OTHERS
