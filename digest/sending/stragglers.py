"""Readers whom approval did not foresee: new sets of lists, and stories they had before by another set."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from digest.database import Database
from digest.issues import drafting
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueStatus
from digest.issues.recipe import Recipe
from digest.proofs import instead, making, siblings, storing
from digest.proofs.instead import Instead
from digest.proofs.models import Edition, EditionAudience
from digest.rendering.urls import Urls
from digest.sending.bulk import among
from digest.sending.ledger import DELIVERY
from digest.sending.models import DeliveryState, table
from subscribers import AudienceSet

MADE = table(EditionAudience)
_UNSENT: Final = (DeliveryState.freezing, DeliveryState.queued)
_Had = Mapping[frozenset[str], list[int]]  # story keys -> readers who had just these


class _Once:
    """A builder of an issue that is made when it is first needed: most issues need none."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._made: Builder | None = None

    def __call__(self) -> Builder:
        """Return the builder."""
        self._made = self._made or Builder(self.recipe)
        return self._made


def _once(database: Database, issue_id: UUID) -> _Once:
    with database.reading() as session:
        return _Once(drafting.recipe(session, session.get_one(Issue, issue_id)))


class Stopped(Exception):
    """The issue is not being frozen any more: it was cancelled, held, or opened by another."""


def being_frozen(session: Session, issue_id: UUID) -> Issue:
    """Return the issue, locked, while it is being frozen. Raises Stopped.

    Who freezes ends with that: one step passed over, and the hold lifted before the next, would leave readers out.
    """
    issue = session.get_one(Issue, issue_id, with_for_update=True)
    if issue.status != IssueStatus.freezing or issue.held:
        raise Stopped
    return issue


def make_editions(database: Database, issue_id: UUID, urls: Urls, at: datetime) -> Instead:
    """Make the editions of sets of lists that were first seen after approval, from the approved stories.

    A set for which there is nothing new, or whose lists are all newer than the draft, has none: its readers get
    no mail this time. Returns who gets a weekly instead of the issue, or a part of it.
    """
    less = instead.prepare(database, issue_id, at)
    with database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        known = _known(session, issue)
        new = [one for one in less.sets(session, issue.publication_id, at) if one.audience_id not in known]
    for one in new:
        _make_one(database, issue_id, one, urls, at)
    return less


def _make_one(database: Database, issue_id: UUID, audience: AudienceSet, urls: Urls, at: datetime) -> None:
    with database.writing() as session:
        issue = being_frozen(session, issue_id)
        number = audience.audience_id  # 0: of a set that is not made; its readers get all they have
        if number and number not in _known(session, issue):
            making.edition_for(session, issue, audience, urls, at)


def _known(session: Session, issue: Issue) -> set[int]:
    made = select(MADE.c.audience_id).where(MADE.c.issue_number == issue.number, MADE.c.revision == issue.revision)
    return set(session.execute(made).scalars())


def spare_repeats(database: Database, issue_id: UUID, urls: Urls, at: datetime) -> None:
    """Move readers who had a story of their edition before to a sibling of it without that story.

    Who would have nothing new left is withdrawn. Safe to repeat: who was moved stands in another edition.
    """
    with database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        editions = [one.id for one in storing.editions_of(session, issue)]
    building: _Once | None = None
    for edition in editions:
        after = 0
        while page := _repeats(database, issue_id, edition, after):
            after, building = page[-1][0], building or _once(database, issue_id)
            for keys, readers in _grouped(page).items():
                _move(database, issue_id, edition, keys, readers, urls=urls, at=at, building=building)


def _repeats(database: Database, issue_id: UUID, edition_id: UUID, after: int) -> list[tuple[int, frozenset[str]]]:
    with database.reading() as session:
        issue, edition = session.get_one(Issue, issue_id), session.get_one(Edition, edition_id)
        return siblings.repeats(session, issue, edition, after_subscriber=after)


def _grouped(page: Sequence[tuple[int, frozenset[str]]]) -> _Had:
    groups: dict[frozenset[str], list[int]] = defaultdict(list)
    for subscriber, keys in page:
        groups[keys].append(subscriber)
    return groups


def _move(
    database: Database,
    issue_id: UUID,
    edition_id: UUID,
    keys: frozenset[str],
    readers: list[int],
    *,
    urls: Urls,
    at: datetime,
    building: _Once | None = None,
) -> None:
    with database.writing() as session:
        issue = being_frozen(session, issue_id)
        edition = session.get_one(Edition, edition_id)
        sibling = siblings.sibling_for(session, issue, edition, keys, urls=urls, at=at, building=building)
        values: dict[str, Any] = {
            "state": DeliveryState.withdrawn,
            "settled_at": at,
            "reason": "had every story before",
        }
        if sibling is not None:
            values = {"edition_number": sibling.number}
        session.execute(
            update(DELIVERY)
            .where(
                DELIVERY.c.issue_number == issue.number,
                among(session, DELIVERY.c.subscriber_id, readers),
                DELIVERY.c.edition_number == edition.number,
                DELIVERY.c.state.in_(_UNSENT),
            )
            .values(values)
        )
