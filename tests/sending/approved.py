"""An approved issue made the real way: imported, drafted, proofed, approved; for what looks at the content itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from digest import regions
from digest.articles import storing
from digest.articles.importing.data import ArticleData
from digest.database import Database
from digest.issues import drafting, publications
from digest.proofs import approval, making
from digest.rendering.urls import Urls
from subscribers import Keys, ListData, add_list, subscribe
from tests.conftest import NOW, STRONG

KEYS = Keys(secret=STRONG, address=STRONG)
BASE = "https://digest.example.org"
URLS = Urls(BASE, KEYS)
FAMILY = "weekly"
RELAXED = frozenset({"links", "https"})
WHERE = ("south-caucasus", "central-asia")


def newsroom(database: Database) -> None:
    """Make a publication with two lists, and some articles for each."""
    with database.writing() as session:
        regions.apply_preset(session, "starter")
        publications.add(session, publications.checked(
            id=FAMILY, name="The Weekly", sender_name="The Weekly", sender_address="weekly@example.org",
            postal_address="1 Street, 1000 Town", minimum_stories=1))  # fmt: skip
        for position, region in enumerate(WHERE):
            name = region.replace("-", " ").title()
            add_list(session, ListData(id=region, name=name, family=FAMILY, topic=region, position=position))
    articles(database, NOW - timedelta(hours=20))


def articles(database: Database, at: datetime, prefix: str = "story") -> None:
    """Import four articles of each region, published shortly before ``at``."""
    with database.writing() as session:
        storing.store(
            session,
            [
                ArticleData.model_validate(
                    {
                        "url": f"https://example.org/{prefix}-{region}-{n}",
                        "headline": f"{prefix.title()} number {n} from {region}",
                        "standfirst": "What happened, told in one sentence.",
                        "published_at": at - timedelta(hours=n),
                        "regions": [region],
                    }
                )
                for region in WHERE
                for n in range(4)
            ],
            source="test",
            at=at,
        )


def reader(database: Database, name: str, lists: Sequence[str], at: datetime = NOW) -> str:
    """Put somebody on lists; returns the ref."""
    with database.writing() as session:
        return subscribe(
            session, KEYS, address=f"{name}@example.org", lists=list(lists), at=at, source="test",
            wording="yes", confirmed=True)  # fmt: skip


def approve(database: Database, as_of: datetime = NOW, publication: str = FAMILY, urls: Urls = URLS) -> UUID:
    """Draft, proof and approve an issue; returns its id."""
    issue = drafting.draft(database, publication, as_of=as_of, at=as_of)
    proof = making.make_proof(database, issue.id, urls=urls, at=as_of, relaxed=RELAXED)
    accepted = {check.code: "a test" for check in proof.checks if check.level == "amber"}
    approval.approve(database, issue.id, who="editor", at=as_of, accepted=accepted)
    return issue.id
