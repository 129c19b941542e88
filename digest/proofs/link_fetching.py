"""Fetches the links of an issue's stored editions, and keeps with its proof what they answered."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from digest.database import Database
from digest.errors import Conflict, Refused
from digest.fetching import Fetcher
from digest.issues import drafting
from digest.issues.inputs import Inputs
from digest.issues.models import Issue, IssueCandidate
from digest.proofs import checks, checks_size, looking, proof, storing
from digest.proofs.check import Asked, Check, called
from digest.proofs.links import saying
from digest.proofs.links.asking import ALL, Asking
from digest.proofs.links.judging import DEAD
from digest.proofs.links.targets import Target, of_all, plain
from digest.proofs.models import Edition, EditionStory, ProofRecord
from digest.rendering.links import web_address

RELAXED: Final = "No link was fetched: this provider reaches no reader, so links need not lead anywhere (relaxed)."
AT_ONCE: Final = timedelta(minutes=2)  # so old an answer may be when an issue leaves
LAST_SECONDS: Final = 20.0  # for all leads, when an issue leaves


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it: how many addresses were asked for now, how many are bad in all, and it in a sentence."""

    asked: int
    bad: int
    sentence: str


def fetch(
    database: Database,
    issue_id: UUID,
    fetcher: Fetcher,
    *,
    at: datetime,
    relaxed: frozenset[str] = frozenset(),
    pause: Callable[[float], None] = time.sleep,
    seconds: float = ALL,
) -> Report:
    """Ask for every address in the editions of an issue, and say in its checks what they answered.

    What was sound within ten minutes is not asked for again. No transaction is open meanwhile. ``relaxed``: with
    "links" nothing is asked for (ruling 16). Refused without a proof of the issue as it is; Conflict where its
    editions were made anew meanwhile.
    """
    if "links" in relaxed:
        return Report(0, 0, RELAXED)
    with database.reading() as session:
        made = _proof(session, issue_id)
    targets = of_all(one.html for one in made.editions)
    known = saying.kept(made.checks)
    due = saying.due(targets, known, at)
    asking = Asking(fetcher=fetcher, at=at, pause=pause, seconds=seconds)
    answers = asking.all(targets[url] for url in due)
    asked = known | {one.url: one for one in answers}
    _store(database, made, checked(made.checks, made.editions, targets, asked))
    bad = sum(bool(asked[url].code) for url in targets if url in asked)
    left = len(due) - len(answers)
    said = f"Asked for now: {len(answers)}; lately: {len(targets) - len(due)}; bad: {bad}."
    return Report(len(answers), bad, f"{said} Not reached in time: {left}; fetch once more." if left else said)


def checked(
    stored: tuple[Check, ...], editions: tuple[Edition, ...], targets: Mapping[str, Target], asked: Mapping[str, Asked]
) -> list[Check]:
    """Return an issue's checks, with what its addresses answer now in place of what they answered before."""
    others = [one for one in stored if not saying.is_ours(one) and one.code != checks_size.PICTURES]
    sizes = [
        one
        for edition in editions
        for one in checks_size.pictures(called(edition.lists, edition.without), edition.html, asked)
    ]
    return checks.settled([*others, *saying.said(targets, asked), *sizes])


def dead_leads(database: Database, issue_id: UUID, fetcher: Fetcher, at: datetime) -> list[Asked]:
    """Return which leads of an issue's editions cannot be had now (404, 410, an error, no host), for its last look.

    What was asked for within two minutes is not asked for again. Asks outside any transaction.
    """
    with database.reading() as session:
        issue = drafting.find(session, issue_id)
        targets = _leads(session, issue)
        known = looking.answers(session, issue)
    due = saying.due(targets, known, at, AT_ONCE)
    answers = Asking(fetcher=fetcher, at=at, seconds=LAST_SECONDS).all(targets[url] for url in due)
    return [one for one in answers if one.code == DEAD]


def _proof(session: Session, issue_id: UUID) -> proof.Proof:
    issue = drafting.find(session, issue_id)
    found = proof.stored_proof(session, issue)
    if found is None:
        raise Refused(
            f"There is no proof of issue {issue.number} as it is now. Run `digest issues check {issue.number}`."
        )
    return found


def _leads(session: Session, issue: Issue) -> dict[str, Target]:
    numbers = [edition.number for edition in storing.editions_of(session, issue)]
    ids = select(EditionStory.article_id).where(
        col(EditionStory.edition_number).in_(numbers), col(EditionStory.block) == "lead"
    )
    of_issue = select(IssueCandidate).where(
        IssueCandidate.issue_id == issue.id, col(IssueCandidate.article_id).in_(ids)
    )
    stories = [Inputs.from_json(one.inputs) for one in session.exec(of_issue)]
    addresses = {plain(web_address(one.url)): one.headline for one in stories}
    return {url: Target(url, headline) for url, headline in addresses.items()}


def _store(database: Database, made: proof.Proof, found: list[Check]) -> None:
    with database.writing() as session:
        record = session.get(ProofRecord, (made.issue_id, made.revision), with_for_update=True)
        if record is None or (record.version, record.content_hash) != (made.version, made.content_hash):
            raise Conflict("The editions were made anew while their links were fetched. Fetch the links again.")
        record.checks = [one.as_json() for one in found]
        session.add(record)
