"""The mails that pages ask for: each a title, a few sentences, links, and one thing to do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from subscribers.addresses import masked
from subscribers.joining import Member, Waiting
from subscribers.keys import Claim
from subscribers.listing import ListData
from subscribers.moving import Moving
from subscribers.pages.frame import CONFIRM, HOLD, ME, MOVE, PREFERENCES, STAY, UNDO, Frame, spoken
from subscribers.pages.ports import Letter, Translation
from subscribers.people import Standing


@dataclass(frozen=True, slots=True)
class Matter:
    """What a mail says. Sentences are in the reader's language already."""

    title: str
    before: Sequence[str] = ()
    items: Sequence[str] = ()
    links: Sequence[tuple[str, str]] = field(default_factory=tuple)  # (what it does, address)
    after: Sequence[str] = ()


def confirm(frame: Frame, waiting: Waiting) -> Letter:
    """Return the mail that asks a mailbox for its yes."""
    words = frame.ports.translator(waiting.language)
    family = waiting.lists[0].family
    since = waiting.expires - HOLD[CONFIRM]
    url = frame.url(CONFIRM, ref=waiting.ref, family=family, reference=waiting.id, since=since)
    matter = Matter(
        title=words.text("Please confirm that you want these mails"),
        before=[words.text("Somebody, we hope you, asked for these mails to this address:")],
        items=[data.name for data in waiting.lists],
        links=[(words.text("Yes, that was me"), url)],
        after=[
            words.count("The link works for {n} days.", HOLD[CONFIRM].days),
            words.text("Was it not you? Then do nothing: no mail will come."),
        ],
    )
    return _letter(frame, words, matter, waiting.address, family)


def own_link(frame: Frame, member: Member) -> Letter:
    """Return the mail with a reader's own links."""
    words = frame.ports.translator(member.language)
    links = [
        (_choice(frame, words, one), frame.url(PREFERENCES, ref=member.ref, family=one)) for one in member.families
    ]
    me = frame.me(member.ref, member.families[0], member.address)
    matter = Matter(
        title=words.text("Your own links"),
        before=[words.text("You, or somebody who knows your address, asked us for these links.")],
        links=[*links, (words.text("Your data, another address, or being forgotten"), me)],
        after=[
            words.count("The last link works for {n} hours.", _hours(ME)),
            words.text("Was it not you? Then do nothing: nothing has changed."),
        ],
    )
    return _letter(frame, words, matter, member.address, member.families[0])


def ended(frame: Frame, claim: Claim, person: Standing, gone: Sequence[ListData], at: datetime) -> Letter:
    """Return the mail that tells what ended, with the link that undoes it."""
    words = frame.ports.translator(person.language)
    url = frame.url(UNDO, ref=claim.subscriber, family=claim.family, reference=at.isoformat(), since=at)
    matter = Matter(
        title=words.text("You are unsubscribed"),
        before=[words.text("As asked, no more of these mails come to you:")],
        items=[data.name for data in gone],
        links=[(words.text("Was it a mistake, or not you? Undo it"), url)],
        after=[
            words.count("The link works for {n} hours.", _hours(UNDO)),
            words.text("Otherwise there is nothing to do."),
        ],
    )
    return _letter(frame, words, matter, person.address, claim.family, of=frame.ports.names(claim.family))


def paused(frame: Frame, claim: Claim, person: Standing, until: datetime) -> Letter:
    """Return the mail that tells until when nothing comes, with the link to change that."""
    words = frame.ports.translator(person.language)
    day = words.date(until, person.zone or "UTC")
    matter = Matter(
        title=words.text("Your mail is paused"),
        before=[words.text("As asked, no mail comes to you before this day:")],
        items=[day],
        links=[
            (
                words.text("Was it not you, or do you want it sooner?"),
                frame.url(PREFERENCES, ref=claim.subscriber, family=claim.family),
            )
        ],
    )
    return _letter(frame, words, matter, person.address, claim.family)


def move(frame: Frame, claim: Claim, person: Standing, new: Moving) -> tuple[Letter, Letter]:
    """Return the mail that asks a new mailbox for its yes, and the one that tells the old one."""
    words = frame.ports.translator(person.language)
    yes, no = (
        frame.url(purpose, ref=claim.subscriber, family=claim.family, reference=new.id) for purpose in (MOVE, STAY)
    )
    holds = words.count("The link works for {n} hours.", _hours(MOVE))
    ask = Matter(
        title=words.text("Please confirm your new address"),
        before=[words.text("Somebody, we hope you, wants their mails to come to this address from now on.")],
        links=[(words.text("Yes, send them here"), yes)],
        after=[holds, words.text("Was it not you? Then do nothing: no mail will come.")],
    )
    tell = Matter(
        title=words.text("Your mails are to go to another address"),
        before=[words.text("As asked, we wrote to this address. Your mails go there once it says yes:")],
        items=[masked(new.address)],
        links=[(words.text("Was it not you? Stop it"), no)],
        after=[holds],
    )
    return _letter(frame, words, ask, new.address, claim.family), _letter(
        frame, words, tell, person.address, claim.family
    )


def _choice(frame: Frame, words: Translation, family: str) -> str:
    return words.text("Choose what comes to you: {name}").format(name=frame.ports.names(family))


def _hours(purpose: str) -> int:
    return round(HOLD[purpose].total_seconds() / 3600)


def _letter(  # noqa: PLR0917 - all of one mail
    frame: Frame, words: Translation, matter: Matter, address: str, family: str, of: str = ""
) -> Letter:
    values = spoken(words) | {"matter": matter, "family": frame.ports.names(family)}
    return Letter(
        address=address,
        name="",
        language=words.language,
        family=family,
        subject=f"{matter.title}: {of}" if of else matter.title,
        html=frame.ports.templates.get_template("public/letter.html").render(values),
        text=frame.ports.templates.get_template("public/letter.txt").render(values),
    )
