"""Orders as data: several in one transaction, all or none, on both databases."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from digest.database import Database
from digest.editors import orders
from digest.editors.orders import Order
from digest.errors import BadInput, Conflict, NotFound
from digest.issues import drafting
from digest.issues.edits import Edits
from digest.issues.models import Issue
from tests.conftest import BOTH, NOW
from tests.editors import newsroom
from tests.editors.newsroom import key

ONE = TypeAdapter[Order](Order)
KNOWN: dict[str, Any] = {"who": "key robot", "at": NOW}


def order(**values: object) -> Order:
    """Return an order as a client writes it."""
    return ONE.validate_python(values)


def stored(database: Database, issue: Issue) -> Issue:
    """Return the issue as it is stored."""
    with database.reading() as session:
        return drafting.find(session, issue.id)


@BOTH
def test_orders_are_done_in_their_order_or_not_at_all(database: Database):
    """Each raises the version and stands in the log; where one cannot be done, none is, and the error counts it."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    first, second = (str(key("south-caucasus", number)) for number in (1, 2))
    good = [
        order(do="pin", article=first, list="sc", place=1),
        order(do="pin", article=second, list="sc", place=1),
        order(do="set", what="headline", article=second, text="Tea"),
    ]
    with pytest.raises(NotFound, match=r"Edit 4 of 4: .* None of them was done\."):
        orders.obey(database, issue.id, [*good, order(do="exclude", article=str(key("x", 1)))], version=1, **KNOWN)
    assert (stored(database, issue).version, stored(database, issue).edits) == (1, {})
    done = orders.obey(database, issue.id, good, version=1, **KNOWN)
    assert done.version == stored(database, issue).version == 4
    edits = Edits.model_validate(stored(database, issue).edits)
    assert edits.pins == {"sc": {first: 2, second: 1}}
    with pytest.raises(Conflict):
        orders.obey(database, issue.id, good, version=1, **KNOWN)


@BOTH
def test_a_single_order_keeps_its_own_error(database: Database):
    """Nothing is counted where there is one."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    with pytest.raises(BadInput, match=r"\ASay|\AName"):
        orders.obey(database, issue.id, [order(do="set", what="alt", text="A field")], version=None, **KNOWN)
