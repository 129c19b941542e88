"""What all pages of readers do alike: read the token, find the reader, speak their language, say what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup, escape

from subscribers.addresses import masked
from subscribers.consent import note_visit
from subscribers.errors import BadToken, BadZone, Expired, SubscribersError, Suppressed, Taken
from subscribers.keys import UNSUBSCRIBE, Claim
from subscribers.listing import ListData
from subscribers.pages import forms
from subscribers.pages.ports import Ports, Translation
from subscribers.people import Standing, standing

CONFIRM: Final = "confirm"  # purposes of tokens, besides UNSUBSCRIBE
PREFERENCES: Final = "preferences"
UNDO: Final = "undo"
ME: Final = "me"  # what only the mailbox may do: take the data, move, be forgotten
MOVE: Final = "move"
STAY: Final = "stay"
STILL: Final = "still"  # after a long silence: yes, still wanted
HOLD: Final[dict[str, timedelta]] = {  # how long a link holds; one to unsubscribe holds for good
    CONFIRM: timedelta(days=30),
    PREFERENCES: timedelta(days=30),  # in a letter; those in an issue hold as long as it says
    UNDO: timedelta(hours=24),
    ME: timedelta(hours=24),
    MOVE: timedelta(hours=72),
    STAY: timedelta(hours=72),
    STILL: timedelta(days=400),
}
PATHS: Final = {PREFERENCES: "/p/", UNSUBSCRIBE: "/u/"}  # where the path is not the purpose
HEADERS: Final[dict[str, str]] = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
ALIKE: Final = HEADERS | {"Connection": "close"}  # the next request would wait for what is done after this answer
_GONE: Final = "Nobody is subscribed by this link any more. There is nothing left to do."
_NO_ZONE: Final = "This is not a time zone. Choose one of the list."
_STATUS: Final[dict[type[SubscribersError], HTTPStatus]] = {Suppressed: HTTPStatus.CONFLICT, Taken: HTTPStatus.CONFLICT}

Page = Callable[[Claim, Standing], Response]


@dataclass(frozen=True)
class Frame:
    """The parts handed in, and what every page does with them."""

    ports: Ports

    @property
    def now(self) -> datetime:
        """Return the present instant."""
        return self.ports.clock.now()

    @property
    def languages(self) -> dict[str, str]:
        """Return code -> name of the languages that a reader can choose."""
        return dict(self.ports.languages or {"en": "English"})

    def words(self, request: Request) -> Translation:
        """Return the words for somebody we do not know yet."""
        return self.ports.translator(forms.language(request, frozenset(self.languages)))

    def answer(self, token: str, purpose: str, request: Request, page: Page) -> Response:
        """Read the token and find its reader, then let the page answer; or say in a sentence what is wrong."""
        client = request.client.host if request.client else "-"
        words = self.words(request)
        try:
            claim = self.ports.keys.read(token, purpose, self.now)
            person = self.standing(claim.subscriber, claim.family)
            if person is None:
                return self.problem(words, _GONE, HTTPStatus.OK)
            words = self.ports.translator(person.language)
            if request.method == "POST" and purpose != UNSUBSCRIBE:  # mail programs press that one by themselves
                with self.ports.sessions.writing() as session:
                    note_visit(session, claim.subscriber, self.now)
            return page(claim, person)
        except Expired as error:
            return self.problem(words, str(error), HTTPStatus.NOT_FOUND, fresh=True)
        except BadToken as error:
            if not self.ports.limiter(f"token {client}"):
                sentence = "Too many wrong links came from here. Try again later."
                return self.problem(words, sentence, HTTPStatus.TOO_MANY_REQUESTS)
            return self.problem(words, str(error), HTTPStatus.NOT_FOUND)
        except SubscribersError as error:
            sentence = _NO_ZONE if isinstance(error, BadZone) else str(error)
            return self.problem(words, sentence, _STATUS.get(type(error), HTTPStatus.BAD_REQUEST))

    def standing(self, ref: str, family: str) -> Standing | None:
        """Return how a reader stands with a family; None for nobody."""
        with self.ports.sessions.reading() as session:
            return standing(session, ref, family)

    def url(self, purpose: str, *, ref: str, family: str, reference: str = "", since: datetime | None = None) -> str:
        """Return a signed link of a purpose, that holds as long as its kind does from an instant on (default: now)."""
        expires = (since or self.now) + HOLD[purpose]
        token = self.ports.keys.sign(purpose, subscriber=ref, family=family, reference=reference, expires=expires)
        return f"{self.ports.base_url.rstrip('/')}{PATHS.get(purpose, f'/{purpose}/')}{token}"

    def me(self, ref: str, family: str, address: str) -> str:
        """Return the link to what only the mailbox may do; it ends once mail goes to another address."""
        return self.url(ME, ref=ref, family=family, reference=self.mark(address))

    def mark(self, address: str) -> str:
        """Return what a link holds of an address, to end with it."""
        return self.ports.keys.address_key(address)[:16]

    def page(
        self,
        name: str,
        words: Translation,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        headers: Mapping[str, str] = HEADERS,
        **values: Any,
    ) -> Response:
        """Return a page made from ``templates/public/<name>.html``."""
        template = self.ports.templates.get_template(f"public/{name}.html")
        return HTMLResponse(template.render(spoken(words) | values), status_code=status, headers=dict(headers))

    def own_page(
        self, name: str, claim: Claim, person: Standing, status: HTTPStatus = HTTPStatus.OK, **values: Any
    ) -> Response:
        """Return a page in a reader's own language, about a family, with their address masked."""
        shown: dict[str, Any] = {
            "person": person,
            "address": shown_address(person.address),
            "family": self.ports.names(claim.family),
        }
        return self.page(name, self.ports.translator(person.language), status, **shown | values)

    def problem(self, words: Translation, sentence: str, status: HTTPStatus, *, fresh: bool = False) -> Response:
        """Return a page that says in a sentence what does not work; ``fresh``: a new link would mend it."""
        return self.page("problem", words, status, sentence=words.text(sentence), fresh=fresh)


def spoken(words: Translation) -> dict[str, Any]:
    """Return what a template speaks with.

    ``_("Sentence")``, with values for its braces: escaped, and so is the sentence. ``counted("{n} days", 3)``.
    ``strong(lists)``: their names in a row. ``day(instant, zone)``.
    """

    def say(sentence: str, **values: Any) -> str:
        return escape(words.text(sentence)).format(**values) if values else words.text(sentence)

    def strong(lists: Sequence[ListData]) -> Markup:
        return Markup(words.listed([f"<strong>{escape(data.name)}</strong>" for data in lists]))  # noqa: S704 - escaped

    return {
        "_": say,
        "counted": words.count,
        "strong": strong,
        "day": words.date,
        "language": words.language,
        "direction": words.direction,
    }


def shown_address(address: str) -> Markup:
    """Return an address as a page shows it to whoever holds a link."""
    return Markup('<span class="address" dir="ltr">{}</span>').format(masked(address))
