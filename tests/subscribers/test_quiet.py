"""Readers who were silent for long: asked once, kindly; then paused, told, and back by one button."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

from digest import migrating, settings
from digest.cli import subscribers as command
from digest.clock import StillClock
from digest.database import Database
from digest.errors import BadInput
from digest.events import quiet
from digest.events.models import Click
from digest.issues import publications
from digest.issues.models import Issue, Publication
from digest.sending.models import Delivery, table
from digest.sending.provider import NotTaken, Receipt, UnknownOutcome
from digest.ticking import tick
from subscribers import add_list, agree_to_clicks, end, subscribe, suppress
from subscribers import quiet as readers
from subscribers.consent import note_visit
from subscribers.models import QuietAsk, Subscriber
from subscribers.pausing import pause
from tests.conftest import BOTH, NOW, STRONG
from tests.sending.fakes import Scripted, means
from tests.sending.newsroom import KEYS
from tests.subscribers.conftest import LISTS

PERSON, ASKED, CLICK = table(Subscriber), table(QuietAsk), table(Click)
DAYS = timedelta(days=1)
LONG_AGO = NOW - 200 * DAYS
LENA = "lena@example.org"


@pytest.fixture
def clock() -> StillClock:
    """Stand at ten in the morning."""
    return StillClock(NOW.replace(hour=10))


@pytest.fixture
def room(database: Database, clock: StillClock) -> SimpleNamespace:
    """Have a weekly that asks after 90 days, and Lena, who agreed long ago, got five issues and opened none."""
    with database.writing() as session:
        for data in LISTS:
            add_list(session, data)
        values = {"id": "weekly", "name": "The Weekly", "sender_name": "W", "sender_address": "w@news.example"}
        rules = {"postal_address": "Street 1", "clicks": "personal", "quiet_days": 90, "quiet_grace": 14}
        session.add(Publication.model_validate(values | rules))
        session.flush()
        for number in range(1, 6):
            at = NOW - timedelta(weeks=number)
            times = {"as_of": at, "created_at": at, "changed_at": at, "first_accepted_at": at}
            issue = {"id": f"00000000-0000-4000-8000-00000000000{number}", "number": number, "publication_id": "weekly"}
            session.add(Issue.model_validate(issue | times | {"status": "sent"}))
    provider = Scripted()
    made = SimpleNamespace(database=database, clock=clock, provider=provider, means=means(database, clock, provider))
    made.lena = reader(made, LENA)
    return made


def reader(room: Any, address: str, *lists: str, agreed: Any = LONG_AGO, mails: int = 5, **more: Any) -> Any:
    """Add a reader who is on lists since long ago; returns their ref and number."""
    words: dict[str, Any] = {"at": LONG_AGO, "source": "form", "wording": "Yes", "confirmed": True} | more
    with room.database.writing() as session:
        ref = subscribe(session, KEYS, address=address, lists=list(lists or ("sc",)), **words)
        if agreed:
            agree_to_clicks(session, ref=ref, agreed=True, at=agreed, source="preferences")
        number = session.execute(select(PERSON.c.id).where(PERSON.c.address == address)).scalar_one()
        same = {"subscriber_id": number, "state": "accepted", "attempts": 1}
        rows = [same | {"issue_number": one, "edition_number": one} for one in range(1, mails + 1)]
        if rows:
            session.execute(insert(table(Delivery)), rows)
    return SimpleNamespace(ref=ref, number=number)


def clicked(room: Any, who: Any, at: Any, state: str = "human") -> None:
    """Let somebody follow a link."""
    row = {"edition_number": 1, "place": 1, "at": at, "visitor": "v", "method": "GET", "sign": "", "state": state}
    with room.database.writing() as session:
        session.execute(insert(CLICK), [row | {"subscriber_id": who.number}])


def mails(room: Any) -> list[tuple[str, str]]:
    """Return address and subject of the mails that went since the last look."""
    got = [(one.recipients[0].address, one.content.subject) for one in room.provider.got]
    room.provider.got.clear()
    return got


def person(room: Any, who: Any) -> Any:
    with room.database.reading() as session:
        return session.execute(select(PERSON).where(PERSON.c.id == who.number)).one()


def asked(room: Any, who: Any) -> Any:
    with room.database.reading() as session:
        return session.execute(select(ASKED).where(ASKED.c.subscriber_id == who.number)).one_or_none()


def counts(room: Any) -> Any:
    with room.database.reading() as session:
        return quiet.numbers(session, session.get_one(Publication, "weekly"), room.clock.now())


def later(room: Any, days: float) -> None:
    """Let time go by."""
    room.clock.sleep(days * 86_400)


@BOTH
def test_one_kind_mail_then_a_pause(room):
    """Asked once; after the grace paused, not ended, and told; never again after that, and the pause goes on."""
    assert (counts(room).due, counts(room).today, counts(room).asked) == (1, 1, 0)
    assert quiet.run(room.means) == ["weekly: 1 quiet reader was asked whether the mail is still wanted"]
    [letter] = room.provider.got
    assert letter.content.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in (letter.content.html, letter.content.text):
        assert "https://digest.example.org/still/" in part
        assert "https://digest.example.org/u/" in part
        assert "in 14 days" in part
    assert mails(room) == [(LENA, "Do you still want these mails?")]
    for _ in range(13):
        later(room, 1)
        assert quiet.run(room.means) == []
    later(room, 1.1)
    assert quiet.run(room.means) == ["weekly: 1 quiet reader was paused: no answer came"]
    assert mails(room) == [(LENA, "Your mail is paused")]
    assert person(room, room.lena).paused_until > room.clock.now() + 360 * DAYS
    assert (counts(room).asked, counts(room).answered, counts(room).paused) == (1, 0, 1)
    for _ in range(5):
        later(room, 90)
        assert quiet.run(room.means) == []
        assert person(room, room.lena).paused_until > room.clock.now()
    assert mails(room) == []


@BOTH
def test_one_button_brings_it_back(room):
    """By a yes before the pause it does not come; by one after it, it ends; a pause of one's own stays."""
    quiet.run(room.means)
    with room.database.writing() as session:
        readers.still(session, ref=room.lena.ref, family="weekly", at=room.clock.now())
    later(room, 15)
    assert quiet.run(room.means) == []
    assert person(room, room.lena).paused_until is None
    omar = reader(room, "omar@example.org")
    later(room, 1)
    quiet.run(room.means)
    later(room, 15)
    quiet.run(room.means)
    assert person(room, omar).paused_until
    for _ in range(2):
        with room.database.writing() as session:
            readers.still(session, ref=omar.ref, family="weekly", at=room.clock.now())
    assert person(room, omar).paused_until is None
    assert (counts(room).asked, counts(room).answered, counts(room).paused) == (2, 2, 0)
    own = room.clock.now() + 10 * DAYS
    with room.database.writing() as session:
        pause(session, ref=omar.ref, until=own)
        readers.still(session, ref=omar.ref, family="weekly", at=room.clock.now())
        readers.still(session, ref="-", family="weekly", at=room.clock.now())
    assert person(room, omar).paused_until == own


