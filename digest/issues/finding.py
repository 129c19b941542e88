"""Finding what a person means: an issue by id, prefix, number or publication; a candidate by id, prefix or address."""

import re
from uuid import UUID

from sqlmodel import Session, col, select

from digest.articles.canonical import canonical_url
from digest.errors import BadInput, NotFound
from digest.issues.inputs import Inputs
from digest.issues.models import Issue, Publication
from digest.issues.recipe import Recipe

_PREFIX = re.compile(r"[0-9a-f-]{4,36}\Z")


def issue(session: Session, text: str) -> Issue:
    """Return the issue a person names: its id, the start of it, its number, or a publication (its newest)."""
    if text.isdecimal() and (found := _one(session, number=int(text))):
        return found
    if session.get(Publication, text) is not None:
        return _newest(session, text)
    if _PREFIX.match(text.lower()):
        matching = [one for one in _ids(session) if str(one).startswith(text.lower())]
        if len(matching) > 1:
            raise BadInput(f"{text!r} is the start of {len(matching)} issues' ids. Write more of it.")
        if matching:
            return session.get_one(Issue, matching[0])
    raise NotFound(
        f"There is no issue {text!r}. Write its number, its id (or the start of it), or a publication for its newest; "
        "`digest issues list` shows all."
    )


def candidate(recipe: Recipe, text: str) -> Inputs:
    """Return the candidate a person names: the article's id, the start of it, or its address."""
    lowered = text.lower()
    if _PREFIX.match(lowered):
        matching = [one for one in recipe.candidates if one.id.startswith(lowered)]
        if len(matching) > 1:
            raise BadInput(f"{text!r} is the start of {len(matching)} articles' ids. Write more of it.")
        if matching:
            return matching[0]
    for one in recipe.candidates:
        if text == one.url or _canonical(text) == one.canonical_url:
            return one
    raise NotFound(
        f"No candidate of this issue is {text!r}. Write an article's id (or the start of it) or its address; "
        "`digest issues explain ISSUE` lists them."
    )


def _canonical(text: str) -> str:
    try:
        return canonical_url(text)
    except BadInput:
        return ""


def _one(session: Session, number: int) -> Issue | None:
    return session.exec(select(Issue).where(Issue.number == number)).first()


def _ids(session: Session) -> list[UUID]:
    return list(session.exec(select(Issue.id)))


def _newest(session: Session, publication: str) -> Issue:
    found = session.exec(
        select(Issue)
        .where(Issue.publication_id == publication)
        .order_by(col(Issue.as_of).desc(), col(Issue.number).desc())
        .limit(1)
    ).first()
    if found is None:
        raise NotFound(f"Publication {publication!r} has no issue yet. Run `digest issues draft {publication}`.")
    return found
