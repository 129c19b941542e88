"""Resend: whether it verified the sender's domain. GET /domains (``data[].name``, ``status``), of its API reference."""

from typing import Any

from digest.accounts import Account
from digest.providers.http import TimeOuts, told
from digest.providers.resend.sending import caller


def sender_trouble(account: Account, times: TimeOuts, address: str, **given: Any) -> str:
    """Return why mail of an address would be refused, in a sentence; "" if not. Raises ProviderError."""
    asked = caller(account, times, **given)
    try:
        domain = address.rpartition("@")[2].lower()
        states = {str(one.get("name", "")).lower(): one.get("status") for one in told(asked.get("/domains"))["data"]}
    finally:
        asked.close()
    if domain not in states:
        return f"Resend does not know the domain {domain}."
    return "" if states[domain] == "verified" else f"Resend's domain {domain} is {states[domain]}, not verified."
