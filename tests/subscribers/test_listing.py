"""The lists one can subscribe to."""

import pytest

from subscribers import ListData, add_list, get_list, lists
from subscribers.errors import SubscribersError, UnknownList
from tests.conftest import BOTH
from tests.subscribers.conftest import LISTS


@BOTH
def test_lists_come_in_the_newsrooms_order(store):
    """All of them, or those of a family, by position."""
    with store.reading() as session:
        assert [data.id for data in lists(session)] == ["daily-sc", "sc", "ee", "ca", "old"]
        assert [data.id for data in lists(session, "weekly")] == ["sc", "ee", "ca", "old"]
        assert get_list(session, "ee") == LISTS[1]


def test_adding_the_same_list_again_is_fine_and_another_is_not(store):
    """Setting up twice changes nothing; an id is not taken over."""
    with store.writing() as session:
        add_list(session, LISTS[0])
        with pytest.raises(SubscribersError, match="another one: South Caucasus"):
            add_list(session, LISTS[0].model_copy(update={"name": "Other"}))


@pytest.mark.parametrize("bad", ["South Caucasus", "", "-x", "x-", "ü", "x" * 65])
def test_an_id_is_a_slug(store, bad):
    """Blanks would break the sets of lists, and anything else the links."""
    with store.writing() as session, pytest.raises(SubscribersError, match="small letters"):
        add_list(session, ListData(id=bad, name="X", family="weekly", topic="x"))


def test_an_unknown_list_is_named(store):
    """The sentence says which, and how to see them all."""
    with store.reading() as session, pytest.raises(UnknownList, match=r"'nowhere'.*lists list"):
        get_list(session, "nowhere")
