"""Several provider accounts side by side: each edition by its own, and what a change, a halt or a loss of one does."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, text, update
from sqlalchemy.dialects import sqlite

from digest.clock import StillClock
from digest.database import Database
from digest.engine import local
from digest.issues import log
from digest.issues.models import Issue, Publication
from digest.issues.sending_accounts import account_of
from digest.sending import choosing, control, direct, halting, ledger, pacing, routing, sender, starting, waiting, work
from digest.sending.editions import Editions
from digest.sending.means import Means
from digest.sending.models import table
from digest.sending.provider import BatchRefused, StopIssue, UnknownOutcome
from digest.sending.sender import Ended
from tests.conftest import BOTH, NOW
from tests.sending import newsroom
from tests.sending.fakes import Never, Scripted, means

DAY = timedelta(days=1)
SETS = ("caucasus", "sahel")  # odd readers have the first, even ones the second
PUBLICATION = table(Publication)


def opened(database: Database, readers: int = 8, sets: tuple[str, ...] = SETS, **accounts: Any) -> newsroom.Newsroom:
    """Make an issue whose ledger is open. ``accounts``: of its publication."""
    room = newsroom.make(database, readers=readers, sets=sets)
    newsroom.queue(database, room)
    name(database, **accounts)
    return room


def name(database: Database, account: str = "", **list_accounts: str) -> None:
    """Let the publication and its lists name accounts."""
    with database.writing() as session:
        session.execute(update(PUBLICATION).values(account=account, list_accounts=list_accounts))


def two(database: Database, clock: StillClock, first: Any, second: Any, rate: float = 1000.0) -> Means:
    """Return means with the default account, "scripted", and another one, "second"."""
    return replace(means(database, clock, first), providers={"second": second}, rates={"second": rate})


def drain(tools: Means, share: int | None = None) -> Ended:
    """Run one worker on issue 1 until it stops."""
    return sender.run(tools, 1, Never(), share=share)


def counts(database: Database) -> dict[str, int]:
    """Return the states that somebody is in."""
    with database.reading() as session:
        assert ledger.is_whole(session, 1)
        return {state: n for state, n in ledger.counts(session, 1).items() if n}


def readers(provider: Scripted) -> list[int]:
    """Return the numbers of the readers that a provider took, each as often as it was taken."""
    return sorted(int(one.split("-")[1].split("@")[0]) for one in provider.taken.elements())


def accounts_of_batches(database: Database) -> Counter[str]:
    """Return how many batches each account has."""
    return Counter(row.account for row in newsroom.rows_of(database, newsroom.BATCH))


@pytest.mark.parametrize(
    ("lists", "account"),
    [
        (("a", "b"), "one"),
        (("b", "a"), "two"),
        (("c", "b"), "two"),
        (("c",), "main"),
        (("d", "c"), "main"),
        ((), "main"),
    ],
)
def test_an_edition_goes_by_its_first_list_that_names_an_account(lists: tuple[str, ...], account: str):
    """In the edition's order; an empty name is none; else the publication's."""
    assert account_of(lists, "main", {"a": "one", "b": "two", "d": ""}) == account


@BOTH
def test_each_edition_goes_by_its_account(database: Database, clock: StillClock):
    """Two lists, two accounts: each reader once, by the right one, in calls as large as that one takes."""
    opened(database, 8, sahel="second")
    first, second = Scripted(recipients=4), Scripted(recipients=2)
    assert drain(two(database, clock, first, second)) is Ended.idle
    assert (readers(first), readers(second)) == ([1, 3, 5, 7], [2, 4, 6, 8])
    assert [len(call.recipients) for call in second.got] == [2, 2]
    assert accounts_of_batches(database) == {"scripted": 1, "second": 2}
    assert {row.account for row in newsroom.rows_of(database, pacing.PACER)} == {"scripted", "second"}
    assert newsroom.issue(database).status == "sent"


@BOTH
def test_a_publication_goes_by_its_account_but_for_a_list_of_another(database: Database, clock: StillClock):
    """The publication's account takes what no list claims; the default one is asked nothing where nobody names it."""
    opened(database, 9, ("caucasus", "sahel", "caucasus sahel"), account="second")
    first, second, third = Scripted(), Scripted(), Scripted()
    name(database, "second", sahel="third")
    tools = replace(means(database, clock, first), providers={"second": second, "third": third})
    drain(tools)
    assert (readers(first), readers(second), readers(third)) == ([], [1, 4, 7], [2, 3, 5, 6, 8, 9])


