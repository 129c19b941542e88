"""Writes to readers who were silent for long: a kind question first, a pause after it; never by opens, never twice.

Off unless a publication names ``quiet_days``. Who is silent is known only of those who agreed to be counted.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlmodel import Session

from digest import pulse
from digest.errors import DigestError
from digest.events.machines import State
from digest.events.models import Click
from digest.issues import publications
from digest.issues.models import Issue, Publication
from digest.rendering.catalogue.pages import PageWords, page_words
from digest.rendering.context import PERSONAL
from digest.rendering.templates import environment
from digest.rendering.urls import SHOWN_FOR
from digest.sending.direct import send_one
from digest.sending.means import Means
from digest.sending.models import Delivery, table
from digest.sending.provider import Content, UnknownOutcome
from digest.settings import templates_folder
from subscribers import quiet
from subscribers.quiet import Reader, Silence

LOG = logging.getLogger(__name__)
CLICK, DELIVERY, ISSUE = table(Click), table(Delivery), table(Issue)
MOST_A_DAY: Final = 200  # readers asked, of a publication
FEWEST_MAILS: Final = 3  # in the time: who got less was not silent about anything
EVERY: Final = timedelta(hours=1)  # so often it is looked who is silent: that reads every click
BY_DAY: Final = range(8, 20)  # hours of the publication's zone in which people are written to
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How it stands with a publication's quiet readers."""

    publication: str
    days: int  # 0: nobody is asked
    due: int  # who would be asked now, but for the limit a day
    today: int  # who would be asked within it
    asked: int = 0
    answered: int = 0
    paused: int = 0


@dataclass(frozen=True, slots=True)
class _Matter:
    """What a mail says: what templates/public/letter.* print."""

    title: str
    before: Sequence[str]
    links: Sequence[tuple[str, str]]
    after: Sequence[str]
    items: Sequence[str] = field(default_factory=tuple)


def run(means: Means) -> list[str]:
    """Ask who is due to be asked and pause who did not answer; returns a sentence for each kind that was done."""
    now, said = means.clock.now(), []
    for publication in _watched(means):
        hour = now.astimezone(ZoneInfo(publication.zone)).hour
        if hour in BY_DAY and _is_time(means, publication, now):
            said += _ask(means, publication, now) + _pause(means, publication, now)
    return said


def numbers(session: Session, publication: Publication, now: datetime) -> Numbers:
    """Return how it stands with a publication, changing nothing."""
    counts = quiet.counts(session, publication.id, now)
    if not is_on(publication):
        return Numbers(publication.id, 0, 0, 0, counts.asked, counts.answered, counts.paused)
    due = len(quiet.silent(session, silence(session, publication, now), now, most=1_000_000))
    left = MOST_A_DAY - quiet.asked_since(session, publication.id, now - DAY)
    today = max(0, min(due, left))
    return Numbers(publication.id, publication.quiet_days, due, today, counts.asked, counts.answered, counts.paused)


def is_on(publication: Publication) -> bool:
    """Tell whether a publication asks its quiet readers."""
    return publication.quiet_days > 0 and publication.clicks == PERSONAL


def silence(session: Session, publication: Publication, now: datetime) -> Silence:
    """Return when a reader of a publication counts as silent."""
    since = now - timedelta(days=publication.quiet_days)
    watched = [one.id for one in publications.all_publications(session) if is_on(one)]
    return Silence(
        family=publication.id, families=watched, since=since, signs=_clicks(), mailed=_mailed(publication.id, since)
    )


def _watched(means: Means) -> list[Publication]:
    with means.database.reading() as session:
        return [one for one in publications.all_publications(session) if is_on(one)]


def _is_time(means: Means, publication: Publication, now: datetime) -> bool:
    """Tell whether it was not looked for an hour, and note that it is now."""
    name = f"quiet {publication.id}"
    with means.database.writing() as session:
        last = pulse.last(session, name)
        if last is not None and now - last < EVERY:
            return False
        pulse.beat(session, name, now)
    return True


def _clicks() -> Select[Any]:
    """Return each known person's last click; one that was not judged yet counts for them."""
    mine = (CLICK.c.subscriber_id.is_not(None), CLICK.c.state != State.machine)
    return select(CLICK.c.subscriber_id, func.max(CLICK.c.at).label("at")).where(*mine).group_by(CLICK.c.subscriber_id)


