"""What a reader is called and spoken to in: their name and their language, as they write them."""

import re
import unicodedata
from typing import Final

from sqlalchemy import update
from sqlmodel import Session

from subscribers.audience import PERSON
from subscribers.consent import number_of
from subscribers.errors import BadName

LONGEST: Final = 80  # characters
_NO_NAME: Final = re.compile(r"://|www\.|[<>@\\{}]", re.IGNORECASE)  # who fills forms with links wants them mailed


def name_of(text: str) -> str:
    """Return a name on one line, without control characters; "" is none. Raises BadName."""
    plain = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)
    name = " ".join(unicodedata.normalize("NFC", plain).split())
    if len(name) > LONGEST or _NO_NAME.search(name):
        raise BadName("That does not look like a name. Write only your name, or leave it empty.")
    return name


def introduce(session: Session, *, ref: str, name: str | None = None, language: str | None = None) -> None:
    """Remember what a reader is called, and their language; None leaves either as it is.

    Raises BadName. A ref that nobody has is no error.
    """
    new = {"name": None if name is None else name_of(name), "language": language}
    changes = {key: value for key, value in new.items() if value is not None}
    number = number_of(session, ref)
    if number is not None and changes:
        session.execute(update(PERSON).where(PERSON.c.id == number).values(**changes))
