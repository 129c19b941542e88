"""Makes addresses in a document whole, by the address that the document came from."""

from typing import Any
from urllib.parse import urljoin


def joined(base: str, url: Any) -> Any:
    """Return an address made whole. What is no address stays as it is, for the checks that follow to say so."""
    if not isinstance(url, str) or not url:
        return url
    try:
        return urljoin(base, url)
    except ValueError:
        return url
