"""SMTP and the ledger together: a relay that loses mails in every way costs nobody theirs, and nobody gets it twice."""

from collections import Counter
from contextlib import closing

from digest.accounts import ProviderName
from digest.clock import StillClock
from digest.database import Database
from digest.providers import smtp
from digest.sending import sender
from tests.conftest import BOTH
from tests.providers.accounts import QUICK, account
from tests.providers.smtp_server import HANG_UP, Relay, serving
from tests.sending import newsroom
from tests.sending.fakes import Never, means


def _adapter(relay: Relay, clock: StillClock) -> smtp.Smtp:
    return smtp.build(account(ProviderName.smtp, url=relay.url()), QUICK, now=clock.now)


@BOTH
def test_each_answer_of_a_relay_is_written_down_for_its_reader(database: Database, clock: StillClock):
    """Refused, greylisted once, lost before the dot once (a new call at once), lost after it: each as it is."""
    newsroom.queue(database, newsroom.make(database, readers=9))
    once = Counter[str]()

    def script(verb: str, line: str) -> str | None:
        once[f"{verb} {line}"] += 1
        first = once[f"{verb} {line}"] == 1
        if verb == "RCPT" and "reader-2@" in line:
            return "550 5.1.1 No such user"
        if verb == "RCPT" and "reader-3@" in line and first:
            return "450 4.2.0 Greylisted"
        if verb == "DATA" and "reader-4@" in line and first:
            return HANG_UP
        return HANG_UP if verb == "DOT" and "reader-5@" in line else None

    with serving(script=script) as relay, closing(_adapter(relay, clock)) as made:
        work = means(database, clock, made)
        sender.run(work, 1, Never())
        assert newsroom.states(database) == {
            1: "accepted", 2: "rejected", 3: "queued", 4: "accepted", 5: "uncertain", 6: "accepted", 7: "accepted",
            8: "accepted", 9: "accepted",
        }  # fmt: skip
        clock.sleep(10)
        sender.run(work, 1, Never())
    states = newsroom.states(database)
    assert Counter(states.values()) == {"accepted": 7, "rejected": 1, "uncertain": 1}
    assert Counter(relay.reached) == {f"reader-{n}@example.org": 1 for n in range(1, 10) if n != 2}
    assert newsroom.delivery(database, 2).reason == "The relay answered 550 to RCPT: 5.1.1 No such user"
    assert newsroom.delivery(database, 1).provider_message_id == "4Q1"
    assert newsroom.issue(database).status == "sent"
