"""An issue against those before it: for each measure its value, their range, and a verdict in words. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from digest.events.voting import GOOD
from digest.reports.rates import Rate, rate
from digest.reports.sums import Sums
from digest.reports.tables import FEW, NOT_COUNTED, Column, Figure, Kind, Line, Table, Value, size

LEAST_ISSUES: Final = 3  # fewer have no range worth the name


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be said of each issue. A share for people is one of mails, or of clicks over expected."""

    key: str
    title: str
    kind: Kind
    of: Callable[[Sums], Value]


def compared(found: Sequence[Sums]) -> Table:
    """Return each measure of the last of these issues, with the median and range of those before it."""
    columns = (
        Column("measure", "Measure"),
        Column("value", "This issue", counted=True, interval=True),
        Column("median", "Median before"),
        Column("lowest", "Lowest"),
        Column("highest", "Highest"),
        Column("issues", "Issues", "count"),
        Column("verdict", "In words"),
    )
    rows = tuple(_row(one, found) for one in MEASURES)
    note = "The median and range are those of the issues before; too small figures are left out of them."
    return Table(key="measures", title="Against the issues before", columns=columns, rows=rows, note=note)


def lines(found: Sequence[Sums]) -> tuple[Line, ...]:
    """Return each measure over the issues, those that were counted in none left out."""
    return tuple(line for line in (_line(one, found) for one in MEASURES) if any(v is not None for v in line.values))


def verdict(value: Value, before: Sequence[float]) -> str:
    """Say how a value stands to those before it."""
    here = size(value)
    if here is None:
        return NOT_COUNTED if value is None else FEW
    if len(before) < LEAST_ISSUES:
        return "too few issues to compare with"
    if here > max(before):
        return f"above all {len(before)} before"
    return f"below all {len(before)} before" if here < min(before) else "within their range"


def _row(measure: Measure, found: Sequence[Sums]) -> tuple[str | int | Figure, ...]:
    here, before = measure.of(found[-1]), _before(measure, found)
    spread: Sequence[float | None] = _spread(before) or (None, None, None)
    figures = (Figure(value, measure.kind) for value in (here, *spread))
    return (measure.title, *figures, len(before), verdict(here, before))


def _line(measure: Measure, found: Sequence[Sums]) -> Line:
    before = _before(measure, found)
    return Line(
        key=measure.key,
        title=measure.title,
        kind=measure.kind,
        issues=tuple(str(one.issue.number) for one in found),
        values=tuple(size(measure.of(one)) for one in found),
        median=median(before) if len(before) >= LEAST_ISSUES else None,
    )


def _before(measure: Measure, found: Sequence[Sums]) -> list[float]:
    return [value for one in found[:-1] if (value := size(measure.of(one))) is not None]


def _spread(before: Sequence[float]) -> list[float] | None:
    return [median(before), min(before), max(before)] if before else None


def _of_audience(one: Sums) -> Rate | None:
    return rate(one.accepted, one.issue.audience or sum(one.states.values()))


def _machine(one: Sums) -> float | None:
    return one.machine_clicks / one.accepted if one.machine_clicks is not None and one.accepted else None


MEASURES: Final = (
    Measure("accepted", "Accepted by the provider", "rate", _of_audience),
    Measure("delivered", "Delivered, of those accepted", "rate", lambda one: one.share("delivered")),
    Measure("bounced", "Bounced", "rate", lambda one: one.share("bounced")),
    Measure("complained", "Complaints", "permille", lambda one: one.share("complained")),
    Measure("human_clicks", "Human clicks per delivery", "number", lambda one: one.clicks_each),
    Measure("machine_clicks", "Machine clicks per delivery", "number", _machine),
    Measure("coec", "Clicks against expected", "times", lambda one: one.times),
    Measure("unsubscribes", "Unsubscribes", "permille", lambda one: rate(one.left, one.accepted)),
    Measure("good", "“Good”, of the votes", "rate", lambda one: one.answer(GOOD)),
)
