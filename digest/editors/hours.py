"""A cron line as a day and a time, for people, and back again. Pure."""

import re
from typing import Final

from digest.errors import BadInput

BY_LINE: Final = "line"  # the day that stands for: what the cron line says
NONE: Final = "none"
DAYS: Final = (
    ("*", "Every day"),
    ("1-5", "Monday to Friday"),
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("0", "Sunday"),
    (BY_LINE, "As the cron line says"),
)
_PLAIN: Final = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|1-5|[0-7])\Z", re.ASCII)
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(:00)?\Z", re.ASCII)


def day_and_time(line: str) -> tuple[str, str]:
    """Return the day of ``DAYS`` and the time of a cron line: "1", "08:00"; BY_LINE and "" where it is not so plain."""
    if not line:
        return NONE, ""
    found = _PLAIN.match(line)
    if found is None:
        return BY_LINE, ""
    minute, hour, day = found.groups()
    return "0" if day == "7" else day, f"{int(hour):02}:{int(minute):02}"


def line_of(was: str, *, day: str, time: str, line: str) -> str:
    """Return the cron line that a form asks for: by day and time, or by the line, whichever was changed from ``was``.

    Raises BadInput where both were, and say different things, and for what is no time.
    """
    line = " ".join(line.split())
    chosen = (day, time.removesuffix(":00") if time.count(":") > 1 else time)
    by_choice, by_line = chosen != day_and_time(was), line != was
    if not by_choice or (day == BY_LINE and by_line):
        return line
    if day == BY_LINE:
        return was
    wanted = _line(*chosen)
    if by_line and line != wanted:
        raise BadInput("Day and time say something else than the cron line. Change one of them.")
    return wanted


def _line(day: str, time: str) -> str:
    if day == NONE:
        return ""
    found = _TIME.match(time)
    if found is None:
        raise BadInput(f"{time[:20]!r} is not a time; write 08:00.")
    if day not in dict(DAYS):
        raise BadInput(f"{day[:20]!r} is not a day.")
    return f"{int(found.group(2))} {int(found.group(1))} * * {day}"
