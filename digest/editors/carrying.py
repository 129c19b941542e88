"""Carries a letter to an editor: by the usual provider account, or by the second one where that fails."""

from dataclasses import dataclass, field

from digest.errors import DigestError, Refused
from digest.sending import pacing
from digest.sending.direct import send_one
from digest.sending.means import Means
from digest.sending.provider import BatchRefused, Content, ProviderError


class NotCarried(DigestError):
    """No account took a letter. ``for_good``: a later try would fare no better."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__(" ".join(_said(one) for one in errors))
        self.for_good = all(isinstance(one, Refused | BatchRefused) for one in errors)
        self.at_provider = any(_is_of_account(one) for one in errors)  # it may hang: do not ask it again at once


@dataclass(slots=True)
class Carrier:
    """The ways out of one pass. What failed once is asked last from then on, so that a time-out is waited for once."""

    means: Means
    second: str = ""  # ALERT_ACCOUNT; "": there is no second way
    failed: dict[str, str] = field(default_factory=dict)  # account -> why

    def carry(self, usual: str, content: Content, address: str) -> str:
        """Send a letter to one address, by the account ``usual`` ("": the default one) or by the second.

        Returns "" where the usual account took it, else a few words that name the other and the reason. Raises
        NotCarried where neither did. After an answer that never came the second is asked: twice is better than never.
        """
        first = usual or self.means.account
        errors: dict[str, Exception] = {}
        reason = self._halted(first)
        for account in self._order(first, reason):
            try:
                self._send(account, content, address)
            except Exception as error:  # noqa: BLE001 - whatever breaks in one account, the other may still work
                errors[account] = error
                if _is_of_account(error):
                    self.failed[account] = _said(error)
            else:
                why = _said(errors[first]) if first in errors else reason or self.failed.get(first, "")
                return "" if account == first else f"by account {account}{f' ({why})' if why else ''}"
        raise NotCarried(list(errors.values()))

    def _order(self, first: str, halted: str) -> list[str]:
        """Return the accounts in the order in which they are asked."""
        second = self.second if self.second != first else ""
        if not second:
            return [first]
        doubtful = first in self.failed or halted
        return [second, first] if doubtful and second not in self.failed else [first, second]

    def _halted(self, account: str) -> str:
        """Return why nothing of an issue is sent by an account now: then a letter about that goes another way first."""
        with self.means.database.reading() as session:
            return pacing.halted(session, account)

    def _send(self, account: str, content: Content, address: str) -> None:
        receipt = send_one(self.means.provider_of(account), content, address=address)
        if not receipt.accepted:
            raise Refused(f"The provider refused it: {(receipt.reason or 'no reason was given').rstrip('.')}.")


def _is_of_account(error: Exception) -> bool:
    return isinstance(error, ProviderError) and not isinstance(error, BatchRefused)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, DigestError) else f"{type(error).__name__}: {error}"
