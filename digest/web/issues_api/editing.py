"""Changing issues by the API: drafts, edits, texts, checks, comments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi.responses import Response

from digest.editors import orders
from digest.editors.orders import Order, SetText
from digest.errors import Conflict
from digest.issues import comments, drafting, editing
from digest.issues.building import issue_id
from digest.issues.edits import EVERYWHERE, ISSUE_TEXTS
from digest.issues.edits import Edits as Held
from digest.issues.models import Comment
from digest.issues.models import Issue as Row
from digest.proofs import making, relaxed
from digest.web.issues_api import asking
from digest.web.issues_api.asking import CommentId, EditsBody, IfMatch, Issue, PublicationId, RepeatKey
from digest.web.issues_api.repeats import Repeat, note
from digest.web.issues_api.seeing import Newsroom, Who, about, found, looked_at, tagged
from digest.web.key_door import Caller

COMMENT = "comment"


@dataclass(frozen=True)
class Editing:
    """Does what editors do to an issue."""

    newsroom: Newsroom

    def make_draft(self, publication: PublicationId, body: asking.NewDraft, response: Response) -> Row:
        """Draft an issue of a publication: gather and rank its articles at a cut-off.

        The same cut-off again returns the same issue, with 200 in place of 201: give as_of, and repeating is safe.
        """
        app, at = self.newsroom.app, self.newsroom.now()
        if body.refresh:
            app.refresher.before_cutoff(say=lambda _sentence: None)
        as_of = body.as_of or at.replace(microsecond=0)
        with app.database.reading() as session:
            is_new = session.get(Row, issue_id(publication, as_of, body.once)) is None
        pictures = app.cut_pictures
        issue = drafting.draft(app.database, publication, as_of=as_of, at=at, once=body.once, pictures=pictures)
        response.status_code = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        response.headers["Location"] = f"/api/issues/{issue.number}"
        tagged(response, issue.version)
        return issue

    def edit(
        self, number: Issue, body: EditsBody, who: Who, response: Response, if_match: IfMatch = None
    ) -> dict[str, Any]:
        """Change an issue: pin, unpin, exclude, include, replace, lead, move, add, set, take, keep, restore.

        A list is done in its order, all or none. Every change raises the version and takes an approval back; the
        editions are made anew by POST .../check. Repeating is safe, for the version does not fit any more.
        """
        given, wanted = _several(body)
        return self._obey(number, wanted, given, if_match, who, response)

    def set_texts(
        self, number: Issue, body: asking.Texts, who: Who, response: Response, if_match: IfMatch = None
    ) -> dict[str, Any]:
        """Set texts of the issue, of one list's editions, or of a story; an empty one gives the original back."""
        return self._obey(number, body.orders, body.version, if_match, who, response)

    def gather_anew(
        self, number: Issue, body: asking.Anew, who: Who, response: Response, if_match: IfMatch = None
    ) -> dict[str, Any]:
        """Gather the candidates anew at another cut-off, keeping every edit."""
        app, at = self.newsroom.app, self.newsroom.now()
        issue = self.newsroom.issue(number)
        looked_at(issue, body.version, if_match)
        as_of = body.as_of or at.replace(microsecond=0)
        after = drafting.refresh(app.database, issue.id, as_of, at, who.who, pictures=app.cut_pictures)
        return _changed(after, issue.version, response)

    def check(self, number: Issue, response: Response) -> dict[str, Any]:
        """Make all editions anew for the readers of now, and check them; may be repeated as often as wanted."""
        app = self.newsroom.app
        proof = making.make_proof(
            app.database,
            self.newsroom.issue(number).id,
            urls=self.newsroom.urls(),
            at=self.newsroom.now(),
            relaxed=relaxed.names(app.settings),
        )
        issue = self.newsroom.issue(number)
        tagged(response, proof.version)
        return {
            "number": number,
            "version": proof.version,
            "status": issue.status,
            "proof": proof.content_hash,
            "checks": [one.as_json() for one in proof.checks],
            "editions": proof.editions,
        }

    def add_comment(self, number: Issue, body: asking.NewComment, who: Who, repeat_key: RepeatKey = None) -> Comment:
        """Say something about an issue, or a story of it. An Idempotency-Key keeps it from being said twice."""
        repeat = Repeat.of(who, repeat_key, COMMENT)
        with self.newsroom.app.database.writing() as session:
            issue = editing.locked(session, found(session, number).id, None)
            before = repeat.result(session, issue, COMMENT) if repeat else None
            if before is not None:
                return session.get_one(Comment, before["comment"])
            if body.article:
                editing.candidate(session, issue, body.article)
            at, by = self.newsroom.now(), who.who
            said = comments.add(session, issue, body.text, who=by, at=at, article=body.article)
            note(session, issue, repeat, COMMENT, at=at, who=by, comment=said.id)
            return said

    def resolve_comment(self, number: Issue, comment: CommentId, who: Who) -> Comment:
        """Call a comment settled; who did it first stays, so repeating is safe."""
        with self.newsroom.app.database.writing() as session:
            issue = found(session, number)
            return comments.resolve(session, issue, comment, who=who.who, at=self.newsroom.now())

    def _obey(  # noqa: PLR0917 - what every change needs
        self,
        number: int,
        wanted: Sequence[Order],
        given: int | None,
        if_match: str | None,
        who: Caller,
        response: Response,
    ) -> dict[str, Any]:
        app, issue = self.newsroom.app, self.newsroom.issue(number)
        version = looked_at(issue, given, if_match, lambda: _texts(issue, wanted))
        known: dict[str, Any] = {"who": who.who, "at": self.newsroom.now(), "pictures": app.cut_pictures}
        try:
            after = orders.obey(app.database, issue.id, wanted, version=version, **known)
        except Conflict:
            again = self.newsroom.issue(number)  # it was changed in this very moment: say so as ever
            looked_at(again, version, None, lambda: _texts(again, wanted))
            raise
        return _changed(after, version, response)


def _several(body: Any) -> tuple[int | None, Sequence[Order]]:
    """Return the version in a body, and its edits, whatever its shape."""
    if isinstance(body, asking.Edits):
        return body.version, body.edits
    return None, body if isinstance(body, list) else [body]


def _changed(issue: Row, before: int, response: Response) -> dict[str, Any]:
    tagged(response, issue.version)
    return {
        "number": issue.number,
        "version": issue.version,
        "status": issue.status,
        "changed": issue.version != before,
    }


def _texts(issue: Row, wanted: Sequence[Order]) -> list[Mapping[str, Any]]:
    """Return the texts that somebody wanted to set, beside those that stand there."""
    held = Held.model_validate(issue.edits)
    return [
        {
            "name": one.what,
            "article": str(one.article) if one.article else None,
            "list": one.list,
            "yours": one.text,
            "stored": _stored(held, one),
        }
        for one in wanted
        if isinstance(one, SetText)
    ]


def _stored(held: Held, one: SetText) -> str:
    if one.what in ISSUE_TEXTS:
        texts: Mapping[str, str] = getattr(held, one.what)
        return texts.get(one.list or EVERYWHERE, "")
    return held.texts.get(about(one.article), {}).get(one.what, "")
