"""A newsroom with a weekly and a daily, run by the tick: two Mondays and the days between, nothing twice to anybody."""

from collections import Counter
from datetime import timedelta

from digest import ticking
from digest.bootstrap import App
from digest.engine import local
from digest.issues import publications
from digest.issues.models import Issue
from digest.sending import rehearsing
from subscribers import ListData, add_list
from tests.sending import approved, companions
from tests.ticking.newsroom import DAY, MONDAY, approve, change, go_to, issues

MIDNIGHT = MONDAY - timedelta(hours=6)
SC, CA = approved.WHERE


def a_daily(app: App) -> None:
    """Add a daily at seven with a list for each region, and make it the weekly's companion."""
    with app.database.writing() as session:
        fields = {"id": "daily", "name": "The Daily", "cadence": "daily", "cutoff": "0 5 * * *", "send": "0 7 * * *"}
        sender = {"sender_name": "The Daily", "sender_address": "daily@example.org", "postal_address": "1 Street, Town"}
        publications.add(session, publications.checked(**fields, **sender))
        for region in approved.WHERE:
            add_list(session, ListData(id=f"d-{region}", name=region, family="daily", topic=region))
    change(app, companion="daily")


def a_day(app: App, number: int) -> None:
    """Publish the day's news, and let the newsroom's clock go from four to nine, with a yes to every draft."""
    midnight = MIDNIGHT + number * DAY
    approved.articles(app.database, midnight + timedelta(hours=4), prefix=f"day{number}")
    for hour in range(4, 10):
        go_to(app, midnight + timedelta(hours=hour))
        ticking.tick(app.means)
        for issue in issues(app):
            if issue.status == "draft":
                approve(app, issue)
        local.run(app.means, concurrency=1, until_idle=True)


def test_a_week_of_a_weekly_and_its_daily(app: App):
    """Both Mondays: who has both regions in both gets no daily, who has one in both gets the other by the daily."""
    a_daily(app)
    people = {
        "daily": [f"d-{SC}", f"d-{CA}"],
        "weekly": [SC, CA],
        "both": [SC, CA, f"d-{SC}", f"d-{CA}"],
        "partly": [SC, f"d-{SC}", f"d-{CA}"],
    }
    numbers = {}
    for name, lists in people.items():
        approved.reader(app.database, name, lists, at=MIDNIGHT - DAY)
        numbers[name] = companions.number(app.database, f"{name}@example.org", approved.KEYS)
    for number in range(8):
        a_day(app, number)
    told = companions.brought(app.database)
    for name, who in numbers.items():
        often = Counter(key for _publication, _list, key in told[who])
        assert often, name
        assert max(often.values()) == 1, name
    sent = sorted(issues(app), key=lambda one: one.number)
    assert [one.status for one in sent] == ["sent"] * len(sent)
    assert Counter(one.publication_id for one in sent) == {"daily": 8, "weekly": 2}
    for issue in sent:
        if issue.publication_id == "daily":
            _looked_at(app, issue, numbers)
    assert {publication for publication, _list, _key in told[numbers["both"]]} == {"daily", "weekly"}


def _looked_at(app: App, issue: Issue, numbers: dict[str, int]) -> None:
    got = companions.brought(app.database, issue.id)
    monday = issue.as_of.weekday() == 0
    assert (numbers["both"] in got) is not monday
    assert numbers["weekly"] not in got
    assert {where for _p, where, _key in got[numbers["partly"]]} == ({f"d-{CA}"} if monday else {f"d-{SC}", f"d-{CA}"})
    with app.database.reading() as session:
        stored = session.get_one(Issue, issue.id)
        instead = rehearsing.instead_of(session, stored, app.clock.now())
    assert instead == ({"weekly": 1} if monday else {})
    assert stored.audience_size == (2 if monday else 3)
