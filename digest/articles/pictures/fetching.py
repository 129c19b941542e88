"""Fetches the pictures of articles, once each; what cannot be had is remembered with its reason.

Nothing is held while the network is waited for: a picture is claimed, fetched and cut, and settled. A claim runs out,
so that a worker that dies loses nothing; two workers never fetch the same picture.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus
from threading import Lock
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import Select, func, or_, select, union, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from digest.articles.models import Article, ArticleStatus, Picture
from digest.articles.pictures.cutting import LARGEST
from digest.articles.pictures.store import CannotKeep, Kept, PictureStore
from digest.articles.threads import side_by_side
from digest.database import Database
from digest.errors import BadInput
from digest.fetching import Fetched as Answer
from digest.fetching import Fetcher, shown

RECENT, EVERGREEN = timedelta(days=28), timedelta(days=365)  # what an issue may hold, as articles.candidates gathers
RETRIES: Final = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))  # after the last the matter is settled
LEASE: Final = timedelta(minutes=10)  # longer than a fetch, a cut and the wait for one's turn at it
THREADS: Final = 4
PASSING: Final = frozenset({403, 408, 425, 429})  # 403, too: what networks of copies say to those who ask too often
NO_HOST: Final = "there is no host"  # as digest.fetching.resolve says it
SERVER_ERRORS: Final = 500
HEADERS: Final = {"accept": "image/jpeg,image/png,image/webp,image/gif,*/*;q=0.1"}
CUTTING: Final = Lock()  # a large picture takes some hundred MB while it is cut: one at a time
_ARTICLES: Any = Article.__table__  # type: ignore[attr-defined]
_PICTURES: Any = Picture.__table__  # type: ignore[attr-defined]


class Getter(Protocol):
    """How a picture is asked for: ``digest.fetching.Fetcher``."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch an address; any status is an answer. Raises BadInput."""
        ...


class Stop(Protocol):
    """How a worker is told to leave: a threading.Event."""

    def is_set(self) -> bool:
        """Return whether it shall leave."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a run: pictures kept, not to be had this time, and due but not reached."""

    kept: int
    failed: int
    left: int
    error: str = ""  # why it ended early: the folder takes nothing


class _Came(Enum):
    """What came of one picture."""

    kept = auto()
    failed = auto()
    not_reached = auto()
    not_ours = auto()  # another worker is at it


class _PassingError(BadInput):
    """It may be there later."""


def fetch_due(
    database: Database,
    fetcher: Getter,
    store: PictureStore,
    at: datetime,
    *,
    articles: Collection[UUID] | None = None,
    most: int = 200,
    stop: Stop | None = None,
    seconds: float = 300.0,
    elapsed: Callable[[], float] = time.monotonic,
) -> Fetched:
    """Fetch, cut and keep the pictures that are due: of the published articles that may stand in a mail now.

    ``articles``: only of these. ``most``: pictures of a run, newest articles first. ``seconds``: no picture is begun
    later. A picture that is kept, or is settled as not to be had, is never asked for again.
    """
    with database.reading() as session:
        wanted = _due(at, articles)
        urls = list(session.execute(wanted.limit(most)).scalars())
        due = session.execute(select(func.count()).select_from(wanted.order_by(None).subquery())).scalar_one()
    if not urls:
        return Fetched(0, 0, 0)
    bounded = replace(fetcher, max_bytes=LARGEST) if isinstance(fetcher, Fetcher) else fetcher
    end = elapsed() + seconds
    run = _Run(database, bounded, store, at, lambda: elapsed() >= end or (stop is not None and stop.is_set()))
    came: list[_Came] = []
    side_by_side(lambda url: came.append(run.one(url)), urls, threads=THREADS, name="pictures")
    reached = len(came) - came.count(_Came.not_reached)
    return Fetched(came.count(_Came.kept), came.count(_Came.failed), due - reached, run.error)