@BOTH
def test_who_gives_a_sign_is_not_asked(room):
    """A click, even one not judged yet, a press on their own page, what they agreed to of late; no machine's click."""
    now = room.clock.now()
    clicked(room, room.lena, now - 89 * DAYS, "new")
    seen, late, machine, old = (reader(room, f"{name}@example.org") for name in ("seen", "late", "machine", "old"))
    with room.database.writing() as session:
        note_visit(session, seen.ref, now - DAYS)
        subscribe(session, KEYS, address="late@example.org", lists=["ee"], at=now - DAYS, source="f", wording="Yes",
                  confirmed=True)  # fmt: skip
    clicked(room, machine, now - DAYS, "machine")
    clicked(room, old, now - 91 * DAYS)
    assert late.number
    quiet.run(room.means)
    assert sorted(address for address, _ in mails(room)) == ["machine@example.org", "old@example.org"]


@BOTH
def test_who_cannot_be_known_to_be_silent_is_not_asked(room):
    """Not agreed to be counted, agreed only lately, new, with few mails, or with mail whose clicks are unknown."""
    with room.database.writing() as session:
        session.execute(update(PERSON).values(clicks_agreed_at=None))
    reader(room, "lately@example.org", agreed=NOW - 10 * DAYS)
    reader(room, "few@example.org", mails=2)
    reader(room, "both@example.org", "sc", "daily-sc")
    gone, banned, away = (reader(room, f"{name}@example.org") for name in ("gone", "banned", "away"))
    with room.database.writing() as session:
        end(session, ref=gone.ref, family="weekly", list_id=None, at=LONG_AGO, source="page")
        suppress(session, KEYS, "banned@example.org", "complaint", NOW)
        pause(session, ref=away.ref, until=NOW + 5 * DAYS)
    assert banned.number
    quiet.run(room.means)
    assert mails(room) == []


@BOTH
def test_a_sign_after_the_question_is_an_answer(room):
    """A click, leaving, an own pause, agreeing no longer: no pause of ours follows."""
    people = [room.lena, *(reader(room, f"{name}@example.org") for name in ("left", "away", "private"))]
    quiet.run(room.means)
    assert len(mails(room)) == 4
    now = room.clock.now() + 2 * DAYS
    clicked(room, people[0], now)
    with room.database.writing() as session:
        end(session, ref=people[1].ref, family="weekly", list_id=None, at=now, source="page")
        pause(session, ref=people[2].ref, until=now + 60 * DAYS)
        agree_to_clicks(session, ref=people[3].ref, agreed=False, at=now, source="preferences")
    later(room, 20)
    assert quiet.run(room.means) == []
    assert mails(room) == []
    assert person(room, people[2]).paused_until == now + 60 * DAYS
    assert all(asked(room, one).answered_at for one in people)


