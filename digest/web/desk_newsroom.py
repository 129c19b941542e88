"""The desk's pages of articles: all of them, one with what can be decided about it, and those that belong nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from digest.articles import browsing, changes
from digest.articles.browsing import Wanted
from digest.articles.models import Article, ArticleStatus
from digest.articles.places.mentions import Places
from digest.editors import views
from digest.errors import BadInput, DigestError, NotFound
from digest.fetching import masked
from digest.regions import Region, RegionTree, all_regions, get_region
from digest.rendering.catalogue import direction
from digest.rendering.wording import clean
from digest.users import User
from digest.web.acting import fields_of, status_of
from digest.web.desk_regions import choices
from digest.web.gate import Gate, page_for
from subscribers import lists
from subscribers.pages import BOTH_WAYS

BUTTONS: Final = 12  # regions that have a button of their own; the others are chosen
Fields = dict[str, list[str]]


def router(gate_: Gate) -> APIRouter:
    """Return the routes /desk/articles and /desk/inbox."""
    doors = _Newsroom(gate_)
    made = APIRouter(prefix="/desk")
    for path, show in (("/articles", doors.articles), ("/articles/{article}", doors.article), ("/inbox", doors.inbox)):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/articles/{article}/{order}", doors.order, methods=["POST"], response_model=None)
    made.add_api_route("/inbox", doors.place, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Newsroom:
    gate: Gate

    def articles(self, request: Request, q: str = "", region: str = "", only: str = "", after: str = "") -> Response:
        """List articles, the newest first, searched by words, region, or those that belong nowhere."""
        return self.gate.enter(request, partial(self._articles, text=q[:200], region=region, only=only, after=after))

    def article(self, article: str, request: Request) -> Response:
        """Show what is stored of an article, and what can be decided about it."""
        return self.gate.enter(request, partial(self._article, article=article))

    def order(
        self, article: str, order: str, request: Request, form: Annotated[Fields, Depends(fields_of)]
    ) -> Response:
        """Decide something about an article: no import changes it any more."""
        act = partial(self._order, article=article, order=order, form=form)
        return self.gate.enter(request, act, changes=True)

    def inbox(self, request: Request, after: str = "") -> Response:
        """Show the articles that belong nowhere."""
        return self.gate.enter(request, partial(self._inbox, after=after))

    def place(self, request: Request, form: Annotated[Fields, Depends(fields_of)]) -> Response:
        """Say where some of them belong."""
        return self.gate.enter(request, partial(self._place, form=form), changes=True)

    def _articles(self, user: User, text: str, region: str, only: str, after: str) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            stored = all_regions(session)
            wanted = Wanted(text, _with_those_below(session, stored, region), only)
            found = browsing.page(session, wanted, after)
        names = {one.id: one.name() for one in stored}
        values = {"text": text, "region": region, "only": only, "choices": choices(stored), "found": found}
        rows = [_row(one, names) for one in found.articles]
        return page_for(user, "articles", rows=rows, looked=browsing.LOOKED_AT, first=not after, **values)

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

    def _order(self, user: User, article: str, order: str, form: Fields) -> HTMLResponse:
        try:
            with self.gate.app.database.writing() as session:
                _decide(session, article, order, form, {"who": user.address, "at": self.gate.app.clock.now()})
        except BadInput as error:
            return self._article(user, article, notice=str(error))
        return self._article(user, article, done="Decided. No import changes it any more.")

    def _inbox(
        self, user: User, after: str = "", done: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            stored = all_regions(session)
            found = browsing.page(session, Wanted(only="nowhere"), after)
            topics = dict.fromkeys(data.topic for data in lists(session))
        names, places = {one.id: clean(one.name()) for one in stored}, Places.of(stored)
        rows = [
            _row(one, names) | {"names": _unmapped(places, one), "from": masked(one.source)} for one in found.articles
        ]
        buttons = [(topic, names[topic]) for topic in topics if topic in names][:BUTTONS]
        values = {"rows": rows, "found": found, "buttons": buttons, "choices": choices(stored), "after": after}
        values |= {"looked": browsing.LOOKED_AT, "done": done, "notice": notice}
        return page_for(user, "inbox", status, **values)

    def _place(self, user: User, form: Fields) -> HTMLResponse:
        now = self.gate.app.clock.now()
        after, ids = form.get("after", [""])[-1], form.get("article", [])
        try:
            with self.gate.app.database.writing() as session:
                regions = _chosen(form)
                placed = browsing.place_all(session, ids, regions, who=user.address, at=now)
                name = get_region(session, regions[0]).name() if regions else "no region"
        except DigestError as error:
            return self._inbox(user, notice=str(error), status=status_of(error))
        rest = len(set(ids)) - placed
        kept = f" {rest} had been placed meanwhile, and stay as they are." if rest else ""
        done = f"{placed} article{'' if placed == 1 else 's'} placed: {name}.{kept}"
        return self._inbox(user, after, done=done)


def _chosen(form: Fields) -> list[str]:
    """Return the region that a button or the select names; none where they belong nowhere. Raises BadInput."""
    where = form.get("where", [""])[-1]
    if where == "nowhere":
        return []
    region = form.get("region", [""])[-1] if where == "chosen" else where.removeprefix("in:")
    if not region:
        raise BadInput("Choose the region that the ticked articles belong to.")
    return [region]


def _decide(session: Session, article: str, order: str, form: Fields, known: dict[str, Any]) -> None:
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


def _unmapped(places: Places, article: Article) -> str:
    """Return the places that a headline or standfirst names and no region has."""
    texts = {"headline": article.headline, "standfirst": article.standfirst}
    return ", ".join(places.unmapped(**texts, language=article.language))


def _with_those_below(session: Session, stored: Sequence[Region], region: str) -> list[str]:
    if not region:
        return []
    get_region(session, region)
    tree = RegionTree.of(stored)
    return [one.id for one in stored if region in (one.id, *tree.ancestors(one.id))]


def _names(session: Session) -> dict[str, str]:
    """Return id -> name of each region."""
    return {one.id: one.name() for one in all_regions(session)}
