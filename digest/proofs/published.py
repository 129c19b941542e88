"""The issues that anybody may read: those that were sent, as the readers of one open list alone got them.

A page is named by its publication, its list and the day of its cut-off. What was not sent to its end is not among them,
nor are tests and editions for several lists; of an issue that was changed half-way the newest revision counts.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, String, cast, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from digest.articles.models import Article, ArticleLog, ArticleStatus
from digest.issues.models import Issue, IssueCandidate, IssueStatus, Publication
from digest.proofs.models import Edition, EditionStory
from digest.rendering.wording import clean
from subscribers import ListData
from subscribers import lists as lists_of

OFF: Final = "off"  # Publication.archive; the others are noindex and public
PUBLIC: Final = "public"
PAGE: Final = 20  # issues on a page of an index, and in a feed
GONE: Final = (ArticleStatus.retracted, ArticleStatus.unpublished)
_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:-(\d{1,9}))?\Z")
_DAY: Final = timedelta(days=1)
_ZONE: Final = col(Issue.frame)["publication"]["zone"].as_string()


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A public page, without its text."""

    publication_id: str
    list_id: str
    name: str  # the last part of its address: a day, and the issue's number where there were several
    edition: int
    edition_id: UUID
    issue_id: UUID
    issue: int
    as_of: datetime
    zone: str
    sent_at: datetime
    changed_at: datetime
    subject: str
    preheader: str
    language: str

    @property
    def path(self) -> str:
        """Return its address within the site."""
        return f"/archive/{self.publication_id}/{self.list_id}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story of a page: as it was told, and what became of it since."""

    place: int
    block: str
    headline: str
    standfirst: str
    url: str
    picture: str
    alt: str
    correction: str  # that the page itself does not print; "" is none
    gone: str  # retracted | unpublished | ""
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Mail:
    """What an edition's readers got, with the marks where they differ."""

    html: str
    marks: Mapping[str, str]


def publications(session: Session) -> list[Publication]:
    """Return the publications that have an archive, by name."""
    query = select(Publication).where(col(Publication.archive) != OFF).order_by(Publication.name, Publication.id)
    return list(session.execute(query).scalars())


def open_lists(session: Session, publication: Publication) -> dict[str, ListData]:
    """Return the lists whose issues are public, by id, in the newsroom's order; none where there is no archive."""
    return {} if publication.archive == OFF else {one.id: one for one in lists_of(session, publication.id) if one.open}


def issues(session: Session, publication: Publication, lists: Collection[str]) -> int:
    """Return how many issues have a page of one of these lists."""
    found = _pages(publication, lists).subquery()
    return int(session.execute(select(func.count(found.c.issue_id.distinct()))).scalar_one())


def numbers(
    session: Session, publication: Publication, lists: Collection[str], *, skip: int = 0, most: int = PAGE
) -> list[Number]:
    """Return the pages of so many issues, the newest first; of one issue in the order of its lists."""
    known = _pages(publication, lists).subquery()
    some = select(known.c.issue_id, known.c.as_of, known.c.issue).distinct()
    some = some.order_by(known.c.as_of.desc(), known.c.issue.desc()).offset(skip).limit(most)
    ids = [row.issue_id for row in session.execute(some)]
    rows = session.execute(_pages(publication, lists).where(col(Issue.id).in_(ids))).all()
    places = {one: place for place, one in enumerate(lists)}
    ordered = sorted(rows, key=lambda row: (ids.index(row.issue_id), places[row.list_id]))
    return _named(session, publication, ordered)


def latest(session: Session, publication: Publication, lists: Collection[str]) -> dict[str, Number]:
    """Return list -> its newest page."""
    found = {}
    for one in lists:
        for number in numbers(session, publication, [one], most=1):
            found[one] = number
    return found


def find(session: Session, publication: Publication, list_id: str, name: str) -> Number | None:
    """Return the page of a list by the last part of its address; None where there is none."""
    parts = _NAME.match(name)
    if parts is None:
        return None
    query = _pages(publication, [list_id])
    if parts[2]:
        query = query.where(col(Issue.number) == int(parts[2]))
    else:
        try:
            noon = datetime.fromisoformat(f"{parts[1]}T12:00+00:00")
        except ValueError:
            return None
        query = query.where(col(Issue.as_of).between(noon - 2 * _DAY, noon + 2 * _DAY))
    return next((one for one in _named(session, publication, session.execute(query).all()) if one.name == name), None)


def beside(session: Session, publication: Publication, number: Number) -> tuple[Number | None, Number | None]:
    """Return the pages of the same list before and after one."""
    query, at = _pages(publication, [number.list_id]), col(Issue.as_of)
    before = session.execute(query.where(at < number.as_of).order_by(at.desc()).limit(1)).all()
    after = session.execute(query.where(at > number.as_of).order_by(at).limit(1)).all()
    pair = [next(iter(_named(session, publication, rows)), None) for rows in (before, after)]
    return pair[0], pair[1]


