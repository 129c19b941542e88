"""From what was gathered to the tables of a report: who got it, what they clicked, answered and left. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from digest.reports.facts import Facts, Placement
from digest.reports.rates import rate, times
from digest.reports.sums import ANSWERS, OUTCOMES, Sums, lists_of
from digest.reports.tables import Cell, Column, Table

STORIES: Final = 10  # that brought the most
STATES: Final = ("accepted", "rejected", "suppressed", "withdrawn", "uncertain", "cancelled", "queued", "claimed")
IN_WORDS: Final = {
    "accepted": "accepted by the provider",
    "rejected": "refused by the provider",
    "suppressed": "suppressed address",
    "withdrawn": "withdrawn by the reader",
    "delivered": "delivered",
    "deferred": "deferred, still tried",
    "bounced": "bounced",
    "complained": "complaint",
}
READ: Final = (
    Column("delivered", "Delivered", "count"),
    Column("clicks", "Human clicks", "count", counted=True),
    Column("click_rate", "Clicked", "rate", counted=True, interval=True),
    Column("expected", "Expected", "number"),
    Column("coec", "Against expected", "times", counted=True, interval=True),
)


@dataclass(slots=True)
class _Read:
    """What some placements come to."""

    delivered: int = 0
    clicks: int = 0
    expected: float = 0.0

    def add(self, one: Placement) -> None:
        """Add a placement."""
        self.delivered += one.delivered
        self.clicks += one.clicks
        self.expected += one.expected

    def cells(self, *, counted: bool) -> tuple[Cell, ...]:
        """Return the cells under READ."""
        clicks = self.clicks if counted else None
        return (
            self.delivered,
            clicks,
            rate(clicks, self.delivered),
            round(self.expected, 3),
            times(clicks, self.expected),
        )


def ledger(one: Sums) -> Table:
    """Return where the deliveries of an issue stand."""
    whole = sum(one.states.values())
    order = [*STATES, *sorted(one.states.keys() - set(STATES))]
    rows = ((IN_WORDS.get(name, name), one.states[name], rate(one.states[name], whole)) for name in order)
    columns = (
        Column("state", "State"),
        Column("deliveries", "Deliveries", "count"),
        Column("share", "Of the audience", "rate", interval=True),
    )
    return Table(
        key="deliveries",
        title="Deliveries",
        columns=columns,
        rows=tuple(row for row in rows if row[1] or row[0] == IN_WORDS["accepted"]),
        bar="deliveries",
        label="state",
        said=("deliveries", "share"),
        note="Every reader of the audience is in exactly one state.",
    )


def outcomes(one: Sums) -> Table:
    """Return what came back of those that the provider accepted."""
    told = one.outcomes or {}
    rows: list[tuple[Cell, ...]] = [
        (IN_WORDS[name], told.get(name), rate(told.get(name), one.accepted)) for name in OUTCOMES
    ]
    silent = one.accepted - sum(told.values()) if one.outcomes else None
    rows.append(("nothing came back yet", silent, rate(silent, one.accepted)))
    columns = (
        Column("outcome", "Outcome"),
        Column("deliveries", "Deliveries", "count", counted=True),
        Column("share", "Of those accepted", "rate", counted=True, interval=True),
    )
    return Table(
        key="outcomes",
        title="What came back",
        columns=columns,
        rows=tuple(rows),
        bar="deliveries",
        label="outcome",
        said=("deliveries", "share"),
        note="From the provider's events. Who complained had the mail: a complaint is a delivered one, too.",
    )


def clicks(one: Sums) -> Table:
    """Return human and machine clicks side by side."""
    columns = (
        Column("who", "Clicks"),
        Column("clicks", "Number", "count", counted=True),
        Column("per_delivery", "Per delivery", "number", counted=True),
    )
    machine = one.machine_clicks
    each = machine / one.accepted if machine is not None and one.accepted else None
    return Table(
        key="clicks",
        title="Clicks",
        columns=columns,
        rows=(("human", one.clicks, one.clicks_each), ("machine", machine, each)),
        bar="clicks",
        label="who",
        said=("clicks", "per_delivery"),
        note="One per reader and story. Only human clicks enter the ranking.",
    )


def regions(facts: Facts, one: Sums) -> Table:
    """Return clicks by the region of the section, against those expected of its places."""
    found = _by(facts, one, "region")
    readers = _readers(facts, one, facts.list_regions)
    names = [name for name in facts.regions if name in found] + sorted(found.keys() - facts.regions.keys())
    rows = (
        (name, facts.regions.get(name, name), readers.get(name, 0), *found[name].cells(counted=one.clicks is not None))
        for name in names
    )
    columns = (Column("region", "Id"), Column("name", "Region"), Column("readers", "Readers", "count"), *READ)
    return Table(
        key="regions",
        title="By region",
        columns=columns,
        rows=tuple(rows),
        bar="coec",
        label="name",
        said=("clicks", "coec"),
        note="Readers: deliveries that hold a list of the region. Delivered: its stories, each once a delivery. "
        "1.00x is what an average story would have got at these places.",
    )


def places(facts: Facts, one: Sums) -> Table:
    """Return clicks by place from the top of the mail, against those expected there."""
    found = _by(facts, one, "place")
    rows = (
        (int(place), f"place {place}", *found[place].cells(counted=one.clicks is not None))
        for place in sorted(found, key=int)
    )
    columns = (Column("place", "Place", "count"), Column("name", "From the top"), *READ)
    return Table(
        key="places",
        title="By place, against expected",
        columns=columns,
        rows=tuple(rows),
        bar="coec",
        label="name",
        said=("clicks", "expected", "coec"),
        note="The lead is place 1. Expected: what an average story would have got there (COEC is clicks over it).",
    )


def lists(facts: Facts, one: Sums) -> Table:
    """Return who left each list, and who complained about a mail it stood in."""
    readers = _readers(facts, one, {name: name for name in facts.lists})
    left: dict[str, int] = defaultdict(int)
    for gone in facts.left:
        if gone.issue == one.issue.number and gone.list_id in lists_of(facts, gone.edition):
            left[gone.list_id] += gone.readers
    complaints = _readers(facts, one, {name: name for name in facts.lists}, outcome="complained")
    told = one.outcomes is not None
    rows = tuple(
        (
            name,
            facts.lists[name],
            readers[name],
            left[name],
            rate(left[name], readers[name]),
            complaints.get(name, 0) if told else None,
            rate(complaints.get(name, 0) if told else None, readers[name]),
        )
        for name in facts.lists
        if name in readers
    )
    columns = (
        Column("list", "Id"),
        Column("name", "List"),
        Column("readers", "Readers", "count"),
        Column("unsubscribes", "Unsubscribes", "count"),
        Column("unsubscribe_rate", "Unsubscribes, of readers", "permille", interval=True),
        Column("complaints", "Complaints", "count", counted=True),
        Column("complaint_rate", "Complaints, of readers", "permille", counted=True, interval=True),
    )
    return Table(
        key="lists",
        title="Unsubscribes and complaints by list",
        columns=columns,
        rows=rows,
        bar="unsubscribes",
        label="name",
        said=("unsubscribes", "unsubscribe_rate", "complaints"),
        note="Who came back is not counted. A complaint about a mail of several lists stands at each.",
    )


def votes(one: Sums) -> Table:
    """Return what readers answered under the mail."""
    rows = tuple((name, one.votes.get(value, 0), one.answer(value)) for value, name in ANSWERS.items())
    columns = (
        Column("answer", "Answer"),
        Column("votes", "Votes", "count"),
        Column("share", "Of the votes", "rate", interval=True),
    )
    return Table(
        key="votes",
        title="What readers said",
        columns=columns,
        rows=rows,
        bar="votes",
        label="answer",
        said=("votes", "share"),
        note="The three buttons under the mail.",
    )


def stories(facts: Facts, one: Sums) -> Table:
    """Return the stories that brought most against their places: they feed the next issue's Popular."""
    found = _by(facts, one, "article")
    ranked = sorted(found, key=lambda name: (*_interest(found[name]), name))
    rows = tuple(
        (name, facts.headlines.get(name, name), *found[name].cells(counted=one.clicks is not None))
        for name in (ranked[:STORIES] if one.clicks is not None else [])
    )
    columns = (Column("article", "Id"), Column("headline", "Headline"), *READ)
    return Table(
        key="stories",
        title="Stories readers chose",
        columns=columns,
        rows=rows,
        bar="coec",
        label="headline",
        said=("clicks", "coec"),
        note="By clicks against expected, the place taken out. The next issue's Popular is fed by them.",
        empty="Clicks are not counted for this issue, so no story can be said to be chosen.",
    )


def _interest(read: _Read) -> tuple[bool, float]:
    """Return what stories are ordered by: those there is enough to say of first, the most read of them first."""
    found = times(read.clicks, read.expected)
    return (found.few, -found.value) if found else (True, 0.0)


def _by(facts: Facts, one: Sums, what: str) -> Mapping[str, _Read]:
    found: dict[str, _Read] = defaultdict(_Read)
    for placement in facts.placements:
        if placement.issue == one.issue.number:
            found[str(getattr(placement, what))].add(placement)
    return found


def _readers(facts: Facts, one: Sums, of: Mapping[str, str], outcome: str = "") -> Mapping[str, int]:
    """Return how many accepted deliveries hold a list of each kind; ``of``: list -> kind."""
    found: dict[str, int] = defaultdict(int)
    for counted in facts.deliveries:
        if counted.issue != one.issue.number or counted.state != "accepted":
            continue
        if not outcome or counted.outcome == outcome:
            for kind in _kinds(lists_of(facts, counted.edition), of):
                found[kind] += counted.deliveries
    return found


def _kinds(names: Iterable[str], of: Mapping[str, str]) -> set[str]:
    return {of[name] for name in names if name in of}
