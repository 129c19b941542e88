"""A stand-in for Postmark's POST /email/batch and GET /bounces, behind an httpx.MockTransport: strict as the real one.

Rules: postmarkapp.com/developer (api/overview, api/bounce-api, user-guide batch-emails) and its support articles 1056
and 1180; sentences of errors as django-anymail and postmark-gem know them.
"""

import json
import re
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any

import httpx

KEY = "server-token"
MOST = 500
MOST_BYTES = 50_000_000
FIELDS = frozenset(
    ("From", "To", "Subject", "HtmlBody", "TextBody", "ReplyTo", "Headers", "Tag", "Metadata", "TrackOpens",
     "TrackLinks", "MessageStream")
)  # fmt: skip
STREAMS = frozenset(("outbound", "broadcast", "news"))
MAILBOX = re.compile(r"[a-z0-9.!#$%&'`*+\-/=^_{}|~]+@(?:\.?[a-zA-Z0-9-])+\Z", re.IGNORECASE)
NAMED = re.compile(r'(?:"(?:[^"\\\r\n]|\\.)*" )?<[^<>\s]+>\Z|[^<>\s"]+\Z')
INACTIVE = (
    "You tried to send to a recipient that has been marked as inactive.\nFound inactive addresses: {}.\n"
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint. "
)

Error = tuple[int, str]


class PostmarkApi:
    """The API and its memory."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []  # that were taken
        self.sizes: list[int] = []
        self.inactive: set[str] = set()
        self.bounces: list[dict[str, Any]] = []  # newest first
        self.most = 10_000  # a search
        self.asked: list[dict[str, str]] = []

    @property
    def reached(self) -> list[str]:
        """Return the addresses it took mails for."""
        return [parseaddr(mail["To"])[1] for mail in self.mails]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.headers.get("X-Postmark-Server-Token") != KEY:
            return refused(401, 10, "Request does not contain a valid Server token.")
        assert request.headers["Accept"] == "application/json"
        if (request.method, request.url.path) == ("GET", "/bounces"):
            return self._list(dict(request.url.params))
        if (request.method, request.url.path) != ("POST", "/email/batch"):
            return httpx.Response(404)
        return self._batch(request.content)

    def _batch(self, content: bytes) -> httpx.Response:
        if len(content) > MOST_BYTES:
            return httpx.Response(413)
        mails = json.loads(content)
        if len(mails) > MOST:
            return refused(422, 410, "Too many batch messages: you may send 500 in one call.")
        self.sizes.append(len(content))
        return httpx.Response(200, json=[self._one(mail) for mail in mails])

    def _one(self, mail: dict[str, Any]) -> dict[str, Any]:
        address = parseaddr(mail.get("To", ""))[1]
        for code, message in problems(mail):
            return {"ErrorCode": code, "Message": message}
        if address in self.inactive:
            return {"ErrorCode": 406, "Message": INACTIVE.format(address)}
        self.mails.append(mail)
        number = f"b7bc2f4a-e38e-4336-af7d-{len(self.mails):012d}"
        at = "2026-11-02T08:00:05.1794748-05:00"
        return {"ErrorCode": 0, "Message": "OK", "MessageID": number, "SubmittedAt": at, "To": mail["To"]}

    def _list(self, query: dict[str, str]) -> httpx.Response:
        self.asked.append(query)
        count, offset = int(query["count"]), int(query["offset"])
        if not 0 < count <= 500 or count + offset > self.most or query["messagestream"] not in STREAMS:
            return refused(422, 300, "Invalid count or offset.")
        found = [one for one in self.bounces if query["fromdate"] <= one["BouncedAt"][:19] <= query["todate"]]
        return httpx.Response(200, json={"TotalCount": len(found), "Bounces": found[offset : offset + count]})


def refused(status: int, code: int, message: str) -> httpx.Response:
    """Return an error as Postmark writes it."""
    return httpx.Response(status, json={"ErrorCode": code, "Message": message})


def problems(mail: dict[str, Any]) -> Iterator[Error]:
    """Yield what the real API would refuse."""
    for name in mail.keys() - FIELDS:
        yield 403, f"(ours, not Postmark's) {name} is no field"
    for name in ("From", "To"):
        if not NAMED.match(mail.get(name, "")) or not MAILBOX.match(parseaddr(mail[name])[1]):
            yield 300, f"Invalid '{name}' address: '{mail.get(name)}'."
    if not mail.get("HtmlBody") or not mail.get("TextBody"):
        yield 300, "Provide either email TextBody or HtmlBody or both."
    if mail.get("MessageStream") not in STREAMS:
        yield 1235, "The 'MessageStream' provided does not exist on this server."
    if mail.get("TrackOpens") is not False or mail.get("TrackLinks") != "None":
        yield 403, "(ours, not Postmark's) tracking is not switched off"
    yield from _small_parts(mail)


def _small_parts(mail: dict[str, Any]) -> Iterator[Error]:
    for name, value in mail.get("Metadata", {}).items():
        if len(name) > 20 or not isinstance(value, str) or len(value) > 80:
            yield 300, "Invalid metadata content."
    for header in mail.get("Headers", []):
        if header.keys() != {"Name", "Value"} or not header["Value"].isascii() or re.search("[\r\n]", header["Value"]):
            yield 300, "Invalid header."
    for name in ("Subject", "Tag"):
        if re.search("[\r\n]", mail[name]) or len(mail[name]) > 1000:
            yield 300, f"Invalid '{name}'."
