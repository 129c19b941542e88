"""What may go wrong with subscribers: each error is a sentence that a person may read."""


class SubscribersError(Exception):
    """Something was refused."""


class BadAddress(SubscribersError):
    """This is not an email address we can write to."""


class ForeignLetters(BadAddress):
    """The part before the @ has letters that most mail systems cannot deliver."""


class BadName(SubscribersError):
    """This is no name of a person."""


class BadDay(SubscribersError):
    """This is not a day that mail can be held back until."""


class Taken(SubscribersError):
    """The address belongs to another reader already."""


class BadToken(SubscribersError):
    """A link's token is forged, cut short, for another purpose, or out of date."""


class Expired(BadToken):
    """A link's token was made by us, and is out of date."""


class UnknownList(SubscribersError):
    """There is no list of that name, or it takes nobody new."""


class UnknownAddress(SubscribersError):
    """Nobody is known by that address."""


class Suppressed(SubscribersError):
    """The address must not be mailed, and what was asked for does not change that."""


class BadZone(SubscribersError):
    """This is not the name of a time zone."""


class BadFile(SubscribersError):
    """A file of subscribers cannot be read at all."""
