"""Jobs are done side by side, but never too many at once; the first error ends it."""

from threading import Barrier, Lock

import pytest

from digest.articles.threads import side_by_side


def test_all_jobs_are_done_and_several_at_once():
    """Three that wait for each other can only end side by side."""
    together, done, lock = Barrier(3, timeout=10), [], Lock()

    def work(job: int) -> None:
        together.wait()
        with lock:
            done.append(job)

    side_by_side(work, range(6), threads=3, name="test")
    assert sorted(done) == [0, 1, 2, 3, 4, 5]


def test_never_more_than_asked_for():
    """Two threads do twenty jobs."""
    busy, most, lock = 0, 0, Lock()

    def work(_job: int) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        with lock:
            busy -= 1

    side_by_side(work, range(20), threads=2, name="test")
    assert most <= 2


def test_the_first_error_is_raised_and_nothing_more_begun():
    """One thread: the jobs after the error are not touched."""
    done: list[int] = []

    def work(job: int) -> None:
        if job == 2:
            raise ValueError("bad job")
        done.append(job)

    with pytest.raises(ValueError, match="bad job"):
        side_by_side(work, range(5), threads=1, name="test")
    assert done == [0, 1]


def test_no_jobs_are_no_trouble():
    """Nothing is called."""
    side_by_side(pytest.fail, [], threads=4, name="test")
