"""Sending by the API: tests, the approval, the order to send, the stops, and what nobody knows the fate of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from digest.editors import approving, reading, testing
from digest.errors import NotFound, Refused
from digest.issues import editing
from digest.issues.models import Issue as Row
from digest.issues.models import IssueStatus
from digest.proofs import approval
from digest.proofs.models import Approval
from digest.sending import control, ledger
from digest.web.issues_api import asking
from digest.web.issues_api.asking import IfMatch, Issue, RepeatKey
from digest.web.issues_api.reading import edition_of
from digest.web.issues_api.repeats import Repeat, note
from digest.web.issues_api.seeing import Newsroom, Who, found, looked_at
from digest.web.key_door import Caller
from digest.web.problems import Refusal
from subscribers import normalise

TEST = "test, once"  # in the log, beside the test itself: which request asked for it
BEGUN = (IssueStatus.freezing, IssueStatus.sending, IssueStatus.sent)
UNDER_WAY = (IssueStatus.scheduled, IssueStatus.freezing, IssueStatus.sending)


@dataclass(frozen=True)
class Sending:
    """Does what approvers order."""

    newsroom: Newsroom

    def send_test(self, number: Issue, body: asking.ToTest, who: Who, repeat_key: RepeatKey = None) -> dict[str, Any]:
        """Send one edition to one tester of the publication, or to somebody who works at the desk: to nobody else.

        An Idempotency-Key keeps a repetition from sending it twice.
        """
        app, review = self.newsroom.app, self.newsroom.review(number)
        chosen = edition_of(review.proof, body.edition, number) if body.edition else reading.largest(review.proof)
        if chosen is None:
            raise Refused(f"There is no edition to test yet. Make them: POST /api/issues/{number}/check.")
        address, repeat = normalise(body.to), Repeat.of(who, repeat_key, TEST)
        done = {"to": address, "edition": chosen.id, "subject": chosen.subject}
        known: dict[str, Any] = {"who": who.who, "at": self.newsroom.now()}
        with app.database.reading() as session:
            own = testing.colleagues(session, review.publication)
            testing.allowed(review.publication, [address], own)
            if repeat and repeat.result(session, review.issue, TEST) is not None:
                return done
        self._spare(who)
        base_url = app.settings.base_url
        testing.send(
            app.database,
            app.provider_of,
            review.issue.id,
            chosen.number,
            to=[address],
            own=own,
            base_url=base_url,
            **known,
        )
        with app.database.writing() as session:
            note(session, found(session, number), repeat, TEST, edition=str(chosen.id), **known)
        return done

    def approve(self, number: Issue, body: asking.ToApprove, who: Who, if_match: IfMatch = None) -> dict[str, Any]:
        """Approve what was looked at: this version, with this proof; what was approved is what is sent.

        The same again answers with the approval that holds.
        """
        database, issue = self.newsroom.app.database, self.newsroom.issue(number)
        version = looked_at(issue, body.version, if_match)
        given = self._approval(number)
        if given is None or given.content_hash != body.proof:
            known: dict[str, Any] = {"who": who.who, "at": self.newsroom.now()}
            approving.approve(database, issue.id, version=version, proof=body.proof, reasons=body.reasons, **known)
            given = self._approval(number)
        if given is None:
            raise Refused(f"Issue {number} was changed in this very moment. Look at it again.")
        return given.model_dump() | {"number": number, "readers": sum(given.audience.values())}

    def revoke(self, number: Issue, who: Who, if_match: IfMatch = None, body: asking.OfVersion | None = None) -> Row:
        """Take the approval of an issue back: it is in review, with the next version; its editions stand."""
        issue = self.newsroom.issue(number)
        looked_at(issue, body.version if body else None, if_match)
        return approval.revoke(self.newsroom.app.database, issue.id, who=who.who, at=self.newsroom.now())

    def schedule(self, number: Issue, body: asking.ToSchedule, who: Who, if_match: IfMatch = None) -> dict[str, Any]:
        """Let an approved issue leave at an hour. The same hour again changes nothing."""
        return self._order(number, looked_at(self.newsroom.issue(number), body.version, if_match), body.at, who)

    def send(self, number: Issue, body: asking.OfVersion, who: Who, if_match: IfMatch = None) -> dict[str, Any]:
        """Send an approved issue now; until undo_until it can be called back. The same again changes nothing."""
        return self._order(number, looked_at(self.newsroom.issue(number), body.version, if_match), None, who)

    def pause(self, number: Issue, who: Who, body: asking.ToPause | None = None) -> dict[str, Any]:
        """Let no further batch leave. One that stands already is left as it is."""
        issue = self.newsroom.issue(number)
        if issue.status != IssueStatus.paused and not (issue.held and issue.status in UNDER_WAY):
            reason = body.reason if body else ""
            control.pause(self.newsroom.app.database, issue.id, who=who.who, at=self.newsroom.now(), reason=reason)
        return self.newsroom.ledger(number)

    def resume(self, number: Issue, who: Who) -> dict[str, Any]:
        """Let a paused or held issue go on. One that goes on already is left as it is."""
        app, issue = self.newsroom.app, self.newsroom.issue(number)
        if issue.held or issue.status not in UNDER_WAY:
            account = app.settings.provider.value
            control.resume(app.database, issue.id, who=who.who, at=self.newsroom.now(), account=account)
        return self.newsroom.ledger(number)

    def cancel(self, number: Issue, who: Who) -> dict[str, Any]:
        """Send nothing more of an issue, for good. One that is cancelled already is left as it is."""
        issue = self.newsroom.issue(number)
        if issue.status != IssueStatus.cancelled:
            control.cancel(self.newsroom.app.database, issue.id, who=who.who, at=self.newsroom.now())
        return self.newsroom.ledger(number)

    def resolve_batch(self, number: Issue, batch: asking.Batch, body: asking.ToResolve, who: Who) -> dict[str, Any]:
        """Decide what became of a batch's uncertain deliveries. "again" may bring a mail twice.

        Once it is settled there is no such batch any more, so a repetition does nothing.
        """
        app, issue = self.newsroom.app, self.newsroom.issue(number)
        with app.database.reading() as session:
            known = {one["batch"] for one in ledger.uncertain_batches(session, number)}
        if batch not in known:
            raise NotFound(
                f"Issue {number} has no uncertain batch {batch}. GET /api/issues/{number}/ledger names them."
            )
        decision, at = control.Resolution(body.as_), self.newsroom.now()
        moved = control.resolve(app.database, issue.id, decision, who=who.who, at=at, batch=batch)
        return self.newsroom.ledger(number) | {"settled": moved}

    def _order(self, number: int, version: int, at: datetime | None, who: Caller) -> dict[str, Any]:
        """Order it to be sent, now or at an hour; what is ordered so already stays as it is."""
        app, now = self.newsroom.app, self.newsroom.now()
        issue = self.newsroom.issue(number)
        undo = timedelta(minutes=app.settings.undo_minutes)
        known: dict[str, Any] = {"who": who.who, "at": now, "undo": undo}
        if _is_ordered(issue, at, now):
            return self.newsroom.ledger(number)
        if at is None:
            approving.send(app.database, issue.id, version=version, **known)
        else:
            with app.database.reading() as session:
                editing.locked(session, issue.id, version)
            control.schedule(app.database, issue.id, at, **known)
        return self.newsroom.ledger(number)

    def _spare(self, who: Caller) -> None:
        """Raise Refusal where a key has sent many tests."""
        if not self.newsroom.limiter(f"test {who.who}"):
            headers = {"Retry-After": "600"}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "This key sent many tests. Wait ten minutes.", headers)

    def _approval(self, number: int) -> Approval | None:
        with self.newsroom.app.database.reading() as session:
            return approval.valid(session, found(session, number))


def _is_ordered(issue: Row, at: datetime | None, now: datetime) -> bool:
    """Tell whether an issue leaves at that hour already, or, without one, has been ordered to leave at once."""
    if issue.held or issue.send_at is None or issue.status not in (*BEGUN, IssueStatus.scheduled):
        return False
    return issue.send_at <= now if at is None else issue.send_at == at