def _due(at: datetime, articles: Collection[UUID] | None) -> Select[tuple[str]]:
    """Select the addresses of pictures that were never asked for, or are to be asked for again; newest first."""
    seen = _ARTICLES.c
    again = or_(_PICTURES.c.url.is_(None), _PICTURES.c.next_at <= at)
    return (
        select(seen.image_url)
        .outerjoin(_PICTURES, _PICTURES.c.url == seen.image_url)
        .where(seen.image_url != "", seen.status == ArticleStatus.published, again)
        .where(seen.id.in_(_recent(at) if articles is None else list(articles)))
        .group_by(seen.image_url)
        .order_by(func.max(seen.published_at).desc(), seen.image_url)
    )


def _recent(at: datetime) -> Any:
    """Select the ids of the articles that an issue cut off now may hold."""
    seen, since = _ARTICLES.c, at - RECENT
    reasons = (
        seen.published_at.between(since, at),
        seen.refreshed_at.between(since, at),
        seen.evergreen.is_(True) & seen.published_at.between(at - EVERGREEN, at),
    )
    return select(union(*(select(seen.id).where(reason) for reason in reasons)).subquery().c.id)


@dataclass(slots=True)
class _Run:
    """One run; its threads share it."""

    database: Database
    fetcher: Getter
    store: PictureStore
    at: datetime
    ends: Callable[[], bool]
    error: str = ""

    def one(self, url: str) -> _Came:
        """Fetch one picture, and settle it or say when to try again."""
        if self.error or self.ends():
            return _Came.not_reached
        failures = self._claim(url)
        if failures is None:
            return _Came.not_ours
        try:
            kept = self._kept(url)
        except CannotKeep as error:  # the claim runs out, and then it is due again
            self.error = str(error)
            return _Came.not_reached
        except BadInput as error:
            passing = isinstance(error, _PassingError) and failures < len(RETRIES)
            again = self.at + RETRIES[failures] if passing else None
            self._settle(url, {"error": str(error), "failures": failures + 1, "next_at": again})
            return _Came.failed
        names = {"lead": kept.lead, "thumb": kept.thumb, "lead_width": kept.lead_width, "lead_height": kept.lead_height}
        self._settle(url, {**names, "error": "", "failures": 0, "next_at": None})
        return _Came.kept

    def _claim(self, url: str) -> int | None:
        """Claim a picture for some minutes; returns how often it failed before, None where another worker has it."""
        until = {"tried_at": self.at, "next_at": self.at + LEASE}
        with self.database.writing() as session:
            statement = (
                _insert(session)
                .values(url=url, lead="", thumb="", error="", failures=0, **until)
                .on_conflict_do_update(index_elements=["url"], set_=until, where=_PICTURES.c.next_at <= self.at)
                .returning(_PICTURES.c.failures)
            )
            failures: int | None = session.execute(statement).scalar()
        return failures

    def _kept(self, url: str) -> Kept:
        content = self.store.own(url)
        if content is None:
            content = self._fetched(url)
        with CUTTING:
            return self.store.keep_cut(content)

    def _fetched(self, url: str) -> bytes:
        try:
            answer = self.fetcher.get(url, HEADERS)
        except BadInput as error:
            if _is_of_the_network(error):
                raise _PassingError(str(error)) from error
            raise
        if answer.status == HTTPStatus.OK:
            return answer.body
        sentence = f"{shown(url)} could not be fetched: the server answers {_in_words(answer.status)}."
        if answer.status in PASSING or answer.status >= SERVER_ERRORS:
            raise _PassingError(sentence)
        raise BadInput(sentence)

    def _settle(self, url: str, values: Mapping[str, Any]) -> None:
        with self.database.writing() as session:
            session.execute(
                update(_PICTURES)
                .where(_PICTURES.c.url == url, _PICTURES.c.next_at == self.at + LEASE)
                .values(tried_at=self.at, **values)
            )


def _is_of_the_network(error: BadInput) -> bool:
    """Tell whether a fetch failed on its way, which may pass, and not on what was asked for or what came."""
    cause = error.__cause__
    if isinstance(cause, BadInput):  # refused, but for a name that was not found: perhaps it is our name server's fault
        return str(cause).startswith(NO_HOST)
    return cause is not None


def _in_words(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


def _insert(session: Session) -> Any:
    own = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return own.insert(_PICTURES)
