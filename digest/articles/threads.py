"""Works side by side in a few threads that no process waits for at its end: a slow site must not keep it alive."""

from collections.abc import Callable, Iterable
from threading import Thread
from typing import TypeVar

Job = TypeVar("Job")


def side_by_side(work: Callable[[Job], object], jobs: Iterable[Job], *, threads: int, name: str) -> None:
    """Do each job, at most ``threads`` at once; returns when all are done, and raises the first error of any.

    After an error no further job is begun. The threads are daemons: where the process ends meanwhile, they are left.
    """
    walk = iter(list(jobs))  # of a list: its iterator may be shared by threads
    errors: list[BaseException] = []

    def take() -> None:
        for job in walk:
            try:
                work(job)
            except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
                errors.append(error)
            if errors:
                return

    workers = [Thread(target=take, name=f"{name}-{number}", daemon=True) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]
