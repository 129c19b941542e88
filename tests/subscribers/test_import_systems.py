"""Exports of Mailchimp, Ghost, listmonk and Substack: recognised, and nobody who left is revived."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subscribers import confirm, csv_rows, find, suppress, suppression_of
from subscribers.errors import BadFile
from subscribers.suppression import suppress_keys
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import person
from tests.subscribers.test_consent import join, stop
from tests.subscribers.test_importing import bring, counts, lists_of

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Interests,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,{}LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
)
MEMBER = (
    '{0},Lena,Example,"South Caucasus, Eastern Europe",4,{1},192.0.2.7,"2025-03-01 10:00:30",192.0.2.7,'
    '41.7,44.8,4,4,Asia/Tbilisi,GE,TB,{2}"2025-06-01 00:00:00",123,abc,,"""VIP"",""A, B"""\n'
)
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
    '65a,on@example.org,Ann On,"met at\nthe fair",true,false,,2024-01-15T10:00:00.000Z,,sc,Free\n'
    "65b,off@example.org,Ben Off,,false,false,,2024-01-16T10:00:00.000Z,,sc,\n"
    "65c,gone@example.org,,,true,false,,2024-01-17T10:00:00.000Z,2024-05-01T00:00:00.000Z,sc,\n"
)
LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at\n"
    '6f1c,on@example.org,Ann On,"{""lists"": [""sc"", ""ee""]}",enabled,'
    "2024-01-15 10:00:00.123456 +0000 UTC,2024-01-15 10:00:00.123456 +0000 UTC\n"
    '6f1d,off@example.org,Ben,"{""lists"": [""sc""]}",disabled,'
    "2024-01-15 10:00:00 +0000 UTC,2025-01-15 12:00:00 +0200 EET\n"
    "6f1e,banned@example.org,,{},blocklisted,2024-01-15 10:00:00 +0000 UTC,2024-02-15 10:00:00 +0000 UTC\n"
)
SUBSTACK = (
    "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
    "paid@example.org,true,2027-01-01T00:00:00.000Z,yearly,false,2024-01-15T10:00:00.000Z,2024-02-01T00:00:00.000Z\n"
    "free@example.org,false,,other,false,2024-01-16T10:00:00.000Z,\n"
    "off@example.org,true,,monthly,true,2024-01-17T10:00:00.000Z,\n"
)


def bans(store, keys, *names):
    """Return the reasons for which these people of example.org must not be mailed, "" where they may."""
    with store.reading() as session:
        found = [suppression_of(session, keys, f"{one}@example.org") for one in names]
    return [one.reason if one else "" for one in found]


@BOTH
def test_a_mailchimp_audience_comes_in_with_its_groups_and_consents(store, keys):
    """Name, groups as lists, the time and network of the confirmation; members of no form wait."""
    text = MAILCHIMP.format("") + MEMBER.format("lena@example.org", '"2025-03-01 10:00:00"', "")
    text += MEMBER.format("added@example.org", "", "")
    name = "subscribed_email_audience_export_1a.csv"
    report = bring(store, keys, text, mapping={"Interests": "lists"}, file_name=name)
    assert (report.system, counts(report)) == ("mailchimp", {"new": 2, "unconfirmed": 1})
    assert lists_of(store, keys, "lena@example.org") == {"sc": "confirmed", "ee": "confirmed"}
    assert lists_of(store, keys, "added@example.org") == {"sc": "unconfirmed", "ee": "unconfirmed"}
    with store.reading() as session:
        lena = person(session, keys, "lena@example.org")
    assert (lena.name, lena.zone, lena.consents[0].network) == ("Lena Example", "", "192.0.2.0/24")
    assert lena.consents[0].at == datetime(2025, 3, 1, 10, 0, 30, tzinfo=UTC)
    assert lena.consents[0].source == "import:file.csv (Mailchimp sign-up form)"
    assert "TAGS" in report.ignored_columns
    assert dict(report.columns)["CONFIRM_IP"] == "network"


@BOTH
def test_whoever_left_mailchimp_is_ended_here_and_never_revived(store, keys):
    """Unsubscribed people are ended, cleaned ones and complaints banned; again is unchanged, and so is reviving."""
    left = MAILCHIMP.format("UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,")
    text = left + MEMBER.format("left@example.org", "", '"2025-04-01 00:00:00",May,1,NORMAL,,')
    text += MEMBER.format("angry@example.org", "", '"2025-04-01 00:00:00",May,1,SPAM,,')
    options = {"lists": ["sc"], "consent_source": "form"}
    first = bring(store, keys, text, **options)
    assert (counts(first), first.banned, first.ended) == ({"new": 1}, 1, 1)
    cleaned = MAILCHIMP.format("CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,")
    cleaned += MEMBER.format("dead@example.org", "", '"2025-04-01 00:00:00",May,1,')
    assert bring(store, keys, cleaned, file_name="x.csv").banned == 1
    assert bans(store, keys, "left", "angry", "dead") == ["", "complaint", "hard_bounce"]
    assert lists_of(store, keys, "left@example.org") == {"sc": "ended"}
    with store.reading() as session:
        record = person(session, keys, "left@example.org").consents[0]
        assert (record.action, record.at) == ("ended", datetime(2025, 4, 1, tzinfo=UTC))
        assert find(session, keys, "dead@example.org") is None
    again = bring(store, keys, text, **options)
    assert (again.unchanged, again.suppressed, again.ended) == (1, 1, 0)
    back = "".join(f"{name}@example.org\n" for name in ("left", "angry", "dead"))
    proof = {"consent_source": "form", "consent_at": NOW}
    assert counts(bring(store, keys, "email\n" + back, lists=["sc"], **proof)) == {"unchanged": 1, "suppressed": 2}
    assert lists_of(store, keys, "left@example.org") == {"sc": "ended"}


def test_mailchimps_nonsubscribed_people_never_asked_for_mail(store, keys):
    """They bought something once: they are counted and left out; so says the file's name alone."""
    text = MAILCHIMP.format("") + MEMBER.format("buyer@example.org", "", "")
    report = bring(store, keys, text, file_name="nonsubscribed_email_audience_export_1a.csv")
    assert (report.rows, report.left_out, report.new) == (1, 1, 0)


