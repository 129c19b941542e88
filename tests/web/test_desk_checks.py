"""The desk's page of checks: by group, with place and remedy, and the button that fetches the links."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlmodel import select

from digest import users
from digest.bootstrap import App
from digest.editors import checking, reading
from digest.fetching import Fetcher
from digest.issues import editing
from digest.issues.models import Issue, IssueCandidate
from digest.proofs import link_fetching, making, relaxed
from digest.proofs.check import Check, Level
from digest.proofs.models import ProofRecord
from digest.rendering.urls import Urls
from tests.conftest import NOW
from tests.editors import newsroom
from tests.editors.newsroom import HEADLINES, key
from tests.proofs.answering import Site, answer, site
from tests.web import looking
from tests.web.reviewing import OURS, buttons

WORDS = "salt river night train"
LEAD = f"{HEADLINES[0]} (South Caucasus)"


@pytest.fixture
def here() -> Iterator[Site]:
    """Run the newsroom's site."""
    with ExitStack() as stack:
        yield stack.enter_context(site())


@pytest.fixture
def desk(app: App, here: Site, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Draft an issue whose stories stand on that site, as with a provider that reaches readers."""
    monkeypatch.setattr(relaxed, "names", lambda _settings: frozenset({"https"}))
    app.__dict__["fetcher"] = Fetcher(allow_private=True, total=5, step=2)
    newsroom.found(app.database)
    issue = newsroom.draft(app.database)
    with app.database.writing() as session:
        for row in session.exec(select(IssueCandidate).where(IssueCandidate.issue_id == issue.id)):
            name = row.inputs["url"].rpartition("/")[2]
            row.inputs = row.inputs | {"url": f"{here.url}/{name}", "picture": None}
            session.add(row)
        users.add(session, "editor@example.org", users.Role.editor, WORDS, app.clock.now())
    prove(app, issue)
    return SimpleNamespace(issue=issue, path=f"/desk/issues/{issue.number}/checks")


def prove(app: App, issue: Issue) -> None:
    urls = Urls(app.settings.base_url, app.keys)
    making.make_proof(app.database, issue.id, urls=urls, at=NOW, relaxed=frozenset({"https"}))


@pytest.fixture
def editor(site: str, desk: SimpleNamespace) -> Iterator[httpx.Client]:
    """Sign an editor in."""
    assert desk.issue
    with httpx.Client(base_url=site, trust_env=False, timeout=60) as made:
        given = {"address": "editor@example.org", "password": WORDS}
        assert made.post("/desk/sign-in", data=given, headers=OURS).status_code == 303
        yield made


def text_of(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))


def test_every_group_is_shown_with_its_level(editor, desk):
    """Nine groups; those with something to do are open, the others say that nothing is to be mended."""
    page = editor.get(desk.path)
    assert page.status_code == 200
    for title in checking.GROUPS.values():
        assert f"<h3>{title}</h3>" in page.text
    assert "Fetch the links" in buttons(page)
    assert "No link was fetched" in page.text
    assert f"digest issues check {desk.issue.number} --links" in page.text


def test_the_button_fetches_and_a_dead_link_is_red_at_its_place(editor, desk, here):
    """The story is named, its place scrolls to it, and it can be edited from here; mended, it is green again."""
    here.answers[f"/{newsroom.slug('south-caucasus', 0)}"] = answer(404)
    page = editor.post(f"{desk.path}/links", headers=OURS)
    assert page.status_code == 200
    assert "bad: " in text_of(page)
    line = page.text.split("answers 404", 1)[1].split("</li>", 1)[0]
    issue = desk.path.removesuffix("/checks")
    lead = key("south-caucasus", 0)
    assert f'{issue}#story-{lead}"' in line
    assert f'{issue}/story/{lead}"' in line
    assert LEAD in line
    assert "<details" in page.text.split("<h3>Links</h3>")[0].rpartition("<details")[1]
    assert 'class="group" open' in page.text.split("<h3>Links</h3>")[0].rpartition("<details")[2].join(["<details", ""])
    assert "answers 404" in editor.get(desk.path).text, "it is kept"
    here.answers.clear()
    assert "answers 404" not in editor.post(f"{desk.path}/links", headers=OURS).text


def test_no_other_site_can_press_it_and_nobody_without_a_session(editor, http, desk, here):
    """A GET fetches nothing either."""
    assert editor.post(f"{desk.path}/links", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert http.post(f"{desk.path}/links", headers=OURS).status_code == 303
    assert http.get(desk.path).status_code == 303
    assert editor.get(f"{desk.path}/links").status_code in (404, 405)
    assert here.asked == []


def test_with_the_outbox_there_is_no_button(app, editor, desk, here, monkeypatch):
    """Ruling 16: links are relaxed by name, and the page says so; whoever posts all the same is told."""
    monkeypatch.setattr(relaxed, "names", lambda _settings: relaxed.NOT_NEEDED)
    urls = Urls(app.settings.base_url, app.keys)
    making.make_proof(app.database, desk.issue.id, urls=urls, at=NOW, relaxed=relaxed.NOT_NEEDED)
    page = editor.get(desk.path)
    assert "Fetch the links" not in buttons(page)
    assert "this provider reaches no reader" in page.text
    assert link_fetching.RELAXED in text_of(editor.post(f"{desk.path}/links", headers=OURS))
    assert here.asked == []


def test_without_editions_the_page_says_what_is_missing(app, editor, desk):
    """After an edit there is no proof of the issue as it is; pressing a button of an old page is a sentence."""
    editing.exclude(app.database, desk.issue.id, key("south-caucasus", 1), who="a", at=NOW)
    assert "not checked yet" in editor.get(desk.path).text
    assert "Fetch the links" not in buttons(editor.get(desk.path))
    answered = editor.post(f"{desk.path}/links", headers=OURS)
    assert answered.status_code == 409
    assert "There is no proof" in answered.text


def review_of(app: App, desk: Any, *checks: Check) -> reading.Review:
    urls = Urls(app.settings.base_url, app.keys)
    with app.database.reading() as session:
        return replace(reading.read(session, desk.issue.id, urls=urls, at=NOW), checks=checks)


def line(app: App, desk: Any, *, at_desk: bool = True, **given: Any) -> checking.Line:
    check = Check(**({"level": Level.amber, "group": "content", "code": "x", "sentence": "So."} | given))
    (group,) = checking.panel(review_of(app, desk, check), "/issue", at_desk=at_desk)["groups"]
    (found,) = group.lines
    assert isinstance(found, checking.Line)
    return found


def test_places_lead_to_what_they_name(app, desk):
    """A headline or an article's number to the story, an edition to its preview, an address to itself."""
    lead = str(key("south-caucasus", 0))
    for place in (LEAD, lead):
        shown = line(app, desk, place=place)
        assert (shown.place, shown.href) == (LEAD, f"/issue#story-{lead}")
        assert (shown.fix, shown.fix_href) == ("Edit the story", f"/issue/story/{lead}")
    edition = line(app, desk, group="size", place="ca")
    assert edition.href.startswith("/issue/preview?edition=")
    assert line(app, desk, place="ca", at_desk=False).href.endswith("#preview")
    address = line(app, desk, group="links", place="https://m.org/a")
    assert (address.href, address.outside) == ("https://m.org/a", True)
    assert line(app, desk, place="javascript:alert(1)").href == ""
    named = line(app, desk, group="links", place="A page of ours", links=("https://m.org/b",), at=NOW.isoformat())
    assert named.href == "https://m.org/b"
    assert line(app, desk, code="subject-soft", group="subject").fix_href == "/issue/texts"
    assert line(app, desk, code="feed-dead").fix_href == "/desk/feeds"
    assert line(app, desk, place=LEAD, at_desk=False).fix == ""
    assert line(app, desk, place=LEAD, level=Level.green).fix == ""


def test_groups_are_counted_and_the_worst_comes_first(app, desk):
    """Red before amber; a group that nobody knows is shown all the same."""
    checks = [
        Check(level=Level(level), group=group, code=f"{group}-{level}", sentence="So.")
        for level, group in (("red", "legal"), ("amber", "content"), ("green", "content"), ("not_checked", "novel"))
    ]
    found = checking.panel(review_of(app, desk, *checks), "/issue")["groups"]
    assert [(one.key, one.title, one.word, one.counts, one.is_open) for one in found] == [
        ("content", "Content", "Amber", "1 amber", True),
        ("legal", "Legal", "Red", "1 red", True),
        ("novel", "Novel", "Not checked", "1 not checked", False),
    ]


def test_what_an_approver_accepted_is_shown(app, desk):
    """With the reason."""
    check = Check(level=Level.amber, group="content", code="thin", sentence="So.")
    held = review_of(app, desk, check)
    approved = replace(held, approval=SimpleNamespace(accepted={"thin": "A short week"}, who="a"))  # type: ignore[arg-type]
    ((shown,),) = [group.lines for group in checking.panel(approved, "/issue")["groups"]]
    assert shown.accepted == "A short week"


def script_in_every_field(app: App, issue: Issue) -> None:
    bad = '"><script>alert(1)</script>'
    check = Check(level=Level.amber, group="content", code="x", sentence=bad, place=bad, remedy=bad)
    with app.database.writing() as session:
        record = session.get_one(ProofRecord, (issue.id, 1))
        record.checks = [check.as_json(), *record.checks]
        session.add(record)


def test_script_in_a_check_is_text(app, editor, desk):
    """In the sentence, the place and the remedy."""
    script_in_every_field(app, desk.issue)
    assert "<script>alert" not in editor.get(desk.path).text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_well_on_a_phone_and_off_it(site, desk, here, chromium, scheme):
    """Nothing scrolls sideways, groups open by keyboard, the button works without script; axe finds nothing."""
    here.answers[f"/{newsroom.slug('south-caucasus', 0)}"] = answer(404)
    context = chromium.new_context(color_scheme=scheme, locale="en-GB", java_script_enabled=True)
    page = context.new_page()
    page.goto(f"{site}{desk.path}")
    looking.enter(page, "editor@example.org")
    page.wait_for_url(f"{site}{desk.path}")
    page.get_by_role("button", name="Fetch the links").click()
    page.get_by_text("answers 404").first.wait_for()
    for width in (360, 640):
        page.set_viewport_size({"width": width, "height": 900})
        looking.fits(page, width)
        looking.faultless(page, width)
    summary = page.locator("summary", has_text="Mail programs")
    summary.focus()
    page.keyboard.press("Enter")
    page.get_by_text("classic Outlook for Windows").first.wait_for()
    looking.faultless(page)
    context.close()
