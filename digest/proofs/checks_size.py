"""Checks of size: Gmail clips long mails, and drops long styles."""

import re
from collections.abc import Iterator, Mapping, Sequence

from digest.proofs.check import Asked, Check, Examined, Level, Surroundings
from digest.proofs.fitting import REFUSE_BYTES, WARN_BYTES
from digest.proofs.links.targets import pictures_of

NAME = "size"
LOOKED_AT = "every edition under Gmail's clip, styles under its limit, pictures light where their links were fetched"
STYLE_BYTES = 16_384  # all <style> together; Gmail drops what is past it
PICTURES = "picture-bytes"  # a code
PICTURE_BYTES = 600_000  # of all pictures of a mail (email.md 3.1)
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.IGNORECASE | re.DOTALL)


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
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
        yield from pictures(edition.name, edition.rendered.html, around.asked)


def pictures(name: str, page: str, asked: Mapping[str, Asked]) -> Iterator[Check]:
    """Weigh the pictures of a mail, as far as their addresses said how many bytes they have."""
    total = sum(asked[url].size for url in pictures_of(page) if url in asked) if asked else 0
    if total > PICTURE_BYTES:
        yield Check(
            level=Level.amber,
            group=NAME,
            code=PICTURES,
            sentence=f"The pictures have {total:,} B; over {PICTURE_BYTES:,} a phone waits, and some data is paid for.",
            place=name,
            remedy="Let the pictures be cut (DIGEST_PICTURES), or give the articles lighter ones",
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
