"""Retention: old events, clicks and soft bounces go by the setting; deliveries stay."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from digest import bootstrap, settings
from digest.database import Database
from digest.events import forgetting
from digest.events.forgetting import Forgotten
from digest.events.models import Click, SoftBounce, WebhookEvent
from digest.sending.models import table
from tests.conftest import BOTH, NOW, STRONG
from tests.sending import newsroom

KEPT = timedelta(days=100)


@BOTH
def test_what_is_older_than_the_setting_goes(database: Database):
    """And what is younger stays, and who got what; a second pass finds nothing."""
    newsroom.queue(database, newsroom.make(database, readers=4))
    with database.writing() as session:
        for number, days in enumerate((150, 50), start=1):
            at = NOW - timedelta(days=days)
            event = {"account": "outbox", "event_id": str(number), "kind": "delivered", "state": "applied"}
            times = {"occurred_at": at, "received_at": at, "attempts": 1, "note": "", "fields": {}, "raw": {}}
            session.execute(insert(table(WebhookEvent)), [event | times])
            click = {"edition_number": 100, "place": 1, "visitor": "v", "method": "GET", "sign": "", "state": "human"}
            session.execute(insert(table(Click)), [click | {"at": at}])
            session.execute(insert(table(SoftBounce)), [{"subscriber_id": number, "issue_number": 1, "at": at}])
    assert forgetting.forget(database, NOW, KEPT) == Forgotten(events=1, clicks=1, soft_bounces=1)
    assert forgetting.forget(database, NOW, KEPT) == Forgotten(0, 0, 0)
    assert len(newsroom.states(database)) == 4


def test_the_setting_reaches_the_tick(tmp_path: Path):
    """RETENTION_DAYS is what the workers go by; 400 days where nothing is said."""
    keys: dict[str, Any] = {"secret_key": STRONG, "address_key": STRONG}
    assert settings.load(tmp_path, **keys).retention_days == 400
    with bootstrap.opened(tmp_path, retention_days=90, **keys) as app:
        assert app.means.kept == timedelta(days=90)
