"""Says in one shape what does not work under /api: RFC 9457 problem details, with a sentence for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from digest.errors import BadInput, Conflict, NotFound, SettingsError
from digest.sending.provider import ProviderError
from subscribers.errors import BadAddress

MEDIA_TYPE: Final = "application/problem+json"
NOT_KEPT: Final = {"Cache-Control": "no-store"}
DOCS: Final = "/api/docs"
MOST_FAULTS: Final = 50  # that are listed one by one
UNAVAILABLE: Final = "The database does not answer. Send it again later."
_S = HTTPStatus

# The last part of a problem's type, which is its anchor on the page of the API: title, and what to do about it.
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "no-key": ("A key is needed", "Send a key that is not revoked as Authorization: Bearer dgst_..."),
    "wrong-scope": ("The key lacks a scope", "Make a key that has the scope which the sentence names."),
    "not-found": ("There is no such thing", "Look at the number or id; lists name what there is."),
    "no-such-method": ("The address takes another method", "The header Allow names those it takes."),
    "too-slow": ("The body came too slowly", "Send it again, on a better connection or in parts."),
    "refused": (
        "The rules forbid it now",
        "The sentence says what has to be done first. Repeating it alone is no use.",
    ),
    "changed": (
        "It was changed meanwhile",
        (
            "Read the issue again, decide, and repeat with the new version. The member texts has what you sent (yours) "
            "beside what stands there now (stored; empty: the original)."
        ),
    ),
    "too-long": ("The body is too long", "Send it in parts."),
    "not-json": ("The body is not JSON", "Send JSON in UTF-8, not compressed, as application/json."),
    "invalid": ("The request is not sound", "The member errors names each fault, with a JSON pointer into the body."),
    "key-reused": ("The Idempotency-Key was used for something else", "Take a new one for each new order."),
    "no-version": ("The version is missing", "Send the version you looked at: in the body, or as If-Match."),
    "too-many": ("Too many requests", "Wait as many seconds as the header Retry-After says."),
    "fault": ("A fault of ours", "The program's log says more. Whether it was done is not known: look first."),
    "provider": ("The email provider did not take it", "The sentence is the provider's."),
    "unavailable": ("The database does not answer", "Send it again later."),
}
_BY_STATUS: Final[Mapping[HTTPStatus, str]] = {
    _S.UNAUTHORIZED: "no-key",
    _S.FORBIDDEN: "wrong-scope",
    _S.NOT_FOUND: "not-found",
    _S.METHOD_NOT_ALLOWED: "no-such-method",
    _S.REQUEST_TIMEOUT: "too-slow",
    _S.CONFLICT: "refused",
    _S.PRECONDITION_FAILED: "changed",
    _S.REQUEST_ENTITY_TOO_LARGE: "too-long",
    _S.UNSUPPORTED_MEDIA_TYPE: "not-json",
    _S.PRECONDITION_REQUIRED: "no-version",
    _S.TOO_MANY_REQUESTS: "too-many",
    _S.INTERNAL_SERVER_ERROR: "fault",
    _S.BAD_GATEWAY: "provider",
    _S.SERVICE_UNAVAILABLE: "unavailable",
}


@dataclass
class Refusal(Exception):
    """A request is not taken: the status, and a sentence for whoever wrote the client. ``more``: further members."""

    status: HTTPStatus
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""  # of KINDS; "": the usual one of the status
    more: Mapping[str, Any] = field(default_factory=dict)


def answer(refusal: Refusal, path: str) -> Response:
    """Return a problem as RFC 9457 has it; ``error`` repeats the sentence for clients of before."""
    body = {**members(refusal.status, refusal.sentence, path, refusal.kind), **refusal.more}
    headers = {**NOT_KEPT, **refusal.headers}
    return JSONResponse(body, refusal.status, headers=headers, media_type=MEDIA_TYPE)


def members(status: HTTPStatus, sentence: str, path: str, kind: str = "") -> dict[str, Any]:
    """Return the members that every problem has."""
    which = kind or kind_of(status)
    return {
        "type": f"{DOCS}#{which}",
        "title": KINDS[which][0],
        "status": int(status),
        "detail": sentence,
        "instance": quote(path[:500], errors="replace"),
        "error": sentence,
    }


def kind_of(status: HTTPStatus) -> str:
    """Return which of KINDS a status usually says."""
    return _BY_STATUS.get(status, "invalid")


def refusal_of(error: Exception) -> Refusal:
    """Return what is said of an error: of ours, of FastAPI's, or of the database."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RequestValidationError):
        return invalid(error.errors(), error.body)
    if isinstance(error, HTTPException):
        return _http(error)
    for kinds, status, kind in _OF_ERRORS:
        if isinstance(error, kinds):
            return Refusal(status, str(error), kind=kind)
    return Refusal(_S.SERVICE_UNAVAILABLE, UNAVAILABLE)


def refused(error: Exception) -> Refusal:
    """Return what is said of an error that the rules of the product raised (DigestError, SubscribersError)."""
    found = next(((status, kind) for kinds, status, kind in _OF_ERRORS if isinstance(error, kinds)), None)
    status, kind = found or (_S.CONFLICT, "refused")
    return Refusal(status, str(error), kind=kind)


def invalid(errors: Sequence[Any], body: Any) -> Refusal:
    """Return the refusal of a request that Pydantic found unsound: each fault with its place."""
    faults = [_fault(one, body) for one in errors[:MOST_FAULTS]]
    first = faults[0]
    where = first.get("pointer", "")[1:] or first.get("parameter", "") or "the body"
    more = f" There are {len(errors) - 1} more; errors names them." if len(errors) > 1 else ""
    sentence = f"At {where}: {first['detail']}{more}"
    return Refusal(_S.UNPROCESSABLE_ENTITY, sentence, more={"errors": faults}, kind="invalid")


def _fault(error: Mapping[str, Any], body: Any) -> dict[str, str]:
    said = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    source, *rest = error["loc"]
    if source != "body":
        return {"detail": f"{said}.", "in": str(source), "parameter": str(rest[-1]) if rest else ""}
    return {"detail": f"{said}.", "pointer": _pointer(rest, body, missing=error["type"] == "missing")}


def _pointer(places: Sequence[Any], body: Any, *, missing: bool) -> str:
    """Return the JSON pointer (RFC 6901, as a fragment) of a fault, without the names of variants."""
    parts, value = [], body
    for number, part in enumerate(places):
        last = number == len(places) - 1
        if isinstance(value, Mapping) and (part in value or (last and missing)):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        parts.append(str(part).replace("~", "~0").replace("/", "~1"))
    return "#" + "".join(f"/{quote(part, safe='~', errors='replace')}" for part in parts)


def _http(error: HTTPException) -> Refusal:
    status = HTTPStatus(error.status_code)
    said = {
        _S.NOT_FOUND: f"There is no such address here; {DOCS} names those there are.",
        _S.METHOD_NOT_ALLOWED: f"This address takes another method; {DOCS} names it.",
    }
    return Refusal(status, said.get(status, f"{error.detail}."), dict(error.headers or {}))


_OF_ERRORS: Final[Sequence[tuple[type[Exception], HTTPStatus, str]]] = (
    (NotFound, _S.NOT_FOUND, "not-found"),
    (BadInput, _S.UNPROCESSABLE_ENTITY, "invalid"),
    (BadAddress, _S.UNPROCESSABLE_ENTITY, "invalid"),
    (Conflict, _S.CONFLICT, "changed"),
    (ProviderError, _S.BAD_GATEWAY, "provider"),
    (SettingsError, _S.SERVICE_UNAVAILABLE, "unavailable"),
)
