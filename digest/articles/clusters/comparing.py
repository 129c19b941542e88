"""Compares new articles with those around them, keeps what was found, and brings their clusters up to date.

Each chunk is compared outside a transaction, against what is stored then. The short transaction that keeps the
result looks again at what came or changed meanwhile; so two workers at once miss no pair, and whoever is killed has
done whole chunks only: an article without a row of words is compared by the next run.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, delete, select, type_coerce, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from digest.articles.clusters import finding, settling
from digest.articles.clusters.alike import TITLES, WITHIN, text_likeness
from digest.articles.clusters.finding import Found
from digest.articles.clusters.settling import PAIRS, chunks, settle, touching
from digest.articles.clusters.words import Text, packed, read, title_likeness
from digest.articles.identity import ARTICLES
from digest.articles.models import ArticleWords
from digest.articles.upserting import insert_new, upsert
from digest.database import Database

RECENT = timedelta(days=60)  # what is older is not compared any more
CHUNK = 500  # articles of one transaction
WORDS: Any = ArticleWords.__table__  # type: ignore[attr-defined]
_TEXTS = (ARTICLES.c.headline, ARTICLES.c.standfirst, ARTICLES.c.body)
_READ = (ARTICLES.c.id, ARTICLES.c.published_at, ARTICLES.c.language, *_TEXTS)


@dataclass
class Compared:
    """What a run found: articles compared, pairs that tell one story, pairs suggested, articles whose cluster changed.

    ``passed_over``: articles that somebody else was changing; the next run takes them.
    """

    articles: int = 0
    same: int = 0
    suggested: int = 0
    changed: int = 0
    passed_over: int = 0

    def add(self, other: "Compared") -> None:
        """Count another report in."""
        self.articles += other.articles
        self.same += other.same
        self.suggested += other.suggested
        self.changed += other.changed
        self.passed_over += other.passed_over


@dataclass(frozen=True, slots=True)
class _New:
    """An article that is being compared, as it was read."""

    id: UUID
    published_at: datetime
    language: str  # without the country
    source: tuple[str, ...]  # its texts: should they change meanwhile, it is left to the next run
    text: Text


@dataclass(frozen=True, slots=True)
class _Pair:
    first: UUID
    second: UUID
    text: float | None
    title: float


Around = Mapping[str, bytes]  # id, as the database writes it -> stored words


def compare(database: Database, at: datetime, *, done: Callable[[int], None] = lambda _: None) -> Compared:
    """Compare every article published since 60 days before ``at`` that was not compared yet, withdrawn ones too.

    ``at``: now. ``done`` is told how many more were compared. Doing it again, or twice at once, changes nothing.
    """
    report = Compared()
    with database.reading() as session:
        ids = waiting(session, at)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        report.add(_compare_some(database, part, at))
        done(len(part))
    return report


def language_of(tag: str) -> str:
    """Return the language of a tag without its country: articles in en and en-gb are compared."""
    return tag.partition("-")[0].partition("_")[0].lower()


def waiting(session: Session, at: datetime) -> list[UUID]:
    """Return the articles that are not compared yet, the earliest published first."""
    compared = select(WORDS.c.article_id).where(WORDS.c.article_id == ARTICLES.c.id).exists()
    query = select(ARTICLES.c.id).where(ARTICLES.c.published_at >= at - RECENT, ~compared)
    return list(session.execute(query.order_by(ARTICLES.c.published_at, ARTICLES.c.id)).scalars())


def _compare_some(database: Database, ids: Sequence[UUID], at: datetime) -> Compared:
    with database.reading() as session:
        new = _read(session, ids)
        around = {language: _around(session, some) for language, some in _by_language(new).items()}
        pairs = [
            pair for language, some in _by_language(new).items() for pair in _weigh(session, some, around[language])
        ]
    try:
        with database.writing() as session:
            return _keep(session, new, around, pairs, at)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != "55P03":  # lock not available: somebody changes these articles
            raise
        return Compared(passed_over=len(new))


def _read(session: Session, ids: Sequence[UUID]) -> list[_New]:
    return [
        _New(row.id, row.published_at, language_of(row.language), tuple(row[3:]), read(*row[3:]))
        for row in session.execute(select(*_READ).where(ARTICLES.c.id.in_(ids)).order_by(ARTICLES.c.id))
    ]


def _by_language(new: Sequence[_New]) -> dict[str, list[_New]]:
    found: dict[str, list[_New]] = defaultdict(list)
    for one in new:
        found[one.language].append(one)
    return found


def _around(session: Session, new: Sequence[_New]) -> dict[str, bytes]:
    """Return the stored words of all articles in the language of these, within 14 days of any."""
    dates = [one.published_at for one in new]
    query = (
        select(type_coerce(WORDS.c.article_id, String), WORDS.c.words)  # 50,000 ids need not be made objects
        .where(WORDS.c.published_at.between(min(dates) - WITHIN, max(dates) + WITHIN))
        .where(WORDS.c.language == new[0].language)
    )
    return {str(key): words for key, words in session.execute(query).all()}


def _weigh(session: Session, new: Sequence[_New], around: Around) -> list[_Pair]:
    """Return what is to be kept of pairs of these articles, and of these with those around them."""
    keys = sorted(around)
    found = finding.find([one.text for one in new], [around[key] for key in keys])
    places = {place for pair in found.texts | found.titles for place in pair if place >= len(new)}
    others = {place: UUID(keys[place - len(new)]) for place in places}
    stored = {one.id: one for part in chunks(others.values()) for one in _read(session, part)}
    by_place = dict(enumerate(new)) | {place: stored[one] for place, one in others.items() if one in stored}
    return _weighed(found, by_place)


def _weighed(found: Found, by_place: Mapping[int, _New]) -> list[_Pair]:
    kept = []
    for one, other in sorted(found.texts | found.titles):
        if one in by_place and other in by_place:
            first, second = sorted((by_place[one], by_place[other]), key=lambda new: new.id)
            distance = abs(first.published_at - second.published_at)
            text = None
            if (one, other) in found.texts:
                text = text_likeness(first.text, second.text, distance, many=found.many)
            title = title_likeness(first.text.title, second.text.title)
            if text is not None or (title >= TITLES and distance <= WITHIN):
                kept.append(_Pair(first.id, second.id, text, title))
    return kept


def _keep(
    session: Session, new: Sequence[_New], around: Mapping[str, Around], pairs: Sequence[_Pair], at: datetime
) -> Compared:
    settling.take_turn(session)
    settling.give_way(session)
    valid = _still(session, new)
    kept: dict[tuple[UUID, UUID], _Pair] = {}
    gone: set[UUID] = set()
    for language, some in _by_language(valid).items():
        now, before = _around(session, some), around[language]
        fresh = {key: words for key, words in now.items() if before.get(key) != words}
        gone.update(UUID(key) for key, words in before.items() if now.get(key) != words)
        if fresh:  # stored by somebody else since we looked
            kept.update({(pair.first, pair.second): pair for pair in _weigh(session, some, fresh)})
    gone.update(one.id for one in new)
    gone.difference_update(one.id for one in valid)
    for pair in pairs:
        if pair.first not in gone and pair.second not in gone:
            kept.setdefault((pair.first, pair.second), pair)
    touched = _forget(session, [one.id for one in valid])
    _store(session, valid, list(kept.values()), at)
    touched.update(one for pair in kept for one in pair)
    touched.update(one.id for one in valid)
    same = sum(pair.text is not None for pair in kept.values())
    changed = settle(session, touched)
    return Compared(len(valid), same, len(kept) - same, changed, len(new) - len(valid))


def _still(session: Session, new: Sequence[_New]) -> list[_New]:
    """Return those that nobody compared, changed or is changing since they were read."""
    ids = [one.id for one in new]
    done = set(session.execute(select(WORDS.c.article_id).where(WORDS.c.article_id.in_(ids))).scalars())
    query = select(*_READ).where(ARTICLES.c.id.in_(ids)).order_by(ARTICLES.c.id)
    now = {row.id: row for row in session.execute(query.with_for_update(skip_locked=True))}
    return [
        one
        for one in new
        if one.id not in done
        and one.id in now
        and (one.source, one.published_at) == (tuple(now[one.id][3:]), now[one.id].published_at)
    ]


def _forget(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Forget what the machine said of these articles' former texts; returns who hung on it. Verdicts stay."""
    partners: set[UUID] = set()
    for row in session.execute(select(PAIRS.c.first, PAIRS.c.second).where(touching(ids))):
        partners.update(row)
    if partners:
        session.execute(delete(PAIRS).where(touching(ids), PAIRS.c.verdict == ""))
        session.execute(update(PAIRS).where(touching(ids)).values(text=None, title=None))
    return partners


def _store(session: Session, new: Sequence[_New], pairs: Sequence[_Pair], at: datetime) -> None:
    rows = [
        {"article_id": one.id, "published_at": one.published_at, "language": one.language, "words": packed(one.text)}
        for one in new
    ]
    insert_new(session, WORDS, rows)
    values = [
        {"first": one.first, "second": one.second, "text": one.text, "title": one.title, "verdict": "", "at": at}
        | {"who": ""}
        for one in pairs
    ]
    upsert(session, PAIRS, values, key=("first", "second"), update=("text", "title"))
