"""A newsroom with two months behind it: issues with readers, clicks by place, outcomes, votes, and readers who left."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import insert, update
from sqlmodel import Session, col

from digest.articles.models import Exposure, article_id
from digest.database import Database
from digest.events.models import Vote
from digest.issues import drafting
from digest.issues.models import Issue, IssueStatus
from digest.proofs.models import Edition, EditionStory
from digest.ranking.formula import WEEKLY, theta
from digest.sending.models import Delivery
from subscribers import end
from tests.conftest import NOW
from tests.issues import newsroom

WEEK = timedelta(days=7)
REGIONS = {"sc": "south-caucasus", "ee": "eastern-europe", "ca": "central-asia"}
SETS = (("sc",), ("ee",), ("sc", "ee"), ("ca", "sc"))
SHARES = (0.4, 0.3, 0.2, 0.1)  # of the readers, by set
LIKED = {"sc": 1.3, "ee": 0.8, "ca": 1.0}  # clicks over what a place brings on average
RATE = 0.03
LEAVERS = 20  # readers with an address: their numbers are 1 to 20, and they stand in the first set


def found(database: Database) -> None:
    """Found the newsroom, with a few readers that can leave."""
    newsroom.found(database)
    for number in range(LEAVERS):
        newsroom.reader(database, f"reader{number}@example.org", "sc", at=NOW - 12 * WEEK)


def history(database: Database, weeks: int = 9, readers: int = 1_000, **changes: Any) -> list[Issue]:
    """Let so many weekly issues go out, the last at NOW; returns them, oldest first. See ``send`` for changes."""
    found(database)
    return [send(database, NOW - (weeks - 1 - week) * WEEK, week, readers, **changes) for week in range(weeks)]


def send(
    database: Database,
    at: datetime,
    week: int,
    readers: int,
    *,
    clicked: bool = True,
    told: bool = True,
    placed: bool = True,
    left: int = 2,
) -> Issue:
    """Draft an issue of the week before ``at``, and let it be sent.

    ``clicked``: somebody counts clicks; ``told``: the provider's events arrive; ``placed``: it was sent to its end;
    ``left``: so many readers leave a day later.
    """
    newsroom.publish(database, list(articles(at, week)))
    issue = drafting.draft(database, "weekly", as_of=at, at=at)
    draw = Random(week)  # noqa: S311 - the same figures each time
    with database.writing() as session:
        number, subscriber = issue.number, 0
        for place, (lists, share) in enumerate(zip(SETS, SHARES, strict=True)):
            edition, size = number * 10 + place, int(readers * share)
            session.add(_edition(issue, edition, lists, at))
            _print(session, number, edition, lists, week)
            if placed:
                _expose(session, edition, lists, week, size, at, draw if clicked else None)
            _deliver(session, number, edition, range(subscriber + 1, subscriber + size + 1), draw, told=told)
            _vote(session, edition, size, at, draw)
            subscriber += size
        values = {"first_accepted_at": at, "audience_size": subscriber}
        status = IssueStatus.sent if placed else IssueStatus.sending
        session.execute(update(Issue).where(col(Issue.id) == issue.id).values(**values, status=status))
        for one in range(left):
            ref = newsroom.person(session, f"reader{(week * 2 + one) % LEAVERS}@example.org")
            end(session, ref=ref, family="weekly", list_id="sc", at=at + timedelta(days=1), source="page")
    with database.reading() as session:
        return session.get_one(Issue, issue.id)


def slug(list_id: str, week: int, number: int) -> str:
    """Return the name of an article."""
    return f"{list_id}-{week}-{number}"


def articles(at: datetime, week: int) -> Iterator[dict[str, Any]]:
    """Yield ten articles a region; the newsroom's desks share them, and one author writes most."""
    for list_id, region in REGIONS.items():
        for number in range(10):
            yield newsroom.article(
                slug(list_id, week, number),
                hours=5 + 14 * number,
                at=at,
                regions={region: "tag"},
                headline=f"{region.replace('-', ' ').title()}: what happened in week {week}, part {number}",
                desk="World desk" if number % 3 else "Data desk",
                authors=["Lela Kobakhidze"] if number % 2 else [f"Author of {region}"],
            )


def _edition(issue: Issue, number: int, lists: Sequence[str], at: datetime) -> Edition:
    return Edition.model_validate(
        {
            "id": uuid5(issue.id, str(number)),
            "number": number,
            "issue_id": issue.id,
            "lists": list(lists),
            "set_key": " ".join(sorted(lists)),
            "language": "en",
            "subject": "What happened",
            "html": "",
            "text": "",
            "content_hash": str(number),
            "created_at": at,
        }
    )


def standing(lists: Sequence[str], week: int) -> Iterator[tuple[int, str, UUID]]:
    """Yield what stands in an edition: place, list, article. Seven stories of each list, one after the other."""
    for place in range(1, 7 * len(lists) + 1):
        list_id = lists[(place - 1) % len(lists)]
        yield place, list_id, article_id(f"meridian.example/{slug(list_id, week, (place - 1) // len(lists))}")


def _print(session: Session, issue: int, edition: int, lists: Sequence[str], week: int) -> None:
    rows = [
        {
            "edition_number": edition,
            "place": place,
            "issue_number": issue,
            "article_id": article,
            "story_key": str(article),
            "block": "lead" if place == 1 else "section",
            "list_id": list_id,
            "region": REGIONS[list_id],
            "points": 1.0,
        }
        for place, list_id, article in standing(lists, week)
    ]
    session.execute(insert(EditionStory), rows)


def _expose(  # noqa: PLR0917 - a row's values
    session: Session, edition: int, lists: Sequence[str], week: int, size: int, at: datetime, draw: Random | None
) -> None:
    rows = []
    for place, list_id, article in standing(lists, week):
        expected = size * RATE * theta(place, WEEKLY)
        clicks = round(expected * LIKED[list_id] * draw.uniform(0.7, 1.3)) if draw else 0
        row = {"article_id": article, "list_id": list_id, "edition_number": edition, "place": place, "sent_at": at}
        rows.append(row | {"delivered": size, "expected": expected, "clicks": clicks})
    session.execute(insert(Exposure), rows)


def _deliver(session: Session, issue: int, edition: int, readers: range, draw: Random, *, told: bool) -> None:
    kinds = ["delivered"] * 965 + ["bounced"] * 20 + ["deferred"] * 5 + [None] * 9 + ["complained"]
    session.execute(
        insert(Delivery),
        [
            {
                "issue_number": issue,
                "subscriber_id": number,
                "edition_number": edition,
                "state": "accepted",
                "outcome": draw.choice(kinds) if told else None,
                "attempts": 1,
            }
            for number in readers
        ],
    )


def _vote(session: Session, edition: int, size: int, at: datetime, draw: Random) -> None:
    for value, share in ((3, 0.03), (2, 0.01), (1, 0.005)):
        count = round(size * share * draw.uniform(0.8, 1.2))
        session.add(Vote.model_validate({"edition_number": edition, "value": value, "count": count, "last_at": at}))
