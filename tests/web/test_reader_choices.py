"""What a reader can change by their link, what takes a fresh one, and that a forwarded copy does nothing in silence."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from digest.events.models import Click
from digest.issues.models import Publication
from digest.sending.models import Delivery, DeliveryState
from digest.web.app import _readers
from digest.web.limiting import Limiter
from subscribers import Claim, find
from subscribers.pages.choosing import Choosing
from subscribers.pages.frame import Frame
from subscribers.pages.own_data import OwnData
from subscribers.people import standing
from tests.conftest import NOW
from tests.subscribers.reading import person
from tests.web.conftest import ADDRESS, publication
from tests.web.test_join_pages import link, settled
from tests.web.test_readers import everything, mails, scan, states

NEW = "lena@elsewhere.example"
KEPT = {"list": ["sc", "ee"]}


@pytest.fixture
def pair(app, readers):
    """Let the weekly have the daily for its companion."""
    with app.database.writing() as session:
        daily = publication()
        daily.id, daily.name, daily.cadence = "daily", "The Daily", "daily"
        session.add(daily)
        session.get_one(Publication, "weekly").companion = "daily"
    return readers


@pytest.fixture
def me(app, http, readers):
    """Ask for the fresh link from the page of a mail, and return its path."""
    assert "on its way to" in http.post(f"{readers.preferences}/fresh").text
    return link(mails(app, 1)[0], "me")


def test_an_ending_by_a_forwarded_copy_is_told_with_the_way_back(app, http, readers):
    """Unticking mails the first reader a link that undoes it; ticking mails nothing."""
    http.post(readers.preferences, data={"list": ["sc", "ee", "ca"]})
    settled(app, 0)
    page = http.post(readers.preferences, data={})
    assert "We told that address, too" in page.text
    back = link(mails(app, 1)[0], "undo")
    assert set(states(app).values()) == {"ended", "confirmed"}
    http.post(back)
    assert set(states(app).values()) == {"confirmed"}


def test_a_pause_is_told_too(app, http, readers, clock):
    """The mail leads to the page where it ends; a wrong day is refused; by itself it ends at the day."""
    assert (
        "No mail comes before Tuesday 1 December"
        in http.post(f"{readers.preferences}/pause", data={"until": "2026-12-01"}).text
    )
    [letter] = mails(app, 1)
    assert letter["Subject"] == "Your mail is paused"
    assert "No mail comes before" in http.get(link(letter, "p")).text
    assert everything(app).paused_until == NOW.replace(month=12, day=1, hour=0)
    assert http.post(f"{readers.preferences}/pause", data={"until": "2026-11-24"}).status_code == 400
    clock.sleep(7 * 24 * 3600)
    assert "No mail comes before" not in http.get(readers.preferences).text


def test_name_and_language_are_saved(app, http, readers):
    """The page answers in the new language at once; a language without words, or a link for a name, is not taken."""
    page = http.post(readers.preferences, data=KEPT | {"name": "Lena B.", "language": "de"}).text
    assert 'lang="de"' in page
    assert "Was soll zu Ihnen kommen?" in page
    assert (everything(app).name, everything(app).language) == ("Lena B.", "de")
    http.post(readers.preferences, data=KEPT | {"language": "xx"})
    assert everything(app).language == "de"
    answer = http.post(readers.preferences, data={"name": "www.shop.example"})
    assert answer.status_code == 400
    assert "Das sieht nicht wie ein Name aus" in answer.text
    assert states(app)["sc"] == "confirmed"


def test_an_order_is_chosen(app, http, readers):
    """By a button for each list, and back."""
    page = http.post(f"{readers.preferences}/order", data={"up": "ee"}).text
    assert re.findall(r"<li><b>([^<]+)</b>", page) == ["Eastern Europe", "South Caucasus"]
    assert "Back to the newsroom" in page
    page = http.post(f"{readers.preferences}/order", data={"order": "newsroom"}).text
    assert re.findall(r"<li><b>([^<]+)</b>", page) == ["South Caucasus", "Eastern Europe"]
    assert "Back to the newsroom" not in page
    assert states(app)["ee"] == "confirmed"


def test_weekly_or_daily_is_one_choice(app, http, pair):
    """The lists that both have go over; what only one has stays; nothing is called an ending."""
    page = http.get(pair.preferences).text
    assert re.findall(r'name="rhythm" value="([a-z]+)" checked', page) == ["both"]
    wanted = {"list": ["sc", "ee"]}
    page = http.post(pair.preferences, data=wanted | {"rhythm": "daily"}).text
    assert states(app) == {"sc": "ended", "ee": "confirmed", "daily-sc": "confirmed"}
    assert re.findall(r'name="list" value="([a-z]+)" checked', page) == ["sc", "ee"]
    assert re.findall(r'name="rhythm" value="([a-z]+)" checked', page) == ["daily"]
    http.post(pair.preferences, data=wanted | {"rhythm": "weekly"})
    assert states(app) == {"sc": "confirmed", "ee": "confirmed", "daily-sc": "ended"}
    http.post(pair.preferences, data=wanted | {"rhythm": "both"})
    assert set(states(app).values()) == {"confirmed"}
    http.post(pair.preferences, data=wanted)
    assert states(app)["daily-sc"] == "confirmed"
    settled(app, 0)


def test_a_publication_without_a_companion_offers_no_rhythm(http, readers):
    """There is nothing to choose."""
    assert 'name="rhythm"' not in http.get(readers.preferences).text


def test_scanners_change_nothing_by_any_link(app, http, readers, me):
    """GET and HEAD of every page and all they link to."""
    before = everything(app)
    http.post(me, data={"address": NEW})
    to_new, to_old = mails(app, 3)[1:]
    for path in (me, readers.preferences, link(to_new, "move"), link(to_old, "stay")):
        assert path in scan(http, path)
    assert everything(app) == before
    for post_only in ("data", "erase"):
        assert http.get(f"{me}/{post_only}").status_code == 405


def test_my_data_is_all_there_is(app, http, readers, edition, me):
    """What was agreed, what was mailed, what was clicked: by POST, as a file."""
    with app.database.writing() as session:
        number = session.connection().exec_driver_sql("SELECT id FROM subscriber").scalar_one()
        row = {"issue_number": 3, "subscriber_id": number, "edition_number": 7, "state": DeliveryState.accepted}
        session.add(Delivery.model_validate(row))
        click = {"edition_number": 7, "place": 2, "at": NOW, "visitor": "v", "subscriber_id": number, "method": "GET"}
        session.add(Click.model_validate(click))
    answer = http.post(f"{me}/data")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    kept = json.loads(answer.content)
    assert (kept["address"], kept["name"], len(kept["lists"]), len(kept["consents"])) == (ADDRESS, "Lena", 3, 3)
    assert [(one["subject"], one["state"]) for one in kept["mails"]] == [(edition.subject, "accepted")]
    assert [(one["subject"], one["place"]) for one in kept["clicks"]] == [(edition.subject, 2)]
    assert readers.ref == kept["ref"]
    http.post(f"{me}/erase", data={"address": ADDRESS})
    with app.database.reading() as session:
        assert [one.subscriber_id for one in session.exec(select(Click))] == [None]
        assert len(session.exec(select(Delivery)).all()) == 1


def test_being_forgotten_takes_the_address_once_more(app, http, readers, me):
    """Wrong, and nothing happens; right, however it is written, and the links stay calm."""
    for wrong in ("omar@example.org", "", "lena"):
        answer = http.post(f"{me}/erase", data={"address": wrong})
        assert answer.status_code == 400
        assert "Nothing was erased" in answer.text
    assert "You are forgotten" in http.post(f"{me}/erase", data={"address": " LENA@Example.org"}).text
    assert everything(app) is None
    for answer in (http.get(me), http.post(f"{me}/data"), http.post(readers.preferences)):
        assert "nothing left to do" in answer.text


def test_a_move_is_asked_at_the_new_and_told_at_the_old_address(app, http, readers, me):
    """Nothing changes before the button behind the new one's link; afterwards old fresh links are over."""
    answer = http.post(me, data={"address": NEW})
    assert "Nothing changes before it is used" in answer.text
    asked, told = mails(app, 3)[1:]
    assert [one["To"].addresses[0].addr_spec for one in (asked, told)] == [NEW, ADDRESS]
    assert NEW not in told.as_string()
    path = link(asked, "move")
    assert "Shall your mails come here?" in http.get(path).text
    assert everything(app).address == ADDRESS
    for _ in range(2):
        assert "Your mails go to the new address" in http.post(path).text
    with app.database.reading() as session:
        lena = person(session, app.keys, NEW)
        assert find(session, app.keys, ADDRESS) is None
    assert lena.ref == readers.ref
    assert len(lena.consents) == 4
    assert http.get(me).status_code == 404
    assert "It is done already" in http.get(link(told, "stay")).text


