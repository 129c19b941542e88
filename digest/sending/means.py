"""What workers work with: the database, the providers of all accounts, and how long and how fast they may call."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select

from digest.articles.pictures.store import PictureStore
from digest.clock import Clock
from digest.database import Database
from digest.errors import DigestError, Refused
from digest.sending.limits import Limits
from digest.sending.provider import Provider
from digest.sending.settling import Rules
from digest.settings import Uncertain
from subscribers import Keys

if TYPE_CHECKING:  # it knows the world's feeds and pages, which no other part of sending needs
    from digest.articles.refreshing import Refresher

# Publication and instant -> a select of (subscriber_id, clicks); events knows it, which sending does not.
Engaged = Callable[[str, datetime], Select[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a worker works with."""

    database: Database
    provider: Provider  # of the default account: the one the settings name as PROVIDER
    keys: Keys
    base_url: str
    clock: Clock
    rate: float  # calls a second, over all workers, by an account that names no rate of its own
    lease: timedelta
    longest_call: timedelta  # connect + write + read time-outs
    uncertain: Uncertain
    relaxed: frozenset[str] = frozenset()  # checks that editions made by the schedule need not pass
    refresher: "Refresher | None" = None  # None: nothing is fetched, as in the demo
    pictures: PictureStore | None = None  # the cut copies that mails show; None: they show the newsroom's own
    providers: Mapping[str, Provider] = field(default_factory=dict)  # of other accounts, by name; may be lazy
    canary: timedelta = timedelta(0)  # how long all but the first readers of a large issue wait; 0: not at all
    rates: Mapping[str, float] = field(default_factory=dict)  # account -> its own calls a second
    limits: Mapping[str, Limits] = field(default_factory=dict)  # account -> mails an hour and a day; none: no limit
    engaged: Engaged | None = None  # who clicked of late, where readers are counted one by one
    imports: Path | None = None  # where files of readers wait to be imported; None: nobody brings any
    kept: timedelta = timedelta(days=400)  # how long what providers told and readers clicked is kept
    jitter: Callable[[], float] = field(default=random.random)

    @property
    def account(self) -> str:
        """Return the default account, as batches and the pacer know it."""
        return self.provider.features.name

    @property
    def several(self) -> bool:
        """Return whether there are other accounts than the default one."""
        return len(self.providers) > (self.account in self.providers)

    def rules_of(self, account: str) -> Rules:
        """Return what holds for an account. Of one that cannot be used nobody knows whether it keeps keys."""
        window = None if self.trouble(account) else self.provider_of(account).features.idempotency
        return Rules(account=account, window=window, uncertain=self.uncertain, jitter=self.jitter())

    def rate_of(self, account: str) -> float:
        """Return how many calls a second may be made by an account."""
        return self.rates.get(account, self.rate)

    def provider_of(self, account: str) -> Provider:
        """Return the provider of an account ("": the default one). Raises Refused where the settings have none."""
        if account in ("", self.account):
            return self.provider
        if account in self.providers:
            return self.providers[account]
        known = ", ".join(sorted({self.account, *self.providers}))
        raise Refused(
            f"The settings have no provider account {account!r} (they have: {known}). Set it in DIGEST_ACCOUNTS, "
            "or give the publication or its list another (digest publications edit); then resume the issue."
        )

    def trouble(self, account: str) -> str:
        """Return why nothing can be sent by an account as the settings are, in a sentence; "" if it can."""
        try:
            self.provider_of(account)
        except DigestError as error:
            return str(error)
        return ""
