"""The Popular block: what it takes, and what these readers must not see in it."""

from dataclasses import replace
from typing import Any

import pytest

from digest.ranking.candidate import Candidate, SectionOrder
from digest.ranking.edition import rank_edition
from digest.ranking.formula import WEEKLY
from tests.ranking.making import AS_OF, ago, ids, order, story


def popular(*candidates: Candidate, asked: SectionOrder | None = None, count: int = 4) -> list[str]:
    """Return the Popular block beside two others that always qualify."""
    sure = [story("y", 400, clicks=21, expected=20), story("z", 401, clicks=20, expected=20)]
    found = rank_edition(
        [*sure, *candidates], [asked or order()], as_of=AS_OF, formula=WEEKLY, set_key="weekly", popular=count
    )
    return ids(found.popular)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "retracted"},
        {"language": "ru"},
        {"regions": {"ca": "tag"}},
        {"sent": {"weekly": ago(500 * 24)}},
        {"sent": {"weekly": ago(300)}, "refreshed_at": ago(290)},
        {"shown_popular": frozenset({"weekly"})},
        {"excluded": True},
        {"clicks": 19},
    ],
)
def test_popular_takes_only_what_is_right_and_new(wrong: dict[str, Any]) -> None:
    """Popular: published, read enough, in the language and regions of the reader, in no block before, not excluded."""
    inputs = {"clicks": 300, **wrong}
    assert popular(story("x", 500, **inputs)) == ["y", "z"]


def test_popular_takes_the_most_read() -> None:
    """Popular goes by reading points; a rank counts as much as clicks; four weeks old is young enough."""
    assert popular(story("x", 672, clicks=300), story("w", 673, clicks=300)) == ["x", "y", "z"]
    assert popular(story("x", 500, popular_rank=(1, 9))) == ["x", "y", "z"]
    assert popular(story("x", 500, clicks=300), count=2) == ["x", "y"]
    assert popular(asked=order(excluded=frozenset({"y"}))) == []
    assert popular(story("x", 500, clicks=300, regions={}), asked=order("world", general=True)) == ["x", "y", "z"]


def test_popular_tells_no_cluster_twice() -> None:
    """One story of a cluster stands in Popular, and none whose twin stands above or was sent before."""
    one, two = story("v", 500, clicks=300, cluster="q"), story("w", 500, clicks=200, cluster="q")
    assert popular(one, two) == ["v", "y", "z"]
    assert popular(one, story("top", 1, cluster="q")) == ["y", "z"]
    assert popular(one, replace(two, clicks=0, sent={"weekly": ago(9000)})) == ["y", "z"]
