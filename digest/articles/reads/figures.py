"""Reads the counts of a report, in whatever way a locale groups their digits."""

import re

from digest.errors import BadInput

MOST = 2_000_000_000  # what fits the column
LONGEST = 20  # characters
NUMBER = re.compile(r"\d+([.,]0+)?\Z")
# 1,234 and 1.234 and 1 234 and 1'234 and 1٬234; Indian 1,23,456; all may have ",00" or ".00" after them.
GROUPED = re.compile(r"(?!0)\d{1,3}(?:([,.'’ ٬])\d{3}(?:\1\d{3})*)(?:[.,٫]0{1,2})?\Z")
INDIAN = re.compile(r"(?!0)\d{1,2}(?:,\d{2})+,\d{3}(?:\.0{1,2})?\Z")
FRACTION = re.compile(r"[.,٫]0{1,2}\Z")
BLANKS = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))


def count(cell: str, name: str) -> int:
    """Return the whole number in a cell. Raises BadInput; ``name`` is what the sentence calls it."""
    text = cell.translate(BLANKS).strip()
    if len(text) <= LONGEST and (GROUPED.match(text) or INDIAN.match(text)):
        text = re.sub(r"\D", "", FRACTION.sub("", text))
    if not NUMBER.match(text) or len(text) > LONGEST:
        raise BadInput(f"Its {name} is {cell!r}, no whole number.")
    found = int(re.split("[.,]", text)[0])
    if found > MOST:
        raise BadInput(f"Its {name} is {cell!r}, no whole number.")
    return found


def is_count(cell: str) -> bool:
    """Tell whether a cell holds a whole number."""
    try:
        count(cell, "count")
    except BadInput:
        return False
    return True
