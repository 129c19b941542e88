"""Reads what other systems hand in as JSON, articles and reads, and has it stored; answers in sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlmodel import Session

from digest.articles.canonical import canonical_url
from digest.articles.identity import ARTICLES, articles_at
from digest.articles.importing.data import LANGUAGE, ArticleData, RowError, build
from digest.articles.models import ArticleStatus
from digest.articles.reads import Period, ReadRow, ReadsReport, import_reads
from digest.articles.reads.most_read import entry
from digest.articles.storing import Import, StoreReport, is_first_import, store_in_chunks
from digest.bootstrap import App
from digest.errors import BadInput

MOST_ARTICLES: Final = 5_000  # of one request: ten seconds of storing
MOST_PAGES: Final = 50_000
LONGEST_SOURCE: Final = 200
OF_ARTICLES: Final = ("articles", "source", "language", "region", "backlog")
OF_READS: Final = ("pages", "source", "from", "to", "site")
WITHDRAWN: Final = frozenset({ArticleStatus.unpublished, ArticleStatus.retracted})
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say of a request: 200 where anything was stored or nothing was wrong, else 422."""

    status: HTTPStatus
    data: dict[str, Any]


def articles(app: App, body: bytes, key: str) -> Answer:
    """Store the articles of a request under the source of its key, ``api:<name>``, or the one it names.

    Texts of articles that another source brought are filled up, never changed. Raises BadInput and NotFound.
    """
    data = parsed(body)
    given, place = _of_articles(data), _place_of_articles(data)
    source, at = _source(given, key), app.clock.now()
    with app.database.reading() as session:
        first = is_first_import(session, source)
        items = list(_items(session, given["articles"]))
    terms = Import(
        source=source,
        at=at,
        language=_language(given),
        region=_text(given, "region") or None,
        backlog=_flag(given, "backlog", default=first),
    )
    return _stored(store_in_chunks(app.database, items, terms), place)


def reads(app: App, body: bytes, key: str) -> Answer:
    """Store the reads of a request; the same source and period again replaces them. Raises BadInput."""
    given = _object(parsed(body), OF_READS, '{"from": ..., "to": ..., "pages": [{"url": ..., "views": 12}]}')
    pages = _list(given, "pages", MOST_PAGES)
    source, site = _source(given, key), _text(given, "site")
    if site:
        canonical_url(site)
    rows = [_page(one, f"page {number}", site) for number, one in enumerate(pages, start=1)]
    period = _period(given, rows, app.clock.now())
    with app.database.writing() as session:
        report = import_reads(session, rows, source=source, period=period)
    return _counted(report)


def parsed(body: bytes) -> Any:
    """Return the value of a JSON body: UTF-8, no NaN, not nested over 1,024 deep. Raises BadInput."""
    try:
        return orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The body is no JSON in UTF-8: {error}.") from error


def _of_articles(data: Any) -> dict[str, Any]:
    """Bring the three shapes of a request to one: an object with ``articles``, a list of them, one alone."""
    if isinstance(data, list):
        data = {"articles": data}
    elif isinstance(data, dict) and "articles" not in data and ("url" in data or "headline" in data):
        data = {"articles": [data]}
    given = _object(data, OF_ARTICLES, '{"articles": [{"url": ..., "headline": ...}]}')
    _list(given, "articles", MOST_ARTICLES)
    return given


def _place_of_articles(data: Any) -> str:
    """Return the JSON pointer of the list of articles; "" where a single one is the whole body."""
    if isinstance(data, dict):
        return "#/articles/" if "articles" in data else ""
    return "#/"


def _object(data: Any, fields: tuple[str, ...], shape: str) -> dict[str, Any]:
    if not isinstance(data, dict) or fields[0] not in data:
        raise BadInput(f"The body has no {fields[0]}. Write {shape}.")
    unknown = next((name for name in data if name not in fields), None)
    if unknown is not None:
        raise BadInput(f"{unknown[:60]!r} is not a field of the body; fields are {', '.join(fields)}.")
    return data


def _list(given: Mapping[str, Any], name: str, most: int) -> list[Any]:
    found = given[name]
    if not isinstance(found, list):
        raise BadInput(f"{name} must be a list.")
    if len(found) > most:
        raise BadInput(f"There are {len(found):,} {name}; send at most {most:,} at once.")
    return found


def _text(given: Mapping[str, Any], name: str) -> str:
    found = given.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or not found.isprintable() or len(found) > LONGEST_SOURCE:
        raise BadInput(f"{name} must be a text of at most {LONGEST_SOURCE} characters, without line breaks.")
    return found.strip()


