"""The checks an issue must pass: all groups run together, each thing said once."""

from collections.abc import Iterable, Sequence

from digest.proofs import (
    checks_accessibility,
    checks_clients,
    checks_content,
    checks_coverage,
    checks_legal,
    checks_links,
    checks_readers,
    checks_size,
    checks_spam,
    checks_subject,
)
from digest.proofs.check import Check, Examined, Level, Surroundings
from digest.proofs.models import Edition

__all__ = ["Check", "Examined", "Level", "Surroundings", "about", "run", "settled", "unique", "worst"]

GROUPS = (
    checks_content,
    checks_subject,
    checks_links,
    checks_size,
    checks_accessibility,
    checks_clients,
    checks_legal,
    checks_spam,
    checks_readers,
)


def run(editions: Sequence[Examined], around: Surroundings) -> list[Check]:
    """Run every check on every edition; returns what is not green, worst first, then one green line per quiet group.

    The same thing found in many editions is said once.
    """
    found = [check for group in GROUPS for check in group.run(editions, around)]
    return settled([*found, *checks_coverage.run(editions, around)])


def settled(found: Iterable[Check]) -> list[Check]:
    """Return checks in order, each once, with a green line for each group in which nothing is to be mended."""
    quiet = [_quiet(group.NAME, group.LOOKED_AT) for group in GROUPS]
    known = [check for check in unique(found) if check not in quiet]
    loud = {check.group for check in known if check.level in (Level.red, Level.amber)}
    return sorted(
        [*known, *(check for check in quiet if check.group not in loud)],
        key=lambda check: list(Level).index(check.level),
    )


def unique(checks: Iterable[Check]) -> list[Check]:
    """Return each check once, in the order they were found."""
    return list(dict.fromkeys(checks))


def about(found: Iterable[Check], edition: Edition) -> list[Check]:
    """Return the red and amber ones that concern a stored edition: the whole issue, the edition, or a story in it."""
    name = " + ".join(edition.lists)
    siblings = f"{name}, less "
    return [
        check
        for check in found
        if check.level in (Level.red, Level.amber)
        and (check.place in ("", name) or check.place.startswith(siblings) or check.place in edition.text)
    ]


def worst(checks: Iterable[Check]) -> Level:
    """Return the worst level; green where there is nothing."""
    return min((check.level for check in checks), key=list(Level).index, default=Level.green)


def _quiet(group: str, looked_at: str) -> Check:
    return Check(level=Level.green, group=group, code=f"{group}-good", sentence=f"Nothing to mend: {looked_at}.")
