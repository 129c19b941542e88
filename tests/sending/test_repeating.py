"""Batches that are repeated under the same key: the same bytes, until a receipt comes or the key may be forgotten."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from digest.clock import StillClock
from digest.database import Database
from digest.sending import control
from digest.sending.provider import BatchRefused, NotTaken, ProviderError, StopIssue, UnknownOutcome
from subscribers.models import Subscription, table
from tests.conftest import BOTH
from tests.sending import newsroom
from tests.sending.fakes import Scripted
from tests.sending.test_sender import DAY, counts, drain, opened


@BOTH
def test_a_provider_with_keys_gets_the_same_bytes_again(database: Database, clock: StillClock):
    """Unknown twice, then an answer: same key, same readers, same values, though one left meanwhile."""
    opened(database, 3)
    provider = Scripted([UnknownOutcome("reset"), UnknownOutcome("reset")], idempotency=DAY)
    for _ in range(4):
        drain(database, clock, provider)
        with database.writing() as session:
            session.execute(update(table(Subscription)).values(state="ended"))
        clock.sleep(200)
    assert len(provider.got) == 3
    assert len({call.batch_id for call in provider.got}) == 1
    assert provider.got[0].recipients == provider.got[1].recipients == provider.got[2].recipients
    assert counts(database) == {"accepted": 3}
    assert newsroom.rows_of(database, newsroom.BATCH)[0].sealed is None  # forgotten once it is settled


@pytest.mark.parametrize("said", [NotTaken("429", throttled=True), BatchRefused("no"), StopIssue("401")])
def test_what_is_said_of_a_repetition_says_nothing_of_the_first_call(
    database: Database, clock: StillClock, said: ProviderError
):
    """The first got no answer and may have been taken: the key stays the same, until a receipt comes."""
    made = opened(database, 3)
    provider = Scripted([UnknownOutcome("reset"), said], idempotency=DAY)
    for _ in range(4):
        drain(database, clock, provider)
        if isinstance(said, StopIssue) and len(provider.got) == 2:
            control.resume(database, made.issue_id, who="ana", at=clock.now(), account="scripted")
        clock.sleep(400)
    assert len({call.batch_id for call in provider.got}) == 1
    assert counts(database) == {"accepted": 3}
    assert max(provider.taken.values()) == 1


@BOTH
def test_a_key_that_may_be_forgotten_is_not_used(database: Database, clock: StillClock):
    """Past the window less its margin the batch is uncertain; nobody sends it again."""
    opened(database, 3)
    provider = Scripted([UnknownOutcome("reset"), UnknownOutcome("reset")], idempotency=timedelta(minutes=3))
    drain(database, clock, provider)
    clock.sleep(50)
    drain(database, clock, provider)
    clock.sleep(15)
    drain(database, clock, provider)
    assert (len(provider.got), counts(database)) == (2, {"uncertain": 3})
