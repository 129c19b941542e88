"""Links are fetched: what each answer means, how politely it is asked, and that what came of it is kept."""

import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, select

from digest.clock import StillClock
from digest.database import Database
from digest.errors import Conflict, Refused
from digest.fetching import Fetcher
from digest.issues import editing
from digest.issues.models import Issue, IssueCandidate
from digest.proofs import approval, checks_size, link_fetching, making
from digest.proofs.check import Asked, Check, Level
from digest.proofs.links import saying, targets
from digest.proofs.links.asking import OF_A_HOST, Asking
from digest.proofs.links.targets import Target
from digest.proofs.models import ProofRecord
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from digest.sending import last_look
from tests.conftest import BOTH, KEYS, NOW
from tests.editors import newsroom
from tests.proofs.answering import Site, answer, site

FETCHER = Fetcher(allow_private=True, total=5, step=2)
TEN = timedelta(minutes=10)
LOGIN = '<html><title>Members</title><form action="/login"><input type="password"></form>'


def ask(*given: Target, fetcher: Fetcher = FETCHER, seconds: float = 30) -> dict[str, Asked]:
    """Ask for some addresses, without waiting before the second time."""
    asking = Asking(fetcher=fetcher, at=NOW, seconds=seconds, pause=lambda _seconds: None)
    return {one.url: one for one in asking.all(given)}


def one(told: Any, *, picture: bool = False, **more: Any) -> Asked:
    """Return what is said of one address that answers so."""
    with site(story=told, **more) as here:
        (found,) = ask(Target(f"{here.url}/story", "A headline", picture)).values()
    return found


@pytest.mark.parametrize(
    ("told", "code", "level"),
    [
        (answer(), "", Level.green),
        (answer(404), "link-dead", Level.red),
        (answer(410), "link-dead", Level.red),
        (answer(500), "link-dead", Level.red),
        (answer(401), "link-login", Level.amber),
        (answer(403), "link-refused", Level.amber),
        (answer(body=LOGIN), "link-login", Level.amber),
        (answer(body="<title>Sign in to go on</title>"), "link-login", Level.amber),
        (answer(body="<title>Page not found – The Meridian</title>"), "link-soft-404", Level.amber),
        (answer(body="<title>Seite nicht gefunden</title>"), "link-soft-404", Level.amber),
        (answer(302, Location="/"), "link-front", Level.amber),
        (answer(302, Location="/login?next=story"), "link-login", Level.amber),
        (answer(302, Location="/story-two"), "", Level.green),
        (answer(200, head=405), "", Level.green),
        (answer(200, head=404), "", Level.green),
        (answer(404, head=200), "link-dead", Level.red),
        (answer(kind="application/pdf"), "", Level.green),
    ],
)
def test_what_an_answer_means(told, code, level):
    """Dead, a login, a soft 404, the front page; HEAD is not believed where GET says something else."""
    more = {"login": answer(body=LOGIN)}
    found = one(told, **more)
    assert (found.code, found.level) == (code, level)
    assert found.sentence.endswith(".") == bool(code)
    assert bool(found.remedy) == bool(code)


def test_an_article_with_a_login_in_its_head_is_no_login():
    """Many sites offer to sign in on every page; what says it is an article is one."""
    assert one(answer(body=f'<meta property="og:type" content="article">{LOGIN}')).code == ""


@pytest.mark.parametrize(
    ("told", "code", "size"),
    [
        (answer(body="x" * 700, kind="image/jpeg"), "", 700),
        (answer(404), "picture-dead", 0),
        (answer(body="no picture"), "picture-kind", 0),
    ],
)
def test_pictures_are_asked_for_and_weighed(told, code, size):
    """By HEAD alone where that says how many bytes; one that is missing, or is a page, is found."""
    found = one(told, picture=True)
    assert (found.code, found.size) == (code, size)


def test_a_picture_or_a_file_is_not_loaded():
    """HEAD says all of it."""
    with site(p=answer(body="x" * 9, kind="image/png"), f=answer(kind="application/pdf")) as here:
        ask(Target(f"{here.url}/p", picture=True), Target(f"{here.url}/f"))
        assert {method for method, _path in here.asked} == {"HEAD"}


