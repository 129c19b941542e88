"""One imported article: what it may hold, and how a bad one is told of."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from digest.articles.importing.data import ArticleData, RowError, absolute, build, web_url
from digest.articles.models import ArticleStatus
from digest.errors import BadInput

BASE = {"url": "https://example.org/a", "headline": "A headline"}


def only(raw: dict[str, Any]) -> ArticleData | RowError:
    """Return the one thing that raw values give."""
    (result,) = build(raw, "article 1")
    return result


def test_everything_that_is_documented_is_taken():
    """Each field of the documented shape arrives, as what it is."""
    article = only(
        BASE
        | {
            "canonical_url": "https://example.org/story",
            "guid": 17,
            "authors": "Ann",
            "topics": ["water", "water", "", "rail"],
            "language": "en_GB",
            "body_html": "<p>One</p><p>Two</p>",
            "minutes": "3.0",
            "image": {"url": "https://example.org/p q.jpg", "width": "800", "height": 600.0, "alt": "<i>A</i> b"},
            "published_at": "2026-11-23T10:00:00+01:00",
            "status": " Retracted ",
            "editors_choice": "x",
            "evergreen": "",
        }
    )
    assert isinstance(article, ArticleData)
    assert article.guid == "17"
    assert article.authors == ["Ann"]
    assert article.topics == ["water", "rail"]
    assert article.language == "en"
    assert article.body_html == "One\n\nTwo"
    assert article.minutes == 3
    assert article.image is not None
    assert article.image.url == "https://example.org/p%20q.jpg"
    assert (article.image.width, article.image.height, article.image.alt) == (800, 600, "A b")
    assert article.published_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert article.status is ArticleStatus.retracted
    assert article.editors_choice
    assert not article.evergreen


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"headline": "x"}, "It has no url."),
        ({"url": "https://example.org/a"}, "It has no headline."),
        ({"url": "", "headline": "x"}, "It has no url."),
        ({"url": None, "headline": "x"}, "It has no url."),
        ({"url": "https://example.org/a", "headline": "<b></b>"}, "It has no headline."),
        (BASE | {"url": "javascript:alert(1)"}, "Its url must be a whole web address"),
        (BASE | {"url": "/a"}, "Its url must be a whole web address"),
        (BASE | {"url": "https://example.org/" + "a" * 2_000}, "Its url is longer than 2000 characters"),
        (BASE | {"url": "https://[::1"}, "Its url "),
        (BASE | {"title": "x"}, "'title' is not a field; fields are url, headline, canonical_url"),
        (BASE | {"status": "gone"}, "Its status must be one of published, embargoed, unpublished, retracted."),
        (BASE | {"published_at": "soon"}, "Its published_at is not a time; write 2026-11-24T06:00:00Z (it is 'soon')."),
        (BASE | {"published_at": [1]}, "Its published_at must be a text"),
        (BASE | {"headline": ["x"]}, "Its headline must be a text"),
        (BASE | {"headline": True}, "Its headline must be a text"),
        (BASE | {"topics": 3}, "Its topics must be a list of texts"),
        (BASE | {"editors_choice": "perhaps"}, "Its editors_choice "),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(raw, sentence):
    """A bad article is a RowError that names the field, and what would be right."""
    result = only(raw)
    assert isinstance(result, RowError)
    assert not result.kept
    assert result.sentence.startswith(sentence)
    assert str(result).startswith("article 1: ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", {"url": "picture.jpg"}),
        ("image", {"alt": "no address"}),
        ("image", {"url": "https://example.org/p.jpg", "colour": "red"}),
        ("image", {"url": "https://example.org/p.jpg", "width": 0}),
        ("image", 7),
        ("minutes", "long"),
        ("minutes", True),
        ("minutes", float("nan")),
        ("minutes", 0),
        ("canonical_url", "not an address"),
        ("language", "English"),
    ],
)
def test_a_bad_extra_is_left_out_and_the_article_kept(field, value):
    """A picture, number or language that cannot be read costs only itself, and is told of."""
    told, article = build(BASE | {field: value}, "article 1")
    assert isinstance(told, RowError)
    assert told.kept
    assert isinstance(article, ArticleData)
    assert article.headline == "A headline"
    assert not getattr(article, field)


def test_a_picture_that_cannot_be_kept_costs_only_itself():
    """What the rule for pictures refuses is told of; what it gives is used."""

    def refuse(image: dict[str, Any]) -> dict[str, Any]:
        raise BadInput(f"There is no picture {image['url']}.")

    told, article = build(BASE | {"image": "a.jpg"}, "article 1", refuse)
    assert isinstance(told, RowError)
    assert told.sentence == "There is no picture a.jpg. The article was kept without its picture."
    assert isinstance(article, ArticleData)
    assert article.image is None
    (taken,) = build(BASE | {"image": "a.jpg"}, "article 1", lambda _: {"url": "https://example.org/b.jpg"})
    assert isinstance(taken, ArticleData)
    assert taken.image is not None


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23 10:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("2026-11-23T10:00:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 10:00:00 +0100", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (datetime(2026, 11, 23, 10), datetime(2026, 11, 23, 10, tzinfo=UTC)),  # noqa: DTZ001 - that is the point
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_as_newsrooms_write_them(given, moment):
    """ISO 8601 or an e-mail date, UTC where no zone stands; the dates that mean "none" are none."""
    assert ArticleData.model_validate(BASE | {"published_at": given}).published_at == moment


@pytest.mark.parametrize(
    ("tag", "language"), [("EN", "en"), ("pt-BR", "pt"), ("zh-Hant-TW", "zh-hant"), ("", None), (None, None)]
)
def test_a_language_is_reduced_to_what_lists_know(tag, language):
    """Regions of a language are dropped, scripts stay."""
    assert ArticleData.model_validate(BASE | {"language": tag}).language == language


def test_a_guid_of_any_length_stays_one_identity():
    """A very long one is replaced by its hash, so that two do not become one."""
    first, second = ("x" * 1_000 + end for end in "ab")
    guids = {ArticleData.model_validate(BASE | {"guid": guid}).guid for guid in (first, second, first)}
    assert len(guids) == 2
    assert all(guid is not None and guid.startswith("sha256:") for guid in guids)


def test_lengths_are_capped():
    """No field can fill a mail or the database."""
    article = ArticleData.model_validate(
        BASE | {"headline": "x" * 10_000_000, "body": "word " * 200_000, "topics": [str(n) for n in range(500)]}
    )
    assert len(article.headline) == 300
    assert 49_000 < len(article.body) <= 50_000
    assert len(article.topics) == 30


def test_addresses_in_other_scripts_stay_readable():
    """Only what no address may hold is encoded."""
    assert web_url('https://новости.test/путь a"<b>') == "https://новости.test/путь%20a%22%3Cb%3E"
    assert web_url("https://example.org/a%20b\r\nX: y") == "https://example.org/a%20bX:%20y"


def test_an_article_cannot_be_changed():
    """Imported data is frozen."""
    article = ArticleData.model_validate(BASE)
    with pytest.raises(ValidationError):
        setattr(article, "headline", "other")  # noqa: B010 - mypy would see it coming


@pytest.mark.parametrize(
    ("address", "seen"),
    [(" /a ", "https://example.org/a"), ("http://[", "http://["), ("b", "https://example.org/x/b")],
)
def test_an_address_is_seen_from_where_it_was_found(address, seen):
    """What is no address stays, so that a sentence can say so."""
    assert absolute("https://example.org/x/y", address) == seen


@pytest.mark.parametrize("moment", ["  ", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00"])
def test_dates_that_mean_none_are_none(moment):
    """Blanks, the first day of a calendar, and a moment after the last."""
    article = only(BASE | {"published_at": moment})
    assert isinstance(article, ArticleData)
    assert article.published_at is None


def test_a_number_that_is_blank_is_none():
    """As an empty cell of a sheet is."""
    article = only(BASE | {"minutes": ""})
    assert isinstance(article, ArticleData)
    assert article.minutes is None
