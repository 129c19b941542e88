"""Which provider account a publication and its lists are sent by, and changing that for single lists."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from digest.errors import BadInput
from digest.issues import publications
from digest.issues.models import Publication
from subscribers import lists as lists_of


def account_of(lists: Sequence[str], account: str, list_accounts: Mapping[str, str]) -> str:
    """Return the account of an edition: that of its first list that names one, else ``account``, the publication's.

    ``lists``: in the edition's order. "" is the account that the settings name as PROVIDER.
    """
    return next((list_accounts[one] for one in lists if list_accounts.get(one)), account)


def named_by(publication: Publication) -> dict[str, list[str]]:
    """Return account -> what of a publication names it: its lists, or "" for the publication itself."""
    named: dict[str, list[str]] = {publication.account: [""]}
    for list_id, account in sorted(publication.list_accounts.items()):
        named.setdefault(account, []).append(list_id)
    return named


def check_known(accounts: Collection[str], known: Collection[str]) -> None:
    """Raise BadInput for the first account that the settings do not have. "" is always known."""
    for one in accounts:
        if one and one not in known:
            raise BadInput(
                f"There is no provider account {one!r}. Accounts: {', '.join(sorted(known))}. "
                "Add it to the settings first: DIGEST_ACCOUNTS, or [accounts.NAME] in digest.toml."
            )


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Read LIST=ACCOUNT texts; "" for an account takes a list's own away. Raises BadInput."""
    found = {}
    for text in texts:
        name, given, account = text.partition("=")
        if not given or not name.strip():
            raise BadInput(f"{text!r} names no list and account. Write LIST=ACCOUNT, as in caucasus=second.")
        found[name.strip()] = account.strip()
    return found


def change(
    session: Session, publication_id: str, changes: Mapping[str, str], *, who: str = "", at: datetime | None = None
) -> Publication:
    """Give lists of a publication their own accounts, or ("") take them away. Raises BadInput, NotFound.

    It holds at once, also for what is queued of issues under way; what was handed over stays with its account.
    """
    publication = publications.get(session, publication_id)
    known = [one.id for one in lists_of(session, publication_id)]
    for name in changes:
        if name not in known and changes[name]:
            raise BadInput(
                f"Publication {publication_id!r} has no list {name!r}. Lists: {', '.join(known) or 'none yet'}."
            )
    wanted = {name: account for name, account in (publication.list_accounts | dict(changes)).items() if account}
    publications.put(session, publication_id, {"list_accounts": wanted}, who=who, at=at)
    return publication
