"""Each reader gets an issue once, at its hour in their own zone; what waits for that is told, and stays changeable."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from digest.clock import StillClock
from digest.database import Database
from digest.engine import local
from digest.issues import wall_times
from digest.issues.models import Issue, IssueLog, Publication, Run
from digest.rendering.urls import Urls
from digest.sending import batches, control, freezing, ledger, rehearsing, sender, waiting, waves, work
from digest.sending.means import Means
from digest.sending.models import table
from digest.sending.provider import Mailing, NotTaken
from subscribers import known_zones
from subscribers.models import Subscription
from tests.conftest import BOTH, NOW
from tests.sending import approved, newsroom, zoned
from tests.sending.fakes import Never, Scripted, means

URLS = Urls(approved.BASE, approved.KEYS)
ZONES = sorted(known_zones())
HOME = "Asia/Tbilisi"  # NOW is 10:00 there
ABROAD = {2: "America/New_York", 3: "Europe/Brussels", 4: "America/New_York", 5: HOME, 6: "Asia/Tokyo"}
NEW_YORK, BRUSSELS = NOW + timedelta(hours=9), NOW + timedelta(hours=3)


def freeze(database: Database, room: newsroom.Newsroom, at: datetime = NOW) -> int | None:
    """Freeze the newsroom's issue."""
    return freezing.freeze(database, room.issue_id, at=at, urls=URLS, progress=lambda _: None)


@pytest.fixture
def room(database: Database) -> newsroom.Newsroom:
    """Make an issue of a weekly from Tbilisi, 10:00, with six readers: number 1 has named no zone."""
    made = newsroom.make(database, readers=6)
    zoned.publication(database, HOME)
    zoned.live_in(database, ABROAD)
    newsroom.set_issue(database, send_at=NOW)
    return made


def run(tools: Means) -> str:
    """Send what may be sent now."""
    return sender.run(tools, 1, Never())


def in_words(database: Database, at: datetime) -> str:
    """Return what waits, as a person is told."""
    with database.reading() as session:
        return waiting.of_issue(session, 1, at).sentence(at)


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_instant_is_the_first_at_which_the_clocks_there_show_the_hour(home: str, zone: str, send_at: datetime):
    """In any zone, at any time of three years: that hour, or, where clocks jump over it, as late after the jump."""
    wall = send_at.astimezone(ZoneInfo(home)).replace(tzinfo=None)
    at = waves.instant(wall, zone)
    assert at is not None
    there = ZoneInfo(zone)
    shown = at.astimezone(there).replace(tzinfo=None)
    if shown != wall:
        before, after = (at - timedelta(hours=2)).astimezone(there), at.astimezone(there)
        assert shown - wall == (after.utcoffset() or timedelta()) - (before.utcoffset() or timedelta()) > timedelta(0)
    twice = (at - shift for shift in (timedelta(minutes=30), timedelta(hours=1)))
    assert all(one.astimezone(there).replace(tzinfo=None) != wall for one in twice)
    plan = waves.later_than(send_at, wall)
    assert [moment for moment, names in plan.items() if zone in names] == ([at] if at > send_at else [])
    assert list(plan) == sorted(plan)


CHANGES = [
    ("2026-03-08T02:30", "Pacific/Kiritimati"),  # skipped in New York
    ("2026-03-29T02:30", "Pacific/Auckland"),  # skipped in Brussels
    ("2026-10-25T02:30", "Asia/Tokyo"),  # twice in Brussels
    ("2027-11-07T01:30", "Asia/Tbilisi"),  # twice in New York
    ("2028-04-02T02:30", "Europe/Brussels"),  # twice in Sydney; half of the world is too early
    ("2028-10-01T02:15", "Pacific/Kiritimati"),  # skipped in Sydney, by half an hour on Lord Howe
]


