"""Which editions an issue needs: one for each ordered set of lists that readers have. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from digest.issues.frame import Frame
from subscribers import AudienceSet

MOST_EDITIONS = 200  # over this, orders collapse to the newsroom's; sets never do (regions.md 2.4)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One edition to make, the audiences that share it, and their readers."""

    lists: tuple[str, ...]
    audiences: tuple[int, ...] = ()
    readers: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """All editions to make, and the readers of lists that the draft does not know."""

    wanted: tuple[Wanted, ...]
    collapsed: bool = False
    unknown: dict[str, int] = field(default_factory=dict)  # list id -> readers


def plan(sets: Sequence[AudienceSet], frame: Frame) -> Plan:
    """Return the editions for the audiences of now, most readers first.

    Without any reader: one edition of all lists in the newsroom's order, so that there is something to look at.
    """
    unknown: dict[str, int] = {}
    for one in sets:
        for list_id in one.lists:
            if list_id not in frame.by_list:
                unknown[list_id] = unknown.get(list_id, 0) + one.readers
    known = [(tuple(i for i in one.lists if i in frame.by_list), one) for one in sets]
    orders = {lists for lists, _one in known if lists}
    collapsed = len(orders) > MOST_EDITIONS or not own_orders(frame)
    wanted = _grouped(
        (in_newsroom_order(lists, frame) if collapsed else lists, one.audience_id, one.readers)
        for lists, one in known
        if lists
    )
    return Plan(wanted or (Wanted(frame.newsroom_order),), collapsed, unknown)


def own_orders(frame: Frame) -> bool:
    """Tell whether the publication lets readers put its lists into an order of their own."""
    return bool(frame.publication.get("reader_order", True))


def in_newsroom_order(lists: Iterable[str], frame: Frame) -> tuple[str, ...]:
    """Return the same lists in the newsroom's order."""
    held = set(lists)
    return tuple(one for one in frame.newsroom_order if one in held)


def _grouped(rows: Iterable[tuple[tuple[str, ...], int, int]]) -> tuple[Wanted, ...]:
    found: dict[tuple[str, ...], Wanted] = {}
    for lists, audience, readers in rows:
        held = found.get(lists, Wanted(lists))
        found[lists] = Wanted(lists, (*held.audiences, audience), held.readers + readers)
    return tuple(sorted(found.values(), key=lambda one: (-one.readers, one.lists)))
