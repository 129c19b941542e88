"""A stand-in for Mailgun's POST /v3/{domain}/messages and GET /v3/{domain}/events, behind an httpx.MockTransport.

It merges as Mailgun does, and keeps each reader's own letter. Rules: documentation.mailgun.com/docs/mailgun
(batch-sending, send-http, api-reference events); sentences of errors as in the issues of Mailgun's clients.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import httpx

KEY = "key-test"
DOMAIN = "mg.example.org"
MOST = 1000
MOST_BYTES = 25_000_000
FIELDS = re.compile(r"from|to|subject|text|html|o:tag|o:tracking(?:-clicks|-opens)?|recipient-variables|[hv]:[\w-]+\Z")
ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+\Z")
# Mailgun's own variables, read wherever they stand.
OWN = re.compile(r"%(?:recipient(?:_\w+)?|(?:tag_|mailing_list_)?unsubscribe_\w+)%", re.IGNORECASE)
VARIABLE = re.compile(r"%recipient\.([\w:-]+)%")
Form = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Letter:
    """What one reader gets."""

    fields: dict[str, str]

    def header(self, name: str) -> str:
        """Return a header, decoded."""
        return str(make_header(decode_header(self.fields[f"h:{name}"])))


class MailgunApi:
    """The API and its memory."""

    def __init__(self) -> None:
        self.letters: dict[str, Letter] = {}  # address -> what it got
        self.forms: list[Form] = []
        self.sizes: list[int] = []
        self.events: list[dict[str, Any]] = []  # what the list of events has, oldest first
        self.asked: list[str] = []  # paths with their queries
        self.next_host = "https://api.mailgun.net"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.headers.get("Authorization") != f"Basic {b64encode(f'api:{KEY}'.encode()).decode()}":
            return httpx.Response(401, text="Forbidden")
        if not request.url.path.startswith("/v3/"):
            return httpx.Response(200, text="Mailgun Magnificent API")
        if not request.url.path.startswith(f"/v3/{DOMAIN}/"):
            return refused(404, f"Domain not found: {request.url.path.split('/')[2]}")
        if request.method == "GET":
            return self._list(request)
        return self._take(request)

    def _take(self, request: httpx.Request) -> httpx.Response:
        form = parsed(request.headers["Content-Type"], request.content)
        if len(request.content) > MOST_BYTES:
            return refused(413, "Request Entity Too Large")
        for sentence in problems(form):
            return refused(400, sentence)
        self.forms.append(form)
        self.sizes.append(len(request.content))
        people = json.loads(dict(form)["recipient-variables"])
        for address in (parseaddr(value)[1] for name, value in form if name == "to"):
            self.letters[address] = Letter({name: merged(value, people[address]) for name, value in form})
        return httpx.Response(200, json={"id": "<20261102.1.ABC@mg.example.org>", "message": "Queued. Thank you."})

    def _list(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.raw_path.decode())
        query, path = request.url.params, f"/v3/{DOMAIN}/events"
        if request.url.path == path:
            begin, end, at = float(query["begin"]), float(query["end"]), 0.0
            assert query["ascending"] == "yes"
            assert int(query["limit"]) <= 300
        else:
            begin, end, at = (float(part) for part in request.url.path.removeprefix(f"{path}/").split("_"))
        found = [one for one in self.events if begin <= one["timestamp"] <= end]
        start = int(at)
        following = f"{self.next_host}{path}/{begin}_{end}_{start + 2}"
        return httpx.Response(200, json={"items": found[start : start + 2], "paging": {"next": following}})


def refused(status: int, message: str) -> httpx.Response:
    """Return an error as Mailgun writes it."""
    return httpx.Response(status, json={"message": message})


def parsed(content_type: str, body: bytes) -> Form:
    """Return the fields of a form (RFC 7578)."""
    whole = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    assert whole.is_multipart()
    assert not whole.defects
    parts: list[Any] = whole.get_payload()  # type: ignore[assignment]
    return [
        (str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True).decode())
        for part in parts
    ]


def merged(text: str, variables: dict[str, str]) -> str:
    """Return a text with Mailgun's own variables and a reader's filled in, each once."""
    return VARIABLE.sub(lambda found: variables[found[1]], OWN.sub("(read by Mailgun)", text))


def problems(form: Form) -> Iterator[str]:
    """Yield what the real API would refuse."""
    fields, to = dict(form), [parseaddr(value)[1] for name, value in form if name == "to"]
    for name in fields:
        if not FIELDS.match(name):
            yield f"'{name}' is no parameter"
    if not ADDRESS.match(parseaddr(fields.get("from", ""))[1]):
        yield "'from' parameter is not a valid address. please check documentation"
    if not to or not all(ADDRESS.match(address) for address in to):
        yield "'to' parameter is not a valid address. please check documentation"
    if len(to) > MOST:
        yield "Too many recipients, max is 1000"
    yield from _content(fields)
    yield from _variables(form, to)


def _content(fields: dict[str, str]) -> Iterator[str]:
    if not fields.get("subject") or not fields.get("text") or not fields.get("html"):
        yield "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified"
    for name in ("o:tracking", "o:tracking-clicks", "o:tracking-opens"):
        if fields.get(name) != "no":
            yield f"(ours, not Mailgun's) {name} is not switched off"
    if not fields["o:tag"].isascii() or len(fields["o:tag"]) > 128:
        yield "'o:tag' parameter is too long or not ASCII"


def _variables(form: Form, to: list[str]) -> Iterator[str]:
    people = json.loads(dict(form)["recipient-variables"])
    if sorted(people) != sorted(to):
        yield "(ours, not Mailgun's) 'recipient-variables' are not those of the readers"
    wanted = {name for _, value in form for name in VARIABLE.findall(value)}
    if not all(isinstance(one, dict) and wanted <= one.keys() for one in people.values()):
        yield "'recipient-variables' parameter is not a valid JSON"
    for name, value in form:
        if name.startswith("h:") and (not value.isascii() or re.search(r"[\r\n]", value)):
            yield f"'{name}' parameter is not valid"
