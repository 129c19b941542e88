"""The addresses of our own pages that a mail links to, the same for all readers of an edition."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID, uuid5

from digest.issues.plan import EditionPlan
from digest.rendering import click_links
from digest.rendering.links import web_address
from subscribers import Keys

VIEW: Final = "view"  # purposes of tokens
FEEDBACK: Final = "feedback"
NOBODY: Final = "-"  # these pages are the same for every reader
SHOWN_FOR: Final = timedelta(days=400)
ANSWERS: Final = ("good", "fine", "poor")  # of the feedback row; votes count by POST only


def edition_id(plan: EditionPlan) -> UUID:
    """Return the id of an edition: the same issue, revision, ordered lists and left-out stories give the same id."""
    return uuid5(plan.issue_id, "\n".join([str(plan.revision), " ".join(plan.lists), " ".join(plan.without)]))


@dataclass(frozen=True, slots=True)
class Urls:
    """Builds them from the base URL of the site (with or without a slash at its end) and the signing keys.

    The pages of an edition are signed, since its id could be guessed from the publication and the cut-off.
    """

    base_url: str
    keys: Keys

    def __post_init__(self) -> None:
        """Refuse a base URL that is no web address."""
        object.__setattr__(self, "base_url", web_address(self.base_url).rstrip("/"))

    def view(self, plan: EditionPlan) -> str:
        """Return the page that shows an edition in the browser."""
        return f"{self.base_url}/editions/{self._token(VIEW, plan)}"

    def text(self, plan: EditionPlan) -> str:
        """Return the edition as plain text."""
        return f"{self.base_url}/editions/{self._token(VIEW, plan)}.txt"

    def feedback(self, plan: EditionPlan, answer: str) -> str:
        """Return the page with one button that counts an answer."""
        return f"{self.base_url}/feedback/{self._token(FEEDBACK, plan)}/{answer}"

    def how(self, publication: str) -> str:
        """Return the page that says how stories are chosen."""
        return f"{self.base_url}/how-we-choose/{quote(publication)}"

    def story(self, plan: EditionPlan, place: int, url: str, reader: str = "") -> str:
        """Return the counted link to a story at its place; ``reader``: the mark that a reader's own sign replaces."""
        counted = f"{self.base_url}{click_links.path(self.keys, edition_id(plan), place, url)}"
        return f"{counted}&r={reader}" if reader else counted

    def trap(self, plan: EditionPlan) -> str:
        """Return the link that no person can see: who follows it is a machine."""
        return self.story(plan, click_links.TRAP, f"{self.base_url}/")

    def _token(self, purpose: str, plan: EditionPlan) -> str:
        """Sign for an edition; the expiry hangs on the cut-off, so that the same plan gives the same bytes."""
        return self.keys.sign(
            purpose,
            subscriber=NOBODY,
            family=plan.publication["id"],
            reference=str(edition_id(plan)),
            expires=plan.as_of + SHOWN_FOR,
        )
