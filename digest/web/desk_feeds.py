"""The desk's page of feeds: how each fares, what it brought by week, and what can be done about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import case, func, select
from sqlmodel import Session

from digest import users
from digest.articles import polling
from digest.articles.feeds import health, keeping, tags
from digest.articles.feeds.models import Feed
from digest.articles.identity import ARTICLES
from digest.articles.places import locating
from digest.desk_log import note
from digest.errors import BadInput, DigestError
from digest.fetching import masked
from digest.regions import all_regions
from digest.rendering.wording import clean
from digest.users import Role, User
from digest.web import sparks
from digest.web.acting import Form, form_of, status_of
from digest.web.desk_regions import choices
from digest.web.gate import Gate, page_for
from subscribers.pages import BOTH_WAYS

WEEKS: Final = 8
LEVELS: Final = {"fine": "green", "dead": "red", "gone": "red"}


def router(gate_: Gate) -> APIRouter:
    """Return the routes of /desk/feeds."""
    doors = _Feeds(gate_)
    made = APIRouter(prefix="/desk/feeds")
    made.add_api_route("", doors.feeds, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("", doors.order, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Feeds:
    gate: Gate

    def feeds(self, request: Request) -> Response:
        """Show how each feed is."""
        return self.gate.enter(request, self._feeds)

    def order(self, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Fetch a feed now (an approver), pause or resume it, or say where its articles belong (an operator)."""
        role = Role.approver if form.get("order") == "fetch" else Role.operator
        return self.gate.enter(request, partial(self._order, form=form), role, "look after feeds", changes=True)

    def _feeds(self, user: User, done: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
        now = self.gate.app.clock.now()
        with self.gate.app.database.reading() as session:
            brought = by_week(session, now)
            rows = [_row(one, brought.get(one.id, [0] * WEEKS)) for one in keeping.all_feeds(session)]
            values = {"choices": choices(all_regions(session)), "waiting": tags.count(session, "waiting")}
        may = {"fetch": users.may(user, Role.approver), "change": users.may(user, Role.operator)}
        return page_for(user, "feeds", status, feeds=rows, may=may, done=done, notice=notice, **values)

    def _order(self, user: User, form: Form) -> HTMLResponse:
        try:
            done = self._act(user.address, form.get("feed", ""), form)
        except DigestError as error:
            return self._feeds(user, notice=str(error), status=status_of(error))
        return self._feeds(user, done=done)

    def _act(self, who: str, feed: str, form: Form) -> str:
        """Do what a button says; returns what was done."""
        app, order, now = self.gate.app, form.get("order", ""), self.gate.app.clock.now()
        if order not in ("fetch", "pause", "resume", "region"):
            raise BadInput("The form does not say what to do. Open the page again.")
        with app.database.writing() as session:
            found = keeping.find(session, feed)
            name, before = clean(found.name) or masked(found.url), found.region
            if order in ("pause", "resume"):
                keeping.pause(session, found, now, resume=order == "resume")
            if order == "region":
                keeping.change(session, found, {"region": form.get("region", "")}, now)
            note(session, who, order, f"feed {found.id}", at=now, before=before, after=found.region)
        if order == "fetch":
            polled = polling.poll(app.database, app.fetcher, app.pictures, found.id, now, force=True)
            return f"{name}: {masked(polled.sentence)}"
        if order == "region":
            moved = locating.locate(app.database, source=found.id) if found.region != before else []
            return f"{name} is changed; {len(moved)} stored article{'' if len(moved) == 1 else 's'} moved."
        return f"{name} is paused: nobody asks it." if order == "pause" else f"{name} is asked again, at once."


def by_week(session: Session, now: datetime) -> dict[str, list[int]]:
    """Return how many articles each source brought in each of the last weeks, the oldest first; one grouped query."""
    begins = [now - timedelta(weeks=WEEKS - number) for number in range(WEEKS)]
    seen = ARTICLES.c.first_seen_at
    week = case(*((seen >= begins[number], number) for number in reversed(range(WEEKS))), else_=0)
    query = select(ARTICLES.c.source, week, func.count()).where(seen >= begins[0]).group_by(ARTICLES.c.source, week)
    found: dict[str, list[int]] = {}
    for source, number, articles in session.execute(query):
        found.setdefault(source, [0] * WEEKS)[number] = articles
    return found


def _row(feed: Feed, weeks: list[int]) -> dict[str, Any]:
    state = health.health(feed).value
    said = f"Articles by week, the oldest first: {', '.join(map(str, weeks))}"
    return {
        "id": feed.id,
        "name": clean(feed.name) or masked(feed.url),
        "url": masked(feed.url),
        "health": state,
        "level": LEVELS.get(state, "amber"),
        "words": masked(health.words(feed)),
        "paused": state == health.Health.paused,
        "region": feed.region or "",
        "spark": sparks.bars(weeks, said),
        "lately": weeks[-1],
    }
