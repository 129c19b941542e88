"""Freezing the candidates of an issue: articles as they are now, their reading, and what each set was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from digest.articles.clusters import members
from digest.articles.models import Article
from digest.articles.pictures import showing
from digest.articles.pictures.showing import Shown
from digest.articles.pictures.store import PictureStore
from digest.articles.popularity import Reading, reading
from digest.issues.history import History, corrections_told
from digest.issues.inputs import Inputs

READ_WITHIN = timedelta(days=28)
CARRIED_WITHIN = timedelta(days=28)  # ruling 1: however old within 28 days


def freeze(
    session: Session,
    articles: Sequence[Article],
    *,
    publication_id: str,
    as_of: datetime,
    history: History,
    window: timedelta,
    apart: UUID | None = None,
    pictures: PictureStore | None = None,
) -> list[dict[str, Any]]:
    """Return the stored form of each article as a candidate at ``as_of``, by id.

    ``window``: how old a story may be by the formula, grace included. ``apart``: the issue itself, which told nothing.
    ``pictures``: where the cut copies are that its mail shows; None: it shows the newsroom's own pictures.
    """
    read = reading(session, articles, as_of=as_of, since=as_of - READ_WITHIN)
    corrected = [article.id for article in articles if article.correction]
    told = corrections_told(session, publication_id, corrected, as_of, apart) if corrected else {}
    clusters = members.of_clusters(session, (article.cluster for article in articles if article.cluster))
    around = _Around(as_of, history, told, window, showing.shown(session, articles, pictures), clusters)
    frozen = [_inputs(article, read.get(article.id), around) for article in articles]
    return [one.as_json() for one in sorted(frozen, key=lambda one: one.id)]


@dataclass(frozen=True, slots=True)
class _Around:
    """What the inputs of every candidate hang on."""

    as_of: datetime
    history: History
    told: Mapping[tuple[UUID, str], frozenset[str]]  # (article, correction) -> sets it went out to
    window: timedelta
    pictures: Mapping[UUID, Shown]  # missing: it has none
    clusters: Mapping[str, tuple[UUID, ...]]  # whole, with articles too old to be gathered

    def also(self, article: Article) -> tuple[str, ...]:
        """Return the ids of the others that tell an article's story."""
        return tuple(str(one) for one in self.clusters.get(article.cluster or "", ()) if one != article.id)


def _inputs(article: Article, read: Reading | None, around: _Around) -> Inputs:
    told = around.told.get((article.id, article.correction), frozenset()) if article.correction else frozenset()
    shown = around.pictures.get(article.id, Shown())
    also = around.also(article)  # who was sent any of them was sent the story
    keys = [key for key in (str(article.id), article.canonical_url, article.cluster, *also) if key]
    return Inputs(
        id=str(article.id),
        canonical_url=article.canonical_url,
        url=article.url,
        headline=article.headline,
        standfirst=article.standfirst,
        kicker=article.kicker,
        byline=article.byline,
        place=article.place,
        language=article.language,
        minutes=article.minutes,
        correction=article.correction,
        picture=shown.picture,
        picture_lost=shown.lost,
        picture_pending=shown.pending,
        published_at=article.published_at,
        first_seen_at=article.first_seen_at,
        refreshed_at=article.refreshed_at,
        status=str(article.status),
        editors_choice=article.editors_choice,
        evergreen=article.evergreen,
        regions=dict(sorted(article.regions.items())),
        topics=tuple(sorted(article.topics)),
        authors=tuple(sorted(article.authors)),
        cluster=article.cluster,
        also=also,
        clicks=read.clicks if read else 0.0,
        expected=read.expected if read else 0.0,
        popular_rank=read.popular_rank if read else None,
        sent=around.history.sent_to(keys),
        shown_popular=around.history.popular_for(keys),
        carried=_carried(article, around),
        late=_late(article, around.as_of, around.history.last_cutoff),
        from_daily=not around.history.daily.isdisjoint(keys),
        correction_due=bool(article.correction),
        correction_told=tuple(sorted(told)),
    )


def _carried(article: Article, around: _Around) -> tuple[str, ...]:
    """Return the sets whose last issue had no room for it, for one further window only (ruling 1).

    What stood in that issue's choice only because it had been carried, or came late, is not carried again.
    """
    if not _within(article, around.as_of):
        return ()
    lost = around.history.losers.get(str(article.id), {})
    start = article.refreshed_at or article.published_at
    return tuple(sorted(set_key for set_key, cutoff in lost.items() if cutoff - start <= around.window))


def _within(article: Article, as_of: datetime) -> bool:
    return as_of - (article.refreshed_at or article.published_at) <= CARRIED_WITHIN


def _late(article: Article, as_of: datetime, last_cutoff: datetime | None) -> bool:
    """Whether it was first seen since the last cut-off. Before a first issue nothing is late: there was no cut-off."""
    return last_cutoff is not None and last_cutoff < article.first_seen_at <= as_of and _within(article, as_of)
