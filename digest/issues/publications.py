"""The publications: adding one with every field checked, and finding them again."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlmodel import Session, select

from digest.errors import BadInput, NotFound, Refused
from digest.issues.models import Publication
from digest.regions import SLUG

_ANY_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)  # only the form of a cron line is checked
LONGEST_TEXT = 300
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
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    cutoff: Cron = "0 6 * * 1"
    send: Cron = "0 8 * * 1"
    unapproved: Literal["hold", "send"] = "hold"
    grace_hours: float = Field(default=6.0, ge=0, le=168)
    empty: Literal["skip", "send", "hold"] = "skip"
    minimum_stories: int = Field(default=1, ge=0, le=100)
    section_stories: int = Field(default=4, ge=1, le=20)
    section_briefs: int = Field(default=3, ge=0, le=20)
    house_bylines: list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _names_default(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("sender_name") and given.get("name"):
            return {**given, "sender_name": given["name"]}
        return given


def checked(**fields: Any) -> PublicationData:
    """Return the fields of a publication once all are sound; raises BadInput naming the first that is not."""
    try:
        return PublicationData.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the publication"
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise BadInput(f"Publication {fields.get('id', '')!r}: {field} is wrong: {reason}.") from error


def add(session: Session, data: PublicationData) -> Publication:
    """Store a new publication; refuses an id that is taken."""
    if session.get(Publication, data.id) is not None:
        raise Refused(f"There is a publication {data.id!r} already. Choose another id.")
    publication = Publication.model_validate(data.model_dump())
    session.add(publication)
    session.flush()
    return publication


def change(session: Session, publication_id: str, values: Mapping[str, str]) -> Publication:
    """Change fields of a publication, given as text: name -> value; a list is written with commas.

    Each is checked as when it was added. Issues that exist keep what they were drafted with. Raises BadInput.
    """
    publication = get(session, publication_id)
    unknown = sorted(set(values) - (set(PublicationData.model_fields) - {"id"}))
    if unknown:
        known = ", ".join(name for name in PublicationData.model_fields if name != "id")
        raise BadInput(f"{unknown[0]!r} is nothing a publication has. It has: {known}.")
    stored = publication.model_dump(exclude={"id"})
    lists = {name: [part.strip() for part in values[name].split(",") if part.strip()] for name in values}
    given = {name: lists[name] if isinstance(stored[name], list) else text for name, text in values.items()}
    sound = checked(id=publication.id, **stored | given)
    for name in values:
        setattr(publication, name, getattr(sound, name))
    session.add(publication)
    session.flush()
    return publication


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
