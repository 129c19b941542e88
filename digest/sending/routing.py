"""Which provider account each edition of an issue goes by, as its publication says now.

A batch keeps the account it was formed for. What is queued goes by the account its edition has at the moment it is
claimed: a worker holds a route for many claims, and each claim sees in the very question whether the issue is open
that the route still holds.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, select
from sqlmodel import Session

from digest.issues.models import IssueStatus, Publication
from digest.issues.sending_accounts import account_of
from digest.proofs.models import Edition
from digest.sending.ledger import BATCH, ISSUE
from digest.sending.models import BatchState, table

EDITION, PUBLICATION = table(Edition), table(Publication)
WAITING: Final = (BatchState.formed, BatchState.repeating)
_SAID: Final = (PUBLICATION.c.account, PUBLICATION.c.list_accounts)


class Moved(Exception):
    """The publication names other accounts than the route was read from, or the issue has a new revision."""


@dataclass(frozen=True, slots=True)
class Part:
    """What of an issue goes by one account."""

    account: str
    editions: tuple[int, ...] | None = None  # None: all there are; (): nothing but batches formed for it earlier


class Said(NamedTuple):
    """What a route was read from."""

    revision: int
    account: str
    list_accounts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """The parts of an issue. ``said`` is None for a guess: that all of it goes by the default account."""

    parts: tuple[Part, ...]
    said: Said | None = None

    def holds(self, now: Said) -> bool:
        """Return whether it is still so."""
        if self.said is not None:
            return self.said == now
        usual = ("", self.parts[0].account)
        return now.account in usual and all(one in usual for one in now.list_accounts.values())


def guess(default: str) -> Route:
    """Return the route of an issue that goes by the default account as a whole, without looking."""
    return Route((Part(default),))


_NOW: Final = (
    select(ISSUE.c.status, ISSUE.c.held, ISSUE.c.revision, *_SAID)
    .join(PUBLICATION, PUBLICATION.c.id == ISSUE.c.publication_id)
    .where(ISSUE.c.number == bindparam("issue"))
)


def is_open(session: Session, issue_number: int, route: Route | None = None) -> bool:
    """Return whether deliveries of an issue may be claimed now. Raises Moved where ``route`` holds no more."""
    row = session.execute(_NOW, {"issue": issue_number}).one()
    if route is not None and not route.holds(Said(row.revision, row.account, row.list_accounts)):
        raise Moved
    return bool(row.status == IssueStatus.sending and row.held == "")


def read(session: Session, issue_number: int, default: str) -> Route:
    """Return the route of an issue as its publication says now, and the accounts of batches that wait besides.

    ``default``: what the account of PROVIDER is called.
    """
    query = select(ISSUE.c.id, ISSUE.c.revision, *_SAID).join(PUBLICATION, PUBLICATION.c.id == ISSUE.c.publication_id)
    issue = session.execute(query.where(ISSUE.c.number == issue_number)).one()
    said = Said(issue.revision, issue.account, issue.list_accounts)
    named = _named(session, issue.id, said, default)
    waiting = select(BATCH.c.account).where(BATCH.c.issue_number == issue_number, BATCH.c.state.in_(WAITING))
    others = set(session.execute(waiting.distinct()).scalars()) - {part.account for part in named}
    return Route((*named, *(Part(one, ()) for one in sorted(others))), said)


def _named(session: Session, issue_id: Any, said: Said, default: str) -> tuple[Part, ...]:
    """Return the parts that the publication names; one part is all there is, whatever editions come yet."""
    main = said.account or default
    if all((one or main) == main for one in said.list_accounts.values()):
        return (Part(main),)
    query = select(EDITION.c.number, EDITION.c.lists).where(EDITION.c.issue_id == issue_id)
    groups: dict[str, list[int]] = defaultdict(list)
    for number, lists in session.execute(query.order_by(EDITION.c.number)):
        groups[account_of(lists, main, said.list_accounts) or default].append(number)
    if len(groups) < 2:  # noqa: PLR2004 - one, or none
        return (Part(next(iter(groups), main)),)
    return tuple(Part(account, tuple(groups[account])) for account in sorted(groups))