def _flag(given: Mapping[str, Any], name: str, *, default: bool) -> bool:
    found = given.get(name, default)
    if not isinstance(found, bool):
        raise BadInput(f"{name} must be true or false.")
    return found


def _source(given: Mapping[str, Any], key: str) -> str:
    return _text(given, "source") or f"api:{key}"


def _language(given: Mapping[str, Any]) -> str:
    tag = _text(given, "language").lower().replace("_", "-") or "en"
    if not LANGUAGE.match(tag):
        raise BadInput("language must be a language tag such as en, ar or zh-hant.")
    return tag


def _items(session: Session, given: list[Any]) -> Iterator[ArticleData | RowError]:
    """Yield each article of a request; who only withdraws one need not repeat its headline."""
    headlines = _headlines(session, given)
    for number, values in enumerate(given, start=1):
        where = f"article {number}"
        if not isinstance(values, dict):
            yield RowError(where, 'It is no object. Write {"url": ..., "headline": ...}.')
        elif not _only_withdraws(values):
            yield from build(values, where)
        elif headline := headlines.get(_canonical(values["url"])):
            yield from build(values | {"headline": headline}, where)
        else:
            yield RowError(where, "There is no article at its url, so there is nothing to withdraw.")


def _headlines(session: Session, given: list[Any]) -> dict[str, str]:
    """Return the headlines of the articles that are to be withdrawn, by canonical URL."""
    wanted = {_canonical(one["url"]) for one in given if isinstance(one, dict) and _only_withdraws(one)} - {""}
    known = articles_at(session, wanted)
    rows = session.execute(select(ARTICLES.c.id, ARTICLES.c.headline).where(ARTICLES.c.id.in_(set(known.values()))))
    headlines = {row.id: row.headline for row in rows}
    return {url: headlines[article] for url, article in known.items()}


def _only_withdraws(values: Mapping[str, Any]) -> bool:
    gone = isinstance(values.get("status"), str) and values["status"].strip().lower() in WITHDRAWN
    return gone and not values.get("headline") and isinstance(values.get("url"), str)


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except BadInput:
        return ""


def _page(one: Any, where: str, site: str) -> ReadRow | RowError:
    row = entry(one, where, site)
    if isinstance(row, ReadRow) and row.views is None and row.rank is None:
        return RowError(where, "It has neither views nor rank.")
    return row


def _period(given: Mapping[str, Any], rows: list[ReadRow | RowError], now: datetime) -> Period:
    """Return the period of reads, which ends now at the latest; ranks alone are of now."""
    if "from" in given and "to" in given:
        start, end = _moment(given, "from"), min(_moment(given, "to"), now)
        if start >= end:
            raise BadInput("The period must end after it starts, and have begun: from comes before to, and before now.")
        return Period(start, end)
    if "from" in given or "to" in given or any(isinstance(row, ReadRow) and row.views is not None for row in rows):
        raise BadInput('Views need their period: "from" and "to", such as 2026-11-16T00:00:00Z.')
    return Period(now - HOUR, now)


def _moment(given: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(given, name))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{name} is not a time; write 2026-11-16T00:00:00Z.") from error


def _stored(report: StoreReport, place: str) -> Answer:
    data = {"new": report.new, "updated": report.updated, "unchanged": report.unchanged, "undated": report.undated}
    told = {"errors": _told(report.errors, place), "warnings": _told(report.warnings, place)}
    return Answer(_status(failed=bool(report.errors and not report.stored)), data | told)


def _counted(report: ReadsReport) -> Answer:
    data: dict[str, Any] = {"articles": report.articles, "unknown": len(report.pages)}
    data["unknown_most_read"] = [asdict(page) for page in report.most_read_unknown()]
    failed = bool(report.errors and not report.articles and not report.pages)
    return Answer(_status(failed=failed), data | {"errors": _told(report.errors, "#/pages/")})


def _status(*, failed: bool) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK


def _told(errors: list[RowError], place: str) -> list[dict[str, str]]:
    """Return errors as they are answered: for people, and with a JSON pointer as RFC 9457 shows it."""
    return [
        {"where": one.where, "sentence": one.sentence, "detail": one.sentence, "pointer": _pointer(one.where, place)}
        for one in errors
    ]


def _pointer(where: str, place: str) -> str:
    number = where.rpartition(" ")[2]
    return f"{place}{int(number) - 1}" if place and number.isdecimal() else "#"