@BOTH
def test_each_account_has_its_own_pace(database: Database, clock: StillClock):
    """One call a second by the slow one; the fast one does not wait for it, and all take as long as the slow one."""
    opened(database, 20, sahel="second")
    first, second = Scripted(recipients=1), Scripted(recipients=2)
    when: dict[str, list[float]] = {"first": [], "second": []}
    first.before = lambda _call: when["first"].append((clock.now() - NOW).total_seconds())
    second.before = lambda _call: when["second"].append((clock.now() - NOW).total_seconds())
    drain(two(database, clock, first, second, rate=1.0))
    assert counts(database) == {"accepted": 20}
    assert max(when["first"]) < 1.1
    assert [round(one) for one in when["second"]] == [0, 1, 2, 3, 4]


@BOTH
def test_a_change_holds_for_what_is_queued_and_not_for_what_was_handed_over(database: Database, clock: StillClock):
    """In the middle of a sending: the next claim goes by the new account; a repetition stays with the old one."""
    opened(database, 12, ("caucasus",))
    first, second = Scripted([UnknownOutcome("reset")], idempotency=DAY), Scripted()
    tools = two(database, clock, first, second)
    assert drain(tools, share=1) is Ended.told
    second.before = lambda _call: name(database, "second")
    first.before = lambda _call: name(database, "second")
    drain(tools, share=1)
    drain(tools)
    assert (len(first.got), len(second.got)) == (2, 1)
    clock.sleep(30)
    drain(tools)
    assert first.got[0].batch_id == first.got[2].batch_id
    assert accounts_of_batches(database) == {"scripted": 2, "second": 1}
    assert counts(database) == {"accepted": 12}
    assert max((first.taken + second.taken).values()) == 1


@BOTH
def test_halves_stay_with_the_account_of_their_batch(database: Database, clock: StillClock):
    """A refused batch is halved; the account is changed: the halves go by the old one, the queue by the new one."""
    opened(database, 8, ("caucasus",))
    first, second = Scripted([BatchRefused("400")]), Scripted()
    tools = two(database, clock, first, second)
    drain(tools, share=1)
    name(database, "second")
    drain(tools)
    assert (readers(first), readers(second)) == ([1, 2, 3, 4], [5, 6, 7, 8])


@BOTH
def test_a_worker_sees_a_change_at_its_next_claim(database: Database, clock: StillClock):
    """Also one that thought there was one account only: nothing more leaves by the old one."""
    opened(database, 12, ("caucasus",))
    first, second = Scripted(), Scripted()
    first.before = lambda _call: name(database, caucasus="second")
    drain(two(database, clock, first, second))
    assert (len(first.got), len(second.got)) == (1, 2)


@BOTH
def test_an_account_that_had_nothing_to_do_is_asked_again_after_a_change(database: Database, clock: StillClock):
    """Its list's readers have theirs; then the rest is given to it, too: the same worker sends it."""
    opened(database, 24, sahel="second")
    first, second = Scripted(recipients=2), Scripted(recipients=12)
    first.before = lambda _call: name(database, "second") if len(first.got) == 3 else None
    assert drain(two(database, clock, first, second)) is Ended.idle
    assert (len(readers(first)), len(readers(second))) == (6, 18)


@BOTH
def test_a_killed_worker_s_batches_are_taken_back_by_the_rules_of_their_account(database: Database, clock: StillClock):
    """Both calls were made and the worker died: repeated where keys are kept, uncertain where they are not."""
    opened(database, 8, sahel="second")
    first, second = Scripted(), Scripted(idempotency=DAY)
    tools = two(database, clock, first, second)
    with database.reading() as session:
        route = routing.read(session, 1, "scripted")
    for part in route.parts:  # the worker that dies: it hands over, and is gone
        editions = Editions(tools.provider_of(part.account), tools.keys, tools.base_url)
        claim = sender._claim(tools, editions, 1, route, part)
        assert claim is not None
        sender._hand_over(tools, editions, claim)
    clock.sleep(121)
    work.tidy(tools)
    clock.sleep(60)
    drain(tools)
    assert newsroom.states(database) == {n: "accepted" if n % 2 == 0 else "uncertain" for n in range(1, 9)}
    assert (readers(first), readers(second)) == ([], [2, 4, 6, 8])


