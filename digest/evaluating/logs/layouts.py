"""Finds out which log lies in a folder, and reads it: EB-NeRD as CSV or JSON lines, or MIND as it is published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.errors import BadInput
from digest.evaluating.logs import ebnerd, mind
from digest.evaluating.logs.impressions import Impression

CONVERT = (
    "Parquet files are not read. Convert them, for example with DuckDB: "
    "COPY (SELECT impression_id, user_id, impression_time, article_ids_inview, article_ids_clicked "
    "FROM 'behaviors.parquet') TO 'behaviors.jsonl' (FORMAT json); "
    "COPY (SELECT article_id, published_time FROM 'articles.parquet') TO 'articles.jsonl' (FORMAT json);"
)
_ENDINGS = (".jsonl", ".ndjson", ".json", ".csv")


@dataclass(frozen=True, slots=True)
class Log:
    """One log: where its impressions are, and what is known of its articles."""

    layout: str
    behaviors: Path
    published: Mapping[str, datetime]  # article id -> when it came out; MIND does not say
    notes: tuple[str, ...]

    def impressions(self) -> Iterator[Impression]:
        """Read the impressions in the order of the file. Raises BadInput with file and line."""
        read = mind.impressions if self.layout == mind.NAME else ebnerd.impressions
        return read(self.behaviors)


def find(folder: Path) -> Log:
    """Return the log in a folder. Articles may stand one folder above, as EB-NeRD is packed. Raises BadInput."""
    if (folder / mind.BEHAVIORS).is_file():
        return Log(mind.NAME, folder / mind.BEHAVIORS, {}, mind.NOTES)
    behaviors = _file(folder, "behaviors")
    if behaviors is None:
        raise BadInput(f"{folder} holds no click log. {_hint(folder)}")
    articles = _file(folder, "articles") or _file(folder.resolve().parent, "articles")
    if articles is None:
        raise BadInput(f"{folder} holds no articles.csv or articles.jsonl with published_time. {_hint(folder)}")
    return Log(ebnerd.NAME, behaviors, ebnerd.published(articles), ebnerd.NOTES)


def _file(folder: Path, name: str) -> Path | None:
    return next((folder / (name + ending) for ending in _ENDINGS if (folder / (name + ending)).is_file()), None)


def _hint(folder: Path) -> str:
    if any(folder.glob("*.parquet")) or any(folder.resolve().parent.glob("*.parquet")):
        return CONVERT
    return (
        "It wants behaviors.tsv (MIND), or behaviors and articles as .csv or .jsonl with the columns of EB-NeRD "
        f"({', '.join((*ebnerd.BEHAVIORS, *ebnerd.ARTICLES))})."
    )
