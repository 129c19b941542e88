"""How addresses are read and shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import masked, normalise
from subscribers.addresses import identity
from subscribers.errors import BadAddress


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("lena@example.org", "lena@example.org"),
        ("  Lena.B+news@Example.ORG ", "Lena.B+news@example.org"),
        ("reader@mail.test", "reader@mail.test"),
        ("lena@bücher.example", "lena@xn--bcher-kva.example"),
        ("ｌｅｎａ＠example.org", "lena@example.org"),
        ("lena@xn--bcher-kva.example", "lena@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_brought_into_one_form(written, read):
    """Trimmed, NFKC, its domain in lower-case ASCII; the part before the @ keeps its case."""
    assert normalise(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "lena",
        "@example.org",
        "lena@",
        "lena@example",
        "le na@example.org",
        "lena@@example.org",
        "lena@example..org",
        ".lena@example.org",
        "lena@-example.org",
        "lena@example.123",
        "l" * 65 + "@example.org",
        "lena@" + "a." * 130 + "org",
        "lena@example.org\nBcc: all@example.org",
        "lena@xn--a.example",
    ],
)
def test_what_is_no_address_is_refused(written):
    """With a sentence that says what is wrong."""
    with pytest.raises(BadAddress, match=r"is not an email address: .+\."):
        normalise(written)


def test_letters_that_most_systems_cannot_deliver_are_refused():
    """An address with such letters before the @ would be accepted here and bounce there."""
    with pytest.raises(BadAddress, match="before the @"):
        normalise("льена@example.org")


@given(st.emails())
def test_normalising_twice_changes_nothing(address):
    """The one form of an address is its own one form."""
    try:
        once = normalise(address)
    except BadAddress:
        return
    assert normalise(once) == once
    assert identity(once.upper()) == identity(once)


def test_a_masked_address_shows_little():
    """Whoever holds a forwarded link sees whose it may be, not the address."""
    assert masked("lena@example.org") == "l•••@example.org"
    assert masked("l@example.org") == "•••@example.org"
