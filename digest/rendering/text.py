"""The plain-text part: the same stories in the same order, at 72 columns, checked like the HTML."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from digest.rendering import templates
from digest.rendering.errors import TemplateError

BLANK_LINES = re.compile(r"\n{3,}")
TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)


def render_text(
    template: str, values: Mapping[str, Any], *, must_contain: Sequence[str], source: str | None = None
) -> str:
    """Return the plain text of an edition. Raises TemplateError when a text of ``must_contain`` is lost.

    ``source``: the newsroom's own text of the template; None: the product's file.
    Blanks are compared as one, since headlines are wrapped; a URL never is.
    """
    filled = templates.filled(templates.mail(template, "txt"), values, source)
    text = BLANK_LINES.sub("\n\n", TRAILING.sub("", filled)).strip() + "\n"
    unwrapped = " ".join(text.split())
    for needed in must_contain:
        if needed not in unwrapped:
            raise TemplateError(f"The plain text lost {needed!r}: the template {template}.txt does not print it.")
    return text
