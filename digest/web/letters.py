"""Sends the mails that a reader's page asks for, in the name of the publication it is about."""

import logging
from collections.abc import Callable

from digest.bootstrap import App
from digest.errors import DigestError
from digest.issues.models import Publication
from digest.sending.direct import send_one
from digest.sending.provider import Content, Provider
from subscribers.pages import Letter

LOG = logging.getLogger(__name__)


def sender(app: App) -> Callable[[Letter], None]:
    """Return the function that sends a letter. It is called after the page was answered: an error is only logged."""

    def send(letter: Letter) -> None:
        try:
            provider, content = _prepared(app, letter)
            send_one(provider, content, address=letter.address, name=letter.name)
        except DigestError:
            LOG.exception("The mail %r to a reader of %s was not sent.", letter.subject, letter.family)

    return send


def family_name(app: App, family: str) -> str:
    """Return a publication's name as readers know it."""
    with app.database.reading() as session:
        publication = session.get(Publication, family)
    return publication.name if publication else family


def wants_zones(app: App, family: str) -> bool:
    """Tell whether a publication's mail comes at the hour of each reader's own zone."""
    with app.database.reading() as session:
        publication = session.get(Publication, family)
    return publication is not None and publication.reader_zones


def _prepared(app: App, letter: Letter) -> tuple[Provider, Content]:
    """Return what a letter says, and the provider of its publication's account."""
    with app.database.reading() as session:
        publication = session.get(Publication, letter.family)
    content = Content(
        subject=letter.subject,
        html=letter.html,
        text=letter.text,
        sender_name=publication.sender_name if publication else letter.family,
        sender_address=publication.sender_address if publication else app.settings.sender_address,
        reply_to=publication.reply_to if publication else "",
        headers={"Auto-Submitted": "auto-generated"},
    )
    return app.provider_of(publication.account if publication else ""), content
