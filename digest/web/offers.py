"""What each list brings, for those who may sign up: its region, how often, when next, and its latest public issue."""

from collections.abc import Mapping, Sequence
from functools import partial

from sqlmodel import Session, col, func, select

import subscribers
from digest.bootstrap import App
from digest.issues import companions
from digest.issues.models import Issue, Publication
from digest.proofs import published
from digest.proofs.models import Edition
from digest.proofs.published import Number
from digest.regions import Region
from digest.rendering.urls import NOBODY, SHOWN_FOR, VIEW
from digest.schedule import next_runs
from subscribers import pages


def offers(app: App, family: str, language: str) -> Mapping[str, pages.Offer]:
    """Return list -> what it brings, for a publication; nothing for one that is not there."""
    now = app.clock.now()
    with app.database.reading() as session:
        publication = session.get(Publication, family)
        if publication is None:
            return {}
        known = subscribers.lists(session, family)
        topics = {data.topic: session.get(Region, data.topic) for data in known}
        latest = _latest(session, family, [data.id for data in known])
        public = published.latest(session, publication, published.open_lists(session, publication))
    runs = next_runs(publication, now, 1)
    made = partial(
        pages.Offer, rhythm=publication.cadence, next_at=runs[0].send if runs else None, zone=publication.zone
    )
    return {
        data.id: made(
            topic=_name(topics[data.topic], language, data.name),
            latest=_latest_page(app, public.get(data.id), latest.get(data.id)),
        )
        for data in known
    }


def ordered(app: App, family: str) -> bool:
    """Tell whether readers of a publication may put its lists into an order of their own."""
    with app.database.reading() as session:
        publication = session.get(Publication, family)
    return publication is None or publication.reader_order


def companion(app: App, family: str) -> pages.Companion | None:
    """Return the publication that is one choice with another, weekly or daily; None where there is not just one."""
    with app.database.reading() as session:
        own = session.get(Publication, family)
        found = [session.get_one(Publication, one) for one in companions.beside(session, family)] if own else []
    if own is None or len(found) != 1 or found[0].cadence == own.cadence:
        return None
    return pages.Companion(found[0].id, own=own.cadence, other=found[0].cadence)


def _name(region: Region | None, language: str, taken: str) -> str:
    """Return a region's name; none where the list is called just so."""
    name = region.name(language) if region else ""
    return "" if name.casefold() == taken.casefold() else name


def _latest(session: Session, family: str, lists: Sequence[str]) -> dict[str, tuple[Edition, Issue]]:
    """Return list -> the edition of it alone in the newest issue that went out with one, and that issue."""
    out = (Issue.publication_id == family, col(Issue.first_accepted_at).is_not(None), col(Edition.set_key).in_(lists))
    newest = (
        select(Edition.set_key, func.max(Issue.as_of).label("as_of"))
        .join(Issue, col(Issue.id) == Edition.issue_id)
        .where(*out)
        .group_by(Edition.set_key)
        .subquery()
    )
    rows = session.exec(
        select(Edition, Issue)
        .join(Issue, col(Issue.id) == Edition.issue_id)
        .join(newest, (newest.c.set_key == Edition.set_key) & (newest.c.as_of == Issue.as_of))
        .where(*out)
        .order_by(col(Edition.revision))
    )
    return {edition.set_key: (edition, issue) for edition, issue in rows if not edition.without}


def _latest_page(app: App, public: Number | None, found: tuple[Edition, Issue] | None) -> str:
    """Return where a list's latest issue can be read: on its public page, where it has one, else on a signed one."""
    is_newest = public is not None and (found is None or found[1].as_of <= public.as_of)
    return public.path if public is not None and is_newest else _page(app, found)


def _page(app: App, found: tuple[Edition, Issue] | None) -> str:
    """Return the address of an edition's page; "" where there is none, or it is shown no longer."""
    if found is None or found[1].as_of + SHOWN_FOR <= app.clock.now():
        return ""
    edition, issue = found
    signed = {"subscriber": NOBODY, "family": issue.publication_id, "reference": str(edition.id)}
    return f"/editions/{app.keys.sign(VIEW, expires=issue.as_of + SHOWN_FOR, **signed)}"
