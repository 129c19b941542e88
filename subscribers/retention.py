"""How long what is kept of readers lasts, for those who say so to them."""

from datetime import timedelta
from typing import Final

from subscribers.allowance import DAY
from subscribers.joining import WAITS


class Retention:
    """What ends by itself; everything else lasts until the person is erased."""

    unconfirmed: Final[timedelta] = WAITS  # what waits for a yes
    requests: Final[timedelta] = DAY  # that a mail was asked for in the name of an address
