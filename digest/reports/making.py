"""Puts a report together from what was gathered: tables, lines, and what they can and cannot tell. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from digest.clock import as_utc_text
from digest.reports import comparing, fairness, heat, measures
from digest.reports.facts import Facts
from digest.reports.fairness import Share
from digest.reports.hours import first_hours
from digest.reports.rates import Rate
from digest.reports.sums import Sums, counting, sums
from digest.reports.tables import Cell, Column, Report, Table

VERSION: Final = 1  # of the JSON: raised when a key changes its meaning or goes
SETTLED: Final = timedelta(hours=72)  # most clicks have come by then
FIRST: Final = "country"
KINDS: Final = (FIRST, "desk", "author")


def make(facts: Facts) -> Report:
    """Return the report of an issue."""
    found = sums(facts)
    here = found[-1]
    tables = (
        measures.ledger(here),
        measures.outcomes(here),
        measures.clicks(here),
        comparing.compared(found),
        measures.regions(facts, here),
        measures.places(facts, here),
        measures.stories(facts, here),
        first_hours(facts),
        measures.lists(facts, here),
        measures.votes(here),
        history(found, facts.zone),
        *(exposure(facts, kind) for kind in KINDS),
    )
    return Report(
        title=f"{facts.publication_name}, issue {here.issue.number}",
        head=_head(facts, found),
        opening=_opening(facts, found),
        notes=tuple(_notes(facts, found)),
        tables=tables,
        lines=comparing.lines(found),
        mail=heat.drawn(facts.mail) if facts.mail and facts.mail.spots and here.clicks is not None else "",
        mail_note=_on_the_mail(facts),
    )


def both(moment: datetime, zone: str) -> str:
    """Return an instant by the publication's clock and in UTC, as the desk says them (``editors.times.when``)."""
    local = moment.astimezone(ZoneInfo(zone))
    if local.utcoffset() == timedelta(0):
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M} UTC"
    other = "" if local.date() == moment.date() else f"{moment:%a} "
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} in {zone} ({other}{moment:%H:%M} UTC)"


def history(found: Sequence[Sums], zone: str) -> Table:
    """Return the issues one under the other, the newest last."""
    columns = (
        Column("issue", "Issue"),
        Column("sent_at", "Sent, UTC"),
        Column("sent_local", f"Sent, {zone}"),
        Column("accepted", "Accepted", "count"),
        Column("delivered", "Delivered", "count", counted=True),
        Column("bounced", "Bounced", "count", counted=True),
        Column("complained", "Complaints", "count", counted=True),
        Column("human_clicks", "Human clicks", "count", counted=True),
        Column("machine_clicks", "Machine clicks", "count", counted=True),
        Column("coec", "Against expected", "times", counted=True, interval=True),
        Column("unsubscribes", "Unsubscribes", "count"),
        Column("votes", "Votes", "count"),
    )
    rows = tuple(_past(one, zone) for one in found)
    note = "Unsubscribes: within the same time after each issue."
    return Table(key="issues", title="Issue by issue", columns=columns, rows=rows, note=note)


def exposure(facts: Facts, kind: str) -> Table:
    """Return the exposure monitor for countries, desks or authors."""
    rows = tuple(_shared(one) for one in fairness.shares(facts.standing, kind))
    columns = (
        Column("name", kind.capitalize()),
        Column("stories", "Stories", "count"),
        Column("share_of_stories", "Of stories", "rate"),
        Column("share_of_exposure", "Of exposure", "rate"),
        Column("ratio", "Times", "times"),
        Column("verdict", "In words"),
    )
    return Table(
        key=f"exposure_{kind}",
        title=f"Exposure by {kind}",
        columns=columns,
        rows=rows,
        note=_monitor(facts, kind),
        empty="No issue was sent to its end yet, so nobody's places are noted.",
        bar="ratio",
        label="name",
        said=("ratio", "verdict"),
    )


