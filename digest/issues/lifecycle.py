"""An issue's life: which status may follow which, and nothing else may."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from digest.errors import Refused
from digest.issues.models import Issue, IssueStatus

_S = IssueStatus

# design.md section 5. `held` and `failed` are flags with a reason, never a status.
MOVES: Mapping[IssueStatus, frozenset[IssueStatus]] = MappingProxyType(
    {
        _S.planned: frozenset({_S.draft, _S.skipped, _S.cancelled}),
        _S.draft: frozenset({_S.in_review, _S.skipped, _S.cancelled}),
        _S.in_review: frozenset({_S.draft, _S.approved, _S.skipped, _S.cancelled}),
        _S.approved: frozenset({_S.draft, _S.scheduled, _S.skipped, _S.cancelled}),
        _S.scheduled: frozenset({_S.draft, _S.freezing, _S.skipped, _S.cancelled}),
        _S.freezing: frozenset({_S.sending, _S.cancelled}),
        _S.sending: frozenset({_S.paused, _S.sent, _S.cancelled}),
        _S.paused: frozenset({_S.sending, _S.draft, _S.cancelled}),
        _S.sent: frozenset({_S.sending}),  # a person orders uncertain deliveries to be sent again
        _S.cancelled: frozenset(),
        _S.skipped: frozenset(),
    }
)
EDITABLE = frozenset({_S.draft, _S.in_review, _S.approved, _S.scheduled, _S.paused})
UNAPPROVED = (_S.draft, _S.in_review)
IN_WORDS = MappingProxyType({_S.in_review: "in review"})


def check_move(here: IssueStatus | str, to: IssueStatus | str) -> None:
    """Raise Refused with a sentence unless an issue may go from one status to the other."""
    here, to = IssueStatus(here), IssueStatus(to)
    if to in MOVES[here]:
        return
    may = ", ".join(in_words(status) for status in IssueStatus if status in MOVES[here]) or "nothing: it is over"
    raise Refused(f"An issue that is {in_words(here)} cannot become {in_words(to)}. It can become: {may}.")


def move(issue: Issue, to: IssueStatus | str, at: datetime) -> Issue:
    """Give an issue its next status, if that is allowed. The version stays: no content changed."""
    check_move(issue.status, to)
    issue.status = IssueStatus(to)
    issue.changed_at = at
    return issue


def check_editable(issue: Issue) -> None:
    """Raise Refused with a sentence where the content of an issue can no longer be changed."""
    if issue.status not in EDITABLE:
        raise Refused(
            f"Issue {issue.number} is {in_words(issue.status)}; its content can no longer be changed. "
            "Pause it first, or draft another issue."
        )


def reopen(issue: Issue, at: datetime) -> Issue:
    """Take an issue back to draft because its content changes: the version rises, so its approval falls.

    A paused issue becomes the next revision, for those who have not got it yet. One that was ordered to be sent
    (scheduled, or paused since) loses its hour: only a person sends it again. Refused where it is too late.
    """
    check_editable(issue)
    if issue.status in (_S.scheduled, _S.paused):
        issue.send_at = None  # that was an order for the content of then; a person orders it again
    if issue.status == _S.paused:
        issue.revision += 1
    if issue.status != _S.draft:
        move(issue, _S.draft, at)
    issue.version += 1
    issue.undo_until = None
    issue.changed_at = at
    return issue


def stands(issue: Issue) -> str:
    """Return where an issue stands, as people say it: one that was changed while it was paused is still paused."""
    if issue.revision > 1 and issue.status in UNAPPROVED:
        return f"paused, revision {issue.revision} not approved yet"
    if issue.revision > 1 and issue.status == _S.approved:
        return f"paused, revision {issue.revision} approved, not sent yet"
    return in_words(issue.status)


def in_words(status: IssueStatus | str) -> str:
    """Return a status as people say it."""
    status = IssueStatus(status)
    return IN_WORDS.get(status, status.value)
