"""Keeps each request for a link of a mail as it came, without anybody's address; judging is for later."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, or_, select
from sqlmodel import Session, col

from digest.database import Database
from digest.events import machines
from digest.events.models import Click
from digest.issues.models import Issue, IssueStatus, Publication
from digest.proofs.models import Edition
from digest.rendering.click_links import read_reader
from digest.rendering.context import ANONYMOUS, PERSONAL
from digest.sending.models import Delivery
from subscribers import Keys, agreed_to_clicks, network_of

LONGEST_AGENT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for a counted link whose token is ours."""

    edition: UUID
    place: int
    token: str  # as it stands in the mail
    at: datetime
    method: str
    address: str  # of whoever asks; it is not stored
    agent: str = ""
    purpose: str = ""  # Sec-Purpose or Purpose
    reader: str = ""  # the sign of a reader who agreed to be counted


def record(database: Database, keys: Keys, asked: Asked) -> bool:
    """Store a click; returns whether it is one that is counted.

    It is not where the newsroom counts none now, where the issue has not gone out (an editor looks at a draft), or
    where the link does not stand in what was sent. A person is noted only where the publication counts people, this
    one agrees, and the edition is theirs.
    """
    with database.writing() as session:
        found = session.execute(_edition(asked)).first()
        if found is None or found.clicks not in (ANONYMOUS, PERSONAL):
            return False
        person = _person(session, keys, asked, found) if found.clicks == PERSONAL else None
        row = {
            "edition_number": found.number,
            "place": asked.place,
            "at": asked.at,
            "visitor": visitor(keys, asked),
            "subscriber_id": person,
            "method": asked.method,
            "sign": machines.sign_of(asked.method, asked.place, asked.agent, asked.purpose),
            "state": machines.State.new,
        }
        session.execute(insert(Click).values(row))
    return True


def visitor(keys: Keys, asked: Asked) -> str:
    """Return what is known of a visitor: a hash of edition, network and agent, another one each day (UTC).

    The salt is worked out from the day and our key, and stored nowhere; nor is the address.
    """
    known = f"{asked.edition}\n{network(asked.address)}\n{asked.agent[:LONGEST_AGENT]}"
    return keys.stamp(f"visitor {asked.at:%Y-%m-%d}", known.encode("utf-8", "replace")).hex()


def network(address: str) -> str:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one; what is no address as it is."""
    return network_of(address) or address


def forget(database: Database, before: datetime) -> int:
    """Delete the clicks that are older; returns how many. What they brought to the articles stays."""
    with database.reading() as session:  # their numbers rise with time: the first is the oldest
        oldest = session.execute(select(col(Click.at)).order_by(col(Click.id)).limit(1)).scalar()
    if oldest is None or oldest >= before:
        return 0
    with database.writing() as session:
        gone: Any = session.execute(delete(Click).where(col(Click.at) < before))
    return int(gone.rowcount)


def _edition(asked: Asked) -> Any:
    """Return a select of the edition a link stands in, if it has gone out."""
    out = or_(col(Issue.first_accepted_at).is_not(None), col(Issue.status) == IssueStatus.sending)
    return (
        select(col(Edition.number), col(Issue.number).label("issue_number"), col(Publication.clicks))
        .select_from(Edition)
        .join(Issue, col(Issue.id) == col(Edition.issue_id))
        .join(Publication, col(Publication.id) == col(Issue.publication_id))
        .where(col(Edition.id) == asked.edition, out, col(Edition.html).contains(asked.token, autoescape=True))
    )


def _person(session: Session, keys: Keys, asked: Asked, edition: Any) -> int | None:
    ref = read_reader(keys, asked.reader)
    number = agreed_to_clicks(session, ref) if ref else None
    if number is None:
        return None
    theirs = select(col(Delivery.edition_number)).where(
        col(Delivery.issue_number) == edition.issue_number, col(Delivery.subscriber_id) == number
    )
    return number if session.execute(theirs).scalar() == edition.number else None
