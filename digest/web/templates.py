"""The pages' templates, and a page made from one."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from digest.rendering.catalogue import languages
from digest.rendering.catalogue.pages import page_words
from digest.rendering.templates import environment as of_folder
from digest.settings import templates_folder
from subscribers.pages import Translation
from subscribers.pages.forms import language
from subscribers.pages.frame import spoken as words_of

PRODUCT: Final = "digest-mailer"


def environment() -> Environment:
    """Return the environment of the templates folder; HTML is escaped, and a missing value is an error."""
    return of_folder(templates_folder())


def style() -> str:
    """Return the pages' stylesheet, as it stands in each of them."""
    return environment().get_template("public/style.css").render()


def translation(code: str) -> Translation:
    """Return the words of the readers' pages in a language; English where there are none."""
    words = page_words(code)
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
    return HTMLResponse(rendered(template, spoken, **values), status_code=status)


def rendered(template: str, tongue: str, **values: Any) -> str:
    """Return ``templates/public/<template>.html`` filled with values, speaking a language."""
    given = words_of(translation(tongue)) | {"product": PRODUCT} | values
    return environment().get_template(f"public/{template}.html").render(given)


def problem(sentence: str, status: HTTPStatus = HTTPStatus.NOT_FOUND, *, spoken: str = "") -> HTMLResponse:
    """Return a page that says in a sentence what does not work; ``spoken``: its language."""
    return page("problem", status, spoken=spoken, sentence=translation(spoken).text(sentence))


def asked_for(request: Request) -> str:
    """Return the language that a browser asks for, of those that our pages speak; "" for none of them."""
    return language(request, frozenset(languages()))
