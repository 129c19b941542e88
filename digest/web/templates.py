"""The pages' templates, and a page made from one."""

from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment

from digest.rendering.catalogue.pages import page_words
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


def translation(language: str) -> Translation:
    """Return the words of the readers' pages in a language; English where there are none."""
    words = page_words(language)
    return Translation(
        language=words.language,
        direction=words.base.direction,
        text=words.text,
        count=words.count,
        date=words.date,
        listed=words.listed,
    )


def page(template: str, status: HTTPStatus = HTTPStatus.OK, *, spoken: str = "", **values: Any) -> HTMLResponse:
    """Return a page made from ``templates/public/<template>.html``; ``spoken``: its language."""
    words = translation(spoken)
    given = {"_": words.text, "language": words.language, "direction": words.direction, "product": PRODUCT} | values
    return HTMLResponse(environment().get_template(f"public/{template}.html").render(given), status_code=status)


def problem(sentence: str, status: HTTPStatus = HTTPStatus.NOT_FOUND) -> HTMLResponse:
    """Return a page that says in a sentence what does not work."""
    return page("problem", status, sentence=sentence)
