"""How fast an issue was read: its human clicks over the first 72 hours, beside those of the issues before. Pure."""

from statistics import median
from typing import Final

from digest.reports.facts import Facts
from digest.reports.tables import Column, Table

UNTIL: Final = (1, 2, 3, 6, 12, 24, 36, 48, 72)  # hours since the first delivery was accepted
ALL: Final = UNTIL[-1]


def first_hours(facts: Facts) -> Table:
    """Return the clicks so far at some hours, their share of the 72, and the median share of the issues before."""
    here, *earlier = [_course(facts, one.number) for one in reversed(facts.issues)]
    passed = (facts.at - facts.issue.sent_at).total_seconds() / 3600
    whole = here[ALL]
    rows = tuple(
        (
            f"{hours} h",
            here[hours],
            here[hours] / whole if whole and passed >= ALL else None,
            _median([course[hours] / course[ALL] for course in earlier if course[ALL]]),
        )
        for hours in UNTIL
        if whole and hours <= max(passed, 1)
    )
    columns = (
        Column("until", "After"),
        Column("clicks", "Human clicks so far", "count"),
        Column("share", "Of those in 72 h", "rate"),
        Column("before", "Median of those before", "rate"),
    )
    return Table(
        key="hours",
        title="The first 72 hours",
        columns=columns,
        rows=rows,
        bar="clicks",
        label="until",
        said=("clicks", "share"),
        note="Human clicks as they came, counted from the first delivery that was accepted. "
        "The share is told when the 72 hours are over.",
        empty="No human click is counted for this issue yet.",
    )


def _course(facts: Facts, issue: int) -> dict[int, int]:
    """Return hours -> human clicks by then."""
    human = [one for one in facts.clicked if one.issue == issue and one.state == "human"]
    return {
        hours: sum(one.clicks for one in human if one.within is not None and one.within <= hours) for hours in UNTIL
    }


def _median(shares: list[float]) -> float | None:
    return median(shares) if shares else None
