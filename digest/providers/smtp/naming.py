"""How a mail names its delivery to whoever may send it back: in the envelope sender (VERP), its id, and a header.

Anybody may write to a bounce address. So where the account has a secret (``webhook_secret``, else the password of its
url), each name carries a tag made with it, and a name without its tag names nothing. Changing the secret orphans what
is on its way back: it is read, and has no effect.
"""

import hmac
import re
from hashlib import sha256
from typing import Final

from digest.accounts import Account
from digest.providers.smtp.relay import relay_of

USER: Final = "bounces"
# Integers in the ledger: what is longer names no delivery of ours, and would not fit the database's columns.
_REF = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}|direct\.[0-9a-f]{32}")
_TAG_LENGTH = 12


class Naming:
    """The names of one account's deliveries."""

    def __init__(self, account: Account) -> None:
        """Take an account. Raises SettingsError where its url cannot be understood."""
        self.domain = account.domain.lower()
        self._key = (account.secret("webhook_secret") or relay_of(account).password).encode()

    @property
    def tagged(self) -> bool:
        """Return whether names carry a tag: then they cannot be made up."""
        return bool(self._key)

    def outside(self, delivery_ref: str) -> str:
        """Return the name as it goes out: only letters, figures, dots and a hyphen. Raises ValueError."""
        if not _REF.fullmatch(delivery_ref):
            raise ValueError(f"{delivery_ref!r} names no delivery")
        return f"{delivery_ref}-{self._tag(delivery_ref)}" if self._key else delivery_ref

    def inside(self, text: str) -> str:
        """Return the delivery_ref that a name means; "" where it is none of ours."""
        name = text.strip().lower()
        ref, _, tag = name.partition("-") if self._key else (name, "", "")
        if not _REF.fullmatch(ref) or (self._key and not hmac.compare_digest(tag.encode(), self._tag(ref).encode())):
            return ""
        return ref

    def sender(self, delivery_ref: str, otherwise: str) -> str:
        """Return the envelope sender of a mail; ``otherwise``: where the account has no domain for bounces."""
        return f"{USER}+{self.outside(delivery_ref)}@{self.domain}" if self.domain else otherwise

    def in_address(self, address: str) -> str:
        """Return the delivery_ref in a bounce address; "" where it is none of ours."""
        local, _, domain = address.strip(" <>\r\n\t").rpartition("@")
        user, _, name = local.partition("+")
        ours = self.domain and domain.lower() == self.domain and user.lower() == USER
        return self.inside(name) if ours else ""

    def _tag(self, ref: str) -> str:
        return hmac.new(self._key, f"digest bounce {ref}".encode(), sha256).hexdigest()[:_TAG_LENGTH]
