"""Everything an issue is built from, as values; the same recipe always gives the same editions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlmodel import Session, select

from digest.issues.edits import Edits
from digest.issues.frame import Frame
from digest.issues.inputs import Inputs
from digest.issues.models import Issue, IssueCandidate


@dataclass(frozen=True)
class Recipe:
    """What is frozen with an issue, and what editors changed on it."""

    issue_id: UUID
    revision: int
    as_of: datetime
    frame: Frame
    edits: Edits
    candidates: tuple[Inputs, ...]  # by article id
    hash: str  # over all of the above

    @cached_property
    def by_id(self) -> Mapping[str, Inputs]:
        """Return the candidates by article id."""
        return {one.id: one for one in self.candidates}


def load(session: Session, issue: Issue) -> Recipe:
    """Read the recipe of an issue from what is stored."""
    candidates = IssueCandidate.__table__.c  # type: ignore[attr-defined]
    statement = select(candidates.inputs).where(candidates.issue_id == issue.id).order_by(candidates.article_id)
    stored = list(session.execute(statement).scalars())
    return assemble(issue, stored)


def assemble(issue: Issue, inputs: list[dict[str, Any]]) -> Recipe:
    """Put a recipe together from an issue and its candidates' stored inputs."""
    return Recipe(
        issue_id=issue.id,
        revision=issue.revision,
        as_of=issue.as_of,
        frame=Frame.model_validate(issue.frame),
        edits=Edits.model_validate(issue.edits),
        candidates=tuple(sorted((Inputs.from_json(one) for one in inputs), key=lambda one: one.id)),
        hash=_hash(issue, inputs),
    )


def _hash(issue: Issue, inputs: list[dict[str, Any]]) -> str:
    """Hash it in a form that does not depend on the database: keys and candidates sorted."""
    whole = {
        "issue": str(issue.id),
        "revision": issue.revision,
        "as_of": issue.as_of.isoformat(),
        "frame": issue.frame,
        "edits": {name: value for name, value in issue.edits.items() if name != "kept"},  # it changes no mail
        "candidates": sorted(inputs, key=lambda one: str(one["id"])),
    }
    return sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()
