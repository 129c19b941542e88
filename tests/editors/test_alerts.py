"""The ways besides the mail: what is posted, what is said when it was not heard, and that nothing is raised."""

from collections.abc import Mapping
from typing import Any

import pytest

from digest.editors.alerts import Alarm
from digest.errors import BadInput
from digest.fetching import Fetched

HOOK = "https://hooks.example/services/T0/B0/secret"


class Caller:
    """Answers as told, and keeps what it was asked."""

    def __init__(self, status: int = 200, error: str = "") -> None:
        self.status = status
        self.error = error
        self.posted: list[tuple[str, Mapping[str, Any]]] = []
        self.got: list[str] = []

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:  # noqa: ARG002 - as Fetcher
        """Answer."""
        self.got.append(url)
        return self._answer(url)

    def post_json(self, url: str, payload: Mapping[str, Any]) -> Fetched:
        """Answer."""
        self.posted.append((url, payload))
        return self._answer(url)

    def _answer(self, url: str) -> Fetched:
        if self.error:
            raise BadInput(f"{url} could not be fetched: {self.error}.")
        return Fetched(url, self.status, {}, b"")


def test_the_heart_beats_by_get_and_only_where_there_is_an_address():
    """One call after each tick."""
    caller = Caller()
    assert Alarm(caller=caller, heartbeat_url="https://beat.example/1").beat() == []
    assert Alarm(caller=caller).beat() == []
    assert caller.got == ["https://beat.example/1"]


@pytest.mark.parametrize("caller", [Caller(500), Caller(302), Caller(error="it took too long to answer")])
def test_what_was_not_heard_is_said_and_never_raised_and_never_shows_the_secret(caller: Caller):
    """The path of such an address is its password; the host is enough to mend it."""
    alarm = Alarm(caller=caller, alert_url=HOOK, heartbeat_url=HOOK)
    with pytest.raises(BadInput, match="ALERT_URL") as raised:
        alarm.ring({"text": "x"})
    for sentence in (*alarm.beat(), str(raised.value)):
        assert "hooks.example" in sentence
        assert "secret" not in sentence
