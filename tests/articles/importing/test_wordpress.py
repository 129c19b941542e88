"""Articles from the WordPress REST API: every field where WordPress puts it, and no shape that breaks the reader."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.articles import collecting
from digest.articles.importing import wordpress
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.importing.reading import Origin, is_feed
from digest.articles.models import ArticleStatus

SIZES = {
    "medium": {"source_url": "https://w.example/m.jpg", "width": 300, "height": 200},
    "banner": {"source_url": "https://w.example/b.jpg", "width": 1400, "height": 400},
    "large": {"source_url": "https://w.example/l.jpg", "width": "1536", "height": "1024"},
    "full": {"source_url": "https://w.example/full.jpg", "width": 6000, "height": 4000},
}
POST: dict[str, Any] = {
    "id": 12,
    "date": "2026-11-24T09:00:00",
    "date_gmt": "2026-11-24T05:00:00",
    "guid": {"rendered": "https://w.example/?p=12"},
    "modified_gmt": "2026-11-24T05:30:00",
    "link": "https://w.example/2026/11/salt/",
    "status": "publish",
    "title": {"rendered": "Salt &amp; water: &#8220;enough&#8221;"},
    "content": {
        "rendered": "<p>First <b>paragraph</b>.</p>\n<script>alert(1)</script><p>Second.</p>",
        "protected": False,
    },
    "excerpt": {"rendered": "<p>Why salt matters [&hellip;]</p>\n"},
    "sticky": True,
    "_embedded": {
        "author": [{"name": "Nino Beridze"}, {"code": "rest_user_invalid_id", "message": "Invalid user ID."}],
        "wp:featuredmedia": [
            {
                "source_url": "https://w.example/full.jpg",
                "alt_text": "A salt pan",
                "caption": {"rendered": "<p>Photo: A. B.</p>"},
                "media_type": "image",
                "media_details": {"width": 6000, "height": 4000, "sizes": SIZES},
            }
        ],
        "wp:term": [
            [
                {"taxonomy": "category", "name": "South Caucasus", "slug": "south-caucasus"},
                {"taxonomy": "category", "name": "Uncategorized", "slug": "uncategorized"},
            ],
            [{"taxonomy": "post_tag", "name": "Salt &amp; trade", "slug": "salt"}],
            [{"taxonomy": "post_format", "name": "Video", "slug": "video"}],
            [{"taxonomy": "country", "name": "Georgia", "slug": "ge"}],
        ],
    },
}


def one(post: Any, base: str = "") -> ArticleData:
    """Return the article of one post."""
    (found,) = wordpress.read([post], base)
    assert isinstance(found, ArticleData), found
    return found


def changed(**values: Any) -> dict[str, Any]:
    """Return the post with other values; None takes one away."""
    return {key: value for key, value in (POST | values).items() if value is not None}


def embedding(**values: Any) -> dict[str, Any]:
    """Return the post with other things embedded; an underscore stands for a colon."""
    return changed(_embedded={key.replace("_", ":"): value for key, value in values.items()})


def test_every_field_of_a_post_is_taken():
    """Texts without markup, the date in GMT, the terms of all taxonomies that say something, the badge."""
    article = one(POST)
    assert article.url == "https://w.example/2026/11/salt/"
    assert article.guid == "https://w.example/?p=12"
    assert article.headline == "Salt & water: “enough”"
    assert article.standfirst == "Why salt matters…"
    assert article.body_html == "First paragraph.\n\nSecond."
    assert article.authors == ["Nino Beridze"]
    assert article.published_at == datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert article.status is ArticleStatus.published
    assert article.editors_choice is True
    assert article.categories == ["South Caucasus", "Salt & trade", "Georgia"]


def test_the_picture_is_the_smallest_cut_that_is_wide_enough():
    """Of the shape of the original, not a banner; its size is that of the cut; caption and description with it."""
    image = one(POST).image
    assert image is not None
    assert image.model_dump() == {
        "url": "https://w.example/l.jpg",
        "alt": "A salt pan",
        "credit": "Photo: A. B.",
        "width": 1536,
        "height": 1024,
    }


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ({"source_url": "/a.jpg"}, ("https://w.example/a.jpg", None)),
        (
            {"source_url": "/a.jpg", "media_details": {"width": 800, "height": 0, "sizes": []}},
            ("https://w.example/a.jpg", None),
        ),
        ({"source_url": "/a.jpg", "media_details": {"width": 800, "height": 600}}, ("https://w.example/a.jpg", 800)),
        ({"source_url": "/a.jpg", "media_details": {"sizes": SIZES}}, ("https://w.example/a.jpg", None)),
        ({"source_url": "/a.mp4", "media_type": "file"}, None),
        ({"code": "rest_forbidden"}, None),
    ],
)
def test_a_picture_with_less_said_of_it_is_taken_as_it_is(media, expected):
    """Without sizes the original; what is no picture is none."""
    image = one(embedding(wp_featuredmedia=[media]), "https://w.example/wp-json/").image
    assert (image and (image.url, image.width)) == expected


def test_plugins_may_name_picture_and_canonical_address():
    """Yoast names both, Jetpack the picture: where nothing is embedded they are taken."""
    yoast = {
        "canonical": "https://w.example/salt/",
        "og_image": [{"url": "https://w.example/og.jpg", "width": 1200, "height": 630}],
    }
    article = one(changed(yoast_head_json=yoast, _embedded=None))
    assert article.canonical_url == "https://w.example/salt/"
    assert article.image is not None
    assert (article.image.url, article.image.width) == ("https://w.example/og.jpg", 1200)
    jetpack = one(changed(jetpack_featured_media_url="https://w.example/j.jpg", _embedded=None))
    assert jetpack.image is not None
    assert jetpack.image.url == "https://w.example/j.jpg"


def test_a_post_that_is_sticky_no_more_loses_the_badge():
    """The badge is given either way; a list without the field says nothing of it."""
    assert one(changed(sticky=False)).model_dump(exclude_unset=True)["editors_choice"] is False
    assert "editors_choice" not in one(changed(sticky=None)).model_fields_set


def test_tags_are_given_where_they_are_embedded():
    """None any more takes them away; a list that was saved without them leaves them as they were."""
    assert "categories" in one(embedding(wp_term=[])).model_fields_set
    assert "categories" not in one(changed(_embedded=None)).model_fields_set


@pytest.mark.parametrize(
    ("status", "expected"),
    [("publish", "published"), ("future", "embargoed"), ("draft", "unpublished"), ("trash", "unpublished"), ("", None)],
)
def test_the_status_is_what_the_newsroom_gave_it(status, expected):
    """A saved list may hold what is not out yet, or no more."""
    assert one(changed(status=status)).status == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"date_gmt": "0000-00-00T00:00:00"}, datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ({"date_gmt": None}, datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ({"date_gmt": None, "date": "0000-00-00T00:00:00"}, None),
    ],
)
def test_a_date_that_is_not_set_is_none(values, expected):
    """The site's own clock is nearer than no date at all."""
    assert one(changed(**values)).published_at == expected


