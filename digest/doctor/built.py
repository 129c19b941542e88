"""Looks at what is installed: the compiler of mails, the fonts of plots, and every template."""

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import TemplateSyntaxError

from digest.doctor.finding import Finding, Patient, fail, ok
from digest.rendering.mjml import compile_mjml
from digest.rendering.templates import environment
from digest.settings import templates_folder

AGAIN = "Install the package again: pip install --force-reinstall digest-mailer"
SMALLEST = (
    '<mjml lang="en" dir="ltr"><mj-head><mj-title>x</mj-title></mj-head><mj-body><mj-section><mj-column>'
    "<mj-text>checked</mj-text></mj-column></mj-section></mj-body></mjml>"
)


def mails(_patient: Patient) -> Sequence[Finding]:
    """Compile a mail of one word."""
    try:
        compile_mjml(SMALLEST, must_contain=["checked"])
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the library, it is told
        return [fail("mjml", f"Mails cannot be compiled: {type(error).__name__}: {error}", AGAIN)]
    return [ok("mjml", "Mails can be compiled.")]


def fonts(_patient: Patient) -> Sequence[Finding]:
    """Look for the font of the plots."""
    try:
        there = any(one.name.endswith(".ttf") for one in files("digest.reports").joinpath("fonts").iterdir())
    except OSError:
        there = False
    if not there:
        return [fail("fonts", "The font of the plots is missing.", AGAIN)]
    return [ok("fonts", "The font of the plots is there.")]


def templates(_patient: Patient) -> Sequence[Finding]:
    """Parse every template, so that a broken one is found before a reader or an editor does."""
    folder = templates_folder()
    made = environment(folder)
    names = made.list_templates(filter_func=lambda name: name.endswith((".html", ".txt", ".mjml")))
    broken = []
    for name in names:
        try:
            made.get_template(name)
        except TemplateSyntaxError as error:
            broken.append(
                fail("templates", f"The template {name} is broken in line {error.lineno}: {error.message}.", AGAIN)
            )
    if not names:
        return [fail("templates", f"There are no templates in {folder}.", AGAIN)]
    return broken or [ok("templates", f"All {len(names)} templates can be read.")]