def _mailed(family: str, since: datetime) -> Select[Any]:
    """Return who was sent enough mails of a publication since an instant."""
    mine = (ISSUE.c.publication_id == family, ISSUE.c.first_accepted_at >= since, DELIVERY.c.state == "accepted")
    query = select(DELIVERY.c.subscriber_id).join(ISSUE, ISSUE.c.number == DELIVERY.c.issue_number).where(*mine)
    return query.group_by(DELIVERY.c.subscriber_id).having(func.count() >= FEWEST_MAILS)


def _ask(means: Means, publication: Publication, now: datetime) -> list[str]:
    with means.database.writing() as session:
        left = MOST_A_DAY - quiet.asked_since(session, publication.id, now - DAY)
        some = quiet.silent(session, silence(session, publication, now), now, most=left) if left > 0 else []
        chosen = quiet.choose(session, publication.id, some, now)
    count = 0
    for reader in chosen:
        taken = _send(means, publication, reader, _question(means, publication, reader))
        with means.database.writing() as session:
            quiet.was_asked(session, publication.id, reader.number, now if taken else None)
        count += taken
    return [f"{publication.id}: {_readers(count)} asked whether the mail is still wanted"] if count else []


def _pause(means: Means, publication: Publication, now: datetime) -> list[str]:
    before = now - timedelta(days=publication.quiet_grace)
    with means.database.writing() as session:
        quiet.prolong(session, now)
        again = quiet.untold(session, publication.id, now)
        paused = quiet.pause_due(session, silence(session, publication, now), before, now)
    for reader in (*again, *paused):
        if _send(means, publication, reader, _news(means, publication, reader)):
            with means.database.writing() as session:
                quiet.was_told(session, publication.id, reader.number, now)
    return [f"{publication.id}: {_readers(len(paused))} paused: no answer came"] if paused else []


def _readers(count: int) -> str:
    return "1 quiet reader was" if count == 1 else f"{count} quiet readers were"


def _question(means: Means, publication: Publication, reader: Reader) -> _Matter:
    words = page_words(reader.language)
    choose = words.text("Choose what comes to you: {name}").format(name=publication.name)
    return _Matter(
        title=words.text("Do you still want these mails?"),
        before=[
            words.text(
                "For a while you opened no story of {name}, and we would rather not fill your mailbox for nothing."
            ).format(name=publication.name)
        ],
        links=[
            (words.text("Yes, I still want them"), _link(means, publication, reader, "still", "still")),
            (choose, _link(means, publication, reader, "preferences", "p")),
            (words.text("Unsubscribe"), _leave(means, publication, reader)),
        ],
        after=[
            words.count("Without an answer your mail is paused in {n} days. It ends nothing.", publication.quiet_grace)
        ],
    )


def _news(means: Means, publication: Publication, reader: Reader) -> _Matter:
    words = page_words(reader.language)
    return _Matter(
        title=words.text("Your mail is paused"),
        before=[words.text("We asked whether you still want these mails and heard nothing. So none comes for now.")],
        links=[(words.text("Let it come again now"), _link(means, publication, reader, "still", "still"))],
        after=[words.text("Otherwise there is nothing to do.")],
    )


def _link(means: Means, publication: Publication, reader: Reader, purpose: str, path: str) -> str:
    expires = means.clock.now() + SHOWN_FOR
    token = means.keys.sign(purpose, subscriber=str(reader.ref), family=publication.id, expires=expires)
    return f"{means.base_url}/{path}/{token}"


def _leave(means: Means, publication: Publication, reader: Reader) -> str:
    token = means.keys.sign("unsubscribe", subscriber=str(reader.ref), family=publication.id)
    return f"{means.base_url}/u/{token}"


def _send(means: Means, publication: Publication, reader: Reader, matter: _Matter) -> bool:
    """Send a mail; returns whether it was taken, or may have been."""
    leave = _leave(means, publication, reader)
    content = Content(
        subject=matter.title,
        html=_printed("html", publication, page_words(reader.language), matter),
        text=_printed("txt", publication, page_words(reader.language), matter),
        sender_name=publication.sender_name,
        sender_address=publication.sender_address,
        reply_to=publication.reply_to,
        headers={
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    try:
        provider = means.provider_of(publication.account)
        return send_one(provider, content, address=reader.address, name=reader.name).accepted
    except UnknownOutcome:
        LOG.exception("Whether a mail to a quiet reader of %s was taken is not known.", publication.id)
        return True
    except DigestError:
        LOG.exception("A mail to a quiet reader of %s was not sent.", publication.id)
        return False


def _printed(ending: str, publication: Publication, words: PageWords, matter: _Matter) -> str:
    values = {"matter": matter, "family": publication.name}
    spoken = {"language": words.language, "direction": words.base.direction}
    return environment(templates_folder()).get_template(f"public/letter.{ending}").render(values | spoken)
