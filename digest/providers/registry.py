"""Which providers there are, and how each is built. A new provider is a line in each map and one file beside it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from digest.errors import SettingsError
from digest.providers import brevo, outbox, resend, sendgrid
from digest.providers.event import Puller, Webhook
from digest.providers.http import TimeOuts
from digest.sending.provider import Features, Provider
from digest.settings import Account, ProviderName, Settings

_N = ProviderName

BUILDERS: Mapping[ProviderName, Callable[[Account, TimeOuts], Provider]] = MappingProxyType(
    {_N.sendgrid: sendgrid.build, _N.resend: resend.build, _N.brevo: brevo.build}
)
FEATURES: Mapping[ProviderName, Features] = MappingProxyType(
    {
        _N.outbox: outbox.FEATURES,
        _N.sendgrid: sendgrid.FEATURES,
        _N.resend: resend.FEATURES,
        _N.brevo: brevo.FEATURES,
    }
)
WEBHOOKS: Mapping[ProviderName, Callable[[Account, TimeOuts], Webhook]] = MappingProxyType({})
PULLERS: Mapping[ProviderName, Callable[[Account, TimeOuts], Puller]] = MappingProxyType({})


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
