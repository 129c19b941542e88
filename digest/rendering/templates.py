"""The templates: found once, run in a sandbox, escaped where they are HTML, strict about what they name."""

import re
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from digest.rendering.errors import TemplateError
from digest.rendering.wording import wrap
from digest.settings import templates_folder

NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*\Z")


@cache
def environment(folder: Path) -> jinja2.Environment:
    """Return the environment of a folder of templates.

    ``.mjml`` and ``.html`` are escaped, ``.txt`` is not: Jinja's own default knows only ``.html`` and ``.xml``.
    """
    made = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=jinja2.select_autoescape(enabled_extensions=("mjml", "html"), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["wrap"] = wrap
    return made


def run(name: str, values: Mapping[str, Any], folder: Path | None = None) -> str:
    """Return a template of ``templates/`` (email/digest.mjml) filled with values.

    Raises TemplateError with the template's name and line.
    """
    try:
        return environment(folder or templates_folder()).get_template(name).render(values)
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"There is no template {error.name}. Templates stand in templates/email.") from error
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.name or name}, line {error.lineno}: {error.message}.", error.lineno) from error
    except (jinja2.TemplateError, TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        line = _line(error, name)
        at = f", line {line}" if line else ""
        raise TemplateError(f"{name}{at}: {type(error).__name__}: {str(error).rstrip('.')}.", line) from error


def mail(name: str, ending: str) -> str:
    """Return the path of a mail's template by its short name; raises TemplateError unless it is a plain word."""
    if not NAME.match(name):
        raise TemplateError(f"The template name {name!r} is not a plain word such as digest.")
    return f"email/{name}.{ending}"


def _line(error: Exception, name: str) -> int | None:
    """Return the template's line an error arose in: Jinja puts its own lines into the traceback."""
    ending = name.rpartition(".")[2]
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename.endswith(f".{ending}")]
    return lines[-1] if lines else None
