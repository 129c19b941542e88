"""Turns: which account a worker serves next, and what it leaves alone, while it works on one issue."""

from digest.sending import batches, halting, pacing, routing
from digest.sending.editions import Editions
from digest.sending.means import Means
from digest.sending.routing import Part


class Turns:
    """The accounts of one issue in one worker's eyes.

    Where only one account is configured, all is taken to go by it, and nothing is asked of the database for that;
    each claim sees whether it is so.
    """

    def __init__(self, means: Means, issue_number: int) -> None:
        self.means, self.issue_number = means, issue_number
        self.route = routing.guess(means.account)
        self._quiet: set[str] = set()  # accounts with nothing to do now
        self._held: dict[str, str] = {}  # account of the route -> why nothing may be sent by it
        self._editions: dict[str, Editions] = {}
        if means.several:
            self.look()

    @property
    def parted(self) -> bool:
        """Return whether the issue goes by more than one account."""
        return len(self.route.parts) > 1

    def look(self) -> None:
        """Read anew which accounts the issue goes by, and forget what was found about them."""
        with self.means.database.reading() as session:
            self.route = routing.read(session, self.issue_number, self.means.account)
        troubles = ((part.account, self.means.trouble(part.account)) for part in self.route.parts)
        self._quiet, self._held = set(), {account: trouble for account, trouble in troubles if trouble}

    def next(self) -> Part | None:
        """Return what to work on next: the account that may be called first; None when none has anything to do."""
        left = [part for part in self.route.parts if part.account not in self._quiet | set(self._held)]
        if len(left) > 1:
            times = pacing.next_times(self.means.database, [part.account for part in left])
            left.sort(key=lambda part: times.get(part.account, 0.0))
        return left[0] if left else None

    def editions(self, account: str) -> Editions:
        """Return the editions, reckoned for the provider of an account."""
        if account not in self._editions:
            means = self.means
            self._editions[account] = Editions(means.provider_of(account), means.keys, means.base_url)
        return self._editions[account]

    def rest(self, account: str) -> None:
        """Leave an account alone for now: nothing can be claimed for it. A guess is made sure of."""
        if self.route.said is None:
            self.look()
        self._quiet.add(account)

    def is_full(self, account: str) -> bool:
        """Return whether an account may send no more now by its limits, and no batch waits that was counted before.

        Only reads: a worker asks it again and again, for hours.
        """
        limits = self.means.limits.get(account)
        if limits is None:
            return False
        with self.means.database.reading() as session:
            now = self.means.database.now(session)
            full = pacing.room(session, account, limits, now).is_full
            return full and not batches.is_waiting(session, self.issue_number, account, now)

    def hold(self, account: str, reason: str) -> None:
        """Leave an account alone: nothing may be sent by it."""
        self._held[account] = reason

    def is_halted(self) -> bool:
        """Stop the issue if all that is left of it waits for accounts by which nothing may be sent; whether it did."""
        if not self._held:
            return False
        database = self.means.database
        with database.writing() as session:
            now = database.now(session)
            return halting.stop_if_stuck(session, self.issue_number, self.route.parts, self._held, now)
