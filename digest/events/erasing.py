"""What a person leaves behind in clicks and in what providers told, taken away when they are erased; counts stay."""

from sqlalchemy import func, or_, select, update
from sqlmodel import Session

from digest.events.models import Click, WebhookEvent
from digest.sending.models import table

CLICK, EVENT = table(Click), table(WebhookEvent)


def forget(session: Session, number: int, address: str) -> None:
    """Take a person's number from the clicks, and their address from the events, by their number or their address.

    In the transaction that erases them. Events keep what happened; the provider's own words, which may name the person
    anywhere, go.
    """
    session.execute(update(CLICK).where(CLICK.c.subscriber_id == number).values(subscriber_id=None))
    named = func.lower(EVENT.c.fields["address"].as_string()) == address.strip().lower()
    mine = EVENT.c.fields["delivery"].as_string().like(f"%.{number}")
    rows = session.execute(select(EVENT.c.id, EVENT.c.fields).where(or_(named, mine)).order_by(EVENT.c.id)).all()
    for row in rows:
        kept = row.fields | {"address": "", "reason": ""}
        session.execute(update(EVENT).where(EVENT.c.id == row.id).values(fields=kept, raw={}))
