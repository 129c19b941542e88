"""The addresses of our own pages that a mail links to, the same for all readers of an edition."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID, uuid5

from digest.issues.plan import EditionPlan
from digest.rendering.links import web_address

ANSWERS: Final = ("good", "fine", "poor")  # of the feedback row; votes count by POST only


def edition_id(plan: EditionPlan) -> UUID:
    """Return the id of an edition: the same issue, revision, ordered lists and left-out stories give the same id."""
    return uuid5(plan.issue_id, "\n".join([str(plan.revision), " ".join(plan.lists), " ".join(plan.without)]))


@dataclass(frozen=True, slots=True)
class Urls:
    """Builds them from the base URL of the site, with or without a slash at its end."""

    base_url: str

    def __post_init__(self) -> None:
        """Refuse a base URL that is no web address."""
        object.__setattr__(self, "base_url", web_address(self.base_url).rstrip("/"))

    def view(self, edition: UUID) -> str:
        """Return the page that shows an edition in the browser."""
        return f"{self.base_url}/editions/{edition}"

    def text(self, edition: UUID) -> str:
        """Return the edition as plain text."""
        return f"{self.base_url}/editions/{edition}.txt"

    def feedback(self, edition: UUID, answer: str) -> str:
        """Return the page with one button that counts an answer."""
        return f"{self.base_url}/editions/{edition}/feedback/{answer}"

    def how(self, publication: str) -> str:
        """Return the page that says how stories are chosen."""
        return f"{self.base_url}/how-we-choose/{quote(publication)}"
