"""Reads articles from our own documented JSON: a list of articles, or an object with such a list."""

import json
from collections.abc import Iterator
from typing import Any

from digest.articles.importing.data import ArticleData, PictureRule, RowError, build, same_picture
from digest.errors import BadInput


def parse(text: str) -> Any:
    """Return the value of a JSON text. Raises BadInput that says where it goes wrong."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"It is no JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput("It is no JSON that can be read: it is nested too deep, or a number is too long.") from error


def read(data: Any, picture: PictureRule = same_picture) -> Iterator[ArticleData | RowError]:
    """Yield each article of parsed JSON, or what is wrong with it. Raises BadInput where there is no list of them."""
    articles = data.get("articles") if isinstance(data, dict) else data
    if not isinstance(articles, list):
        raise BadInput('The JSON holds no list of articles. Write [{"url": ..., "headline": ...}] or {"articles": []}.')
    for number, values in enumerate(articles, start=1):
        if isinstance(values, dict):
            yield from build(values, f"article {number}", picture)
        else:
            yield RowError(f"article {number}", 'It is no object. Write {"url": ..., "headline": ...}.')
