"""An edition in the browser, and the buttons under it."""

from datetime import timedelta

import pytest
from sqlmodel import select

from digest.errors import BadInput
from digest.events.models import Vote
from digest.events.voting import record_vote
from digest.issues.models import Issue
from tests.conftest import BOTH, NOW
from tests.web.conftest import ISSUE


def votes(app):
    """Return value -> count of all votes."""
    with app.database.reading() as session:
        return {vote.value: vote.count for vote in session.exec(select(Vote))}


def hold_back(app):
    """Make the issue one that is not out yet."""
    with app.database.writing() as session:
        session.get_one(Issue, ISSUE).first_accepted_at = None


def token(app, purpose, edition, **more):
    return app.keys.sign(purpose, subscriber="-", family="weekly", reference=str(edition.id), **more)


def test_an_edition_that_is_out_is_shown_without_anything_personal(app, http, edition):
    """The stored page and text, with a harmless link where the reader's own was; not to be indexed."""
    page, text = http.get(f"/editions/{edition.id}"), http.get(f"/editions/{edition.id}.txt")
    assert (page.status_code, text.status_code) == (200, 200)
    assert "<h1>Top</h1>" in page.text
    assert "%%" not in page.text
    assert page.text.count(f'href="{app.settings.base_url}/"') == 2
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    for answer in (page, text):
        assert answer.headers["x-robots-tag"] == "noindex"
        assert "form-action 'none'" in answer.headers["content-security-policy"]


def test_an_edition_that_is_not_out_needs_a_token(app, http, edition):
    """A signed link opens it; a guessed address, another purpose, another edition or an old link do not."""
    hold_back(app)
    view = token(app, "view", edition)
    assert http.get(f"/editions/{edition.id}").status_code == 404
    assert http.get(f"/editions/{edition.id}/{view}").status_code == 200
    assert http.get(f"/editions/{edition.id}/{view}.txt").status_code == 200
    late = token(app, "view", edition, expires=NOW - timedelta(days=1))
    other = app.keys.sign("view", subscriber="-", family="weekly", reference=str(ISSUE))
    for wrong in (view[:-1], token(app, "feedback", edition), late, other):
        assert http.get(f"/editions/{edition.id}/{wrong}").status_code == 404
        assert http.get(f"/editions/{edition.id}/{wrong}.txt").status_code == 404
    assert http.get(f"/editions/{ISSUE}/{other}").status_code == 404


@pytest.mark.parametrize("path", ["/editions/nonsense", "/editions/nonsense.txt", f"/editions/{ISSUE}"])
def test_what_is_no_edition_is_a_page_that_says_so(http, edition, path):
    """With 404 and a sentence."""
    answer = http.get(path)
    assert answer.status_code == 404
    assert "not out yet" in answer.text
    assert edition.number == 7


def test_votes_count_by_the_button_only(app, http, edition):
    """Following the link shows a page and counts nothing; each press counts one, with nobody's name."""
    path = f"/editions/{edition.id}/feedback/good"
    for _ in range(3):
        assert "How was this issue?" in http.get(path).text
        http.head(path)
    assert votes(app) == {}
    assert "Thank you" in http.post(path).text
    http.post(path)
    http.post(f"/editions/{edition.id}/feedback/poor")
    signed = f"/feedback/{token(app, 'feedback', edition)}"
    assert http.get(f"{signed}/2").status_code == 200
    assert http.post(f"{signed}/2").status_code == 200
    assert votes(app) == {3: 2, 1: 1, 2: 1}


def test_wrong_votes_are_refused(app, http, edition):
    """An answer that is none, a forged token, an issue that is not out."""
    for path in (f"/editions/{edition.id}/feedback/4", "/feedback/forged/good", "/editions/nonsense/feedback/good"):
        assert http.get(path).status_code == 404
        assert http.post(path).status_code == 404
    hold_back(app)
    assert http.post(f"/editions/{edition.id}/feedback/good").status_code == 404
    assert votes(app) == {}


def test_one_place_cannot_vote_without_end(app, http, edition):
    """Ten an hour, since an office shares an address."""
    answers = [http.post(f"/editions/{edition.id}/feedback/good").status_code for _ in range(12)]
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
