"""The links of an editor: one signed address for each editor and issue, from which every page of the review hangs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

from digest.errors import NotFound
from digest.issues.models import Issue
from subscribers import Claim, Keys

PURPOSE: Final = "review"
AFTER: Final = timedelta(days=2)  # so long after the sending the links still open


@dataclass(frozen=True, slots=True)
class Door:
    """The pages of one editor about one issue. Whoever holds the address may do what the editor may."""

    url: str

    def tap(self, what: str, article: str) -> str:
        """Return the page with the one button that does something to a story."""
        return f"{self.url}/{quote(what)}/{quote(article)}"


@dataclass(frozen=True, slots=True)
class Links:
    """Signs and reads the links. The token names editor, publication and issue; it is the whole authority."""

    base_url: str
    keys: Keys

    def door(self, issue: Issue, address: str, at: datetime) -> Door:
        """Return an editor's way in; it holds until two days after the sending, or after now where that is over."""
        until = max(issue.send_at or at, at) + AFTER
        token = self.keys.sign(
            PURPOSE, subscriber=address, family=issue.publication_id, reference=str(issue.id), expires=until
        )
        return Door(f"{self.base_url.rstrip('/')}/review/{token}")

    def read(self, token: str, at: datetime) -> Claim:
        """Return what a token says. Raises subscribers' BadToken where it is forged, cut short or over."""
        return self.keys.read(token, PURPOSE, at)


def issue_of(claim: Claim) -> UUID:
    """Return the issue a token is about."""
    try:
        return UUID(claim.reference)
    except ValueError as error:
        raise NotFound("This link names no issue. Open it again from the mail.") from error


def is_editor(editors: list[str], address: str) -> bool:
    """Tell whether an address is one of a publication's editors, however it is written."""
    return address.casefold() in {one.casefold() for one in editors}
