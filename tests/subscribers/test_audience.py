"""Who gets what now, always in step with the subscriptions."""

import io
from datetime import timedelta
from threading import Thread
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from subscribers import (
    add_list,
    audience_sets,
    confirm,
    end,
    erase,
    import_csv,
    packed_refs,
    recipients,
    refresh_audience,
    still_wanted,
    subscribe,
    suppress,
)
from subscribers.audience import MEMBER, PERSON, SUBSCRIPTION
from tests import databases
from tests.conftest import BOTH, NOW
from tests.subscribers.conftest import LISTS
from tests.subscribers.reading import audiences
from tests.subscribers.test_consent import join, stop

OPEN = [data for data in LISTS if data.open]
PEOPLE = ["a@example.org", "b@example.org", "c@example.org"]


def got(session, family="weekly"):
    """Return address -> audience number of the recipients."""
    found = recipients(family, NOW).subquery()
    query = select(PERSON.c.address, found.c.audience_id).join(PERSON, PERSON.c.id == found.c.subscriber_id)
    return dict(session.execute(query).all())


@BOTH
def test_readers_of_the_same_lists_are_one_audience(store, keys):
    """Whatever the order they asked in: the newsroom's order holds. Most readers first."""
    with store.writing() as session:
        join(session, keys, "sc", "ee", address="a@example.org")
        join(session, keys, "ee", "sc", address="b@example.org")
        join(session, keys, "ca", "daily-sc", address="c@example.org")
        sets = audience_sets(session, "weekly", NOW)
        assert [(one.lists, one.language, one.readers) for one in sets] == [(("sc", "ee"), "en", 2), (("ca",), "ru", 1)]
        assert set(got(session).values()) == {one.audience_id for one in sets}
        assert [one.lists for one in audience_sets(session, "daily", NOW)] == [("daily-sc",)]
        assert audience_sets(session, "none", NOW) == []


@BOTH
def test_a_readers_own_order_goes_first(store, keys):
    """Lists they placed come by their place, the rest in the newsroom's order after them."""
    with store.writing() as session:
        join(session, keys, "sc", "ee", "ca", address="a@example.org")
        place = update(SUBSCRIPTION).where(SUBSCRIPTION.c.list_id == "ca").values(position=1)
        session.execute(place)
        number = session.execute(select(PERSON.c.id)).scalar_one()
        refresh_audience(session, [number], ["weekly"])
        assert audiences(session) == {("a@example.org", "weekly"): "ca sc ee"}


@BOTH
def test_who_must_not_be_mailed_is_no_recipient(store, keys):
    """Suppressed, paused, erased, unconfirmed and ended readers are left out, and counted in no set."""
    names = ("plain", "suppressed", "paused", "back", "erased", "unconfirmed", "ended")
    with store.writing() as session:
        refs = {}
        for name in names:
            refs[name] = join(session, keys, "sc", address=f"{name}@example.org", confirmed=name != "unconfirmed")
        suppress(session, keys, "suppressed@example.org", "hard_bounce", NOW)
        for name, until in (("paused", NOW + timedelta(seconds=1)), ("back", NOW)):
            session.execute(update(PERSON).where(PERSON.c.ref == refs[name]).values(paused_until=until))
        erase(session, keys, "erased@example.org", NOW)
        stop(session, refs["ended"])
        assert set(got(session)) == {"plain@example.org", "back@example.org"}
        assert [one.readers for one in audience_sets(session, "weekly", NOW)] == [2]


@BOTH
def test_who_still_wants_an_edition_is_asked_before_it_leaves(store, keys):
    """Wanted while one of its lists is confirmed; else withdrawn; suppressed whatever else is true."""
    names = ("both", "one", "none", "suppressed", "paused", "erased")
    with store.writing() as session:
        refs = {name: join(session, keys, "sc", "ee", address=f"{name}@example.org", name="N") for name in names}
        stop(session, refs["one"], "sc")
        stop(session, refs["none"])
        stop(session, refs["suppressed"])
        suppress(session, keys, "suppressed@example.org", "complaint", NOW)
        until = update(PERSON).where(PERSON.c.ref == refs["paused"])
        session.execute(until.values(paused_until=NOW + timedelta(days=1)))
        erase(session, keys, "erased@example.org", NOW)
        numbers = session.execute(select(PERSON.c.id)).scalars().all()
        rows = session.execute(still_wanted(numbers, ["sc", "ee"], NOW)).mappings().all()
        packed = dict(
            zip((row["subscriber_id"] for row in rows), packed_refs([row["ref"] for row in rows]), strict=True)
        )
        by_ref = {UUID(bytes=packed[row["subscriber_id"]]): row["standing"] for row in rows}
        assert {name: by_ref[ref] for name, ref in refs.items()} == {
            "both": "wanted",
            "one": "wanted",
            "none": "withdrawn",
            "suppressed": "suppressed",
            "paused": "withdrawn",
            "erased": "withdrawn",
        }
        first = next(row for row in rows if row["address"] == "both@example.org")
        assert (UUID(bytes=packed[first["subscriber_id"]]), first["name"]) == (refs["both"], "N")
        some = select(PERSON.c.id).where(PERSON.c.address == "both@example.org")
        assert len(session.execute(still_wanted(some, ["sc"], NOW)).all()) == 1
        assert session.execute(still_wanted([], ["sc"], NOW)).all() == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_changes_at_once_of_one_reader_are_both_in_the_audience(store, keys):
    """On PostgreSQL the second change waits for the first, and then sees it."""
    with store.writing() as session:
        ref = join(session, keys, "sc", "ee", address="a@example.org")

    def other():
        with store.writing() as second:
            stop(second, ref, "ee")

    with store.writing() as session:
        stop(session, ref, "sc")
        thread = Thread(target=other)
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive()
    thread.join(timeout=10)
    with store.reading() as session:
        assert audiences(session) == {}


