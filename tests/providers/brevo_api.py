"""A stand-in for Brevo's POST /v3/smtp/email and GET /v3/smtp/statistics/events, behind an httpx.MockTransport.

Rules: developers.brevo.com/reference (send-transac-email, get-email-event-report), the page on idempotency, the field
lists of the clients (github getbrevo/brevo-node), and what django-anymail found out about headers and names.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx

KEY = "xkeysib-test"
FIELDS = frozenset(
    ("attachment", "batchId", "bcc", "cc", "headers", "htmlContent", "params", "replyTo", "scheduledAt", "sender",
     "subject", "tags", "templateId", "textContent", "to")
)  # fmt: skip
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+\Z")


class BrevoApi:
    """The API and its memory."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []  # bodies that were taken
        self.sizes: list[int] = []
        self.keys: set[str] = set()
        self.events: list[dict[str, Any]] = []  # what the list of events has
        self.asked: list[dict[str, str]] = []  # the queries it was asked with

    @property
    def reached(self) -> list[str]:
        """Return the addresses it took mails for."""
        return [call["to"][0]["email"] for call in self.calls]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.headers.get("api-key") != KEY:
            return refused(401, "unauthorized", "Key not found")
        if (request.method, request.url.path) == ("GET", "/v3/smtp/statistics/events"):
            return self._report(dict(request.url.params))
        if (request.method, request.url.path) != ("POST", "/v3/smtp/email"):
            return refused(404, "document_not_found", "Route not found")
        return self._take(request.content)

    def _take(self, content: bytes) -> httpx.Response:
        mail = json.loads(content)
        for code, text in problems(mail):
            return refused(400, code, text)
        key = mail["headers"]["idempotencyKey"]
        if key in self.keys:
            return refused(400, "duplicate_parameter", "Idempotency key was used already")
        self.keys.add(key)
        self.calls.append(mail)
        self.sizes.append(len(content))
        return httpx.Response(201, json={"messageId": f"<2026{len(self.calls)}@smtp-relay.mailin.fr>"})

    def _report(self, query: dict[str, str]) -> httpx.Response:
        self.asked.append(query)
        limit, offset = int(query["limit"]), int(query["offset"])
        days = (query["startDate"], query["endDate"])
        if not all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days) or days[0] > days[1] or limit > 5000:
            return refused(400, "invalid_parameter", "startDate or endDate is not valid")
        within = [one for one in self.events if days[0] <= one["date"][:10] <= days[1]]
        page = within[offset : offset + limit]
        return httpx.Response(200, json={"events": page} if page else {})


def refused(status: int, code: str, message: str) -> httpx.Response:
    """Return an error as Brevo writes it."""
    return httpx.Response(status, json={"code": code, "message": message})


def problems(mail: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the real API would refuse."""
    for name in mail.keys() - FIELDS:
        yield "invalid_parameter", f"{name} is no field"
    if not mail.get("sender", {}).get("email"):
        yield "missing_parameter", "sender is missing"
    if len(mail.get("to", ())) != 1 or not ADDRESS.match(mail["to"][0]["email"]):
        yield "invalid_parameter", "email is not valid in to"
    yield from _names([mail["sender"], *mail["to"]])
    for name in ("subject", "htmlContent", "textContent"):
        if not mail.get(name):
            yield "missing_parameter", f"{name} is missing"
        if re.search(r"\{[{%#]", mail.get(name, "")):
            yield "invalid_parameter", f"(ours, not Brevo's) {name} would be read as a template"
    yield from _headers(mail.get("headers", {}))


def _names(people: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    for person in people:
        if len(person.get("name", "")) > 70 or re.search(r'[,;"<>]', person.get("name", "")):
            yield "invalid_parameter", "name is not valid"


def _headers(headers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if not isinstance(value, str) or not value.isascii() or re.search(r"[\r\n]|\\u|%%", value):
            yield "invalid_parameter", f"header {name} is not valid"
    if str(UUID(headers["idempotencyKey"])) != headers["idempotencyKey"]:
        yield "invalid_parameter", "idempotencyKey is no UUID"
