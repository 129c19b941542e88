"""Signing up, and asking for one's own link. Both answer everybody alike: the work is done after the answer."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from fastapi import BackgroundTasks, Request
from fastapi.responses import Response

from subscribers import joining
from subscribers.addresses import normalise
from subscribers.errors import BadAddress, BadName, ForeignLetters, SubscribersError, UnknownList
from subscribers.joining import Waiting, Wish
from subscribers.listing import ListData, lists, open_lists
from subscribers.naming import name_of
from subscribers.pages import forms, letters
from subscribers.pages.forms import Fields, Form, first
from subscribers.pages.frame import ALIKE, Frame
from subscribers.pages.ports import Translation

TRAP: Final = "website"  # a field that people do not see: who fills it is a machine
PROMISE: Final = "Yes, send me these mails. I can change that or leave at any time, by a link in each of them."
_SENTENCES: Final[dict[type[SubscribersError], str]] = {
    ForeignLetters: "Most mail systems cannot deliver to an address with such letters before the @. Take another one.",
    BadAddress: "This is not an address that mail can go to. Look at it again: it is written like name@example.org.",
    UnknownList: "Choose at least one of the lists.",
    BadName: "That does not look like a name. Write only your name, or leave it empty.",
}
_MANY: Final = "Many requests came from your network. Try again in an hour."


@dataclass(frozen=True)
class Joining:
    """The pages /join and /link."""

    frame: Frame

    def show(self, request: Request, family: str = "") -> Response:
        """Show the lists there are, of a family or of all; change nothing."""
        return self._form(request, family, {"list": request.query_params.getlist("list")})

    def join(self, request: Request, form: Fields, tasks: BackgroundTasks, family: str = "") -> Response:
        """Take what somebody asks for, and say that a mail is on its way: to strangers, readers and machines alike."""
        words = self._words(request, form)
        if not self._may(request):
            return self.frame.problem(words, _MANY, HTTPStatus.TOO_MANY_REQUESTS)
        try:
            wish = self._wish(request, form, words)
        except SubscribersError as error:
            return self._form(request, family, form, wrong=_SENTENCES[type(error)])
        if not first(form, TRAP):
            tasks.add_task(self._ask, wish)
        return self.frame.page("asked", words, headers=ALIKE, address=wish.address)

    def show_link(self, request: Request) -> Response:
        """Ask for an address; change nothing."""
        return self.frame.page("link", self.frame.words(request), wrong="", address="", languages=self.frame.languages)

    def mail_link(self, request: Request, form: Fields, tasks: BackgroundTasks) -> Response:
        """Mail a reader their own link; say so to everybody."""
        words = self._words(request, form)
        if not self._may(request):
            return self.frame.problem(words, _MANY, HTTPStatus.TOO_MANY_REQUESTS)
        try:
            address = normalise(first(form, "address"))
        except BadAddress as error:
            values: dict[str, Any] = {"wrong": _SENTENCES[type(error)], "address": first(form, "address")}
            return self.frame.page("link", words, HTTPStatus.BAD_REQUEST, languages=self.frame.languages, **values)
        tasks.add_task(self._link, address)
        return self.frame.page("linked", words, headers=ALIKE, address=address)

    def _words(self, request: Request, form: Form) -> Translation:
        chosen = first(form, "language")
        return self.frame.ports.translator(chosen) if chosen in self.frame.languages else self.frame.words(request)

    def _may(self, request: Request) -> bool:
        return self.frame.ports.limiter(f"join-network {forms.network(request)}")

    def _wish(self, request: Request, form: Form, words: Translation) -> Wish:
        chosen = tuple(dict.fromkeys(form.get("list", [])))
        with self.frame.ports.sessions.reading() as session:
            known = open_lists(session, chosen)
        if not known:
            raise UnknownList("No list was chosen.")
        return Wish(
            address=normalise(first(form, "address")),
            lists=tuple(data.id for data in known),
            source=forms.source(request),
            wording=words.text(PROMISE),
            name=name_of(first(form, "name")),
            language=words.language,
            network=forms.network(request),
        )

    def _ask(self, wish: Wish) -> None:
        """Note the wish and write to its address, unless enough was asked in its name already."""
        ports = self.frame.ports
        if not ports.limiter(f"join-address {ports.keys.address_key(wish.address)}"):
            return
        with ports.sessions.writing() as session:
            found = joining.ask(session, ports.keys, wish, self.frame.now)
        if found is not None:
            write = (
                letters.confirm(self.frame, found)
                if isinstance(found, Waiting)
                else letters.own_link(self.frame, found)
            )
            ports.send_confirmation(write)

    def _link(self, address: str) -> None:
        with self.frame.ports.sessions.writing() as session:
            member = joining.link(session, self.frame.ports.keys, address, self.frame.now)
        if member is not None:
            self.frame.ports.send_confirmation(letters.own_link(self.frame, member))

    def _form(self, request: Request, family: str, form: Form, wrong: str = "") -> Response:
        words = self._words(request, form)
        with self.frame.ports.sessions.reading() as session:
            known = [data for data in lists(session, family or None) if data.open]
        if not known:
            sentence = "There is nothing to subscribe to here."
            return self.frame.problem(words, sentence, HTTPStatus.NOT_FOUND)
        values: dict[str, Any] = {
            "groups": self._groups(known, words),
            "chosen": {data.id for data in known} if len(known) == 1 else set(form.get("list", [])),
            "wrong": wrong,
            "promise": PROMISE,
            "trap": TRAP,
            "languages": self.frame.languages,
            "given": {name: first(form, name) for name in ("address", "name")},
        }
        return self.frame.page("join", words, HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK, **values)

    def _groups(self, known: list[ListData], words: Translation) -> list[dict[str, Any]]:
        """Return the lists by family, each with what it brings."""
        groups = []
        for family, some in groupby(known, key=lambda data: data.family):
            offers = self.frame.ports.offers(family, words.language)
            rows = [(data, offers.get(data.id)) for data in some]
            groups.append({"name": self.frame.ports.names(family), "rows": rows})
        return groups
