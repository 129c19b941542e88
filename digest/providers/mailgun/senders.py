"""Mailgun: whether its sending domain is active. GET /v4/domains/{name} (``domain.state``), of its Domains API."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from digest.accounts import Account
from digest.providers.http import TimeOuts, told
from digest.providers.mailgun.sending import caller


def sender_trouble(account: Account, times: TimeOuts, address: str, **given: Any) -> str:
    """Return why mail of an address would be refused, in a sentence; "" if not. Raises ProviderError."""
    asked = caller(account, times, **given)
    try:
        answer = asked.get(f"/v4/domains/{quote(account.domain, safe='')}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return f"Mailgun has no domain {account.domain} in this account (or it is in the other region: BASE_URL)."
        state = told(answer).get("domain", {}).get("state", "")
        if state != "active":
            return f"Mailgun's domain {account.domain} is {state or 'not verified'}, so mail of {address} is refused."
        return ""
    finally:
        asked.close()
