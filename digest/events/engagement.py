"""Who clicks: how often each reader did of late, of those who agreed to be counted (ruling 19)."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, func, select

from digest.events.models import Click
from digest.issues.models import Issue
from digest.proofs.models import Edition
from digest.sending.models import table

CLICK, EDITION, ISSUE = table(Click), table(Edition), table(Issue)
LATELY: Final = timedelta(days=90)


def clicked(publication_id: str, now: datetime) -> Select[Any]:
    """Return a select of (subscriber_id, clicks): of each reader of a publication, over the last 90 days."""
    mine = (ISSUE.c.publication_id == publication_id, CLICK.c.at > now - LATELY, CLICK.c.state == "human")
    query = select(CLICK.c.subscriber_id, func.count().label("clicks"))
    joined = query.join(EDITION, EDITION.c.number == CLICK.c.edition_number).join(
        ISSUE, ISSUE.c.id == EDITION.c.issue_id
    )
    return joined.where(*mine, CLICK.c.subscriber_id.is_not(None)).group_by(CLICK.c.subscriber_id)