def test_redirects_are_counted_and_https_that_ends_on_http_is_said(monkeypatch):
    """Four redirects are amber; so is an https address that leads to a plain one."""
    chain: dict[str, Any] = {f"hop_{n}": answer(302, Location=f"/hop-{n + 1}") for n in range(4)}
    with site(**chain, story=answer(302, Location="/hop-0"), loop=answer(302, Location="/loop")) as here:
        found = ask(Target(f"{here.url}/hop-0"), Target(f"{here.url}/hop-1"), Target(f"{here.url}/loop"))
        assert [found[f"{here.url}/{path}"].code for path in ("hop-0", "hop-1", "loop")] == [
            "link-hops",
            "",
            "link-hops",
        ]
        assert "4 times" in found[f"{here.url}/hop-0"].sentence
        plain = f"{here.url}/story-two"
        monkeypatch.setattr(Fetcher, "head", lambda self, _url: self.get(""))
        asked = FETCHER.get(plain)
        monkeypatch.setattr(Fetcher, "get", lambda _self, _url: asked)
        (secure,) = ask(Target("https://meridian.example/world/story-two")).values()
    assert (secure.code, secure.level) == ("link-http", Level.amber)


def test_no_host_is_dead_and_an_inner_address_is_not_called_so():
    """A name nobody knows is red; one that leads inside this network may be fine from outside: amber."""
    (nowhere,) = ask(Target("https://nowhere.example/a")).values()
    assert (nowhere.code, nowhere.level) == ("link-dead", Level.red)
    assert "there is no host" in nowhere.sentence
    with site() as here:
        (inner,) = ask(Target(f"{here.url}/a"), fetcher=Fetcher()).values()
        assert here.asked == []
    assert (inner.code, inner.level) == ("link-inside", Level.amber)


def test_what_is_slow_is_amber_and_its_host_is_left_alone_after_two():
    """A host that hangs costs each of its chains two time-outs, not one for every link."""
    hang = threading.Event()
    told = answer() | {"wait": hang}
    with site(**{f"s{n}": told for n in range(12)}) as here:
        found = ask(*(Target(f"{here.url}/s{n}") for n in range(12)), fetcher=Fetcher(allow_private=True, step=0.1))
        hang.set()
    assert len(found) == 2 * OF_A_HOST
    assert {one.code for one in found.values()} == {"link-slow"}
    assert {one.level for one in found.values()} == {Level.amber}


def test_an_error_is_asked_for_once_more():
    """A server that stumbled once is not called dead; 404 is believed at once."""
    waits: list[float] = []
    with site(gone=answer(404), bad=answer(503)) as here:

        def mend(seconds: float) -> None:
            waits.append(seconds)
            here.answers["/bad"] = answer()

        asking = Asking(fetcher=FETCHER, at=NOW, pause=mend)
        found = {one.url.rpartition("/")[2]: one.code for one in asking.all(
            [Target(f"{here.url}/gone"), Target(f"{here.url}/bad")])}  # fmt: skip
    assert found == {"gone": "link-dead", "bad": ""}
    assert len(waits) == 1


def test_a_host_is_asked_politely_and_all_of_it_is_bounded():
    """At most three at once of one host; nothing is asked after the time is over."""
    with site() as here:
        many = [Target(f"{here.url}/{n}") for n in range(40)]
        assert len(ask(*many)) == 40
        assert 1 < here.most_at_once <= OF_A_HOST
        here.asked.clear()
        assert ask(*many, seconds=0) == {}
        assert here.asked == []
    assert ask() == {}


def test_targets_are_told_apart_and_named():
    """A headline wins over a picture and a button; our marks are taken off; slots and mailto are no links."""
    page = (
        '<a href="https://m.org/a?utm_source=digest&amp;id=1"><img src="https://m.org/a.jpg" alt=""></a>'
        '<h2 class="x"><a href="https://m.org/a?id=1&amp;utm_content=x-1">The <b>headline</b></a></h2>'
        '<a href="https://m.org/a?id=1">Read the full report</a><a href="%%abc%%">Leave</a><a href="mailto:a@b.c">m</a>'
        '<!-- <a href="https://m.org/hidden">h</a> --><a href="https://[bad">b</a>'
    )
    assert list(targets.of_page(page)) == [
        Target("https://m.org/a?id=1", "The headline"),
        Target("https://m.org/a.jpg", "", picture=True),
    ]
    token = "x" * 44
    ours = [f'<a href="https://mail.m.org/editions/{token}{n}{end}">v</a>' for n in range(3) for end in ("", ".txt")]
    assert len(targets.of_all(ours)) == 2


