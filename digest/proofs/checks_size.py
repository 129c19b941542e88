"""Checks of size: Gmail clips long mails, and drops long styles."""

import re
from collections.abc import Iterator, Sequence

from digest.proofs.check import Check, Examined, Level, Surroundings
from digest.proofs.fitting import REFUSE_BYTES, WARN_BYTES

NAME = "size"
LOOKED_AT = "every edition under Gmail's clip, styles under its limit"
STYLE_BYTES = 16_384  # all <style> together; Gmail drops what is past it
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.IGNORECASE | re.DOTALL)


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:  # noqa: ARG001 - all groups are called alike
    """Measure each edition with its slots filled by the longest values."""
    for edition in editions:
        yield from _html(edition)
        style = sum(len(found.encode()) for found in _STYLE.findall(edition.html))
        if style > STYLE_BYTES:
            yield _check(
                Level.red, "style-bytes", f"The styles have {style:,} B; Gmail reads {STYLE_BYTES:,}.", edition
            )
        if edition.trimmed:
            yield _check(
                Level.amber,
                "trimmed",
                f"{len(edition.trimmed)} of the lowest stories were left out, so that the mail is not clipped.",
                edition,
            )


def _html(edition: Examined) -> Iterator[Check]:
    size = f"The mail has {edition.html_bytes:,} B"
    if edition.html_bytes > REFUSE_BYTES:
        yield _check(Level.red, "html-bytes", f"{size}; over {REFUSE_BYTES:,} Gmail cuts it off.", edition)
    elif edition.html_bytes > WARN_BYTES:
        yield _check(Level.amber, "html-near", f"{size}; Gmail cuts off at 102,400.", edition)


def _check(level: Level, code: str, sentence: str, edition: Examined) -> Check:
    remedy = "Fewer stories a section, shorter standfirsts, or a leaner template"
    return Check(level=level, group=NAME, code=code, sentence=sentence, place=edition.name, remedy=remedy)
