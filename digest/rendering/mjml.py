"""The only door to the MJML library: what goes in is linted, what it throws is caught, what comes out is checked."""

import re
from collections.abc import Sequence

from markupsafe import escape
from mjml import mjml2html

from digest.rendering.errors import TemplateError
from digest.rendering.lint import lint
from digest.rendering.sizes import STYLE, STYLE_LIMIT, style_bytes

ROOT = re.compile(r"<mjml\b([^>]*)>")
NAMED = re.compile(r'\b(lang|dir)="([A-Za-z0-9-]+)"')
POSITION = re.compile(r"position (\d+):")
INDENT = re.compile(r"\n[ \t\n]+")
QUOTED = re.compile(r"<mj-title>.*?</mj-title>|<[A-Za-z][^<>]*>", re.DOTALL)  # what ends up in attributes
IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
TABLE = re.compile(r"<table\b[^>]*>", re.IGNORECASE)
LINKING = re.compile(r"<[A-Za-z][^>]*(?:href|src|background|action)\s*=[^>]*>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
LINKS = ("href", "src", "background", "action", "srcset", "poster")
ALLOWED = re.compile(r"https?://|mailto:|%%[0-9a-f]{20}%%")
NEVER = ("<script", "<iframe", "<form", "<link", "<object", "<embed", "<base", "<svg", 'http-equiv="refresh"')
OPENING = re.compile(r"""<[A-Za-z](?:"[^"]*"|'[^']*'|[^'"<>])*>""")
HANDLER = re.compile(r"""[\s"'/]on[a-z]+\s*=""", re.IGNORECASE)  # onerror= and the like, maybe in a text
NEVER_IN_STYLE = ("@import", "@font-face", "url(", "\\")  # a backslash can spell the others
LONG_WORDS = "word-break:break-word;"  # inherited: a word longer than the screen breaks, and nothing scrolls sideways


def compile_mjml(source: str, *, must_contain: Sequence[str]) -> str:
    """Return the HTML of an MJML document whose values are already escaped.

    ``must_contain``: plain texts and URLs that the body must still hold (they are escaped here as the templates do).
    Raises TemplateError with the line where one can be told.
    """
    lint(source)
    language, direction = _language(source)
    html = _marked(INDENT.sub("\n", _compiled(source)), language, direction)
    _refuse_losses(html, must_contain)
    _refuse_harm(html)
    _refuse_style(html)
    _refuse_barriers(html)
    return html


def _compiled(source: str) -> str:
    try:
        return str(
            mjml2html(_numbered(source), fonts={})
        )  # fonts: else Google's are loaded in the reader's mail client
    except ValueError as error:
        line = _line(source, str(error))
        at = f", line {line}" if line else ""
        raise TemplateError(f"The MJML{at} cannot be compiled: {error}.", line) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of pyo3: it stands outside Exception, and has no import
            raise
        raise TemplateError(f"The MJML broke the compiler: {error}. Look for a tag that is not closed.") from error


def _numbered(source: str) -> str:
    r"""Write what is not plain ASCII in tags and in the title as &#1611; and the like.

    The library prints attributes as Rust prints strings: a backslash is doubled, and an Arabic vowel sign or a
    zero-width joiner in an alt text becomes the letters ``\u{64b}`` (seen in mrml 6.0.1).
    """
    return QUOTED.sub(lambda found: _ascii(found.group()), source)


def _ascii(text: str) -> str:
    if text.isascii() and "\\" not in text:
        return text
    return text.replace("\\", "&#92;").encode("ascii", "xmlcharrefreplace").decode("ascii")


def _line(source: str, message: str) -> int | None:
    found = POSITION.search(message)
    return source.encode().count(b"\n", 0, int(found.group(1))) + 1 if found else None


def _language(source: str) -> tuple[str, str]:
    root = ROOT.search(source)
    named = dict(NAMED.findall(root.group(1))) if root else {}
    if set(named) != {"lang", "dir"}:
        raise TemplateError('The MJML must begin with lang and dir, such as <mjml lang="en" dir="ltr">.', 1)
    return named["lang"], named["dir"]


def _marked(html: str, language: str, direction: str) -> str:
    """Put lang and dir on the body too, since mail clients cut away <html>; and let long words break."""
    named = f'lang="{language}" dir="{direction}" style="'
    html = html.replace('<body style="', f"<body {named}{LONG_WORDS}", 1)
    return html.replace(f'role="article" {named}', f'role="article" {named}{LONG_WORDS}direction:{direction};', 1)


def _refuse_losses(html: str, must_contain: Sequence[str]) -> None:
    if "<mj-" in html or "</mj-" in html:
        raise TemplateError(
            "MJML tags were left in the mail: a conditional comment in mj-raw opens what it never closes."
        )
    body = html[html.find(">", html.find('role="article"')) :]  # what only title and preview line hold does not count
    for text in must_contain:
        if str(escape(text)) not in body:
            raise TemplateError(f"The mail lost {text!r}: the template puts it where MJML drops it, or not at all.")


def _refuse_harm(html: str) -> None:
    lowered = html.lower()
    for never in NEVER:
        if never in lowered:
            raise TemplateError(f"The mail holds {never!r}: no script, form, frame or foreign page goes into a mail.")
    _refuse_handlers(html)
    for tag in LINKING.findall(html):
        for name, *values in ATTRIBUTE.findall(tag):
            if name.lower() in LINKS and not ALLOWED.match("".join(values)):
                raise TemplateError(
                    f"The mail links to {''.join(values)!r}; only http, https and mailto may stand there."
                )


def _refuse_handlers(html: str) -> None:
    if not HANDLER.search(html):
        return
    for tag in OPENING.findall(html):
        named = [name for name, *_ in ATTRIBUTE.findall(tag) if name.lower().startswith("on")]
        if named:
            raise TemplateError(f"The mail has a tag with {named[0]!r}, which would run a script: none goes in.")


def _refuse_style(html: str) -> None:
    for block in STYLE.findall(html):
        for never in NEVER_IN_STYLE:
            if never in block.lower():
                raise TemplateError(
                    f"A style block holds {never!r}: a mail loads no fonts and no style from elsewhere."
                )
    if style_bytes(html) >= STYLE_LIMIT:
        raise TemplateError(f"The styles have {style_bytes(html):,} bytes; Gmail drops them from {STYLE_LIMIT:,} on.")


def _refuse_barriers(html: str) -> None:
    for image in IMAGE.findall(html):
        if " alt=" not in image or " width=" not in image:
            raise TemplateError(f"A picture lacks alt or width: {image[:160]}")
    for table in TABLE.findall(html):
        if 'role="presentation"' not in table:
            raise TemplateError(f'A table lacks role="presentation": a screen reader would read cells: {table[:160]}')