def test_not_more_than_so_many_a_day_and_only_by_day(room, monkeypatch):
    """The limit holds over passes; nobody is written to at night, nor is it looked more than once an hour."""
    monkeypatch.setattr(quiet, "MOST_A_DAY", 3)
    for number in range(6):
        reader(room, f"r{number}@example.org")
    assert (counts(room).due, counts(room).today) == (7, 3)
    quiet.run(room.means)
    assert len(mails(room)) == 3
    for hours in (0.5, 3):
        later(room, hours / 24)
        quiet.run(room.means)
        assert mails(room) == []
    later(room, 0.5)  # night
    quiet.run(room.means)
    assert mails(room) == []
    later(room, 0.5)
    quiet.run(room.means)
    assert len(mails(room)) == 3
    later(room, 1)
    quiet.run(room.means)
    assert len(mails(room)) == 1


def test_what_goes_wrong_asks_nobody_twice(room):
    """Refused or not taken: asked another day. Unknown: taken for asked. A worker that died: nothing follows."""
    reader(room, "second@example.org")
    reader(room, "third@example.org")
    refuse = lambda mailing: [Receipt(mailing.recipients[0].delivery_ref, accepted=False, reason="no")]  # noqa: E731
    room.provider.answers = [NotTaken("Busy."), refuse, UnknownOutcome("Lost.")]
    quiet.run(room.means)
    assert len(mails(room)) == 3
    assert counts(room).asked == 1
    with room.database.writing() as session:
        readers.choose(session, "weekly", [room.lena.number], room.clock.now())  # and the worker dies here
        assert readers.choose(session, "weekly", [room.lena.number], room.clock.now()) == []
        assert readers.choose(session, "weekly", [], room.clock.now()) == []
    later(room, 1)
    quiet.run(room.means)
    assert [address for address, _ in mails(room)] == ["second@example.org"]
    later(room, 30)
    quiet.run(room.means)
    assert sorted(address for address, _ in mails(room)) == ["second@example.org", "third@example.org"]
    assert person(room, room.lena).paused_until is None


def test_who_is_paused_is_told_in_the_end(room):
    """The mail was not taken, or the worker died: it is tried again after an hour, until it is taken."""
    quiet.run(room.means)
    later(room, 15)
    room.provider.answers = [NotTaken("Busy.")]
    quiet.run(room.means)
    later(room, 0.05)
    quiet.run(room.means)
    assert [subject for _, subject in mails(room)][1:] == ["Your mail is paused"] * 2
    later(room, 1)
    quiet.run(room.means)
    assert mails(room) == []


def test_it_is_off_unless_the_newsroom_wants_it(room):
    """By default; it needs clicks that are counted by person, and a time that no holiday fills."""
    for values in ({"quiet_days": 0}, {"clicks": "anonymous"}):
        with room.database.writing() as session:
            session.execute(update(table(Publication)).values({"quiet_days": 90, "clicks": "personal"} | values))
        assert quiet.run(room.means) == []
        assert counts(room) == quiet.Numbers("weekly", 0, 0, 0)
    assert publications.PublicationData.model_fields["quiet_days"].default == 0
    given: dict[str, Any] = {"id": "x", "name": "X", "sender_address": "x@news.example", "postal_address": "S"}
    assert publications.checked(**given, clicks="personal", quiet_days=180).quiet_grace == 14
    for wrong in ({"quiet_days": 180}, {"quiet_days": 29, "clicks": "personal"}):
        with pytest.raises(BadInput, match="quiet_days"):
            publications.checked(**given, **wrong)


def test_it_runs_in_the_pass_of_the_schedule(room):
    """Among what a tick did."""
    assert "weekly: 1 quiet reader was asked whether the mail is still wanted" in tick(room.means)
    assert (LENA, "Do you still want these mails?") in mails(room)


def test_the_command_counts_and_writes_to_nobody(tmp_path, monkeypatch):
    """With --dry-run; for one publication or all, also as JSON."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_SECRET_KEY", STRONG)
    monkeypatch.setenv("DIGEST_ADDRESS_KEY", STRONG[::-1])
    database = Database(settings.load(tmp_path).database_url)
    migrating.upgrade(database)
    with database.writing() as session:
        values = {"id": "weekly", "name": "W", "sender_name": "W", "sender_address": "w@news.example"}
        session.add(Publication.model_validate(values | {"postal_address": "S", "clicks": "personal"}))
    said = CliRunner().invoke(command.commands, ["quiet", "--dry-run"])
    assert said.output == "weekly: nobody is asked (digest publications edit weekly quiet_days=180).\n"
    with database.writing() as session:
        publications.change(session, "weekly", {"quiet_days": "90"})
    database.close()
    said = CliRunner().invoke(command.commands, ["quiet", "weekly"])
    assert said.output == (
        "weekly: 0 silent for 90 days, 0 to be asked today; so far 0 asked, 0 of them there, 0 paused.\n"
    )
    data = json.loads(CliRunner().invoke(command.commands, ["quiet", "--dry-run", "--json"]).output)
    assert data["publications"][0]["days"] == 90
    assert data["done"] == []
