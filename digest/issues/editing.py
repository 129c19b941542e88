"""What an editor may change on an issue: each change is logged, raises the version, and takes an approval back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from digest.articles.canonical import canonical_url
from digest.articles.models import Article
from digest.articles.pictures.store import PictureStore
from digest.database import Database
from digest.errors import BadInput, Conflict, NotFound
from digest.issues import drafting, lifecycle, log
from digest.issues.building import Builder
from digest.issues.edits import EVERYWHERE, ISSUE_TEXTS, STORY_TEXTS, Edits
from digest.issues.models import Issue, IssueCandidate, IssueLog
from digest.ranking.candidate import Placed, RankedEdition

Change = Callable[[Edits], Edits]
LONGEST_TEXT = 2000
LAST_PLACE = 40
KEPT = "\n\u200c\u200d"  # the two joiners count as unprintable, but Persian and many signs cannot be spelt without


def change(
    database: Database, issue_id: UUID, what: str, edit: Change, *, who: str, at: datetime, version: int | None = None
) -> Issue:
    """Change the edits of an issue: the one way in for all that follows.

    ``version``: what the editor was looking at; Conflict if the issue changed since. A change that changes nothing
    leaves the issue, and its approval, alone.
    """
    with database.writing() as session:
        return _change(session, locked(session, issue_id, version), what, edit, who=who, at=at)


def pin(
    database: Database,
    issue_id: UUID,
    article: UUID,
    *,
    list_id: str,
    place: int,
    who: str,
    at: datetime,
    version: int | None = None,
) -> Issue:
    """Pin a story to a place (from 1) of a list's section; it stands there whatever its age."""
    if not 1 <= place <= LAST_PLACE:
        raise BadInput(f"Place {place} is not a place in a section. Write a number from 1 to {LAST_PLACE}.")
    with database.writing() as session:
        issue = locked(session, issue_id, version)
        key = candidate(session, issue, article)
        _known_list(issue, list_id)
        return _change(session, issue, "pin", lambda e: e.with_pin(list_id, key, place), who=who, at=at)


def unpin(
    database: Database,
    issue_id: UUID,
    article: UUID,
    *,
    list_id: str | None = None,
    who: str,
    at: datetime,
    version: int | None = None,
) -> Issue:
    """Take a pin back: from one list's section, or from all."""
    return change(
        database, issue_id, "unpin", lambda e: e.without_pin(str(article), list_id), who=who, at=at, version=version
    )


def exclude(
    database: Database,
    issue_id: UUID,
    article: UUID,
    *,
    list_id: str | None = None,
    who: str,
    at: datetime,
    version: int | None = None,
) -> Issue:
    """Take a story out of one list's section, or out of the whole issue."""
    with database.writing() as session:
        issue = locked(session, issue_id, version)
        key = candidate(session, issue, article)
        target = EVERYWHERE if list_id is None else _known_list(issue, list_id)
        return _change(session, issue, "exclude", lambda e: e.with_exclusion(key, target), who=who, at=at)


def include(
    database: Database,
    issue_id: UUID,
    article: UUID,
    *,
    list_id: str | None = None,
    who: str,
    at: datetime,
    version: int | None = None,
) -> Issue:
    """Take exclusions of a story back, so that the ranking weighs it again."""
    return change(
        database,
        issue_id,
        "include",
        lambda e: e.without_exclusion(str(article), list_id),
        who=who,
        at=at,
        version=version,
    )


def replace(
    database: Database,
    issue_id: UUID,
    article: UUID,
    by: UUID,
    *,
    list_id: str | None = None,
    who: str,
    at: datetime,
    version: int | None = None,
) -> Issue:
    """Put another story where one stands: in a list's section, or where the whole issue in newsroom's order has it."""
    with database.writing() as session:
        issue = locked(session, issue_id, version)
        old, new = candidate(session, issue, article), candidate(session, issue, by)
        lists = None if list_id is None else (_known_list(issue, list_id),)
        edit = _replacement(session, issue, old, new, lists)
        return _change(session, issue, "replace", edit, who=who, at=at)


