"""A stand-in for SES: SigV4, the API's own description (botocore ships it), the documented limits, and its templates.

It checks signatures by hand, so that botocore does not vouch for itself; requests by the description, plus what that
leaves out (unknown fields, 50 destinations, 1 MB, signs of tags); and renders as Handlebars reads simple substitutions.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from functools import cache
from hashlib import sha256
from typing import Any

import httpx
import orjson
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

KEY_ID, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
KEY = f"{KEY_ID}:{SECRET}"
HOST = f"email.{REGION}.amazonaws.com"
PATH = "/v2/email/outbound-bulk-emails"
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Service:
    """One account: what it took, and what it is told to answer."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[httpx.Request] = []
        self.mails: list[dict[str, Any]] = []
        self.statuses: Sequence[str] = ()  # of the entries, by turns; none: all are taken

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        if refusal := unsigned(request):
            return error(403, "InvalidSignatureException", refusal)
        if request.method != "POST" or request.url.path != PATH:
            return error(404, "UnknownOperationException", "")
        body = orjson.loads(request.content)
        if problems := list(faults(body, len(request.content))):
            return error(400, "BadRequestException", "; ".join(problems))
        self.bodies.append(body)
        results = [self._take(body, entry, number) for number, entry in enumerate(body["BulkEmailEntries"])]
        return httpx.Response(200, json={"BulkEmailEntryResults": results})

    def _take(self, body: dict[str, Any], entry: dict[str, Any], number: int) -> dict[str, str]:
        status = self.statuses[number % len(self.statuses)] if self.statuses else "SUCCESS"
        if status != "SUCCESS":
            return {"Status": status, "Error": f"about {number}"}
        self.mails.append(mail(body, entry))
        return {"Status": "SUCCESS", "MessageId": f"0102018-{len(self.mails)}"}

    def reached(self) -> list[str]:
        """Return the addresses of the mails taken."""
        return [one["to"] for one in self.mails]


def error(status: int, kind: str, message: str) -> httpx.Response:
    """Return an error as the REST JSON protocol of AWS writes it."""
    headers = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazonaws.services.simpleemailv2/"}
    return httpx.Response(status, json={"message": message}, headers=headers)


def unsigned(request: httpx.Request) -> str:
    """Return why a request is not signed as Signature Version 4 wants it; "" where it is."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/ses/aws4_request, SignedHeaders=([a-z0-9;-]+), "
        r"Signature=([0-9a-f]{64})",
        request.headers.get("Authorization", ""),
    )
    if not found or found[1] != KEY_ID or found[3] != REGION:
        return "The security token included in the request is invalid."
    names = found[4].split(";")
    if not {"host", "content-type", "x-amz-date"} <= set(names):
        return "Too few headers are signed."
    lines = [f"{name}:{' '.join(request.headers[name].split())}" for name in names]
    payload = sha256(request.content).hexdigest()
    canonical = "\n".join(["POST", request.url.path, "", *lines, "", found[4], payload])
    scope = f"{found[2]}/{REGION}/ses/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    right = hmac.digest(key, text.encode(), "sha256").hex()
    return "" if hmac.compare_digest(right, found[5]) else "The request signature we calculated does not match."


@cache
def shape() -> Shape:
    """Return the description of SendBulkEmail's request."""
    model = ServiceModel(Loader().load_service_model("sesv2", "service-2"))
    return model.operation_model("SendBulkEmail").input_shape


def faults(body: dict[str, Any], size: int) -> list[str]:
    """Return what the real API would refuse."""
    found = []
    report = ParamValidator().validate(body, shape())
    if report.has_errors():
        found.append(report.generate_report())
    found += list(_unknown(body, shape(), "request"))
    entries = body.get("BulkEmailEntries") or []
    if not 1 <= len(entries) <= 50:
        found.append("The number of destinations must be from 1 to 50.")
    if size > 1_000_000:
        found.append("The request is over 1 MB.")
    template = body["DefaultContent"]["Template"]
    for entry in entries:
        found += _entry_faults(template, entry)
    return found


def _unknown(value: Any, about: Shape, path: str) -> Sequence[str]:
    if about.type_name == "structure":
        found = [f"Unknown field {path}.{name}" for name in value if name not in about.members]
        parts = [(about.members[name], one, name) for name, one in value.items() if name in about.members]
    elif about.type_name == "list":
        found, parts = [], [(about.member, one, str(number)) for number, one in enumerate(value)]
    else:
        pattern = about.metadata.get("pattern")
        wrong = pattern and not re.fullmatch(pattern.strip("^$"), value)
        most = about.metadata.get("max")
        wrong = wrong or (most and len(value) > most) or (about.enum and value not in about.enum)
        return [f"{path} is wrong: {value[:60]!r}"] if wrong else []
    return [*found, *(text for part, one, name in parts for text in _unknown(one, part, f"{path}.{name}"))]


def _entry_faults(template: dict[str, Any], entry: dict[str, Any]) -> list[str]:
    found = []
    (to,) = entry["Destination"]["ToAddresses"]
    if not to.isascii() or not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(to)[1]):
        found.append(f"Illegal address {to}")
    headers = [*template.get("Headers", []), *entry.get("ReplacementHeaders", [])]
    if len(headers) > 15 or any(len(one["Name"]) + len(one["Value"]) > 996 for one in headers):
        found.append("Too many headers, or too long.")
    if not all(TAG.fullmatch(one["Name"]) and TAG.fullmatch(one["Value"]) for one in entry["ReplacementTags"]):
        found.append(f"Invalid tag value: {entry['ReplacementTags']}")
    values = json.loads(entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
    for text in template["TemplateContent"].values():
        try:
            rendered(text, values)
        except ValueError as wrong:
            found.append(str(wrong))
    return found


def rendered(template: str, values: Mapping[str, str]) -> str:
    """Fill in a template as Handlebars does, in one pass; anything but a simple substitution is a ValueError."""
    text, rest = "", template
    while "{{" in rest:
        before, _, after = rest.partition("{{")
        name, closed, rest = after.partition("}}")
        if before.endswith("\\") or not closed or rest.startswith("}") or not re.fullmatch(r"[a-z][a-z0-9]*", name):
            raise ValueError("Template contains unsupported operations.")
        if name not in values:
            raise ValueError(f"Attribute '{name}' is not present in the rendering data.")
        text += before + values[name]
    return text + rest


def mail(body: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Return a mail as its reader gets it."""
    template = body["DefaultContent"]["Template"]
    values = json.loads(entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
    headers = [*template["Headers"], *entry["ReplacementHeaders"]]
    (to,) = entry["Destination"]["ToAddresses"]
    return {
        "to": parseaddr(to)[1],
        "mailbox": to,
        "headers": {one["Name"]: one["Value"] for one in headers},
        "tags": {one["Name"]: one["Value"] for one in entry["ReplacementTags"]},
        **{name.lower(): rendered(text, values) for name, text in template["TemplateContent"].items()},
    }
