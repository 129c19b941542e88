"""SendGrid: whether it knows a sender: an authenticated domain of the account, or a single address it verified.

GET /v3/whitelabel/domains (``valid``) and GET /v3/verified_senders (``verified``), of its v3 API reference.
"""

from typing import Any

from digest.accounts import Account
from digest.providers.http import TimeOuts, told
from digest.providers.sendgrid.sending import caller


def sender_trouble(account: Account, times: TimeOuts, address: str, **given: Any) -> str:
    """Return why mail of an address would be refused, in a sentence; "" if not. Raises ProviderError."""
    asked = caller(account, times, **given)
    try:
        domain = address.rpartition("@")[2].lower()
        domains = told(asked.get("/v3/whitelabel/domains?limit=200"))
        valid = [str(one.get("domain", "")).lower() for one in domains if one.get("valid")]
        if any(domain == one or domain.endswith(f".{one}") for one in valid):
            return ""
        singles = told(asked.get("/v3/verified_senders?limit=200")).get("results", [])
        if any(one.get("verified") and str(one.get("from_email", "")).lower() == address.lower() for one in singles):
            return ""
        return f"SendGrid has neither authenticated {domain} nor verified {address}."
    finally:
        asked.close()