def lead(
    database: Database, issue_id: UUID, article: UUID | None, *, who: str, at: datetime, version: int | None = None
) -> Issue:
    """Make a story the lead wherever it stands; None leaves the choice to the ranking again."""
    with database.writing() as session:
        issue = locked(session, issue_id, version)
        key = candidate(session, issue, article) if article else ""
        return _change(session, issue, "lead", lambda e: e.with_lead(key), who=who, at=at)


def move(
    database: Database,
    issue_id: UUID,
    article: UUID,
    *,
    list_id: str,
    who: str,
    at: datetime,
    version: int | None = None,
) -> Issue:
    """Move a story to a list's section, and so out of the others."""
    with database.writing() as session:
        issue = locked(session, issue_id, version)
        key, target = candidate(session, issue, article), _known_list(issue, list_id)
        return _change(session, issue, "move", lambda e: e.with_move(key, target), who=who, at=at)


def add(
    database: Database,
    issue_id: UUID,
    url: str,
    *,
    who: str,
    at: datetime,
    version: int | None = None,
    pictures: PictureStore | None = None,
) -> Issue:
    """Bring a stored article in as a candidate, by its address; its age does not keep it out.

    ``pictures``: as ``drafting.draft`` takes it.
    """
    with database.writing() as session:
        issue = locked(session, issue_id, version)
        article = _stored_article(session, url)
        if session.get(IssueCandidate, (issue.id, article.id)) is None:
            drafting.store_candidates(session, issue.id, drafting.inputs_of(session, issue, [article], pictures))
        return _change(session, issue, "add", lambda e: e.with_added(str(article.id)), who=who, at=at)


def set_text(
    database: Database,
    issue_id: UUID,
    what: str,
    text: str,
    *,
    article: UUID | None = None,
    list_id: str | None = None,
    who: str,
    at: datetime,
    version: int | None = None,
) -> Issue:
    """Set subject, preheader or note (of the issue, or of one list's editions), or a text of a story.

    Story texts: headline, standfirst, kicker, alt. An empty text gives the original back.
    """
    clean = _clean(what, text)
    with database.writing() as session:
        issue = locked(session, issue_id, version)
        key = _target(session, issue, what, article)
        target = EVERYWHERE if list_id is None else _known_list(issue, list_id)
        edit = _text_change(what, clean, key, target)
        return _change(session, issue, f"set {what}", edit, who=who, at=at)


def restore(
    database: Database, issue_id: UUID, entry: int, *, who: str, at: datetime, version: int | None = None
) -> Issue:
    """Put back what one change of the log changed, as it was before it; what others changed since stays."""
    with database.writing() as session:
        issue = locked(session, issue_id, version)
        found = session.get(IssueLog, entry)
        if found is None or found.issue_id != issue.id or not is_change(found):
            raise NotFound(f"Issue {issue.number} has no such change to put back.")
        former = Edits.model_validate(found.before)
        fields = {name: getattr(former, name) for name in found.before}
        return _change(session, issue, f"put back: {found.what}", lambda e: e.with_fields(**fields), who=who, at=at)


def is_change(entry: IssueLog) -> bool:
    """Tell whether an entry of the log is a change of the edits, which can be put back."""
    held = entry.before
    return isinstance(held, dict) and bool(held) and held.keys() <= Edits.model_fields.keys()


def _text_change(what: str, text: str, article: str, list_id: str) -> Change:
    return lambda edits: edits.with_text(what, text, article=article, list_id=list_id)


def _change(session: Session, issue: Issue, what: str, edit: Change, *, who: str, at: datetime) -> Issue:
    before = Edits.model_validate(issue.edits)
    after = edit(before)
    lifecycle.check_editable(issue)  # an order that changes nothing is refused too late as well
    if after == before:
        return issue
    lifecycle.reopen(issue, at)
    issue.edits = after.model_dump(exclude_defaults=True)
    log.add(session, issue, at=at, who=who, what=what, before=_changed(before, after), after=_changed(after, before))
    session.add(issue)
    session.flush()
    return issue


