"""The one place that reads the settings and puts the parts together. Doors ask it for an ``App``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest import settings as settings_module
from digest.accounts import ProviderName
from digest.clock import Clock, SystemClock
from digest.settings import Settings

if TYPE_CHECKING:
    from digest.articles.pictures.store import PictureStore
    from digest.articles.refreshing import Refresher
    from digest.database import Database
    from digest.editors.alerts import Alarm
    from digest.fetching import Fetcher
    from digest.providers.event import Webhook
    from digest.providers.registry import Accounts
    from digest.sending.limits import Limits
    from digest.sending.means import Means
    from digest.sending.provider import Provider
    from subscribers import Keys


@dataclass(frozen=True)
class App:
    """The parts of a running product. Heavy ones are made when first asked for."""

    settings: Settings
    clock: Clock
    still: bool = False  # the clock was handed in: leases use it, too

    @cached_property
    def database(self) -> "Database":
        """Return the database."""
        from digest.database import Database

        return Database(self.settings.database_url, self.clock if self.still else None)

    @cached_property
    def keys(self) -> "Keys":
        """Return the signing keys of links and the key of address hashes."""
        from subscribers import Keys

        return Keys(
            secret=self.settings.secret_key.get_secret_value(),
            old=tuple(key.get_secret_value() for key in self.settings.secret_keys_old),
            address=self.settings.address_key.get_secret_value(),
        )

    @cached_property
    def provider(self) -> "Provider":
        """Return the email API the settings name."""
        from digest.providers.registry import build

        return build(self.settings)

    @cached_property
    def accounts(self) -> "Accounts":
        """Return the providers of all accounts by name; each is built when it is first asked for."""
        from digest.providers.registry import Accounts

        return Accounts(self.settings, lambda: self.provider)

    def provider_of(self, account: str) -> "Provider":
        """Return the provider of an account ("": that of PROVIDER). Raises Refused where the settings have none."""
        return self.means.provider_of(account)

    @cached_property
    def webhooks(self) -> "Mapping[str, Webhook]":
        """Return account -> what reads its webhooks, of those whose webhook secret is set."""
        from digest.providers import registry

        found = ((name, registry.webhook(self.settings, name)) for name in self.settings.account_names)
        return {name: one for name, one in found if one is not None}

    @cached_property
    def means(self) -> "Means":
        """Return what workers work with."""
        from digest.events.engagement import clicked
        from digest.proofs import relaxed
        from digest.sending.means import Means

        settings = self.settings
        rates = ((name, settings.account(name).rate) for name in settings.account_names)
        return Means(
            database=self.database,
            provider=self.provider,
            keys=self.keys,
            base_url=settings.base_url,
            clock=self.clock,
            rate=settings.send_rate,
            lease=timedelta(seconds=settings.lease_seconds),
            longest_call=timedelta(seconds=settings.connect_timeout + settings.write_timeout + settings.read_timeout),
            uncertain=settings.uncertain,
            relaxed=relaxed.names(settings),
            providers=self.accounts,
            rates={name: rate for name, rate in rates if rate is not None},
            canary=timedelta(minutes=settings.canary_minutes if settings.provider is not ProviderName.outbox else 0),
            limits=self.limits,
            engaged=clicked,
            refresher=self.refresher,
            pictures=self.cut_pictures,
            imports=settings.imports_dir,
            kept=timedelta(days=settings.retention_days),
        )

    @cached_property
    def limits(self) -> "Mapping[str, Limits]":
        """Return account -> how many mails it may send an hour and a day, of those that have a limit."""
        from digest.sending.limits import Limits, WarmUp

        found = {}
        for name in self.settings.account_names:
            one = self.settings.account(name)
            plan = (one.warm_up_first, one.warm_up_factor, one.warm_up_until)
            warm_up = WarmUp(one.warm_up_from, *plan) if one.warm_up_from else None
            if warm_up or one.per_hour or one.per_day:
                found[name] = Limits(per_hour=one.per_hour, per_day=one.per_day, warm_up=warm_up)
        return found

    @cached_property
    def pictures(self) -> "PictureStore":
        """Return where pictures are kept."""
        from digest.articles.pictures.store import PictureStore

        return PictureStore(self.settings.pictures_dir, self.settings.base_url)

    @cached_property
    def cut_pictures(self) -> "PictureStore | None":
        """Return the store whose cut pictures the mails show; None where they show the newsroom's own."""
        from digest.articles.pictures.store import cut_pictures

        return cut_pictures(self.settings)

    @cached_property
    def fetcher(self) -> "Fetcher":
        """Return the guarded fetch."""
        from digest.fetching import Fetcher

        return Fetcher(allow_private=self.settings.fetch_private_addresses)

    @cached_property
    def refresher(self) -> "Refresher":
        """Return what keeps feeds, pages and pictures up to date."""
        from digest.articles.refreshing import Refresher
        from digest.proofs.pressing import pressing

        return Refresher(
            self.database, self.fetcher, self.clock, self.pictures, cut=self.cut_pictures is not None, pressing=pressing
        )

    @cached_property
    def alarm(self) -> "Alarm":
        """Return where to be heard besides the mails."""
        from digest.editors.alerts import Alarm

        urls = {"alert_url": self.settings.alert_url, "heartbeat_url": self.settings.heartbeat_url}
        given = {name: url.get_secret_value() for name, url in urls.items() if url}
        return Alarm(caller=self.fetcher, account=self.settings.alert_account, **given)

    def close(self) -> None:
        """Give back what was opened."""
        if "accounts" in self.__dict__:
            self.accounts.close()
        if "provider" in self.__dict__:
            self.provider.close()
        if "database" in self.__dict__:
            self.database.close()


@contextmanager
def opened(folder: Path | None = None, clock: Clock | None = None, **given: Any) -> Iterator[App]:
    """Read the settings of a folder, open the product, and close it at the end.

    ``clock``: whose time it is (default: the machine's). ``given``: settings that beat file and environment.
    """
    app = App(settings_module.load(folder, **given), clock or SystemClock(), still=clock is not None)
    try:
        yield app
    finally:
        app.close()