def _monitor(facts: Facts, kind: str) -> str:
    """Say what the monitor measures, and what it leaves out."""
    note = f"A monitor, not a weight, measured as by {FIRST}."
    if kind == FIRST:
        note = (
            "A monitor, not a weight: the share of exposure (sum of theta over readers) against the share of the "
            f"stories that could have stood, over {_issues(facts.standing_issues)}. Amber outside {fairness.LOW} to "
            f"{fairness.HIGH:g} times, from {fairness.LEAST_STORIES} stories on. Readers choose their regions: one "
            "that few read gets little."
        )
    without = fairness.nameless(facts.standing, kind)
    if not without:
        return note
    told = "One story names" if without == 1 else f"{without:,} stories name"
    return f"{note} {told} no {kind}, and count in neither share."


def _shared(one: Share) -> tuple[Cell, ...]:
    return (one.name, one.stories, one.of_stories, one.of_exposure, one.ratio, one.verdict)


def _past(one: Sums, zone: str) -> tuple[Cell, ...]:
    told = one.outcomes
    return (
        str(one.issue.number),
        as_utc_text(one.issue.sent_at),
        f"{one.issue.sent_at.astimezone(ZoneInfo(zone)):%a %d %b, %H:%M}",
        one.accepted,
        one.delivered,
        told["bounced"] if told else None,
        told["complained"] if told else None,
        one.clicks,
        one.machine_clicks,
        one.times,
        one.left,
        sum(one.votes.values()),
    )


def _head(facts: Facts, found: Sequence[Sums]) -> Mapping[str, Any]:
    issue = facts.issue
    return {
        "version": VERSION,
        "publication": facts.publication,
        "zone": facts.zone,
        "issue": issue.id,
        "number": issue.number,
        "status": issue.status,
        "once": issue.once,
        "as_of": as_utc_text(issue.as_of),
        "sent_at": as_utc_text(issue.sent_at),
        "sent_local": issue.sent_at.astimezone(ZoneInfo(facts.zone)).isoformat(timespec="seconds"),
        "made_at": as_utc_text(facts.at),
        "unsubscribes_until": as_utc_text(issue.until),
        "audience": issue.audience,
        "counted": counting(found[-1]),
        "compared_with": [one.number for one in facts.issues[:-1]],
        "exposure_of": list(facts.standing_issues),
    }


def _opening(facts: Facts, found: Sequence[Sums]) -> tuple[str, ...]:
    here, issue = found[-1], facts.issue
    delivered = here.share("delivered")
    told = f", {_percent(delivered)} of it delivered" if delivered else ""
    return (
        f"Sent {both(issue.sent_at, facts.zone)} to {here.accepted:,} readers{told}.",
        f"Seen {both(facts.at, facts.zone)}, beside {_issues([one.number for one in facts.issues[:-1]])} before it.",
    )


def _notes(facts: Facts, found: Sequence[Sums]) -> list[str]:
    here = found[-1]
    notes = []
    if here.outcomes is None:
        notes.append(
            "What came back is not counted: no event of the provider has arrived for this issue. That is not 0 bounces."
        )
    if not here.placed:
        notes.append("Places and clicks are noted when an issue has been sent to its end; this one has not.")
    elif here.clicks is None:
        notes.append("Human clicks are not counted: none has arrived for this issue or those before it.")
    if here.machine_clicks is None:
        notes.append("Machine clicks are not counted yet. That is not 0.")
    age = facts.at - facts.issue.sent_at
    if age < SETTLED:
        notes.append(
            f"This issue is {_age(age)} old: clicks, votes and complaints still come, and the issues before it had "
            "longer for theirs. Only unsubscribes are compared over the same time."
        )
    return notes


def _on_the_mail(facts: Facts) -> str:
    if facts.mail is None:
        return ""
    names = ", ".join(facts.lists.get(one, one) for one in facts.mail.lists)
    return (
        f"The edition of {names}, which {facts.mail.readers:,} readers have. Dark: most clicks of people; in figures, "
        "what an average story would have got at that place is 1.00x."
    )


def _percent(one: Rate) -> str:
    return f"{one.value * 100:.1f} %"


def _age(age: timedelta) -> str:
    hours = int(age / timedelta(hours=1))
    return f"{hours} h" if hours else "less than an hour"


def _issues(numbers: Sequence[int]) -> str:
    if not numbers:
        return "no issue"
    return "1 issue" if len(numbers) == 1 else f"{len(numbers)} issues"
