"""A story counts as sent if any member of its cluster was, whatever the cluster was called then, or whether it was."""

from datetime import timedelta
from typing import Any

from sqlmodel import select

from digest.articles.models import article_id
from digest.database import Database
from digest.issues import drafting, explaining
from digest.issues.building import Builder
from digest.issues.inputs import Inputs
from digest.issues.models import Issue, IssueCandidate
from digest.proofs import making, siblings
from digest.proofs.proof import Proof
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from tests.conftest import BOTH, KEYS, NOW
from tests.issues import newsroom

DAYS = timedelta(days=1)
URLS = Urls("http://localhost", KEYS)
BOTH_REGIONS = {"south-caucasus": "tag", "central-asia": "tag"}


def proof_of(database: Database, issue: Issue) -> Proof:
    """Make the proof."""
    return making.make_proof(database, issue.id, urls=URLS, at=issue.as_of, relaxed=NOT_NEEDED)


def first_issue(database: Database, *, hours: float = 10) -> Issue:
    """Send "old" to a reader of sc, at a time when it stood in no cluster."""
    newsroom.found(database)
    newsroom.publish(database, [newsroom.article("old", hours=hours, regions=BOTH_REGIONS)])
    newsroom.reader(database, "a@readers.example", "sc")
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    proof_of(database, issue)
    newsroom.sent(database, issue, NOW)
    return issue


def second_issue(database: Database, *, days: float, cluster: str | None) -> Issue:
    """Draft the next one, in which "new" tells the story of "old", beside other news."""
    later = NOW + days * DAYS
    newsroom.publish(database, [newsroom.article("new", at=later, regions=BOTH_REGIONS, cluster=cluster)])
    newsroom.publish(database, [newsroom.article(f"news-{n}", at=later, hours=20 + n) for n in range(3)])
    newsroom.change(database, "old", cluster=cluster)
    return drafting.draft(database, "weekly", as_of=later, at=later)


def told(database: Database, issue: Issue, lists: tuple[str, ...] = ("sc",)) -> dict[str, Any]:
    """Return an edition as data."""
    with database.reading() as session:
        builder = Builder(drafting.recipe(session, issue))
    return explaining.everything(builder, lists)


@BOTH
def test_sent_before_it_had_a_cluster(database: Database):
    """Those who had "old" are not sent "new" of the same story; those of another list are."""
    first_issue(database)
    issue = second_issue(database, days=7, cluster="q")
    left = {one["headline"]: one["reason"] for one in told(database, issue)["left_out"]}
    assert left["Headline of new which is long enough to read"] == "already sent"
    other = told(database, issue, ("ca",))
    assert other["lead"]["article_id"] == str(article_id("meridian.example/new"))


@BOTH
def test_a_mate_too_old_to_be_gathered_counts(database: Database):
    """It was sent 40 days ago and is no candidate any more; it is named by its id."""
    first_issue(database)
    issue = second_issue(database, days=40, cluster="q")
    old = str(article_id("meridian.example/old"))
    with database.reading() as session:
        recipe = drafting.recipe(session, issue)
    assert old not in recipe.by_id
    new = recipe.by_id[str(article_id("meridian.example/new"))]
    assert new.also == (old,)
    assert new.sent == {"sc": NOW}
    story = told(database, issue, ("ca",))["lead"]
    assert story["also"] == [{"article_id": old, "headline": "", "url": ""}]


@BOTH
def test_a_reader_who_changed_lists_is_spared_the_mate(database: Database):
    """In the edition of sc and ca "new" stands; the reader who had "old" gets the sibling without it.

    It makes no difference whether the cluster came before the draft, after it, or has another name since.
    """
    first_issue(database)
    newsroom.reader(database, "a@readers.example", "ca")
    newsroom.reader(database, "d@readers.example", "sc", "ca")
    issue = second_issue(database, days=10, cluster=None)
    proof = proof_of(database, issue)
    base = next(edition for edition in proof.editions if not edition.without)
    assert "meridian.example/new" in base.html
    newsroom.freezing(database, issue, issue.as_of)
    with database.reading() as session:
        assert siblings.repeats(session, issue, base) == []
    for name in ("q", "another name"):
        for slug in ("old", "new"):
            newsroom.change(database, slug, cluster=name)
        with database.reading() as session:
            moved = siblings.repeats(session, issue, base)
        assert [keys for _who, keys in moved] == [frozenset({"meridian.example/new"})]


@BOTH
def test_a_cluster_that_was_renamed_since_the_draft_is_still_known(database: Database):
    """The draft knew it as "q"; "old" has moved to a cluster of its own since, and was sent all the same."""
    first_issue(database)
    newsroom.reader(database, "a@readers.example", "ca")
    newsroom.reader(database, "d@readers.example", "sc", "ca")
    issue = second_issue(database, days=10, cluster="q")
    proof = proof_of(database, issue)
    newsroom.change(database, "old", cluster="r")
    newsroom.freezing(database, issue, issue.as_of)
    base = next(edition for edition in proof.editions if not edition.without)
    with database.reading() as session:
        moved = siblings.repeats(session, issue, base)
    assert [keys for _who, keys in moved] == [frozenset({"q"})]


@BOTH
def test_the_best_stands_and_names_the_others(database: Database):
    """The draft lists them with the story, and says of each whose duplicate it is; twice the same bytes."""
    newsroom.found(database)
    rows = [newsroom.article(slug, hours=5 + n, cluster="q") for n, slug in enumerate(("best", "wire", "third"))]
    newsroom.publish(database, [*rows, newsroom.article("lone")])
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    data = told(database, issue)
    stories = {one["headline"].split()[2]: one for one in [data["lead"], *data["sections"][0]["stories"]]}
    others = sorted(str(article_id(f"meridian.example/{slug}")) for slug in ("wire", "third"))
    assert [one["article_id"] for one in stories["best"]["also"]] == others
    assert {one["headline"].split()[2] for one in stories["best"]["also"]} == {"wire", "third"}
    assert stories["lone"]["also"] == []
    assert {one["reason"] for one in data["left_out"]} == {"duplicate"}
    assert told(database, issue) == data


@BOTH
def test_what_is_stored_of_a_lone_article_is_as_it_was(database: Database):
    """Drafts of an earlier release read back; without a cluster nothing is added to what is stored."""
    newsroom.found(database)
    newsroom.publish(database, [newsroom.article("lone")])
    drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    with database.reading() as session:
        stored = session.exec(select(IssueCandidate)).one().inputs
    assert "also" not in stored
    held = Inputs.from_json(stored)
    assert held.also == ()
    assert Inputs.from_json(held.as_json() | {"also": ["x", "y"]}).also == ("x", "y")
