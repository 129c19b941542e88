"""The tour: one article from a feed to an inbox, a click on the way out, and what the ledger says of it.

Each paragraph is a stage, in the order the data flows and the folders stand. Read this file first.
"""

import email
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from digest import migrating, regions
from digest.articles import changes, polling
from digest.articles.feeds import keeping, tags
from digest.articles.feeds.meanings import parse_map, region_names
from digest.bootstrap import App, opened
from digest.clock import StillClock
from digest.engine import local
from digest.events.models import Vote
from digest.fetching import Fetched, Fetcher
from digest.issues import drafting, editing, publications
from digest.issues.building import Builder
from digest.issues.models import Issue
from digest.proofs import approval, making, relaxed
from digest.rendering.urls import Urls
from digest.sending import control, ledger
from digest.web.app import create
from subscribers import ListData, add_list, audience_sets, import_csv
from tests.conftest import NOW, STRONG
from tests.web.running import running

FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>The Meridian</title>
<item>
  <title>The night train is back</title><link>https://www.meridian.example/night-train?utm_source=rss</link>
  <description>After 33 years of stopped clocks, a sleeper links three capitals in a single ticket.</description>
  <category>South Caucasus</category><category>Editor's choice</category>
  <dc:creator>Levan Orbel</dc:creator><pubDate>Mon, 23 Nov 2026 20:00:00 GMT</pubDate>
</item>
<item>
  <title>A border market reopens</title><link>https://meridian.example/border-market</link>
  <category>South Caucasus</category><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate>
</item>
<item>
  <title>A bridge that was news six years ago</title><link>https://meridian.example/old-bridge</link>
  <category>South Caucasus</category><category>Editor's choice</category>
  <pubDate>Mon, 23 Nov 2020 10:00:00 GMT</pubDate>
