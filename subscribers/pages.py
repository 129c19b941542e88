"""The pages a reader reaches from a mail: unsubscribe, undo that, choose lists.

GET and HEAD change nothing, whoever follows the links. POST does, at once and without a cookie or a redirect, since
mail programs send it for the reader (RFC 8058).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol
from urllib.parse import parse_qs

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from jinja2 import Environment

from subscribers.addresses import masked
from subscribers.consent import CLICKS, CLICKS_MORE, agree_to_clicks, choose, end, ended_then, set_zone, undo
from subscribers.errors import BadToken, BadZone, Suppressed
from subscribers.keys import UNSUBSCRIBE, Claim, Keys
from subscribers.people import Standing, standing
from subscribers.transactions import Transactions
from subscribers.zones import zones_by_continent

PREFERENCES: Final = "preferences"
UNDO: Final = "undo"
UNDO_HOURS: Final = 24
MOST_BODY: Final = 65_536  # bytes of a form that are looked at
BOTH_WAYS: Final = ["GET", "HEAD"]
_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_GONE: Final = "Nobody is subscribed by this link any more. There is nothing left to do."

Form = dict[str, list[str]]


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Translation:
    """The words of the pages in one language; ``text`` turns an English sentence into it."""

    language: str
    text: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one reader that a page asks to be sent."""

    address: str
    name: str
    language: str
    family: str
    subject: str
    html: str
    text: str


