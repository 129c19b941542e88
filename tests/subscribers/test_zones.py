"""Readers' time zones: recognised or refused with a sentence, kept, shown, exported, and forgotten."""

import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from subscribers import erase, export_csv, known_zones, reader_zones, readers_by_zone, suppress, zone_of
from subscribers import importing as importing_module
from subscribers.audience import PERSON
from subscribers.consent import set_zone, subscribe
from subscribers.errors import BadZone
from subscribers.people import standing
from subscribers.zones import zones_by_continent
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import person
from tests.subscribers.test_consent import ADDRESS, join
from tests.subscribers.test_importing import bring, counts

HEAD = "email,lists,zone\n"
HOSTILE = [
    "../../etc/passwd",
    "/etc/localtime",
    "/usr/share/zoneinfo/Europe/Brussels",
    "Europe/../Europe/Brussels",
    "Factory",
    "localtime",
    "posixrules",
    "posix/Europe/Brussels",
    "right/Europe/Brussels",
    "Europe",
    "Europe/",
    "+02:00",
    "Europe/Brussels\x00.txt",
    "x" * 100_000,
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "'; DROP TABLE subscriber; --",
    "Ευρώπη/Βρυξέλλες",
]


def zone_in(store, keys, address):
    """Return the zone of a person."""
    with store.reading() as session:
        return person(session, keys, address).zone


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20] for text in HOSTILE])
def test_what_is_no_zone_is_refused_in_a_short_sentence(text):
    """Nothing on the disk is opened by a name from outside; what is said of it stays short."""
    with pytest.raises(BadZone, match=r"is not a time zone\. Write one by its place") as caught:
        zone_of(text)
    assert len(str(caught.value)) < 400


@given(st.sampled_from(sorted(known_zones())), st.sampled_from([str.upper, str.lower, str]))
def test_every_zone_is_known_however_it_is_written(zone, write):
    """Capitals and blanks do not matter; what is kept is IANA's own writing, which a clock can be set by."""
    assert zone_of(f" {write(zone).replace('_', ' ')} ") == zone
    assert ZoneInfo(zone).key == zone
    assert zone_of("") == zone_of("  ") == ""


def test_what_is_offered_is_known_and_sorted():
    """Each zone once, under its continent; old names are understood and not offered."""
    names = [name for _, some in zones_by_continent() for name in some]
    assert len(set(names)) == len(names) > 400
    assert set(names) <= known_zones()
    assert {"Europe/Brussels", "America/Argentina/Buenos_Aires", "UTC"} <= set(names)
    assert not {"US/Eastern", "EST5EDT", "Etc/GMT+5"} & set(names)
    assert [continent for continent, _ in zones_by_continent()][-1] == "UTC"


@BOTH
def test_a_file_brings_zones_and_a_wrong_one_costs_a_warning_only(store, keys):
    """The reader is imported all the same, and counts as such; the report says in which line what was not taken."""
    text = HEAD + "a@example.org,sc,america/new york\nb@example.org,sc,Middle-earth/Shire\nc@example.org,sc,\n"
    report = bring(store, keys, text)
    assert counts(report) == {"new": 3, "unconfirmed": 3}
    assert (report.rows, report.warned) == (3, 1)
    [warning] = report.warnings
    assert warning.line == 3
    assert warning.message.startswith("'Middle-earth/Shire' is not a time zone.")
    assert warning.message.endswith("imported without one.")
    assert report.errors == []
    zones = [zone_in(store, keys, f"{name}@example.org") for name in "abc"]
    assert zones == ["America/New_York", "", ""]


@pytest.mark.parametrize("heading", ["zone", "Timezone", "Time zone", "time_zone", "TZ"])
def test_the_column_has_many_names(store, keys, heading):
    """As other systems export it; any other heading can be mapped."""
    bring(store, keys, f"email,lists,{heading}\na@example.org,sc,Asia/Tbilisi\n")
    assert zone_in(store, keys, "a@example.org") == "Asia/Tbilisi"
    bring(store, keys, "email,lists,Where\nb@example.org,sc,Asia/Tbilisi\n", mapping={"Where": "zone"})
    assert zone_in(store, keys, "b@example.org") == "Asia/Tbilisi"


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\x00" not in text], ids=lambda text: text[:20])
def test_hostile_zones_in_a_file_harm_nothing(store, keys, text):
    """The row comes in without its zone, and so do its neighbours with theirs."""
    cell = text.replace('"', '""')
    report = bring(store, keys, f'{HEAD}a@example.org,sc,"{cell}"\nb@example.org,sc,Asia/Tbilisi\n')
    assert (counts(report), report.warned) == ({"new": 2, "unconfirmed": 2}, 1)
    assert (zone_in(store, keys, "a@example.org"), zone_in(store, keys, "b@example.org")) == ("", "Asia/Tbilisi")


