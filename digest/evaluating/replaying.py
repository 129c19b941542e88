"""Past issues as cases: what was known of their candidates at the cut-off, and what readers clicked and read later.

Two things are known of how readers liked a story afterwards, and neither is the whole truth. Clicks in the mail are
known of printed stories only: places are evened out (clicks over expected clicks), the choice is not. Page views are
known of stories that were left out, too: but the site had places of its own, and the mail sent readers to what it
printed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlmodel import Session, col

from digest.articles.popularity import EXPOSURES, READS, seen
from digest.evaluating.cases import Case, Placement, Story
from digest.issues.candidates import candidate_of
from digest.issues.frame import Frame, FrameList
from digest.issues.gathering import READ_WITHIN
from digest.issues.inputs import Inputs
from digest.issues.models import Issue, IssueCandidate
from digest.proofs.models import EditionStory
from digest.ranking.candidate import Block, Candidate, SectionOrder
from digest.ranking.eligibility import reason_against, unfit
from digest.ranking.formula import Formula, for_cadence, interest, theta

MAIL, SITE = "mail", "site"
ORDERED = (Block.lead, Block.section, Block.brief)  # Popular and corrections have rules of their own
LEAST = 2  # stories: fewer have no order
CHUNK = 1_000  # ids of one query
_PRINTED = EditionStory.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The cases of past issues. ``versions``: of the formulas the issues were ranked by."""

    cases: Sequence[Case]
    issues: int  # that were sent
    versions: Sequence[str]


def replay(session: Session, publication_id: str, *, last: int) -> Replayed:
    """Read the last issues of a publication that went out, each list of each as a case by mail and one by site."""
    query = (
        select(Issue)
        .where(col(Issue.publication_id) == publication_id, col(Issue.first_accepted_at).is_not(None))
        .order_by(col(Issue.as_of).desc(), col(Issue.number).desc())
        .limit(last)
    )
    issues = list(session.execute(query).scalars())
    versions = sorted({str(issue.frame.get("formula", "")) for issue in issues})
    cases = [case for issue in issues for case in _Past(session, issue).cases()]
    return Replayed(cases, len(issues), versions)


class _Past:
    """One issue that went out."""

    def __init__(self, session: Session, issue: Issue) -> None:
        self.session = session
        self.issue = issue
        self.frame = Frame.model_validate(issue.frame)
        self.formula: Formula = for_cadence(self.frame.publication["cadence"])
        stored = IssueCandidate.__table__.c  # type: ignore[attr-defined]
        rows = session.execute(select(stored.inputs).where(stored.issue_id == issue.id)).scalars()
        self.inputs = {one.id: one for one in map(Inputs.from_json, rows)}
        self.places = _placements(session, list(self.inputs), issue.as_of, self.formula)
        self.views = _views(session, list(self.inputs), issue.as_of, timedelta(hours=self.formula.window_hours))

    def cases(self) -> Iterator[Case]:
        """Yield what can be judged of each list."""
        printed: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in _printed(self.session, self.issue.number):
            printed[row.list_id].append(row)
        for one in self.frame.lists:
            yield from self._by_mail(one, printed[one.id])
            yield from self._by_site(one)

    def _by_mail(self, one: FrameList, rows: Sequence[Row[Any]]) -> Iterator[Case]:
        """Judge what a list printed by clicks over expected clicks; nothing where nobody counted its clicks."""
        known = [row for row in rows if str(row.article_id) in self.inputs]
        if len(known) < LEAST or not sum(row.clicks for row in known):
            return
        gains = {str(row.article_id): self._liked(row) for row in known}
        stories = [self._story(name) for name in sorted(gains)]
        order = sorted(known, key=lambda row: (row.places / max(1, row.delivered), str(row.article_id)))
        yield self._case(one, stories, MAIL, gains, [str(row.article_id) for row in order])

    def _liked(self, row: Row[Any]) -> float:
        when = self.issue.as_of
        read = Candidate(id="", published_at=when, clicks=float(row.clicks), expected=float(row.expected))
        return interest(read, self.formula)

    def _by_site(self, one: FrameList) -> Iterator[Case]:
        """Judge what could have stood in a list by the page views after the cut-off, printed or not."""
        order = SectionOrder(list_id=one.id, region=one.region, language=one.language, general=one.general)
        stories = [self._story(name) for name in sorted(self.views)]
        fit = [story for story in stories if self._fits(story.candidate, order)]
        if len(fit) >= LEAST:
            yield self._case(one, fit, SITE, {one.candidate.id: self.views[one.candidate.id] for one in fit})

    def _fits(self, one: Candidate, order: SectionOrder) -> bool:
        as_of = self.issue.as_of
        return not unfit(one, as_of, self.formula) and not reason_against(one, order, as_of, self.formula)

    def _story(self, name: str) -> Story:
        """Return a candidate with the expectation of its mails taken out; what sets were sent is not asked here."""
        known = candidate_of(self.inputs[name], self.frame)
        places = self.places.get(name, ())
        mail = sum(one.expected_on_top * theta(one.place, self.formula) for one in places)
        expected = max(0.0, known.expected - mail)
        return Story(candidate=replace(known, expected=expected, sent={}), placements=places)

    def _case(
        self, one: FrameList, stories: Sequence[Story], whose: str, gains: Mapping[str, float], sent: Sequence[str] = ()
    ) -> Case:
        return Case(
            unit=str(self.issue.number),
            as_of=self.issue.as_of,
            region=one.region,
            stories=stories,
            gains={whose: gains},
            as_sent=sent,
        )


