"""What the product keeps about one reader besides their subscriptions: mails that went to them, and their clicks."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from digest.bootstrap import App
from digest.events import erasing
from digest.events.models import Click
from digest.issues.models import Issue, Publication
from digest.proofs.models import Edition, EditionStory
from digest.sending.models import Delivery


def known(app: App, number: int, _address: str) -> dict[str, Any]:
    """Return the deliveries and clicks of the subscriber of a number, ready for JSON."""
    mails = (
        select(col(Issue.number), col(Publication.name), col(Edition.subject))
        .add_columns(col(Delivery.state), col(Delivery.outcome), col(Delivery.settled_at), col(Delivery.outcome_at))
        .join(Edition, col(Edition.number) == Delivery.edition_number)
        .join(Issue, col(Issue.number) == Delivery.issue_number)
        .join(Publication, col(Publication.id) == Issue.publication_id)
        .where(col(Delivery.subscriber_id) == number)
        .order_by(col(Delivery.issue_number))
    )
    clicks = (
        select(col(Click.at), col(Edition.subject), col(Click.place), col(EditionStory.article_id))
        .join(Edition, col(Edition.number) == Click.edition_number)
        .join(
            EditionStory,
            (col(EditionStory.edition_number) == Click.edition_number) & (col(EditionStory.place) == Click.place),
            isouter=True,
        )
        .where(col(Click.subscriber_id) == number)
        .order_by(col(Click.at), col(Click.id))
    )
    with app.database.reading() as session:
        return {
            "mails": [_plain(row._asdict()) for row in session.connection().execute(mails)],
            "clicks": [_plain(row._asdict()) for row in session.connection().execute(clicks)],
        }


def forget(session: Session, number: int, address: str) -> None:
    """Take away what is left of who is erased, in the transaction that erases them; the counts stay."""
    erasing.forget(session, number, address)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value if value is None or isinstance(value, int) else str(value) for key, value in row.items()}
