"""Whether a provider knows a sender, by what its API says; a key that may not ask is an error of its own."""

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from digest.accounts import Account, ProviderName
from digest.providers import registry
from digest.providers.http import TimeOuts
from digest.sending.provider import ProviderError

TIMES = TimeOuts(connect=1, read=1, write=1)
P = ProviderName


def ask(name: ProviderName, answers: dict[str, Any], address: str = "desk@news.example.net") -> str:
    """Ask a provider that answers thus: path -> JSON, or a status."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers[request.url.path]
        return httpx.Response(found) if isinstance(found, int) else httpx.Response(200, json=found)

    account = Account(provider=name, api_key=SecretStr("key"), domain="mg.example.net" if name is P.mailgun else "")
    trouble: Any = registry.SENDERS[name]
    return str(trouble(account, TIMES, address, transport=httpx.MockTransport(answer)))


DOMAINS, SINGLES = "/v3/whitelabel/domains", "/v3/verified_senders"
NONE: dict[str, Any] = {"results": []}


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        (P.sendgrid, {DOMAINS: [{"domain": "example.net", "valid": True}]}, ""),
        (P.sendgrid, {DOMAINS: [{"domain": "example.net", "valid": False}], SINGLES: NONE}, "neither authenticated"),
        (P.sendgrid, {DOMAINS: [{"domain": "ample.net", "valid": True}], SINGLES: NONE}, "neither authenticated"),
        (
            P.sendgrid,
            {DOMAINS: [], SINGLES: {"results": [{"from_email": "Desk@news.example.net", "verified": True}]}},
            "",
        ),
        (P.mailgun, {"/v4/domains/mg.example.net": {"domain": {"state": "active"}}}, ""),
        (P.mailgun, {"/v4/domains/mg.example.net": {"domain": {"state": "unverified"}}}, "is unverified"),
        (P.mailgun, {"/v4/domains/mg.example.net": 404}, "no domain mg.example.net"),
        (P.resend, {"/domains": {"data": [{"name": "news.example.net", "status": "verified"}]}}, ""),
        (P.resend, {"/domains": {"data": [{"name": "news.example.net", "status": "pending"}]}}, "pending"),
        (P.resend, {"/domains": {"data": []}}, "does not know"),
        (
            P.brevo,
            {"/v3/senders/domains": {"domains": [{"domain_name": "news.example.net", "authenticated": True}]}},
            "",
        ),
        (P.brevo, {"/v3/senders/domains": {"domains": [{"domain_name": "news.example.net"}]}}, "has not authenticated"),
        (P.brevo, {"/v3/senders/domains": {"domains": []}}, "does not know"),
    ],
)
def test_what_the_api_says(name: ProviderName, answers: dict[str, Any], words: str):
    """Verified is silence; anything else is a sentence."""
    said = ask(name, answers)
    assert (said == "") if not words else (words in said)


@pytest.mark.parametrize("name", list(registry.SENDERS))
@pytest.mark.parametrize(("status", "words"), [(401, "may not ask"), (403, "may not ask"), (500, "answered 500")])
def test_who_will_not_say_is_not_taken_for_trouble(name: ProviderName, status: int, words: str):
    """A key that may only send, and a provider that is down."""
    paths = (DOMAINS, "/v4/domains/mg.example.net", "/domains", "/v3/senders/domains")
    with pytest.raises(ProviderError, match=words):
        ask(name, dict.fromkeys(paths, status))