def test_a_row_with_a_time_of_leaving_is_no_subscriber_whatever_the_name_says(store, keys):
    """As in files that somebody put together, and in a column of bounces."""
    text = MAILCHIMP.format("UNSUB_TIME,CLEAN_TIME,") + MEMBER.format("left@example.org", "", '"2025-04-01",,')
    text += MEMBER.format("dead@example.org", "", ",not a day,")
    report = bring(store, keys, text, lists=["sc"], file_name="subscribed_members_export_1.csv")
    assert (counts(report), report.banned) == ({"new": 1}, 1)
    assert lists_of(store, keys, "left@example.org") == {"sc": "ended"}


@BOTH
def test_ghost_members_come_in_with_the_newsrooms_word_for_the_source(store, keys):
    """Ghost knows when a member came, not how: without a source they wait; who is off or deleted has left."""
    waiting = bring(store, keys, GHOST, lists=["sc"])
    assert (waiting.system, counts(waiting), waiting.ended) == ("ghost", {"new": 3, "unconfirmed": 1}, 2)
    assert counts(bring(store, keys, GHOST, lists=["sc"], consent_source="Ghost")) == {"updated": 1, "unchanged": 2}
    assert lists_of(store, keys, "on@example.org") == {"sc": "confirmed"}
    assert lists_of(store, keys, "off@example.org") == lists_of(store, keys, "gone@example.org") == {"sc": "ended"}


@BOTH
def test_listmonk_subscribers_come_in_and_the_blocklist_is_kept(store, keys):
    """Disabled is ended, blocklisted is banned; Go's times are read; lists may come from the attributes."""
    report = bring(store, keys, LISTMONK, mapping={"attributes": "lists"}, consent_source="listmonk form")
    assert (report.system, counts(report), report.ended, report.banned) == ("listmonk", {"new": 2}, 1, 1)
    assert lists_of(store, keys, "on@example.org") == {"sc": "confirmed", "ee": "confirmed"}
    assert lists_of(store, keys, "off@example.org") == {"sc": "ended"}
    assert bans(store, keys, "banned") == ["by_hand"]
    with store.reading() as session:
        assert person(session, keys, "off@example.org").consents[0].at == datetime(2025, 1, 15, 10, tzinfo=UTC)