@pytest.mark.parametrize(
    ("database", "wall", "home"),
    [("sqlite", *one) for one in CHANGES] + [("postgresql", *CHANGES[2])],
    indirect=["database"],
)
def test_a_reader_in_every_zone_gets_it_once_at_the_hour_there(
    database: Database, clock: StillClock, wall: str, home: str
):
    """The whole way: frozen, sent wave by wave as the hours come, each mail at the instant the clocks there say."""
    start = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(home)).astimezone(UTC)
    newsroom.make(database, readers=len(ZONES), at=start)
    zoned.publication(database, home)
    zoned.live_in(database, dict(enumerate(ZONES, 1)))
    newsroom.set_issue(database, send_at=start)
    clock.at = start
    got: dict[int, datetime] = {}

    def note(mailing: Mailing) -> None:
        for one in mailing.recipients:
            assert got.setdefault(int(one.delivery_ref.partition(".")[2]), clock.at) == clock.at

    provider = Scripted(recipients=1000)
    provider.before = note
    tools = means(database, clock, provider)
    room = newsroom.Newsroom(newsroom.issue(database).id, 1, (100,), ())
    assert freeze(database, room, start) == len(ZONES)
    while newsroom.issue(database).status == "sending":
        run(tools)
        with database.reading() as session:
            assert ledger.is_whole(session, 1)
            clock.at = waiting.of_issue(session, 1, clock.at).next_at or clock.at
    assert newsroom.issue(database).status == "sent"
    assert set(provider.taken.values()) == {1}
    hour = datetime.fromisoformat(wall)
    for who, zone in enumerate(ZONES, 1):
        assert got[who] == max(start, wall_times.moment(hour, ZoneInfo(zone)).at), zone


@BOTH
def test_the_sending_lasts_until_the_last_wave_and_says_what_it_waits_for(
    database: Database, clock: StillClock, room: newsroom.Newsroom
):
    """Three get it at once (no zone, the same, one where the hour is over), one after 3 hours, two after 9."""
    freeze(database, room)
    assert zoned.waits(database) == {1: None, 2: NEW_YORK, 3: BRUSSELS, 4: NEW_YORK, 5: None, 6: None}
    provider = Scripted()
    tools = means(database, clock, provider)
    assert run(tools) == "idle"
    assert set(provider.taken) == {f"reader-{n}@example.org" for n in (1, 5, 6)}
    assert in_words(database, NOW) == (
        "Issue 1: 3 deliveries wait for their readers' own hour: 1 leaves at 2026-11-24 09:00 UTC (10:00 in "
        "Europe/Brussels), the last at 2026-11-24 15:00 UTC. Run again then, or leave `digest worker` running."
    )
    with database.reading() as session:
        found = waves.of_issue(session, 1)
        assert [one.to_json() for one in found] == [
            {"at": BRUSSELS.isoformat(), "readers": 1, "zones": {"Europe/Brussels": 1}},
            {"at": NEW_YORK.isoformat(), "readers": 2, "zones": {"America/New_York": 2}},
        ]
    clock.at = BRUSSELS
    run(tools)
    assert "2 deliveries wait for their readers' own hour: 2 leave at 2026-11-24 15:00" in in_words(database, BRUSSELS)
    assert newsroom.issue(database).status == "sending"
    clock.at = NEW_YORK
    run(tools)
    assert (newsroom.issue(database).status, in_words(database, NEW_YORK)) == ("sent", "")
    assert set(provider.taken.values()) == {1}
    assert len(provider.taken) == 6


@BOTH
def test_nobody_waits_where_the_publication_does_not_want_it(database: Database, room: newsroom.Newsroom):
    """The readers' zones are known, and not looked at."""
    zoned.publication(database, HOME, reader_zones=False)
    freeze(database, room)
    assert set(zoned.waits(database).values()) == {None}


@BOTH
def test_between_waves_no_worker_is_sent_to_look(database: Database, clock: StillClock, room: newsroom.Newsroom):
    """While all that is left waits, the issue is not named as work; once the hour comes, or a lease ends, it is."""
    freeze(database, room)
    tools = means(database, clock, Scripted([None, NotTaken("busy")], recipients=2))

    def drains() -> list[Any]:
        return [job for job in work.due(database, clock.now()) if job.kind is work.Kind.drain]

    assert len(drains()) == 1
    run(tools)
    assert drains() == []  # one waits for the next try, three for their hour
    clock.sleep(10)
    assert len(drains()) == 1
    run(tools)
    assert drains() == []
    work.tidy(tools)
    assert newsroom.issue(database).status == "sending"
    clock.at = BRUSSELS
    assert len(drains()) == 1
    with database.writing() as session:
        assert batches.claim(
            session, 1, "scripted", now=clock.at, lease=timedelta(seconds=60), capacity=lambda _s, _e: 9
        )
    assert drains() == []
    clock.sleep(61)
    assert len(drains()) == 1


