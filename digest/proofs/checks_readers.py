"""Checks of how many readers an issue would reach."""

from collections.abc import Iterator, Sequence

from digest.proofs.check import Check, Examined, Level, Surroundings

NAME = "readers"
LOOKED_AT = "how many readers, against the last issue"
SHIFT = 0.2


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    """Count the readers of all editions."""
    total = sum(edition.readers for edition in editions) + sum(around.instead.values()) + around.spared
    yield from counted(total, around.last_readers, "the last issue")
    for lists, readers in around.nothing_new.items():
        names = " + ".join(around.named(one) for one in lists.split(" + "))
        yield Check(
            level=Level.green,
            group=NAME,
            code="nothing-new",
            sentence=f"{readers} readers of {names} get no mail this time: nothing is new for them.",
            place=lists,
        )
    yield from _instead(around)
    for list_id, readers in around.unknown_lists.items():
        yield Check(
            level=Level.red,
            group=NAME,
            code="list-unknown",
            sentence=(
                f"{around.named(list_id)} was added after the draft; its {readers} readers would get nothing from it."
            ),
            place=list_id,
            remedy="Refresh the issue",
        )


def _instead(around: Surroundings) -> Iterator[Check]:
    """Say who gets a weekly instead, and what is made only when the issue is frozen."""
    for weekly, readers in around.instead.items():
        said = f"{readers:,} readers get {weekly} instead, this day: they have all their regions from it."
        yield Check(level=Level.green, group=NAME, code="instead", sentence=said, place=weekly)
    for weekly, readers in around.partly_instead.items():
        said = f"{readers:,} readers get some regions from {weekly} instead, this day, and the others from this issue."
        yield Check(level=Level.green, group=NAME, code="partly-instead", sentence=said, place=weekly)
    if around.later:
        said = f"{around.later:,} editions less what some readers had before are made when the issue is frozen."
        yield Check(level=Level.not_checked, group=NAME, code="made-later", sentence=said)


def counted(total: int, before: int | None, against: str) -> Iterator[Check]:
    """Judge a number of readers: none is red, a fifth more or fewer than before is amber."""
    if total == 0:
        yield Check(
            level=Level.red,
            group=NAME,
            code="no-readers",
            sentence="Nobody would get this issue.",
            remedy="Import subscribers, or check that they confirmed",
        )
    elif before and abs(total - before) > SHIFT * before:
        yield Check(
            level=Level.amber,
            group=NAME,
            code="readers-changed",
            sentence=f"{total} readers, against {before} at {against}: {100 * (total - before) / before:+.0f} %.",
            remedy="Look whether an import or a suppression went wrong",
        )
