"""Accounts with email providers: which providers there are, what each needs, and what an account may send.

They come from the settings: one from those of PROVIDER, more from ACCOUNTS.
"""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

ACCOUNT_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # it stands in the address of its webhooks


class ProviderName(StrEnum):
    """The email APIs that there is an adapter for."""

    outbox = "outbox"
    sendgrid = "sendgrid"
    mailgun = "mailgun"
    postmark = "postmark"
    ses = "ses"
    resend = "resend"
    brevo = "brevo"
    smtp = "smtp"


# What each cannot send without. SES finds its key as the AWS tools do where none is given.
NEEDS: Final[Mapping[ProviderName, tuple[str, ...]]] = MappingProxyType(
    {
        ProviderName.outbox: (),
        ProviderName.sendgrid: ("api_key",),
        ProviderName.mailgun: ("api_key", "domain"),
        ProviderName.postmark: ("api_key",),
        ProviderName.ses: ("region",),
        ProviderName.resend: ("api_key",),
        ProviderName.brevo: ("api_key",),
        ProviderName.smtp: ("url",),
    }
)


class Account(BaseModel):
    """One account with a provider. Which of these it needs is the provider's: see its file in digest/providers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: ProviderName
    api_key: SecretStr | None = None  # SES: "ACCESS_KEY_ID:SECRET_ACCESS_KEY", or none: as the AWS tools find them
    webhook_secret: SecretStr | None = None  # what its webhooks prove themselves by
    base_url: str = ""  # "" is the provider's own
    domain: str = ""  # Mailgun: the sending domain. SMTP: the domain of bounce addresses
    region: str = ""  # SES: the AWS region
    stream: str = ""  # Postmark: the message stream
    configuration_set: str = ""  # SES: names where its events go
    url: SecretStr | None = None  # SMTP: smtp://user:password@host:587 (STARTTLS), or smtps://host:465
    rate: float | None = Field(default=None, gt=0)  # calls a second; None: SEND_RATE
    per_hour: int | None = Field(default=None, ge=1)  # mails, over all workers; None: as many as there are
    per_day: int | None = Field(default=None, ge=1)  # of UTC
    warm_up_from: date | None = None  # the first day of a new sending domain; None: it is known already
    warm_up_first: int = Field(default=500, ge=1)  # mails on that day
    warm_up_factor: float = Field(default=2.0, gt=1, le=10)  # so many times more on each day after it
    warm_up_until: int = Field(default=100_000, ge=1)  # beyond this there is no ceiling any more

    def secret(self, name: str) -> str:
        """Return a secret field as text, "" where it is not set."""
        value = getattr(self, name)
        return value.get_secret_value() if value is not None else ""

    @property
    def lacks(self) -> tuple[str, ...]:
        """Return the fields that its provider cannot do without and that are not set."""
        return tuple(name for name in NEEDS[self.provider] if not str(getattr(self, name) or ""))
