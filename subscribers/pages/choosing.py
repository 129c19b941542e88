"""A reader's choices: which lists, how often, in which order and language, and when not.

A link to this page stands in every mail, so a forwarded copy opens it: whatever would keep mail from the first
reader is told to their own address, with the way back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from fastapi import BackgroundTasks, Request
from fastapi.responses import Response
from sqlmodel import Session

from subscribers import joining, own_order, rhythm
from subscribers.consent import CLICKS, CLICKS_MORE, agree_to_clicks, choose, set_zone
from subscribers.keys import Claim
from subscribers.listing import ListData
from subscribers.naming import introduce
from subscribers.pages import letters
from subscribers.pages.forms import Fields, Form, first
from subscribers.pages.frame import PREFERENCES, Frame
from subscribers.pausing import days, pause, start_of
from subscribers.people import Standing
from subscribers.rhythm import Companion
from subscribers.zones import zones_by_continent

SOURCE: Final = "preferences"
WORDING: Final = "The lists I get"


@dataclass(frozen=True)
class Choosing:
    """The page /p, and what its buttons do."""

    frame: Frame

    def show(self, token: str, request: Request) -> Response:
        """Show what can be chosen; change nothing."""
        return self.frame.answer(token, PREFERENCES, request, partial(self._page, token=token))

    def save(self, token: str, request: Request, form: Fields, tasks: BackgroundTasks) -> Response:
        """Make the reader's lists be what they ticked, and remember the rest of the form."""
        return self.frame.answer(token, PREFERENCES, request, partial(self._save, token=token, form=form, tasks=tasks))

    def order(self, token: str, request: Request, form: Fields) -> Response:
        """Move a list up, or go back to the newsroom's order."""
        return self.frame.answer(token, PREFERENCES, request, partial(self._order, token=token, form=form))

    def pause(self, token: str, request: Request, form: Fields, tasks: BackgroundTasks) -> Response:
        """Hold all mail back until a day, or let it come again."""
        return self.frame.answer(token, PREFERENCES, request, partial(self._pause, token=token, form=form, tasks=tasks))

    def fresh(self, token: str, request: Request, tasks: BackgroundTasks) -> Response:
        """Mail the reader the link to what only their mailbox may do."""
        return self.frame.answer(token, PREFERENCES, request, partial(self._fresh, token=token, tasks=tasks))

    def _page(self, claim: Claim, person: Standing, *, token: str, said: str = "", mailed: bool = False) -> Response:
        ports = self.frame.ports
        zones = zones_by_continent() if ports.zoned(claim.family) else ()
        values: dict[str, Any] = {
            "said": said,
            "mailed": mailed,
            "path": f"/p/{token}",
            "zones": zones,
            "zone_names": {name for _, some in zones for name in some},
            "asks": {"wording": CLICKS, "more": CLICKS_MORE} if ports.personal(claim.family) else {},
            "languages": self.frame.languages,
            "paused": person.paused(self.frame.now),
            "days": days(self.frame.now, person.zone),
            "order": person.coming if ports.ordered(claim.family) else (),
            "own_order": any(person.places.get(data.id) for data in person.coming),
            "ticked": {data.id for data in person.active},
            "rhythm": "",
        }
        return self.frame.own_page("preferences", claim, person, **values | self._rhythm(claim, person))

    def _rhythm(self, claim: Claim, person: Standing) -> dict[str, Any]:
        """Return how often the mail comes, where that is a choice, and the lists that are ticked then."""
        companion, other = self._companion(claim)
        if companion is None or other is None:
            return {}
        now = rhythm.present(person, other, companion)
        return {"rhythm": now, "ticked": rhythm.ticked(person, other)}

    def _companion(self, claim: Claim) -> tuple[Companion | None, Standing | None]:
        companion = self.frame.ports.companion(claim.family)
        return companion, self.frame.standing(claim.subscriber, companion.family) if companion else None

    def _save(self, claim: Claim, person: Standing, *, token: str, form: Form, tasks: BackgroundTasks) -> Response:
        at, wanted = self.frame.now, set(form.get("list", []))
        companion, other = self._companion(claim)
        with self.frame.ports.sessions.writing() as session:
            here = wanted
            if companion is not None and other is not None and "rhythm" in form:
                here = self._switch(session, claim, person, other, companion, wanted, first(form, "rhythm"))
            self._choose(session, claim, claim.family, here)
            self._remember(session, claim, form)
        gone = [data for data in person.coming if data.id not in wanted]
        mailed = self._tell(claim, person, gone, at, tasks)
        return self._shown(claim, person, token, "saved", mailed=mailed)

    def _switch(  # noqa: PLR0917 - all of one choice
        self,
        session: Session,
        claim: Claim,
        person: Standing,
        other: Standing,
        companion: Companion,
        wanted: set[str],
        often: str,
    ) -> set[str]:
        """Choose the lists of the companion that go with a choice; return those of the family itself."""
        pairs = rhythm.twins([data for data, _ in person.lists], [data for data, _ in other.lists])
        here, there = rhythm.split(wanted, pairs, companion, often)
        alone = {data.id for data in other.active} - set(pairs.values())
        self._choose(session, claim, companion.family, there | alone)
        return here

    def _choose(self, session: Session, claim: Claim, family: str, wanted: set[str]) -> None:
        said: dict[str, Any] = {"at": self.frame.now, "source": SOURCE, "wording": WORDING}
        choose(session, ref=claim.subscriber, family=family, wanted=wanted, **said)

    def _remember(self, session: Session, claim: Claim, form: Form) -> None:
        """Remember name, language, zone and the wish about clicks; what the form does not have stays."""
        ref = claim.subscriber
        language = first(form, "language")
        name = first(form, "name") if "name" in form else None
        introduce(session, ref=ref, name=name, language=language if language in self.frame.languages else None)
        if "zone" in form:
            set_zone(session, ref=ref, zone=first(form, "zone"))
        if "clicks_asked" in form and self.frame.ports.personal(claim.family):
            agree_to_clicks(session, ref=ref, agreed="clicks" in form, at=self.frame.now, source=SOURCE)

    def _tell(
        self, claim: Claim, person: Standing, gone: Sequence[ListData], at: datetime, tasks: BackgroundTasks
    ) -> bool:
        """Tell the mailbox what ended; returns whether it is told."""
        mailed = bool(gone) and self.frame.ports.limiter(f"undo {claim.subscriber}")
        if mailed:
            letter = letters.ended(self.frame, claim, person, gone, at)
            tasks.add_task(self.frame.ports.send_confirmation, letter)
        return mailed

    def _order(self, claim: Claim, person: Standing, *, token: str, form: Form) -> Response:
        if self.frame.ports.ordered(claim.family):
            order = own_order.raised(person, first(form, "up")) if "up" in form else ()
            with self.frame.ports.sessions.writing() as session:
                own_order.set_order(session, ref=claim.subscriber, family=claim.family, order=order)
        return self._shown(claim, person, token, "saved")

    def _pause(self, claim: Claim, person: Standing, *, token: str, form: Form, tasks: BackgroundTasks) -> Response:
        now = self.frame.now
        until = start_of(first(form, "until"), now, person.zone) if "resume" not in form else None
        with self.frame.ports.sessions.writing() as session:
            pause(session, ref=claim.subscriber, until=until)
        mailed = until is not None and self.frame.ports.limiter(f"undo {claim.subscriber}")
        if mailed and until is not None:
            letter = letters.paused(self.frame, claim, person, until)
            tasks.add_task(self.frame.ports.send_confirmation, letter)
        return self._shown(claim, person, token, "paused" if until else "resumed")

    def _fresh(self, claim: Claim, person: Standing, *, token: str, tasks: BackgroundTasks) -> Response:
        tasks.add_task(self._mail_fresh, claim.subscriber)
        return self._shown(claim, person, token, "fresh")

    def _mail_fresh(self, ref: str) -> None:
        with self.frame.ports.sessions.writing() as session:
            member = joining.fresh(session, self.frame.ports.keys, ref, self.frame.now)
        if member is not None:
            self.frame.ports.send_confirmation(letters.own_link(self.frame, member))

    def _shown(self, claim: Claim, person: Standing, token: str, said: str, *, mailed: bool = False) -> Response:
        """Return the page as it is after a change."""
        after = self.frame.standing(claim.subscriber, claim.family) or person
        return self._page(claim, after, token=token, said=said, mailed=mailed)
