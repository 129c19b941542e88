"""Asking Brevo for events: GET /v3/smtp/statistics/events, by whole days, 2,500 a page.

Read in November 2026: developers.brevo.com/reference/get-email-event-report and github getbrevo/brevo-python
(``limit`` 2,500 unless told, a range of at most 90 days, ``sort``). The list has no X-Mailin-custom: a delivery is
known by its tag, by the message id, or by the address.

Could not be settled: in whose time zone days are cut. So a day more is asked for at the start, and what falls within 14
hours before ``since`` is told again: events have the same id each time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from digest.accounts import Account
from digest.providers.brevo import answers
from digest.providers.brevo.events import read_all
from digest.providers.brevo.sending import caller
from digest.providers.event import ProviderEvent
from digest.providers.http import Caller, TimeOuts

PAGE: Final = 2500
ZONES: Final = timedelta(hours=14)  # the furthest that a time zone is from UTC
_OK: Final = 200
_TWO_DAYS: Final = timedelta(days=2)  # the last day may end so much later, somewhere


class BrevoPuller:
    """Asks for the events of one Brevo account."""

    def __init__(self, caller: Caller, page: int = PAGE) -> None:
        self._caller = caller
        self._page = page

    def pull(self, since: datetime, until: datetime) -> Iterator[ProviderEvent]:
        """Yield the events between two instants, oldest first, with some from before. Raises ProviderError."""
        offset = 0
        while listed := self._listed(since, until, offset):
            for event in read_all(listed, until + _TWO_DAYS, until):
                if since - ZONES <= event.at <= until:
                    yield event
            if len(listed) < self._page:
                return
            offset += len(listed)

    def _listed(self, since: datetime, until: datetime, offset: int) -> list[Any]:
        """Return one page. Oldest first, so that what happens meanwhile does not move the pages."""
        asked = {
            "limit": self._page,
            "offset": offset,
            "startDate": (since - timedelta(days=1)).date().isoformat(),
            "endDate": until.date().isoformat(),
            "sort": "asc",
        }
        answer = self._caller.get(f"/v3/smtp/statistics/events?{urlencode(asked)}")
        if answer.status_code != _OK:
            raise answers.error(answer)
        listed = answers.fields(answer).get("events")
        return listed if isinstance(listed, list) else []


def puller(account: Account, times: TimeOuts, **given: Any) -> BrevoPuller:
    """Return what asks for an account's events. ``given`` (a transport) is for tests. Raises SettingsError."""
    return BrevoPuller(caller(account, times, **given))
