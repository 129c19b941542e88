"""What an import knows of one article, whatever it was read from, and how a bad one is told of."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import quote, urljoin, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from digest.articles.importing import plain
from digest.articles.importing.dates import read_date
from digest.articles.models import ArticleStatus
from digest.errors import BadInput

HEADLINE, STANDFIRST, BODY, SHORT, LONGEST_URL = 300, 1_000, 50_000, 200, 2_000
MANY = 30  # authors, regions, topics of one article
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*\Z")
SCRIPT = re.compile(r"[a-z]{4}\Z")
OPTIONAL = frozenset({"image", "minutes", "canonical_url", "language"})  # a bad one is dropped, the article is kept
PictureRule = Callable[[dict[str, Any]], dict[str, Any]]
UNSET_YEAR, UNSET = 1, datetime(1970, 1, 1, tzinfo=UTC)  # what systems write for "no date"


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that went wrong in an import: where, and a sentence. ``kept``: the article was taken all the same."""

    where: str
    sentence: str
    kept: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a text")  # noqa: TRY004 - pydantic collects ValueErrors
    return str(value)


def _line(limit: int) -> Callable[[Any], str]:
    return lambda value: plain.line(_text(value), limit)


def _paragraphs(value: Any) -> str:
    return plain.paragraphs(_text(value), BODY)


def web_url(value: Any) -> str:
    """Return an http(s) address, percent-encoded where it must be, or raise ValueError."""
    text = "".join(plain.clean(_text(value)).split("\n")).strip()
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a whole web address that starts with https:// or http://")
    if len(text) > LONGEST_URL:
        raise ValueError(f"is longer than {LONGEST_URL} characters")
    return quote(text, safe="%/:?#[]@!$&'()*+,;=-._~") if text.isascii() else _quoted(text)


def absolute(base: str, address: str) -> str:
    """Return an address as seen from where it was found; what is no address stays as it is, to be told of."""
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return address


def _quoted(text: str) -> str:
    """Encode what no address may hold (blanks, quotes, angle brackets), and leave letters of all scripts readable."""
    return "".join(quote(char, safe="") if char in ' "<>\\^`{|}' or char.isspace() else char for char in text)


def _identity(value: Any) -> str | None:
    text = " ".join(plain.clean(_text(value)).split())
    if len(text) > SHORT * 2:
        return "sha256:" + sha256(text.encode()).hexdigest()
    return text or None


def _many(value: Any) -> list[str]:
    given = [value] if isinstance(value, str) else (value or [])
    if not isinstance(given, list | tuple):
        raise ValueError("must be a list of texts")  # noqa: TRY004
    texts = (plain.line(_text(one), SHORT) for one in given)
    return list(dict.fromkeys(text for text in texts if text))[:MANY]


def _language(value: Any) -> str | None:
    """Reduce a BCP 47 tag to language and script: an article in en-GB is for lists in English."""
    tag = _text(value).strip().lower().replace("_", "-")
    if not tag:
        return None
    if not LANGUAGE.match(tag):
        raise ValueError("must be a language tag such as en, ar or zh-hant")
    first, *rest = tag.split("-")
    return "-".join((first, *(part for part in rest[:1] if SCRIPT.match(part))))


def _moment(value: Any) -> datetime | None:
    """Read a date as dates.py does; without a zone it is UTC; the dates that mean "none" are None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    moment = value if isinstance(value, datetime) else read_date(_text(value))
    if moment is None:
        raise ValueError("is not a time; write 2026-11-24T06:00:00Z")
    try:
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return None
    return None if moment.year <= UNSET_YEAR or moment == UNSET else moment


def _count(value: Any) -> int | None:
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a whole number")  # noqa: TRY004
    try:
        return round(float(value))
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a whole number") from error


def _flag(value: Any) -> Any:
    text = value.strip().lower() if isinstance(value, str) else value
    return {"": False, None: False, "x": True}.get(text, text) if isinstance(text, str | None) else text


def _status(value: Any) -> Any:
    return (value.strip().lower() or None) if isinstance(value, str) else value


def _image(value: Any) -> Any:
    if value in (None, "", {}):
        return None
    return {"url": value} if isinstance(value, str) else value


Url = Annotated[str, BeforeValidator(web_url)]
Short = Annotated[str, BeforeValidator(_line(SHORT))]
Texts = Annotated[list[str], BeforeValidator(_many)]
Pixels = Annotated[int | None, Field(ge=1, le=100_000), BeforeValidator(_count)]


class ImageData(BaseModel):
    """The picture of an article."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[Url, Field(min_length=1)]
    alt: Annotated[str, BeforeValidator(_line(500))] = ""
    credit: Short = ""
    width: Pixels = None
    height: Pixels = None


