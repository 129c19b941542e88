"""Reports made from given figures, without a database."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from digest.reports.facts import Clicked, Counted, Facts, Placement, Sent, Standing, Votes
from digest.reports.hours import UNTIL
from digest.reports.making import make
from digest.reports.tables import Report
from tests.conftest import NOW

HEADLINE = "=HYPERLINK(\"https://evil.example\") <script>alert('1')</script> & a headline of a good length"


def within(hour: int) -> int | None:
    """Return the first of the hours reported on that a click of the hour after that one comes in."""
    return next((hours for hours in UNTIL if hour < hours), None)


def sent(number: int, weeks: int) -> Sent:
    """Return an issue of so many weeks ago."""
    at = NOW - timedelta(days=7 * weeks)
    return Sent(
        number=number,
        id=f"issue-{number}",
        status="sent",
        once=False,
        as_of=at,
        sent_at=at,
        until=at + timedelta(days=7),
        audience=1_000,
    )


def facts(
    *,
    issues: int = 4,
    clicks: Sequence[int] = (40, 10),
    bounced: int | None = 20,
    standing: Sequence[Standing] = (),
    hours: Sequence[tuple[int, int]] = (),
    at: datetime = NOW,
) -> Facts:
    """Return figures of issues that are all alike. ``bounced`` None: no event came back; ``hours``: hour, clicks."""
    numbers = range(1, issues + 1)
    found = [sent(number, issues - number + 1) for number in numbers]
    back = [(None, 1_000)] if bounced is None else [("delivered", 1_000 - bounced), ("bounced", bounced)]
    return Facts(
        publication="weekly",
        publication_name="The Meridian",
        zone="Europe/Brussels",
        at=at,
        issues=found,
        editions=dict.fromkeys(numbers, ("sc",)),
        deliveries=[Counted(number, number, "accepted", name, count) for number in numbers for name, count in back],
        placements=[
            Placement(number, f"a{place}", "sc", "south-caucasus", place, 1_000, 30.0, count)
            for number in numbers
            for place, count in enumerate(clicks, start=1)
        ],
        clicked=[
            *(Clicked(number, within(hour), "human", count) for number in numbers for hour, count in hours),
            *(Clicked(number, within(0), "machine", 7) for number in numbers if hours),
        ],
        votes=[Votes(number, 3, 30) for number in numbers],
        left=[],
        lists={"sc": "جنوب القوقاز"},
        regions={"south-caucasus": "South Caucasus"},
        list_regions={"sc": "south-caucasus"},
        headlines={"a1": HEADLINE, "a2": "第二 headline"},
        mail=None,
        standing=standing,
        standing_issues=list(numbers)[-4:],
    )


def report(**changes: int | Sequence[int] | Sequence[tuple[int, int]] | Sequence[Standing] | datetime | None) -> Report:
    """Return the report of such figures."""
    return make(facts(**changes))  # type: ignore[arg-type]
