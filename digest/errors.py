"""The errors that a person may read: each one is a sentence that says what, where and how to mend it."""


class DigestError(Exception):
    """Something was refused. ``str(error)`` is a whole sentence; the CLI prints it and exits 1."""


class NotFound(DigestError):
    """What was asked for does not exist."""


class BadInput(DigestError):
    """A file, an address or an argument cannot be understood."""


class Refused(DigestError):
    """The thing exists and the order is clear, but the rules of the product forbid it now."""


class Conflict(DigestError):
    """Somebody else changed the same thing meanwhile; look again and repeat."""


class SettingsError(DigestError):
    """A setting is missing or wrong; nothing was started."""
