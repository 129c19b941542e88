"""Ways to be heard besides the mail: a JSON message where something is held, and a heartbeat after each tick."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from digest.clock import as_utc_text
from digest.editors.reading import Review
from digest.errors import BadInput
from digest.fetching import Fetched, shown

ADDRESS: Final = "ALERT_URL"  # in place of an editor's address: the row is a message to that URL
_GOOD: Final = 200
_BAD: Final = 300


class Caller(Protocol):
    """What is needed of the guarded fetch."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetch an address."""
        ...

    def post_json(self, url: str, payload: Mapping[str, Any]) -> Fetched:
        """Post a message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Where to be heard. An empty address means: nowhere."""

    caller: Caller
    alert_url: str = ""
    heartbeat_url: str = ""
    account: str = ""  # ALERT_ACCOUNT: by which letters to editors go where their usual account fails

    def ring(self, payload: Mapping[str, Any]) -> None:
        """Post a message; raises BadInput where it was not taken."""
        _heard("ALERT_URL", self.alert_url, lambda: self.caller.post_json(self.alert_url, payload))

    def beat(self) -> list[str]:
        """Say that a tick is done; returns a sentence where that was not heard. Never raises."""
        if not self.heartbeat_url:
            return []
        return _quietly(
            lambda: _heard("HEARTBEAT_URL", self.heartbeat_url, lambda: self.caller.get(self.heartbeat_url))
        )


def _heard(setting: str, url: str, call: Callable[[], Fetched]) -> None:
    """Call; raises BadInput that names the host alone, since the path of such an address is often its password."""
    host = urlsplit(url).hostname or "no host"
    try:
        status = call().status
    except BadInput as error:
        raise BadInput(f"{setting}: {str(error).replace(shown(url), host)}") from error
    if not _GOOD <= status < _BAD:
        raise BadInput(f"{setting}: {host} answered {status}.")


def _quietly(call: Callable[[], None]) -> list[str]:
    try:
        call()
    except BadInput as error:
        return [str(error)]
    return []


def message(review: Review, kind: str) -> dict[str, Any]:
    """Return what is posted: ``text`` in one sentence, as chats show it, and the same in fields for machines."""
    issue = review.issue
    reason = (issue.failed or issue.held).rstrip(".")
    return {
        "text": f"{review.publication.name}: issue {issue.number} is {kind}: {reason}.",
        "kind": kind,
        "publication": review.publication.id,
        "issue": issue.number,
        "issue_id": str(issue.id),
        "reason": reason,
        "status": str(issue.status),
        "send_at": as_utc_text(issue.send_at) if issue.send_at else None,
        "at": as_utc_text(review.at),
        "command": f"digest issues show {issue.number}",
    }
