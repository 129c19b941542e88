"""What is kept of a reader, why and for how long: said from tables, settings and the publication's own rules."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from digest.accounts import ProviderName
from digest.bootstrap import App
from digest.issues.models import Publication
from digest.proofs import published
from digest.rendering.catalogue.pages import own_names, page_words
from digest.rendering.urls import SHOWN_FOR
from digest.settings import Settings
from digest.web.conditional import A_WHILE, answer
from digest.web.templates import asked_for, problem, rendered
from subscribers import Retention
from subscribers.pages import BOTH_WAYS

NAMES: Final = {"ses": "Amazon SES", "sendgrid": "SendGrid", "smtp": "SMTP"}  # others: as they are written, capital
ALWAYS: Final = "Until you are forgotten"
FOR_GOOD: Final = "For good"
DAYS: Final = "{n} days"


def _always(_publication: Publication) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is kept: in which tables, how many days or in words how long, and where that is so at all."""

    tables: tuple[str, ...]
    what: str
    why: str
    days: int | str
    holds: Callable[[Publication], bool] = _always


def facts(settings: Settings) -> tuple[Fact, ...]:
    """Return everything that is kept of readers, under these settings."""
    return (
        Fact(
            ("subscriber",),
            "Your address; your name, language and time zone, where you gave them",
            "to send you what you asked for",
            ALWAYS,
        ),
        Fact(
            ("subscription", "subscriberaudience"),
            "Which lists you are on, and in which order",
            "to send you what you asked for",
            ALWAYS,
        ),
        Fact(
            ("consent",),
            "When you agreed to something or ended it, in which words, on which page, from which network, cut short",
            "to prove that you asked for it",
            ALWAYS,
        ),
        Fact(("ask", "move"), "What waits for your yes", "to know what the yes is to", Retention.unconfirmed.days),
        Fact(
            ("readermail",),
            "That a mail was asked for in the name of your address",
            "so that nobody can fill your mailbox",
            Retention.requests.days,
        ),
        Fact(
            ("delivery", "batch"),
            "Which issues went to you, and whether they were taken",
            "so that none is lost and no story comes twice",
            "For good; once you are forgotten, without you",
        ),
        Fact(
            ("webhookevent", "softbounce"),
            "What the mail service tells: delivered, returned, reported as unwanted",
            "to stop writing where mail cannot arrive or is not wanted",
            settings.retention_days,
        ),
        Fact(
            ("click",),
            "Which stories are opened from a mail, without you: a code of network and program, another one each day",
            "to choose better stories",
            settings.retention_days,
            lambda one: one.clicks == "anonymous",
        ),
        Fact(
            ("click",),
            "Which stories are opened from a mail: with you if you agreed to that, else by a code that changes daily",
            "to choose better stories",
            settings.retention_days,
            lambda one: one.clicks == "personal",
        ),
        Fact(
            ("quietask", "subscriber"),
            "When you last pressed a button on a page of your own, and whether we asked if you still want the mail",
            "to stop mail that nobody reads",
            ALWAYS,
            lambda one: one.quiet_days > 0,
        ),
        Fact(
            ("suppression",),
            "A code made of your address, if you were forgotten, complained, or mail to it came back",
            "so that we never write to it again",
            FOR_GOOD,
        ),
    )


def router(app: App) -> APIRouter:
    """Return the route /privacy/{publication}."""
    made = APIRouter()

    def show(publication: str, request: Request) -> Response:
        spoken = asked_for(request)
        with app.database.reading() as session:
            found = session.get(Publication, publication)
        if found is None:
            return problem("There is no newsletter of that name here.", spoken=spoken)
        headers = A_WHILE | {"Vary": "Accept-Language"}
        body = rendered("privacy", spoken, **_values(app.settings, found, spoken))
        return answer(request, body, "text/html; charset=utf-8", headers=headers)

    made.add_api_route("/privacy/{publication}", show, methods=BOTH_WAYS, response_model=None)
    return made


def providers(settings: Settings, publication: Publication) -> list[str]:
    """Return by whose services a publication's mail goes out; an account that the settings lack is passed over."""
    accounts = [publication.account, *publication.list_accounts.values()]
    known = [one for one in dict.fromkeys(accounts) if one in {"", *settings.account_names}]
    used = dict.fromkeys(settings.account(one).provider for one in known)
    return [NAMES.get(one, one.value.capitalize()) for one in used if one is not ProviderName.outbox]


def _values(settings: Settings, publication: Publication, spoken: str) -> dict[str, Any]:
    words = page_words(spoken)
    rows = [
        {
            "what": words.text(one.what),
            "why": words.text(one.why),
            "how_long": words.count(DAYS, one.days) if isinstance(one.days, int) else words.text(one.days),
        }
        for one in facts(settings)
        if one.holds(publication)
    ]
    return {
        "publication": publication,
        "contact": publication.reply_to or publication.sender_address,
        "rows": rows,
        "providers": words.listed(providers(settings, publication)),
        "archived": publication.archive != published.OFF,
        "shown_days": SHOWN_FOR.days,
        "languages": own_names(),
    }
