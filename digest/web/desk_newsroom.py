"""The desk's pages of what comes in: articles, feeds with their health, and tags that mean nothing yet."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from digest.articles import changes
from digest.articles.feeds import health, keeping, tags
from digest.articles.feeds.meanings import MEANINGS, parse_map, region_names
from digest.articles.models import Article, ArticleStatus
from digest.editors import views
from digest.errors import BadInput, DigestError, NotFound
from digest.fetching import masked
from digest.regions import all_regions
from digest.rendering.catalogue import direction
from digest.rendering.wording import clean
from digest.users import User
from digest.web.acting import Form, fields_of, form_of, status_of
from digest.web.gate import Gate, page_for
from subscribers.pages import BOTH_WAYS

MOST: Final = 100  # articles on a page
MOST_TAGS: Final = 50


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/articles and /desk/feeds."""
    doors = _Newsroom(gate_)
    made = APIRouter(prefix="/desk")
    for path, show in (("/articles", doors.articles), ("/articles/{article}", doors.article), ("/feeds", doors.feeds)):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/articles/{article}/{order}", doors.order, methods=["POST"], response_model=None)
    made.add_api_route("/feeds/map", doors.map_tag, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Newsroom:
    gate: Gate

    def articles(self, request: Request, q: str = "", region: str = "", only: str = "") -> Response:
        """List the newest articles, searched by words, region, or those that belong nowhere."""
        return self.gate.enter(request, partial(self._articles, text=q[:200], region=region, only=only))

    def article(self, article: str, request: Request) -> Response:
        """Show what is stored of an article, and what can be decided about it."""
        return self.gate.enter(request, partial(self._article, article=article))

    def order(
        self, article: str, order: str, request: Request, form: Annotated[dict[str, list[str]], Depends(fields_of)]
    ) -> Response:
        """Decide something about an article: no import changes it any more."""
        act = partial(self._order, article=article, order=order, form=form)
        return self.gate.enter(request, act, changes=True)

    def feeds(self, request: Request) -> Response:
        """Show how each feed is, and the tags that mean nothing yet."""
        return self.gate.enter(request, self._feeds)

    def map_tag(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Give a tag of a feed a meaning."""
        return self.gate.enter(request, partial(self._map, form=form), changes=True)

    def _articles(self, user: User, text: str, region: str, only: str) -> HTMLResponse:
        wanted: dict[str, Any] = {"text": text, "region": region or None, "limit": MOST}
        wanted |= {"placed": False} if only == "nowhere" else {"chosen": True} if only == "chosen" else {}
        with self.gate.app.database.reading() as session:
            found = changes.list_articles(session, **wanted)
            names = _names(session)
        rows = [_row(one, names) for one in found]
        return page_for(user, "articles", rows=rows, text=text, region=region, only=only, names=names, most=MOST)

    def _article(self, user: User, article: str, done: str = "", notice: str = "") -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            found = changes.find(session, article)
            names, log = _names(session), changes.log_of(session, found)
            shown = _row(found, names) | {
                "standfirst": clean(found.standfirst),
                "byline": clean(found.byline),
                "source": masked(found.source),
                "own": found.regions,
                "by_hand": sorted(found.by_hand),
                "evergreen": found.evergreen,
                "topics": ", ".join(found.topics),
            }
        past = [
            {"at": f"{one.at:%Y-%m-%d %H:%M} UTC", "who": one.who, "what": one.what, "reason": one.reason}
            for one in reversed(log)
        ]
        status = HTTPStatus.CONFLICT if notice else HTTPStatus.OK
        return page_for(user, "article", status, one=shown, names=names, log=past, done=done, notice=notice)

    def _order(self, user: User, article: str, order: str, form: dict[str, list[str]]) -> HTMLResponse:
        try:
            with self.gate.app.database.writing() as session:
                _decide(session, article, order, form, {"who": user.address, "at": self.gate.app.clock.now()})
        except BadInput as error:
            return self._article(user, article, notice=str(error))
        return self._article(user, article, done="Decided. No import changes it any more.")

    def _feeds(self, user: User, done: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            found = [
                {
                    "name": clean(one.name) or masked(one.url),
                    "url": masked(one.url),
                    "health": health.health(one).value,
                    "words": health.words(one),
                    "region": one.region or "",
                }
                for one in keeping.all_feeds(session)
            ]
            inbox = [
                {"source": one.source, "shown": masked(one.source), "tag": one.label, "articles": one.articles}
                for one in tags.unmapped(session)
            ]
            names = _names(session)
        values = {"feeds": found, "tags": inbox[:MOST_TAGS], "more": max(0, len(inbox) - MOST_TAGS), "names": names}
        return page_for(user, "feeds", status, meanings=MEANINGS, done=done, notice=notice, **values)

    def _map(self, user: User, form: Form) -> HTMLResponse:
        tag, target = form.get("tag", ""), form.get("target", "")
        try:
            with self.gate.app.database.writing() as session:
                known = region_names(all_regions(session))
                tags.set_targets(
                    session, form.get("source", ""), parse_map([f"{tag}={target}"], known), self.gate.app.clock.now()
                )
        except DigestError as error:
            return self._feeds(user, notice=str(error), status=status_of(error))
        return self._feeds(user, done=f"“{tag}” means {target} from now on. For stored ones: digest articles locate.")


def _decide(session: Session, article: str, order: str, form: dict[str, list[str]], known: dict[str, Any]) -> None:
    reason = form.get("reason", [""])[-1]
    if order in ("choose", "unchoose"):
        changes.choose(session, article, chosen=order == "choose", **known)
    elif order == "place":
        changes.place(session, article, form.get("region", []), **known)
    elif order == "rules":
        changes.place_by_rules(session, article, **known)
    elif order in ArticleStatus.__members__:
        changes.withdraw(session, article, status=ArticleStatus(order), reason=reason, **known)
    elif order == "update":
        changes.mark_update(session, article, reason=reason, **known)
    else:
        raise NotFound("There is no such page here.")


def _row(article: Article, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": str(article.id),
        "headline": clean(article.headline),
        "url": views.web(article.url),
        "lang": article.language,
        "dir": direction(article.language),
        "published": f"{article.published_at:%Y-%m-%d %H:%M} UTC",
        "status": str(article.status),
        "chosen": article.editors_choice,
        "regions": ", ".join(names.get(region, region) for region in article.regions) or "no region",
        "placed": bool(article.regions),
    }


def _names(session: Session) -> dict[str, str]:
    """Return id -> name of each region."""
    return {one.id: one.name() for one in all_regions(session)}
