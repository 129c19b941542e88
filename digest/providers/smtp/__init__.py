"""SMTP: sending by any relay, and reading what came back to the bounce addresses from a mailbox."""

from digest.providers.smtp.events import read_mailbox
from digest.providers.smtp.sending import FEATURES, Smtp, build

__all__ = ["FEATURES", "Smtp", "build", "read_mailbox"]
