"""Signing up, confirming, and asking for one's own link: by HTTP, and by a real browser with and without script."""

import re
import time
from datetime import timedelta

import pytest

from digest.regions import apply_preset
from subscribers import add_list, find, forget_unconfirmed, suppress
from subscribers.listing import ListData
from subscribers.naming import introduce
from tests.conftest import NOW
from tests.subscribers.reading import person
from tests.web import looking
from tests.web.conftest import publication
from tests.web.test_readers import mails, scan

NEW = "omar@example.org"
JOIN = {"list": ["sc", "ee"], "address": NEW, "name": "Omar"}


@pytest.fixture
def shop(app, readers):
    """Have regions, so that lists can say what they are about."""
    with app.database.writing() as session:
        apply_preset(session, "starter")
    return readers


def link(letter, purpose, nth=0):
    """Return the path of a link in a letter's text; it stands in its HTML, too."""
    text = letter.get_body(("plain",)).get_content()
    found = re.findall(rf"http://[^/\s]+(/{purpose}/\S+)", text)[nth]
    assert found in letter.get_body(("html",)).get_content()
    return found


def joined(app, http, number=1, **more):
    """Sign up, and return the path of the link to confirm."""
    answer = http.post("/join", data=JOIN | more)
    assert answer.status_code == 200
    return link(mails(app, number)[-1], "confirm")


def of(app, address=NEW):
    """Return list -> state of somebody."""
    with app.database.reading() as session:
        found = find(session, app.keys, address)
    return {one.list_id: one.state for one in found.lists} if found else None


def settled(app, number):
    """Wait until the server does nothing any more, also after its answers; there are so many mails, and no more."""
    deadline = time.monotonic() + 60
    while app.__dict__["server"].server_state.tasks:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return mails(app, number)


def test_the_page_says_what_each_list_brings(http, shop, edition):
    """Region, how often, when next, and the latest issue that anybody may read; closed lists are not offered."""
    page = http.get("/join").text
    assert re.findall(r'name="list" value="([a-z-]+)"', page) == ["daily-sc", "sc", "ee", "ca"]
    assert "once a week" in page
    assert "next on Monday 30 November 2026" in page
    [latest] = re.findall(r'href="(/editions/[^"]+)"', page)
    assert http.get(latest).status_code == 200
    assert shop.ref
    own = http.get("/join/weekly?list=ee").text
    assert re.findall(r'value="([a-z-]+)" checked', own) == ["ee"]
    assert "daily-sc" not in own
    assert http.get("/join/nowhere").status_code == 404
    assert edition.subject


def test_a_sign_up_waits_for_its_button(app, http, shop):
    """Mail, page, press: only the press confirms; the record has time, words, page and network."""
    assert shop.ref
    path = joined(app, http)
    for _ in range(2):
        assert path in scan(http, path)
        assert of(app) == {"sc": "unconfirmed", "ee": "unconfirmed"}
    page = http.post(path)
    assert "You are signed up" in page.text
    assert of(app) == {"sc": "confirmed", "ee": "confirmed"}
    assert "You are signed up" in http.post(path).text
    with app.database.reading() as session:
        omar = person(session, app.keys, NEW)
    assert omar.name == "Omar"
    asked, said = omar.consents[0], omar.consents[-1]
    assert asked.wording.startswith("Yes, send me these mails. I can change that")
    assert (asked.source, said.source, said.network) == ("/join", "/confirm", "127.0.0.0/24")
    assert said.wording == "Yes, send me these mails: South Caucasus, Eastern Europe"
    [preferences] = re.findall(r'href="http://[^/]+(/p/[^"]+)"', page.text)
    assert http.get(preferences).status_code == 200


def test_strangers_readers_and_the_banned_get_the_same_answer(app, http, shop):
    """Word for word, with the same headers; and the mails that follow are right."""
    assert shop.ref
    with app.database.writing() as session:
        suppress(session, app.keys, "angry@example.org", "complaint", NOW)
    answers = []
    for address in (NEW, "lena@example.org", "angry@example.org"):
        answer = http.post("/join", data=JOIN | {"address": address})
        answers.append((answer.status_code, answer.text.replace(address, "X"), sorted(answer.headers)))
        assert answer.headers["connection"] == "close"
    assert answers[0] == answers[1] == answers[2]
    told = {letter["To"].addresses[0].addr_spec: letter["Subject"] for letter in settled(app, 2)}
    assert told == {NEW: "Please confirm that you want these mails", "lena@example.org": "Your own links"}
    links = [http.post("/link", data={"address": one}).text.replace(one, "X") for one in ("lena@example.org", NEW)]
    assert links[0] == links[1]
    settled(app, 3)