def test_substack_says_who_gets_mail_by_what_is_switched_off(store, keys):
    """Whether somebody pays says nothing of it."""
    report = bring(store, keys, SUBSTACK, lists=["sc"], consent_source="Substack")
    assert (report.system, counts(report), report.ended) == ("substack", {"new": 3}, 1)
    states = [lists_of(store, keys, f"{name}@example.org")["sc"] for name in ("paid", "free", "off")]
    assert states == ["confirmed", "confirmed", "ended"]


def test_the_system_can_be_named_and_its_headings_mapped(store, keys):
    """As in a Mailchimp of another language; an unknown system is refused."""
    text = "Adresse e-mail,OPTIN_TIME\na@example.org,2025-03-01 10:00:00\n"
    report = bring(store, keys, text, lists=["sc"], system="mailchimp", mapping={"Adresse e-mail": "address"})
    assert (report.system, counts(report)) == ("mailchimp", {"new": 1})
    assert lists_of(store, keys, "a@example.org") == {"sc": "confirmed"}
    plain = bring(store, keys, SUBSTACK, lists=["sc"], system="plain", consent_source="x")
    assert (plain.system, plain.ended) == ("plain", 0)
    with pytest.raises(BadFile, match="'aweber' is no system"):
        bring(store, keys, text, lists=["sc"], system="aweber")


def test_values_name_lists_and_others_are_passed_over(store, keys):
    """--value 'Caucasus=sc', 'Sport=-'; a row that names nothing else is an error with the way out."""
    text = 'email,Interests\na@example.org,"Caucasus, Sport"\nb@example.org,Sport\nc@example.org,Chess\n'
    options = {"mapping": {"Interests": "lists"}, "values": {"caucasus": "sc", "Sport": "-"}}
    heard: list[Any] = []
    report = bring(store, keys, text, on_error=heard.append, **options)
    assert counts(report) == {"new": 1, "failed": 2, "unconfirmed": 1}
    assert heard[0].row() == ["3", "The row names no list.", "b@example.org", "Sport"]
    assert "--value 'Chess=LIST'" in heard[1].message
    with pytest.raises(BadFile, match="not both"):
        bring(store, keys, text, lists=["sc"], **options)


def test_many_ways_to_name_lists_do_not_fill_the_memory(store, keys, monkeypatch):
    """What was remembered is forgotten at some time, and found again."""
    monkeypatch.setattr(csv_rows, "KEPT_CELLS", 1)
    cells = ["sc", "ee", "sc|ee", "ca", "sc"]
    text = "email,lists\n" + "".join(f"r{number}@example.org,{cell}\n" for number, cell in enumerate(cells))
    assert counts(bring(store, keys, text)) == {"new": 5, "unconfirmed": 5}


@pytest.mark.parametrize(
    ("word", "state"),
    [("unsubscribed", "ended"), ("Pending", "unconfirmed"), ("ACTIVE", "confirmed"), ("", "confirmed")],
)
def test_plain_files_may_say_how_somebody_stands(store, keys, word, state):
    """In words that systems use."""
    text = f"email,status\na@example.org,{word}\n"
    bring(store, keys, text, lists=["sc"], consent_source="form", consent_at=NOW)
    assert lists_of(store, keys, "a@example.org") == {"sc": state}


def test_a_status_that_is_none_is_an_error_that_says_the_way_out(store, keys):
    """The column may be something else: it can be passed over."""
    text = "email,status\na@example.org,gold\n"
    report = bring(store, keys, text, lists=["sc"])
    assert "'gold' does not say how the reader stands" in report.errors[0].message
    assert counts(bring(store, keys, text, lists=["sc"], mapping={"status": "-"})) == {"new": 1, "unconfirmed": 1}


