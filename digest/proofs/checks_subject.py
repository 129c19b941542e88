"""Checks of subject and preheader: what the reader sees before opening."""

import re
from collections.abc import Iterator, Sequence

from digest.proofs.check import Check, Examined, Level, Surroundings

NAME = "subject"
LOOKED_AT = "subjects and preheaders: length, no shouting, no false reply"
SOFT, HARD = 60, 78
_FALSE_REPLY = re.compile(r"^\s*(re|fw|fwd|aw|wg)\s*:", re.IGNORECASE)
_SHOUTED_LETTERS = 8
PLACEHOLDER = re.compile(r"lorem ipsum|\bTK ?TK\b|\bTODO\b|\{\{|\}\}|\{%", re.IGNORECASE)


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    """Look at the subject and preheader of each edition."""
    for edition in editions:
        by_hand = bool(around.recipe.edits.issue_text("subject", edition.plan.lists))
        yield from _subject(edition.rendered.subject, by_hand=by_hand)
        yield from _preheader(edition)


def _subject(subject: str, *, by_hand: bool) -> Iterator[Check]:
    count = len(subject)
    if not subject.strip():
        yield _check(Level.red, "subject-empty", "There is no subject.", subject)
    if count > HARD:
        yield _check(Level.red, "subject-long", f"The subject has {count} characters; {HARD} is the most.", subject)
    elif count > SOFT:
        # A lead's own headline may run long: phones cut it, nobody is misled. What an editor writes can be shorter.
        level = Level.amber if by_hand else Level.green
        yield _check(level, "subject-soft", f"The subject has {count} characters; phones show about 48.", subject)
    if _FALSE_REPLY.match(subject):
        yield _check(Level.red, "subject-reply", "The subject pretends to be an answer or a forward.", subject)
    if PLACEHOLDER.search(subject):
        yield _check(Level.red, "subject-placeholder", "The subject holds a placeholder.", subject)
    letters = [letter for letter in subject if letter.isalpha()]
    if len(letters) >= _SHOUTED_LETTERS and subject.upper() == subject and subject.lower() != subject:
        yield _check(Level.amber, "subject-shouts", "The subject is all capitals.", subject)


def _preheader(edition: Examined) -> Iterator[Check]:
    preheader = edition.rendered.preheader
    if preheader and preheader.strip().casefold() == edition.rendered.subject.strip().casefold():
        yield _check(Level.amber, "preheader-repeats", "The preheader repeats the subject.", preheader)
    if PLACEHOLDER.search(preheader) or PLACEHOLDER.search(edition.plan.note):
        yield _check(Level.red, "note-placeholder", "The preheader or the note holds a placeholder.", preheader)


def _check(level: Level, code: str, sentence: str, place: str) -> Check:
    remedy = "`digest issues edit ISSUE set subject TEXT` (or preheader, note)"
    return Check(level=level, group=NAME, code=code, sentence=sentence, place=place, remedy=remedy)
