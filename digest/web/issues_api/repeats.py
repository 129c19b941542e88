"""Idempotency-Key: an order that is sent again is done once; kept in the issue's log, so no restart forgets it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Self

from sqlmodel import Session, select

from digest.issues import log
from digest.issues.models import Issue, IssueLog
from digest.web.key_door import Caller
from digest.web.problems import Refusal


@dataclass(frozen=True, slots=True)
class Repeat:
    """An order by its Idempotency-Key and its body; hashes only. Keys of two systems never meet."""

    request: str
    body: str

    @classmethod
    def of(cls, caller: Caller, key: str | None, what: str) -> Self | None:
        """Return it; None where the client sent no key."""
        if key is None:
            return None
        return cls(_hash(f"{caller.id} {what} {key}".encode()), _hash(caller.body))

    def result(self, session: Session, issue: Issue, what: str) -> Mapping[str, Any] | None:
        """Return what came of it the first time; None where this is the first. Raises Refusal for another body."""
        mine = select(IssueLog).where(IssueLog.issue_id == issue.id, IssueLog.what == what)
        for one in session.exec(mine):
            held = one.after if isinstance(one.after, dict) else {}
            if held.get("request") == self.request:
                if held.get("body") != self.body:
                    raise Refusal(
                        HTTPStatus.UNPROCESSABLE_ENTITY,
                        "This Idempotency-Key came before, with another body. Take a new one for a new order.",
                        kind="key-reused",
                    )
                return held
        return None

    def as_json(self) -> dict[str, str]:
        """Return it as the log keeps it."""
        return {"request": self.request, "body": self.body}


def note(session: Session, issue: Issue, repeat: Repeat | None, what: str, **result: Any) -> None:
    """Write down what came of an order that has a key. ``result`` holds who and at, too."""
    at, who = result.pop("at"), result.pop("who")
    if repeat is not None:
        log.add(session, issue, at=at, who=who, what=what, after=repeat.as_json() | result)


def _hash(held: bytes) -> str:
    return sha256(held).hexdigest()[:32]