@BOTH
def test_a_halted_account_holds_its_own_part_only(database: Database, clock: StillClock):
    """The key of one is refused: the other's readers all get theirs, then the issue says what is held and why."""
    room = opened(database, 12, sahel="second")
    first, second = Scripted(recipients=2), Scripted([StopIssue("401 key refused.")], recipients=2)
    tools = two(database, clock, first, second)
    assert drain(tools) is Ended.halted
    assert (readers(first), readers(second)) == ([1, 3, 5, 7, 9, 11], [])
    issue = newsroom.issue(database)
    assert issue.status == "paused"
    assert issue.held == "6 deliveries held: account 'second': 401 key refused."
    with database.reading() as session:
        kept = session.get_one(Issue, room.issue_id)
        assert [one.after for one in log.entries(session, kept) if one.what == "halt"] == [
            {"account": "second", "reason": "401 key refused."}
        ]
    assert len(second.got) == 1
    with database.writing() as session:
        assert pacing.halted(session, "second")
    control.resume(database, room.issue_id, who="ana", at=clock.now(), account="scripted")
    assert drain(tools) is Ended.idle
    assert (readers(second), newsroom.issue(database).status) == ([2, 4, 6, 8, 10, 12], "sent")


@BOTH
def test_while_others_wait_the_issue_stays_open_and_says_what_is_held(database: Database, clock: StillClock):
    """One part is halted, the other waits for its hour: not paused; the sentence tells both; then the rest leaves."""
    opened(database, 8, sahel="second")
    later = NOW + timedelta(hours=3)
    with database.writing() as session:
        delivery = newsroom.DELIVERY
        session.execute(update(delivery).where(delivery.c.edition_number == 100).values(next_attempt_at=later))
        pacing.halt(session, "second", "key refused")
    first, second = Scripted(), Scripted()
    tools = two(database, clock, first, second)
    assert drain(tools) is Ended.idle
    assert (newsroom.issue(database).status, first.got, second.got) == ("sending", [], [])
    with database.reading() as session:
        said = waiting.of_issue(session, 1, clock.now(), "scripted")
    assert (said.due, said.next_at) == (0, later)
    assert "4 deliveries held: account 'second': key refused" in said.sentence(clock.now())
    clock.sleep(3 * 3600)
    assert drain(tools) is Ended.halted
    assert readers(first) == [1, 3, 5, 7]
    with database.reading() as session:
        assert halting.held_parts(session, 1, "scripted")[0].deliveries == 4


@BOTH
def test_an_edition_too_large_for_its_account_holds_that_part(database: Database, clock: StillClock):
    """The other account's readers get theirs; the reason names the provider."""
    opened(database, 4, sahel="second")
    first, second = Scripted(), Scripted(max_bytes=500)
    assert drain(two(database, clock, first, second)) is Ended.halted
    assert (readers(first), second.got) == ([1, 3], [])
    assert "larger than one call" in newsroom.issue(database).held


@BOTH
def test_an_account_that_left_the_settings_is_held_and_nothing_is_lost(database: Database, clock: StillClock):
    """A half of a refused batch waits for it: a sentence that says how to mend it; put back, everybody gets it once."""
    room = opened(database, 12, sahel="second")
    first, second = Scripted(), Scripted([BatchRefused("400")])
    tools = two(database, clock, first, second)
    with database.writing() as session:  # the default account would be first otherwise
        session.execute(update(newsroom.DELIVERY).where(newsroom.DELIVERY.c.edition_number == 100).values(
            next_attempt_at=NOW + timedelta(seconds=60)))  # fmt: skip
    drain(tools, share=2)
    assert second.got
    clock.sleep(60)
    alone = means(database, clock, first)
    assert drain(alone) is Ended.halted
    held = newsroom.issue(database).held
    assert "The settings have no provider account 'second'" in held
    assert "Set it in DIGEST_ACCOUNTS" in held
    assert readers(first) == [1, 3, 5, 7, 9, 11]
    control.resume(database, room.issue_id, who="ana", at=clock.now(), account="scripted")
    assert drain(tools) is Ended.idle
    assert readers(second) == [2, 4, 6, 8, 10, 12]
    assert newsroom.issue(database).status == "sent"