def test_a_sending_at_a_terminal_leaves_when_only_later_waves_are_left(
    database: Database, clock: StillClock, room: newsroom.Newsroom
):
    """It does not wait for hours; the sentence says when to come back."""
    with database.writing() as session:
        session.execute(update(newsroom.ISSUE).values(status="freezing"))
    provider = Scripted()
    local.drain(means(database, clock, provider), room.issue_id, concurrency=2, stop=threading.Event())
    assert clock.now() < NOW + timedelta(minutes=1)
    assert len(provider.taken) == 3
    assert "3 deliveries wait for their readers' own hour" in in_words(database, clock.now())


@BOTH
def test_pausing_cancelling_and_leaving_between_waves(database: Database, clock: StillClock, room: newsroom.Newsroom):
    """Paused, nothing leaves; who left their lists since gets nothing; a cancel ends the later waves, and no more."""
    freeze(database, room)
    provider = Scripted()
    tools = means(database, clock, provider)
    run(tools)
    control.pause(database, room.issue_id, who="operator", at=NOW)
    with database.reading() as session:
        assert [one.readers for one in waves.of_issue(session, 1)] == [1, 2]
    clock.at = BRUSSELS
    run(tools)
    assert len(provider.taken) == 3
    with database.writing() as session:
        mine = table(Subscription)
        session.execute(update(mine).where(mine.c.subscriber_id == 3).values(state="ended"))
        session.execute(update(newsroom.ISSUE).values(status="sending"))
    run(tools)
    assert newsroom.states(database)[3] == "withdrawn"
    control.cancel(database, room.issue_id, who="operator", at=clock.at)
    clock.at = NEW_YORK
    run(tools)
    assert newsroom.states(database) == {
        **dict.fromkeys((1, 5, 6), "accepted"),
        3: "withdrawn",
        **dict.fromkeys((2, 4), "cancelled"),
    }  # fmt: skip
    with database.reading() as session:
        assert ledger.is_whole(session, 1)
        assert waves.of_issue(session, 1) == []


@BOTH
def test_a_new_revision_goes_to_later_waves_at_their_hour(
    database: Database, clock: StillClock, room: newsroom.Newsroom
):
    """Who waits gets what was changed, and not before the hour they waited for."""
    freeze(database, room)
    provider = Scripted()
    tools = means(database, clock, provider)
    run(tools)
    newsroom.second_revision(database, room)
    clock.at = NOW + timedelta(hours=1)
    assert freeze(database, room, clock.at) == 6
    assert run(tools) == "idle"
    assert {n: at for n, at in zoned.waits(database).items() if at} == {2: NEW_YORK, 3: BRUSSELS, 4: NEW_YORK}
    for clock.at in (BRUSSELS, NEW_YORK):
        run(tools)
    rows = newsroom.rows_of(database, newsroom.DELIVERY)
    assert {row.subscriber_id: row.edition_number for row in rows if row.edition_number == 900} == {
        2: 900, 3: 900, 4: 900}  # fmt: skip
    assert set(provider.taken.values()) == {1}
    assert len(provider.taken) == 6


@BOTH
def test_what_was_frozen_holds_when_a_reader_moves(database: Database, clock: StillClock, room: newsroom.Newsroom):
    """A zone changed, or cleared, between the freeze and the wave: this issue comes at the hour of then."""
    freeze(database, room)
    tools = means(database, clock, Scripted())
    run(tools)
    zoned.live_in(database, {2: "Asia/Tokyo", 3: "", 4: "Mars/Olympus"})
    assert {n: at for n, at in zoned.waits(database).items() if at} == {2: NEW_YORK, 3: BRUSSELS, 4: NEW_YORK}
    with database.reading() as session:
        assert [one.zones for one in waves.of_issue(session, 1)] == [{"": 1}, {"Asia/Tokyo": 1, "Mars/Olympus": 1}]
        assert waves.example(session, 1, BRUSSELS) == ""
    assert "1 leaves at 2026-11-24 09:00 UTC, the last" in in_words(database, NOW)
    zoned.live_in(database, {2: "Mars/Olympus"})
    clock.at = BRUSSELS
    assert run(tools) == "idle"
    assert "2 leave at 2026-11-24 15:00 UTC. Run" in in_words(database, BRUSSELS)


