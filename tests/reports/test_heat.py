"""The heat map: the mail itself, each story with its clicks."""

from urllib.parse import quote

import pytest

from digest.reports import heat
from digest.reports.heat import Mail, Spot, drawn, place_of

STORY = "https://news.example/rail?id=7&utm_source=digest&utm_content=south-caucasus-{}"


def counted(place: int) -> str:
    """Return a counted link to a story."""
    return f"https://digest.example.org/c/{'AbC-' * 10}?u={quote(STORY.format(place), safe='')}"


def page(*links: str) -> str:
    """Return a page with such links, each around a picture and again around a headline."""
    inside = "".join(f'<a href="{one}"><img src="x"></a><a class="h" href="{one}">Head</a>' for one in links)
    return f"<!doctype html><html><head><title>t</title></head><body>{inside}</body></html>"


@pytest.mark.parametrize(
    ("href", "place"),
    [
        (STORY.format(3), 3),
        (STORY.format(3).replace("&", "&amp;"), 3),
        (counted(12), 12),
        ("https://digest.example.org/u/token", None),
        ("https://news.example/?utm_content=footer", None),
        ("https://news.example/?utm_content=eu-", None),
    ],
)
def test_a_link_tells_its_place(href: str, place: int | None):
    """By utm_content, of the address itself or of the one a counted link leads to; other links tell none."""
    assert place_of(href) == place


def test_each_story_bears_its_clicks_once():
    """The label stands in the link that has words, not in that of the picture; other links stay as they are."""
    spots = {1: Spot(80, 40.0), 2: Spot(1, 30.0)}
    marked = drawn(Mail(lists=("sc",), readers=900, html=page(counted(1), counted(2), counted(3)), spots=spots))
    assert marked.count("80 clicks, 1.89x expected") == 1
    assert marked.count("1 click") == 1
    assert '<img src="x"></a><a class="h"' in marked
    assert marked.count("<span") == 2
    assert marked.index("Content-Security-Policy") < marked.index("<title>")


def test_the_most_clicked_is_the_darkest():
    """Shades go by the share of the most clicked place; without a click all are the lightest."""
    spots = {place: Spot(clicks, 10.0) for place, clicks in ((1, 100), (2, 40), (3, 12), (4, 1))}
    marked = drawn(Mail(lists=(), readers=1, html=page(*map(counted, spots)), spots=spots))
    places = [marked.index(f"background:{ground}") for _, ground, _ in heat.SHADES]
    assert places == sorted(places)
    quiet = drawn(Mail(lists=(), readers=1, html=page(counted(1)), spots={1: Spot(0, 0.0)}))
    assert f"background:{heat.SHADES[-1][1]}" in quiet
    assert "0 clicks<" in quiet
