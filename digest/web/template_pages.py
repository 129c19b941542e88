"""What the pages of the mails' templates show: what was typed, versions and their differences, a mail in a face."""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import Request
from sqlmodel import Session

from digest.editors import faces, times
from digest.editors.faces import Face
from digest.errors import BadInput, NotFound
from digest.issues.models import Issue
from digest.issues.plan import EditionPlan, OwnTemplate
from digest.proofs import mail_templates
from digest.proofs.preview import made_up
from digest.rendering import slots, templates
from digest.rendering.mailing import render
from digest.rendering.models import TemplateVersion
from digest.rendering.urls import Urls
from digest.web.acting import Form

MOST_BODY: Final = 1_300_000  # bytes of a form with both parts, each letter of them written as three
MOST_DRAINED: Final = 32_000_000  # bytes that are taken in and thrown away, so that the sender hears why
MOST_FIELDS: Final = 40
TOO_LONG: Final = "too_long"


async def source_of(request: Request) -> Form:
    """Return the fields of a form that holds a template; only ``too_long`` where it has too many bytes."""
    body, count = b"", 0
    async for part in request.stream():
        count += len(part)
        if count > MOST_DRAINED:
            break
        body = body + part if count <= MOST_BODY else b""
    if count > MOST_BODY:
        return {TOO_LONG: "yes"}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    return {name: values[-1].replace("\r\n", "\n") for name, values in fields.items()}


def page(plan: EditionPlan, face: Face, urls: Urls) -> str:
    """Return a mail in a face, filled with harmless values. Raises TemplateError."""
    made = render(plan, urls)  # with all its stories, however heavy it is
    values = made_up(made.marks, plan.lists, urls.base_url)
    html, text = slots.fill(made.html, values), slots.fill(made.text, values)
    return faces.shown(face, html, text, plan.language)


def typed(form: Mapping[str, str]) -> OwnTemplate:
    """Return what was typed. Raises BadInput where a part is missing or too long."""
    if TOO_LONG in form:
        raise BadInput(f"That is too long: a part of a template has {templates.LONGEST_SOURCE:,} characters at most.")
    if not form.get("mjml", "").strip() or not form.get("text", "").strip():
        raise BadInput("A template needs both parts: the MJML and the plain text.")
    return OwnTemplate(number=0, mjml=form["mjml"], text=form["text"])


def number(form: Mapping[str, str]) -> int:
    """Return the number of the version that a form says somebody looked at. Raises BadInput."""
    text = form.get("base", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - more is no number of a version
        raise BadInput("The form does not say which version you looked at. Open the page again.")
    return int(text)


def row(name: str, newest: TemplateVersion | None, used: list[str]) -> dict[str, Any]:
    """Return a template as the list shows it."""
    own = newest is not None and bool(newest.mjml)
    return {
        "name": name,
        "state": f"version {newest.number}" if newest and own else "as shipped",
        "changed": f"{times.when(newest.at, 'UTC')} by {newest.who}" if newest else "",
        "used": ", ".join(used),
    }


def shown(version: TemplateVersion) -> dict[str, Any]:
    """Return a version as the history shows it."""
    return {
        "number": version.number,
        "at": times.when(version.at, "UTC"),
        "who": version.who,
        "note": version.note,
        "shipped": not version.mjml,
    }


def before(session: Session, name: str, number: int) -> OwnTemplate:
    """Return what a version stands after: the one before it, else the product's file, else nothing."""
    try:
        return mail_templates.text_of(session, name, number - 1)
    except NotFound:
        return OwnTemplate(number=0, mjml="", text="")


def diff(before: OwnTemplate, after: OwnTemplate) -> list[dict[str, str]]:
    """Return the difference of two texts, line by line: mark and text."""
    found = []
    for part in ("mjml", "text"):
        old, new = getattr(before, part).splitlines(), getattr(after, part).splitlines()
        lines = list(unified_diff(old, new, f"{part}, before", f"{part}, after", lineterm="", n=2))
        found += [{"mark": line[:1].strip(), "text": line} for line in lines]
    return found


def taken(issues: list[Issue]) -> list[str]:
    """Return which issues took a version up, in a sentence."""
    if not issues:
        return []
    names = ", ".join(str(one.number) for one in issues)
    return [f"Taken up by issue {names}: to be checked and approved anew."]
