"""The headers of a mail that mailbox providers and mail programs act on."""

from collections.abc import Mapping
from email.utils import formataddr
from hashlib import sha256

from digest.issues.plan import EditionPlan
from digest.rendering.errors import TemplateError
from digest.rendering.wording import clean


def headers(plan: EditionPlan, marks: Mapping[str, str], day: str) -> dict[str, str]:
    """Return the headers of an edition; the unsubscribe link is a slot. Raises TemplateError for a line break.

    List-Unsubscribe-Post makes the link work in one click (RFC 8058); List-Id (RFC 2919) names the publication, so
    that readers can filter; Feedback-ID names groups of mail to Gmail, never a person. Auto-Submitted is not set: it
    would call the mail an automatic answer.
    """
    publication = plan.publication
    audience = sha256(plan.set_key.encode()).hexdigest()[:8]
    found = {
        "List-Unsubscribe": f"<{marks['unsubscribe_url@header']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": formataddr((clean(publication["name"]), f"{publication['id']}.{_host(publication)}")),
        "Feedback-ID": f"{day}:{audience}:{plan.cadence}:{publication['id']}",
        "Content-Language": plan.language,
    }
    return {name: one_line(name, value) for name, value in found.items()}


def one_line(name: str, value: str) -> str:
    """Return a header's value; raises TemplateError when a line break would begin another header."""
    if "\r" in value or "\n" in value or "\0" in value:
        raise TemplateError(f"The header {name} holds a line break: {value[:80]!r}. Put it on one line.")
    return value


def _host(publication: Mapping[str, str]) -> str:
    return publication["sender_address"].rpartition("@")[2].strip().lower()
