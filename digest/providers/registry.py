"""Which provider the settings name, and how it is built. A new provider is one line here and one file beside it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from digest.providers import outbox, sendgrid
from digest.sending.provider import Features, Provider
from digest.settings import ProviderName, Settings


def _outbox(settings: Settings) -> Provider:
    return outbox.Outbox(settings.outbox_dir)


def _sendgrid(settings: Settings) -> Provider:
    key = settings.sendgrid_api_key
    return sendgrid.build(
        key.get_secret_value() if key else "",
        settings.sendgrid_base_url,
        connect=settings.connect_timeout,
        read=settings.read_timeout,
        write=settings.write_timeout,
    )


BUILDERS: Mapping[ProviderName, Callable[[Settings], Provider]] = MappingProxyType(
    {ProviderName.outbox: _outbox, ProviderName.sendgrid: _sendgrid}
)
FEATURES: Mapping[ProviderName, Features] = MappingProxyType(
    {ProviderName.outbox: outbox.FEATURES, ProviderName.sendgrid: sendgrid.FEATURES}
)


def build(settings: Settings) -> Provider:
    """Return the provider that the settings name. Nothing is called yet."""
    return BUILDERS[settings.provider](settings)