def test_a_bomb_is_three_mails(app, http, shop):
    """A thousand sign-ups in the name of one address, each for other lists; those of one network end much sooner."""
    assert shop.ref
    with app.database.writing() as session:
        for number in range(10):
            add_list(session, ListData(id=f"l{number}", name=f"L{number}", family="weekly", topic="x"))
    answers = [http.post("/join", data=JOIN | {"list": [f"l{number % 10}"]}).status_code for number in range(1000)]
    assert answers == [200] * 60 + [429] * 940
    settled(app, 3)


def test_machines_are_thanked_and_forgotten(app, http, shop):
    """Whoever fills the field that no person sees gets the page, and nothing is written down."""
    assert shop.ref
    assert "Look into your mailbox" in http.post("/join", data=JOIN | {"website": "https://shop.example"}).text
    settled(app, 0)
    assert of(app) is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": "omar"}, "not an address that mail can go to"),
        ({"address": "омар@example.org"}, "such letters before the @"),
        ({"list": []}, "at least one of the lists"),
        ({"list": ["old"]}, "at least one of the lists"),
        ({"name": "www.shop.example"}, "only your name"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(app, http, shop, wrong, sentence):
    """In a sentence on the same page; nothing is lost, nothing is mailed."""
    assert shop.ref
    answer = http.post("/join", data=JOIN | wrong)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert 'role="alert"' in answer.text
    assert f'value="{(JOIN | wrong)["address"]}"' in answer.text
    settled(app, 0)


def test_a_form_on_another_site_works(app, http, shop):
    """It needs no cookie; the record says where it stood."""
    assert shop.ref
    http.post("/join/weekly", data=JOIN, headers={"Origin": "https://news.example", "Sec-Fetch-Site": "cross-site"})
    http.post(link(mails(app, 1)[0], "confirm"))
    with app.database.reading() as session:
        assert person(session, app.keys, NEW).consents[0].source == "/join/weekly from https://news.example"


def test_links_end_and_cannot_be_forged(app, http, shop, clock):
    """After 30 days, cut short, for another purpose, or of who was forgotten since: a sentence, and nothing happens."""
    assert shop.ref
    path = joined(app, http)
    token = path.removeprefix("/confirm/")
    for wrong in (
        f"/confirm/{token[:-1]}",
        f"/p/{token}",
        f"/me/{token}",
        f"/move/{token}",
        f"/stay/{token}",
        f"/u/{token}",
    ):
        assert http.post(wrong).status_code == 404
    clock.sleep(30 * 24 * 3600)
    assert "out of date" in http.post(path).text
    assert of(app) == {"sc": "unconfirmed", "ee": "unconfirmed"}
    forget_unconfirmed(app.database, clock.now())
    assert of(app) is None
    assert "nothing left to do" in http.post(f"/confirm/{other(app)}").text


def other(app):
    """Return a link's token of a person who is gone."""
    gone = "0b5f0a9e-6d2c-4c64-9f0c-2f8a5a1d7e11"
    expires = app.clock.now() + timedelta(days=1)
    return app.keys.sign("confirm", subscriber=gone, family="weekly", reference=gone, expires=expires)


@pytest.mark.parametrize("purpose", ["confirm", "preferences", "undo", "me", "move", "stay"])
def test_links_of_every_kind_survive_new_keys(app, http, shop, purpose):
    """Signed by a key that was changed since, they open; signed by one that is no key of ours, they do not."""
    paths = {"preferences": "/p/"}
    references = {"undo": NOW.isoformat(), "me": app.keys.address_key("lena@example.org")[:16]}
    token = app.keys.sign(
        purpose,
        subscriber=shop.ref,
        family="weekly",
        reference=references.get(purpose, shop.ref),
        expires=NOW + timedelta(hours=1),
    )
    path = f"{paths.get(purpose, f'/{purpose}/')}{token}"
    assert http.get(path).status_code == 200
    secret = "a new secret of more than 32 characters"
    object.__setattr__(app.keys, "old", (app.keys.secret,))
    object.__setattr__(app.keys, "secret", secret)
    del app.keys.__dict__["_keys"]
    assert http.get(path).status_code == 200
    object.__setattr__(app.keys, "old", ())
    del app.keys.__dict__["_keys"]
    assert http.get(path).status_code == 404


@pytest.mark.parametrize("script", [True, False])
def test_a_reader_walks_all_the_way(app, site, shop, chromium, script):  # noqa: PLR0915 - it is one walk
    """Join, confirm, choose, pause, leave, undo: in a real browser, with script and without."""
    assert shop.ref
    context = chromium.new_context(java_script_enabled=script, locale="en-GB")
    page = context.new_page()
    page.goto(f"{site}/join/weekly")
    page.get_by_label("South Caucasus").check()
    page.get_by_label("Eastern Europe").check()
    page.get_by_label("Your email address").fill(NEW)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    page.goto(site + link(mails(app, 1)[0], "confirm"))
    page.get_by_role("button", name="Yes, send me these mails").click()
    page.get_by_role("heading", name="You are signed up").wait_for()
    page.get_by_role("link", name="Change lists").click()
    page.get_by_label("Your name").fill("Omar")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    page.get_by_role("button", name="Move up").click()
    page.get_by_role("button", name="Back to the newsroom").wait_for()
    page.get_by_label("No mail before").fill("2026-12-01")
    page.get_by_role("button", name="Pause my mail").click()
    page.get_by_text("No mail comes before Tuesday 1 December 2026").wait_for()
    page.get_by_role("button", name="Let it come again now").click()
    page.get_by_text("Your mail comes again.").wait_for()
    with app.database.reading() as session:
        omar = person(session, app.keys, NEW)
    assert (omar.name, omar.paused_until) == ("Omar", None)
    token = app.keys.sign("unsubscribe", subscriber=omar.ref, family="weekly")
    page.goto(f"{site}/u/{token}")
    page.get_by_role("button", name="Unsubscribe from all of them").click()
    page.get_by_role("heading", name="You are unsubscribed").wait_for()
    page.goto(site + link(mails(app, 3)[-1], "undo"))
    page.get_by_role("button", name="Subscribe me again").click()
    page.get_by_role("heading", name="You are subscribed again").wait_for()
    assert of(app) == {"sc": "confirmed", "ee": "confirmed"}
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_pages_read_well(  # noqa: PLR0917
    app, http, site, shop, edition, chromium, tmp_path, scheme, language
):
    """At 360 and 640 pixels, light and dark, left to right and right to left: fits, styled, nothing for axe to find."""
    assert edition.subject
    confirm = joined(app, http, language=language)
    with app.database.writing() as session:
        introduce(session, ref=shop.ref, language=language)
    mark = app.keys.address_key("lena@example.org")[:16]
    me = shop.link("me", mark, expires=NOW + timedelta(hours=1))
    context = chromium.new_context(color_scheme=scheme, locale=language)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    paths = ["/", "/join", "/link", confirm, shop.preferences, f"/me/{me}", shop.all]
    for path in paths:
        for width in (360, 640):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            looking.fits(page, width)
        assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr"), path
        looking.faultless(page, path)
        page.screenshot(path=tmp_path / f"{language}-{scheme}-{paths.index(path)}.png", full_page=True)
    page.goto(site + confirm)
    page.locator("form button").click()
    looking.faultless(page)
    page.screenshot(path=tmp_path / f"{language}-{scheme}-confirmed.png", full_page=True)
    assert complaints == []
    context.close()


def test_the_only_list_is_ticked(app, http):
    """Where there is nothing to choose, nothing need be chosen."""
    assert http.get("/join").status_code == 404
    with app.database.writing() as session:
        session.add(publication())
        add_list(session, ListData(id="sc", name="South Caucasus", family="weekly", topic="south-caucasus"))
    assert re.findall(r'value="([a-z-]+)" checked', http.get("/join").text) == ["sc"]
