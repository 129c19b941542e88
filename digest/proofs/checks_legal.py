"""Checks of what the law and the mailbox providers ask of every mail."""

import html
from collections.abc import Iterator, Sequence

from digest.proofs.check import Check, Examined, Level, Surroundings

NAME = "legal"
LOOKED_AT = "postal address, unsubscribe link and both headers, reason line, sender"
ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:  # noqa: ARG001 - all groups are called alike
    """Look for each of these in every edition."""
    for edition in editions:
        yield from of_edition(edition)


def of_edition(edition: Examined) -> Iterator[Check]:
    """Look for each of these in one edition."""
    yield from _address(edition)
    yield from _leaving(edition)
    yield from _reason(edition)
    yield from _sender(edition)


def _address(edition: Examined) -> Iterator[Check]:
    words = " ".join(edition.plan.publication.get("postal_address", "").split())
    if not words:
        yield _red("no-postal-address", "The publication has no postal address.", "Give it one: the law asks for it")
    elif words not in _flat(html.unescape(edition.html)) or words not in _flat(edition.text):
        yield _red("postal-address-lost", "The postal address is missing from a part of the mail.", "Mend the template")


def _leaving(edition: Examined) -> Iterator[Check]:
    marks, rendered = edition.rendered.marks, edition.rendered
    inside = {name: mark for name, mark in marks.items() if name.startswith("unsubscribe_url@")}
    if not any(mark in rendered.html for mark in inside.values()):
        yield _red("no-unsubscribe", "The HTML has no unsubscribe link.", "Mend the template")
    if not any(mark in rendered.text for mark in inside.values()):
        yield _red("no-unsubscribe-text", "The plain text has no unsubscribe link.", "Mend the template")
    header = rendered.headers.get("List-Unsubscribe", "")
    if not any(mark in header for mark in inside.values()):
        yield _red("no-list-unsubscribe", "The header List-Unsubscribe is missing.", "Mend the headers")
    if rendered.headers.get("List-Unsubscribe-Post") != ONE_CLICK:
        yield _red("no-one-click", "The header List-Unsubscribe-Post is missing (RFC 8058).", "Mend the headers")


def _reason(edition: Examined) -> Iterator[Check]:
    """See that the mail says why it came: it names each list the reader asked for."""
    page, text = _flat(html.unescape(edition.html)), _flat(edition.text)
    lost = [name for name in edition.plan.list_names.values() if _flat(name) not in page or _flat(name) not in text]
    if lost:
        yield _red("no-reason", f"The mail does not say that it came for {', '.join(lost)}.", "Mend the template")


def _sender(edition: Examined) -> Iterator[Check]:
    publication = edition.plan.publication
    if not publication.get("sender_name") or "@" not in publication.get("sender_address", ""):
        yield _red("no-sender", "The publication has no sender name or address.", "Set both on the publication")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _red(code: str, sentence: str, remedy: str) -> Check:
    return Check(level=Level.red, group=NAME, code=code, sentence=sentence, remedy=remedy)
