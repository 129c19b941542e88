"""Keeps what comes in up to date: feeds, pictures, the articles' own pages, and which articles tell one story."""

import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from digest.articles import pages, polling
from digest.articles.clusters import comparing
from digest.articles.page_dues import NOTHING, Pressing
from digest.articles.pictures import fetching
from digest.articles.pictures.store import PictureStore
from digest.clock import Clock
from digest.database import Database
from digest.errors import DigestError
from digest.fetching import Fetcher

FRESH = timedelta(minutes=10)  # so old the feeds may be at a cut-off
Say = Callable[[str], None]


def _silent(_sentence: str) -> None:
    """Say nothing."""


def _nothing(_at: datetime) -> Pressing:
    return NOTHING


@dataclass(frozen=True)
class Refresher:
    """Asks for what is due. Each step is safe to repeat, and by many at once.

    ``cut``: whether pictures are fetched and cut (the setting PICTURES). ``pressing``: tells which articles matter to
    issues that are not sent yet.
    """

    database: Database
    fetcher: Fetcher
    clock: Clock
    pictures: PictureStore
    cut: bool = True
    pressing: Callable[[datetime], Pressing] = _nothing
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def run(self, *, stop: threading.Event | None = None, say: Say = _silent) -> None:
        """Do everything that is due now. What goes wrong with one step is said, and the others are done."""
        leave = stop or threading.Event()
        for step in (self._feeds, self._compare, self._pages, self._pictures):
            if leave.is_set():
                return
            try:
                for sentence in step(leave):
                    say(sentence)
            except DigestError as error:
                say(str(error))

    def before_cutoff(self, *, stop: threading.Event | None = None, say: Say = _silent) -> None:
        """Ask every feed that was not asked lately, and do what follows from it."""
        with self.database.writing() as session:
            polling.hurry(session, self.clock.now() - FRESH)
        self.run(stop=stop, say=say)

    def look_at(self, articles: Collection[UUID]) -> list[str]:
        """Look at the pages of some articles now, unless they were looked at just so; returns what is not there."""
        with self._turn:  # all senders of an issue come here at the same moment
            now = self.clock.now()
            with self.database.reading() as session:
                wanted = pages.not_seen_lately(session, now, articles)
            return pages.look(self.database, self.fetcher, now, wanted, force=True).sentences

    def _feeds(self, stop: threading.Event) -> Iterator[str]:
        now = self.clock.now
        yield from polling.fetch_due(self.database, self.fetcher, self.pictures, now(), stop=stop, now=now)

    def _compare(self, _stop: threading.Event) -> Iterator[str]:
        comparing.compare(self.database, self.clock.now())
        yield from ()

    def _pages(self, stop: threading.Event) -> Iterator[str]:
        now = self.clock.now()
        with self.database.reading() as session:
            due = pages.due(session, now, self.pressing(now))
        yield from pages.look(self.database, self.fetcher, now, due, stop=stop).sentences

    def _pictures(self, stop: threading.Event) -> Iterator[str]:
        if not self.cut:
            return
        came = fetching.fetch_due(self.database, self.fetcher, self.pictures, self.clock.now(), stop=stop)
        if came.error:
            yield came.error