def test_the_report_keeps_the_first_warnings_only(store, keys, monkeypatch):
    """A file of a million wrong zones does not fill the memory; all are counted."""
    monkeypatch.setattr(importing_module, "KEPT_ERRORS", 2)
    report = bring(store, keys, HEAD + "".join(f"r{n}@example.org,sc,Nowhere\n" for n in range(5)))
    assert (report.warned, len(report.warnings)) == (5, 2)


@BOTH
def test_a_missing_zone_is_filled_in_and_a_given_one_kept(store, keys):
    """By a file, and by signing up again; what the reader chose is not overwritten."""
    with store.writing() as session:
        join(session, keys, "sc", address="a@example.org")
        more: dict[str, Any] = {"lists": ["sc"], "at": NOW, "source": "form", "wording": "", "confirmed": True}
        subscribe(session, keys, address="b@example.org", zone="europe/london", **more)
        subscribe(session, keys, address="b@example.org", zone="Asia/Tokyo", **more)
        subscribe(session, keys, address="c@example.org", **more)
        subscribe(session, keys, address="c@example.org", zone="Asia/Tokyo", **more)
        with pytest.raises(BadZone):
            subscribe(session, keys, address="d@example.org", zone="Nowhere", **more)
    rows = "".join(f"{name}@example.org,sc,Asia/Tbilisi\n" for name in "ab")
    assert counts(bring(store, keys, HEAD + rows)) == {"updated": 1, "unchanged": 1}
    zones = [zone_in(store, keys, f"{name}@example.org") for name in "abc"]
    assert zones == ["Asia/Tbilisi", "Europe/London", "Asia/Tokyo"]


def test_rows_of_one_person_give_the_first_zone_there_is(store, keys):
    """A file with a row per list may say it in one of them."""
    bring(store, keys, HEAD + "a@example.org,sc,\nA@example.org,ee,Asia/Tbilisi\n")
    assert zone_in(store, keys, "a@example.org") == "Asia/Tbilisi"


@BOTH
def test_an_export_carries_zones_and_reads_back(store, keys):
    """What goes out comes in again, somewhere else, with the same zones."""
    with store.writing() as session:
        set_zone(session, ref=str(join(session, keys, "sc", "ee", address="a@example.org")), zone="Asia/Tbilisi")
        join(session, keys, "sc", address="b@example.org")
    with store.reading() as session:
        text = "".join(export_csv(session))
    assert [line.rpartition(",")[2] for line in text.splitlines()] == ["zone", "Asia/Tbilisi", ""]
    with store.writing() as session:
        session.execute(PERSON.update().values(zone=""))
    assert counts(import_again(store, keys, text)) == {"updated": 1, "unchanged": 1}
    assert zone_in(store, keys, "a@example.org") == "Asia/Tbilisi"


def import_again(store, keys, text):
    """Import an exported text."""
    return importing_module.import_csv(store, keys, io.StringIO(text, newline=""), at=NOW, source="import:export")


@BOTH
def test_the_zones_of_an_audience_are_counted(store, keys):
    """Only of those who get the mail now; those who named none are under ""."""
    with store.writing() as session:
        for name, zone in [("a", "Asia/Tbilisi"), ("b", "Asia/Tbilisi"), ("c", ""), ("d", "UTC"), ("e", "UTC")]:
            ref = join(session, keys, "sc", address=f"{name}@example.org", confirmed=name != "d")
            set_zone(session, ref=str(ref), zone=zone)
        suppress(session, keys, "e@example.org", "by_hand", NOW)
        assert readers_by_zone(session, "weekly", NOW) == {"Asia/Tbilisi": 2, "": 1}
        assert len(session.execute(select(reader_zones().subquery())).all()) == 5


def test_a_zone_is_set_cleared_and_forgotten(store, keys):
    """By the reader's own ref; a ref of nobody is no error; an erased person leaves none."""
    with store.writing() as session:
        ref = str(join(session, keys, "sc"))
        set_zone(session, ref=ref, zone="asia/tbilisi")
        set_zone(session, ref="-", zone="UTC")
        found = standing(session, ref, "weekly")
        assert found is not None
        assert found.zone == "Asia/Tbilisi"
        with pytest.raises(BadZone):
            set_zone(session, ref=ref, zone="Nowhere")
        set_zone(session, ref=ref, zone="")
        assert person(session, keys, ADDRESS).zone == ""
        set_zone(session, ref=ref, zone="Asia/Tbilisi")
        erase(session, keys, ADDRESS, NOW)
        assert session.execute(select(PERSON.c.zone)).scalars().all() == [""]