@pytest.mark.parametrize("lists", ["{", "{}", '{"lists": 1}'])
def test_attributes_that_name_no_list_are_an_error(store, keys, lists):
    """Broken JSON, none, something else."""
    cell = lists.replace('"', '""')
    report = bring(store, keys, f'email,lists\na@example.org,"{cell}"\n')
    assert "names no list" in report.errors[0].message


@BOTH
def test_who_said_yes_here_later_stays(store, keys):
    """An old export knows nothing of a newer consent; one that is newer, or has no date, ends it. Complaints ban."""
    with store.writing() as session:
        for name in ("new", "old", "open", "dead", "angry", "waits"):
            join(session, keys, "sc", "ee", address=f"{name}@example.org", at=NOW, confirmed=name != "waits")
    before, after = (NOW - timedelta(days=1)).isoformat(), (NOW + timedelta(minutes=1)).isoformat()
    rows = [
        ("new", "ended", before),
        ("old", "ended", after),
        ("open", "ended", ""),
        ("dead", "bounced", before),
        ("angry", "complaint", before),
        ("waits", "ended", before),
    ]
    text = "email,status,left_at\n" + "".join(f"{name}@example.org,{state},{at}\n" for name, state, at in rows)
    report = bring(store, keys, text, lists=["sc"], at=NOW + timedelta(hours=1))
    assert counts(report) == {"updated": 3, "unchanged": 2}
    assert (report.banned, report.ended) == (1, 3)
    states = {name: lists_of(store, keys, f"{name}@example.org")["sc"] for name, _, _ in rows}
    assert [name for name, state in states.items() if state == "ended"] == ["old", "open", "waits"]
    assert bans(store, keys, "dead", "angry") == ["", "complaint"]


@BOTH
def test_a_stronger_ban_takes_the_place_of_a_weaker_one(store, keys):
    """By hand becomes a complaint, never the reverse; rows of one address count once."""
    with store.writing() as session:
        suppress(session, keys, "a@example.org", "by_hand", NOW)
        suppress(session, keys, "b@example.org", "complaint", NOW)
        suppress_keys(session, [])
    text = (
        "email,status\na@example.org,bounced\na@example.org,complaint\na@example.org,bounced\nb@example.org,bounced\n"
    )
    report = bring(store, keys, text, lists=["sc"])
    assert (report.banned, report.repeated, report.suppressed, report.rows) == (1, 2, 1, 4)
    assert bans(store, keys, "a", "b") == ["complaint", "complaint"]


def test_one_row_that_says_ended_ends_a_person_of_many_rows(store, keys):
    """Whatever the others say, above or below."""
    rows = "".join(f"a@example.org,{state}\n" for state in ("active", "ended", "active"))
    proof = {"consent_source": "form", "consent_at": NOW}
    bring(store, keys, "email,status\n" + rows, lists=["sc"], **proof)
    assert lists_of(store, keys, "a@example.org") == {"sc": "ended"}


@BOTH
def test_a_dry_run_counts_and_writes_nothing(store, keys):
    """The same numbers as the import, with the first rows masked."""
    with store.writing() as session:
        stop(session, join(session, keys, "sc", address="on@example.org"))
    options = {"lists": ["sc"], "consent_source": "Ghost"}
    heard: list[Any] = []
    dry = bring(store, keys, GHOST, dry_run=True, on_header=heard.append, **options)
    assert heard == [tuple(GHOST.split("\n", 1)[0].split(","))]
    with store.reading() as session:
        assert find(session, keys, "off@example.org") is None
    assert dry.sample[0] == {
        "address": "o•••@example.org",
        "name": "A•••",
        "language": "en",
        "lists": "sc",
        "state": "confirmed",
        "consent": "2024-01-15, Ghost",
    }
    real = bring(store, keys, GHOST, **options)
    assert counts(dry) == counts(real) == {"new": 2, "updated": 1}


