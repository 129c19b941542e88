"""Our own rules of what mail programs do, where a feature has no fallback, and what to do instead.

What of caniemail's features matters when it is missing is judged here; all others only look plainer. What caniemail
does not know stands in ``OWN``: sources are https://github.com/hteumeuleu/caniemail/issues/144 (an @-rule in another
makes Gmail drop the whole block), caniemail's notes on margin and on html-style, and email.md 3.2.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_TABLES: Final = "Lay it out by tables"
_VALUE: Final = "Write the value itself before it, for programs that do not know this"
_PICTURE: Final = "Use a JPEG or PNG"
_NO_FORM: Final = "Link to a page instead"

# Feature -> what to do instead. Those not named here are looks: corners, shadows, hover, balance of lines.
MATTERS: Final[Mapping[str, str]] = {
    "css-display-flex": _TABLES,
    "css-display-grid": _TABLES,
    "css-grid-template": _TABLES,
    "css-position": "Let nothing be placed by position",
    "css-float": "Use the attribute align of a table",
    "css-variables": "Write the value itself",
    "css-nesting": "Write each rule on its own",
    "css-at-import": "Put the styles into the mail",
    "css-background-image": "Give a background-color as well",
    "css-linear-gradient": "Give a background-color as well",
    "css-radial-gradient": "Give a background-color as well",
    "css-conic-gradient": "Give a background-color as well",
    "css-rgba": _VALUE,
    "css-modern-color": "Write colours as #rrggbb",
    "css-function-light-dark": _VALUE,
    "css-function-clamp": _VALUE,
    "css-function-max": _VALUE,
    "css-function-min": _VALUE,
    "css-unit-calc": _VALUE,
    "css-unit-rem": _VALUE,
    "css-unit-ch": _VALUE,
    "css-unit-vw": _VALUE,
    "css-unit-vh": _VALUE,
    "css-unit-vmin": _VALUE,
    "css-unit-vmax": _VALUE,
    "css-transform": "Show it as it stands",
    "css-clip-path": "Cut the picture itself",
    "css-object-fit": "Cut the picture itself to its shape",
    "css-writing-mode": "Write it from line to line",
    "css-visibility": "Leave it out, or hide it by display:none",
    "css-pseudo-element-before": "Write the text into the mail",
    "css-pseudo-element-after": "Write the text into the mail",
    "html-style": "Put what the layout needs into style attributes",
    "html-link": "Put the styles into the mail",
    "html-audio": _NO_FORM,
    "html-video": "Link a still picture to the page that plays it",
    "html-svg": _PICTURE,
    "html-object": _PICTURE,
    "html-picture": "Put an img into it",
    "html-srcset": "Give the img a src as well",
    "html-form": _NO_FORM,
    "html-input-text": _NO_FORM,
    "html-input-checkbox": _NO_FORM,
    "html-input-radio": _NO_FORM,
    "html-input-submit": _NO_FORM,
    "html-button-submit": _NO_FORM,
    "html-select": _NO_FORM,
    "html-textarea": _NO_FORM,
    "html-dialog": "Leave it out",
    "html-popover": "Leave it out",
    "html-meter": "Write the figure",
    "html-progress": "Write the figure",
    "html-image-maps": "Cut the picture into several links",
    "html-anchor-links": "Link to a page; jumps within a mail are dead in some programs",
    "html-bdi": "Give the element a dir as well",
    "image-webp": _PICTURE,
    "image-avif": _PICTURE,
    "image-svg": _PICTURE,
    "image-base64": "Link to the picture's address",
    "image-apng": _PICTURE,
    "image-bmp": _PICTURE,
    "image-heif": _PICTURE,
    "image-tiff": _PICTURE,
    "image-ico": _PICTURE,
    "image-hdr": _PICTURE,
    "image-mp4": _PICTURE,
}


class Own(NamedTuple):
    """A rule that is no feature of the data: what it looks for in the HTML without its comments."""

    code: str
    pattern: re.Pattern[str]
    sentence: str
    remedy: str


_FLAGS: Final = re.IGNORECASE | re.DOTALL
OWN: Final = (
    Own("client-script", re.compile(r"<script\b", _FLAGS), "No mail program runs a script.", "Take it out"),
    Own(
        "client-frame",
        re.compile(r"<(?:iframe|embed|frame|applet)\b", _FLAGS),
        "No mail program shows a frame or a plug-in.",
        "Link to the page",
    ),
    Own(
        "client-vml",
        re.compile(r"<v:\w+", _FLAGS),
        "VML stands outside <!--[if mso]>, where only Outlook for Windows would understand it.",
        "Put it into the conditional comment, and something for the others beside it",
    ),
    Own(
        "client-negative-margin",
        re.compile(r"""\bmargin(?:-\w+)?\s*:\s*(?:[\w.%]+\s+)*-\d""", _FLAGS),
        "A margin is negative: Gmail, Outlook and Yahoo! Mail take none, so things overlap or stand apart.",
        "Lay it out without",
    ),
)
NESTED_AT: Final = Own(
    "client-nested-at",
    re.compile(""),
    "An @-rule stands within another: Gmail drops the whole style block.",
    "Put each into a style block of its own, or leave it out",
)
NOT_INLINE: Final = Own(
    "client-not-inline",
    re.compile(""),
    "Most of the mail is styled by its style block alone: Gmail's app with other accounts drops that.",
    "Put what the layout needs into style attributes",
)
