"""A stand-in for Resend's POST /emails/batch, as strict as the real one, behind an httpx.MockTransport.

Rules: resend.com/docs/api-reference (send-batch-emails, errors), github resend/resend-openapi, resend-python's _tag.py,
and what django-anymail found out about display names. Where the real one says nothing, our own limits are asserted.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

KEY = "re_test"
FIELDS = frozenset(("from", "to", "subject", "html", "text", "headers", "tags", "reply_to", "cc", "bcc", "topic_id"))
ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+\.[!-;=?-~]+\Z")
NAMED = re.compile(r"(?P<name>[^<>]+) <(?P<address>[^<>]+)>\Z")
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
BARE = re.compile(r"[^\"(),:;<>@\[\\\].]+\Z")  # a display name that it takes without quotes


class ResendApi:
    """The API and its memory."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []  # bodies that were taken, once each
        self.sizes: list[int] = []
        self.kept: dict[str, tuple[bytes, httpx.Response]] = {}  # idempotency key -> body, answer

    @property
    def reached(self) -> list[str]:
        """Return the addresses it took mails for."""
        return [address(one["to"][0]) for call in self.calls for one in call]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.method != "POST" or request.url.path != "/emails/batch":
            return refused(404, "not_found", "The requested endpoint does not exist.")
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return refused(403, "invalid_api_key", "API key is invalid.")
        key = request.headers.get("Idempotency-Key", "")
        if not 1 <= len(key) <= 256:
            return refused(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
        if key in self.kept:
            before, answer = self.kept[key]
            if before == request.content:
                return httpx.Response(answer.status_code, content=answer.content)
            return refused(409, "invalid_idempotent_request", "Same idempotency key used with a different request.")
        return self._take(key, request.content)

    def _take(self, key: str, content: bytes) -> httpx.Response:
        mails = json.loads(content)
        if not isinstance(mails, list) or not 1 <= len(mails) <= 100:
            return refused(422, "validation_error", "The batch must have between 1 and 100 emails.")
        wrong = [
            {"index": index, "message": text} for index, mail in enumerate(mails) for text in problems(mail)
        ]  # strict: one wrong mail, and none is taken
        if wrong:
            return refused(422, "validation_error", str(wrong[0]["message"]), errors=wrong)
        self.calls.append(mails)
        self.sizes.append(len(content))
        answer = httpx.Response(200, json={"data": [{"id": str(uuid4())} for _ in mails]})
        self.kept[key] = (content, answer)
        return answer


def refused(status: int, name: str, message: str, **more: Any) -> httpx.Response:
    """Return an error as Resend writes it."""
    return httpx.Response(status, json={"statusCode": status, "name": name, "message": message, **more})


def address(written: str) -> str:
    """Return the address of a "Name <address>"."""
    found = NAMED.match(written)
    return found["address"] if found else written


def problems(mail: dict[str, Any]) -> Iterator[str]:
    """Yield what the real API would refuse."""
    for name in mail.keys() - FIELDS:
        yield f"Unknown field `{name}`."
    yield from _sender(mail.get("from", ""))
    yield from _to(mail.get("to", []))
    if not mail.get("subject") or "\n" in mail["subject"]:
        yield "Missing `subject` field."
    if not mail.get("html") or not mail.get("text"):
        yield "Missing `html` or `text` field."
    yield from _headers(mail.get("headers", {}))
    for tag in mail.get("tags", ()):
        if tag.keys() != {"name", "value"} or not TAG.match(tag["name"]) or not TAG.match(tag["value"]):
            yield "Tags should only contain ASCII letters, numbers, underscores, or dashes."


def _to(people: list[str]) -> Iterator[str]:
    if len(people) != 1 or not ADDRESS.match(address(people[0])):
        yield "Invalid `to` field. The email address needs to follow the `email@example.com` format."
    for found in filter(None, map(NAMED.match, people)):
        if not BARE.match(found["name"]):
            yield "Invalid `to` field: a display name in quotes."


def _headers(headers: dict[str, Any]) -> Iterator[str]:
    for name, value in headers.items():
        if not isinstance(value, str) or re.search(r"[\r\n]", value) or "%%" in value:
            yield f"Invalid `headers` field: {name}."


def _sender(written: str) -> Iterator[str]:
    found = NAMED.match(written)
    if not ADDRESS.match(address(written)) or (found and ("=?" in found["name"] or not BARE.match(found["name"]))):
        yield "Invalid `from` field. The email address needs to follow the `Name <email@example.com>` format."
