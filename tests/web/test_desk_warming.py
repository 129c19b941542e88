"""The sending page of an issue whose domain warms up: who waits for which day, and when all will have it."""

from datetime import timedelta

from digest.sending.limits import Limits, WarmUp
from tests.conftest import NOW
from tests.web import looking
from tests.web.test_desk import as_a, desk
from tests.web.test_desk_sending import approver, order, work

__all__ = ["approver", "as_a", "desk"]


def test_each_day_to_come_stands_there_with_its_readers(app, site, approver, desk, chromium):
    """A ceiling of one mail: one has it, the others are told their day; nothing is said twice; readable by all."""
    account = app.settings.provider.value
    app.__dict__["limits"] = {account: Limits(warm_up=WarmUp(NOW.date(), first=1))}
    order(approver, desk.path, "send")
    app.clock.at = NOW + timedelta(minutes=6)
    work(app)
    said = approver.get(f"{desk.path}/sending").text
    assert "1 have it" in said
    assert "warm-up day 2 allows 2" in said
    assert said.count('<th scope="row">Day 2</th>') == 1
    assert "own hour" not in said
    for scheme in ("light", "dark"):
        page = looking.signed_in(chromium, f"{site}{desk.path}/sending", scheme, "approver@example.org")
        looking.reads_well(page, site, [f"{desk.path}/sending"], (360, 640))
        page.context.close()
