"""The newsroom's own templates of its mails: their versions, which one is in use, and the issues that take it up.

The newest version of a name stands for the product's file of that name. An issue keeps, in its frame, the text of the
version its editions are made with; so the same issue gives the same mail for ever. A new version is put into each
issue that may still be changed, and what changes an issue takes its approval back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from digest.database import Database
from digest.errors import BadInput, Conflict, NotFound, Refused
from digest.issues import drafting, lifecycle, log
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueStatus, Publication
from digest.issues.plan import EditionPlan, OwnTemplate
from digest.rendering import templates
from digest.rendering.models import TemplateVersion

CHANGEABLE = (*lifecycle.UNAPPROVED, IssueStatus.approved, IssueStatus.scheduled)
LONGEST_NOTE = 300
MOST_LOOKED_AT = 100  # issues, the newest, among which one made with a template is looked for
_KEY = "own_template"  # in an issue's frame


def names(session: Session) -> list[str]:
    """Return the names of all templates: those that come with the product, and the newsroom's own."""
    own = session.exec(select(TemplateVersion.name).distinct()).all()
    return sorted({*templates.shipped_names(), *own})


def newest(session: Session, name: str) -> TemplateVersion | None:
    """Return the newest version of a name; None where only the product's file is there."""
    statement = select(TemplateVersion).where(TemplateVersion.name == name)
    return session.exec(statement.order_by(col(TemplateVersion.number).desc()).limit(1)).first()


def history(session: Session, name: str) -> list[TemplateVersion]:
    """Return every version of a name, the newest first."""
    statement = select(TemplateVersion).where(TemplateVersion.name == name)
    return list(session.exec(statement.order_by(col(TemplateVersion.number).desc())).all())


def in_use(session: Session, name: str) -> OwnTemplate:
    """Return the text that a name stands for: its newest version, else the product's file. Raises NotFound."""
    return text_of(session, name, None)


def text_of(session: Session, name: str, number: int | None) -> OwnTemplate:
    """Return the text of a version; 0 is the product's file, None the one in use. Raises NotFound."""
    statement = select(TemplateVersion).where(TemplateVersion.name == name, TemplateVersion.number == number)
    version = newest(session, name) if number is None else session.exec(statement).first()
    found = _own(version) if version else None
    if found is None and (number in (None, 0) or (version is not None and not version.mjml)):
        found = templates.shipped(name)
    if found is None:
        known = ", ".join(names(session))
        what = f"template {name!r}" if number is None else f"version {number} of template {name!r}"
        raise NotFound(f"There is no {what}. Templates: {known}.")
    return found


def used_by(session: Session) -> Mapping[str, list[str]]:
    """Return template -> the ids of the publications that are sent with it."""
    found: dict[str, list[str]] = {}
    for one in session.exec(select(Publication).order_by(col(Publication.id))):
        found.setdefault(one.template, []).append(one.id)
    return found


def affected(session: Session, name: str, *, lock: bool = False) -> list[Issue]:
    """Return the issues that a new version of a template changes: those that nobody was sent yet."""
    statement = select(Issue).where(col(Issue.status).in_(CHANGEABLE)).order_by(col(Issue.number))
    found = session.exec(statement.with_for_update() if lock else statement).all()
    return [one for one in found if _named(one) == name]


def changeable(session: Session, publication_id: str) -> list[Issue]:
    """Return the issues of a publication that are drafted, and nobody was sent yet."""
    mine = (Issue.publication_id == publication_id, col(Issue.status).in_(CHANGEABLE))
    return list(session.exec(select(Issue).where(*mine).order_by(col(Issue.number))).all())


def newest_plan(session: Session, name: str) -> EditionPlan | None:
    """Return the newest issue made with a template as readers of all its lists get it; else the newest of any."""
    found = session.exec(select(Issue).order_by(col(Issue.number).desc()).limit(MOST_LOOKED_AT)).all()
    issue = next((one for one in found if _named(one) == name), found[0] if found else None)
    if issue is None:
        return None
    builder = Builder(drafting.recipe(session, issue))
    return builder.build(builder.recipe.frame.newsroom_order)


