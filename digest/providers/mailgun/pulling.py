"""Asking Mailgun for events: GET /v3/{domain}/events, oldest first, 300 a page.

Read in November 2026: documentation.mailgun.com/docs/mailgun (api-reference/send/mailgun/events: ``begin`` and ``end``
in seconds since 1970, ``limit`` at most 300; user-manual/events/event-polling) and github mailgun/mailgun-ruby: the
last page is the one without events. Mailgun keeps events for 3 to 30 days by plan, and calls this API deprecated in
favour of its logs. Events of the last half hour may still be missing: ask again later for the same time, for they have
the ids of the webhooks and are stored once.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from digest.accounts import Account
from digest.providers.event import ProviderEvent
from digest.providers.http import Caller, TimeOuts
from digest.providers.mailgun import answers
from digest.providers.mailgun.events import read_one
from digest.providers.mailgun.sending import caller, domain_path
from digest.sending.provider import UnknownOutcome

PAGE: Final = 300
_OK: Final = 200


class MailgunPuller:
    """Asks for the events of one domain at Mailgun."""

    def __init__(self, caller: Caller, path: str) -> None:
        """``path``: of the domain's events."""
        self._caller = caller
        self._path = path

    def pull(self, since: datetime, until: datetime) -> Iterator[ProviderEvent]:
        """Yield the events between two instants, oldest first. Raises ProviderError."""
        asked = {"begin": since.timestamp(), "end": until.timestamp(), "ascending": "yes", "limit": PAGE}
        path, seen = f"{self._path}?{urlencode(asked)}", set[str]()
        while path not in seen:
            seen.add(path)
            said = self._page(path)
            listed = said.get("items")
            if not isinstance(listed, list):
                raise UnknownOutcome("Mailgun answered 200 without a list of events. Ask for the same time again.")
            if not listed:
                return
            for one in listed:
                yield read_one(one if isinstance(one, dict) else {"value": one}, until)
            path = self._next(said)

    def _page(self, path: str) -> dict[str, Any]:
        answer = self._caller.get(path)
        if answer.status_code != _OK:
            raise answers.error(answer)
        return answers.fields(answer)

    def _next(self, said: dict[str, Any]) -> str:
        """Return the path of the next page. Its host is not taken from the answer: our key goes with the request."""
        paging = said.get("paging")
        url = urlsplit(str(paging.get("next") or "") if isinstance(paging, dict) else "")
        if not url.path.startswith(f"{self._path}/") and url.path != self._path:
            raise UnknownOutcome("Mailgun's list of events names no next page. Ask for the same time again.")
        return f"{url.path}?{url.query}" if url.query else url.path


def puller(account: Account, times: TimeOuts, **given: Any) -> MailgunPuller:
    """Return what asks for an account's events. ``given`` (a transport) is for tests. Raises SettingsError."""
    return MailgunPuller(caller(account, times, **given), f"{domain_path(account)}/events")
