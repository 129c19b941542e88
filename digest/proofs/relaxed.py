"""Which checks a set-up does not need (ruling 16): mail that reaches no reader may link to this machine."""

from urllib.parse import urlsplit

from digest.accounts import Account, ProviderName
from digest.settings import Settings

NOT_NEEDED = frozenset({"links", "https"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def names(settings: Settings) -> frozenset[str]:
    """Return what the checks let through: for the outbox, and for a provider that stands in on loopback.

    With several accounts, only where none of them reaches a reader.
    """
    accounts = (settings.account(name) for name in settings.account_names)
    return NOT_NEEDED if all(_reaches_nobody(one) for one in accounts) else frozenset()


def _reaches_nobody(account: Account) -> bool:
    where = account.secret("url") if account.provider is ProviderName.smtp else account.base_url
    return account.provider is ProviderName.outbox or urlsplit(where).hostname in _LOOPBACK
