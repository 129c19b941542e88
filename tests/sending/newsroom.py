"""A small newsroom straight in the tables: readers, an approved issue with its editions, ready to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, insert, select, update

from digest.articles.models import Article
from digest.database import Database
from digest.issues.models import Issue, IssueCandidate, IssueStatus, Publication
from digest.proofs import approval
from digest.proofs.models import Approval, Edition, EditionAudience, EditionStory
from digest.sending.models import Batch, Delivery, table
from subscribers import Keys
from subscribers.models import Audience, MailingList, Subscriber, SubscriberAudience, Subscription
from tests.conftest import NOW, STRONG

KEYS = Keys(secret=STRONG, address=STRONG)
FAMILY = "weekly"
DELIVERY, BATCH, ISSUE = table(Delivery), table(Batch), table(Issue)
SPACE = UUID("7a0d1b6e-3f60-4a5c-9b57-0d9c3d1f4e11")
ARTICLE = uuid5(SPACE, "article")
MARKS = {
    "unsubscribe_url@html_attr": "%%" + "a" * 20 + "%%",
    "unsubscribe_url@header": "%%" + "b" * 20 + "%%",
    "preferences_url@text": "%%" + "c" * 20 + "%%",
    "name@html_text": "%%" + "d" * 20 + "%%",
    "name@text": "%%" + "e" * 20 + "%%",
    "stop:caucasus@text": "%%" + "f" * 20 + "%%",
}
HTML = (
    f"<html><body><p>Dear {MARKS['name@html_text']}</p>"
    f'<a href="{MARKS["unsubscribe_url@html_attr"]}">Unsubscribe</a></body></html>'
)
TEXT = (
    f"Dear {MARKS['name@text']}\nPreferences: {MARKS['preferences_url@text']}\n"
    f"Stop the Caucasus: {MARKS['stop:caucasus@text']}\n"
)
HEADERS = {
    "List-Unsubscribe": f"<{MARKS['unsubscribe_url@header']}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-Id": "The Weekly <weekly.example.org>",
}


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What was made: the issue, and which audience has which edition."""

    issue_id: UUID
    number: int
    editions: tuple[int, ...]
    audiences: tuple[int, ...]


def make(
    database: Database,
    *,
    readers: int = 10,
    sets: Sequence[str] = ("caucasus",),
    status: IssueStatus = IssueStatus.scheduled,
    number: int = 1,
    at: datetime = NOW,
) -> Newsroom:
    """Make lists, readers (spread over the sets of lists in turn), and an issue with an edition for each set."""
    with database.writing() as session:
        _publication(session, sets)
        audiences = tuple(_audience(session, lists) for lists in sets)
        add_readers(session, readers, sets, audiences, at=at)
        issue_id = uuid5(SPACE, str(number))
        _issue(session, issue_id, number, status, at)
        editions = tuple(
            _edition(session, issue_id, number, number * 100 + index, lists=lists, audience=audiences[index], at=at)
            for index, lists in enumerate(sets)
        )
        _approve(session, issue_id, at)
    return Newsroom(issue_id, number, editions, audiences)


def add_readers(
    session: Any,
    count: int,
    sets: Sequence[str],
    audiences: Sequence[int],
    *,
    at: datetime = NOW,
    names: Sequence[str] = ("", "Ana", "Bj\u00f6rn; Jr.", 'Q"uote <b>'),
) -> None:
    """Add readers, numbered on from those there are; their addresses are reader-N@example.org."""
    first = (session.execute(select(func.max(table(Subscriber).c.id))).scalar() or 0) + 1
    ids = range(first, first + count)
    people = [
        {
            "id": n,
            "ref": uuid5(SPACE, f"reader {n}"),
            "address": f"reader-{n}@example.org",
            "address_key": f"key-{n}",
            "name": names[n % len(names)],
            "language": "en",
            "created_at": at,
        }
        for n in ids
    ]
    chosen = {n: index for index, n in enumerate(ids)}
    held = {n: chosen[n] % len(sets) for n in ids}
    if not people:
        return
    session.execute(insert(table(Subscriber)), people)
    session.execute(
        insert(table(Subscription)),
        [
            {"subscriber_id": n, "list_id": name, "state": "confirmed", "position": 0, "changed_at": at}
            for n in ids
            for name in sets[held[n]].split()
        ],
    )
    session.execute(
        insert(table(SubscriberAudience)),
        [{"family": FAMILY, "subscriber_id": n, "audience_id": audiences[held[n]]} for n in ids],
    )


def states(database: Database, number: int = 1) -> dict[int, str]:
    """Return subscriber -> state."""
    with database.reading() as session:
        query = select(DELIVERY.c.subscriber_id, DELIVERY.c.state).where(DELIVERY.c.issue_number == number)
        return dict(session.execute(query).all())


def delivery(database: Database, subscriber: int, number: int = 1) -> Any:
    """Return one row of the ledger."""
    with database.reading() as session:
        query = select(DELIVERY).where(DELIVERY.c.issue_number == number, DELIVERY.c.subscriber_id == subscriber)
        return session.execute(query).one()


def rows_of(database: Database, what: Any, *where: Any) -> list[Any]:
    """Return rows of a table, in the order of its first column."""
    with database.reading() as session:
        columns = list(what.c)
        return list(session.execute(select(what).where(*where).order_by(columns[0])).all())


def issue(database: Database, number: int = 1) -> Any:
    """Return the issue's row."""
    return rows_of(database, ISSUE, ISSUE.c.number == number)[0]


