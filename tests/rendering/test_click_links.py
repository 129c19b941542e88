"""The counted links: complete in themselves, forged by nobody, alive as long as a key is kept."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from digest.rendering import click_links
from digest.rendering.links import web_address, with_utm
from subscribers import Keys
from tests.conftest import KEYS

EDITION = UUID("0f2b1f3e-9d1c-4d57-8a55-2c6f0e9b7a11")
REF = "9f0c1a52-1111-4222-8333-444455556666"
OTHER = "zQ4tUe8wYb2nHk6rMx0pVd5sAj9gLf3c"
URL = with_utm("https://meridian.example/a?id=7", campaign="m-2026-11-24", content="south-caucasus-3")


def parts(link):
    """Return token and URL of a link, as a server reads them."""
    split = urlsplit(link)
    return split.path.removeprefix("/c/"), parse_qs(split.query)["u"][0]


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://a.example/",
        "http://a.example:8080/x;y=1/%D1%8F%2B?q=a+b&c=d%26e#part-2",
        "https://a.example/~me/(x)*!$',@:.-_",
        web_address("https://пример.example/статья?слово=да и нет&x=\"'"),
    ],
)
def test_a_link_carries_its_url_unharmed(url):
    """Whatever stands in a story's URL, the server reads the very same, with edition and place."""
    link = click_links.path(KEYS, EDITION, 3, url)
    token, found = parts(link)
    assert found == url
    assert click_links.read(KEYS, token, found) == click_links.Claim(EDITION, 3)
    assert click_links.target(f"https://mail.example{link}&r=abc") == url
    assert "&" not in link
    assert len(link) - len(url) == 46 + 2 * sum(url.count(sign) for sign in "&#%+!$'()*;")


def test_nothing_of_a_link_can_be_changed():
    """Not a character of the token, not the URL, not by the token of another place; and no token is too odd."""
    token, url = parts(click_links.path(KEYS, EDITION, 3, URL))
    other, _ = parts(click_links.path(KEYS, EDITION, 4, URL))
    for index, sign in enumerate(token):
        changed = token[:index] + ("A" if sign != "A" else "B") + token[index + 1 :]
        assert click_links.read(KEYS, changed, url) is None
    for wrong in ("https://evil.example/", url + "x", url[:-1], url.upper(), "", "\ud800", "//evil.example"):
        assert click_links.read(KEYS, token, wrong) is None
    for wrong in ("", "c", token + "A", token[:-1], token + "==", f" {token[1:]}", "я" * 40, other + other):
        assert click_links.read(KEYS, wrong, url) is None
    assert click_links.read(KEYS, other, url) == click_links.Claim(EDITION, 4)


def test_a_link_outlives_a_change_of_keys():
    """An old key that is still known opens it; a key that is not, never."""
    token, url = parts(click_links.path(KEYS, EDITION, 3, URL))
    assert click_links.read(Keys(secret=OTHER, old=(KEYS.secret,), address=OTHER), token, url) is not None
    assert click_links.read(Keys(secret=OTHER, address=OTHER), token, url) is None


def test_a_place_that_no_mail_has_is_refused():
    """Two bytes hold every place there can be."""
    assert click_links.path(KEYS, EDITION, 65_535, URL)
    for place in (-1, 65_536):
        with pytest.raises(ValueError, match="no place"):
            click_links.path(KEYS, EDITION, place, URL)


def test_the_sign_of_a_reader():
    """38 characters that only we can make name a subscriber; nothing else does, not even a link's own token."""
    sign = click_links.reader_signer(KEYS)(REF)
    assert len(sign) == 38
    assert click_links.read_reader(KEYS, sign) == REF
    assert click_links.read_reader(Keys(secret=OTHER, old=(KEYS.secret,), address=OTHER), sign) == REF
    token, _ = parts(click_links.path(KEYS, EDITION, 3, URL))
    for wrong in ("", "A" + sign[1:-1], sign[:-1], sign + "A", token, token[:38], "B" * 38):
        assert click_links.read_reader(KEYS, wrong) is None
    assert click_links.read_reader(Keys(secret=OTHER, address=OTHER), sign) is None


@pytest.mark.parametrize(
    "href", ["https://a.example/c/short?u=x", "https://a.example/?u=https://b.example/", "mailto:a@b.example"]
)
def test_other_links_are_their_own_target(href):
    """Only a link with a token's shape is taken apart."""
    assert click_links.target(href) == href
