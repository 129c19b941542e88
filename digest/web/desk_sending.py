"""The desk's page of a sending: tests, the hour, the time to call it back, the ledger by edition, and the stops."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest.editors import reading, testing, times, views, watching
from digest.editors.publication_form import FIELDS
from digest.editors.standing import standing
from digest.errors import BadInput, DigestError, Refused
from digest.issues import editing, lifecycle, publications
from digest.issues.models import IssueStatus
from digest.sending import control
from digest.sending.models import DeliveryState
from digest.users import Role
from digest.web import review_pages as pages
from digest.web.acting import Form, form_of, version_of
from digest.web.gate import Gate
from digest.web.limiting import Limiter
from digest.web.review_pages import Seen
from subscribers.pages import BOTH_WAYS

SOON: Final = timedelta(minutes=15)  # a sending ordered for so soon wants a second look
SHOWN: Final = (
    DeliveryState.accepted,
    DeliveryState.queued,
    DeliveryState.claimed,
    DeliveryState.uncertain,
    DeliveryState.rejected,
    DeliveryState.suppressed,
    DeliveryState.withdrawn,
    DeliveryState.cancelled,
)
STOPPED: Final = (IssueStatus.paused, IssueStatus.draft, IssueStatus.in_review, IssueStatus.approved)
CHANGED: Final = (*lifecycle.UNAPPROVED, IssueStatus.approved)  # of what was paused: the rest waits for a person
WORDS: Final = {
    "accepted": "have it",
    "queued": "wait",
    "claimed": "are on their way",
    "uncertain": "of unknown fate",
    "rejected": "refused",
    "suppressed": "must not be mailed",
    "withdrawn": "want it no more",
    "cancelled": "cancelled",
}

Order = Callable[[Seen, Form, dict[str, Any]], str]


def router(gate_: Gate, limiter: Limiter) -> APIRouter:
    """Return the routes under /desk/issues/{number}/sending."""
    doors = _Sending(gate_, limiter)
    made = APIRouter(prefix="/desk/issues/{number}/sending")
    made.add_api_route("", doors.show, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/{order}", doors.order, methods=["POST"], response_model=None)
    return made


@dataclass(frozen=True)
class _Sending:
    gate: Gate
    limiter: Limiter

    def show(self, number: str, request: Request) -> Response:
        """Show where the sending stands; change nothing."""
        return self.gate.answer(number, request, _page)

    def order(self, number: str, order: str, request: Request, form: Annotated[Form, Depends(form_of)]) -> Response:
        """Do what a button of the page says."""
        role = Role.editor if order == "test" else Role.approver
        return self.gate.changed(number, request, partial(self._order, order=order, form=form), role)

    def _order(self, seen: Seen, order: str, form: Form) -> Response:
        if order == "test" and not self.limiter(f"test {seen.who}"):
            return _page(seen, notice="Many tests went to you already. Wait ten minutes.")
        act = _ORDERS.get(order)
        if act is None:
            return _page(seen, notice="There is no such order.")
        known = {"who": seen.who, "at": self.gate.app.clock.now()}
        try:
            done = act(seen, form, known)
        except DigestError as error:
            typed = form.get("testers") if order == "testers" else None
            return _page(self.gate.acts.again(seen), notice=str(error), typed=typed)
        return _page(self.gate.acts.again(seen), done=done)


def _page(seen: Seen, *, done: str = "", notice: str = "", typed: str | None = None) -> HTMLResponse:
    """Return the page. ``typed``: the testers that somebody wrote and that were not taken."""
    app, issue = seen.app, seen.review.issue
    with app.database.reading() as session:
        data = standing(app.database, session, issue, app.settings.provider.value, app.limits)
        later = sum(one["readers"] for one in (*data["waves"], *data["warm_up"]))
        watched = watching.watch(session, seen.review, app.database.now(session), later=later)
    zone = seen.review.publication.zone
    values = {
        "data": data,
        "watched": watched,
        "through": times.when(watched.through, zone) if watched.through else "",
        "warm_up": [
            one | {"when": times.when(datetime.fromisoformat(one["at"]), zone), "readers": f"{one['readers']:,}"}
            for one in data["warm_up"]
        ],
        "outcomes": watching.OUTCOMES,
        "stopped": data["sum"] > 0 and (issue.status in STOPPED or bool(data["held"])),
        "accepted": f"{data['deliveries']['accepted']:,}",
        "events": watching.events(seen.review),
        "testers": seen.review.publication.testers,
        "typed": typed,
        "seen": publications.fingerprint(seen.review.publication),
        "tests": views.audience(seen.review)["editions"],
        "offered": times.when(_offered(seen), zone),
        "bars": _bars(data["deliveries"], data["sum"]),
        "zone": zone,
        "local": f"{_offered(seen).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}",
        "undo": times.span(pages.undo(app)),
        "live": data["status"] in ("scheduled", "freezing", "sending") and not data["held"],
        "callable_back": _until(seen),
        "begun": data["sum"] > 0,
        "rest": issue.revision > 1 and issue.status in CHANGED and _wait(data["deliveries"]) > 0,
        "has_proof": seen.review.proof is not None,
        "done": done,
        "notice": notice,
        "is_approved": seen.review.approval is not None
        and issue.status in (IssueStatus.approved, IssueStatus.scheduled),
    }
    answer = pages.of_issue("sending", seen, HTTPStatus.CONFLICT if notice else HTTPStatus.OK, values)
    answer.headers["Content-Security-Policy"] = f"{pages.policy()}; script-src 'self'; connect-src 'self'"
    return answer


def _wait(counts: dict[str, int]) -> int:
    """Return how many are still to get it, if nobody cancels that."""
    return sum(counts[state] for state in control.WAITING)


def _bars(counts: dict[str, int], whole: int) -> list[dict[str, Any]]:
    """Return the states that hold anybody, with their share in percent."""
    return [
        {
            "words": WORDS[state],
            "count": f"{counts[state]:,}",
            "share": 100 * counts[state] / whole,
        }
        for state in SHOWN
        if counts[state]
    ]


def _until(seen: Seen) -> str:
    """Return until when a sending can be called back without a trace; "" where it is too late."""
    issue = seen.review.issue
    waits = issue.status == IssueStatus.scheduled and issue.undo_until is not None and issue.undo_until > seen.review.at
    return times.when(issue.undo_until, seen.review.publication.zone) if waits and issue.undo_until else ""


def _offered(seen: Seen) -> datetime:
    """Return the hour that is offered: that of the schedule, else in an hour."""
    issue, now = seen.review.issue, seen.review.at
    return issue.send_at if issue.send_at and issue.send_at > now else now + timedelta(hours=1)


def _same_version(seen: Seen, form: Form) -> None:
    """Raise Conflict, in its own words, where the issue is not what the page showed."""
    with seen.app.database.reading() as session:
        editing.locked(session, seen.review.issue.id, version_of(form))


def _send(seen: Seen, form: Form, known: dict[str, Any]) -> str:
    _same_version(seen, form)
    starts = control.send(seen.app.database, seen.review.issue.id, undo=pages.undo(seen.app), **known)
    return f"It leaves {times.when(starts, seen.review.publication.zone)}. Until then it can be called back."


def _schedule(seen: Seen, form: Form, known: dict[str, Any]) -> str:
    _same_version(seen, form)
    zone = seen.review.publication.zone
    at = _instant(form.get("at", ""), zone)
    if at - known["at"] < SOON and form.get("soon") != "yes" and at >= known["at"]:
        raise BadInput(
            "That is in less than 15 minutes. Tick “yes, so soon”, or send it now with its time to call back."
        )
    if at < known["at"]:
        raise Refused(f"{form['at'].replace('T', ' ')} in {zone} is over. Give a time to come, or send it now.")
    starts = control.schedule(seen.app.database, seen.review.issue.id, at, undo=pages.undo(seen.app), **known)
    return f"It leaves {times.when(starts, zone)}."


def _instant(text: str, zone: str) -> datetime:
    """Return the instant of a wall time. Raises BadInput for what is none, or a time that clocks leap over."""
    try:
        naive = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput("Write the day and the hour, as in 2026-12-28T08:00.") from error
    if naive.tzinfo is not None:
        raise BadInput(f"Write the hour as clocks in {zone} show it, without another zone.")
    at = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != naive:
        raise BadInput(f"Clocks in {zone} leap over {naive:%H:%M} on that day. Take another time.")
    return at


def _cancel(seen: Seen, _form: Form, known: dict[str, Any]) -> str:
    counts = control.cancel(seen.app.database, seen.review.issue.id, **known)
    return f"Cancelled: nothing more leaves. {counts['accepted']:,} have it."


def _undo(seen: Seen, _form: Form, known: dict[str, Any]) -> str:
    control.call_back(seen.app.database, seen.review.issue.id, **known)
    return (
        "Called back: nothing has left. Its approval is taken back; its editions, checks and tests stand. "
        "What you approve next is what is sent."
    )


def _pause(seen: Seen, _form: Form, known: dict[str, Any]) -> str:
    counts = control.pause(seen.app.database, seen.review.issue.id, **known)
    return "Paused." if sum(counts.values()) else "Paused; nothing has left."


def _resume(seen: Seen, _form: Form, known: dict[str, Any]) -> str:
    control.resume(seen.app.database, seen.review.issue.id, account=seen.app.settings.provider.value, **known)
    return "It goes on."


def _resolve(seen: Seen, form: Form, known: dict[str, Any]) -> str:
    try:
        decision = control.Resolution(form.get("as", ""))
        batch = int(form.get("batch", ""))
    except ValueError as error:
        raise BadInput("Say what became of them: accepted, rejected, or again.") from error
    moved = control.resolve(seen.app.database, seen.review.issue.id, decision, batch=batch, **known)
    return f"{moved:,} uncertain deliveries were settled: {decision.value}."


def _test(seen: Seen, form: Form, known: dict[str, Any]) -> str:
    """Send the largest edition, or the one asked for, to the testers that are ticked; to who asks where none is."""
    editions = seen.review.proof.editions if seen.review.proof else ()
    wanted = form.get("edition", "")
    chosen = next((one for one in editions if str(one.id) == wanted), None) or reading.largest(seen.review.proof)
    if chosen is None:
        raise Refused("There is no edition to test yet. Make the editions on the issue's page.")
    app, ticked = seen.app, [name.removeprefix("to:") for name in form if name.startswith("to:")]
    sent = testing.send(
        app.database,
        app.provider_of,
        seen.review.issue.id,
        chosen.number,
        to=ticked or [seen.who],
        own=[seen.who],
        base_url=app.settings.base_url,
        **known,
    )
    return f"{views.edition_name(seen.review, chosen)}: {sent.sentence}"


def _testers(seen: Seen, form: Form, _known: dict[str, Any]) -> str:
    """Say who may get tests. A form without the field is broken, and says nothing of them; an empty one says nobody."""
    if "testers" not in form:
        raise BadInput("The form came without its addresses, so nothing was changed. Open the page again.")
    given = form["testers"].replace(",", " ").split()
    wrong = publications.problems(**seen.review.publication.model_dump() | {"testers": given})
    if "testers" in wrong:
        raise BadInput(f"{FIELDS['testers'].label}: {wrong['testers']}")
    with seen.app.database.writing() as session:
        by: dict[str, Any] = {"who": seen.who, "at": seen.app.clock.now(), "seen": form.get("seen", "")}
        publications.put(session, seen.review.publication.id, {"testers": given}, **by)
        kept = publications.get(session, seen.review.publication.id).testers
    return f"Tests go to {', '.join(kept)}." if kept else "Tests go to nobody but who asks for one."


_ORDERS: Final[dict[str, Order]] = {
    "test": _test,
    "testers": _testers,
    "undo": _undo,
    "send": _send,
    "schedule": _schedule,
    "cancel": _cancel,
    "pause": _pause,
    "resume": _resume,
    "resolve": _resolve,
}