def test_a_move_can_be_stopped_from_the_old_address(app, http, readers, me):
    """Then the link to the new one confirms nothing."""
    http.post(me, data={"address": NEW})
    asked, told = mails(app, 3)[1:]
    stop = link(told, "stay")
    assert "Stop the change of address?" in http.get(stop).text
    assert "Stopped" in http.post(stop).text
    assert "nothing to stop" in http.get(stop).text
    assert "nothing to confirm" in http.post(link(asked, "move")).text
    assert everything(app).ref == readers.ref


@pytest.mark.parametrize("address", ["nowhere", ""])
def test_a_move_to_no_address_is_refused(app, http, me, address):
    """With a sentence; and one to where the mail goes already asks nobody."""
    assert http.post(me, data={"address": address}).status_code == 400
    assert http.post(me, data={"address": ADDRESS}).status_code == 200
    settled(app, 1)


def test_a_fresh_link_ends_after_a_day_and_comes_three_times_a_day(app, http, readers, me, clock):
    """Whoever holds a forwarded copy can neither use it nor fill the mailbox."""
    for _ in range(5):
        http.post(f"{readers.preferences}/fresh")
    settled(app, 3)
    clock.sleep(timedelta(hours=24).total_seconds())
    assert "out of date" in http.get(me).text


