"""Writes the mails to editors: subject, HTML and text, from a review and an editor's own way in. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from digest.editors import views
from digest.editors.links import Door
from digest.editors.reading import Review
from digest.issues.models import Publication
from digest.rendering import templates
from digest.rendering.theme import DARK, LIGHT
from digest.rendering.wording import clean
from digest.sending.provider import Content

MOST_BYTES: Final = 95_000  # Gmail clips at 102,400 B of HTML
_FEWER: Final = (40, 25, 15, 8)  # stories shown where a mail would be clipped
UNAPPROVED: Final = {
    "hold": "If nobody approves it by then, it is held and nothing is sent.",
    "send": "If nobody approves it by then, it is sent if all checks are green, else held.",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one editor."""

    subject: str
    html: str
    text: str


def draft(review: Review, door: Door) -> Letter:
    """Write the draft to an editor: the checks, the edition with most readers, and a way to change each story."""
    shown = views.facts(review)
    subject = f"[Review] {_name(shown)}: {_count(shown['stories'], 'story', 'stories')}, {shown['tally']}"
    values = shown | views.audience(review) | {"door": door, "title": subject, "left_out": views.left_out(review)}
    values["unapproved"] = UNAPPROVED[review.publication.unapproved]
    whole = views.parts(review)
    letter = written(subject, "draft", values | {"parts": whole, "hidden": 0})
    for most in _FEWER:
        if len(letter.html.encode()) <= MOST_BYTES:
            break
        cut = _first(whole, most)
        hidden = sum(len(part.rows) for part in whole) - sum(len(part.rows) for part in cut)
        letter = written(subject, "draft", values | {"parts": cut, "hidden": hidden})
    return letter


def reminder(review: Review, door: Door) -> Letter:
    """Remind an editor: of the deadline that comes, or of an issue that is still held."""
    shown = views.facts(review)
    if review.issue.held:
        subject = f"[Held] {_name(shown)}: still waits for you"
        lines = [f"It is held: {sentence(review.issue.held)}", "Nothing of it is sent until one of you decides."]
    else:
        subject = f"[Reminder] {_name(shown)}: {shown['left'] or 'no time'} left to approve"
        lines = [f"Nobody has approved it yet. The review ends {shown['deadline']}."]
        lines.append(UNAPPROVED[review.publication.unapproved])
    return _note(shown, door, subject, lines, button=_button(review))


def outcome(review: Review, door: Door, kind: str) -> Letter:
    """Tell an editor how an issue ended, or what stopped it, and how that is mended."""
    shown = views.facts(review)
    subject, lines = _told(review, shown, kind)
    mends = kind in ("held", "stopped")
    commands = _commands(review, kind) if mends else ()
    return _note(shown, door, subject, lines, button=_button(review) if mends else "", commands=commands)


def content(publication: Publication, letter: Letter) -> Content:
    """Return a letter as a provider takes it: from the publication, and marked as written by a machine."""
    return Content(
        subject=letter.subject,
        html=letter.html,
        text=letter.text,
        sender_name=publication.sender_name,
        sender_address=publication.sender_address,
        reply_to=publication.reply_to,
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},  # RFC 3834
    )


def _told(review: Review, shown: Mapping[str, Any], kind: str) -> tuple[str, list[str]]:
    name, counts = _name(shown), review.counts
    if kind == "sent":
        return _sent(name, counts)
    if kind == "held":
        return f"[Held] {name}: {short(review.issue.held)}", [f"It is held: {sentence(review.issue.held)}"]
    if kind == "stopped":
        told = [f"The sending stopped: {sentence(review.issue.failed)}", _so_far(counts)]
        return f"[Stopped] {name}: {short(review.issue.failed)}", told
    if kind == "skipped":
        reason = next((str(one.after) for one in reversed(review.log) if one.what == "skip"), "nothing to send")
        return f"[Skipped] {name}: {short(reason)}", [f"This issue was skipped: {sentence(reason)} Nobody got it."]
    who = next((one.who for one in reversed(review.log) if one.what == "cancel"), "somebody")
    return f"[Cancelled] {name}", [f"This issue was cancelled by {who}. {_so_far(counts)}"]


def _sent(name: str, counts: Mapping[str, int]) -> tuple[str, list[str]]:
    accepted, total = counts["accepted"], sum(counts.values())
    others = [f"{count:,} {state}" for state, count in counts.items() if count and state != "accepted"]
    lines = [f"It is out: the provider took {accepted:,} of {total:,} mails."]
    if not others:
        return f"[Sent] {name}: {_count(accepted, 'reader', 'readers')}", lines
    lines.append(f"The others: {', '.join(others)}.")
    failed = counts["rejected"] + counts["uncertain"]
    kind = "Sent in part" if failed else "Sent"
    return f"[{kind}] {name}: {accepted:,} of {total:,} readers", lines


def _so_far(counts: Mapping[str, int]) -> str:
    return f"{counts['accepted']:,} readers have it." if counts["accepted"] else "Nobody got it."


def _commands(review: Review, kind: str) -> tuple[str, ...]:
    number = review.issue.number
    if kind == "stopped" or review.issue.status in ("scheduled", "freezing", "sending"):
        return (f"digest issues status {number}", f"digest issues resume {number}")
    if review.approval is None:
        return (f"digest issues check {number}", f"digest issues approve {number}", f"digest issues send {number}")
    return (f"digest issues send {number}",)


def _button(review: Review) -> str:
    return "Review and approve" if review.is_open else "Look at the issue"


def _note(
    shown: Mapping[str, Any],
    door: Door,
    subject: str,
    lines: list[str],
    *,
    button: str,
    commands: tuple[str, ...] = (),
) -> Letter:
    values = {"door": door, "title": subject, "lines": lines, "button": button, "commands": commands, "private": True}
    over = {"over": f"Issue {shown['number']} · {shown['status']}"}
    over["over_text"] = f"issue {shown['number']}, {shown['status']}"
    return written(subject, "note", {**shown, **values, **over})


def written(subject: str, template: str, values: Mapping[str, Any]) -> Letter:
    """Fill a template of the desk's mails (draft, note), its HTML and its text."""
    given = {**values, "light": LIGHT, "dark": DARK}
    html = templates.run(f"desk/{template}.html", given)
    return Letter(clean(subject), html, templates.run(f"desk/{template}.txt", given))


def _first(parts: tuple[views.Part, ...], most: int) -> tuple[views.Part, ...]:
    """Return the parts with no more than so many stories, from the top."""
    left, found = most, []
    for part in parts:
        if left > 0:
            found.append(views.Part(part.heading, part.rows[:left]))
            left -= len(part.rows)
    return tuple(found)


def _name(shown: Mapping[str, Any]) -> str:
    return f"{shown['name']}, {shown['day']}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def short(reason: str) -> str:
    """Return the beginning of a reason, short enough for a subject."""
    text = clean(reason).rstrip(".")
    return text if len(text) <= 80 else f"{text[:79].rstrip()}…"  # noqa: PLR2004 - what inboxes show


def sentence(reason: str) -> str:
    """Return a reason as a whole sentence."""
    text = clean(reason).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
