"""Reads from the database what a report is worked out from: sums and counts, never a row per delivery."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from digest.articles.popularity import EXPOSURES
from digest.errors import Refused
from digest.events.models import Click, Vote
from digest.issues import lifecycle
from digest.issues.frame import Frame
from digest.issues.models import Issue, IssueCandidate, Publication
from digest.proofs.models import Edition, EditionStory
from digest.rendering import slots
from digest.reports import leaving, standing
from digest.reports.facts import Clicked, Counted, Facts, Placement, Sent, Votes
from digest.reports.heat import Mail, Spot
from digest.reports.hours import UNTIL
from digest.sending.ledger import DELIVERY, ISSUE
from digest.sending.models import table

EARLIER: Final = 8  # issues to compare with
PERIODS: Final = {"weekly": timedelta(days=7), "daily": timedelta(days=1)}
STORY, EDITION = table(EditionStory), table(Edition)
VOTE, CANDIDATE, CLICK = table(Vote), table(IssueCandidate), table(Click)


def gather(session: Session, issue: Issue, at: datetime, *, earlier: int = EARLIER) -> Facts:
    """Return what is known at ``at`` of an issue, and of so many regular ones before it. Raises Refused.

    Special issues are compared with regular ones, and never stand among those compared with.
    """
    if issue.first_accepted_at is None:
        raise Refused(
            f"Issue {issue.number} is {lifecycle.in_words(issue.status)}; nothing of it has gone out yet, so there is "
            f"nothing to report. See where it stands: digest issues status {issue.number}"
        )
    frame = Frame.model_validate(issue.frame)
    publication = session.get_one(Publication, issue.publication_id)
    issues = _windows([*_before(session, issue, earlier), issue], _starts(session, issue), publication, at)
    numbers = [one.number for one in issues]
    placements = _placements(session, numbers)
    last = standing.last(session, issue)
    return Facts(
        publication=publication.id,
        publication_name=publication.name,
        zone=publication.zone,
        at=at,
        issues=issues,
        editions=_editions(session, numbers),
        deliveries=_deliveries(session, numbers),
        placements=placements,
        clicked=[row for one in issues for row in _clicked(session, one)],
        votes=_votes(session, numbers),
        left=leaving.left(session, publication.id, issues),
        lists={one.id: one.name for one in frame.lists},
        regions={one.id: one.name(publication.language) for one in frame.regions},
        list_regions={one.id: one.region for one in frame.lists},
        headlines=_headlines(session, issue, placements),
        mail=_mail(session, issue),
        standing=[one for number in last for one in standing.of_issue(session, number)],
        standing_issues=[one.number for one in last],
    )


def _before(session: Session, issue: Issue, earlier: int) -> list[Issue]:
    """Return the regular issues that went out before, oldest first."""
    query = (
        select(Issue)
        .where(
            col(Issue.publication_id) == issue.publication_id,
            col(Issue.first_accepted_at) < issue.first_accepted_at,
            col(Issue.id) != issue.id,
            col(Issue.once).is_(False),
        )
        .order_by(col(Issue.first_accepted_at).desc(), col(Issue.number).desc())
        .limit(earlier)
    )
    return list(session.execute(query).scalars())[::-1]


def _starts(session: Session, issue: Issue) -> list[datetime]:
    """Return when each issue of the publication began to go out."""
    query = select(ISSUE.c.first_accepted_at).where(
        ISSUE.c.publication_id == issue.publication_id, ISSUE.c.first_accepted_at.is_not(None)
    )
    return sorted(session.execute(query).scalars())


def _windows(issues: Sequence[Issue], starts: Sequence[datetime], publication: Publication, at: datetime) -> list[Sent]:
    """Return the issues with the time in which leaving counts: a run's length, and for all no longer than for the last.

    So an issue of yesterday is compared with the first day of those before it. The next issue ends it, too.
    """
    period = PERIODS.get(publication.cadence, PERIODS["weekly"]) * max(1, publication.every)
    age = at - _when(issues[-1])
    found = []
    for one in issues:
        following = min((start for start in starts if start > _when(one)), default=at)
        until = min(_when(one) + min(period, age), following)
        found.append(
            Sent(
                number=one.number,
                id=str(one.id),
                status=str(one.status),
                once=one.once,
                as_of=one.as_of,
                sent_at=_when(one),
                until=until,
                audience=one.audience_size,
            )
        )
    return found


def _when(issue: Issue) -> datetime:
    return issue.first_accepted_at or issue.as_of


def _editions(session: Session, numbers: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    query = (
        select(EDITION.c.number, EDITION.c.lists)
        .join(ISSUE, ISSUE.c.id == EDITION.c.issue_id)
        .where(ISSUE.c.number.in_(numbers))
    )
    return {number: tuple(lists) for number, lists in session.execute(query)}


def _deliveries(session: Session, numbers: Sequence[int]) -> list[Counted]:
    """Count the ledger: one query an issue, so that each walks one range of the primary key."""
    key = (DELIVERY.c.issue_number, DELIVERY.c.edition_number, DELIVERY.c.state, DELIVERY.c.outcome)
    query = select(*key, func.count()).group_by(*key)
    return [
        Counted(*row) for number in numbers for row in session.execute(query.where(DELIVERY.c.issue_number == number))
    ]


def _placements(session: Session, numbers: Sequence[int]) -> list[Placement]:
    """Return what became of each story at each place, as it was noted when the issue had been sent."""
    key = (STORY.c.issue_number, STORY.c.article_id, STORY.c.list_id, STORY.c.region, STORY.c.place)
    exposed = EXPOSURES.c
    query = (
        select(*key, func.sum(exposed.delivered), func.sum(exposed.expected), func.sum(exposed.clicks))
        .join(
            EXPOSURES,
            (exposed.article_id == STORY.c.article_id)
            & (exposed.edition_number == STORY.c.edition_number)
            & (exposed.place == STORY.c.place),
        )
        .where(STORY.c.issue_number.in_(numbers))
        .group_by(*key)
        .order_by(*key)
    )
    return [_placement(row) for row in session.execute(query)]


def _placement(row: Any) -> Placement:
    number, article, list_id, region, place, delivered, expected, clicks = row
    return Placement(number, str(article), list_id, region, place, int(delivered), float(expected), int(clicks))


def _clicked(session: Session, issue: Sent) -> list[Clicked]:
    """Count the clicks of an issue by how soon they came; those not judged yet are not there."""
    within = case(*((CLICK.c.at < issue.sent_at + timedelta(hours=hours), hours) for hours in UNTIL))
    query = (
        select(within, CLICK.c.state, func.count())
        .join(EDITION, EDITION.c.number == CLICK.c.edition_number)
        .join(ISSUE, ISSUE.c.id == EDITION.c.issue_id)
        .where(ISSUE.c.number == issue.number, CLICK.c.state != "new")
        .group_by(within, CLICK.c.state)
    )
    return [Clicked(issue.number, hours, state, clicks) for hours, state, clicks in session.execute(query)]


def _votes(session: Session, numbers: Sequence[int]) -> list[Votes]:
    query = (
        select(ISSUE.c.number, VOTE.c.value, func.sum(VOTE.c.count))
        .join(EDITION, EDITION.c.number == VOTE.c.edition_number)
        .join(ISSUE, ISSUE.c.id == EDITION.c.issue_id)
        .where(ISSUE.c.number.in_(numbers))
        .group_by(ISSUE.c.number, VOTE.c.value)
    )
    return [Votes(number, value, int(count)) for number, value, count in session.execute(query)]


def _mail(session: Session, issue: Issue) -> Mail | None:
    """Return the edition that most readers have, with what each of its places brought."""
    counted = (
        select(DELIVERY.c.edition_number, func.count().label("readers"))
        .where(DELIVERY.c.issue_number == issue.number, DELIVERY.c.state == "accepted")
        .group_by(DELIVERY.c.edition_number)
        .order_by(func.count().desc(), DELIVERY.c.edition_number)
        .limit(1)
        .subquery()
    )
    query = select(EDITION.c.number, EDITION.c.lists, EDITION.c.html, EDITION.c.marks, counted.c.readers)
    found = session.execute(query.join(counted, counted.c.edition_number == EDITION.c.number)).first()
    if found is None:
        return None
    places = select(EXPOSURES.c.place, EXPOSURES.c.clicks, EXPOSURES.c.expected)
    rows = session.execute(places.where(EXPOSURES.c.edition_number == found.number))
    return Mail(
        lists=tuple(found.lists),
        readers=found.readers,
        html=slots.fill(found.html, dict.fromkeys(found.marks.values(), "#")),
        spots={place: Spot(int(clicks), float(expected)) for place, clicks, expected in rows},
    )


def _headlines(session: Session, issue: Issue, placements: Sequence[Placement]) -> Mapping[str, str]:
    """Return the headlines of an issue's stories as they stood there, an editor's overlay included."""
    wanted = [UUID(one) for one in sorted({one.article for one in placements if one.issue == issue.number})]
    edited: Mapping[str, Any] = issue.edits.get("texts", {})
    query = select(CANDIDATE.c.article_id, CANDIDATE.c.inputs).where(
        CANDIDATE.c.issue_id == issue.id, CANDIDATE.c.article_id.in_(wanted)
    )
    return {
        str(article): str(edited.get(str(article), {}).get("headline") or inputs.get("headline", ""))
        for article, inputs in session.execute(query)
    }
