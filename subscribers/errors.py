"""What may go wrong with subscribers: each error is a sentence that a person may read."""


class SubscribersError(Exception):
    """Something was refused."""


class BadAddress(SubscribersError):
    """This is not an email address we can write to."""


class BadToken(SubscribersError):
    """A link's token is forged, cut short, for another purpose, or out of date."""


class UnknownList(SubscribersError):
    """There is no list of that name."""
