"""Which providers there are, and how each is built. A new provider is a line in each map and one file beside it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from digest.errors import SettingsError
from digest.providers import brevo, mailgun, outbox, postmark, resend, sendgrid, ses
from digest.providers.event import Puller, Webhook
from digest.providers.http import TimeOuts
from digest.sending.provider import Features, Provider
from digest.settings import Account, ProviderName, Settings

_N = ProviderName

BUILDERS: Mapping[ProviderName, Callable[[Account, TimeOuts], Provider]] = MappingProxyType(
    {
        _N.sendgrid: sendgrid.build,
        _N.mailgun: mailgun.build,
        _N.postmark: postmark.build,
        _N.ses: ses.build,
        _N.resend: resend.build,
        _N.brevo: brevo.build,
    }
)
FEATURES: Mapping[ProviderName, Features] = MappingProxyType(
    {
        _N.outbox: outbox.FEATURES,
        _N.sendgrid: sendgrid.FEATURES,
        _N.mailgun: mailgun.FEATURES,
        _N.postmark: postmark.FEATURES,
        _N.ses: ses.FEATURES,
        _N.resend: resend.FEATURES,
        _N.brevo: brevo.FEATURES,
    }
)
WEBHOOKS: Mapping[ProviderName, Callable[[Account, TimeOuts], Webhook]] = MappingProxyType(
    {
        _N.sendgrid: sendgrid.webhook,
        _N.mailgun: mailgun.webhook,
        _N.postmark: postmark.webhook,
        _N.ses: ses.webhook,
        _N.resend: resend.webhook,
        _N.brevo: brevo.webhook,
    }
)
PULLERS: Mapping[ProviderName, Callable[[Account, TimeOuts], Puller]] = MappingProxyType(
    {
        _N.mailgun: mailgun.puller,
        _N.postmark: postmark.puller,
        _N.brevo: brevo.puller,
    }
)


def times(settings: Settings) -> TimeOuts:
    """Return how long a call may take by the settings."""
    return TimeOuts(connect=settings.connect_timeout, read=settings.read_timeout, write=settings.write_timeout)


def build(settings: Settings, name: str = "") -> Provider:
    """Return the provider of an account ("": the one of PROVIDER). Nothing is called yet. Raises SettingsError."""
    account = settings.account(name)
    if account.provider is ProviderName.outbox:
        return outbox.Outbox(settings.outbox_dir)
    builder = BUILDERS.get(account.provider)
    if builder is None:
        known = ", ".join(sorted(FEATURES))
        raise SettingsError(f"There is no adapter for {account.provider.value} yet. PROVIDER may be: {known}.")
    return builder(account, times(settings))


def webhook(settings: Settings, name: str = "") -> Webhook | None:
    """Return what reads the webhooks of an account; None where it has none, or no secret to prove them by.

    Raises SettingsError.
    """
    account = settings.account(name)
    reader = WEBHOOKS.get(account.provider)
    return reader(account, times(settings)) if reader and account.secret("webhook_secret") else None


def puller(settings: Settings, name: str = "") -> Puller:
    """Return what asks an account for its events. Raises SettingsError where its provider has none to ask for."""
    account = settings.account(name)
    if account.provider not in PULLERS:
        known = ", ".join(sorted(PULLERS))
        raise SettingsError(f"{account.provider.value} has no events to ask for; that can: {known}. Use its webhooks.")
    return PULLERS[account.provider](account, times(settings))
