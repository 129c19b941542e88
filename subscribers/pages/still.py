"""The page behind the mail to a reader who was silent for long: one button says that the mail is still wanted."""

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from subscribers import quiet
from subscribers.keys import UNSUBSCRIBE, Claim
from subscribers.pages.frame import STILL, Frame
from subscribers.people import Standing


@dataclass(frozen=True)
class Still:
    """The page /still."""

    frame: Frame

    def show(self, token: str, request: Request) -> Response:
        """Ask; change nothing."""
        return self.frame.answer(token, STILL, request, self._page)

    def yes(self, token: str, request: Request) -> Response:
        """Note the yes, and let the mail come again where it was paused."""
        return self.frame.answer(token, STILL, request, self._yes)

    def _page(self, claim: Claim, person: Standing, *, said: bool = False) -> Response:
        leave = self.frame.ports.keys.sign(UNSUBSCRIBE, subscriber=claim.subscriber, family=claim.family)
        paused = person.paused(self.frame.now)
        return self.frame.own_page("still", claim, person, said=said, paused=paused, leave=f"/u/{leave}")

    def _yes(self, claim: Claim, person: Standing) -> Response:
        with self.frame.ports.sessions.writing() as session:
            quiet.still(session, ref=claim.subscriber, family=claim.family, at=self.frame.now)
        after = self.frame.standing(claim.subscriber, claim.family) or person
        return self._page(claim, after, said=True)