</item>
</channel></rss>"""
AGAIN = FEED.replace("www.meridian.example/night-train?utm_source=rss", "meridian.example/night-train/#popular")
READERS = "email,lists\nnino@reader.example,caucasus\nrauf@reader.example,caucasus|world\nana@reader.example,world\n"


@pytest.fixture
def app(tmp_path: Path, clock: StillClock) -> Iterator[App]:
    """Return an installation in an empty folder, with a database, a publication and two lists."""
    keys = {"secret_key": STRONG, "address_key": STRONG}
    with opened(tmp_path, clock, **keys) as made:
        migrating.upgrade(made.database)
        with made.database.writing() as session:
            regions.apply_preset(session, "starter")
            publications.add(session, publications.checked(
                id="meridian", name="The Meridian", sender_address="digest@meridian.example",
                postal_address="14 Rue du Marche, Brussels"))  # fmt: skip
            for name, region in (("caucasus", "south-caucasus"), ("world", "world")):
                add_list(session, ListData(id=name, name=name.title(), family="meridian", topic=region))
        yield made


def test_one_article(app: App, clock: StillClock):  # noqa: PLR0915 - a story is told in one go
    """An article comes in once, is ranked, composed, approved, sent to those who asked, and to nobody twice."""
    # articles: two feeds bring it under two addresses; it is stored once, with the badge and its region.
    for number, feed in enumerate((FEED, AGAIN)):
        ask_feed(app, f"https://meridian.example/feed-{number}.xml", feed)
    with app.database.reading() as session:
        train = changes.find(session, "https://meridian.example/night-train")
        assert len(changes.list_articles(session)) == 3
        assert (train.editors_choice, train.regions) == (True, {"south-caucasus": "tag"})

    # subscribers: three people, who agreed; one wants two lists, in one mail.
    report = import_csv(app.database, app.keys, READERS.splitlines(), at=NOW, source="form",
                        consent_at=NOW, consent_source="sign-up form")  # fmt: skip
    assert (report.new, report.failed) == (3, 0)
    with app.database.reading() as session:
        sets = audience_sets(session, "meridian", NOW)
    assert sorted(one.lists for one in sets) == [("caucasus",), ("caucasus", "world"), ("world",)]

    # ranking and issues: the draft says why it leads, and the old bridge, badge or not, is no news.
    issue = drafting.draft(app.database, "meridian", as_of=NOW, at=NOW)
    with app.database.reading() as session:
        recipe = drafting.recipe(session, issue)
    plan = Builder(recipe).build(("caucasus",))
    assert plan.lead is not None
    assert (plan.lead.headline, plan.lead.points.total) == ("The night train is back", 83.16)
    assert "Editor's choice 40.00" in plan.lead.why
    assert [story.headline for story in plan.stories] == ["The night train is back", "A border market reopens"]

    # issues again: an editor writes a better headline for this issue; the article stays as it was.
    editing.set_text(app.database, issue.id, "headline", "The night train is back, and on time",
                     article=train.id, who="nino", at=NOW)  # fmt: skip

    # rendering and proofs: every edition is made, measured and checked; approving binds what was seen.
    urls = Urls(app.settings.base_url, app.keys)
    proof = making.make_proof(app.database, issue.id, urls=urls, at=NOW, relaxed=relaxed.names(app.settings))
    assert len(proof.editions) == 3
    assert all("The night train is back, and on time" in one.html for one in proof.editions)
    accepted = {check.code: "seen" for check in proof.checks if check.level == "amber"}
    approval.approve(app.database, issue.id, who="nino", at=NOW, accepted=accepted)

    # sending and providers: frozen, batched, handed to the outbox; the ledger adds up.
    control.send(app.database, issue.id, who="nino", at=NOW, undo=timedelta(0))
    local.run(app.means, concurrency=2, until_idle=True)
    with app.database.reading() as session:
        sent = session.get_one(Issue, issue.id)
        assert (sent.status, sent.audience_size) == ("sent", 3)
        assert ledger.counts(session, sent.number)["accepted"] == 3

    # the inbox: one mail each, the story once, a link of their own to leave by one click.
    mails = read_outbox(app.settings.outbox_dir)
    assert sorted(mails) == ["ana@reader.example", "nino@reader.example", "rauf@reader.example"]
    mail = mails["rauf@reader.example"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = part(mail, "plain")
    assert text.count("The night train is back, and on time") == 1

    # events: following links changes nothing; pressing a button does; one click unsubscribes before the next batch.
    with running(create(app)) as (site, _):
        here = lambda link: link.replace(app.settings.base_url, site)  # noqa: E731
        vote = here(next(word for word in text.split() if "/feedback/" in word and word.endswith("/good")))
        leave = here(mail["List-Unsubscribe"].strip("<>"))
        for link in (vote, leave):
            assert get(link).status == 200
        assert votes(app) == {}
        get(vote, data=b"")
        assert votes(app) == {3: 1}
        get(leave, data=b"List-Unsubscribe=One-Click")
    with app.database.reading() as session:
        assert sum(one.readers for one in audience_sets(session, "meridian", NOW)) == 2

    # and round again: next week the same feed brings nothing that these readers have not had.
    clock.sleep(timedelta(days=7).total_seconds())
    later = drafting.draft(app.database, "meridian", as_of=clock.now(), at=clock.now())
    with app.database.reading() as session:
        again = Builder(drafting.recipe(session, later)).build(("caucasus",))
    assert again.stories == ()
    assert {str(one.reason) for one in again.left_out} == {"already sent"}


@dataclass(frozen=True, kw_only=True)
class Newsstand(Fetcher):
    """Gives a feed as the network would."""

    feed: str

    def get(self, url, headers=None):  # noqa: ARG002 - the signature is Fetcher's
        """Return the feed, whatever is asked for."""
        return Fetched(url, 200, {"content-type": "application/rss+xml"}, self.feed.encode())


def ask_feed(app: App, url: str, feed: str) -> None:
    """Add a feed, say what its tags mean, and ask it once, as ``digest feeds add URL --map ...`` does."""
    with app.database.writing() as session:
        added = keeping.add(session, keeping.FeedData(url=url), NOW)
        names = region_names(regions.all_regions(session))
        tags.set_targets(session, added.id, parse_map(["Editor's choice=badge"], names), NOW)
    polled = polling.poll(app.database, Newsstand(feed=feed), app.pictures, added.id, NOW)
    assert polled.report is not None
    assert not polled.report.errors


def read_outbox(folder: Path) -> dict[str, EmailMessage]:
    """Return the mails in the outbox by the address they go to; fails if anybody has two."""
    mails = [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in folder.rglob("*.eml")]
    assert len({mail["To"] for mail in mails}) == len(mails)
    return {mail["To"].addresses[0].addr_spec: mail for mail in mails}


def part(mail: EmailMessage, kind: str) -> str:
    """Return the text of one part of a mail."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def get(link: str, data: bytes | None = None) -> Any:
    """Ask for a page, or post to it."""
    with urlopen(Request(link, data=data)) as answer:  # noqa: S310 - our own page on loopback
        answer.read()
        return answer


def votes(app: App) -> dict[int, int]:
    """Return value -> count of the votes so far."""
    from sqlmodel import select  # noqa: PLC0415

    with app.database.reading() as session:
        return {vote.value: vote.count for vote in session.exec(select(Vote))}
