"""What the routes of the API share: an issue and its review, the version that was looked at, pages by cursor."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlmodel import Session, select

from digest.bootstrap import App
from digest.editors import reading
from digest.editors.reading import Review
from digest.editors.standing import standing
from digest.errors import BadInput, NotFound
from digest.issues.models import Issue
from digest.rendering.urls import Urls
from digest.web.key_door import Caller
from digest.web.limiting import Limiter
from digest.web.problems import Refusal

_TAGS: Final = re.compile(r'(?:W/)?"(\d{1,9})"')  # what stands between may have made the tag a weak one
DIGITS: Final = 15  # of a number that every database holds
Clash = Callable[[], Sequence[Mapping[str, Any]]]


async def caller(request: Request) -> Caller:
    """Return who has come in."""
    found: Caller = request.state.caller
    return found


Who = Annotated[Caller, Depends(caller)]


@dataclass(frozen=True)
class Newsroom:
    """The product, as the routes work with it."""

    app: App
    limiter: Limiter

    def now(self) -> datetime:
        """Return the present instant."""
        return self.app.clock.now()

    def urls(self) -> Urls:
        """Return how addresses are made."""
        return Urls(self.app.settings.base_url, self.app.keys)

    def issue(self, number: int) -> Issue:
        """Return an issue. Raises NotFound."""
        with self.app.database.reading() as session:
            return found(session, number)

    def review(self, number: int) -> Review:
        """Return an issue as its editors look at it. Raises NotFound."""
        with self.app.database.reading() as session:
            issue = found(session, number)
            return reading.read(session, issue.id, urls=self.urls(), at=self.now())

    def ledger(self, number: int) -> dict[str, Any]:
        """Return where the sending of an issue stands. Raises NotFound."""
        app = self.app
        with app.database.reading() as session:
            issue = found(session, number)
            stands = standing(app.database, session, issue, app.settings.provider.value, app.limits)
        return stands | {"version": issue.version}


def found(session: Session, number: int) -> Issue:
    """Return an issue by its number. Raises NotFound."""
    issue = session.exec(select(Issue).where(Issue.number == number)).first()
    if issue is None:
        raise NotFound(f"There is no issue {number}. GET /api/issues lists those there are.")
    return issue


def looked_at(issue: Issue, given: int | None, if_match: str | None, clash: Clash = tuple) -> int:
    """Return the version to change, where it is what the client looked at; it said so in the body or by If-Match.

    ``clash``: texts that somebody wanted to set beside those that stand there. Raises Refusal: 428 where nothing was
    said, 412 where If-Match does not fit (RFC 9110 section 13.1.1), 409 where the body's version does not.
    """
    if given is None and if_match is None:
        raise Refusal(HTTPStatus.PRECONDITION_REQUIRED, "Say which version you looked at: version, or If-Match.")
    if if_match is not None and if_match.strip() != "*" and issue.version not in _versions(if_match):
        raise _changed(HTTPStatus.PRECONDITION_FAILED, issue, clash)
    if given is not None and given != issue.version:
        raise _changed(HTTPStatus.CONFLICT, issue, clash)
    return issue.version


def tagged(response: Response, version: int) -> None:
    """Give an answer the version of its issue as ETag: for If-Match alone, as other things change without it."""
    response.headers["ETag"] = f'"{version}"'


def cursor_of(*parts: object) -> str:
    """Return an opaque cursor for the place after these parts."""
    return urlsafe_b64encode(".".join(str(one) for one in parts).encode()).decode().rstrip("=")


def parts_of(cursor: str, count: int) -> tuple[int, ...]:
    """Return the numbers in a cursor. Raises BadInput where it is none of ours."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        parts = text.split(".")
        if len(parts) == count and all(one.isdecimal() and len(one) <= DIGITS for one in parts):
            return tuple(int(one) for one in parts)
    except (NotBase64, UnicodeDecodeError, ValueError) as error:
        raise BadInput("The cursor is none that this list gave. Start without one.") from error
    raise BadInput("The cursor is none that this list gave. Start without one.")


def linked(request: Request, response: Response, cursor: str | None) -> None:
    """Say where the next page is: the header Link (RFC 8288)."""
    if cursor is not None:
        url = request.url.include_query_params(cursor=cursor)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'


def about(article: UUID | None) -> str:
    """Return the key of a story in edits."""
    return str(article) if article else ""


def _versions(if_match: str) -> set[int]:
    rest = _TAGS.sub("", if_match)
    if rest.strip(" ,\t"):
        raise BadInput('If-Match is not an ETag of an issue. Write it as the issue has it: "7".')
    return {int(one) for one in _TAGS.findall(if_match)}


def _changed(status: HTTPStatus, issue: Issue, clash: Clash) -> Refusal:
    sentence = (
        f"Issue {issue.number} was changed meanwhile; it has version {issue.version} now. "
        "Look at it again and repeat your change."
    )
    texts = list(clash())
    more = {"version": issue.version} | ({"texts": texts} if texts else {})
    return Refusal(status, sentence, {"ETag": f'"{issue.version}"'}, kind="changed", more=more)