STEPS = st.one_of(
    st.tuples(st.just("subscribe"), st.sampled_from(PEOPLE), st.sets(st.sampled_from(OPEN), min_size=1), st.booleans()),
    st.tuples(st.just("end"), st.sampled_from(PEOPLE), st.sampled_from([*OPEN, None]), st.just(0)),
    st.tuples(st.just("confirm"), st.sampled_from(PEOPLE), st.sets(st.sampled_from(OPEN), min_size=1), st.just(0)),
    st.tuples(st.just("import"), st.sampled_from(PEOPLE), st.sets(st.sampled_from(OPEN), min_size=1), st.booleans()),
    st.tuples(st.just("erase"), st.sampled_from(PEOPLE), st.just(None), st.just(0)),
)


class Story:
    """Takes random steps on one database."""

    def __init__(self, database, keys):
        self.database, self.keys = database, keys
        self.refs: dict[str, str] = {}

    def take(self, step, address, what, flag):
        """Do one step in a transaction of its own."""
        if step == "import":
            proof = "2026-01-01,form" if flag else ","
            lists = "|".join(data.id for data in what)
            lines = io.StringIO(f"email,lists,consent_at,consent_source\n{address},{lists},{proof}\n")
            import_csv(self.database, self.keys, lines, at=NOW, source="import:x")
            return
        with self.database.writing() as session:
            getattr(self, step)(session, address, what, flag)

    def subscribe(self, session, address, what, flag):
        """Put a person on lists."""
        ids = [data.id for data in what]
        self.refs[address] = subscribe(
            session, self.keys, address=address, lists=ids, at=NOW, source="form", wording="", confirmed=flag
        )

    def end(self, session, address, what, _):
        """End one list, or all of the weekly."""
        family = what.family if what else "weekly"
        list_id = what.id if what else None
        end(session, ref=self.refs.get(address, "-"), family=family, list_id=list_id, at=NOW, source="page")

    def confirm(self, session, address, what, _):
        """Confirm what waits."""
        ids = [data.id for data in what]
        confirm(session, ref=self.refs.get(address, "-"), lists=ids, at=NOW, source="link", wording="")

    def erase(self, session, address, _what, _):
        """Erase a person who is there."""
        known = select(PERSON.c.id).where(PERSON.c.address == address)
        if session.execute(known).scalar_one_or_none() is not None:
            erase(session, self.keys, address, NOW)


def check_in_step(session):
    """Compare the audiences with what the subscriptions say."""
    said = text(
        "SELECT p.address, l.family, s.list_id FROM subscription s JOIN subscriber p ON p.id = s.subscriber_id "
        "JOIN list l ON l.id = s.list_id WHERE s.state = 'confirmed' ORDER BY l.family, l.position, l.id"
    )
    expected: dict[tuple[str, str], str] = {}
    for address, family, list_id in session.execute(said):
        expected[address, family] = f"{expected.get((address, family), '')} {list_id}".strip()
    assert audiences(session) == expected
    assert session.execute(select(MEMBER)).all().__len__() == len(expected)


@BOTH
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_the_audience_always_equals_the_confirmed_lists(store, keys, steps):
    """After any sequence of subscribing, ending, confirming, importing and erasing."""
    with store.writing() as session:
        for name in ("subscriberaudience", "audience", "consent", "subscription", "suppression", "subscriber"):
            session.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - names of ours
    story = Story(store, keys)
    for step in steps:
        story.take(*step)
        with store.reading() as session:
            check_in_step(session)


def test_a_thousand_sets_are_found_in_chunks(tmp_path, keys):
    """More audiences than fit one statement are no trouble."""
    database = databases.opened(tmp_path / "many.db")
    lists = [LISTS[0].model_copy(update={"id": f"l{n:02}", "position": n}) for n in range(13)]
    with database.writing() as session:
        for data in lists:
            add_list(session, data)
    sets = ["|".join(lists[bit].id for bit in range(13) if number >> bit & 1) for number in range(1, 1 << 13)]
    rows = (f"r{number}@example.org,{ids},2026-01-01,form\n" for number, ids in enumerate(sets))
    report = import_csv(
        database,
        keys,
        iter(["email,lists,consent_at,consent_source\n", *rows]),
        at=NOW,
        source="import:x",
    )
    assert report.new == 8191
    with database.reading() as session:
        assert len(audience_sets(session, "weekly", NOW)) == 8191
        check_in_step(session)
    database.close()
