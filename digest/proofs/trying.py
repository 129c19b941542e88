"""Trying a newsroom's template before it is saved: made into mails, and these held against what no mail may lack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from html import unescape

from digest.issues.plan import EditionPlan, OwnTemplate
from digest.proofs import checks_legal, fitting
from digest.proofs.check import Examined
from digest.proofs.fitting import REFUSE_BYTES, WARN_BYTES
from digest.rendering import context, templates
from digest.rendering.errors import TemplateError
from digest.rendering.lint import lint
from digest.rendering.mailing import Rendered, render
from digest.rendering.urls import Urls
from digest.rendering.wording import clean

LIKE = 0.75  # of a line of the mail: so near a line of the template must be to be the one it came from
MOST_LOOKED_AT = 2_000  # lines of a template that are compared


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a template. ``line``: in its source, from 1; 0 where nobody can tell. ``part``: of it."""

    sentence: str
    part: str = ""  # mjml | text
    line: int = 0
    red: bool = True  # it cannot be saved; else it is only said

    @property
    def said(self) -> str:
        """Return it with its line, where the sentence does not say that."""
        if not self.line or f"line {self.line}" in self.sentence:
            return self.sentence
        return f"{self.sentence} (about line {self.line} of the template)"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying: the faults, the worst first, and the size of the largest mail in bytes."""

    faults: tuple[Fault, ...]
    html_bytes: int = 0

    @property
    def sound(self) -> bool:
        """Tell whether it can be saved."""
        return not any(one.red for one in self.faults)


def attempt(own: OwnTemplate, name: str, plans: Sequence[EditionPlan], urls: Urls) -> Tried:
    """Make each of some editions with a template, and look at the mails. Pure."""
    faults: list[Fault] = []
    most = 0
    for plan in plans:
        tried = with_template(plan, name, own)
        try:
            rendered = render(tried, urls)
        except TemplateError as error:
            return Tried((_located(error, own, name, tried, urls),))
        examined = _examined(tried, rendered)
        most = max(most, examined.html_bytes)
        faults += _missing(examined, urls)
    return Tried((*dict.fromkeys(faults), *_size(most)), most)


def with_template(plan: EditionPlan, name: str, own: OwnTemplate) -> EditionPlan:
    """Return an edition that is made with a template of a name."""
    return replace(plan, publication={**plan.publication, "template": name}, own_template=own)


def _examined(plan: EditionPlan, rendered: Rendered) -> Examined:
    """Return a mail as the checks see it: with the longest values, and all its stories, however heavy it is."""
    html, text = fitting.filled(rendered, plan.lists)
    return Examined(plan=plan, rendered=rendered, html=html, text=text, html_bytes=len(html.encode()), readers=1)


def _missing(examined: Examined, urls: Urls) -> Iterator[Fault]:
    """Look for the law's parts, and the reason line."""
    for check in checks_legal.of_edition(examined):
        yield Fault(f"{check.sentence} {check.remedy}.")
    why = " ".join(clean(context.make(examined.plan, urls).values["why"]).split())
    for part, body in (("mjml", unescape(examined.html)), ("text", examined.text)):
        if why and why not in " ".join(body.split()):
            yield Fault("The reason line is missing: print {{ why }}, which says why the reader gets this mail.", part)


def _size(most: int) -> Iterator[Fault]:
    if most > REFUSE_BYTES:
        yield Fault(f"A mail of the sample has {most:,} bytes; over {REFUSE_BYTES:,} Gmail cuts it off.")
    elif most > WARN_BYTES:
        yield Fault(f"A mail of the sample has {most:,} bytes, near Gmail's limit of 102,400.", red=False)


def _located(error: TemplateError, own: OwnTemplate, name: str, plan: EditionPlan, urls: Urls) -> Fault:
    """Say of an error in which line of the source it arose, as well as that can be told."""
    said = _spoken(str(error), plan, urls)
    for part, ending in (("text", "txt"), ("mjml", "mjml")):
        if said.startswith(templates.mail(name, ending)):
            return Fault(said, part, error.line or 0)
    if said.startswith("The plain text"):
        return Fault(said, "text")
    line = error.line
    if line is None:
        return Fault(said, "mjml")
    made = templates.run_source(own.mjml, templates.mail(name, "mjml"), context.make(plan, urls).values)
    return Fault(_unnumbered(said, made), "mjml", _source_line(made, line, own.mjml))


def _spoken(said: str, plan: EditionPlan, urls: Urls) -> str:
    """Say of a lost mark what it stands for, and how it is printed."""
    marks = context.make(plan, urls).marks
    for key, mark in marks.items():
        said = said.replace(repr(mark), f"the link {key.partition('@')[0]}, printed by {{{{ marks['{key}'] }}}}")
    return said


def _unnumbered(said: str, made: str) -> str:
    """Leave the line of the made MJML out of a sentence: it is not the one of the template."""
    try:
        lint(made)
    except TemplateError as error:
        return said.replace(f", line {error.line}", "")
    return said


def _source_line(made: str, line: int, source: str) -> int:
    """Return the line of the template that a line of the made MJML is most like; 0 where none is."""
    lines = made.split("\n")
    wanted = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    if not wanted:
        return 0
    best, found = LIKE, 0
    for number, text in enumerate(source.split("\n")[:MOST_LOOKED_AT], start=1):
        if text.strip() == wanted:
            return number
        alike = SequenceMatcher(None, text.strip()[:200], wanted[:200])
        if alike.real_quick_ratio() > best and (near := alike.ratio()) > best:
            best, found = near, number
    return found