def made(database: Database, here: Site, number: int = 8) -> Issue:
    """Draft an issue whose stories and pictures stand on the site, and make its editions."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    with database.writing() as session:
        for row in session.exec(select(IssueCandidate).where(IssueCandidate.issue_id == issue.id)):
            name = row.inputs["url"].rpartition("/")[2]
            held = {"url": f"{here.url}/{name}", "canonical_url": f"127.0.0.1/{name}"}
            if "picture" in row.inputs:
                held["picture"] = row.inputs["picture"] | {"url": f"{here.url}/{number}.jpg"}
            row.inputs = row.inputs | held
            session.add(row)
    prove(database, issue, here)
    return issue


def prove(database: Database, issue: Issue, here: Site) -> None:
    making.make_proof(database, issue.id, urls=Urls(here.url, KEYS), at=NOW, relaxed=frozenset({"https"}))


def fetch(database: Database, issue: Issue, **more: Any) -> link_fetching.Report:
    given: dict[str, Any] = {"at": NOW, "pause": lambda _seconds: None}
    return link_fetching.fetch(database, issue.id, FETCHER, **(given | more))


def stored(database: Database, issue: Issue) -> dict[str, Check]:
    """Return the checks of the links that are kept."""
    with database.reading() as session:
        record = session.get_one(ProofRecord, (issue.id, 1))
        found = [Check.from_json(one) for one in record.checks]
    return {one.code: one for one in found if one.group == "links"}


LEAD = f"/{newsroom.slug('south-caucasus', 0)}"


@BOTH
def test_what_came_of_it_is_kept_and_a_dead_link_blocks(database: Database):
    """Not checked before; then a red check names the story; approval is refused; mended and fetched, it is green."""
    with site() as here:
        issue = made(database, here)
        here.answers[LEAD] = answer(404)
        assert stored(database, issue)["links-fetched"].level is Level.not_checked
        report = fetch(database, issue)
        assert report.bad == 1
        assert report.asked == len({path for _method, path in here.asked})
        dead = stored(database, issue)["link-dead"]
        assert (dead.level, dead.place) == (Level.red, f"{newsroom.HEADLINES[0]} (South Caucasus)")
        assert stored(database, issue)["links-fetched"].level is Level.green
        with pytest.raises(Refused, match="answers 404"):
            approval.approve(database, issue.id, who="a", at=NOW)
        here.answers.clear()
        here.asked.clear()
        assert fetch(database, issue).bad == 0
        assert {path for _method, path in here.asked} == {LEAD}, "what was sound just now is not asked for again"
        assert "link-dead" not in stored(database, issue)


def test_another_making_keeps_it_and_new_links_are_said_to_be_new(database: Database):
    """Within ten minutes nothing is asked for again; after that all of it; a new story is not checked."""
    with site() as here:
        issue = made(database, here)
        count = fetch(database, issue).asked
        prove(database, issue, here)
        summary = stored(database, issue)["links-fetched"]
        assert (summary.level, summary.at) == (Level.green, NOW.isoformat())
        assert fetch(database, issue, at=NOW + TEN / 2).asked == 0
        assert fetch(database, issue, at=NOW + TEN).asked == count
        lead = newsroom.key("south-caucasus", 0)
        editing.exclude(database, issue.id, lead, who="a", at=NOW)
        prove(database, issue, here)
        partly = stored(database, issue)["links-fetched"]
        assert partly.level is Level.not_checked
        assert " of " in partly.sentence
        assert fetch(database, issue, at=NOW + TEN).asked < count / 2
        assert stored(database, issue)["links-fetched"].level is Level.green


def test_no_transaction_is_open_while_links_are_fetched(database: Database, monkeypatch: pytest.MonkeyPatch):
    """Another writer gets its turn in the middle; editions that were made anew meanwhile keep their own checks."""
    with site() as here:
        issue = made(database, here)
        asked: list[Any] = []

        def everything(_self: Asking, given: Any) -> list[Asked]:
            assert list(given)
            prove(database, issue, here)
            with database.writing() as session:
                session.get_one(ProofRecord, (issue.id, 1)).content_hash = "another"
            asked.append(issue.id)
            return []

        monkeypatch.setattr(Asking, "all", everything)
        with pytest.raises(Conflict, match="made anew"):
            fetch(database, issue)
    assert asked == [issue.id]
    assert stored(database, issue)["links-fetched"].level is Level.not_checked


def test_relaxed_links_are_not_fetched(database: Database):
    """Ruling 16: the outbox needs none; it says so, and asks nobody."""
    with site() as here:
        issue = made(database, here)
        report = fetch(database, issue, relaxed=NOT_NEEDED)
        assert here.asked == []
    assert report == link_fetching.Report(0, 0, link_fetching.RELAXED)


def test_without_a_proof_there_is_nothing_to_fetch(database: Database):
    """The sentence names the command."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    with pytest.raises(Refused, match="digest issues check"):
        fetch(database, issue)


