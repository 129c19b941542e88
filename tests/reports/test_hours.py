"""How fast an issue was read, and its machine clicks."""

from datetime import timedelta

from digest.reports.hours import first_hours
from tests.conftest import NOW
from tests.reports import made

HOURS = ((0, 10), (1, 5), (5, 5), (40, 20), (80, 9))  # 40 within 72 hours


def test_the_clicks_add_up_hour_by_hour():
    """Each row has those of all hours before; what came after 72 hours is left out; machines never count."""
    table = first_hours(made.facts(hours=HOURS))
    assert table.values("until") == ["1 h", "2 h", "3 h", "6 h", "12 h", "24 h", "36 h", "48 h", "72 h"]
    assert table.values("clicks") == [10, 15, 15, 20, 20, 20, 20, 40, 40]
    assert table.values("share")[0] == 0.25
    assert table.values("before")[0] == 0.25


def test_a_young_issue_tells_only_what_has_passed():
    """Three hours after the sending there are three rows, and no share of a whole that is not known."""
    table = first_hours(made.facts(hours=HOURS, at=NOW - timedelta(days=7) + timedelta(hours=3, minutes=5)))
    assert table.values("until") == ["1 h", "2 h", "3 h"]
    assert table.values("share") == [None, None, None]


def test_without_a_click_there_is_a_sentence():
    """An empty table says that nothing was counted."""
    table = first_hours(made.facts())
    assert table.rows == ()
    assert "No human click" in table.empty


def test_machines_stand_beside_people():
    """The report gives the number of machine clicks, and says that they are counted."""
    found = made.report(hours=HOURS)
    assert ["machine", 7] in [list(row[:2]) for row in found.table("clicks").rows]
    assert found.as_json()["counted"]["machine_clicks"] is True
    assert made.report().as_json()["counted"]["machine_clicks"] is False
