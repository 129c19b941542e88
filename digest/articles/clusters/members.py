"""Who stands in a cluster at present."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from digest.articles.identity import ARTICLES

CHUNK = 500  # names, or ids, of one statement


def of_clusters(session: Session, names: Iterable[str]) -> dict[str, tuple[UUID, ...]]:
    """Return the articles of each of these clusters, by id, however old and whatever became of them."""
    wanted = sorted(set(names))
    found: dict[str, tuple[UUID, ...]] = {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        query = select(ARTICLES.c.cluster, ARTICLES.c.id).where(ARTICLES.c.cluster.in_(part)).order_by(ARTICLES.c.id)
        for name, article in session.execute(query):
            found[name] = (*found.get(name, ()), article)
    return found


def mates(session: Session, articles: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Return the others of the cluster that each of these articles stands in now; who stands alone is left out."""
    wanted = sorted(articles)
    names: dict[UUID, str] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(ARTICLES.c.id, ARTICLES.c.cluster).where(ARTICLES.c.id.in_(wanted[start : start + CHUNK]))
        names.update({row.id: row.cluster for row in session.execute(query) if row.cluster is not None})
    members = of_clusters(session, names.values())
    found = {one: tuple(other for other in members[name] if other != one) for one, name in names.items()}
    return {one: others for one, others in found.items() if others}
