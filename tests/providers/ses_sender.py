"""The SES adapter over a stand-in, and mailings to give it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from digest.accounts import Account, ProviderName
from digest.providers import ses
from digest.providers.ses import Ses
from digest.sending.provider import Content, Mailing, ProviderError
from tests.providers.accounts import QUICK, account
from tests.providers.ses_api import KEY, REGION, Service
from tests.providers.test_sendgrid import CONTENT, people

BATCH = UUID("11111111-2222-4333-8444-555555555555")


def ses_account(key: str = KEY, base_url: str = "", **given: Any) -> Account:
    """Return an account with SES."""
    return account(ProviderName.ses, key, base_url, **{"region": REGION, **given})


def provider(service: Callable[[httpx.Request], httpx.Response], **given: Any) -> Ses:
    """Return the adapter over a stand-in."""
    return ses.build(ses_account(**given), QUICK, transport=httpx.MockTransport(service))


def mailing(count: int = 3, content: Content = CONTENT, **given: Any) -> Mailing:
    """Return a mailing."""
    fields: dict[str, Any] = {
        "batch_id": BATCH,
        "issue_ref": "issue 1/\u00e9",
        "content": content,
        "recipients": people(count),
    }
    return Mailing(**(fields | given))


def raised(service: Service, given: Mailing) -> ProviderError:
    """Return what a mailing raises."""
    with pytest.raises(ProviderError) as caught:
        provider(service).send(given)
    return caught.value
