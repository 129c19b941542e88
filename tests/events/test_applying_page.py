"""Applying page by page: one at a time, as much as is asked for, and what fails holds nobody up."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from digest.database import Database
from digest.events import applying, consequences, intake
from digest.providers.event import EventKind
from tests.conftest import BOTH, NOW
from tests.events.test_applying import DELIVERY, KEYS, event, made, states
from tests.sending import newsroom

_K = EventKind


@BOTH
def test_an_event_that_fails_holds_nobody_up(database: Database):
    """It is put off with the reason, and given up after three days; the others are applied."""
    made(database)
    intake.store(database, "sendgrid", [event(_K.delivered, one, event_id=f"f{one}") for one in (1, 2, 3)], NOW)
    with database.writing() as session:
        session.execute(update(intake.EVENT).where(intake.EVENT.c.event_id == "f2").values(kind="of a later release"))
    assert applying.apply_due(database, KEYS, NOW) == applying.Applied(applied=2, waiting=1)
    assert newsroom.delivery(database, 3).outcome == "delivered"
    with database.reading() as session:
        bad = session.execute(select(intake.EVENT).where(intake.EVENT.c.state == "waiting")).one()
    assert (bad.attempts, bad.next_at) == (1, NOW + timedelta(seconds=30))
    assert "of a later release" in bad.note
    assert applying.apply_due(database, KEYS, NOW + timedelta(days=4)).applied == 1
    assert states(database) == {"applied": 2, "without_effect": 1}


@BOTH
def test_a_pass_has_its_measure(database: Database):
    """So many and no more; the next pass goes on, the oldest first."""
    made(database)
    intake.store(database, "sendgrid", [event(_K.delivered, one) for one in (1, 2, 3)], NOW)
    assert applying.apply_due(database, KEYS, NOW, most=2).applied == 2
    assert applying.apply_due(database, KEYS, NOW, most=2).applied == 1
    assert applying.apply_due(database, KEYS, NOW, most=2) == applying.Applied()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_one_applies_at_a_time(database: Database):
    """Who comes meanwhile leaves at once, with nothing done; nothing is lost."""
    made(database)
    intake.store(database, "sendgrid", [event(_K.delivered)], NOW)
    with database.writing() as session:
        session.execute(text(f"SELECT pg_advisory_xact_lock({applying.LOCK})"))
        assert applying.apply_due(database, KEYS, NOW) == applying.Applied()
    assert applying.apply_due(database, KEYS, NOW).applied == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_nobody_is_waited_for(database: Database):
    """An event of a delivery that a sender is writing waits; the others are applied."""
    made(database, "queued")
    intake.store(database, "sendgrid", [event(_K.delivered, 1), event(_K.delivered, 2)], NOW)
    with database.writing() as session:
        session.execute(update(DELIVERY).where(DELIVERY.c.subscriber_id == 1).values(attempts=1))
        assert applying.apply_due(database, KEYS, NOW) == applying.Applied(applied=1, waiting=1)
    assert applying.apply_due(database, KEYS, NOW + timedelta(minutes=1)).applied == 1


class Stopped(Exception):
    """What PostgreSQL's driver raises, with its code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def test_a_deadlock_is_for_the_next_pass(database: Database, monkeypatch: pytest.MonkeyPatch):
    """Another transaction was let go first: nothing is done, nothing lost. A database that is gone is an error."""
    made(database)
    intake.store(database, "sendgrid", [event(_K.delivered)], NOW)

    def stop(code: str) -> None:
        def fail(*_given: Any) -> None:
            raise OperationalError("UPDATE", {}, Stopped(code))

        monkeypatch.setattr(consequences, "draw", fail)

    stop("40P01")
    assert applying.apply_due(database, KEYS, NOW) == applying.Applied()
    stop("57P01")
    with pytest.raises(OperationalError):
        applying.apply_due(database, KEYS, NOW)
    monkeypatch.undo()
    assert applying.apply_due(database, KEYS, NOW).applied == 1