def test_a_confirmed_reader_can_leave_and_a_new_import_does_not_bring_them_back(store, keys):
    """What was imported is as much theirs to end as what they signed up for."""
    bring(store, keys, GHOST, lists=["sc"], consent_source="Ghost")
    with store.writing() as session:
        ref = person(session, keys, "on@example.org").ref
        stop(session, ref)
        assert confirm(session, ref=ref, lists=["sc"], at=NOW, source="link", wording="") == ()
    assert counts(bring(store, keys, GHOST, lists=["sc"], consent_source="Ghost")) == {"unchanged": 3}
    assert lists_of(store, keys, "on@example.org") == {"sc": "ended"}


def test_a_name_beyond_all_measure_costs_nobody_their_place(store, keys):
    """A cell of ten million letters is read, NUL bytes and all; the name is left out with a warning."""
    text = f'email,name,lists\na@example.org,"{"x" * 10_000_000}",sc\nb@example.org,B\0en,sc\n'
    report = bring(store, keys, text)
    assert counts(report) == {"new": 2, "unconfirmed": 2}
    assert "was left out" in report.warnings[0].message
    with store.reading() as session:
        assert person(session, keys, "a@example.org").name == ""
        assert person(session, keys, "b@example.org").name == "Ben"


def test_an_empty_file_after_its_headings_still_says_what_it_is(store, keys):
    """So that a preview of it is no riddle."""
    heard: list[Any] = []
    report = bring(store, keys, GHOST.split("\n", 1)[0], lists=["sc"], on_header=heard.append)
    assert (report.rows, report.system, len(heard)) == (0, "ghost", 1)


SUBSTACKS_PAGE = (
    "Email,Name,Stripe plan,Cancel date,Start date,Paid upgrade date,Activity,Type,Subscription source (free)\n"
    "Paid@example.org,Ana,Monthly,2026-10-01T10:21:38.759Z,2026-06-17T10:21:38.759Z,,4,Paid,import\n"
    "free@example.org,Ben,,,2026-05-01T10:00:00.000000000+00:00,,4,Free,substack-notes\n"
)


def test_what_substacks_page_of_subscribers_gives_is_read(store, keys):
    """Who ends paying has not left; where they came from is no proof; nanoseconds are a time."""
    waiting = bring(store, keys, SUBSTACKS_PAGE, lists=["sc"])
    assert (waiting.system, counts(waiting), waiting.ended) == ("substack", {"new": 2, "unconfirmed": 2}, 0)
    assert counts(bring(store, keys, SUBSTACKS_PAGE, lists=["sc"], consent_source="Substack")) == {"updated": 2}
    with store.reading() as session:
        free = person(session, keys, "free@example.org")
    agreed = [one.at for one in free.consents if one.action == "confirmed"]
    assert (free.name, agreed) == ("Ben", [datetime(2026, 5, 1, 10, tzinfo=UTC)])


def test_a_mailchimp_audience_that_calls_the_address_otherwise_is_told_by_its_own_columns(store, keys):
    """Else those of a file of unsubscribed people would come in as readers; nor does who gave a telephone alone."""
    text = "Email,MEMBER_RATING,LAST_CHANGED,LEID,EUID\nleft@example.org,2,2025-03-01 10:00:00,1,a\n"
    proof = {"lists": ["sc"], "consent_source": "form", "consent_at": NOW}
    report = bring(store, keys, text, file_name="unsubscribed_email_audience_export_1.csv", **proof)
    assert (report.system, report.ended) == ("mailchimp", 1)
    assert lists_of(store, keys, "left@example.org") == {"sc": "ended"}
    text = text.replace("left", "phone")
    assert bring(store, keys, text, file_name="sms_only_audience_export_1.csv", **proof).left_out == 1


def test_who_left_here_is_told_apart_from_who_is_merely_known(store, keys):
    """The preview of a file says how many it would not revive."""
    with store.writing() as session:
        stop(session, join(session, keys, "sc", address="left@example.org"), "sc")
    text = "email\nleft@example.org\n"
    report = bring(store, keys, text, lists=["sc", "ee"], consent_source="form", consent_at=NOW, dry_run=True)
    assert (report.stay_off, report.updated) == (1, 1)
