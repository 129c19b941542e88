"""The review's pages, made from what was read; they act on nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from fastapi.responses import HTMLResponse

from digest.bootstrap import App
from digest.editors import checking, differing, faces, live, reading, stories, taps, times, undoing, views, writing
from digest.editors.faces import Face
from digest.editors.links import Door
from digest.editors.reading import Review
from digest.editors.taps import Tap
from digest.issues import lifecycle
from digest.issues.plan import EditionPlan
from digest.proofs import relaxed
from digest.proofs.check import Level
from digest.rendering.urls import NOBODY, VIEW
from digest.rendering.wording import clean
from digest.web import around
from digest.web.desk_files import addresses
from digest.web.security import of_our_pages
from digest.web.templates import environment

MOST_CHANGES: Final = 12  # differences that are listed
MOST_LOG: Final = 12
PREVIEW_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one editor looks at."""

    app: App
    door: Door
    who: str
    review: Review
    at_desk: bool = False  # signed in; else by a link from a mail
    may_approve: bool = True


def whole(
    seen: Seen,
    *,
    edition: str = "",
    face: str = Face.light,
    width: str = "",
    done: str = "",
    notice: str = "",
    changes: Sequence[str] = (),
    before: EditionPlan | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """Return the page of the whole issue. ``edition``: the id of the one to preview. ``changes``: since the act.

    ``before``: the edition in view as it was before the act, from which they are told instead.
    At the desk that edition's stories are shown as well, and the mail in a face at a width, with what the panes need.
    """
    panes: dict[str, Any] = {}
    if seen.at_desk:
        wanted = edition if live.has(seen.review, edition) else ""
        seen = replace(seen, review=live.of_edition(seen.review, wanted))
        panes = _panes(seen, wanted, face, width)
    review = seen.review
    told = differing.told(before, review.plan) if before else list(changes)
    values = _approval(review) | {
        "done": done,
        "notice": notice,
        "changes": told[:MOST_CHANGES],
        "more_changes": len(told[MOST_CHANGES:]),
        "asks_changes": changes is not None,
        "unapproved": writing.UNAPPROVED[review.publication.unapproved],
        "late": views.is_late(review),
        "undo": times.span(undo(seen.app)),
        "orders": taps.orders(review),
        "parts": views.parts(review),
        "left_out": views.left_out(review),
        "shown": _preview(seen, edition),
        "log": _log(review, MOST_LOG),
    }
    answer = of_issue("review", seen, status, views.audience(review) | values | panes)
    if seen.at_desk:
        answer.headers["Content-Security-Policy"] = f"{policy()}; script-src 'self'; connect-src 'self'"
    return answer


def swaps(headers: Mapping[str, str]) -> bool:
    """Tell whether a script asks, that puts parts of the answer into the page (htmx says so)."""
    return headers.get("hx-request") == "true"


def headline(review: Review, article: str) -> str:
    """Return the headline of a candidate as the issue has it."""
    inputs = review.recipe.by_id.get(article)
    own = review.recipe.edits.texts.get(article, {}).get("headline", "")
    return clean(own or (inputs.headline if inputs else ""))


def tap(seen: Seen, what: Tap, article: UUID, *, notice: str = "") -> HTMLResponse:
    """Return the page with the one button. ``notice``: why it is asked again."""
    offer = taps.offer(seen.review, what, article)
    values = {
        "offer": offer,
        "row": _row(seen.review, article),
        "warning": taps.warning(seen.review.issue),
        "notice": notice,
        "log": _log(seen.review, 3),
    }
    return of_issue("tap", seen, HTTPStatus.CONFLICT if notice else HTTPStatus.OK, values)


def refused(seen: Seen, sentence: str, status: HTTPStatus) -> HTMLResponse:
    """Return a page that says in a sentence what does not work, with the way back to the issue."""
    return of_issue("problem", seen, status, {"sentence": sentence})


def undo(app: App) -> timedelta:
    """Return how long an order to send can be taken back."""
    return timedelta(minutes=app.settings.undo_minutes)


@cache
def policy() -> str:
    """Return what these pages may load: their style, pictures of the stories, and our own stored mails in a frame."""
    style = environment().get_template("desk/style.css").render()
    ours = of_our_pages(style)
    return ours.replace("img-src 'self'", "img-src 'self' https: http:; frame-src 'self'")


def page(template: str, status: HTTPStatus = HTTPStatus.OK, /, **values: Any) -> HTMLResponse:
    """Return a page made from ``templates/desk/<template>.html``."""
    body = environment().get_template(f"desk/{template}.html").render(around.values() | values)
    headers = {"Content-Security-Policy": policy(), "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return HTMLResponse(body, status_code=status, headers=headers)


def of_issue(template: str, seen: Seen, status: HTTPStatus, values: dict[str, Any]) -> HTMLResponse:
    """Return a page about the issue that somebody looks at, with what every such page says of it."""
    given = {"door": seen.door, "who": seen.who, "version": seen.review.issue.version} | views.facts(seen.review)
    given |= {"at_desk": seen.at_desk, "may_approve": seen.may_approve} | views.approving(seen.review, seen.who)
    given |= {"editable": seen.review.issue.status in lifecycle.EDITABLE}
    return page(template, status, **(given | values))


def _panes(seen: Seen, edition: str, face: str, width: str) -> dict[str, Any]:
    """Return what the three panes of the desk show besides."""
    review, known = seen.review, [one.value for one in Face]
    undo_stack, redo_stack = undoing.stacks(review.log, seen.who)
    standing = [str(one.article_id) for one in review.plan.stories]
    return {
        "scripts": addresses(),
        "panel": checking.panel(review, seen.door.url, at_desk=seen.at_desk, relaxed=relaxed.names(seen.app.settings)),
        "edition": edition,
        "choices": live.choices(review),
        "faces": [(one.value, faces.NAMES[one]) for one in Face],
        "face": face if face in known else Face.light.value,
        "width": width if width in {str(one) for one in faces.WIDTHS} else str(faces.WIDTHS[0]),
        "cut": faces.cut(clean(review.plan.subject), clean(review.plan.preheader)),
        "sender": review.publication.sender_name,
        "issue_texts": stories.texts(review),
        "story_texts": {key: stories.fields(review, key) for key in standing},
        "pins": sum(len(held) for held in review.recipe.edits.pins.values()),
        "can_undo": undo_stack[-1].what if undo_stack else "",
        "can_redo": redo_stack[-1].what if redo_stack else "",
        "chosen_lead": review.recipe.edits.lead,
        "as_of": views.when(review, review.plan.as_of),
        "formula": review.recipe.frame.formula,
        "targets": [one.list_id for one in review.plan.sections if not one.borrowed],
    }


def _approval(review: Review) -> dict[str, Any]:
    """Return what an approval needs: the content it binds to, and the amber checks that want a reason, by code."""
    ambers: dict[str, list[str]] = {}
    for one in review.of_level(Level.amber):
        line = views.check_line(review, one)
        sentence = f"{line['sentence']} {line['place']}".strip()
        if sentence not in ambers.setdefault(one.code, []):
            ambers[one.code].append(sentence)
    return {
        "proof": review.proof.content_hash if review.proof else "",
        "count": len(review.proof.editions) if review.proof else 0,
        "reds": bool(review.of_level(Level.red)),
        "ambers": ambers,
    }


def _preview(seen: Seen, wanted: str) -> dict[str, str]:
    """Return the name and the address of the edition to preview: the one asked for, else the largest."""
    editions = seen.review.proof.editions if seen.review.proof else ()
    if not editions:
        return {"name": "", "url": ""}
    most = reading.largest(seen.review.proof) or editions[0]
    chosen = next((one for one in editions if str(one.id) == wanted), most)
    token = seen.app.keys.sign(
        VIEW,
        subscriber=NOBODY,
        family=seen.review.publication.id,
        reference=str(chosen.id),
        expires=seen.review.at + PREVIEW_FOR,
    )
    return {"name": views.edition_name(seen.review, chosen), "url": f"{seen.app.settings.base_url}/editions/{token}"}


def _row(review: Review, article: UUID) -> dict[str, Any]:
    """Return a story as its own page shows it; one that stands nowhere has no place and no reason."""
    for story in review.plan.stories:
        if story.article_id == article:
            shown = views.row(story)
            return {name: getattr(shown, name) for name in shown.__slots__}
    inputs = review.recipe.by_id[str(article)]
    blank = dict.fromkeys(("place", "standfirst", "thumb", "alt", "why"), "")
    return blank | {"headline": clean(inputs.headline), "lang": inputs.language, "dir": "auto", "pinned": False}


def _log(review: Review, most: int) -> list[dict[str, str]]:
    """Return what happened lately, the newest first."""
    return [
        {"at": times.when(one.at, review.publication.zone), "who": one.who, "what": one.what}
        for one in sorted(review.log, key=lambda one: -(one.id or 0))[:most]
    ]
