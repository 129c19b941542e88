"""The yes of a mailbox: to what was asked for in its name, and to a change of address. Each takes a button."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response

from subscribers import confirming, moving
from subscribers.keys import Claim
from subscribers.listing import ListData
from subscribers.pages import forms
from subscribers.pages.frame import CONFIRM, MOVE, PREFERENCES, STAY, Frame, shown_address
from subscribers.people import Standing

YES: Final = "Yes, send me these mails"
HERE: Final = "Yes, send them here"


@dataclass(frozen=True)
class Confirming:
    """The pages /confirm, /move and /stay."""

    frame: Frame

    def show(self, token: str, request: Request) -> Response:
        """Show what would be confirmed; change nothing."""
        return self.frame.answer(token, CONFIRM, request, self._page)

    def confirm(self, token: str, request: Request) -> Response:
        """Confirm it, and say what comes when."""
        return self.frame.answer(token, CONFIRM, request, partial(self._confirm, request=request))

    def show_move(self, token: str, request: Request) -> Response:
        """Show where the mail would go; change nothing."""
        return self.frame.answer(token, MOVE, request, partial(self._move_page, template="move"))

    def move(self, token: str, request: Request) -> Response:
        """Let the mail go there from now on."""
        return self.frame.answer(token, MOVE, request, partial(self._move, request=request))

    def show_stay(self, token: str, request: Request) -> Response:
        """Show what would be called off; change nothing."""
        return self.frame.answer(token, STAY, request, partial(self._move_page, template="stay"))

    def stay(self, token: str, request: Request) -> Response:
        """Call the change of address off."""
        return self.frame.answer(token, STAY, request, self._stay)

    def _page(self, claim: Claim, person: Standing) -> Response:
        return self.frame.own_page("confirm", claim, person, lists=self._asked(claim), yes=YES)

    def _confirm(self, claim: Claim, person: Standing, *, request: Request) -> Response:
        text = self.frame.ports.translator(person.language).text
        asked = self._asked(claim)
        with self.frame.ports.sessions.writing() as session:
            confirming.say_yes(
                session,
                ref=claim.subscriber,
                ask_id=claim.reference,
                at=self.frame.now,
                source=forms.source(request).replace(request.url.path, "/confirm"),
                wording=f"{text(YES)}: {', '.join(data.name for data in asked)}",
                network=forms.network(request),
            )
        families = tuple(dict.fromkeys(data.family for data in asked)) or (claim.family,)
        now = {one: self.frame.standing(claim.subscriber, one) or person for one in families}
        here = [data for one in now.values() for data in one.coming if data in asked]
        return self.frame.own_page("confirmed", claim, person, groups=self._groups(claim, here, person.language))

    def _groups(self, claim: Claim, here: Sequence[ListData], language: str) -> list[dict[str, Any]]:
        """Return what comes, by family, each list with when and where to read its latest issue."""
        groups = []
        for family in dict.fromkeys(data.family for data in here):
            offers = self.frame.ports.offers(family, language)
            groups.append(
                {
                    "name": self.frame.ports.names(family),
                    "rows": [(data, offers.get(data.id)) for data in here if data.family == family],
                    "preferences": self.frame.url(PREFERENCES, ref=claim.subscriber, family=family),
                }
            )
        return groups

    def _asked(self, claim: Claim) -> tuple[ListData, ...]:
        with self.frame.ports.sessions.reading() as session:
            return confirming.asked(session, claim.subscriber, claim.reference)

    def _move_page(self, claim: Claim, person: Standing, *, template: str, said: str = "") -> Response:
        with self.frame.ports.sessions.reading() as session:
            found = moving.moving(session, claim.subscriber, claim.reference)
        new = shown_address(found.address) if found else ""
        done = found is not None and found.done
        return self.frame.own_page(template, claim, person, new=new, done=done, said=said, here=HERE)

    def _move(self, claim: Claim, person: Standing, *, request: Request) -> Response:
        with self.frame.ports.sessions.writing() as session:
            moving.move(
                session,
                ref=claim.subscriber,
                move_id=claim.reference,
                at=self.frame.now,
                source="/move",
                wording=self.frame.ports.translator(person.language).text(HERE),
                network=forms.network(request),
            )
        return self._move_page(claim, person, template="move")

    def _stay(self, claim: Claim, person: Standing) -> Response:
        with self.frame.ports.sessions.writing() as session:
            off = moving.stay(session, ref=claim.subscriber, move_id=claim.reference)
        return self._move_page(claim, person, template="stay", said="off" if off else "")