def stories(session: Session, editions: Collection[int]) -> dict[int, list[Told]]:
    """Return edition -> its stories in the order of the mail, with what became of them since."""
    logged = select(func.max(col(ArticleLog.at))).where(col(ArticleLog.article_id) == Article.id).scalar_subquery()
    query = (
        select(EditionStory, col(IssueCandidate.inputs), col(Issue.edits))
        .add_columns(col(Article.status), col(Article.correction), col(Article.imported_at), logged.label("logged_at"))
        .join(Issue, col(Issue.number) == EditionStory.issue_number)
        .outerjoin(
            IssueCandidate,
            (col(IssueCandidate.issue_id) == Issue.id) & (col(IssueCandidate.article_id) == EditionStory.article_id),
        )
        .outerjoin(Article, col(Article.id) == EditionStory.article_id)
        .where(col(EditionStory.edition_number).in_(editions))
        .order_by(col(EditionStory.edition_number), col(EditionStory.place))
    )
    found: dict[int, list[Told]] = {one: [] for one in editions}
    for row in session.execute(query):
        found[row.EditionStory.edition_number].append(_told(row))
    return found


def said(number: Number, stories: Sequence[Told]) -> tuple[bool, str]:
    """Return whether the subject of a page is of a story that is gone, and what of its preheader can still be said."""
    gone = [one.headline for one in stories if one.gone and one.headline]
    about = any(one in number.subject for one in gone)
    return about, "" if any(one in number.preheader for one in gone) else number.preheader


def mail(session: Session, edition: int) -> Mail:
    """Return what the readers of an edition got."""
    query = select(col(Edition.html), col(Edition.marks)).where(col(Edition.number) == edition)
    return Mail(*session.execute(query).one())


def _told(row: Any) -> Told:
    inputs: Mapping[str, Any] = row.inputs or {}
    own = ((row.edits or {}).get("texts") or {}).get(str(row.EditionStory.article_id), {})
    picture = inputs.get("picture") or {}
    correction = clean(row.correction or "")
    return Told(
        place=row.EditionStory.place,
        block=row.EditionStory.block,
        headline=clean(own.get("headline", inputs.get("headline", ""))),
        standfirst=clean(own.get("standfirst", inputs.get("standfirst", ""))),
        url=inputs.get("url", ""),
        picture=picture.get("url", ""),
        alt=clean(own.get("alt", picture.get("alt", ""))),
        correction="" if correction == clean(inputs.get("correction", "")) else correction,
        gone=row.status if row.status in GONE else "",
        changed_at=max((at for at in (row.imported_at, row.logged_at) if at is not None), default=None),
    )


def _pages(publication: Publication, lists: Collection[str]) -> Select[Any]:
    """Return a select of the pages of a publication: sent to the end, of one list alone, in the newest revision."""
    newer = aliased(Edition)
    replaced = exists().where(
        col(newer.issue_id) == Edition.issue_id,
        col(newer.set_key) == Edition.set_key,
        col(newer.revision) > Edition.revision,
        cast(newer.without, String) == "[]",
    )
    return (
        select(
            col(Edition.set_key).label("list_id"),
            col(Edition.number).label("edition"),
            col(Edition.id).label("edition_id"),
            col(Issue.id).label("issue_id"),
            col(Issue.number).label("issue"),
            *(col(Issue.as_of), col(Issue.once), _ZONE.label("zone"), col(Issue.changed_at)),
            col(Issue.first_accepted_at).label("sent_at"),
            *(col(Edition.subject), col(Edition.preheader), col(Edition.language)),
        )
        .join(Issue, col(Issue.id) == Edition.issue_id)
        .where(
            col(Issue.publication_id) == publication.id,
            col(Issue.status) == IssueStatus.sent,
            col(Issue.first_accepted_at).is_not(None),
            col(Edition.set_key).in_(lists),
            cast(Edition.without, String) == "[]",
            ~replaced,
        )
    )


def _named(session: Session, publication: Publication, rows: Sequence[Any]) -> list[Number]:
    """Give pages their names: the day; also the number where the issue is a special one, or not the first of the day.

    The day is the one that the mail prints. Which regular issue is the first never changes: numbers only grow.
    """
    if not rows:
        return []
    first: dict[date, int] = {}
    around = (min(row.as_of for row in rows) - 2 * _DAY, max(row.as_of for row in rows) + 2 * _DAY)
    regular = select(col(Issue.number), col(Issue.as_of), _ZONE.label("zone")).where(
        col(Issue.publication_id) == publication.id, ~col(Issue.once), col(Issue.as_of).between(*around)
    )
    for row in session.execute(regular.order_by(col(Issue.number))):
        first.setdefault(_day(publication, row), row.number)
    return [_number(publication, row, first) for row in rows]


def _number(publication: Publication, row: Any, first: Mapping[date, int]) -> Number:
    day, alone = _day(publication, row), not row.once
    name = day.isoformat() if alone and first.get(day) == row.issue else f"{day.isoformat()}-{row.issue}"
    values = {key: value for key, value in row._mapping.items() if key != "once"}  # noqa: SLF001 - SQLAlchemy's own
    return Number(**values | {"publication_id": publication.id, "name": name, "zone": row.zone or publication.zone})


def _day(publication: Publication, row: Any) -> date:
    at: datetime = row.as_of
    return at.astimezone(ZoneInfo(row.zone or publication.zone)).date()
