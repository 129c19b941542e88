"""What a reader's own links do: nothing when followed, everything when pressed."""

import email
import re
import time
from datetime import timedelta
from email.policy import default
from typing import Any

import pytest

from subscribers import erase, find, suppress
from tests.conftest import NOW
from tests.subscribers.reading import person
from tests.web.conftest import ADDRESS

FORM = {"content-type": "application/x-www-form-urlencoded"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def states(app):
    """Return list -> state of Lena."""
    with app.database.reading() as session:
        return {one.list_id: one.state for one in person(session, app.keys, ADDRESS).lists}


def everything(app):
    """Return all that is kept about Lena."""
    with app.database.reading() as session:
        return find(session, app.keys, ADDRESS)


def _outbox(app):
    return sorted(app.settings.outbox_dir.rglob("*.eml"), key=lambda file: file.stat().st_mtime_ns)


def mails(app, number):
    """Return the mails in the outbox, oldest first, once there are so many: they leave after the page was answered."""
    waited = 0
    while len(files := _outbox(app)) < number and waited < 200:
        time.sleep(0.02)
        waited += 1
    assert len(files) == number
    return [email.message_from_bytes(file.read_bytes(), policy=default) for file in files]


def undo_link(letter):
    """Return the path of the link in a mail's text."""
    found = re.search(r"http://\S+(/undo/\S+)", letter.get_body(("plain",)).get_content())
    assert found is not None
    return found[1]


def scan(http, path):
    """Do as a scanner does: ask for the page, and for all it links to, by HEAD and by GET."""
    seen, waiting = set(), [path]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        head, got = http.head(path), http.get(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        if "html" in got.headers["content-type"]:
            waiting += re.findall(r'(?:href|action)="(/[^"]*)"', got.text)
    return seen


def test_following_links_changes_nothing(app, http, readers):
    """Scanners of mailboxes follow every link of a mail; the reader stays subscribed."""
    before = everything(app)
    undo = app.keys.sign("undo", subscriber=readers.ref, family="weekly", reference=NOW.isoformat())
    for path in (readers.all, readers.one, readers.preferences, f"/undo/{undo}"):
        assert path in scan(http, path)
    assert everything(app) == before
    assert mails(app, 0) == []


@pytest.mark.parametrize("way", ["form", "multipart", "empty", "json", "huge"])
def test_one_click_unsubscribes_at_once(app, http, readers, way):
    """RFC 8058: a POST ends it, with 200, no cookie, no redirect, as often as it comes, however the body is sent."""
    bodies: dict[str, dict[str, Any]] = {
        "form": {"data": ONE_CLICK},
        "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
        "empty": {},
        "json": {"json": ONE_CLICK},
        "huge": {"content": b"List-Unsubscribe=One-Click&x=" + b"x" * 100_000, "headers": FORM},
    }
    for _ in range(2):
        answer = http.post(readers.all, **bodies[way])
        assert answer.status_code == 200
        assert answer.text == "You are unsubscribed.\n"
        assert "set-cookie" not in answer.headers
        assert states(app) == {"sc": "ended", "ee": "ended", "daily-sc": "confirmed"}
    assert mails(app, 0) == []
    said = [(one.list_id, one.action, one.source) for one in everything(app).consents if one.action == "ended"]
    assert said == [("sc", "ended", "one-click"), ("ee", "ended", "one-click")]


def test_the_page_shows_the_masked_address_and_what_would_end(http, readers):
    """All of the publication, or one list with the rest as a second choice; never the whole address."""
    whole, one = http.get(readers.all).text, http.get(readers.one).text
    for page in (whole, one):
        assert "l•••@example.org" in page
        assert ADDRESS not in page
        assert "The Weekly" in page
    assert "Unsubscribe from all of them" in whole
    assert "Stop Eastern Europe" in one
    assert "Unsubscribe from all" in one


def test_the_button_ends_one_list_and_mails_one_link_to_undo_it(app, http, readers):
    """The page says what ended and what still comes; the mail's link brings it back, by a button."""
    page = http.post(readers.one, data={"from": "page"})
    assert page.status_code == 200
    assert "no longer gets" in page.text
    assert "One last mail" in page.text
    assert "South Caucasus" in page.text
    assert states(app)["ee"] == "ended"
    assert "One last mail" not in http.post(readers.one, data={"from": "page"}).text
    assert "Nothing to unsubscribe from" in http.get(readers.one).text
    [letter] = mails(app, 1)
    assert (letter["To"].addresses[0].addr_spec, letter["From"].addresses[0].addr_spec) == (
        ADDRESS,
        "weekly@news.example",
    )
    assert letter["Subject"] == "You are unsubscribed: The Weekly"
    link = undo_link(letter)
    assert f"{link}" in letter.get_body(("html",)).get_content()
    assert "Eastern Europe" in http.get(link).text
    assert states(app)["ee"] == "ended"
    assert "You are subscribed again" in http.post(link).text
    assert states(app) == {"sc": "confirmed", "ee": "confirmed", "daily-sc": "confirmed"}
    assert "Nothing to undo" in http.get(link).text


def test_everything_can_be_ended_from_the_page_of_one_list(app, http, readers):
    """The second button of that page."""
    page = http.post(readers.one, data={"from": "page", "what": "all"})
    assert "You are unsubscribed" in page.text
    assert states(app) == {"sc": "ended", "ee": "ended", "daily-sc": "confirmed"}


def test_an_undo_link_holds_a_day(app, http, readers, clock):
    """Then it says that it is out of date, and a forged moment brings nothing back."""
    http.post(readers.all, data={"from": "page"})
    [letter] = mails(app, 1)
    link = undo_link(letter)
    clock.sleep(24 * 3600)
    assert http.post(link).status_code == 404
    assert "out of date" in http.get(link).text
    assert states(app)["sc"] == "ended"


def test_an_undo_is_refused_for_an_address_that_complained(app, http, readers):
    """With a sentence."""
    http.post(readers.all, data={"from": "page"})
    [letter] = mails(app, 1)
    link = undo_link(letter)
    with app.database.writing() as session:
        suppress(session, app.keys, ADDRESS, "complaint", NOW)
    answer = http.post(link)
    assert answer.status_code == 409
    assert "cannot be mailed" in answer.text


def test_not_more_than_a_few_mails_go_to_one_reader(app, http, readers):
    """Whoever holds a forwarded link cannot fill the reader's mailbox."""
    for number in (1, 2, 3, 3, 3):
        http.post(readers.one, data={"from": "page"})
        mails(app, number)
        http.post(readers.preferences, data={"list": ["sc", "ee"]})


def test_a_mail_that_cannot_be_sent_does_not_stop_the_ending(app, http, readers):
    """The provider being down is our trouble, not the reader's."""
    app.settings.outbox_dir.write_text("a file where the folder should be")
    assert http.post(readers.all, data={"from": "page"}).status_code == 200
    assert states(app)["sc"] == "ended"


def test_preferences_are_shown_and_saved(app, http, readers):
    """The lists of the publication as boxes; a closed one only to whoever has it; saving makes it exactly so."""
    page = http.get(readers.preferences).text
    assert re.findall(r'value="([a-z-]+)" checked', page) == ["sc", "ee"]
    assert re.findall(r'name="list" value="([a-z-]+)"', page) == ["sc", "ee", "ca"]
    saved = http.post(readers.preferences, data={"list": ["ca", "ee", "old", "nowhere"]})
    assert saved.status_code == 200
    assert "Saved" in saved.text
    assert re.findall(r'value="([a-z-]+)" checked', saved.text) == ["ee", "ca"]
    assert states(app) == {"sc": "ended", "ee": "confirmed", "ca": "confirmed", "daily-sc": "confirmed"}
    http.post(readers.preferences, data={})
    assert states(app)["ee"] == "ended"


@pytest.mark.parametrize("path", ["/u/", "/p/", "/undo/"])
def test_a_forged_or_shortened_link_says_so(http, readers, path):
    """A page with a clear sentence and 404, whatever the method; after many of them, 429."""
    token = readers.link({"/u/": "unsubscribe", "/p/": "preferences", "/undo/": "undo"}[path])
    for wrong in (token[:-1], "x" + token, "test", readers.link("other")):
        for answer in (http.get(path + wrong), http.post(path + wrong)):
            assert answer.status_code == 404
            assert "Open it again from the mail" in answer.text
    for _ in range(30):
        http.get(f"{path}wrong")
    assert http.get(f"{path}wrong").status_code == 429


def test_the_links_of_an_erased_reader_stay_calm(app, http, readers):
    """There is nothing left to do, and it says so without an error."""
    with app.database.writing() as session:
        erase(session, app.keys, ADDRESS, NOW + timedelta(hours=1))
    for answer in (http.get(readers.all), http.post(readers.all, data=ONE_CLICK), http.post(readers.preferences)):
        assert answer.status_code == 200
        assert "nothing left to do" in answer.text


def test_every_answer_is_safe_to_show(http, readers):
    """A strict policy that knows the one stylesheet, no referrer with a token in it, no caching, no index."""
    answer = http.get(readers.all)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "<script" not in answer.text
