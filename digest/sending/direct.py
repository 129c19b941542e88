"""Single mails outside the ledger: tests of an issue, confirmations. They can never reach a list."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from uuid import uuid4

from sqlmodel import select

from digest.database import Database
from digest.errors import NotFound
from digest.issues.models import Issue, Publication
from digest.issues.sending_accounts import account_of
from digest.proofs.models import Edition
from digest.rendering import slots
from digest.sending.editions import content_of
from digest.sending.provider import Content, Mailing, Provider, Receipt, Recipient

TEST_MARK = "[Test] "
BANNER = "This is a test. It went to testers, and to no reader; its links to unsubscribe do nothing."
TAG = "direct"  # by which the provider's own statistics tell such mails from issues
TEST_TAG = "test"


def send_one(
    provider: Provider,
    content: Content,
    *,
    address: str,
    name: str = "",
    values: Mapping[str, str] | None = None,
    tag: str = TAG,
) -> Receipt:
    """Send one mail to one address, now; returns the provider's answer, or raises a ProviderError.

    There is no row in the ledger: it is not repeated, not counted, and says nothing about who got an issue.
    """
    number = uuid4()
    recipient = Recipient(delivery_ref=f"direct.{number.hex}", address=address, name=name, values=values or {})
    mailing = Mailing(batch_id=number, issue_ref=tag, content=content, recipients=[recipient])
    return provider.send(mailing)[0]


def send_test(
    database: Database,
    provider_of: Callable[[str], Provider],
    edition_number: int,
    *,
    address: str,
    base_url: str,
) -> Receipt:
    """Send a stored edition to a tester, marked as a test, with links that unsubscribe nobody.

    ``provider_of``: gives the provider of an account by its name (""): the mail goes as its readers would get it.
    """
    with database.reading() as session:
        edition = session.exec(select(Edition).where(Edition.number == edition_number)).one_or_none()
        if edition is None:
            raise NotFound(f"There is no edition {edition_number}. `digest issues show` names those of an issue.")
        issue = session.get_one(Issue, edition.issue_id)
        publication = issue.frame["publication"]
        now = session.get_one(Publication, issue.publication_id)
        account = account_of(edition.lists, now.account, now.list_accounts)
    content = as_test(content_of(publication, edition))
    nowhere = f"{base_url}/u/test"
    values = slots.values(
        edition.marks,
        unsubscribe_url=nowhere,
        preferences_url=nowhere,
        name="",
        stops=dict.fromkeys(edition.lists, nowhere),
    )
    return send_one(provider_of(account), content, address=address, values=values, tag=TEST_TAG)


def as_test(content: Content) -> Content:
    """Return a content that says it is a test: in the subject, and in a banner on top of both parts."""
    head, body, rest = content.html.partition("<body")
    opening, closed, below = rest.partition(">")
    banner = f'<p style="margin:0;padding:8px;background:#ffe066;color:#000">{escape(BANNER)}</p>'
    html = f"{head}{body}{opening}{closed}{banner}{below}" if closed else banner + content.html
    return replace(content, subject=TEST_MARK + content.subject, html=html, text=f"{BANNER}\n\n{content.text}")
