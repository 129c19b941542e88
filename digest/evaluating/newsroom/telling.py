"""Made issues as cases: what is known of a week's stories at the cut-off, and what readers and editors made of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import exp, log
from random import Random
from statistics import fmean, pstdev

from digest.articles.popularity import at_age
from digest.evaluating.cases import Case, Story
from digest.evaluating.newsroom.drawing import Secret, cutoff_of, week
from digest.evaluating.newsroom.mailing import Counted, drawn, mailed
from digest.ranking.candidate import Candidate

REGION = "region"
TOGETHER, READER, EDITOR = "both", "reader", "editor"
MEASURES = (TOGETHER, READER, EDITOR)
ISSUES = 500
COUNTING = 0.2  # of the newsrooms count page views, too
VIEWS, LUCK = 150.0, 0.5  # of an average story; how far apart the site's own places make them
READ_ALREADY = 0.5  # of those who saw it on the site are on the list
LEADS, PRINTED = 3, 10  # of a week's stories: so many could lead a mail, so many should be in it


def cases(issues: int = ISSUES, *, seed: int) -> Iterator[Case]:
    """Yield made issues. The same seed gives the same ones, and few are the first of many."""
    for number in range(issues):
        yield case(number, Random(f"{seed}:{number}"))  # noqa: S311 - the same newsroom each time is the point


def case(number: int, dice: Random) -> Case:
    """Make one issue."""
    as_of, secrets = cutoff_of(number), week(number, dice)
    mails = mailed(secrets, as_of, dice)
    until = as_of.replace(hour=0)
    views = _views(secrets, until, dice) if dice.random() < COUNTING else {}
    mean = fmean(views.values()) if views else 0.0
    stories = [_told(one, mails.get(one.id, Counted()), views.get(one.id), mean, until) for one in secrets]
    return Case(unit=f"{number:04}", as_of=as_of, region=REGION, stories=stories, gains=_gains(secrets, as_of))


def _views(secrets: Sequence[Secret], until: datetime, dice: Random) -> dict[str, int]:
    """Draw the page views of what was out by the last count; where the site showed a story is luck."""
    out = [one for one in secrets if one.published_at < until]
    return {one.id: drawn(VIEWS * one.appeal * one.spent(until) * exp(dice.gauss(0.0, LUCK)), dice) for one in out}


def _told(one: Secret, mails: Counted, views: int | None, mean: float, until: datetime) -> Story:
    candidate = Candidate(
        id=one.id,
        published_at=one.published_at,
        editors_choice=one.badge,
        clicks=float(mails.human + (views or 0)),
        expected=0.0 if views is None else mean * at_age(until - one.published_at),
        regions={REGION: one.evidence},
    )
    return Story(candidate=candidate, placements=mails.placements, machine_clicks=float(mails.machine))


def _gains(secrets: Sequence[Secret], as_of: datetime) -> dict[str, dict[str, float]]:
    """Return what the stories are worth: to readers who did not see them yet, to a good editor, and to both alike."""
    reader = {one.id: log(one.appeal * one.interest(as_of) * (1 - READ_ALREADY * one.spent(as_of))) for one in secrets}
    editor = {one.id: one.weight for one in secrets}
    readers, editors = _standard(reader), _standard(editor)
    both = {one: readers[one] + editors[one] for one in reader}
    return {TOGETHER: _graded(both), READER: _graded(reader), EDITOR: _graded(editor)}


def _standard(worth: Mapping[str, float]) -> dict[str, float]:
    """Return the same in standard deviations from the mean, so that two of them can be added."""
    mean, apart = fmean(worth.values()), pstdev(worth.values())
    return {one: (value - mean) / apart for one, value in worth.items()}


def _graded(worth: Mapping[str, float]) -> dict[str, float]:
    """Return what each story counts: 2 where it could lead a mail, 1 where it should be in it."""
    ordered = sorted(worth, key=lambda one: (-worth[one], one))
    return {one: 2.0 if number < LEADS else 1.0 for number, one in enumerate(ordered[:PRINTED])}
