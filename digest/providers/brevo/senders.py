"""Brevo: whether it authenticated the sender's domain. GET /v3/senders/domains (``domains[].authenticated``).

Source: developers.brevo.com/reference/get-domains, read in November 2026.
"""

from typing import Any

from digest.accounts import Account
from digest.providers.brevo.sending import caller
from digest.providers.http import TimeOuts, told


def sender_trouble(account: Account, times: TimeOuts, address: str, **given: Any) -> str:
    """Return why mail of an address would be refused, in a sentence; "" if not. Raises ProviderError."""
    asked = caller(account, times, **given)
    try:
        found = told(asked.get("/v3/senders/domains")).get("domains", [])
    finally:
        asked.close()
    domain = address.rpartition("@")[2].lower()
    mine = next((one for one in found if str(one.get("domain_name", "")).lower() == domain), None)
    if mine is None:
        return f"Brevo does not know the domain {domain}."
    return "" if mine.get("authenticated") else f"Brevo has not authenticated the domain {domain}."
