"""Makes candidates and orders for the tests of the ranking, with few words."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from digest.ranking.candidate import Candidate, LeftOut, Placed, RankedEdition, SectionOrder

AS_OF = datetime(2026, 11, 24, 6, tzinfo=UTC)


def ago(hours: float) -> datetime:
    """Return the instant so many hours before the cut-off."""
    return AS_OF - timedelta(hours=hours)


def story(one: str, hours: float = 10.0, **inputs: Any) -> Candidate:
    """Return a candidate published so many hours ago, tagged for sc unless told otherwise."""
    return Candidate(**{"id": one, "published_at": ago(hours), "regions": {"sc": "tag"}, **inputs})


def order(list_id: str = "sc", **wishes: Any) -> SectionOrder:
    """Return the order of a section whose region has the name of its list."""
    return SectionOrder(**{"list_id": list_id, "region": list_id, **wishes})


def ids(placed: Iterable[Placed]) -> list[str]:
    """Return the ids of placed stories, in order."""
    return [one.candidate.id for one in placed]


def reasons(left_out: Iterable[LeftOut]) -> dict[str, str]:
    """Return id -> reason in words, with what stands for a duplicate."""
    return {one.id: f"duplicate of {one.detail}" if one.detail else str(one.reason) for one in left_out}


def standing(edition: RankedEdition) -> list[Placed]:
    """Return every story that stands in the mail, Popular left out, in the order it is read."""
    found = [edition.lead] if edition.lead else []
    return found + [one for section in edition.sections for one in (*section.stories, *section.briefs)]
