"""The words an edition opens with when no editor wrote any: subject and preheader, from its own stories."""

from collections.abc import Sequence

SUBJECT_LIMIT = 78  # hard (RFC 5322 line; email.md 3.1)
PREHEADER_LIMIT = 90
_ENDS = " ,;:–—-"


def default_subject(headlines: Sequence[str], publication: str) -> str:
    """Return the lead's headline, cut at a word where it is too long; the publication's name without a lead."""
    return clipped(headlines[0], SUBJECT_LIMIT) if headlines else publication


def default_preheader(headlines: Sequence[str]) -> str:
    """Return what the second and third story say, as far as it fits; never the lead's headline again."""
    more = [headline for headline in headlines[1:3] if headline != headlines[0]]
    both = " · ".join(more)
    return both if len(both) <= PREHEADER_LIMIT else clipped(more[0], PREHEADER_LIMIT)


def clipped(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters, cut between words and marked by an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    words = cut[: cut.rfind(" ")] if " " in cut else cut[:-1]
    return words.rstrip(_ENDS) + "…"
