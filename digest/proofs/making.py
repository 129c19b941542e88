"""Making the proof of an issue: every edition its readers need, fitted, checked and stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from digest.database import Database
from digest.errors import Conflict, Refused
from digest.issues import drafting, lifecycle
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueStatus
from digest.issues.recipe import Recipe
from digest.proofs import checks, fitting, instead, looking, mail_templates, proof, repeats, siblings, storing
from digest.proofs import editions as choosing
from digest.proofs.check import Check, Examined
from digest.proofs.editions import MOST_EDITIONS, Wanted
from digest.proofs.instead import Instead
from digest.proofs.models import Edition, ProofRecord
from digest.proofs.proof import Proof
from digest.proofs.storing import Made
from digest.rendering.mailing import render
from digest.rendering.urls import Urls
from subscribers import AudienceSet

Tell = Callable[[int], None]


def make_proof(
    database: Database,
    issue_id: UUID,
    *,
    urls: Urls,
    at: datetime,
    relaxed: frozenset[str] = frozenset(),
    tell: Tell | None = None,
) -> Proof:
    """Make, fit, check and store all editions of an issue for the readers of now; a draft is then in review.

    Rendering happens outside any transaction; Conflict if the issue was edited meanwhile. ``relaxed``: checks the
    provider does not need, see ``relaxed.names``. ``tell``: called with 1 for each edition that is done.
    """
    less = instead.prepare(database, issue_id, at)
    mail_templates.take_up(database, issue_id, at)
    with database.reading() as session:
        making = _prepared(session, issue_id, less, urls, at)
    families = making.families(database, tell)
    found = making.checked(database, families, relaxed)
    return _store(database, making, [one for family in families for one in family.made], found)


def edition_for(
    session: Session, issue: Issue, audience_set: AudienceSet, urls: Urls, at: datetime | None = None
) -> Edition | None:
    """Return the edition for a set of lists first seen after approval, making it from the approved stories.

    Needs a writing session; safe to repeat. None where nothing is new for these readers, or where all of their
    lists came after the draft.
    """
    builder = Builder(drafting.recipe(session, issue))
    lists = builder.known(audience_set.lists)
    if not lists:
        return None
    edition = _matching(storing.editions_of(session, issue), lists, builder)
    if edition is None:
        made = _made(builder, Wanted(lists), urls)
        edition = None if made is None else storing.add_one(session, issue, made, at or issue.changed_at)
    if edition is not None:
        storing.add_audience(session, issue, edition, audience_set.audience_id)
    return edition


def stored_proof(session: Session, issue: Issue) -> Proof | None:
    """Return the stored proof of an issue, if it was made from the issue as it is now."""
    return proof.stored_proof(session, issue)


def examined(made: Made) -> Examined:
    """Return an edition as the checks see it."""
    fitted = made.fitted
    return Examined(
        plan=fitted.plan,
        rendered=fitted.rendered,
        html=fitted.html,
        text=fitted.text,
        html_bytes=fitted.html_bytes,
        readers=made.readers,
        trimmed=fitted.trimmed,
    )


@dataclass(frozen=True, slots=True)
class _Family:
    """An edition and its siblings."""

    wanted: Wanted
    made: tuple[Made, ...] = ()
    nothing_new: int = 0  # readers who get no mail
    later: int = 0  # siblings that are made when the issue is frozen: there are too many


@dataclass(frozen=True, slots=True)
class _Making:
    """One proof while it is being made: what was read before anything is rendered."""

    issue: Issue
    recipe: Recipe
    builder: Builder
    plan: choosing.Plan
    readers: int  # of all audiences, with those who get a weekly instead
    instead: Instead
    urls: Urls
    at: datetime

    def families(self, database: Database, tell: Tell | None) -> list[_Family]:
        """Make one edition for each set of lists, and then their siblings, as long as there are not too many."""
        bases = []
        for wanted in self.plan.wanted:
            bases.append((wanted, _made(self.builder, wanted, self.urls)))
            if tell:
                tell(1)
        room = MOST_EDITIONS - sum(base is not None for _wanted, base in bases)
        found = []
        for wanted, base in bases:
            found.append(self._family(database, wanted, base, room) if base else _Family(wanted, (), wanted.readers))
            room -= max(0, len(found[-1].made) - 1)
        return found

    def _family(self, database: Database, wanted: Wanted, base: Made, room: int) -> _Family:
        """Return an edition and its siblings with their readers; readers of a sibling to come count with it."""
        plan = base.fitted.plan
        with database.reading() as session:
            who = self.instead.readers(self.issue.publication_id, self.at)
            mine = repeats.of_audiences(who, wanted.audiences)
            groups = siblings.groups(session, self.issue, self.recipe, plan, mine)
        made, nothing_new = [], 0
        for keys, readers in list(groups.items())[: max(0, room)]:
            one = siblings.make(self.builder, plan, keys, self.urls, readers=readers)
            nothing_new += readers if one is None else 0
            made += [] if one is None else [one]
        rest = wanted.readers - nothing_new - sum(one.readers for one in made)
        later = max(0, len(groups) - max(0, room))
        return _Family(wanted, (replace(base, readers=rest), *made), nothing_new, later)

    def checked(self, database: Database, families: Sequence[_Family], relaxed: frozenset[str]) -> list[Check]:
        """Run all checks."""
        nothing_new = {" + ".join(one.wanted.lists): one.nothing_new for one in families if one.nothing_new}
        with database.reading() as session:
            around = looking.surroundings(
                session,
                self.issue,
                self.recipe,
                nothing_new=nothing_new,
                unknown_lists=self.plan.unknown,
                relaxed=relaxed,
            )
        around = replace(
            around,
            instead=self.instead.nothing_left,
            partly_instead=self.instead.less,
            spared=sum(one.nothing_new for one in families if one.made),
            later=sum(one.later for one in families),
        )
        return checks.run([examined(made) for family in families for made in family.made], around)


def _prepared(session: Session, issue_id: UUID, less: Instead, urls: Urls, at: datetime) -> _Making:
    issue = drafting.find(session, issue_id)
    if issue.status not in lifecycle.UNAPPROVED:
        raise Refused(
            f"Issue {issue.number} is {lifecycle.in_words(issue.status)}; its editions stand. "
            "Edit it, or take the approval back (`digest issues revoke`), to make them anew."
        )
    session.expunge(issue)  # it is read after this session
    recipe = drafting.recipe(session, issue)
    sets = less.sets(session, issue.publication_id, at)
    readers = sum(one.readers for one in sets) + sum(less.nothing_left.values())
    return _Making(issue, recipe, Builder(recipe), choosing.plan(sets, recipe.frame), readers, less, urls, at)


def _made(builder: Builder, wanted: Wanted, urls: Urls) -> Made | None:
    plan = builder.build(wanted.lists)
    if not siblings.has_news(plan):
        return None
    fitted = fitting.fit(plan, lambda one: render(one, urls))
    return Made(fitted=fitted, readers=wanted.readers, audiences=wanted.audiences)


def _store(database: Database, making: _Making, made: list[Made], found: list[Check]) -> Proof:
    held = making.issue
    with database.writing() as session:
        _claim(session, held, making.at)
        issue = drafting.find(session, held.id)
        if issue.status == IssueStatus.draft:
            lifecycle.move(issue, IssueStatus.in_review, making.at)
        stored = storing.replace_all(session, issue, made, making.at)
        record = ProofRecord.model_validate(
            {
                "issue_id": issue.id,
                "revision": issue.revision,
                "version": issue.version,
                "content_hash": storing.proof_hash(making.recipe.hash, ((e.id, e.content_hash) for e in stored)),
                "readers": making.readers,
                "checks": [check.as_json() for check in found],
                "made_at": making.at,
            }
        )
        session.merge(record)
        return proof.of(record, stored)


def _claim(session: Session, held: Issue, at: datetime) -> None:
    """Compare and swap: what was rendered must still be what the issue says."""
    unchanged = session.execute(
        update(storing.ISSUE)
        .where(
            col(Issue.id) == held.id, col(Issue.version) == held.version, col(Issue.status).in_(lifecycle.UNAPPROVED)
        )
        .values(changed_at=at)
    )
    if storing.rows(unchanged) != 1:
        raise Conflict(f"Issue {held.number} was changed while its editions were made. Make the proof again.")


def _matching(stored: list[Edition], lists: tuple[str, ...], builder: Builder) -> Edition | None:
    """Return the edition of these lists in this order; in the newsroom's, where orders were collapsed."""
    whole = [one for one in stored if not one.without]
    wanted = [lists]
    if len(whole) >= choosing.MOST_EDITIONS or not choosing.own_orders(builder.recipe.frame):
        wanted.append(choosing.in_newsroom_order(lists, builder.recipe.frame))
    return next((one for order in wanted for one in whole if tuple(one.lists) == order), None)
