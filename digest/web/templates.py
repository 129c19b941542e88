"""The pages' templates, and a page made from one."""

from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment

from digest.rendering.templates import environment as of_folder
from digest.settings import templates_folder
from subscribers.pages import Translation

PRODUCT: Final = "digest-mailer"


def environment() -> Environment:
    """Return the environment of the templates folder; HTML is escaped, and a missing value is an error."""
    return of_folder(templates_folder())


def style() -> str:
    """Return the pages' stylesheet, as it stands in each of them."""
    return environment().get_template("public/style.css").render()


def translation(language: str) -> Translation:  # noqa: ARG001 - other languages have no words yet
    """Return the words of the pages: English, whatever the reader's language."""
    return Translation("en", str)


def page(template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """Return a page made from ``templates/public/<template>.html``."""
    words = translation("")
    given = {"_": words.text, "language": words.language, "product": PRODUCT} | values
    return HTMLResponse(environment().get_template(f"public/{template}.html").render(given), status_code=status)


def problem(sentence: str, status: HTTPStatus = HTTPStatus.NOT_FOUND) -> HTMLResponse:
    """Return a page that says in a sentence what does not work."""
    return page("problem", status, sentence=sentence)