def test_a_check_with_links_is_stored_and_read_back():
    """The sound ones in one check, pictures with their bytes; bad ones on their own."""
    asked = {
        "https://m.org/a": Asked(url="https://m.org/a", at=NOW),
        "https://m.org/p.jpg": Asked(url="https://m.org/p.jpg", at=NOW - TEN, size=700),
        "https://m.org/b": Asked(
            url="https://m.org/b", at=NOW, level=Level.red, code="link-dead", sentence="It is dead.", remedy="Mend it"
        ),
    }
    found = list(saying.said({url: Target(url) for url in asked}, asked))
    back = saying.kept(Check.from_json(one.as_json()) for one in found)
    assert back["https://m.org/b"] == asked["https://m.org/b"]
    assert back["https://m.org/p.jpg"] == asked["https://m.org/p.jpg"]
    assert back["https://m.org/a"].at == NOW - TEN, "the oldest of all: it is asked for again rather too early"


def test_pictures_that_weigh_too_much_are_amber():
    """Known only where they were asked for."""
    page = '<img src="https://m.org/p.jpg" alt="">'
    heavy = {"https://m.org/p.jpg": Asked(url="https://m.org/p.jpg", at=NOW, size=700_000)}
    (found,) = checks_size.pictures("sc", page, heavy)
    assert (found.code, found.level) == ("picture-bytes", Level.amber)
    assert list(checks_size.pictures("sc", page, {})) == []


def means(database: Database, fetcher: Fetcher | None = FETCHER, relaxed: frozenset[str] = frozenset()) -> Any:
    """Return what a worker works with, as far as the last look needs it."""
    refresher = SimpleNamespace(fetcher=fetcher) if fetcher else None
    return SimpleNamespace(database=database, refresher=refresher, clock=StillClock(NOW), relaxed=relaxed)


@BOTH
def test_a_dead_lead_is_found_at_the_last_look(database: Database):
    """Only leads are asked for; a slow or shy page holds nothing up; what was asked just now is not asked again."""
    with site() as here:
        issue = made(database, here)
        assert last_look.dead_leads(means(database), issue.id) == []
        paths = {path for _method, path in here.asked}
        assert LEAD in paths
        assert len(paths) == len(_leads(database, issue))
        here.answers[LEAD] = answer(403)
        assert last_look.dead_leads(means(database), issue.id) == []
        here.answers[LEAD] = answer(410)
        (sentence,) = last_look.dead_leads(means(database), issue.id)
        assert "410" in sentence
        here.answers.clear()
        fetch(database, issue)
        here.asked.clear()
        assert last_look.dead_leads(means(database), issue.id) == []
        assert here.asked == []
        assert last_look.dead_leads(means(database, relaxed=NOT_NEEDED), issue.id) == []
        assert last_look.dead_leads(means(database, fetcher=None), issue.id) == []


def _leads(database: Database, issue: Issue) -> dict[str, Target]:
    with database.reading() as session:
        assert isinstance(session, Session)
        return link_fetching._leads(session, session.get_one(Issue, issue.id))
