"""How three APIs read a request and answer it: SendGrid's (no keys), Resend's (keeps keys), Postmark's (one by one).

What of a call is taken where some addresses are refused: by the first two nobody, by Postmark all the others.
"""

import json
import random
from collections.abc import Collection, Sequence
from email.utils import parseaddr
from typing import Any
from uuid import uuid4

from tests.providers import postmark_server, resend_api, sendgrid_server

KEYS = {"sendgrid": sendgrid_server.KEY, "resend": resend_api.KEY, "postmark": postmark_server.KEY}
SIGNED = {KEYS["postmark"], f"Bearer {KEYS['sendgrid']}", f"Bearer {KEYS['resend']}"}  # of those who may send
NAMED = 0.6  # so often a refusal names whom it is about
Answer = tuple[int, Any]


def read(path: str, raw: bytes) -> tuple[str, tuple[int, ...], list[str]]:
    """Return the batch and the readers of a request, and what a real API would refuse of it."""
    body = json.loads(raw)
    if path == "/email/batch":
        mails = [parseaddr(one["To"])[1] for one in body]
        wrong = [text for one in body for _, text in postmark_server.problems(one)]
        return body[0]["Metadata"]["batch"], tuple(map(number, mails)), wrong
    if path == "/emails/batch":
        mails = [resend_api.address(one["to"][0]) for one in body]
        tags = {tag["name"]: tag["value"] for tag in body[0]["tags"]}
        return tags["batch"], tuple(map(number, mails)), [text for one in body for text in resend_api.problems(one)]
    people = body["personalizations"]
    addresses = [person["email"] for one in people for person in one["to"]]
    problems = [text for _, text in sendgrid_server.problems(body)]
    return people[0]["custom_args"]["batch"], tuple(map(number, addresses)), problems


def number(address: str) -> int:
    """Return the number of a reader of the newsroom of the tests."""
    return int(address.removeprefix("reader-").removesuffix("@example.org"))


def judged(
    path: str, people: Sequence[int], refused: Collection[int], chance: random.Random
) -> tuple[set[int], Answer]:
    """Return whom of a call an API takes, and what it answers."""
    bad = [place for place, one in enumerate(people) if one in refused]
    named = chance.random() < NAMED
    if path == "/email/batch":
        return set(people) - set(refused), (200, [_of_postmark(one, refused) for one in people])
    if path == "/emails/batch":
        if bad:
            said = [{"index": place, "message": "Invalid `to` field."} for place in bad] if named else []
            return set(), (422, {"name": "validation_error", "message": "Invalid `to` field.", "errors": said})
        return set(people), (200, {"data": [{"id": str(uuid4())} for _ in people]})
    if bad:
        fields = [f"personalizations.{place}.to.0.email" for place in bad] if named else [None]
        return set(), (
            400,
            {"errors": [{"message": "Does not contain a valid address.", "field": one} for one in fields]},
        )
    return set(people), (202, None)


def _of_postmark(reader: int, refused: Collection[int]) -> dict[str, Any]:
    address = f"reader-{reader}@example.org"
    if reader in refused:
        return {"ErrorCode": 406, "Message": postmark_server.INACTIVE.format(address)}
    return {"ErrorCode": 0, "Message": "OK", "MessageID": str(uuid4()), "To": address}