@BOTH
def test_waiting_for_a_wave_is_not_failing(database: Database, clock: StillClock):
    """The 24 hours of tries begin at the first failure: after 25 hours of waiting a busy provider is tried again."""
    room = newsroom.make(database, readers=1)
    zoned.publication(database, "Pacific/Kiritimati")
    zoned.live_in(database, {1: "Pacific/Niue"})
    newsroom.set_issue(database, send_at=NOW)
    freeze(database, room)
    tools = means(database, clock, Scripted([NotTaken("busy")]))
    assert run(tools) == "idle"
    assert "1 delivery waits for its reader's own hour: 1 leaves at" in in_words(database, NOW)
    clock.sleep(25 * 3600)
    run(tools)
    row = newsroom.delivery(database, 1)
    assert (row.state, row.attempts) == ("queued", 1)
    assert clock.at - row.first_failed_at < timedelta(seconds=1)
    assert "1 delivery is tried again" in in_words(database, clock.at)
    clock.sleep(10)
    run(tools)
    assert newsroom.states(database) == {1: "accepted"}


@BOTH
def test_a_wave_whose_hour_has_come_goes_first_and_fills_its_batch(
    database: Database, clock: StillClock, room: newsroom.Newsroom
):
    """It is on time even where many still wait for nothing; and a small wave shares its call with some of them."""
    freeze(database, room)
    clock.at = NEW_YORK
    provider = Scripted()
    run(means(database, clock, provider))
    calls = [sorted(one.address for one in mailing.recipients) for mailing in provider.got]
    assert [[address[7] for address in call] for call in calls] == [["1", "3", "5", "6"], ["2", "4"]]


@BOTH
@pytest.mark.parametrize(
    ("ordered_for", "ordered_at", "planned", "hour"),
    [
        (None, None, None, NOW),  # nobody said when
        (NOW, None, None, NOW),
        (NOW, NOW, None, NOW),  # sent by hand, outside any run
        (NOW, NOW, NOW - timedelta(hours=2), NOW - timedelta(hours=2)),  # released late by the schedule
        (NOW, NOW, NOW + timedelta(hours=2), NOW),  # sent by hand, too early
        (NOW, NOW - timedelta(hours=1), NOW - timedelta(hours=2), NOW),  # a person chose another hour
    ],
)
def test_the_hour_is_the_one_it_was_meant_to_leave_at(  # noqa: PLR0917 - cases
    database: Database,
    room: newsroom.Newsroom,
    ordered_for: datetime | None,
    ordered_at: datetime | None,
    planned: datetime | None,
    hour: datetime,
):
    """An issue that is late is late for those only whose hour is over; what a person chose holds."""
    newsroom.set_issue(database, send_at=ordered_for)
    with database.writing() as session:
        times = {"publication_id": newsroom.FAMILY, "planned_at": NOW, "created_at": NOW, "issue_id": room.issue_id}
        if planned:
            session.add(Run.model_validate(times | {"send_at": planned}))
        if ordered_at:
            said = {"issue_id": room.issue_id, "who": "editor", "what": "schedule"}
            session.add(IssueLog.model_validate(said | {"at": ordered_at}))
    with database.reading() as session:
        assert waves.hour(session, session.get_one(Issue, room.issue_id), NOW) == hour


def test_what_a_sending_would_do_is_told_before(database: Database, room: newsroom.Newsroom):
    """The waves of an issue not sent yet, by the zones of the readers of now; the first is when it leaves."""
    with database.reading() as session:
        issue = session.get_one(Issue, room.issue_id)
        ahead = rehearsing.waves_of(session, issue, NOW)
        assert [(one.at, one.readers) for one in ahead] == [(NOW, 3), (BRUSSELS, 1), (NEW_YORK, 2)]
        assert ahead[0].zones == {"": 1, HOME: 1, "Asia/Tokyo": 1}
    zoned.publication(database, HOME, reader_zones=False)
    with database.reading() as session:
        assert rehearsing.waves_of(session, session.get_one(Issue, room.issue_id), NOW) == []
    assert session.get(Publication, newsroom.FAMILY) is not None


def test_a_zone_this_machine_does_not_know_waits_for_nothing():
    """A database may come from a machine with newer zones."""
    assert waves.instant(datetime(2026, 11, 24, 8), "Mars/Olympus") is None  # noqa: DTZ001
    assert waves.instant(datetime(2026, 11, 24, 8), "../etc/passwd") is None  # noqa: DTZ001
