"""Reads instants as other systems write them in their exports."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_UNIX: Final = re.compile(r"\d{9,10}")
# Go's time.Time.String(), as listmonk writes it: 2026-01-02 10:00:00.123456 +0000 UTC
_GO: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d{4})(?: \S+)?")


def moment_of(text: str) -> datetime:
    """Return an instant in UTC; without a zone it is UTC. Raises ValueError.

    Understands ISO 8601 (Mailchimp, Ghost, Substack, Postmark, SES), Go's own form (listmonk), seconds since 1970
    (SendGrid) and RFC 2822 (Mailgun).
    """
    moment = _iso(text)
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        if _UNIX.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
        go = _GO.fullmatch(text)
        return datetime.fromisoformat(f"{go[1]}{go[2]}") if go else parsedate_to_datetime(text)
