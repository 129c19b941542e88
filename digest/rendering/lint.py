"""What the MJML library would lose in silence, or die of: found in the source, before it is compiled.

mrml (the library) drops an unknown tag with its content, a known tag in the wrong place, and an unknown attribute,
without a word; ten thousand nested tags kill the process.
"""

import re
from dataclasses import dataclass, field
from typing import NoReturn

from digest.rendering.errors import TemplateError

MOST_BYTES = 1_000_000
DEEPEST = 100  # open tags; 1,000 are still safe, 10,000 end in a crash of the whole process
NOT_IN_TAG = re.compile(r"<!--.*?-->|<!doctype[^>]*>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"""<(/?)([A-Za-z][\w:-]*)((?:"[^"]*"|'[^']*'|[^'"<>])*)(>?)|<(?=[^/A-Za-z]|/[^A-Za-z]|\Z)""")
ATTRIBUTE = re.compile(r"""([^\s"'=/>]+)\s*(?:=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?""")
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])

BOX = "padding padding-top padding-right padding-bottom padding-left css-class mj-class"
GROUND = "background-color border border-top border-right border-bottom border-left border-radius"
TYPE = "align color font-family font-size font-style font-weight letter-spacing line-height text-decoration"
ATTRIBUTES = {
    tag: frozenset(names.split())
    for tag, names in {
        "mjml": "lang dir",
        "mj-head": "",
        "mj-body": "width background-color css-class",
        "mj-title": "",
        "mj-preview": "",
        "mj-raw": "",
        "mj-style": "",
        "mj-breakpoint": "width",
        "mj-attributes": "",
        "mj-wrapper": f"{BOX} {GROUND} direction full-width text-align gap",
        "mj-section": f"{BOX} {GROUND} direction full-width text-align text-padding background-url background-size "
        "background-repeat background-position",
        "mj-group": "width vertical-align background-color direction css-class mj-class",
        "mj-column": f"{BOX} {GROUND} direction width vertical-align inner-background-color inner-border "
        "inner-border-radius",
        "mj-text": f"{BOX} {TYPE} container-background-color height text-transform vertical-align",
        "mj-image": f"{BOX} {GROUND} align alt container-background-color fluid-on-mobile height href rel src target "
        "title width max-height",
        "mj-button": f"{BOX} {GROUND} {TYPE} container-background-color height href inner-padding rel target "
        "text-align text-transform title vertical-align width",
        "mj-divider": f"{BOX} align border-color border-style border-width container-background-color width",
        "mj-spacer": f"{BOX} container-background-color height",
        "mj-table": f"{BOX} {TYPE} cellpadding cellspacing container-background-color role table-layout width",
    }.items()
}
LEAVES = "mj-text mj-image mj-button mj-divider mj-spacer mj-table mj-raw"
CHILDREN = {
    parent: frozenset(names.split())
    for parent, names in {
        "": "mjml",
        "mjml": "mj-head mj-body",
        "mj-head": "mj-title mj-preview mj-breakpoint mj-attributes mj-raw mj-style",
        "mj-body": "mj-wrapper mj-section mj-raw",
        "mj-wrapper": "mj-section mj-raw",
        "mj-section": "mj-column mj-group mj-raw",
        "mj-group": "mj-column mj-raw",
        "mj-column": LEAVES,
    }.items()
}
DEFAULTS = "mj-attributes"  # holds any known tag, and mj-all and mj-class with any known attribute
ANY_DEFAULT = frozenset(name for names in ATTRIBUTES.values() for name in names) | {"name"}


@dataclass(slots=True)
class _Linter:
    source: str
    open_tags: list[str] = field(default_factory=list)  # mj-* only
    depth: int = 0  # of all tags

    def tag(self, found: re.Match[str]) -> None:
        closing, name, rest, end = found.group(1), found.group(2), found.group(3), found.group(4)
        if name is None or not end:
            self.refuse(found, f"a bare `<` or an unfinished tag: {found.group()[:40]!r}. Write &lt;")
        ours = name.startswith("mj-") or name == "mjml"
        if closing:
            self.close(found, name, ours=ours)
            return
        if ours:
            self.open(found, name, rest)
        elif (parent := self.open_tags[-1] if self.open_tags else "") in CHILDREN:
            self.refuse(found, f"<{name}> directly in {_named(parent)} would be lost. Put it into mj-raw or mj-text")
        if not rest.endswith("/") and name.lower() not in VOID:
            self.deepen(found)
            if ours:
                self.open_tags.append(name)

    def open(self, found: re.Match[str], name: str, rest: str) -> None:
        parent = self.open_tags[-1] if self.open_tags else ""
        defaults = parent == DEFAULTS
        if name not in ATTRIBUTES and not (defaults and name in ("mj-all", "mj-class")):
            self.refuse(found, f"<{name}> is not a tag this product knows: it would be lost with all it holds")
        if not defaults and name not in CHILDREN.get(parent, frozenset()):
            self.refuse(found, f"<{name}> in {_named(parent)} would be lost")
        known = ANY_DEFAULT if defaults else ATTRIBUTES[name]
        given = ATTRIBUTE.findall(rest.rstrip("/"))
        unknown = [each for each in given if each not in known]
        if unknown:
            self.refuse(found, f"<{name}> has no attribute {unknown[0]!r}: it would be lost")
        if name == "mj-image" and not defaults and not {"alt", "width"} <= set(given):
            self.refuse(found, "<mj-image> needs alt and width")

    def close(self, found: re.Match[str], name: str, *, ours: bool) -> None:
        self.depth -= 1
        if ours and (not self.open_tags or self.open_tags.pop() != name):
            self.refuse(found, f"</{name}> closes nothing that is open")

    def deepen(self, found: re.Match[str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse(found, f"more than {DEEPEST} tags stand open inside each other")

    def refuse(self, found: re.Match[str], what: str) -> NoReturn:
        line = self.source.count("\n", 0, found.start()) + 1
        raise TemplateError(f"The MJML, line {line}: {what}.", line)


def lint(source: str) -> None:
    """Refuse, with TemplateError and the line, what would be lost or do harm. Costs about a millisecond."""
    if len(source) > MOST_BYTES:
        raise TemplateError(f"The MJML has {len(source):,} characters; more than {MOST_BYTES:,} are not compiled.")
    blanked = NOT_IN_TAG.sub(_blank, source)  # conditional comments are checked by what comes out
    linter = _Linter(blanked)
    for found in TAG.finditer(blanked):
        linter.tag(found)
    if linter.open_tags:
        raise TemplateError(f"The MJML ends before </{linter.open_tags[-1]}>.")


def _blank(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")


def _named(parent: str) -> str:
    return f"<{parent}>" if parent else "the file's top"
