"""Judges whether two texts tell the same story. Precision before recall: what is only likely is left to an editor."""

from datetime import timedelta

from digest.articles.clusters.words import FEWEST, Text, containment, title_likeness

SAME = 0.6  # of the shorter text's 2-grams; ranking.md 1.3
# A copy in which a desk changed many single words keeps fewer 2-grams, but some in every part of it; a shared
# background or the house's lines below a text stand in one part. Calibrated on the made pairs of the tests.
EDITED = 0.32
PARTS, PARTS_KEPT, PART = 6, 5, 0.2
# 2-grams: about 200 characters. Regular pieces ("The week in pictures") come with the same few lines each time, so a
# shorter text counts only within the day; 20 hours, for a daily piece is back after 24.
SHORT = 40
SAME_DAY = timedelta(hours=20)
# In a short text each name tells: where both have one that the other lacks, they tell of different things.
# The quake of today and the quake of last week fill the same sentences with other numbers.
NUMBERS, NUMBERS_SHARED = 3, 1 / 3
MOSTLY_COMMON = 0.25  # a text of whose sample less is rare consists of what many say
TELLING = 0.2  # of the rare ones: far more than two stories with the same lines below have in common
TITLES = 0.5  # from here on headlines suggest that two articles tell one story
WITHIN = timedelta(days=14)


def text_likeness(one: Text, other: Text, distance: timedelta, *, many: frozenset[int] = frozenset()) -> float | None:
    """Return the containment of two texts that tell the same story; None where they do not, or where nothing tells.

    ``distance``: between their dates. ``many``: 2-grams that stand in many articles, so that they may be the house's
    lines. Of the rest, which tells, enough must be shared, too. Where there is hardly any rest, the headlines must be
    alike, and the day the same: then it is one story that everybody took.
    """
    if min(one.size, other.size) < FEWEST or distance > WITHIN:
        return None
    shorter, longer = sorted((one, other), key=lambda text: (len(text.grams), text.order))
    share = containment(shorter.grams, longer.grams)
    if share < EDITED or _other_facts(one, other) or (share < SAME and not _spread(shorter, longer)):
        return None
    if distance > SAME_DAY and shorter.size < SHORT:
        return None
    telling = shorter.sample - many
    if len(telling) < MOSTLY_COMMON * len(shorter.sample):
        alike = distance <= SAME_DAY and title_likeness(one.title, other.title) >= TITLES
    else:
        alike = len(telling & longer.grams) >= TELLING * len(telling)
    return share if alike else None


def _spread(shorter: Text, longer: Text) -> bool:
    """Tell whether the longer text holds something of nearly every part of the shorter one."""
    if shorter.size < SHORT:
        return False
    step = len(shorter.order) / PARTS
    parts = [frozenset(shorter.order[round(step * n) : round(step * (n + 1))]) for n in range(PARTS)]
    return sum(len(part & longer.grams) >= PART * len(part) for part in parts) >= PARTS_KEPT


def _other_facts(one: Text, other: Text) -> bool:
    fewer = min(len(one.numbers), len(other.numbers))
    if min(one.size, other.size) < SHORT:  # the quake here and the quake there, in the same twenty words
        apart = fewer > 0 and not one.numbers & other.numbers
        if apart or (one.names - other.names and other.names - one.names):
            return True
    return fewer >= NUMBERS and len(one.numbers & other.numbers) < fewer * NUMBERS_SHARED
