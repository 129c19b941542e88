"""Accounts with providers, for tests."""

from typing import Any

from digest.accounts import Account, ProviderName
from digest.providers.http import TimeOuts

QUICK = TimeOuts(connect=2, read=10, write=10)


def account(name: ProviderName, key: str = "key", base_url: str = "", **given: Any) -> Account:
    """Return an account."""
    return Account.model_validate({"provider": name, "api_key": key, "base_url": base_url, **given})
