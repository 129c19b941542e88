"""A stored mail made into a page of ours: with what became of its stories, and with our frame around it. Pure."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from digest.clock import as_utc_text
from digest.issues.models import Publication
from digest.proofs import published
from digest.proofs.published import Mail, Number, Told
from digest.rendering import in_public
from digest.rendering.catalogue import catalogue
from digest.rendering.catalogue.pages import page_words
from digest.rendering.in_public import Since
from digest.web.templates import rendered
from subscribers import ListData


def framed(  # noqa: PLR0917 - all of one page
    base_url: str,
    publication: Publication,
    data: ListData,
    number: Number,
    stories: Sequence[Told],
    beside: tuple[Number | None, Number | None],
    mail: Mail,
) -> str:
    """Return the public page of an issue: nothing of it is anybody's own."""
    about, preheader = published.said(number, stories)
    gone = page_words(number.language).text("Retracted")
    join = f"/join/{quote(publication.id)}?list={quote(data.id)}"
    lead = next((one for one in stories if one.block == "lead" and not one.gone), None)
    values: dict[str, Any] = {
        "public": publication.archive == published.PUBLIC,
        "canonical": f"{base_url}{number.path}",
        "feed": f"/archive/{publication.id}/{data.id}/feed",
        "list_name": data.name,
        "publication": publication.name,
        "subject": f"{gone}: {number.subject}" if about else number.subject,
        "description": (lead.standfirst if lead else "") or preheader,
        "published": as_utc_text(number.sent_at),
        "image": lead.picture if lead else "",
        "alt": lead.alt if lead else "",
        "index": f"/archive/{publication.id}/{data.id}",
        "privacy": f"/privacy/{publication.id}",
        "join": join,
        "can_join": data.open,
        "changes": len({one.headline for one in stories if one.gone or one.correction}),
        "before": beside[0],
        "later": beside[1],
    }
    html = in_public.marked(mail.html, since(stories, number.language), number.language)
    html = in_public.public(html, mail.marks, number.language, elsewhere=f"{base_url}{join}")
    parts = (rendered(f"archived_{part}", number.language, **values) for part in ("head", "top", "foot"))
    head, before, after = parts
    return in_public.framed(html, head=head, before=before, after=after)


def since(stories: Sequence[Told], language: str) -> dict[int, Since]:
    """Return place -> what became of the story there, of those of which there is something to say."""
    words, label = page_words(language), catalogue(language).word("correction")
    gone = {"retracted": words.text("Retracted"), "unpublished": words.text("No longer published")}
    return {
        one.place: Since(
            gone=gone.get(one.gone, ""),
            correction=one.correction,
            label=label,
            standfirst=one.standfirst,
            picture=one.picture,
        )
        for one in stories
        if one.gone or one.correction
    }


def since_as_text(stories: Sequence[Told], language: str) -> str:
    """Return the same as lines of plain text; "" where there is nothing to say."""
    words, label = page_words(language), catalogue(language).word("correction")
    gone = {"retracted": words.text("Retracted"), "unpublished": words.text("No longer published")}
    lines = [
        f"[{gone[one.gone]}] {one.headline}" if one.gone else f"{one.headline}\n{label}: {one.correction}"
        for one in stories
        if one.gone or one.correction
    ]
    return "\n".join([*lines, "", ""]) if lines else ""
