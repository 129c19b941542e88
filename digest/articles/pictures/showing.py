"""What a mail shows of an article's picture: our cut copies, the newsroom's own, or nothing, with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlmodel import Session

from digest.articles.models import Article, Picture
from digest.articles.pictures.store import PictureStore

_CHUNK = 5_000  # addresses a statement
_PICTURES: Any = Picture.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is frozen with a draft: url, thumb, alt, credit, width, height; what is not known is left out."""

    picture: dict[str, Any] | None = None
    lost: str = ""  # a sentence: why it cannot be had
    pending: bool = False  # it was not fetched yet, so the newsroom's own address stands in


def shown(session: Session, articles: Sequence[Article | Row[Any]], store: PictureStore | None) -> dict[UUID, Shown]:
    """Return what mails show of the pictures of articles; those without a picture are missing.

    ``articles``: objects, or rows with the same fields. ``store``: where our cut copies are; None: mails show the
    newsroom's own.
    """
    pictured = [article for article in articles if article.image_url]
    if store is None:
        return {article.id: Shown(_newsrooms(article)) for article in pictured}
    rows = _rows(session, {article.image_url for article in pictured})
    return {article.id: _ours(article, rows.get(article.image_url), store) for article in pictured}


def _rows(session: Session, urls: Iterable[str]) -> Mapping[str, Row[Any]]:
    wanted, found = sorted(urls), {}
    for start in range(0, len(wanted), _CHUNK):
        part = select(*_PICTURES.c).where(_PICTURES.c.url.in_(wanted[start : start + _CHUNK]))
        found.update({row.url: row for row in session.execute(part)})
    return found


def _ours(article: Article | Row[Any], row: Row[Any] | None, store: PictureStore) -> Shown:
    if row is not None and row.lead:
        addresses = {"url": store.url(row.lead), "thumb": store.url(row.thumb)}
        return Shown(_known(article, addresses, row.lead_width, row.lead_height))
    if row is not None and row.next_at is None:
        return Shown(lost=row.error)
    return Shown(_newsrooms(article), pending=True)


def _newsrooms(article: Article | Row[Any]) -> dict[str, Any]:
    return _known(article, {"url": article.image_url}, article.image_width, article.image_height)


def _known(
    article: Article | Row[Any], addresses: Mapping[str, str], width: int | None, height: int | None
) -> dict[str, Any]:
    about = {"alt": article.image_alt, "credit": article.image_credit, "width": width, "height": height}
    return {name: value for name, value in {**addresses, **about}.items() if value not in (None, "")}