def _changed(edits: Edits, other: Edits) -> dict[str, Any]:
    """Return the fields in which one state differs from the other."""
    mine, theirs = edits.model_dump(), other.model_dump()
    return {name: value for name, value in mine.items() if value != theirs[name]}


def locked(session: Session, issue_id: UUID, version: int | None) -> Issue:
    """Return an issue for a change, locked. NotFound; Conflict where it is not the version that was looked at."""
    issue = session.get(Issue, issue_id, with_for_update=True)
    if issue is None:
        return drafting.find(session, issue_id)
    if version is not None and issue.version != version:
        raise Conflict(
            f"Issue {issue.number} was changed meanwhile (version {issue.version}, you looked at {version}). "
            "Look at it again and repeat your change."
        )
    return issue


def candidate(session: Session, issue: Issue, article: UUID) -> str:
    """Return the key of an article that is a candidate of an issue, or raise NotFound."""
    if session.get(IssueCandidate, (issue.id, article)) is None:
        raise NotFound(
            f"Article {article} is not a candidate of issue {issue.number}. "
            "Bring it in: `digest issues edit ISSUE add URL`."
        )
    return str(article)


def _known_list(issue: Issue, list_id: str) -> str:
    known = [one["id"] for one in issue.frame["lists"]]
    if list_id not in known:
        raise NotFound(f"Issue {issue.number} has no list {list_id!r}. Its lists: {', '.join(known)}.")
    return list_id


def _stored_article(session: Session, url: str) -> Article:
    canonical = canonical_url(url)
    found = session.exec(
        select(Article).where((col(Article.canonical_url) == canonical) | (col(Article.url) == url)).limit(1)
    ).first()
    if found is None:
        raise NotFound(f"No article is stored under {url}. Import it first: `digest articles import {url}`.")
    return found


def _target(session: Session, issue: Issue, what: str, article: UUID | None) -> str:
    if what in ISSUE_TEXTS:
        return ""
    if what not in STORY_TEXTS:
        raise BadInput(f"There is no text {what!r} to set. Texts: {', '.join((*ISSUE_TEXTS, *STORY_TEXTS))}.")
    if article is None:
        raise BadInput(f"Name the article whose {what} to set.")
    return candidate(session, issue, article)


def _clean(what: str, text: str) -> str:
    """Return a text without control characters, blanks run together; a note keeps its paragraphs."""
    lines = [" ".join(line.split()) for line in text.splitlines()] if what == "note" else [" ".join(text.split())]
    clean = "".join(letter for letter in "\n".join(lines).strip() if letter in KEPT or letter.isprintable())
    if len(clean) > LONGEST_TEXT:
        raise BadInput(f"This {what} has {len(clean)} characters; {LONGEST_TEXT} is the most.")
    return clean


def _replacement(session: Session, issue: Issue, old: str, new: str, lists: tuple[str, ...] | None) -> Change:
    recipe = drafting.recipe(session, issue)
    edition = Builder(recipe).ranked(lists or recipe.frame.newsroom_order)
    if edition.lead and edition.lead.candidate.id == old and edition.lead_list:
        return lambda edits: edits.with_exclusion(old).with_pin(edition.lead_list, new, 1).with_lead(new)
    stands = _where(edition, old)
    if stands is None:
        raise NotFound(f"Article {old} does not stand in issue {issue.number}, so nothing can take its place.")
    list_id, placed = stands
    gone = list_id if lists else EVERYWHERE
    return lambda edits: edits.with_exclusion(old, gone).with_pin(list_id, new, placed.place)


def _where(edition: RankedEdition, article: str) -> tuple[str, Placed] | None:
    for section in edition.sections:
        for placed in (*section.stories, *section.briefs):
            if placed.candidate.id == article:
                return section.order.list_id, placed
    return None
