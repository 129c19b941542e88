"""An order of one's own, where the publication allows it; and links that are out of date."""

from datetime import timedelta

import httpx

from digest.issues import drafting
from digest.issues.frame import Frame
from digest.issues.models import Publication
from digest.proofs import editions
from subscribers import AudienceSet, audience_sets, look_up
from subscribers.people import Standing, standing
from tests.conftest import NOW
from tests.issues import newsroom


def allow(app, *, allowed):
    """Say whether readers may choose an order."""
    with app.database.writing() as session:
        session.get(Publication, "weekly").reader_order = allowed


def of(session, readers) -> Standing:
    """Return how the reader stands with the weekly."""
    found = standing(session, readers.ref, "weekly")
    assert found is not None
    return found


def test_the_page_offers_it_where_it_is_allowed(app, http, readers):
    """And a press that comes all the same changes nothing."""
    assert "In which order?" in http.get(readers.preferences).text
    allow(app, allowed=False)
    assert "In which order?" not in http.get(readers.preferences).text
    assert http.post(f"{readers.preferences}/order", data={"up": "ee"}).status_code == 200
    with app.database.reading() as session:
        assert of(session, readers).places == {"sc": 0, "ee": 0, "daily-sc": 0}
    allow(app, allowed=True)
    http.post(f"{readers.preferences}/order", data={"up": "ee"})
    with app.database.reading() as session:
        assert [one.id for one in of(session, readers).coming] == ["ee", "sc"]
        assert [one.lists for one in audience_sets(session, "weekly", NOW)] == [("ee", "sc")]


def test_where_it_is_not_allowed_all_get_the_newsrooms_order(database):
    """Also those who chose one before: they share the edition of the others. What was drafted before says nothing."""
    newsroom.found(database, reader_order=False)
    newsroom.publish(database, [newsroom.article("one", regions={"south-caucasus": "tag"})])
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    frame = Frame.model_validate(issue.frame)
    sets = [AudienceSet(1, "weekly", ("ee", "sc"), "en", 3), AudienceSet(2, "weekly", ("sc", "ee"), "en", 5)]
    [wanted] = editions.plan(sets, frame).wanted
    assert (wanted.lists, sorted(wanted.audiences), wanted.readers) == (("sc", "ee"), [1, 2], 8)
    before = frame.model_copy(
        update={"publication": {k: v for k, v in frame.publication.items() if k != "reader_order"}}
    )
    assert len(editions.plan(sets, before).wanted) == 2


def test_a_link_that_is_out_of_date_offers_a_fresh_one(app, http: httpx.Client, readers):
    """A forged one does not; the reader's language is not known, so the browser's is spoken."""
    expired = readers.link("preferences", expires=NOW - timedelta(seconds=1))
    answer = http.get(f"/p/{expired}")
    assert answer.status_code == 404
    assert 'href="/link"' in answer.text
    assert "Einen neuen Link" in http.get(f"/p/{expired}", headers={"Accept-Language": "de"}).text
    assert 'href="/link"' not in http.get(f"/p/{expired[:-2]}xx").text
    assert app.keys


def test_a_press_is_a_sign_of_life(app, http, readers):
    """On one's own page; following a link is none, nor is what a mail program presses by itself."""

    def seen():
        with app.database.reading() as session:
            known = look_up(session, readers.ref)
            assert known is not None
            return known[1].seen_at

    http.get(readers.preferences)
    http.post(readers.one, data={"List-Unsubscribe": "One-Click"})
    assert seen() is None
    http.post(f"{readers.preferences}/order", data={"up": "ee"})
    assert seen() == NOW
