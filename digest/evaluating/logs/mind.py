"""The layout of MIND, the log of Microsoft News.

See https://learn.microsoft.com/azure/open-datasets/dataset-microsoft-news:
behaviors.tsv has no header and five columns: impression, user, time (MM/DD/YYYY HH:MM:SS AM), history, and the
impressions as ``N1-0 N2-1``, 1 for clicked. They are shuffled: https://github.com/msnews/msnews.github.io/issues/8
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from digest.errors import BadInput
from digest.evaluating.logs.impressions import Impression

NAME = "MIND"
BEHAVIORS = "behaviors.tsv"
COLUMNS = 5
NOTES = (
    "MIND does not say when an article came out: its age is counted from when the log first showed it.",
    "news.tsv is not read: texts and categories are nothing that a ranking for everybody alike could use.",
)


def impressions(file: Path) -> Iterator[Impression]:
    """Read the impressions; those without clicks known (the test set) have none."""
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _impression(line.rstrip("\n").split("\t"), f"{file}, line {number}")


def _impression(cells: list[str], where: str) -> Impression:
    if len(cells) != COLUMNS:
        raise BadInput(f"{where} has {len(cells)} columns, not {COLUMNS}: it is not a behaviors.tsv of MIND.")
    _number, user, time, _history, impression = cells
    shown = [one.rpartition("-") if "-" in one else (one, "", "0") for one in impression.split()]
    clicked = frozenset(article for article, _dash, label in shown if label == "1")
    return Impression(_time(time, where), user, tuple(article for article, _dash, _label in shown), clicked)


def _time(text: str, where: str) -> datetime:
    try:
        return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadInput(f"{where}: {text!r} is not a time such as 11/13/2019 8:36:57 AM.") from error
