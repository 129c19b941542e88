"""What is kept of one person's own clicks, for whoever asks what we know of them."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from digest.articles.models import Article
from digest.clock import as_utc_text
from digest.events.models import Click
from digest.proofs.models import Edition, EditionStory
from digest.sending.models import table
from subscribers import look_up

CLICK, EDITION, STORY, ARTICLE = table(Click), table(Edition), table(EditionStory), table(Article)


def of_person(session: Session, ref: str) -> list[dict[str, Any]]:
    """Return the clicks that are kept with a person's number, the oldest first, as plain data; none of anonymous ones.

    ``ref``: theirs. They are there only where they agreed to be counted. Read before the person is erased.
    """
    known = look_up(session, ref)
    if known is None:
        return []
    at = (STORY.c.edition_number == CLICK.c.edition_number) & (STORY.c.place == CLICK.c.place)
    query = (
        select(CLICK.c.at, CLICK.c.place, CLICK.c.method, CLICK.c.state, CLICK.c.edition_number)
        .add_columns(STORY.c.issue_number, ARTICLE.c.canonical_url, ARTICLE.c.headline)
        .join(STORY, at, isouter=True)
        .join(ARTICLE, ARTICLE.c.id == STORY.c.article_id, isouter=True)
        .where(CLICK.c.subscriber_id == known[0])
        .order_by(CLICK.c.at, CLICK.c.id)
    )
    return [
        {
            "at": as_utc_text(row.at),
            "issue": row.issue_number,
            "edition": row.edition_number,
            "place": row.place,
            "url": row.canonical_url or "",
            "headline": row.headline or "",
            "method": row.method,
            "state": row.state,
        }
        for row in session.execute(query)
    ]
