"""``digest lists`` and ``digest subscribers``: what a newsroom types, and what it is told."""

import csv
import json

import pytest
from typer.testing import CliRunner

from digest import settings
from digest.cli import lists, serve, subscribers
from digest.database import Database
from digest.errors import BadInput, DigestError, NotFound, Refused
from digest.issues.models import Publication
from digest.regions import Region
from subscribers.errors import SubscribersError, UnknownAddress, UnknownList
from tests import databases
from tests.conftest import STRONG

ROWS = "email,name,Interests,Street\nlena@example.org,Lena,South Caucasus,x\nomar@example.org,Omar,Baltic,y\n"
PROOF = ["--consent-source", "sign-up form", "--consent-date", "2026-01-02"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Stand in the folder of an installation with a publication and two regions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_SECRET_KEY", STRONG)
    monkeypatch.setenv("DIGEST_ADDRESS_KEY", STRONG[::-1])
    databases.copy(tmp_path / "digest.db", databases.migrated)
    database = Database(settings.load(tmp_path).database_url)
    with database.writing() as session:
        values = {"id": "weekly", "name": "The Weekly", "sender_name": "N", "sender_address": "n@news.example"}
        session.add(Publication.model_validate(values | {"postal_address": "Street 1"}))
        for region in ("sc", "ba"):
            session.add(Region.model_validate({"id": region, "names": {"en": region}}))
    database.close()
    return tmp_path


def digest(commands, *words, fails=None, typed=None, errors_too=False):
    """Run a command; return what it printed. ``fails``: the error it is refused with; ``errors_too``: both streams."""
    done = CliRunner().invoke(commands, list(words), input=typed)
    if fails is not None:
        assert isinstance(done.exception, fails), done.output
        return str(done.exception)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output if errors_too else done.stdout


def add_both():
    """Add the two lists the rows name."""
    for list_id, region, name in (("south-caucasus", "sc", "South Caucasus"), ("baltic", "ba", "Baltic")):
        digest(lists.commands, "add", list_id, "--publication", "weekly", "--region", region, "--name", name)


def test_lists_are_added_in_order_and_listed_with_their_readers(here):
    """Adding the same again is fine; another under its id, an unknown publication or region is refused."""
    add_both()
    add_both()
    (here / "readers.csv").write_text(ROWS)
    digest(subscribers.commands, "import", "readers.csv", "--map", "Interests=lists", *PROOF)
    shown = json.loads(digest(lists.commands, "list", "--json"))
    assert [(one["id"], one["publication"], one["region"], one["position"], one["readers"]) for one in shown] == [
        ("south-caucasus", "weekly", "sc", 1, 1),
        ("baltic", "weekly", "ba", 2, 1),
    ]
    assert "South Caucasus" in digest(lists.commands, "list", "--publication", "weekly")
    add = ["add", "x", "--name", "X"]
    assert "nowhere" in digest(lists.commands, *add, "--publication", "nowhere", "--region", "sc", fails=NotFound)
    assert "nowhere" in digest(
        lists.commands, *add, "--publication", "weekly", "--region", "nowhere", fails=DigestError
    )


def test_an_import_says_what_it_did(here):
    """New, unchanged, broken rows with line and reason, columns not looked at; twice is once."""
    add_both()
    (here / "readers.csv").write_text(ROWS + "broken,X,Baltic,z\n")
    words = ["import", "readers.csv", "--map", "Interests=lists", *PROOF]
    said = digest(subscribers.commands, *words, "--errors", "errors.csv", errors_too=True)
    assert "3 rows: 2 new" in said
    assert "line 4: 'broken' is not an email address" in said
    assert "Columns not looked at: Street" in said
    with (here / "errors.csv").open(newline="") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["4"]
    again = json.loads(digest(subscribers.commands, *words, "--json"))
    assert (again["unchanged"], again["failed"], again["new"]) == (2, 1, 0)
    assert again["errors"][0]["line"] == 4


def test_without_a_consent_the_import_says_that_people_wait(here):
    """As does --unconfirmed."""
    add_both()
    (here / "readers.csv").write_text(ROWS)
    assert "2 people wait unconfirmed" in digest(subscribers.commands, "import", "readers.csv", "--list", "baltic")
    more = ["--list", "south-caucasus", "--unconfirmed", *PROOF]
    assert "2 people wait unconfirmed" in digest(subscribers.commands, "import", "readers.csv", *more)


def test_an_import_that_cannot_be_is_refused_with_a_sentence(here):
    """No file, no encoding, a wrong map, a date to come, an unknown list, no good row."""
    add_both()
    (here / "readers.csv").write_text("email\n" + "wrong\n" * 25)
    assert "cannot be read" in digest(subscribers.commands, "import", "none.csv", fails=BadInput)
    words = ["import", "readers.csv", "--list", "baltic"]
    assert "no encoding" in digest(subscribers.commands, *words, "--encoding", "klingon", fails=BadInput)
    for option in ("--map", "--value"):
        assert "not understood" in digest(subscribers.commands, *words, option, "Interests", fails=BadInput)
    assert "future" in digest(subscribers.commands, *words, "--consent-date", "2999-01-01", fails=BadInput)
    assert "cannot be written" in digest(subscribers.commands, *words, "--errors", "no/where.csv", fails=BadInput)
    assert "nowhere" in digest(subscribers.commands, "import", "readers.csv", "--list", "nowhere", fails=UnknownList)
    assert "No row" in digest(subscribers.commands, *words, fails=Refused)


def test_a_file_in_another_encoding_is_read(here):
    """It is told by its letters, or by an option; a row that is none of it is refused alone."""
    add_both()
    text = "email,name\na@example.org,René\nb@example.org,Ann\n"
    (here / "readers.csv").write_bytes(text.encode("cp1252"))
    words = ["import", "readers.csv", "--list", "baltic"]
    assert "line 2: The row is not UTF-8" in digest(
        subscribers.commands, *words, "--encoding", "utf-8", errors_too=True
    )
    assert "1 new" in digest(subscribers.commands, *words)
    assert json.loads(digest(subscribers.commands, "show", "a@example.org", "--json"))["name"] == "René"
    (here / "wide.csv").write_bytes(text.replace("a@", "c@").encode("utf-16"))
    assert "1 new" in digest(subscribers.commands, "import", "wide.csv", "--list", "baltic")


def test_exports_of_other_systems_are_previewed_and_imported_together(here):
    """What the columns mean, the first rows masked, what would happen; then it happens, a file after the other."""
    add_both()
    head = "Email Address,First Name,Interests,OPTIN_TIME,CONFIRM_TIME,{}LEID\n"
    (here / "subscribed_x.csv").write_text(
        head.format("") + 'lena@example.org,Lena,"Caucasus, Sport",2025-01-01 10:00:00,2025-01-01 10:00:00,1\n'
    )
    (here / "unsubscribed_x.csv").write_text(
        head.format("UNSUB_TIME,") + "omar@example.org,Omar,Caucasus,,2025-01-01 10:00:00,2025-02-01 10:00:00,2\n"
    )
    (here / "nonsubscribed_x.csv").write_text(head.format("") + "buyer@example.org,B,,,,3\n")
    (here / "cleaned_x.csv").write_text(head.format("CLEAN_TIME,") + "dead@example.org,D,,,,2025-02-01 10:00:00,4\n")
    words = ["import", "subscribed_x.csv", "--map", "Interests=lists", "--value", "Caucasus=south-caucasus"]
    words += ["--value", "Sport=-"]
    said = digest(subscribers.commands, *words, "--dry-run")
    assert "subscribed_x.csv: read as Mailchimp. Nothing was written." in said
    assert "CONFIRM_TIME              consent_at" in said
    assert "LEID                      - (not looked at)" in said
    assert "l•••@example.org · L••• · en · south-caucasus · confirmed · 2025-01-01, Mailchimp sign-up form" in said
    assert "Nobody" in digest(subscribers.commands, "show", "lena@example.org", fails=NotFound)
    words += ["unsubscribed_x.csv", "nonsubscribed_x.csv", "cleaned_x.csv"]
    said = digest(subscribers.commands, *words)
    assert "1 of these people left" in said
    assert "1 left out (they never asked for mail)" in said
    assert "1 banned (they bounced or complained)" in said
    assert "Together: 4 rows, 0 not imported." in said
    again = json.loads(digest(subscribers.commands, *words, "--json"))
    assert (again["unchanged"], again["suppressed"], again["new"], len(again["files"])) == (2, 1, 0, 4)
    assert again["files"][0]["system"] == "mailchimp"
    assert (
        json.loads(digest(subscribers.commands, "show", "omar@example.org", "--json"))["lists"][0]["state"] == "ended"
    )


def test_broken_rows_stand_beside_the_file_ready_to_be_mended(here):
    """Line, reason and the row itself, guarded; none without broken rows, nor on a dry run; one --errors, one file."""
    add_both()
    (here / "readers.csv").write_text("email,name\n=broken,+1\na@example.org,Ann\n")
    words = ["import", "readers.csv", "--list", "baltic"]
    digest(subscribers.commands, *words, "--dry-run")
    assert not (here / "readers.errors.csv").exists()
    assert "stand in readers.errors.csv" in digest(subscribers.commands, *words, errors_too=True)
    with (here / "readers.errors.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["line"], row["email"], row["name"]) == ("2", "'=broken", "'+1")
    (here / "good.csv").write_text("email\na@example.org\n")
    digest(subscribers.commands, "import", "good.csv", "--list", "baltic")
    assert not (here / "good.errors.csv").exists()
    digest(subscribers.commands, "import", "good.csv", "--list", "baltic", "--errors", "none.csv", "--dry-run")
    assert (here / "none.csv").read_text() == "line,message,email\n"
    refused = digest(subscribers.commands, *words, "good.csv", "--errors", "e.csv", fails=BadInput)
    assert "one file at a time" in refused


def test_suppressions_come_in_from_a_file(here):
    """As a provider exports them; what cannot be read is named, and nothing at all is refused."""
    text = "status,reason,email,created\n5.1.1,550 no,dead@example.org,1740823200\n,,broken,\n"
    (here / "suppression_bounces.csv").write_text(text)
    words = ["suppress", "--file", "suppression_bounces.csv"]
    said = digest(subscribers.commands, *words, errors_too=True)
    assert "1 addresses are banned now" in said
    assert "line 3: 'broken' is not an email address" in said
    again = json.loads(digest(subscribers.commands, *words, "--json"))
    assert (again["unchanged"], again["failed"], again["system"]) == (1, 1, "sendgrid")
    (here / "wrong.csv").write_text("email,reason\nbroken,bounce\n")
    assert "No row could be read" in digest(subscribers.commands, "suppress", "--file", "wrong.csv", fails=Refused)
    for both in ([], ["a@example.org", "--file", "wrong.csv"]):
        assert "Name an address" in digest(subscribers.commands, "suppress", *both, fails=BadInput)


def test_an_export_comes_back_in(here):
    """To a file or to standard output."""
    add_both()
    (here / "readers.csv").write_text(ROWS)
    digest(subscribers.commands, "import", "readers.csv", "--map", "Interests=lists", *PROOF)
    out = digest(subscribers.commands, "export", "--list", "baltic")
    assert out.splitlines()[1].startswith("omar@example.org,Omar,en,baltic,2026-01-02")
    assert json.loads(digest(subscribers.commands, "export", "out.csv", "--json")) == {"file": "out.csv", "rows": 2}
    assert "2 unchanged" in digest(subscribers.commands, "import", "out.csv")
    assert "Name the file" in digest(subscribers.commands, "export", "--json", fails=BadInput)
    ghost = digest(subscribers.commands, "export", "--as", "ghost", "--who", "all")
    assert ghost.startswith("id,email,name,note,subscribed_to_emails")
    assert "Write one of" in digest(subscribers.commands, "export", "--as", "aweber", fails=SubscribersError)


def test_a_person_is_shown_suppressed_and_erased(here):
    """And whoever is not known is named; a complaint is never lifted."""
    add_both()
    (here / "readers.csv").write_text(ROWS)
    digest(subscribers.commands, "import", "readers.csv", "--map", "Interests=lists", "--wording", "Yes", *PROOF)
    shown = digest(subscribers.commands, "show", "LENA@example.org")
    assert "south-caucasus" in shown
    assert "import:readers.csv (sign-up form)" in shown
    digest(subscribers.commands, "suppress", "lena@example.org", "--note", "asked by phone")
    assert "Suppressed: by_hand" in digest(subscribers.commands, "show", "lena@example.org")
    assert "may go there again" in digest(subscribers.commands, "unsuppress", "lena@example.org")
    assert json.loads(digest(subscribers.commands, "unsuppress", "lena@example.org", "--json")) == {"lifted": False}
    digest(subscribers.commands, "erase", "lena@example.org", fails=SystemExit, typed="n\n")
    digest(subscribers.commands, "erase", "lena@example.org", typed="y\n")
    assert "Nobody" in digest(subscribers.commands, "show", "lena@example.org", fails=NotFound)
    assert "Nobody" in digest(subscribers.commands, "erase", "lena@example.org", "--yes", fails=UnknownAddress)


def test_serve_refuses_a_taken_port(here, free_port):
    """With a sentence, before anything is served."""
    from digest.web.serving import listen  # noqa: PLC0415 - only this test needs the web

    with listen("127.0.0.1", free_port) as taken:
        taken.listen()
        assert "Cannot listen" in digest(serve.commands, "--port", str(free_port), fails=Refused)
    assert here.is_dir()