@BOTH
def test_halves_of_an_account_given_up_for_good_are_queued_again(database: Database, clock: StillClock):
    """PROVIDER was changed while halves waited: held; a person resumes it, and all go by the account there is."""
    room = opened(database, 8, ("caucasus",))
    gone = Scripted([BatchRefused("400")])
    drain(two(database, clock, Scripted(), gone), share=0)
    name(database, "second")
    drain(two(database, clock, Scripted(), gone), share=1)
    name(database)
    now = Scripted()
    assert drain(means(database, clock, now)) is Ended.halted
    assert readers(now) == [5, 6, 7, 8]
    assert "4 deliveries held: account 'second'" in newsroom.issue(database).held
    control.resume(database, room.issue_id, who="ana", at=clock.now(), account="scripted")
    assert drain(means(database, clock, now)) is Ended.idle
    assert (readers(now), counts(database)) == ([1, 2, 3, 4, 5, 6, 7, 8], {"accepted": 8})


@BOTH
def test_an_issue_that_names_an_unknown_account_does_not_begin(database: Database, clock: StillClock):
    """Held before anything is written, with a sentence that names the account and those there are."""
    room = newsroom.make(database, readers=4, sets=SETS)
    name(database, sahel="elsewhere")
    assert not starting.start(means(database, clock, Scripted()), room.issue_id)
    issue = newsroom.issue(database)
    assert issue.status == "scheduled"
    assert "no provider account 'elsewhere' (they have: scripted)" in issue.held
    assert newsroom.states(database) == {}


@BOTH
def test_many_workers_share_two_accounts(database: Database, clock: StillClock):
    """Four threads: everybody once, each by their own account, and the issue ends."""
    room = opened(database, 60, sahel="second")
    first, second = Scripted(recipients=3), Scripted(recipients=2)
    local.drain(two(database, clock, first, second), room.issue_id, concurrency=4, stop=threading.Event())
    assert (len(readers(first)), len(readers(second))) == (30, 30)
    assert set((first.taken + second.taken).values()) == {1}
    assert newsroom.issue(database).status == "sent"


def test_a_test_mail_goes_as_its_readers_get_it(database: Database, clock: StillClock):
    """By the account of its edition, where the accounts are handed in; by the one provider handed in else."""
    opened(database, 4, ("caucasus", "caucasus sahel"), sahel="second")
    first, second = Scripted(), Scripted()
    tools = two(database, clock, first, second)
    for number in (100, 101):
        direct.send_test(
            database, tools.provider_of, number, address="ed@example.org", base_url="https://d.example.org"
        )
    direct.send_test(database, lambda _: first, 101, address="ed@example.org", base_url="https://d.example.org")
    subjects = [[call.content.subject for call in one.got] for one in (first, second)]
    assert subjects == [
        ["[Test] News of caucasus", "[Test] News of caucasus sahel"],
        ["[Test] News of caucasus sahel"],
    ]


@contextmanager
def said(database: Database) -> Iterator[list[str]]:
    """Collect the statements that the database is asked."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine, "before_cursor_execute", note)


def test_with_one_account_nothing_more_is_asked(database: Database, clock: StillClock):
    """The accounts are seen in the very question whether the issue is open: as many statements as ever for a batch."""
    opened(database, 40, ("caucasus",))
    tools = means(database, clock, Scripted(recipients=2))
    drain(tools, share=1)
    with said(database) as statements:
        drain(tools, share=10)
    about = [one for one in statements if "publication" in one]
    assert len(about) == 10
    assert all("issue.held" in one for one in about)
    assert not [one for one in statements if "edition.lists" in one and "edition.html" not in one]
    assert len([one for one in statements if "pacer" in one]) == 10


def plan(database: Database, query: Any) -> list[str]:
    """Return how SQLite would go about a query."""
    words = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with database.reading() as session:
        return [row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {words}"))]


def test_the_index_of_queued_readers_leads_to_each_account_s_readers(database: Database):
    """With one account and with several: no sorting, no look at the readers of other editions, no other index."""
    opened(database, 40)
    mine = newsroom.DELIVERY.c.edition_number.in_([100, 101])
    at_once, late = choosing.waits_until.is_(None), choosing.waits_until <= func.current_timestamp()
    usual = [plan(database, choosing._queued(1, when).limit(1)) for when in (at_once, late)]
    parted = [plan(database, choosing._queued(1, when).where(mine).limit(1)) for when in (at_once, late)]
    for (found,) in (*usual, *parted):
        assert "ix_delivery_queued (issue_number=? AND next_attempt_at" in found
    assert "edition_number=?" in parted[0][0]