async def _form(request: Request) -> Form:
    """Return the fields of a form; none where the body is something else, or too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            return {}
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def router(
    *,
    sessions: Transactions,
    clock: Clock,
    keys: Keys,
    templates: Environment,
    translator: Callable[[str], Translation],
    base_url: str,
    limiter: Callable[[str], bool],
    send_confirmation: Callable[[Letter], None],
    names: Callable[[str], str] = str,
    zoned: Callable[[str], bool] = lambda _: False,
    personal: Callable[[str], bool] = lambda _: False,
) -> APIRouter:
    """Return the routes /u/{token}, /undo/{token} and /p/{token}.

    ``templates``: escapes HTML, and has public/*.html. ``limiter``: says whether a key may do once more what costs.
    ``send_confirmation``: sends a mail; called after the page was answered. ``names``: a family's name for readers.
    ``zoned``: whether a family's mail comes at the hour of each reader's own zone; then they can choose one.
    ``personal``: whether a family counts the clicks of those who agree; then they are asked.
    """
    pages = _Pages(
        sessions,
        clock,
        keys,
        templates,
        translator,
        base_url.rstrip("/"),
        limiter,
        send_confirmation,
        names,
        zoned,
        personal,
    )
    made = APIRouter()
    for path, show, act in (
        ("/u/{token}", pages.show_unsubscribe, pages.unsubscribe),
        ("/undo/{token}", pages.show_undo, pages.undo),
        ("/p/{token}", pages.show_preferences, pages.save_preferences),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
        made.add_api_route(path, act, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Pages:
    sessions: Transactions
    clock: Clock
    keys: Keys
    templates: Environment
    translator: Callable[[str], Translation]
    base_url: str
    limiter: Callable[[str], bool]
    send: Callable[[Letter], None]
    names: Callable[[str], str]
    zoned: Callable[[str], bool]
    personal: Callable[[str], bool]

    def show_unsubscribe(self, token: str, request: Request) -> Response:
        """Say what the link would end, for whom; change nothing."""
        return self._answer(token, UNSUBSCRIBE, request, self._unsubscribe_page)

    def unsubscribe(
        self, token: str, request: Request, form: Annotated[Form, Depends(_form)], tasks: BackgroundTasks
    ) -> Response:
        """End what the link says. A mail program gets a plain line; the button of our page, a page."""
        return self._answer(token, UNSUBSCRIBE, request, partial(self._end, form=form, tasks=tasks))

    def show_undo(self, token: str, request: Request) -> Response:
        """Say what would begin again; change nothing."""
        return self._answer(token, UNDO, request, self._undo_page)

    def undo(self, token: str, request: Request) -> Response:
        """Put the reader back on what they had ended."""
        return self._answer(token, UNDO, request, self._undo)

    def show_preferences(self, token: str, request: Request) -> Response:
        """Show the lists to choose from; change nothing."""
        return self._answer(token, PREFERENCES, request, self._preferences_page)

    def save_preferences(self, token: str, request: Request, form: Annotated[Form, Depends(_form)]) -> Response:
        """Make the reader's lists be what they ticked."""
        return self._answer(token, PREFERENCES, request, partial(self._save, form=form))

    def _answer(
        self, token: str, purpose: str, request: Request, page: Callable[[Claim, Standing], Response]
    ) -> Response:
        """Read the token and find its reader, then let the page answer; or say in a sentence what is wrong."""
        client = request.client.host if request.client else "-"
        try:
            claim = self.keys.read(token, purpose, self.clock.now())
            person = self._standing(claim)
            return page(claim, person) if person else self._problem(_GONE, HTTPStatus.OK)
        except BadToken as error:
            if not self.limiter(f"token {client}"):
                return self._problem(
                    "Too many wrong links came from here. Try again later.", HTTPStatus.TOO_MANY_REQUESTS
                )
            return self._problem(str(error), HTTPStatus.NOT_FOUND)
        except Suppressed as error:
            return self._problem(str(error), HTTPStatus.CONFLICT)
        except BadZone as error:
            return self._problem(str(error), HTTPStatus.BAD_REQUEST)

    def _unsubscribe_page(self, claim: Claim, person: Standing) -> Response:
        ending = [data for data in person.active if claim.reference in {"", data.id}]
        more = [data for data in person.active if data not in ending]
        return self._page("unsubscribe", claim, person, ending=ending, more=more)

    def _end(self, claim: Claim, person: Standing, *, form: Form, tasks: BackgroundTasks) -> Response:
        by_page = "page" in form.get("from", [])
        everything = not claim.reference or "all" in form.get("what", [])
        at = self.clock.now()
        with self.sessions.writing() as session:
            ended = end(
                session,
                ref=claim.subscriber,
                family=claim.family,
                list_id=None if everything else claim.reference,
                at=at,
                source="page" if by_page else "one-click",
            )
        if not by_page:
            return PlainTextResponse("You are unsubscribed.\n", headers=_HEADERS)
        mailed = bool(ended) and self.limiter(f"undo {claim.subscriber}")
        if mailed:
            tasks.add_task(self.send, self._undo_letter(claim, person, at))
        names = [data.name for data, _ in person.lists if data.id in ended]
        left = [data for data in person.active if not everything and data.id != claim.reference]
        return self._page("ended", claim, person, names=names, left=left, mailed=mailed)

    def _undo_letter(self, claim: Claim, person: Standing, at: datetime) -> Letter:
        token = self.keys.sign(
            UNDO,
            subscriber=claim.subscriber,
            family=claim.family,
            reference=at.isoformat(),
            expires=at + timedelta(hours=UNDO_HOURS),
        )
        words = self.translator(person.language)
        values = self._values(claim, person) | {"url": f"{self.base_url}/undo/{token}"}
        return Letter(
            address=person.address,
            name=person.name,
            language=words.language,
            family=claim.family,
            subject=f"{words.text('You are unsubscribed')}: {self.names(claim.family)}",
            html=self.templates.get_template("public/undo_mail.html").render(values),
            text=self.templates.get_template("public/undo_mail.txt").render(values),
        )

    def _undo_page(self, claim: Claim, person: Standing) -> Response:
        with self.sessions.reading() as session:
            back = ended_then(session, ref=claim.subscriber, family=claim.family, ended_at=_moment(claim))
        return self._page("undo", claim, person, back=[data for data, _ in person.lists if data.id in back])

    def _undo(self, claim: Claim, _: Standing) -> Response:
        with self.sessions.writing() as session:
            undo(
                session,
                ref=claim.subscriber,
                family=claim.family,
                ended_at=_moment(claim),
                at=self.clock.now(),
                source="undo",
                wording="Subscribe me again",
            )
        return self._page("undone", claim, self._standing(claim))

    def _preferences_page(self, claim: Claim, person: Standing | None, *, saved: bool = False) -> Response:
        zones = zones_by_continent() if self.zoned(claim.family) else ()
        names = {name for _, some in zones for name in some}
        asks = {"clicks_wording": CLICKS, "clicks_more": CLICKS_MORE} if self.personal(claim.family) else {}
        return self._page("preferences", claim, person, saved=saved, zones=zones, zone_names=names, asks=asks)

    def _save(self, claim: Claim, _: Standing, *, form: Form) -> Response:
        asked = "clicks_asked" in form and self.personal(claim.family)
        with self.sessions.writing() as session:
            choose(
                session,
                ref=claim.subscriber,
                family=claim.family,
                wanted=form.get("list", []),
                at=self.clock.now(),
                source="preferences",
                wording="The lists I get",
            )
            if "zone" in form:
                set_zone(session, ref=claim.subscriber, zone=form["zone"][0])
            if asked:
                agree_to_clicks(
                    session, ref=claim.subscriber, agreed="clicks" in form, at=self.clock.now(), source="preferences"
                )
        return self._preferences_page(claim, self._standing(claim), saved=True)

    def _standing(self, claim: Claim) -> Standing | None:
        with self.sessions.reading() as session:
            return standing(session, claim.subscriber, claim.family)

    def _values(self, claim: Claim, person: Standing | None) -> dict[str, Any]:
        words = self.translator(person.language if person else "")
        address = masked(person.address) if person else ""
        return {"_": words.text, "language": words.language, "person": person, "address": address} | {
            "family": self.names(claim.family),
            "hours": UNDO_HOURS,
        }

    def _page(self, name: str, claim: Claim, person: Standing | None, **values: Any) -> Response:
        template = self.templates.get_template(f"public/{name}.html")
        return HTMLResponse(template.render(self._values(claim, person) | values), headers=_HEADERS)

    def _problem(self, sentence: str, status: HTTPStatus) -> Response:
        words = self.translator("")
        values = {"_": words.text, "language": words.language, "sentence": words.text(sentence)}
        page = self.templates.get_template("public/problem.html").render(values)
        return HTMLResponse(page, status_code=status, headers=_HEADERS)


def _moment(claim: Claim) -> datetime:
    return datetime.fromisoformat(claim.reference)
