"""Short questions the tests ask of the tables."""

from sqlalchemy import select

from subscribers import find
from subscribers.audience import AUDIENCE, MEMBER, PERSON, SUBSCRIPTION
from subscribers.consent import CONSENT


def states(session, ref):
    """Return list -> state of a person."""
    mine = select(SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.state).join(PERSON)
    return {list_id: str(state) for list_id, state in session.execute(mine.where(PERSON.c.ref == ref))}


def audiences(session):
    """Return (address, family) -> lists, as the audience rows say."""
    query = select(PERSON.c.address, MEMBER.c.family, AUDIENCE.c.lists).select_from(MEMBER).join(PERSON).join(AUDIENCE)
    return {(address, family): lists for address, family, lists in session.execute(query)}


def records(session):
    """Return all consent records, oldest first, without their numbers."""
    query = select(CONSENT.c.list_id, CONSENT.c.action, CONSENT.c.at, CONSENT.c.source, CONSENT.c.wording)
    return [tuple(row) for row in session.execute(query.order_by(CONSENT.c.id))]


def person(session, keys, address):
    """Return what is known of a person who is known."""
    found = find(session, keys, address)
    assert found is not None
    return found