def _printed(session: Session, issue_number: int) -> Sequence[Row[Any]]:
    """Return what became of each story in each list it was printed for, over all editions of the issue."""
    story, exposed = _PRINTED.c, EXPOSURES.c
    query = (
        select(
            story.list_id,
            story.article_id,
            func.sum(exposed.clicks).label("clicks"),
            func.sum(exposed.expected).label("expected"),
            func.sum(exposed.delivered).label("delivered"),
            func.sum(exposed.delivered * exposed.place).label("places"),
        )
        .join(
            EXPOSURES,
            (exposed.edition_number == story.edition_number)
            & (exposed.place == story.place)
            & (exposed.article_id == story.article_id),
        )
        .where(story.issue_number == issue_number, story.block.in_([str(block) for block in ORDERED]))
        .group_by(story.list_id, story.article_id)
    )
    return session.execute(query).all()


def _placements(
    session: Session, names: Sequence[str], as_of: datetime, formula: Formula
) -> Mapping[str, Sequence[Placement]]:
    """Return where candidates stood in mails before the cut-off, of lists whose clicks are counted."""
    table = EXPOSURES.c
    when = (table.sent_at > as_of - READ_WITHIN, table.sent_at <= as_of)
    counted = select(table.list_id).where(*when).group_by(table.list_id).having(func.sum(table.clicks) > 0)
    query = select(table.article_id, table.place, table.expected).where(*when, table.list_id.in_(counted))
    found: dict[str, list[Placement]] = defaultdict(list)
    for ids in _chunks(names):
        for row in session.execute(query.where(table.article_id.in_(ids))):
            on_top = row.expected / theta(row.place, formula)
            found[str(row.article_id)].append(Placement(on_top, row.place))
    return found


def _views(session: Session, names: Sequence[str], as_of: datetime, within: timedelta) -> Mapping[str, float]:
    """Return the page views of candidates in periods that lie wholly in the time after the cut-off."""
    table = READS.c
    query = select(table.article_id, table.source, table.period_start, table.period_end, table.views).where(
        table.period_start >= as_of, table.period_end <= as_of + within
    )
    rows: dict[str, list[Row[Any]]] = defaultdict(list)
    for ids in _chunks(names):
        for row in session.execute(query.where(table.article_id.in_(ids))):
            rows[str(row.article_id)].append(row)
    return {name: float(views) for name, of_one in rows.items() if (views := seen(of_one)) is not None}


def _chunks(names: Sequence[str]) -> Iterator[list[UUID]]:
    for start in range(0, len(names), CHUNK):
        yield [UUID(name) for name in names[start : start + CHUNK]]
