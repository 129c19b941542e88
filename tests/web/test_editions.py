"""An edition in the browser, and the buttons under it."""

from datetime import timedelta

import pytest
from sqlmodel import select

from digest.errors import BadInput
from digest.events.models import Vote
from digest.events.voting import record_vote
from tests.conftest import BOTH, NOW
from tests.web.conftest import ISSUE


def votes(app):
    """Return value -> count of all votes."""
    with app.database.reading() as session:
        return {vote.value: vote.count for vote in session.exec(select(Vote))}


def token(app, purpose, edition, **more):
    """Return a token for an edition, as the mail's links carry it."""
    return app.keys.sign(purpose, subscriber="-", family="weekly", reference=str(edition.id), **more)


def test_an_edition_is_shown_without_anything_personal(app, http, edition):
    """The stored page and text, with a harmless link where the reader's own was; not to be indexed."""
    path = f"/editions/{token(app, 'view', edition)}"
    page, text = http.get(path), http.get(f"{path}.txt")
    assert (page.status_code, text.status_code) == (200, 200)
    assert "<h1>Top</h1>" in page.text
    assert "%%" not in page.text
    assert page.text.count(f'href="{app.settings.base_url}/"') == 2
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    for answer in (page, text):
        assert answer.headers["x-robots-tag"] == "noindex"
        assert "form-action 'none'" in answer.headers["content-security-policy"]


def test_an_edition_needs_its_signed_link(app, http, edition):
    """A guessed id, a forged or cut token, another purpose, an old link, an edition that is gone: a page says so."""
    view = token(app, "view", edition)
    late = token(app, "view", edition, expires=NOW - timedelta(days=1))
    gone = app.keys.sign("view", subscriber="-", family="weekly", reference=str(ISSUE))
    odd = app.keys.sign("view", subscriber="-", family="weekly", reference="no id")
    for wrong in (str(edition.id), view[:-1], token(app, "feedback", edition), late, gone, odd, "nonsense"):
        for path in (f"/editions/{wrong}", f"/editions/{wrong}.txt"):
            answer = http.get(path)
            assert answer.status_code == 404
            assert "no such issue here" in answer.text


def test_votes_count_by_the_button_only(app, http, edition):
    """Following the link shows a page and counts nothing; each press counts one, with nobody's name."""
    path = f"/feedback/{token(app, 'feedback', edition)}"
    for _ in range(3):
        assert "How was this issue?" in http.get(f"{path}/good").text
        http.head(f"{path}/good")
    assert votes(app) == {}
    assert "Thank you" in http.post(f"{path}/good").text
    for answer in ("good", "poor", "fine"):
        assert http.post(f"{path}/{answer}").status_code == 200
    assert votes(app) == {3: 2, 1: 1, 2: 1}


def test_wrong_votes_are_refused(app, http, edition):
    """An answer that is none, a forged token, a token that only opens the page."""
    signed = token(app, "feedback", edition)
    for path in (f"/feedback/{signed}/4", "/feedback/forged/good", f"/feedback/{token(app, 'view', edition)}/good"):
        assert http.get(path).status_code == 404
        assert http.post(path).status_code == 404
    assert votes(app) == {}


def test_one_place_cannot_vote_without_end(app, http, edition):
    """Ten an hour, since an office shares an address."""
    path = f"/feedback/{token(app, 'feedback', edition)}/good"
    answers = [http.post(path).status_code for _ in range(12)]
    assert answers == [200] * 10 + [429] * 2
    assert votes(app) == {3: 10}


@BOTH
def test_a_vote_is_counted_in_the_table(database):
    """The first makes the row, others raise it; 0 and 4 are no votes."""
    for _ in range(3):
        with database.writing() as session:
            record_vote(session, 7, 3, NOW)
    with database.writing() as session:
        assert session.get(Vote, (7, 3)).count == 3
        with pytest.raises(BadInput, match="4 is no vote"):
            record_vote(session, 7, 4, NOW)
