"""Leaving, and coming back: the pages behind the links to unsubscribe, and to undo that.

The POST is the one that mail programs send for a reader (RFC 8058): it needs no page, no cookie and no redirect.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fastapi import BackgroundTasks, Request
from fastapi.responses import PlainTextResponse, Response

from subscribers.consent import end, ended_then, undo
from subscribers.keys import UNSUBSCRIBE, Claim
from subscribers.pages import letters
from subscribers.pages.forms import Fields, Form
from subscribers.pages.frame import HEADERS, HOLD, UNDO, Frame
from subscribers.people import Standing


@dataclass(frozen=True)
class Leaving:
    """The pages /u and /undo."""

    frame: Frame

    def show_unsubscribe(self, token: str, request: Request) -> Response:
        """Say what the link would end, for whom; change nothing."""
        return self.frame.answer(token, UNSUBSCRIBE, request, self._unsubscribe_page)

    def unsubscribe(self, token: str, request: Request, form: Fields, tasks: BackgroundTasks) -> Response:
        """End what the link says. A mail program gets a plain line; the button of our page, a page."""
        return self.frame.answer(token, UNSUBSCRIBE, request, partial(self._end, form=form, tasks=tasks))

    def show_undo(self, token: str, request: Request) -> Response:
        """Say what would begin again; change nothing."""
        return self.frame.answer(token, UNDO, request, self._undo_page)

    def undo(self, token: str, request: Request) -> Response:
        """Put the reader back on what they had ended."""
        return self.frame.answer(token, UNDO, request, self._undo)

    def _unsubscribe_page(self, claim: Claim, person: Standing) -> Response:
        ending = [data for data in person.active if claim.reference in {"", data.id}]
        more = [data for data in person.active if data not in ending]
        return self.frame.own_page("unsubscribe", claim, person, ending=ending, more=more)

    def _end(self, claim: Claim, person: Standing, *, form: Form, tasks: BackgroundTasks) -> Response:
        by_page = "page" in form.get("from", [])
        everything = not claim.reference or "all" in form.get("what", [])
        at = self.frame.now
        with self.frame.ports.sessions.writing() as session:
            ended = end(
                session,
                ref=claim.subscriber,
                family=claim.family,
                list_id=None if everything else claim.reference,
                at=at,
                source="page" if by_page else "one-click",
            )
        if not by_page:
            return PlainTextResponse("You are unsubscribed.\n", headers=HEADERS)
        gone = [data for data, _ in person.lists if data.id in ended]
        left = [data for data in person.active if not everything and data.id != claim.reference]
        mailed = bool(gone) and self.frame.ports.limiter(f"undo {claim.subscriber}")
        if mailed:
            letter = letters.ended(self.frame, claim, person, gone, at)
            tasks.add_task(self.frame.ports.send_confirmation, letter)
        hours = round(HOLD[UNDO].total_seconds() / 3600)
        return self.frame.own_page("ended", claim, person, gone=gone, left=left, mailed=mailed, hours=hours)

    def _undo_page(self, claim: Claim, person: Standing) -> Response:
        with self.frame.ports.sessions.reading() as session:
            back = ended_then(session, ref=claim.subscriber, family=claim.family, ended_at=_moment(claim))
        return self.frame.own_page("undo", claim, person, back=[data for data, _ in person.lists if data.id in back])

    def _undo(self, claim: Claim, person: Standing) -> Response:
        with self.frame.ports.sessions.writing() as session:
            undo(
                session,
                ref=claim.subscriber,
                family=claim.family,
                ended_at=_moment(claim),
                at=self.frame.now,
                source="undo",
                wording=self.frame.ports.translator(person.language).text("Subscribe me again"),
            )
        after = self.frame.standing(claim.subscriber, claim.family) or person
        return self.frame.own_page("undone", claim, after)


def _moment(claim: Claim) -> datetime:
    return datetime.fromisoformat(claim.reference)
