"""Links: marked once for statistics, and nothing but web addresses."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.rendering.errors import TemplateError
from digest.rendering.links import web_address, with_utm
from digest.rendering.urls import Urls, edition_id
from subscribers.errors import BadToken
from tests.conftest import KEYS
from tests.rendering import plans

MARKS = "utm_source=digest&utm_medium=email&utm_campaign=m-2026-11-24&utm_content=south-caucasus-3"


def marked(url: str) -> str:
    return with_utm(url, campaign="m-2026-11-24", content="south-caucasus-3")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/story", f"https://a.example/story?{MARKS}"),
        ("https://a.example/story?id=7&empty=", f"https://a.example/story?id=7&empty=&{MARKS}"),
        ("https://a.example/story?id=a%20b#part-2", f"https://a.example/story?id=a%20b&{MARKS}#part-2"),
        ("https://a.example/?utm_source=rss&UTM_Medium=feed&id=7", f"https://a.example/?id=7&{MARKS}"),
        ("https://a.example/?utm_term=x", f"https://a.example/?utm_term=x&{MARKS}"),
        ("http://127.0.0.1:8000/s", f"http://127.0.0.1:8000/s?{MARKS}"),
        ("https://a.example/путь", f"https://a.example/%D0%BF%D1%83%D1%82%D1%8C?{MARKS}"),
    ],
)
def test_marks_are_added_once(url, expected):
    """A link keeps its own query and fragment, and carries each utm mark once."""
    assert marked(url) == expected


def test_marking_twice_changes_nothing():
    """A link that is marked already stays as it is."""
    assert marked(marked("https://a.example/story?id=7#x")) == marked("https://a.example/story?id=7#x")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/x",
        "//a.example",
        "https:///story",
        "http://[::1",
        "a",
        "",
    ],
)
def test_only_web_addresses(url):
    """Whatever is no http or https address with a host is refused in a sentence."""
    with pytest.raises(TemplateError, match="no web address"):
        marked(url)


@given(st.text())
def test_an_address_cannot_leave_its_attribute(tail):
    """Whatever follows the host, the address holds no quote, blank or angle bracket."""
    try:
        url = web_address(f"https://a.example/{tail}")
    except TemplateError:
        return
    assert url.startswith("https://a.example")
    assert not set(url) & set("\"'<> \n\\")


def test_own_pages():
    """Our own pages hang on the base URL, with or without a slash, and name the edition, signed, never a reader."""
    keys, plan = KEYS, plans.english()
    urls = Urls("https://mail.example/", keys)
    view, text, good = urls.view(plan), urls.text(plan), urls.feedback(plan, "good")
    assert view.startswith("https://mail.example/editions/")
    assert text == f"{view}.txt"
    claim = keys.read(view.rsplit("/", 1)[1], "view", plan.as_of)
    assert (claim.reference, claim.subscriber) == (str(edition_id(plan)), "-")
    assert keys.read(good.split("/")[-2], "feedback", plan.as_of).reference == str(edition_id(plan))
    assert urls.how("meridian") == "https://mail.example/how-we-choose/meridian"
    with pytest.raises(BadToken):
        keys.read(view.rsplit("/", 1)[1], "view", plan.as_of + timedelta(days=401))


def test_an_edition_has_its_own_id():
    """Another order of lists, another revision and other left-out stories are other editions; the same is the same."""
    plan = plans.english()
    others = [plans.english(lists=plan.lists[::-1]), plans.english(revision=2), plans.english(without=("a",))]
    assert edition_id(plan) == edition_id(plans.english())
    assert len({edition_id(each) for each in [plan, *others]}) == 4