def set_issue(database: Database, number: int = 1, **values: Any) -> None:
    """Change the issue's row."""
    with database.writing() as session:
        session.execute(update(ISSUE).where(ISSUE.c.number == number).values(**values))


def _publication(session: Any, sets: Sequence[str]) -> None:
    if session.get(Publication, FAMILY) is None:
        session.add(Publication.model_validate(_PUBLICATION))
    names = sorted({name for lists in sets for name in lists.split()})
    for position, name in enumerate(names):
        if session.get(MailingList, name) is None:
            session.add(
                MailingList.model_validate(
                    {"id": name, "name": name.title(), "family": FAMILY, "topic": name, "position": position}
                )
            )
    if session.get(Article, ARTICLE) is None:
        times = dict.fromkeys(("published_at", "first_seen_at", "imported_at"), NOW)
        address = {"canonical_url": "example.org/a", "url": "https://example.org/a"}
        session.add(Article.model_validate({"id": ARTICLE, "headline": "A story", **address, **times}))
    session.flush()


_PUBLICATION = {
    "id": FAMILY,
    "name": "The Weekly",
    "sender_name": "The Weekly",
    "sender_address": "weekly@example.org",
    "reply_to": "desk@example.org",
    "postal_address": "1 Street, Town",
}


def _audience(session: Any, lists: str) -> int:
    there = session.execute(select(table(Audience).c.id).where(table(Audience).c.lists == lists)).scalar()
    if there is not None:
        return int(there)
    audience = Audience.model_validate({"family": FAMILY, "lists": lists})
    session.add(audience)
    session.flush()
    return int(audience.id or 0)


def _issue(session: Any, issue_id: UUID, number: int, status: IssueStatus, at: datetime) -> None:
    row = {
        "id": issue_id,
        "number": number,
        "publication_id": FAMILY,
        "as_of": at - timedelta(hours=2),
        "status": status,
        "undo_until": at,
        "frame": {"publication": _PUBLICATION, "formula": "weekly-v1", "lists": [], "regions": []},
        "created_at": at,
        "changed_at": at,
    }
    session.add(Issue.model_validate(row))
    session.flush()
    frozen = {"id": str(ARTICLE), "canonical_url": "example.org/a", "url": "https://example.org/a", "headline": "A"}
    frozen |= dict.fromkeys(("published_at", "first_seen_at"), NOW.isoformat())
    session.add(IssueCandidate.model_validate({"issue_id": issue_id, "article_id": ARTICLE, "inputs": frozen}))


def _approve(session: Any, issue_id: UUID, at: datetime) -> None:
    issue = session.get(Issue, issue_id)
    row = {"issue_id": issue_id, "revision": issue.revision, "version": issue.version, "who": "editor", "at": at}
    session.add(Approval.model_validate(row | {"content_hash": approval.current_hash(session, issue)}))
    session.flush()


def _edition(
    session: Any, issue_id: UUID, number: int, edition: int, *, lists: str, audience: int, at: datetime
) -> int:
    row = {
        "id": edition_id(edition),
        "number": edition,
        "issue_id": issue_id,
        "lists": lists.split(),
        "set_key": " ".join(sorted(lists.split())),
        "language": "en",
        "subject": f"News of {lists}",
        "html": HTML,
        "text": TEXT,
        "headers": HEADERS,
        "marks": MARKS,
        "content_hash": "h",
        "created_at": at,
    }
    session.add(Edition.model_validate(row))
    session.add(
        EditionAudience.model_validate({"issue_number": number, "audience_id": audience, "edition_number": edition})
    )
    session.add(
        EditionStory.model_validate(
            {
                "edition_number": edition,
                "place": 1,
                "issue_number": number,
                "article_id": ARTICLE,
                "story_key": "example.org/a",
                "block": "lead",
                "list_id": lists.split(maxsplit=1)[0],
                "region": "caucasus",
                "points": 50.0,
            }
        )
    )
    session.flush()
    return edition


def queue(database: Database, room: Newsroom, at: datetime = NOW) -> None:
    """Write the ledger as freezing does, and open the sending."""
    with database.writing() as session:
        readers = session.execute(select(table(SubscriberAudience)).order_by("subscriber_id")).all()
        edition = dict(zip(room.audiences, room.editions, strict=True))
        rows = [
            {
                "issue_number": room.number,
                "subscriber_id": row.subscriber_id,
                "edition_number": edition[row.audience_id],
                "state": "queued",
                "attempts": 0,
            }
            for row in readers
            if row.audience_id in edition
        ]
        session.execute(insert(DELIVERY), rows)
        values = {"status": IssueStatus.sending, "audience_size": len(rows), "changed_at": at}
        session.execute(update(ISSUE).where(ISSUE.c.number == room.number).values(**values))


def second_revision(database: Database, room: Newsroom) -> None:
    """Pause the issue, change it, and schedule its second revision, whose only edition is number 900."""
    with database.writing() as session:
        values = {"status": IssueStatus.scheduled, "revision": 2}
        session.execute(update(ISSUE).where(ISSUE.c.number == room.number).values(**values))
        edition = session.execute(select(Edition).where(table(Edition).c.number == room.editions[0])).scalar_one()
        session.add(
            Edition.model_validate(edition.model_dump() | {"id": uuid5(SPACE, "r2"), "number": 900, "revision": 2})
        )
        made = {"issue_number": room.number, "revision": 2, "audience_id": room.audiences[0], "edition_number": 900}
        session.add(EditionAudience.model_validate(made))


def edition_id(number: int) -> UUID:
    """Return the id of an edition by its number."""
    return uuid5(SPACE, f"edition {number}")
