"""Asks for many addresses at once, few of one host at a time, within a time that is bounded."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from digest.errors import BadInput
from digest.fetching import Fetched, Fetcher
from digest.proofs.check import Asked
from digest.proofs.links import judging
from digest.proofs.links.targets import Target

AT_ONCE: Final = 8  # connections in all
OF_A_HOST: Final = 3  # at once; a browser opens six
ONE, STEP = 10.0, 5.0  # seconds for one address with its redirects, and for each wait
ALL: Final = 60.0  # seconds, after which no other address is asked for
MOST_BYTES: Final = 2_000_000  # of a page
MOST_SILENT: Final = 2  # addresses of a host one after the other that take too long: the rest are left
PAUSE: Final = 1.0  # seconds before an error is asked for once more


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How addresses are asked for. ``pause`` waits some seconds; ``seconds`` bounds all of it."""

    fetcher: Fetcher
    at: datetime
    seconds: float = ALL
    pause: Callable[[float], None] = time.sleep

    def all(self, targets: Iterable[Target]) -> list[Asked]:
        """Return what each address answered; those that were not reached in time are missing."""
        chains = list(_chains(list(targets)))
        if not chains:
            return []
        fetcher = self.fetcher
        short = replace(fetcher, total=min(ONE, fetcher.total), step=min(STEP, fetcher.step), max_bytes=MOST_BYTES)
        one = _One(short, self.at, self.pause, fetcher.elapsed() + self.seconds)
        with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(chains)), thread_name_prefix="links") as pool:
            return [asked for chain in pool.map(one.chain, chains) for asked in chain]


@dataclass(frozen=True)
class _One:
    """One thread's work: a chain of addresses of one host."""

    fetcher: Fetcher
    at: datetime
    pause: Callable[[float], None]
    deadline: float

    def chain(self, targets: Sequence[Target]) -> list[Asked]:
        """Ask for one address after the other."""
        found: list[Asked] = []
        for target in targets:
            if self.fetcher.elapsed() >= self.deadline:
                break
            found.append(self.asked(target))
            last = found[-MOST_SILENT:]
            if len(last) == MOST_SILENT and all(one.code == "link-slow" for one in last):
                break
        return found

    def asked(self, target: Target) -> Asked:
        """Ask for an address; once more where it may have been a moment's fault."""
        asked, status = self._once(target)
        if judging.is_fleeting(asked, status):
            self.pause(PAUSE)
            asked, _status = self._once(target)
        return asked

    def _once(self, target: Target) -> tuple[Asked, int | None]:
        try:
            fetched = self._answer(target)
        except BadInput as error:
            return judging.failed(target, error, self.at), None
        return judging.judge(target, fetched, self.at), fetched.status

    def _answer(self, target: Target) -> Fetched:
        """Ask by HEAD, then by GET: of a page HEAD does not say what it shows, and some servers refuse it."""
        try:
            head = self.fetcher.head(target.url)
        except BadInput:
            return self.fetcher.get(target.url)
        return head if judging.says_all(target, head) else self.fetcher.get(target.url)


def _chains(targets: Sequence[Target]) -> Iterable[Sequence[Target]]:
    """Split addresses by host, and a host's into as many as may be asked at once."""
    hosts: dict[str, list[Target]] = {}
    for target in targets:
        hosts.setdefault(urlsplit(target.url).netloc.lower(), []).append(target)
    for of_host in hosts.values():
        yield from (of_host[start::OF_A_HOST] for start in range(min(OF_A_HOST, len(of_host))))
