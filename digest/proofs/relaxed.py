"""Which checks a set-up does not need (ruling 16): mail that reaches no reader may link to this machine."""

from urllib.parse import urlsplit

from digest.settings import ProviderName, Settings

NOT_NEEDED = frozenset({"links", "https"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def names(settings: Settings) -> frozenset[str]:
    """Return what the checks let through: for the outbox, and for a provider that stands in on loopback."""
    if settings.provider is ProviderName.outbox:
        return NOT_NEEDED
    host = urlsplit(str(getattr(settings, f"{settings.provider}_base_url", ""))).hostname
    return NOT_NEEDED if host in _LOOPBACK else frozenset()
