"""Every address of an article has one canonical form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.articles.canonical import canonical_url, names_an_article
from digest.articles.models import article_id
from digest.errors import BadInput

HOSTS = st.sampled_from(["example.org", "news.example.org", "новости.test", "xn--b1amnebsh.test", "localhost", "m.com"])
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PATHS = st.lists(ANY_TEXT, max_size=4).map("/".join)
DRESSINGS = st.sampled_from(["?utm_source=mail", "#top", "?a=1&b=2#c", "/", "//", "/#", "/amp", "/amp/"])


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://www.Example.org/News/Story/", "example.org/news/story"),
        ("http://amp.example.org/news/story?utm_source=x#top", "example.org/news/story"),
        ("https://m.example.org/news/story/amp", "example.org/news/story"),
        ("https://www.m.example.org/amp/news/story", "example.org/news/story"),
        ("//example.org/a", "example.org/a"),
        ("example.org/a", "example.org/a"),
        ("example.org:8080/a", "example.org:8080/a"),
        ("https://example.org:443/a", "example.org/a"),
        ("https://name:secret@example.org/a", "example.org/a"),
        ("https://example.org./a", "example.org/a"),
        ("https://m.com/a", "m.com/a"),
        ("https://example.org/a/./b/../c//d", "example.org/a/c/d"),
        ("https://example.org/a/%2e%2e/b", "example.org/b"),
        ("https://example.org\\a", "example.org/a"),
        ("https://bücher.example/Ä", "xn--bcher-kva.example/%c3%a4"),
        ("https://example.org/%C3%84", "example.org/%c3%a4"),
        ("https://example.org/a%2Fb", "example.org/a%2fb"),
        ("https://example.org/%FF%41", "example.org/%ffa"),
        ("https://example.org/a b", "example.org/a%20b"),
        ("https://[2001:DB8::1]:8443/a", "[2001:db8::1]:8443/a"),
        ("https://example.org/?p=12&utm_source=x", "example.org?p=12"),
        ("https://example.org/story.php?ID=12", "example.org/story.php?id=12"),
        ("https://example.org/story?id=12", "example.org/story"),
        ("  https://example.org/a\n", "example.org/a"),
    ],
)
def test_the_canonical_form(url, canonical):
    """Lower case, no scheme, login, www, amp, m, query, fragment or trailing slash; one way of encoding."""
    assert canonical_url(url) == canonical


def test_a_site_may_keep_the_query_keys_that_name_its_articles():
    """Only those keys stay, sorted, and their values keep their case."""
    keep = {"example.org": frozenset({"id", "part"})}
    assert canonical_url("https://www.example.org/a?part=2&utm=x&ID=aB", keep) == "example.org/a?id=aB&part=2"
    assert canonical_url("https://other.org/a?id=1", keep) == "other.org/a"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "no host"),
        ("/news/story", "no host"),
        ("https:///a", "no host"),
        ("javascript:alert(1)", "must start with https"),
        ("mailto:a@example.org", "must start with https"),
        ("ftp://example.org/a", "must start with https"),
        ("https://exa mple.org/a", "no host name"),
        ("https://a..b/c", "no host name"),
        ("https://-a.org/c", "no host name"),
        ("https://" + "é" * 80 + ".org/c", "no host name"),
        ("https://[::1/a", "is not an address"),
        ("https://[v1.a:b]/a", "is not an address"),
        ("https://example.org:port/a", "is not an address"),
        ("https://example.org/" + "a" * 2_000, "2020 characters"),
    ],
)
def test_what_is_no_web_address_is_a_sentence(url, sentence):
    """Without a host, with another scheme, or broken: BadInput says which."""
    with pytest.raises(BadInput, match=sentence):
        canonical_url(url)


@given(HOSTS, PATHS, DRESSINGS)
def test_the_canonical_form_is_its_own_canonical_form(host, path, dressing):
    """Applying it twice changes nothing, whatever stands in the path."""
    once = canonical_url(f"https://{host}/{path}{dressing}")
    assert canonical_url(once) == once
    assert article_id(canonical_url(once)) == article_id(once)


@given(HOSTS, PATHS, st.sampled_from(["http://", "https://www.", "HTTPS://m.", "//amp."]))
def test_how_an_address_is_dressed_does_not_matter(host, path, front):
    """Scheme and the mobile host lead to the same article."""
    if host == "m.com":
        return  # www.m.com is m.com, but m.m.com is a host of its own
    assert canonical_url(f"{front}{host}/{path}") == canonical_url(f"https://{host}/{path}") or host == "localhost"


@given(st.text(max_size=60))
def test_any_text_gives_a_form_or_a_sentence(text):
    """Nothing but BadInput is ever raised."""
    try:
        canonical = canonical_url(text)
    except BadInput as error:
        assert str(error).endswith(".")  # noqa: PT017 - which of both comes is up to hypothesis
    else:
        assert canonical_url(canonical) == canonical


def test_a_front_page_is_no_article():
    """The address of a site alone names no article."""
    assert not names_an_article(canonical_url("https://example.org/?utm_source=x"))
    assert names_an_article(canonical_url("https://example.org/?p=1"))