def test_links_are_asked_for_with_an_address_and_not_too_often(app, http, readers):
    """What is no address is said; nothing is mailed."""
    assert http.post("/link", data={"address": "lena"}).status_code == 400
    assert http.get("/link").status_code == 200
    for _ in range(58):
        http.post("/link", data={"address": "nobody@example.org"})
    assert http.post("/link", data={"address": ADDRESS}).status_code == 200
    assert http.post("/link", data={"address": ADDRESS}).status_code == 429
    settled(app, 1)
    assert readers.ref


def test_who_was_erased_meanwhile_gets_an_empty_file(app, readers):
    """And where a publication keeps its order, a button pressed all the same moves nothing."""
    ports = replace(_readers(app, Limiter(app.clock)), ordered=lambda _: False)
    claim = Claim("me", "-", "weekly", "", None)
    with app.database.reading() as session:
        lena = standing(session, readers.ref, "weekly")
    assert lena is not None
    assert OwnData(Frame(ports))._data(claim, lena).body == b"{}"
    mine = replace(claim, subscriber=readers.ref)
    page = Choosing(Frame(ports))._order(mine, lena, token="t", form={"up": ["ee"]})
    assert b"Move up" not in page.body
    with app.database.reading() as session:
        after = standing(session, readers.ref, "weekly")
    assert after is not None
    assert [data.id for data in after.coming] == ["sc", "ee"]


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("de;q=0.2, fr;q=0.9", "fr"), ("hy, ka-GE", "ka"), ("de;q=x, ru;q=0.1", "ru"), ("", "en"), ("xx", "en")],
)
def test_a_browser_is_answered_in_its_language(http, readers, asked, spoken):
    """The one it likes best of those we have; the address can say another one."""
    assert readers.ref
    assert f'<html lang="{spoken}"' in http.get("/join", headers={"Accept-Language": asked}).text
    assert '<html lang="ar" dir="rtl"' in http.get("/join?language=ar", headers={"Accept-Language": asked}).text