def save(
    database: Database, name: str, own: OwnTemplate | None, *, who: str, at: datetime, base: int, note: str = ""
) -> tuple[TemplateVersion, list[Issue]]:
    """Store the next version of a template; returns it, and the issues that took it up. Check what it holds before.

    ``own``: the text; None is the product's file from now on. ``base``: the number of the version that somebody looked
    at, 0 for none: Conflict if there is a newer one. The text that is in use already is Refused.
    """
    templates.mail(name, "mjml")  # or say that it is no name
    if len(note) > LONGEST_NOTE:
        raise BadInput(f"The note has {len(note)} characters; {LONGEST_NOTE} is the most.")
    try:
        with database.writing() as session:
            given = _next(session, name, own, base) | {"who": who, "at": at, "note": " ".join(note.split())}
            version = TemplateVersion.model_validate(given)
            session.add(version)
            session.flush()
            return version, _put_into(session, affected(session, name, lock=True), version, who, at)
    except IntegrityError as error:  # unique (name, number): somebody saved in the same moment
        raise Conflict(_newer(name)) from error


def take_up(database: Database, issue_id: UUID, at: datetime) -> None:
    """Let an issue whose editions are about to be made have the version of now: it may be newer than the draft."""
    with database.reading() as session:
        issue = drafting.find(session, issue_id)
        if issue.status not in lifecycle.UNAPPROVED or issue.frame.get(_KEY) == _stored(newest(session, _named(issue))):
            return
    with database.writing() as session:
        issue = session.get_one(Issue, issue_id, with_for_update=True, populate_existing=True)
        if issue.status in lifecycle.UNAPPROVED:
            _put_into(session, [issue], newest(session, _named(issue)), "digest", at)


def check_known(session: Session, name: str) -> None:
    """Raise BadInput where a publication is to be sent with a template that does not exist."""
    if name not in (known := names(session)):
        raise BadInput(f"There is no template {name!r}. Templates: {', '.join(known)}.")


def _next(session: Session, name: str, own: OwnTemplate | None, base: int) -> dict[str, Any]:
    """Return name, number and texts of the next version. Raises Conflict and Refused."""
    last = session.exec(select(func.max(TemplateVersion.number)).where(TemplateVersion.name == name)).one() or 0
    if last != base:
        raise Conflict(_newer(name))
    shipped = templates.shipped(name)
    if own is None and shipped is None:
        raise Refused(f"No file of the product is called {name!r}: there is nothing to go back to.")
    before = newest(session, name)
    now = _own(before) if before else None
    if (now is None and own is None) or (own is not None and _texts(now or shipped) == _texts(own)):
        raise Refused(f"This is what template {name!r} says already; nothing was saved.")
    return {"name": name, "number": last + 1, "mjml": own.mjml if own else "", "text": own.text if own else ""}


def _put_into(
    session: Session, issues: Iterable[Issue], version: TemplateVersion | None, who: str, at: datetime
) -> list[Issue]:
    """Give issues a version; returns those that it changed."""
    changed, wanted = [], _stored(version)
    for issue in issues:
        before = issue.frame.get(_KEY)
        if before == wanted:
            continue
        lifecycle.reopen(issue, at)
        rest = {name: value for name, value in issue.frame.items() if name != _KEY}
        issue.frame = rest if wanted is None else rest | {_KEY: wanted}
        said = [_said(_named(issue), one) for one in (before, wanted)]
        log.add(session, issue, at=at, who=who, what="template", before=said[0], after=said[1])
        session.add(issue)
        changed.append(issue)
    session.flush()
    return changed


def _stored(version: TemplateVersion | None) -> dict[str, Any] | None:
    own = _own(version) if version else None
    return asdict(own) if own else None


def _own(version: TemplateVersion) -> OwnTemplate | None:
    """Return the text of a version; None where it says: as the product's file."""
    return OwnTemplate(number=version.number, mjml=version.mjml, text=version.text) if version.mjml else None


def _texts(own: OwnTemplate | None) -> tuple[str, str] | None:
    return (own.mjml, own.text) if own else None


def _named(issue: Issue) -> str:
    return str(issue.frame.get("publication", {}).get("template") or "digest")


def _said(name: str, held: Mapping[str, Any] | None) -> str:
    return f"{name}, version {held['number']}" if held else f"{name}, as shipped"


def _newer(name: str) -> str:
    return f"Somebody saved template {name!r} meanwhile. Look at the newest version, and put your change into that."
