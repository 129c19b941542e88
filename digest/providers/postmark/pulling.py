"""Asking Postmark for what failed: GET /bounces, 500 a page, at most 10,000 a search.

Read in November 2026: postmarkapp.com/developer/api/bounce-api (kept for 45 days; ``count`` plus ``offset`` at most
10,000; newest first) and the OpenAPI description of github APIs-guru/openapi-directory, postmarkapp.com. Bounces and
complaints have the same ids as in webhooks. Deliveries, opens and clicks cannot be asked for so: a search of messages
names no events, and the details of each message are a call of their own. Bounces have no metadata here: a delivery is
known by its message id.

Could not be settled: whether days are those of UTC or of Postmark's Eastern time, and whether ``fromdate`` may have a
time of day (the description's example is a date). So whole days are asked for, one more on either side where zones may
matter, and times only where a day holds over 10,000; what falls outside the stretch is left out.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from digest.accounts import Account
from digest.providers.event import ProviderEvent
from digest.providers.http import Caller, TimeOuts
from digest.providers.postmark import answers
from digest.providers.postmark.events import read_one
from digest.providers.postmark.sending import STREAM, caller
from digest.sending.provider import UnknownOutcome

PAGE: Final = 500
MOST: Final = 10_000  # that a search returns
EASTERN: Final = timedelta(hours=5)  # the most that Eastern time is behind UTC
SHORTEST: Final = timedelta(seconds=2)
_OK: Final = 200


class PostmarkPuller:
    """Asks for the bounces of one Postmark server."""

    def __init__(self, caller: Caller, stream: str) -> None:
        self._caller = caller
        self._stream = stream
        self.most = MOST

    def pull(self, since: datetime, until: datetime) -> Iterator[ProviderEvent]:
        """Yield bounces and complaints between two instants, in no order, some perhaps twice. Raises ProviderError."""
        first, last = _midnight(since - EASTERN), _midnight(until) + timedelta(days=1)
        for one in self._within(first, last):
            event = read_one(one if isinstance(one, dict) else {"value": one}, until)
            if since <= event.at <= until:
                yield event

    def _within(self, since: datetime, until: datetime) -> Iterator[object]:
        """Yield what a stretch holds; in halves where it is more than a search returns."""
        total, listed = self._page(since, until, 0)
        if total > self.most:
            yield from self._halves(since, until)
            return
        offset = 0
        while listed:
            yield from listed
            offset += len(listed)
            if offset >= total:
                return
            _, listed = self._page(since, until, offset)

    def _halves(self, since: datetime, until: datetime) -> Iterator[object]:
        if until - since < SHORTEST:
            raise UnknownOutcome(
                f"Postmark has over {self.most:,} bounces at {since:%Y-%m-%d %H:%M:%S}, and lists no more."
            )
        middle = (since + (until - since) / 2).replace(microsecond=0)
        yield from self._within(since, middle)
        yield from self._within(middle, until)

    def _page(self, since: datetime, until: datetime, offset: int) -> tuple[int, list[Any]]:
        """Return how many there are, and one page of them."""
        asked = {
            "count": min(PAGE, self.most - offset),
            "offset": offset,
            "fromdate": _written(since),
            "todate": _written(until),
            "messagestream": self._stream,
        }
        answer = self._caller.get(f"/bounces?{urlencode(asked)}")
        if answer.status_code != _OK:
            raise answers.error(answer)
        said = answers.fields(answer)
        total, listed = said.get("TotalCount"), said.get("Bounces")
        if not isinstance(total, int) or not isinstance(listed, list):
            raise UnknownOutcome("Postmark answered 200 without a list of bounces. Ask for the same time again.")
        return total, listed


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _written(at: datetime) -> str:
    """Return a date, with a time only where it is not midnight."""
    return f"{at:%Y-%m-%d}" if at == _midnight(at) else f"{at:%Y-%m-%dT%H:%M:%S}"


def puller(account: Account, times: TimeOuts, **given: Any) -> PostmarkPuller:
    """Return what asks for an account's bounces. ``given`` (a transport) is for tests. Raises SettingsError."""
    return PostmarkPuller(caller(account, times, **given), account.stream or STREAM)
