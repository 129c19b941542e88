"""Answers that a browser, a proxy or a feed reader need not be sent twice: with a tag, a date, and 304."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import Response

A_WHILE: Final = {"Cache-Control": "public, max-age=300"}  # a retraction must not wait for longer


def answer(
    request: Request,
    body: str,
    media_type: str,
    *,
    changed: datetime | None = None,
    headers: Mapping[str, str] = A_WHILE,
) -> Response:
    """Return a body with its tag, or 304 where who asks holds it (RFC 9110, 13.1.2 and 13.1.3)."""
    raw = body.encode()
    sent = dict(headers) | {"ETag": f'"{sha256(raw).hexdigest()[:32]}"'}
    if changed is not None:
        sent["Last-Modified"] = format_datetime(changed.astimezone(UTC).replace(microsecond=0), usegmt=True)
    if _is_held(request, sent["ETag"], changed):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=sent)
    return Response(raw, headers=sent, media_type=media_type)


def has(held: str, tag: str) -> bool:
    """Tell whether a browser or proxy holds what bears a tag (RFC 9110, 13.1.2; weak tags count)."""
    return any(one.strip().removeprefix("W/") in ("*", tag) for one in held.split(","))


def _is_held(request: Request, tag: str, changed: datetime | None) -> bool:
    held, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if held is not None:  # then the date is not looked at
        return has(held, tag)
    if since is None or changed is None:
        return False
    try:
        return changed.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # no date, or one without a zone
        return False
