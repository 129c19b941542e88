"""Issues that were sent, for anybody: a page for each, indexes, feeds, and what search engines may know of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from sqlmodel import Session

from digest.bootstrap import App
from digest.issues.models import Publication
from digest.proofs import published
from digest.proofs.published import Number, Told
from digest.rendering.catalogue import catalogue
from digest.rendering.catalogue.pages import own_names, page_words
from digest.web import archive_feeds
from digest.web.archive_feeds import Feed, Item
from digest.web.archive_pages import framed
from digest.web.conditional import A_WHILE, answer
from digest.web.security import OF_A_MAIL
from digest.web.templates import asked_for, problem, rendered
from subscribers import ListData
from subscribers.pages import BOTH_WAYS

MOST_URLS: Final = 50_000  # of a site's map (sitemaps.org/protocol.html)
MOST_ISSUES: Final = 5_000  # of a publication, in it
LAST_PAGE: Final = 10_000
KINDS: Final = {"xml": "application/rss+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8"}
PRIVATE: Final = ("/c/", "/confirm/", "/desk", "/editions/", "/feedback/", "/me/", "/move/", "/p/", "/stay/", "/still/",
                  "/u/", "/undo/", "/api/", "/hooks/")  # fmt: skip
_NOWHERE: Final = "There is no such issue or archive here."
_UNSEEN: Final = {"X-Robots-Tag": "noindex"}


def router(app: App) -> APIRouter:
    """Return the routes /archive, /sitemap.xml and /robots.txt."""
    doors = _Archive(app)
    made = APIRouter()
    for path, show in (
        ("/robots.txt", doors.robots),
        ("/sitemap.xml", doors.sitemap),
        ("/archive", doors.all),
        ("/archive/{family}/feed.{kind}", doors.feed),
        ("/archive/{family}/{list_id}/feed.{kind}", doors.feed),
        ("/archive/{family}", doors.index),
        ("/archive/{family}/{list_id}", doors.index),
        ("/archive/{family}/{list_id}/{name}", doors.issue),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
    return made


@dataclass(frozen=True)
class _Archive:
    app: App

    def all(self, request: Request) -> Response:
        """Show which archives there are."""
        spoken = asked_for(request)
        with self.app.database.reading() as session:
            found = [(one, published.open_lists(session, one)) for one in published.publications(session)]
        shown = [{"id": one.id, "name": one.name, "lists": list(lists.values())} for one, lists in found if lists]
        if not shown:
            return problem(_NOWHERE, spoken=spoken)
        public = any(one.archive == published.PUBLIC for one, lists in found if lists)
        values = {"publications": shown, "public": public, "canonical": self._url("/archive"), "languages": own_names()}
        return self._page(
            request, rendered("archives", spoken, **values), public=public, more={"Vary": "Accept-Language"}
        )

    def index(self, request: Request, family: str, list_id: str = "") -> Response:
        """Show the issues of a publication, or of one of its lists, the newest first."""
        number = request.query_params.get("page", "1")
        page = int(number) if number.isascii() and number.isdecimal() and len(number) < len(str(LAST_PAGE)) else 0
        with self.app.database.reading() as session:
            found = self._found(session, family, list_id)
            if found is None or page < 1:
                return problem(_NOWHERE, spoken=asked_for(request))
            publication, lists, some = found
            pages = max(1, -(-published.issues(session, publication, some) // published.PAGE))
            skip = (page - 1) * published.PAGE
            numbers = published.numbers(session, publication, some, skip=skip) if page <= pages else []
            stories = published.stories(session, [one.edition for one in numbers])
        if page > pages:
            return problem(_NOWHERE, spoken=asked_for(request))
        one_list = lists[list_id] if list_id else None
        body = self._index_page(
            publication, lists, one_list, [(one, stories[one.edition]) for one in numbers], page, pages
        )
        return self._page(request, body, public=publication.archive == published.PUBLIC, changed=_newest(numbers))

    def issue(self, request: Request, family: str, list_id: str, name: str) -> Response:
        """Show an issue as the readers of a list got it, with what became of its stories since."""
        with self.app.database.reading() as session:
            found = self._found(session, family, list_id)
            number = published.find(session, found[0], list_id, name) if found else None
            if found is None or number is None:
                return problem(_NOWHERE, spoken=asked_for(request))
            publication, lists, _some = found
            stories = published.stories(session, [number.edition])[number.edition]
            beside = published.beside(session, publication, number)
            stored = published.mail(session, number.edition)
        body = framed(self.app.settings.base_url, publication, lists[list_id], number, stories, beside, stored)
        changed = max([number.changed_at, *(one.changed_at for one in stories if one.changed_at)])
        public = publication.archive == published.PUBLIC
        return self._page(request, body, public=public, changed=changed, of_a_mail=True)

    def feed(self, request: Request, family: str, kind: str, list_id: str = "") -> Response:
        """Give the newest issues to feed readers."""
        with self.app.database.reading() as session:
            found = self._found(session, family, list_id)
            if found is None or kind not in KINDS:
                return problem(_NOWHERE, spoken=asked_for(request))
            publication, lists, some = found
            numbers = published.numbers(session, publication, some)
            stories = published.stories(session, [one.edition for one in numbers])
        feed = self._feed(publication, lists, list_id, kind, [(one, stories[one.edition]) for one in numbers])
        made = archive_feeds.rss(feed) if kind == "xml" else archive_feeds.json_feed(feed)
        changed = max((one.changed for one in feed.items), default=None)
        headers = A_WHILE | ({} if publication.archive == published.PUBLIC else _UNSEEN)
        return answer(request, made, KINDS[kind], changed=changed, headers=headers)

    def sitemap(self, request: Request) -> Response:
        """Name every page that search engines may know of."""
        urls: list[tuple[str, datetime | None]] = []
        with self.app.database.reading() as session:
            for publication in published.publications(session):
                if publication.archive == published.PUBLIC and (lists := published.open_lists(session, publication)):
                    home = f"/archive/{publication.id}"
                    numbers = published.numbers(session, publication, lists, most=MOST_ISSUES)
                    urls += [(self._url(one), _newest(numbers)) for one in (home, *(f"{home}/{one}" for one in lists))]
                    urls += [(self._url(one.path), one.changed_at) for one in numbers]
        return answer(request, archive_feeds.sitemap(urls[:MOST_URLS]), "application/xml; charset=utf-8")

    def robots(self) -> Response:
        """Say what robots need not ask for (RFC 9309), and where the map is."""
        lines = ["User-agent: *", *(f"Disallow: {one}" for one in PRIVATE), "", f"Sitemap: {self._url('/sitemap.xml')}"]
        return PlainTextResponse("\n".join(lines) + "\n", headers=A_WHILE)

    def _found(
        self, session: Session, family: str, list_id: str
    ) -> tuple[Publication, dict[str, ListData], list[str]] | None:
        """Return a publication that has an archive, its open lists, and those that are asked for; else None."""
        publication = session.get(Publication, family)
        lists = published.open_lists(session, publication) if publication else {}
        if publication is None or not lists or (list_id and list_id not in lists):
            return None
        return publication, lists, [list_id] if list_id else list(lists)

    def _index_page(  # noqa: PLR0917 - all of one page
        self,
        publication: Publication,
        lists: dict[str, ListData],
        one_list: ListData | None,
        told: Sequence[tuple[Number, Sequence[Told]]],
        page: int,
        pages: int,
    ) -> str:
        spoken = one_list.language if one_list else publication.language
        path = f"/archive/{publication.id}{f'/{one_list.id}' if one_list else ''}"
        values: dict[str, Any] = {
            "title": f"{one_list.name} – {publication.name}" if one_list else publication.name,
            "description": one_list.description if one_list else "",
            "canonical": self._url(path if page == 1 else f"{path}?page={page}"),
            "public": publication.archive == published.PUBLIC,
            "lists": list(lists.values()),
            "names": {one.id: one.name for one in lists.values()},
            "days": _by_day(told, spoken),
            "can_join": True,
        }
        given = {"publication": publication, "one_list": one_list, "path": path, "page": page, "pages": pages}
        return rendered("archive", spoken, **values | given)

    def _feed(
        self,
        publication: Publication,
        lists: dict[str, ListData],
        list_id: str,
        kind: str,
        told: Sequence[tuple[Number, Sequence[Told]]],
    ) -> Feed:
        path = f"/archive/{publication.id}{f'/{list_id}' if list_id else ''}"
        one_list = lists[list_id] if list_id else None
        language = one_list.language if one_list else publication.language
        several = one_list is None and len(lists) > 1
        title = f"{publication.name}: {one_list.name}" if one_list else publication.name
        return Feed(
            title=title,
            description=(one_list.description if one_list else "") or title,
            home=self._url(path),
            url=self._url(f"{path}/feed.{kind}"),
            language=language,
            items=[self._item(one, stories, lists[one.list_id].name, several=several) for one, stories in told],
        )

    def _item(self, number: Number, stories: Sequence[Told], name: str, *, several: bool) -> Item:
        words = page_words(number.language)
        gone = {"retracted": words.text("Retracted"), "unpublished": words.text("No longer published")}
        corrected = catalogue(number.language).word("correction")
        about, preheader = published.said(number, stories)
        since = [one.changed_at for one in stories if one.changed_at and (one.gone or one.correction)]
        return Item(
            url=self._url(number.path),
            title=": ".join([*([gone["retracted"]] if about else []), *([name] if several else []), number.subject]),
            summary=preheader,
            html=archive_feeds.told_as_html(stories, gone, corrected) or f"<p>{number.path}</p>",
            at=number.sent_at,
            changed=max([number.sent_at, *since]),
            language=number.language,
            about=name,
            image=next((one.picture for one in stories if one.block == "lead" and not one.gone), ""),
        )

    def _page(
        self,
        request: Request,
        body: str,
        *,
        public: bool,
        changed: datetime | None = None,
        of_a_mail: bool = False,
        more: dict[str, str] | None = None,
    ) -> Response:
        headers = A_WHILE | (more or {}) | ({} if public else _UNSEEN)
        headers |= {"Content-Security-Policy": OF_A_MAIL} if of_a_mail else {}
        return answer(request, body, "text/html; charset=utf-8", changed=changed, headers=headers)

    def _url(self, path: str) -> str:
        return f"{self.app.settings.base_url}{path}"


def _newest(numbers: Sequence[Number]) -> datetime | None:
    return max((one.changed_at for one in numbers), default=None)


def _by_day(told: Sequence[tuple[Number, Sequence[Told]]], spoken: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the pages by issue, each with its day in words; a subject that is gone says so."""
    words = page_words(spoken)
    days: dict[int, tuple[str, list[dict[str, Any]]]] = {}
    for one, stories in told:
        about, preheader = published.said(one, stories)
        row = {"path": one.path, "subject": one.subject, "language": one.language, "list_id": one.list_id}
        row |= {"preheader": preheader, "gone": words.text("Retracted") if about else ""}
        days.setdefault(one.issue, (words.date(one.as_of, one.zone), []))[1].append(row)
    return list(days.values())