class ArticleData(BaseModel):
    """One article as it is imported: the documented shape of JSON files, and what every other reader makes.

    ``url`` and ``headline`` are needed; all else may be left out. Texts may be HTML; plain text is kept.
    ``regions``: ids or names of regions it is tagged with. ``categories``: tags of the source's own, which its tag
    map gives a meaning. ``status`` left out: as it was, or published.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[Url, Field(min_length=1)]
    headline: Annotated[str, Field(min_length=1), BeforeValidator(_line(HEADLINE))]
    canonical_url: Annotated[str, BeforeValidator(web_url)] = ""
    guid: Annotated[str | None, BeforeValidator(_identity)] = None
    standfirst: Annotated[str, BeforeValidator(_line(STANDFIRST))] = ""
    kicker: Short = ""
    byline: Short = ""
    authors: Texts = Field(default_factory=list)
    desk: Short = ""
    place: Short = ""
    source_line: Annotated[str, BeforeValidator(_line(500))] = ""
    correction: Annotated[str, BeforeValidator(_line(STANDFIRST))] = ""
    language: Annotated[str | None, BeforeValidator(_language)] = None
    body: Annotated[str, BeforeValidator(_paragraphs)] = ""
    body_html: Annotated[str, BeforeValidator(_paragraphs)] = ""  # used where body is empty
    minutes: Annotated[int | None, Field(ge=1, le=600), BeforeValidator(_count)] = None
    image: Annotated[ImageData | None, BeforeValidator(_image)] = None
    published_at: Annotated[datetime | None, BeforeValidator(_moment)] = None
    status: Annotated[ArticleStatus | None, BeforeValidator(_status)] = None
    editors_choice: Annotated[bool, BeforeValidator(_flag)] = False
    evergreen: Annotated[bool, BeforeValidator(_flag)] = False
    regions: Texts = Field(default_factory=list)
    topics: Texts = Field(default_factory=list)
    categories: Texts = Field(default_factory=list)
    cluster: Annotated[str | None, BeforeValidator(_identity)] = None


FIELDS = tuple(ArticleData.model_fields)


def undated(given: str, where: str) -> RowError:
    """Say that an article's date cannot be read; the article is kept."""
    shown = plain.shorten(given, 60)
    return RowError(where, f"Its date {shown!r} cannot be read; it counts as published when first seen.", kept=True)


def same_picture(image: dict[str, Any]) -> dict[str, Any]:
    """Leave the picture of an article as it is given: the rule where there is no folder to take it from."""
    return image


def build(raw: Mapping[str, Any], where: str, picture: PictureRule = same_picture) -> Iterator[ArticleData | RowError]:
    """Make one article of raw values; yields it, or a RowError that says what is wrong with it.

    ``picture``: what to do with its picture; may raise BadInput. A picture, a number or a language that cannot
    be read is told of and left out: the article is kept.
    """
    values = dict(raw)
    try:
        image = _image(values.get("image"))
        values["image"] = picture(image) if isinstance(image, dict) else image
    except BadInput as error:
        yield RowError(where, f"{error} The article was kept without its picture.", kept=True)
        values.pop("image")
    yield from _validated(values, where)


def _validated(values: dict[str, Any], where: str) -> Iterator[ArticleData | RowError]:
    try:
        article = ArticleData.model_validate(values)
    except ValidationError as error:
        bad = {str(one["loc"][0]) for one in error.errors()}
        sentence = explain(error)
    else:
        yield article
        return
    if not bad <= OPTIONAL:
        yield RowError(where, sentence)
        return
    yield RowError(where, f"{sentence} That was left out; the article was kept.", kept=True)
    yield ArticleData.model_validate({key: value for key, value in values.items() if key not in bad})


def explain(error: ValidationError) -> str:
    """Say in one sentence per field what is wrong with an article."""
    return " ".join(dict.fromkeys(_reason(dict(one)) for one in error.errors()))


def _reason(one: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in one["loc"])
    if one["type"] in ("missing", "string_too_short", "too_short"):
        return f"It has no {name}."
    if one["type"] == "extra_forbidden":
        fields = tuple(ImageData.model_fields) if len(one["loc"]) > 1 else FIELDS
        return f"{name!r} is not a field; fields are {', '.join(fields)}."
    if one["type"] == "enum":
        return f"Its {name} must be one of {', '.join(ArticleStatus)}."
    message = str(one["msg"]).removeprefix("Value error, ")
    shown = plain.shorten(repr(one["input"])[:200], 60)
    return f"Its {name} {message[:1].lower() + message[1:]} (it is {shown})."