def test_excerpts_lose_what_themes_add():
    """The mark of a cut and the link to read on are no part of a standfirst."""
    excerpt = '<p>Why salt […] <a class="more-link" href="/x">Continue <span>reading</span></a></p>'
    assert one(changed(excerpt={"rendered": excerpt})).standfirst == "Why salt…"


def test_what_is_no_post_is_told_of_and_the_others_are_taken():
    """A post without a title, or no object at all."""
    found = list(wordpress.read([POST, 5, changed(title=None), changed(link="http://[::1")]))
    assert [type(one) for one in found] == [ArticleData, RowError, RowError, RowError]
    assert str(found[1]) == "post 2: It is no object, so it was left out."
    assert str(found[2]) == "post 3: It has no headline."


@pytest.mark.parametrize("indent", [None, 2])
def test_a_saved_list_is_known_by_its_shape(indent: int | None):
    """``digest articles import posts.json`` reads it, as a feed: it brings the newest again and again."""
    content = json.dumps([POST], indent=indent).encode()
    batch = collecting.read(content, Origin("posts.json"))
    assert [one.headline for one in batch.items if isinstance(one, ArticleData)] == ["Salt & water: “enough”"]
    assert batch.feed
    ours = json.dumps([{"url": "https://a.example/1", "headline": "A"}], indent=indent).encode()
    assert not is_feed(ours)
    assert not wordpress.is_posts(json.loads(ours))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [*POST, "yoast_head_json", "jetpack_featured_media_url"]
EMBEDDED = ["author", "wp:featuredmedia", "wp:term"]


@given(
    st.lists(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON), max_size=3),
    st.dictionaries(st.sampled_from(EMBEDDED), JSON),
)
def test_no_shape_breaks_the_reader(posts, embedded):
    """Plugins write what they like: each post is an article or a sentence."""
    given_posts = [one | {"_embedded": embedded} if isinstance(one, dict) else one for one in posts]
    for found in wordpress.read(given_posts, "https://w.example/"):
        assert isinstance(found, ArticleData | RowError)
    assert wordpress.is_posts(posts) in (True, False)


@given(JSON, JSON)
def test_no_picture_breaks_the_reader(details, other):
    """Whatever stands where sizes should."""
    media = {"source_url": "https://w.example/a.jpg", "media_details": details, "alt_text": other, "caption": other}
    for found in wordpress.read([embedding(wp_featuredmedia=[media]), embedding(wp_featuredmedia=other)]):
        assert isinstance(found, ArticleData | RowError)
