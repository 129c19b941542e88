"""Articles from the Ghost Content API: every field where Ghost puts it, and no shape that breaks the reader."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.articles import collecting
from digest.articles.importing import ghost
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.importing.reading import Origin

POST: dict[str, Any] = {
    "id": "5ddc9141c35e7700383b2937",
    "uuid": "a5aa9bd8-ea31-415c-b452-3040dae1e730",
    "title": "Salt & water",
    "html": "<p>First.</p><p>Second.</p>",
    "feature_image": "https://g.example/content/images/salt.jpg",
    "feature_image_alt": "A salt pan",
    "feature_image_caption": 'Photo by <a href="https://p.example">A. B.</a>',
    "featured": True,
    "visibility": "public",
    "published_at": "2026-11-24T05:00:00.000+04:00",
    "custom_excerpt": "Why salt matters.",
    "excerpt": "First. Second.",
    "canonical_url": None,
    "url": "https://g.example/salt/",
    "reading_time": 4,
    "authors": [{"name": "Nino Beridze"}, {"name": "A. B."}],
    "primary_author": {"name": "Nino Beridze"},
    "tags": [
        {"name": "Trade", "visibility": "public"},
        {"name": "Georgia", "visibility": "public"},
        {"name": "#newsletter", "visibility": "internal"},
        {"name": "Hidden", "visibility": "internal"},
    ],
    "primary_tag": {"name": "Georgia", "visibility": "public"},
}


def one(base: str = "", **values: Any) -> ArticleData:
    """Return the article of the post with other values; ... takes one away."""
    post = {key: value for key, value in (POST | values).items() if value is not ...}
    (found,) = ghost.read({"posts": [post]}, base)
    assert isinstance(found, ArticleData), found
    return found


def test_every_field_of_a_post_is_taken():
    """The excerpt that was written before the one that was made; the primary tag first, internal tags not at all."""
    article = one()
    assert (article.url, article.guid) == ("https://g.example/salt/", "5ddc9141c35e7700383b2937")
    assert (article.headline, article.standfirst) == ("Salt & water", "Why salt matters.")
    assert article.body_html == "First.\n\nSecond."
    assert article.authors == ["Nino Beridze", "A. B."]
    assert article.published_at == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert article.minutes == 4
    assert article.editors_choice is True
    assert article.categories == ["Georgia", "Trade"]
    assert article.status is None
    assert article.image is not None
    assert article.image.model_dump(exclude_none=True) == {
        "url": "https://g.example/content/images/salt.jpg",
        "alt": "A salt pan",
        "credit": "Photo by A. B.",
    }


def test_what_is_missing_is_made_up_for():
    """The made excerpt, the plain text, the uuid, the primary author; an address without a host is made whole."""
    article = one(
        "https://g.example/ghost/api/content/posts/",
        custom_excerpt=None,
        html=None,
        plaintext="Plain.",
        id=...,
        authors=...,
        url="/salt/",
        feature_image=None,
        reading_time=0,
        canonical_url="https://first.example/salt",
    )
    assert (article.standfirst, article.body, article.guid) == ("First. Second.", "Plain.", POST["uuid"])
    assert (article.authors, article.url, article.image) == (["Nino Beridze"], "https://g.example/salt/", None)
    assert (article.minutes, article.canonical_url) == (None, "https://first.example/salt")


def test_a_post_that_is_featured_no_more_loses_the_badge():
    """The badge and the tags are given either way; an answer without the fields says nothing of them."""
    plain = one(featured=False, tags=[], primary_tag=None)
    assert plain.model_dump(exclude_unset=True)["editors_choice"] is False
    assert "categories" in plain.model_fields_set
    silent = one(featured=..., tags=..., primary_tag=...)
    assert not {"editors_choice", "categories"} & silent.model_fields_set


@pytest.mark.parametrize(
    ("status", "expected"), [("published", "published"), ("scheduled", "embargoed"), ("draft", "unpublished")]
)
def test_a_saved_answer_of_the_other_api_says_the_status(status, expected):
    """The Admin API gives what is not out yet, too."""
    assert one(status=status).status == expected


def test_a_post_that_is_shown_nowhere_is_told_of():
    """Ghost gives the address of its page for "not found": many posts would be one article."""
    (found,) = ghost.read({"posts": [POST | {"url": "https://g.example/404/"}]})
    assert str(found) == "post 1: It has no url."


def test_what_is_no_post_is_told_of_and_the_others_are_taken():
    """A post without a title, or no object at all."""
    found = list(ghost.read({"posts": [POST, None, POST | {"title": None}, POST | {"url": "http://[::1"}]}))
    assert [type(one) for one in found] == [ArticleData, RowError, RowError, RowError]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_saved_answer_is_known_by_its_shape(indent: int | None):
    """``digest articles import posts.json`` reads it, as a feed."""
    content = json.dumps({"posts": [POST], "meta": {"pagination": {"page": 1}}}, indent=indent).encode()
    batch = collecting.read(content, Origin("posts.json"))
    assert [one.headline for one in batch.items if isinstance(one, ArticleData)] == ["Salt & water"]
    assert batch.feed
    empty = json.dumps({"posts": [], "meta": {"pagination": {"total": 0}}}).encode()
    assert collecting.read(empty, Origin("posts.json")).items == []


@pytest.mark.parametrize("data", [[], {}, {"posts": 5}, {"posts": []}, {"posts": [5]}, {"posts": [{"title": "A"}]}])
def test_other_json_is_not_taken_for_ghosts(data):
    """A list called posts alone tells nothing."""
    assert not ghost.is_posts(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON | st.dictionaries(st.sampled_from([*POST, "status", "plaintext"]), JSON), max_size=3))
def test_no_shape_breaks_the_reader(posts):
    """Each post is an article or a sentence."""
    for found in ghost.read({"posts": posts}, "https://g.example/"):
        assert isinstance(found, ArticleData | RowError)
    assert ghost.is_posts({"posts": posts}) in (True, False)
