"""What is a machine's click and what is a person's."""

from datetime import timedelta

import pytest

from digest.events.machines import AGENTS, Hit, Sign, State, Verdict, judged, sign_of
from tests.conftest import NOW
from tests.events.mailed import CHROME

HUMAN, AGAIN = Verdict(State.human), Verdict(State.again)


def hit(number, place=1, after=0.0, visitor="v", **more):
    return Hit(id=number, place=place, at=NOW + timedelta(seconds=after), visitor=visitor, **more)


def machine(sign):
    return Verdict(State.machine, sign)


def test_people_count_once_for_each_story():
    """Two visitors, three stories; a second click on the same story is neither a person nor a machine."""
    hits = [hit(1), hit(2, 2, 30), hit(3, 1, 60), hit(4, 1, 61, "w")]
    assert judged(hits, {}) == {1: HUMAN, 2: HUMAN, 3: AGAIN, 4: HUMAN}


@pytest.mark.parametrize(
    ("after", "places", "is_burst"),
    [
        ((0, 5, 10), (1, 2, 3), True),
        ((0, 5, 10.001), (1, 2, 3), False),
        ((0, 1, 2), (1, 2, 2), False),
        ((0, 8, 16, 17), (1, 2, 3, 4), True),
        ((0, 0, 0, 0), (1, 1, 2, 1), False),
        ((0, 9, 11, 12), (1, 2, 1, 3), True),
        ((0, 11, 22, 33), (1, 2, 3, 4), False),
        ((0, 1, 300), (0, 1, 2), "trap"),
    ],
)
def test_three_links_at_once_are_a_machines(after, places, is_burst):
    """Three different links within ten seconds, wherever among the clicks; all of that visitor's go, nobody else's."""
    hits = [hit(n, place, seconds) for n, (place, seconds) in enumerate(zip(places, after, strict=True))]
    found = judged([*hits, hit(99, 1, 3, "other")], {})
    assert found.pop(99) == HUMAN
    gone = {verdict.state == State.machine for verdict in found.values()}
    assert gone == {bool(is_burst)}
    if is_burst:
        assert {verdict.sign for verdict in found.values()} == {"trap" if is_burst == "trap" else "burst"}


def test_the_hidden_link_and_head_take_all_of_a_visitor():
    """Before and after it, on that edition; another visitor from elsewhere keeps theirs."""
    hits = [
        hit(1),
        hit(2, 0, 100),
        hit(3, 2, 5000),
        hit(4, 1, 0, "w"),
        hit(5, 2, 1, "w", method="HEAD"),
        hit(6, 2, 9, "x"),
    ]
    signs = dict.fromkeys((1, 2, 3), machine("trap")) | dict.fromkeys((4, 5), machine("head"))
    assert judged(hits, {}) == signs | {6: HUMAN}


def test_what_is_loaded_ahead_does_not_spoil_the_click_that_follows():
    """A browser's prefetch is no reader, but its reader may come: that click counts."""
    found = judged([hit(1, sign=Sign.prefetch), hit(2, after=20)], {})
    assert found == {1: machine("prefetch"), 2: HUMAN}


@pytest.mark.parametrize(("seconds", "verdict"), [(-60, machine("early")), (5, machine("early")), (5.001, HUMAN)])
def test_nobody_reads_within_five_seconds(seconds, verdict):
    """Where it is known whose mail it is: a click before, or up to five seconds after its delivery, is a scanner's."""
    assert judged([hit(1, after=seconds, person=7)], {7: NOW})[1] == verdict
    assert judged([hit(1, after=seconds, person=7)], {})[1] == HUMAN
    assert judged([hit(1, after=seconds)], {7: NOW})[1] == HUMAN


def test_a_person_counts_once_on_every_device():
    """The same story from a telephone and the next day from a desk is one click; another person's is another."""
    hits = [hit(1, person=7), hit(2, after=90_000, visitor="desk", person=7), hit(3, after=9, person=8)]
    assert judged(hits, {}) == {1: HUMAN, 2: AGAIN, 3: HUMAN}


def test_a_scanner_does_not_spoil_its_reader():
    """A gateway follows all links of a known person's mail from its own network; the person's click counts."""
    gateway = [hit(n, n, 20, "gateway", person=7) for n in range(4)]
    assert judged([*gateway, hit(9, 1, 300, "home", person=7)], {7: NOW})[9] == HUMAN


def test_the_order_does_not_matter():
    """The same clicks get the same verdicts in whatever order they are read."""
    hits = [hit(n, n % 4 + 1, n * 2.5, f"v{n % 3}", person=n % 2 or None) for n in range(40)]
    first = judged(hits, {1: NOW})
    for start in (7, 19, 33):
        assert judged([*hits[start:], *hits[:start]], {1: NOW}) == first
    assert judged(hits[::-1], {1: NOW}) == first


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "  ",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
        "Mozilla/5.0 (Windows NT 10.0) Chrome/42.0 Safari/537.36 Edge/12.246 Gmail-content-sampling",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "facebookexternalhit/1.1",
        "Barracuda Sentinel (EE)",
        "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0.0.0 Safari/537.36",
        "python-requests/2.32",
        "curl/8.5.0",
        "Go-http-client/2.0",
    ],
)
def test_known_machines(agent):
    """Those that say who they are, and who says nothing at all."""
    assert sign_of("GET", 1, agent, "") == "agent"


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ],
)
def test_browsers_are_no_machines(agent):
    """A telephone called Cubot among them."""
    assert sign_of("GET", 1, agent, "") == ""


def test_signs_of_a_request():
    """The hidden link and HEAD tell before the name does; a prefetch by the header that browsers send."""
    assert sign_of("GET", 0, CHROME, "") == "trap"
    assert sign_of("HEAD", 1, CHROME, "") == "head"
    assert sign_of("GET", 1, CHROME, "prefetch;prerender") == "prefetch"
    assert sign_of("GET", 1, CHROME, "") == ""
    assert all(reason for _, reason in AGENTS)
