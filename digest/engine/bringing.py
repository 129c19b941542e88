"""Imports files of readers beside all else that a worker does: in a thread of its own, one file at a time.

A file is leased by who works on it, and each chunk of rows notes in its own transaction how far it is: so a worker may
leave or be killed at any time, and another goes on.
"""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from digest.sending.means import Means
from subscribers import ReaderFiles, forget_files, work_on_files

T = TypeVar("T")
LOOK_SECONDS: Final = 2.0
LEAVE_SECONDS: Final = 4.0  # for the rows that are just being written
FORGET_AFTER: Final = 1_800  # looks: about an hour


def begin(
    means: Means, leave: threading.Event, say: Callable[[str], None], *, until_idle: bool = False
) -> threading.Thread | None:
    """Start to look for files; None where nobody brings any. ``until_idle``: end when none waits any more."""
    if means.imports is None:
        return None
    files = ReaderFiles(means.imports)

    def look() -> None:
        looks = 0
        while not leave.is_set():
            done = once(means, files, leave, say)
            if until_idle and not done:
                return
            if looks % FORGET_AFTER == 0:
                _guarded(lambda: forget_files(means.database, files, means.clock.now()), say)
            looks += 1
            if not done:
                leave.wait(LOOK_SECONDS)

    thread = threading.Thread(target=look, name="importer", daemon=True)
    thread.start()
    return thread


def once(means: Means, files: ReaderFiles, leave: threading.Event, say: Callable[[str], None]) -> bool:
    """Work on one file; returns whether there was one, and it may not be the last."""
    said = _guarded(lambda: work_on_files(means.database, means.keys, files, means.clock.now, leave.is_set), say)
    if said:
        say(said)
    return bool(said)


def end(thread: threading.Thread | None, leave: threading.Event, *, until_idle: bool = False) -> None:
    """Wait for the thread: until no file waits, or, once all are told to leave, for a moment."""
    while thread is not None and until_idle and thread.is_alive() and not leave.is_set():
        thread.join(0.1)
    if thread is not None:
        thread.join(LEAVE_SECONDS if leave.is_set() else 0.0)


def _guarded(work: Callable[[], T], say: Callable[[str], None]) -> T | None:
    """Do something whose failure must not stop the mail; returns what it gave, None where it failed."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - whatever is in somebody's file
        say(f"A file of readers could not be worked on ({type(error).__name__}: {error}); it is tried again.")
        return None
