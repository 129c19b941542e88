"""Who watches from outside: /metrics by key or from this machine, one truth for all processes; /ready for balancers."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, insert, text, update

from digest import api_keys, pulse
from digest.api_keys import Scope
from digest.articles.feeds.models import Feed
from digest.bootstrap import App
from digest.engine import heartbeat
from digest.events.models import WebhookEvent
from digest.rendering.urls import Urls
from digest.sending import freezing, ledger, sender
from digest.sending.limits import Limits
from digest.sending.models import Batch, Delivery, table
from digest.sending.provider import NotTaken, UnknownOutcome
from digest.web import gauges
from digest.web.metrics import KEPT, Measured, is_from_here
from tests.conftest import BOTH, KEYS, NOW, STRONG
from tests.sending import newsroom
from tests.sending.fakes import Never, Scripted, claimed, means, take

URLS = Urls("https://digest.example.org", KEYS)


def numbers(said: str) -> dict[tuple[Any, ...], float]:
    """Return (name, values of the labels...) -> the number."""
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(said)
        for one in family.samples
    }


def measured(app: App) -> dict[tuple[str, ...], float]:
    """Return the same without the door."""
    return {(one.name, *labels): value for one in gauges.measure(app) for labels, value in one.values.items()}


def of(database: Any, clock: Any, **more: Any) -> Any:
    """Return a product as far as measuring goes."""
    settings = SimpleNamespace(lease_seconds=120.0, account_names=("scripted",))
    return SimpleNamespace(database=database, clock=clock, settings=settings, limits={}, **more)


def test_prometheus_reads_it_from_this_machine_and_elsewhere_by_key(app: App, http: httpx.Client):
    """What came by a proxy is refused without a key, or with one of another scope; with the right one it is told."""
    said = http.get("/metrics")
    assert said.headers["content-type"].startswith("text/plain; version=")
    assert numbers(said.text)["digest_last_tick_timestamp_seconds",] == 0
    passed_on = {"X-Forwarded-For": "203.0.113.7"}
    assert http.get("/metrics", headers=passed_on).status_code == 401
    assert http.get("/metrics", headers={"Host": "digest.example.org"}).status_code == 401
    with app.database.writing() as session:
        read = api_keys.add(session, "prometheus", NOW, [Scope.read])
        other = api_keys.add(session, "cms", NOW)
    shown = {"Authorization": f"Bearer {other}", **passed_on}
    assert http.get("/metrics", headers=shown).status_code == 403
    told = http.get("/metrics", headers={"Authorization": f"Bearer {read}", **passed_on})
    assert told.status_code == 200
    assert told.headers["cache-control"] == "no-store"
    assert "digest_build_info" in told.text


@pytest.mark.parametrize(
    ("client", "host", "headers", "here"),
    [
        ("127.0.0.1", "127.0.0.1:8000", {}, True),
        ("127.0.0.1", "localhost", {}, True),
        ("::1", "[::1]:8000", {}, True),
        ("127.0.0.1", "evil.example", {}, False),
        ("127.0.0.1", "localhost", {"via": "1.1 proxy"}, False),
        ("127.0.0.1", "localhost", {"forwarded": "for=1.2.3.4"}, False),
        ("10.0.0.7", "127.0.0.1", {}, False),
    ],
)
def test_from_here_is_only_who_asks_this_machine_by_its_own_name(client, host, headers, here):
    """Neither a proxy on this machine nor a page whose name leads here is taken for the operator."""
    from starlette.requests import Request  # noqa: PLC0415

    sent = [(b"host", host.encode()), *((name.encode(), value.encode()) for name, value in headers.items())]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/metrics",
        "headers": sent,
        "client": (client, 1),
        "server": ("x", 80),
    }
    assert is_from_here(Request(scope | {"scheme": "http", "query_string": b""})) is here


def test_no_secret_and_nobody_is_named(app: App, http: httpx.Client, readers: Any):
    """Neither keys, nor addresses, nor subjects; also where a label holds what breaks lines."""
    app.__dict__["limits"] = {app.settings.provider.value: Limits(per_day=10)}
    said = http.get("/metrics").text + http.get("/ready").text
    for secret in (STRONG, STRONG[::-1], "lena", "@", str(readers.ref), "sqlite"):
        assert secret not in said


@BOTH
def test_the_numbers_are_those_of_the_ledger(database, clock):
    """Accepted, refused, unknown, queued now and later, of mixed answers: the same as counting every row."""
    newsroom.queue(database, newsroom.make(database, readers=20))
    answers = [
        None,
        UnknownOutcome("no answer"),
        lambda mailing: [*take(mailing)[:-1], _refused(mailing)],
        NotTaken("busy", retry_after=600.0),
    ]
    tools = means(database, clock, Scripted(answers))
    sender.run(tools, 1, Never(), share=4)
    with database.reading() as session:
        counts = ledger.counts(session, 1)
    found = measured(of(database, clock))
    assert counts["accepted"] == found["digest_mails_last_day", "accepted"] == 7
    assert counts["rejected"] == found["digest_mails_last_day", "rejected"] == 1
    assert counts["uncertain"] == found["digest_mails_last_day", "uncertain"] == 4
    assert found["digest_deliveries", "1", "uncertain"] == 4
    assert found["digest_deliveries", "1", "later"] == 4
    assert found["digest_deliveries", "1", "due"] == counts["queued"] - 4 == 4
    assert found["digest_mails_last_minute",] == 8
    assert found["digest_oldest_lease_age_seconds",] == 0
    clock.at = NOW + timedelta(days=1, seconds=1)
    found = measured(of(database, clock))
    assert found["digest_mails_last_day", "accepted"] == found["digest_mails_last_minute",] == 0


def _refused(mailing: Any) -> Any:
    from digest.sending.provider import Receipt  # noqa: PLC0415

    return Receipt(delivery_ref=mailing.recipients[-1].delivery_ref, accepted=False, reason="no such mailbox")


@BOTH
def test_what_grows_old_is_seen(database, clock):
    """A lease that nobody gives back, an event that has no consequence, a feed that is dead, workers, the last pass."""
    newsroom.queue(database, newsroom.make(database, readers=4))
    tools = means(database, clock, Scripted())
    claimed(tools)
    row = {"account": "scripted", "event_id": "1", "kind": "bounced", "state": "new", "occurred_at": NOW, "fields": {}}
    old = NOW - timedelta(hours=2)
    with database.writing() as session:
        later = {"received_at": NOW, "next_at": NOW, "event_id": "2"}
        told = [
            row | {"received_at": old, "next_at": NOW},
            row | later,
            row | later | {"event_id": "3", "next_at": None},
        ]
        for one in told:
            session.add(WebhookEvent.model_validate(one))
        session.add(
            Feed.model_validate(
                {"id": "wire", "url": "https://example.org/feed", "failures": 5, "added_at": NOW, "next_at": NOW}
            )
        )
        pulse.beat(session, pulse.TICK, NOW)
    heartbeat.begin(database, what="worker", host=heartbeat.this_host())
    clock.at = NOW + timedelta(seconds=30)
    found = measured(of(database, clock))
    assert found["digest_oldest_lease_age_seconds",] == 30
    assert found["digest_deliveries", "1", "claimed"] == 4
    assert found["digest_events_unapplied",] == 2
    assert found["digest_oldest_unapplied_event_age_seconds",] == 7_230
    assert found["digest_feeds", "dead"] == 1
    assert found["digest_workers",] == 1
    assert found["digest_last_tick_timestamp_seconds",] == NOW.timestamp()


def test_one_measurement_serves_many_scrapers(database, clock):
    """Within five seconds the database is asked once; after them again."""
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *_: asked.append(1))
    elapsed = [0.0]
    scraped = Measured(of(database, clock), lambda: elapsed[0])
    list(scraped.collect())
    once = len(asked)
    elapsed[0] = KEPT - 0.1
    list(scraped.collect())
    assert len(asked) == once
    elapsed[0] = KEPT
    list(scraped.collect())
    assert len(asked) == 2 * once


def test_nobody_who_is_sent_is_looked_at(database, clock):
    """However many deliveries there are: each question about them or their batches goes to an index of a few."""
    room = newsroom.make(database, readers=500)
    freezing.freeze(database, room.issue_id, at=NOW, urls=URLS, progress=lambda _: None)
    batch = {
        "edition_number": room.editions[0],
        "account": "a",
        "fence": 1,
        "attempts": 1,
        "size": 1,
        "created_at": NOW,
    }
    with database.writing() as session:
        session.execute(text("UPDATE delivery SET state = 'accepted' WHERE subscriber_id < 490"))
        rows = [batch | {"id": newsroom.edition_id(n), "issue_number": 1, "state": "settled"} for n in range(300)]
        session.execute(insert(table(Batch)), rows)
        session.execute(update(table(Batch)).values(settled_at=NOW - timedelta(days=3)))
        session.execute(
            update(table(Delivery))
            .where(table(Delivery).c.subscriber_id == 499)
            .values(state="uncertain", settled_at=NOW)
        )
    asked: list[tuple[str, Any]] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, values, _context, _many: asked.append((statement, values)),
    )
    gauges.measure(of(database, clock))
    about = [(one, values) for one, values in asked if "delivery" in one or "batch" in one]
    assert len(about) > 8
    with database.engine.connect() as connection:
        for statement, values in about:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()]
            looks = [line for line in plan if "delivery" in line or "batch" in line]
            assert looks
            assert not [one for one in looks if one.startswith("SCAN") and "ix_delivery_queued" not in one], plan
            assert all("USING" in one for one in looks), plan
            assert not [one for one in looks if "PRIMARY KEY (issue_number" in one], plan


def test_ready_says_what_is_missing_and_that_a_worker_is_away(app: App, http: httpx.Client):
    """200 while pages can be served; the worker is said; an old schema or a lost database is 503, without a secret."""
    with app.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    assert http.get("/ready").status_code == 503
    assert "digest database upgrade" in http.get("/ready").json()["schema"]
    from digest import migrating  # noqa: PLC0415

    with app.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": migrating.newest()})
    assert http.get("/ready").json() == {"database": "ok", "schema": "ok", "worker": "never seen"}
    with app.database.writing() as session:
        pulse.beat(session, pulse.TICK, NOW)
    assert http.get("/ready").json()["worker"] == "ok"
    with app.database.writing() as session:
        pulse.beat(session, pulse.TICK, NOW - timedelta(hours=1))
    assert http.get("/ready").json()["worker"] == "last seen 2026-11-24 05:00 UTC"
    assert http.get("/ready").headers["cache-control"] == "no-store"
    with app.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE pulse"))
    answer = http.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"database": "does not answer"})
    assert http.get("/metrics").status_code == 503
