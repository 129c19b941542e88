"""An issue goes only where an arrow of its life leads."""

from itertools import product

import pytest

from digest.errors import Refused
from digest.issues import lifecycle
from digest.issues.lifecycle import MOVES
from digest.issues.models import Issue, IssueStatus
from tests.conftest import NOW

ARROWS = [(here, there) for here, targets in MOVES.items() for there in sorted(targets)]


def issue_that_is(status: IssueStatus) -> Issue:
    return Issue.model_validate(
        {
            "id": "6f1c5a1e-0000-4000-8000-000000000001",
            "number": 1,
            "publication_id": "weekly",
            "as_of": NOW,
            "status": status,
            "created_at": NOW,
            "changed_at": NOW,
        }
    )


@pytest.mark.parametrize(("here", "there"), ARROWS)
def test_every_arrow_can_be_followed(here, there):
    """What design.md section 5 allows, happens."""
    issue = issue_that_is(here)
    assert lifecycle.move(issue, there, NOW).status == there
    assert issue.version == 1


@pytest.mark.parametrize(("here", "there"), sorted(set(product(IssueStatus, IssueStatus)) - set(ARROWS)))
def test_everything_else_is_refused(here, there):
    """No other move, staying included; the sentence says what is possible."""
    with pytest.raises(Refused, match="It can become"):
        lifecycle.move(issue_that_is(here), there, NOW)


@pytest.mark.parametrize("status", sorted(lifecycle.EDITABLE))
def test_an_edit_makes_it_a_draft_of_a_new_version(status):
    """Approved or scheduled, it is a draft again; paused, the next revision."""
    issue = lifecycle.reopen(issue_that_is(status), NOW)
    assert (issue.status, issue.version) == (IssueStatus.draft, 2)
    assert issue.revision == (2 if status == IssueStatus.paused else 1)


@pytest.mark.parametrize("status", sorted(set(IssueStatus) - lifecycle.EDITABLE))
def test_too_late_is_too_late(status):
    """What is being sent, or is over, keeps its content."""
    with pytest.raises(Refused, match="can no longer be changed"):
        lifecycle.reopen(issue_that_is(status), NOW)
