"""Files that wait to be imported: taken on once, gone on with where the last transaction left them, and forgotten."""

import csv
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from subscribers import Choice, ReaderFiles, forget_files, import_work, importing, work_on_files
from subscribers.audience import PERSON
from subscribers.consent import CONSENT
from subscribers.errors import BadFile
from subscribers.import_jobs import FILE
from tests.conftest import BOTH, NOW

HEAD = "email,consent_at,consent_source\n"


@pytest.fixture
def files(tmp_path: Path) -> ReaderFiles:
    """Return a folder that nobody made yet."""
    return ReaderFiles(tmp_path / "imports")


def bring(store, files, rows, *, kind="readers", start=True, **more: Any):
    """Bring a file of so many people, every fourth row broken, and have it imported."""
    number, path = files.begin()
    text = HEAD + "".join(f"{'' if n % 4 == 3 else f'r{n}@example.org'},2026-01-02,form\n" for n in range(rows))
    path.write_text(text)
    known = {"kind": kind, "name": "x.csv", "who": "o", "size": len(text), "encoding": "utf-8", "rows": rows}
    with store.writing() as session:
        files.add(session, number, at=NOW, **(known | more))
        files.choose(session, number, Choice(lists=["sc"], reason="by_hand" if kind == "bans" else ""), NOW)
        if start:
            files.start(session, number, NOW)
    return number


def work(store, keys, files, stop=lambda: False):
    return work_on_files(store, keys, files, lambda: NOW, stop)


def get(store, files, number):
    with store.reading() as session:
        return files.get(session, number)


def count(store, what=PERSON):
    with store.reading() as session:
        return int(session.execute(select(func.count()).select_from(what)).scalar_one())


def broken(files, number) -> list[str]:
    with files.broken_path(number).open(newline="") as file:
        return [row[0] for row in csv.reader(file)]


@BOTH
def test_who_is_told_to_leave_loses_nothing_and_another_goes_on(store, keys, files, monkeypatch):
    """Chunk by chunk, each by another worker: every row counts once, every broken one stands once in their file."""
    monkeypatch.setattr(importing, "CHUNK", 3)
    number = bring(store, files, 20)
    looks = iter([False, True] * 50)
    said = []
    while (now := work(store, keys, files, lambda: next(looks))) and "imported" not in now:
        said.append(now)
        assert get(store, files, number).worker is None
    assert len(said) >= 5
    assert set(said) == {"x.csv waits for the next worker."}
    done = get(store, files, number)
    assert (done.state, done.counts["rows"], done.counts["new"], done.counts["failed"]) == ("done", 20, 15, 5)
    assert count(store) == count(store, CONSENT) == 15
    assert broken(files, number) == ["line", "5", "9", "13", "17", "21"]
    assert not files.path(number).exists()
    assert work(store, keys, files) == ""


@BOTH
def test_who_is_killed_in_the_middle_is_taken_over(store, keys, files, clock, monkeypatch):
    """What was not committed is not there; what its worker wrote of broken rows beyond that is cut."""
    monkeypatch.setattr(importing, "CHUNK", 4)
    number = bring(store, files, 20)
    kept = import_work._Work.keep

    def dies(self, session, chunk):
        kept(self, session, chunk)
        if chunk.line > 10:
            raise SystemExit

    monkeypatch.setattr(import_work._Work, "keep", dies)
    with pytest.raises(SystemExit):
        work(store, keys, files)
    monkeypatch.setattr(import_work._Work, "keep", kept)
    halfway = get(store, files, number)
    assert (halfway.line, halfway.counts["rows"], count(store)) == (9, 8, 6)
    assert len(broken(files, number)) == 4
    assert work(store, keys, files) == ""  # the dead one's lease
    clock.sleep(61)
    assert "imported" in work(store, keys, files)
    assert get(store, files, number).counts["rows"] == 20
    assert count(store) == 15
    assert broken(files, number) == ["line", "5", "9", "13", "17", "21"]


@BOTH
def test_a_person_stops_it_between_two_chunks(store, keys, files, monkeypatch):
    """The chunk under way is undone, so that the page says what holds; it goes on from there."""
    monkeypatch.setattr(importing, "CHUNK", 4)
    number = bring(store, files, 20)
    chunks = []

    def stop() -> bool:
        chunks.append(1)
        if len(chunks) == 4:
            with store.writing() as session:
                files.stop(session, number, NOW)
        return False

    assert work(store, keys, files, stop) == "x.csv was stopped."
    stopped = get(store, files, number)
    assert stopped.state == "stopped"
    assert stopped.counts["rows"] in (8, 12)
    assert count(store) == stopped.counts["new"]
    with store.writing() as session:
        files.start(session, number, NOW)
    work(store, keys, files)
    assert (get(store, files, number).counts["rows"], count(store)) == (20, 15)


@BOTH
def test_bans_go_on_where_they_were_left_too(store, keys, files, monkeypatch):
    """The same for addresses that must not be mailed."""
    monkeypatch.setattr("subscribers.suppression_files.CHUNK", 4)
    number = bring(store, files, 10, kind="bans")
    looks = iter([False, True, *[False] * 50])
    assert work(store, keys, files, lambda: next(looks)) == "x.csv waits for the next worker."
    work(store, keys, files)
    done = get(store, files, number)
    assert (done.counts["rows"], done.counts["banned"], done.counts["failed"]) == (10, 8, 2)
    assert broken(files, number) == ["line", "5", "9"]


def test_one_file_has_one_worker_and_lies_where_it_is_looked_for(store, files, tmp_path):
    """A second worker does not take it on, nor one that does not see the folder."""
    number = bring(store, files, 4)
    elsewhere = ReaderFiles(tmp_path / "elsewhere")
    with store.writing() as session:
        assert elsewhere.take(session, uuid4(), NOW) is None
        assert files.take(session, uuid4(), NOW).id == number
        assert files.take(session, uuid4(), NOW) is None


def test_a_file_that_cannot_be_imported_says_why(store, keys, files):
    """And can be tried again once its columns are said."""
    number = bring(store, files, 4, start=False)
    with store.writing() as session:
        files.choose(session, number, Choice(mapping={"email": "name"}, lists=["sc"]), NOW)
        files.start(session, number, NOW)
    assert "cannot be imported" in work(store, keys, files)
    failed = get(store, files, number)
    assert (failed.state, "must name a column" in failed.problem) == ("failed", True)
    with store.writing() as session:
        files.choose(session, number, Choice(lists=["sc"]), NOW)
        files.start(session, number, NOW)
    work(store, keys, files)
    assert get(store, files, number).state == "done"
    with store.writing() as session, pytest.raises(BadFile, match="is imported meanwhile"):
        files.start(session, number, NOW)


def test_old_files_and_what_nobody_knows_are_forgotten(store, files):
    """After two weeks untouched; what is being worked on is not, and a file that is just coming in is not."""
    old, busy = bring(store, files, 4, start=False), bring(store, files, 4)
    (_, coming), (_, lost) = files.begin(), files.begin()
    for path, day in ((coming, 15), (lost, 0)):
        os.utime(path, (0, (NOW + timedelta(days=day)).timestamp()))
    forget_files(store, files, NOW)
    assert (count(store, FILE), lost.exists()) == (2, True)
    forget_files(store, files, NOW + timedelta(days=15))
    assert {one.name for one in files.folder.iterdir()} == {f"{busy}.csv", coming.name}
    assert not files.path(old).exists()
    with store.reading() as session:
        assert [one.id for one in files.all(session)] == [busy]
