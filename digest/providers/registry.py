"""Which providers there are, and how each is built. A new provider is a line in each map and one file beside it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from digest.accounts import Account, ProviderName
from digest.errors import BadInput, SettingsError
from digest.providers import brevo, mailgun, outbox, postmark, resend, sendgrid, ses, smtp
from digest.providers.event import ProviderEvent, Puller, Webhook
from digest.providers.http import TimeOuts
from digest.sending.provider import Features, Provider
from digest.settings import Settings

_N = ProviderName

BUILDERS: Mapping[ProviderName, Callable[[Account, TimeOuts], Provider]] = MappingProxyType(
    {
        _N.sendgrid: sendgrid.build,
        _N.mailgun: mailgun.build,
        _N.postmark: postmark.build,
        _N.ses: ses.build,
        _N.resend: resend.build,
        _N.brevo: brevo.build,
        _N.smtp: smtp.build,
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
        _N.smtp: smtp.FEATURES,
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

# Who can say at once whether a sender is known there: see digest doctor --network.
SENDERS: Mapping[ProviderName, Callable[[Account, TimeOuts, str], str]] = MappingProxyType(
    {
        _N.sendgrid: sendgrid.sender_trouble,
        _N.mailgun: mailgun.sender_trouble,
        _N.resend: resend.sender_trouble,
        _N.brevo: brevo.sender_trouble,
    }
)

# Who tells by mail what came back, and what reads it: see digest events import.
MAILBOXES: Mapping[ProviderName, Callable[[Account, Path], Iterator[ProviderEvent]]] = MappingProxyType(
    {_N.smtp: smtp.read_mailbox}
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


def mailbox(settings: Settings, name: str, path: Path) -> Iterator[ProviderEvent]:
    """Return the events in a mailbox that an account's mails come back to. Raises BadInput where it has none."""
    account = settings.account(name)
    if account.provider not in MAILBOXES:
        raise BadInput(
            f"{account.provider.value} tells by webhooks what came back, not by mail: a mailbox is for an account "
            "with SMTP. Name one with --account."
        )
    return MAILBOXES[account.provider](account, path)


class Accounts(Mapping[str, Provider]):
    """Account name -> its provider: that of PROVIDER under the provider's name, then the others. Thread-safe.

    Each is built when it is first asked for.
    """

    def __init__(self, settings: Settings, default: Callable[[], Provider]) -> None:
        """``default``: returns the provider of PROVIDER, which is not closed here."""
        self._settings, self._default = settings, default
        self._built: dict[str, Provider] = {}
        self._lock = Lock()

    def __getitem__(self, name: str) -> Provider:
        """Return the provider of an account. Raises KeyError; SettingsError where the account cannot be used."""
        if name == self._settings.provider.value:
            return self._default()
        if name not in self._settings.accounts:
            raise KeyError(name)
        with self._lock:
            if name not in self._built:
                self._built[name] = build(self._settings, name)
            return self._built[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._settings.account_names)

    def __len__(self) -> int:
        """Return how many accounts there are."""
        return len(self._settings.account_names)

    def __contains__(self, name: object) -> bool:
        """Return whether the settings have an account of this name; builds nothing."""
        return name in self._settings.account_names

    def close(self) -> None:
        """Give the connections of those back that were built here."""
        for one in self._built.values():
            one.close()
