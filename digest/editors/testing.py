"""Tests of an issue: one edition to oneself or to the publication's testers, and to no other address whatever.

A test goes by the account and in the very bytes of the edition, marked; it has no row in the ledger. The log says of
which content it was, so that an approval can demand one (``proofs.demands``).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from digest import users
from digest.database import Database
from digest.errors import BadInput, DigestError, Refused
from digest.issues import drafting, log, publications
from digest.issues.models import Issue, Publication
from digest.proofs import demands
from digest.proofs.models import Edition
from digest.proofs.proof import stored_hash
from digest.sending import direct
from digest.sending.provider import Provider


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the tests: who has one on its way, and a sentence for each that was not taken."""

    to: tuple[str, ...]
    troubles: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return it in words."""
        return " ".join([f"A test is on its way to {', '.join(self.to)}.", *self.troubles])


def colleagues(session: Session, publication: Publication) -> tuple[str, ...]:
    """Return who, besides the testers, may get a test that is ordered on the machine itself: who works on the issue."""
    return (*(one.address for one in users.all_users(session)), *publication.editors)


def send(
    database: Database,
    provider_of: Callable[[str], Provider],
    issue_id: UUID,
    edition_number: int,
    *,
    to: Sequence[str],
    own: Collection[str],
    who: str,
    at: datetime,
    base_url: str,
) -> Sent:
    """Send a test of an edition to each address, and log each. ``own``: addresses that may get one, besides testers.

    Refused, and nothing sent, where one is neither; Refused as well where the provider took none of them.
    """
    with database.reading() as session:
        issue = drafting.find(session, issue_id)
        allowed(publications.get(session, issue.publication_id), to, own)
    sent, troubles = [], []
    for address in dict.fromkeys(to):
        try:
            _send_one(
                database, provider_of, issue_id, edition_number, address=address, who=who, at=at, base_url=base_url
            )
        except DigestError as error:
            troubles.append(f"{address}: {error}")
        else:
            sent.append(address)
    if not sent:
        raise Refused(f"No test was sent. {' '.join(troubles)}")
    return Sent(tuple(sent), tuple(troubles))


def allowed(publication: Publication, to: Sequence[str], own: Collection[str]) -> None:
    """Raise Refused where an address is neither one's own nor a tester's; BadInput where there is none."""
    if not to:
        raise BadInput("Say who gets the test: yourself, or a tester.")
    may = {one.strip().casefold() for one in (*publication.testers, *own)}
    others = [one for one in to if one.strip().casefold() not in may]
    if others:
        raise Refused(
            f"{others[0]} is neither yours nor a tester's of {publication.id}: a test goes to nobody else. "
            f"Add it: digest publications edit {publication.id} --tester {others[0]}."
        )


def _send_one(
    database: Database,
    provider_of: Callable[[str], Provider],
    issue_id: UUID,
    edition_number: int,
    *,
    address: str,
    who: str,
    at: datetime,
    base_url: str,
) -> None:
    """Send one, and log it with the hash of its content: with none where the editions were made anew meanwhile."""
    before = _content(database, issue_id, edition_number)
    receipt = direct.send_test(database, provider_of, edition_number, address=address, base_url=base_url)
    if not receipt.accepted:
        raise Refused(f"The provider refused it: {receipt.reason or 'no reason was given'}.")
    after = _content(database, issue_id, edition_number)
    with database.writing() as session:
        issue = session.get_one(Issue, issue_id)
        said = after | {"address": address, "hash": after["hash"] if after == before else ""}
        log.add(session, issue, at=at, who=who, what=demands.TEST, after=said)


def _content(database: Database, issue_id: UUID, edition_number: int) -> dict[str, Any]:
    """Return what a test is of: the edition, its lists, and the hash that an approval would bind to."""
    with database.reading() as session:
        content = stored_hash(session, session.get_one(Issue, issue_id))
        query = select(Edition.id, Edition.lists, Edition.issue_id).where(Edition.number == edition_number)
        key, lists, of_issue = session.exec(query).one()
    if of_issue != issue_id:
        raise BadInput(f"Edition {edition_number} is of another issue.")
    return {"edition": str(key), "lists": list(lists), "hash": content}
