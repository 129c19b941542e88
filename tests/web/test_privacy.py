"""What is kept of a reader: said in full, from the product's own facts; and taken away with them."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlmodel import select

from digest.events.models import Click, WebhookEvent
from digest.issues.models import Publication
from digest.settings import load
from digest.tables import METADATA
from digest.web import privacy
from subscribers import erase, find, import_csv, look_up, suppression_of
from subscribers.joining import WAITS
from tests.conftest import NOW, STRONG
from tests.web.conftest import ADDRESS

OF_READERS = {"subscriber_id", "address", "address_key", "visitor", "network"}  # columns
OF_THE_DESK = {"deskuser", "editormail", "runmail", "desksession"}  # their addresses are colleagues'


def publication(app, **values):
    """Change the publication."""
    with app.database.writing() as session:
        found = session.get(Publication, "weekly")
        for name, value in values.items():
            setattr(found, name, value)


def test_every_table_that_holds_something_of_a_reader_is_named():
    """A new one without a word on it fails here."""
    named = {table for fact in privacy.facts(load(secret_key=STRONG, address_key=STRONG)) for table in fact.tables}
    holding = {table.name for table in METADATA.sorted_tables if OF_READERS & set(table.columns.keys())}
    assert holding - OF_THE_DESK - named == set()
    assert named <= {table.name for table in METADATA.sorted_tables}


def test_the_page_follows_the_rules(app, http, readers):
    """What it says of clicks, quiet readers and the archive is what the publication does; how long is the setting's."""
    assert readers.ref
    page = http.get("/privacy/weekly").text
    assert "The Weekly" in page
    assert f"{WAITS.days} days" in page
    assert f"{app.settings.retention_days} days" in page
    assert "1 day" in page
    assert "without you: a code of network" in page
    assert "Some issues can be read by anybody" in page
    assert "a mail server of the newsroom" in page
    assert "weekly@news.example" in page
    assert "Street 1, Town" in page
    publication(app, clicks="off", archive="off")
    page = http.get("/privacy/weekly").text
    assert "clicks are not counted" in page
    assert "without you: a code" not in page
    assert "can be read by anybody" not in page
    publication(app, clicks="personal", quiet_days=180, reply_to="desk@news.example")
    page = http.get("/privacy/weekly").text
    assert "with you if you agreed to that" in page
    assert "whether we asked if you still want the mail" in page
    assert "desk@news.example" in page
    assert http.get("/privacy/nowhere").status_code == 404
    assert (
        http.get("/privacy/weekly", headers={"If-None-Match": http.get("/privacy/weekly").headers["etag"]}).status_code
        == 304
    )


def test_who_sends_is_named(tmp_path):
    """The services of all accounts a publication uses, as people know them; what the settings lack is passed over."""
    accounts = json.dumps({"second": {"provider": "ses", "region": "eu-west-1"}})
    settings = load(tmp_path, secret_key=STRONG, address_key=STRONG, provider="postmark", postmark_api_key="k",
                    accounts=json.loads(accounts))  # fmt: skip
    one = SimpleNamespace(account="", list_accounts={"sc": "second", "ee": "gone"})
    assert privacy.providers(settings, one) == ["Postmark", "Amazon SES"]  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["ar", "de", "fr", "ka", "ru"])
def test_it_is_said_in_the_readers_language(http, readers, language):
    """Every sentence of it."""
    assert readers.ref
    page = http.get("/privacy/weekly", headers={"Accept-Language": language}).text
    assert f'lang="{language}"' in page
    for english in ("What we keep", "Until you are", "Why:", "How long", "The mails go out", "days", "to send you"):
        assert english not in page
    assert f'hreflang="{language}"' in page


def test_how_we_choose_is_said_in_the_readers_language(http, readers):
    """With its numbers in their own plurals."""
    assert readers.ref
    page = http.get("/how-we-choose", headers={"Accept-Language": "ru"}).text
    assert "через 3 дня" in page
    assert "через 12 часов" in page
    assert "days" not in page


def test_who_is_erased_leaves_no_trace_but_the_hash(app, http, readers):
    """By the page: the clicks lose their number and events their address, counts stay, and no import brings it back."""
    with app.database.writing() as session:
        known = look_up(session, readers.ref)
        assert known is not None
        number = known[0]
        click = {"edition_number": 7, "place": 1, "at": NOW, "visitor": "v", "method": "GET"}
        session.add(Click.model_validate(click | {"subscriber_id": number}))
        for name, fields in (("a", {"address": "Lena@Example.org", "delivery": ""}),
                             ("b", {"address": "", "delivery": f"3.{number}"}),
                             ("c", {"address": "omar@example.org", "delivery": f"3.{number}9"})):  # fmt: skip
            event = {"account": "outbox", "event_id": name, "kind": "delivered", "occurred_at": NOW, "received_at": NOW}
            session.add(WebhookEvent.model_validate(event | {"fields": fields, "raw": {"to": "Lena@Example.org"}}))
    mark = app.keys.address_key(ADDRESS)[:16]
    path = f"/me/{readers.link('me', mark, expires=NOW + timedelta(hours=1))}"
    assert http.post(f"{path}/erase", data={"address": ADDRESS}).status_code == 200
    with app.database.reading() as session:
        assert [one.subscriber_id for one in session.exec(select(Click))] == [None]
        events = {one.event_id: one for one in session.exec(select(WebhookEvent))}
        assert find(session, app.keys, ADDRESS) is None
        ban = suppression_of(session, app.keys, ADDRESS.upper())
    assert [events[name].fields["address"] for name in "abc"] == ["", "", "omar@example.org"]
    assert [bool(events[name].raw) for name in "abc"] == [False, False, True]
    assert ban is not None
    assert ban.reason == "erased"
    lines = ["email,lists,consent_at,consent_source", f"{ADDRESS},sc,2026-01-01,form"]
    report = import_csv(app.database, app.keys, lines, at=NOW, source="import:x")
    assert (report.suppressed, report.new) == (1, 0)


def test_erasing_one_leaves_others(app, readers):
    """Two people, one is erased: the other's bans and lists are as they were."""
    with app.database.writing() as session:
        erase(session, app.keys, ADDRESS, NOW)
        assert suppression_of(session, app.keys, "omar@example.org") is None
        assert look_up(session, readers.ref) is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_pages_read_well(http, site, readers, chromium, tmp_path, scheme, language):  # noqa: PLR0917
    """At 360 and 640 pixels, light and dark, both directions."""
    assert http.get("/health").status_code == 200
    expired = readers.link("preferences", expires=NOW - timedelta(days=1))
    still = readers.link("still", expires=NOW + timedelta(days=1))
    context = chromium.new_context(color_scheme=scheme, locale=language)
    page = context.new_page()
    paths = {
        "privacy": "/privacy/weekly",
        "how": "/how-we-choose",
        "expired": f"/p/{expired}",
        "still": f"/still/{still}",
    }
    for name, path in paths.items():
        for width in (360, 640):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.screenshot(path=tmp_path / f"{name}-{language}-{scheme}-{width}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        assert found == [], (path, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found])
    context.close()
