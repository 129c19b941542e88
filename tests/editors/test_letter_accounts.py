"""Letters to editors go by the account of their publication."""

from dataclasses import replace

from digest.clock import StillClock
from digest.database import Database
from digest.editors import letters
from tests.conftest import BOTH, NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BELA
from tests.sending.fakes import Scripted


@BOTH
def test_letters_go_by_the_account_of_their_publication(database: Database, clock: StillClock):
    """The default one is not asked; where the settings do not have the account, the sentence names it."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    newsroom.change(database, account="second")
    second = Scripted()
    means, first = newsroom.working(database, clock=clock)
    letters.drafted(means, issue.id, NOW)
    said = letters.send_due(means, NOW)
    assert len(said) == 2
    assert all("no provider account 'second'" in one for one in said)
    rows = newsroom.mails(database)
    assert len(rows) == 2
    for row in rows:
        assert "Set it in DIGEST_ACCOUNTS" in row.error
    other = newsroom.draft(database, at=NOW.replace(day=25))
    means = replace(means, providers={"second": second})
    letters.drafted(means, other.id, NOW)
    letters.send_due(means, NOW)
    assert (first.got, second.taken) == ([], {ANNA: 1, BELA: 1})
