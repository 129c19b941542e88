"""What a publication demands of an approval besides the checks: a test of what is approved, and a second pair of eyes.

The log is the witness for both, so that whoever approves, by whichever door, is judged alike. The schedule is no
person: with four eyes demanded its own approval of what is all green does not count, and the issue is held instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from digest.issues import editing
from digest.issues.models import IssueLog, Publication

TEST: Final = "test"  # in the log: a test mail was sent
MACHINES: Final = ("digest", "schedule")  # names in the log that are no person's
_CHANGES: Final = ("refresh", "template")  # change the content, and are no edits


@dataclass(frozen=True, slots=True)
class Known:
    """What the log says that an approval has to be judged by."""

    tested: bool = False  # a test of exactly this content was sent
    changed_by: str = ""  # the last person who changed the content; "": it is as it was drafted


def known(entries: Iterable[IssueLog], content_hash: str) -> Known:
    """Read the log of an issue, oldest first. ``content_hash``: of its proof; "" where none is made."""
    tested, changed_by = False, ""
    for one in entries:
        if one.what == TEST:
            tested = tested or bool(content_hash and (one.after or {}).get("hash") == content_hash)
        elif one.who not in MACHINES and _changes_content(one):
            changed_by = one.who
    return Known(tested, changed_by)


def _changes_content(entry: IssueLog) -> bool:
    """Tell whether an entry changed what is mailed; that the source's new words were declined does not."""
    return entry.what in _CHANGES or (editing.is_change(entry) and entry.before.keys() != {"kept"})


def unmet(publication: Publication, found: Known, *, who: str, number: int) -> tuple[str, ...]:
    """Return what is demanded and missing before ``who`` may approve, in sentences that say what to do. Pure."""
    said = []
    if publication.test_required and not found.tested:
        said.append(
            "A test of exactly this content has to be sent before it is approved: at the desk under Sending, or by "
            f"digest issues test {number} --to ADDRESS."
        )
    if publication.four_eyes and who in MACHINES:
        said.append("A person has to approve it: this publication wants four eyes, and the schedule has none.")
    elif publication.four_eyes and found.changed_by and found.changed_by.casefold() == who.casefold():
        said.append(
            f"{found.changed_by} changed it last, and this publication wants four eyes: somebody else approves."
        )
    return tuple(said)
