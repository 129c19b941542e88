"""The templates: found once, run in a sandbox, escaped where they are HTML, strict about what they name."""

import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from digest.issues.plan import OwnTemplate
from digest.rendering.bounds import OPTIONS, Bounded, bounded
from digest.rendering.errors import TemplateError
from digest.rendering.wording import wrap
from digest.settings import templates_folder

NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*\Z")
LONGEST_NAME: Final = 60
LONGEST_SOURCE: Final = 200_000  # characters of one part
_WRONG: Final = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,  # also a recursion without an end
    SyntaxError,  # more loops inside each other than Python takes
    MemoryError,
)


@cache
def environment(folder: Path) -> jinja2.Environment:
    """Return the environment of a folder of templates.

    ``.mjml`` and ``.html`` are escaped, ``.txt`` is not: Jinja's own default knows only ``.html`` and ``.xml``.
    """
    made = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folder),
        **OPTIONS,
    )
    made.filters["wrap"] = wrap
    return made


def run(name: str, values: Mapping[str, Any], folder: Path | None = None) -> str:
    """Return a template of ``templates/`` (email/digest.mjml) filled with values.

    Raises TemplateError with the template's name and line.
    """
    with _named(name):
        return environment(folder or templates_folder()).get_template(name).render(values)


def run_source(source: str, name: str, values: Mapping[str, Any]) -> str:
    """Return a newsroom's own template filled with values; ``name`` (email/digest.mjml) says what it stands for.

    It runs within the bounds of ``bounds``. Raises TemplateError with the name and the line.
    """
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(f"{name} has {len(source):,} characters; {LONGEST_SOURCE:,} is the most.")
    with _named(name), bounded():
        return _compiled(templates_folder(), source, name).render(values)


def filled(name: str, values: Mapping[str, Any], source: str | None) -> str:
    """Return a mail's template filled with values: a newsroom's own text of it (``source``), else the product's file.

    Raises TemplateError.
    """
    return run(name, values) if source is None else run_source(source, name, values)


def mail(name: str, ending: str) -> str:
    """Return the path of a mail's template by its short name; raises TemplateError unless it is a plain word."""
    if not NAME.match(name) or len(name) > LONGEST_NAME:
        raise TemplateError(f"The template name {name[:LONGEST_NAME]!r} is not a plain word such as digest.")
    return f"email/{name}.{ending}"


def shipped_names() -> list[str]:
    """Return the short names of the mails' templates that come with the product."""
    return sorted(file.stem for file in (templates_folder() / "email").glob("*.mjml"))


def shipped(name: str) -> OwnTemplate | None:
    """Return the text of a template that comes with the product, as version 0; None where there is none so called."""
    if name not in shipped_names():
        return None
    mjml, text = ((templates_folder() / mail(name, part)).read_text(encoding="utf-8") for part in ("mjml", "txt"))
    return OwnTemplate(number=0, mjml=mjml, text=text)


@cache
def _bounded(folder: Path) -> Bounded:
    return Bounded(jinja2.FileSystemLoader(folder))


@lru_cache(maxsize=64)
def _compiled(folder: Path, source: str, name: str) -> jinja2.Template:
    made = _bounded(folder)
    code = made.compile(source, name, name)
    return jinja2.Template.from_code(made, code, made.make_globals(None))


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of what goes wrong in which template, and in which line."""
    try:
        yield
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"There is no template {error.name}. Templates stand in templates/email.") from error
    except jinja2.TemplateSyntaxError as error:
        said = str(error.message).rstrip(".")
        raise TemplateError(f"{error.name or name}, line {error.lineno}: {said}.", error.lineno) from error
    except _WRONG as error:
        line = _line(error, name)
        at = f", line {line}" if line else ""
        kind = "" if isinstance(error, SecurityError) else f"{type(error).__name__}: "
        said = str(error).rstrip(".") or "it cannot be run"
        raise TemplateError(f"{name}{at}: {kind}{said}.", line) from error


def _line(error: BaseException, name: str) -> int | None:
    """Return the template's line an error arose in: Jinja puts its own lines into the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename.endswith(name)]
    return lines[-1] if lines else None
