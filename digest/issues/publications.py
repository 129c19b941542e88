"""The publications: adding one with every field checked, and finding them again."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from cronsim import CronSim, CronSimError
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlmodel import Session, select

from digest.desk_log import note
from digest.errors import BadInput, Conflict, NotFound, Refused
from digest.issues.models import Publication
from digest.issues.wall_times import first_from, moments
from digest.regions import SLUG

_ANY_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)  # only the form of a cron line is checked
LONGEST_TEXT = 300
MOST_TESTERS = 10  # that may get tests of an issue
SHORTEST_QUIET = 30  # days; who is on holiday is not quiet
LOOKED_AT = 60  # cut-offs whose review is looked at: over a year of a weekly, with both clock changes
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*\Z")


def _slug(text: str) -> str:
    if not SLUG.match(text):
        raise ValueError(f"{text!r} is not a slug (a-z, 0-9 and single hyphens)")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone; write Europe/Brussels or UTC") from error
    return name


def _language(code: str) -> str:
    if not LANGUAGE.match(code):
        raise ValueError(f"{code!r} is not a language code; write en, ar or pt-br")
    return code


def _cron(line: str) -> str:
    try:
        CronSim(line, _ANY_MONDAY)
    except CronSimError as error:
        raise ValueError(
            f"{line!r} is not a cron line; write minute hour day month weekday, as in 0 6 * * 1"
        ) from error
    return line


def _cron_or_none(line: str) -> str:
    return _cron(line) if line else line


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date; write 2026-12-28") from error


def _day_or_none(text: str) -> str:
    return _day(text) if text else text


def _once_each(addresses: list[str]) -> list[str]:
    return list(dict.fromkeys(one.strip().casefold() for one in addresses))


def _in_order(days: list[str]) -> list[str]:
    return sorted(set(days))


def _slug_or_none(text: str) -> str:
    return _slug(text) if text else text


def _address(text: str) -> str:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{text!r} is not an email address: {str(error).rstrip('.')}") from error
    return text


def _address_or_none(text: str) -> str:
    return _address(text) if text else text


def _one_line(text: str) -> str:
    if any(ord(letter) < ord(" ") for letter in text):
        raise ValueError("must stand on one line, without control characters")
    return text.strip()


def _web(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(f"{text!r} is not a web address; it starts with https://")
    return text


Line = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_one_line)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_one_line)]
Address = Annotated[str, AfterValidator(_address)]
Web = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_web)]
Cron = Annotated[str, AfterValidator(_cron)]
Day = Annotated[str, AfterValidator(_day)]


class PublicationData(BaseModel):
    """What a publication is made of; every field is checked, see ``Publication`` for their meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, AfterValidator(_slug)]
    name: Name
    language: Annotated[str, AfterValidator(_language)] = "en"
    sender_name: Name
    sender_address: Address
    reply_to: Annotated[str, AfterValidator(_address_or_none)] = ""
    postal_address: Annotated[str, Field(min_length=1, max_length=1000)]
    website: Web = ""
    logo_url: Web = ""
    logo_dark_url: Web = ""
    editor_name: Line = ""
    editor_role: Line = ""
    editors: list[Address] = Field(default_factory=list)
    template: Annotated[str, AfterValidator(_slug)] = "digest"
    cadence: Literal["weekly", "daily"] = "weekly"
    every: int = Field(default=1, ge=1, le=366)
    starts_on: Annotated[str, AfterValidator(_day_or_none)] = ""
    skip_dates: Annotated[list[Day], AfterValidator(_in_order)] = Field(default_factory=list)
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    cutoff: Cron = "0 6 * * 1"
    review: Annotated[str, AfterValidator(_cron_or_none)] = ""
    remind_minutes: int = Field(default=60, ge=0, le=10_080)
    send: Cron = "0 8 * * 1"
    reader_zones: bool = False
    companion: Annotated[str, AfterValidator(_slug_or_none)] = ""
    repeats_daily: bool = False
    unapproved: Literal["hold", "send"] = "hold"
    grace_hours: float = Field(default=6.0, ge=0, le=168)
    empty: Literal["skip", "send", "hold", "borrow"] = "skip"
    minimum_stories: int = Field(default=1, ge=0, le=100)
    section_stories: int = Field(default=4, ge=1, le=20)
    section_briefs: int = Field(default=3, ge=0, le=20)
    clicks: Literal["off", "anonymous", "personal"] = "anonymous"
    archive: Literal["off", "noindex", "public"] = "noindex"
    reader_order: bool = True
    quiet_days: int = Field(default=0, ge=0, le=400)
    quiet_grace: int = Field(default=14, ge=7, le=90)
    account: Annotated[str, AfterValidator(_slug_or_none)] = ""
    list_accounts: dict[str, Annotated[str, AfterValidator(_slug)]] = Field(default_factory=dict)
    four_eyes: bool = False
    test_required: bool = False
    testers: Annotated[list[Address], Field(max_length=MOST_TESTERS), AfterValidator(_once_each)] = Field(
        default_factory=list
    )
    house_bylines: list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _names_default(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("sender_name") and given.get("name"):
            return {**given, "sender_name": given["name"]}
        return given

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.every > 1 and not self.starts_on:
            raise ValueError(f"every {self.every} needs starts_on, the date from which the runs are counted")
        if 0 < self.quiet_days < SHORTEST_QUIET:
            raise ValueError(f"quiet_days is 0 (nobody is asked) or at least {SHORTEST_QUIET}")
        if self.quiet_days and self.clicks != "personal":
            raise ValueError("quiet_days needs clicks to be personal: else nobody is known to be quiet")
        if self.companion == self.id:
            raise ValueError("companion names the publication itself; name its daily")
        if self.repeats_daily and not self.companion:
            raise ValueError("repeats_daily needs a companion, the daily whose stories may stand here again")
        if self.review and (wall := _unreviewed(self)):
            raise ValueError(
                f"review {self.review!r} has no time between the cut-off of {wall:%a %Y-%m-%d %H:%M} and its sending"
            )
        return self


def _unreviewed(data: PublicationData) -> datetime | None:
    """Return the wall time of a cut-off that no end of the review follows before its sending; None where all have."""
    for cutoff in islice(moments(data.cutoff, data.zone, _ANY_MONDAY), LOOKED_AT):
        send = first_from(data.send, data.zone, cutoff.at)
        review = first_from(data.review, data.zone, cutoff.at)
        following = first_from(data.cutoff, data.zone, cutoff.at + timedelta(minutes=1))
        if send is None or (following is not None and following.at <= send.at):
            continue  # no run
        if review is None or review.at > send.at:
            return cutoff.wall
    return None


def problems(**fields: Any) -> dict[str, str]:
    """Return field -> a sentence on what is wrong with it; nothing where all are sound. "": of no single field."""
    try:
        PublicationData.model_validate(fields)
    except ValidationError as error:
        found: dict[str, str] = {}
        for one in error.errors():
            reason = str(one["msg"]).removeprefix("Value error, ")
            first = reason.partition(" ")[0]  # what is wrong between two fields begins with the name of one
            field = str(one["loc"][0]) if one["loc"] else first if first in PublicationData.model_fields else ""
            found.setdefault(field, f"{reason[:1].upper()}{reason[1:]}.")
        return found
    return {}


def checked(**fields: Any) -> PublicationData:
    """Return the fields of a publication once all are sound; raises BadInput naming the first that is not."""
    try:
        return PublicationData.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "the publication"
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise BadInput(f"Publication {fields.get('id', '')!r}: {field} is wrong: {reason}.") from error


def add(session: Session, data: PublicationData, *, who: str = "", at: datetime | None = None) -> Publication:
    """Store a new publication; refuses an id that is taken. It is logged where ``at`` says when."""
    if session.get(Publication, data.id) is not None:
        raise Refused(f"There is a publication {data.id!r} already. Choose another id.")
    _check_companion(session, data)
    publication = Publication.model_validate(data.model_dump())
    session.add(publication)
    session.flush()
    if at is not None:
        note(session, who, "added", about(data.id), at=at, after=data.name)
    return publication


def change(
    session: Session, publication_id: str, values: Mapping[str, str], *, who: str = "", at: datetime | None = None
) -> Publication:
    """Change fields of a publication, given as text: name -> value; a list is written with commas.

    Each is checked as when it was added. Issues that exist keep what they were drafted with. Raises BadInput.
    """
    publication = get(session, publication_id)
    unknown = sorted(set(values) - (set(PublicationData.model_fields) - {"id"}))
    if unknown:
        known = ", ".join(name for name in PublicationData.model_fields if name != "id")
        raise BadInput(f"{unknown[0]!r} is nothing a publication has. It has: {known}.")
    stored = publication.model_dump()
    lists = {name: [part.strip() for part in values[name].split(",") if part.strip()] for name in values}
    given = {name: lists[name] if isinstance(stored[name], list) else text for name, text in values.items()}
    put(session, publication_id, given, who=who, at=at)
    return publication


def put(
    session: Session,
    publication_id: str,
    given: Mapping[str, Any],
    *,
    who: str = "",
    at: datetime | None = None,
    seen: str | None = None,
) -> dict[str, tuple[Any, Any]]:
    """Change fields of a publication; returns those that differ now: field -> before and after.

    ``seen``: the ``fingerprint`` of what somebody looked at; Conflict if it was changed since. Each changed field is
    logged where ``at`` says when. Raises BadInput as ``checked`` does, NotFound.
    """
    get(session, publication_id)
    publication = session.get_one(Publication, publication_id, with_for_update=True, populate_existing=True)
    if seen is not None and seen != fingerprint(publication):
        raise Conflict(f"Publication {publication_id!r} was changed meanwhile. Look at what it says now.")
    before = publication.model_dump()
    sound = checked(**before | dict(given))
    _check_companion(session, sound)
    after = sound.model_dump()
    changed = {name: (before[name], after[name]) for name in given if after[name] != before[name]}
    for name, (_before, value) in changed.items():
        setattr(publication, name, value)
    session.add(publication)
    session.flush()
    if at is not None:
        for name, (old, new) in changed.items():
            note(session, who, name, about(publication_id), at=at, before=old, after=new)
    return changed


def about(publication_id: str) -> str:
    """Return what the desk's log calls a publication."""
    return f"publication {publication_id}"


def fingerprint(publication: Publication) -> str:
    """Return a short text that is another one as soon as any field differs."""
    fields = publication.model_dump(include=set(PublicationData.model_fields))
    return sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def skip_date(
    session: Session, publication_id: str, day: date, *, undo: bool = False, who: str = "", at: datetime | None = None
) -> Publication:
    """Let the sending of a date of the zone's calendar not happen, or happen after all. Raises Refused if it is so."""
    publication = get(session, publication_id)
    text = day.isoformat()
    if (text in publication.skip_dates) != undo:
        how = "is not one of the skip dates" if undo else "is a skip date already"
        raise Refused(f"{text} {how} of publication {publication_id!r}.")
    kept = [one for one in publication.skip_dates if one != text]
    put(session, publication_id, {"skip_dates": kept if undo else sorted([*kept, text])}, who=who, at=at)
    return publication


def _check_companion(session: Session, data: PublicationData) -> None:
    """Refuse a companion that does not exist, or that has one itself: who has both would get neither."""
    if not data.companion:
        return
    other = session.get(Publication, data.companion)
    if other is None:
        raise BadInput(
            f"Publication {data.id!r}: companion is wrong: there is no publication {data.companion!r}. Add it first."
        )
    if other.companion:
        raise BadInput(
            f"Publication {data.id!r}: companion is wrong: {other.id!r} has a companion itself, {other.companion!r}. "
            "Only one of two can stand for the other."
        )


def get(session: Session, publication_id: str) -> Publication:
    """Return one publication, or raise NotFound naming those that exist."""
    publication = session.get(Publication, publication_id)
    if publication is None:
        known = ", ".join(found.id for found in all_publications(session)) or "none yet; run `digest publications add`"
        raise NotFound(f"There is no publication {publication_id!r}. Publications: {known}.")
    return publication


def all_publications(session: Session) -> list[Publication]:
    """Return every publication, by id."""
    return list(session.exec(select(Publication).order_by(Publication.id)))


all = all_publications  # noqa: A001 - `publications.all(session)` reads as what it does
