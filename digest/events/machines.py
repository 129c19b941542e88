"""Tells the clicks of machines from those of people. Pure: what is judged is handed in, and nothing is deleted.

Scanners of mailboxes follow links before, while and after a mail is delivered, to look at what is behind them. What
gives them away, after ranking.md 1.3: HEAD, the hidden link, several links at once, their own name, a click before
anybody could have read the mail. One who looks like a person in all of that counts as one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from digest.rendering.click_links import TRAP

LINKS_AT_ONCE: Final = 3
AT_ONCE: Final = timedelta(seconds=10)
TOO_EARLY: Final = timedelta(seconds=5)  # after the delivery

# Names that no person's browser bears. Few, since they cannot keep up: what hides is caught by what it does.
AGENTS: Final = (
    (r"(?<!cu)bot\b|crawler|spider", "says that it is a robot (Cubot makes telephones)"),
    (r"bingpreview", "Outlook.com opens the links of mails with it (phpList issue 415)"),
    (r"gmail-content-sampling", "Gmail follows links with it (mssola/user_agent issue 71)"),
    (r"googleimageproxy|yahoomailproxy", "fetches for mail programs what is no page"),
    (r"barracuda|mimecast|proofpoint|symantec|forcepoint|trendmicro|safelinks|urlanalyzer", "gateways by their names"),
    (r"ms-office|microsoft office", "Office asks before it hands the link to the browser, which then counts"),
    (r"facebookexternalhit|whatsapp|skypeuripreview|embedly", "draws the preview of a link that was passed on"),
    (r"headlesschrome|phantomjs|puppeteer|playwright", "a browser without a window"),
    (r"^(curl|wget|python|java|go-http|okhttp|axios|node|ruby|php|perl|libwww|apache-http)", "a programmer's library"),
)
_AGENT: Final = re.compile("|".join(pattern for pattern, _ in AGENTS), re.IGNORECASE)


class Sign(StrEnum):
    """What gave a click away."""

    head = "head"  # asked for the headers only
    trap = "trap"  # followed the hidden link
    burst = "burst"  # three different links within ten seconds
    agent = "agent"  # the name of a known machine, or none
    prefetch = "prefetch"  # a browser that loads ahead of its reader
    early = "early"  # within five seconds of the delivery


BY_ITSELF: Final = (Sign.agent, Sign.prefetch)  # what only the request's own headers tell


class State(StrEnum):
    """What a click counts as."""

    new = "new"
    human = "human"
    machine = "machine"
    again = "again"  # a person's second click on a story: it counts once


class Verdict(NamedTuple):
    """What a click is, and the sign of it."""

    state: State
    sign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A click as it is judged; all of one edition. A visitor is of one day (see ``clicking.visitor``)."""

    id: int
    place: int
    at: datetime
    visitor: str
    person: int | None = None
    method: str = "GET"
    sign: str = ""


def sign_of(method: str, place: int, agent: str, purpose: str) -> str:
    """Return what gives a request away by itself; "" where nothing does.

    ``purpose``: of Sec-Purpose or Purpose (https://fetch.spec.whatwg.org/#sec-purpose-header).
    """
    if place == TRAP:
        return Sign.trap
    if method == "HEAD":
        return Sign.head
    if not agent.strip() or _AGENT.search(agent):
        return Sign.agent
    return Sign.prefetch if "prefetch" in purpose.lower() or "preview" in purpose.lower() else ""


def judged(hits: Iterable[Hit], delivered: Mapping[int, datetime]) -> dict[int, Verdict]:
    """Return id -> verdict for the clicks on one edition: the same for the same clicks, in any order.

    ``delivered``: person -> when their mail arrived. What a machine did in one's sight does not count, nor does a
    second click of one person on one story, or of one visitor where there is no person.
    """
    ordered = sorted(hits, key=lambda one: (one.at, one.id))
    machines = _machines(ordered)
    had: set[tuple[int | str, int]] = set()
    found = {}
    for one in ordered:
        who = one.visitor if one.person is None else one.person
        sign = one.sign or machines.get(one.visitor) or (Sign.early if _is_early(one, delivered) else "")
        if sign:
            found[one.id] = Verdict(State.machine, sign)
        elif (who, one.place) in had:
            found[one.id] = Verdict(State.again)
        else:
            had.add((who, one.place))
            found[one.id] = Verdict(State.human)
    return found


def _machines(ordered: Sequence[Hit]) -> dict[str, str]:
    """Return visitor -> sign of those none of whose clicks counts."""
    by_visitor: dict[str, list[Hit]] = {}
    for one in ordered:
        by_visitor.setdefault(one.visitor, []).append(one)
    found = {visitor: _telling(theirs) for visitor, theirs in by_visitor.items()}
    return {visitor: sign for visitor, sign in found.items() if sign}


def _telling(theirs: Sequence[Hit]) -> str:
    if any(one.place == TRAP for one in theirs):
        return Sign.trap
    if any(one.method == "HEAD" for one in theirs):
        return Sign.head
    return Sign.burst if _is_burst(theirs) else ""


def _is_burst(theirs: Sequence[Hit]) -> bool:
    """Tell whether one visitor followed so many different links in so short a time."""
    first = 0
    inside: dict[int, int] = {}  # place -> clicks on it within the time
    for one in theirs:
        inside[one.place] = inside.get(one.place, 0) + 1
        while one.at - theirs[first].at > AT_ONCE:
            gone = theirs[first].place
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            first += 1
        if len(inside) >= LINKS_AT_ONCE:
            return True
    return False


def _is_early(one: Hit, delivered: Mapping[int, datetime]) -> bool:
    arrived = None if one.person is None else delivered.get(one.person)
    return arrived is not None and one.at - arrived <= TOO_EARLY
