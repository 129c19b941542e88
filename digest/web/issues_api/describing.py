"""The API's description of itself: what each operation needs and may answer, and the OpenAPI document of them all."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from inspect import cleandoc
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from digest.api_keys import Scope
from digest.articles.importing.data import ArticleData
from digest.web.issues_api.shapes import Problem
from digest.web.problems import KINDS, MEDIA_TYPE, kind_of

SCHEME: Final = "key"
REF: Final = "#/components/schemas/{model}"
SCOPES: Final[Mapping[Scope, str]] = {
    Scope.intake: "hand in articles and reads",
    Scope.read: "look at issues, reports, lists, publications, and numbers of readers",
    Scope.edit: "draft and change issues, comment, check, send tests to testers",
    Scope.send: "approve, schedule, send, pause, resume, cancel, decide about uncertain deliveries",
}
ABOUT: Final = (
    "What the editors' desk does, for other systems. A key goes with each request as Authorization: Bearer dgst_...; "
    "`digest keys add NAME --scope read --scope edit` makes one. No scope holds another. No cookie is read or set, and "
    "pages of other sites may not ask.\n\n"
    "Repeating is safe. Edits, texts, approvals and orders to send name the version that was looked at, in the body or "
    "as If-Match with the ETag of the issue: what was done already does not fit any more, or is left as it is. Pause, "
    "resume, cancel and decisions leave alone what is so already; a draft with as_of is made once. Comments and tests "
    "honour the header Idempotency-Key. 1,200 requests of a key are answered in ten minutes.\n\n"
    "Lists come in pages: the member next, and the header Link, lead to the next one."
)
_ALWAYS: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_PAGES: Final = {
    "type": "object",
    "required": ["pages"],
    "additionalProperties": False,
    "properties": {
        "pages": {
            "type": "array",
            "maxItems": 50_000,
            "items": {"$ref": "#/components/schemas/PageReads"},
        },
        "from": {"type": "string", "format": "date-time", "description": "Views need their period."},
        "to": {"type": "string", "format": "date-time"},
        "source": {
            "type": ["string", "null"],
            "maxLength": 200,
            "description": "Default: api: and the name of the key.",
        },
        "site": {"type": ["string", "null"], "maxLength": 200, "description": "Where addresses without a host belong."},
    },
    "example": {
        "from": "2026-11-16T00:00:00Z",
        "to": "2026-11-23T00:00:00Z",
        "pages": [{"url": "https://example.org/salt", "views": 120}],
    },
}
_PAGE_READS: Final = {
    "type": "object",
    "required": ["url"],
    "properties": {
        "url": {"type": "string"},
        "views": {"type": "integer", "minimum": 0},
        "rank": {"type": "integer", "minimum": 1},
    },
}
_ARTICLE: Final = {"$ref": "#/components/schemas/Article"}
_ARTICLES: Final = {
    "oneOf": [
        {
            "type": "object",
            "description": "An object with the articles and what holds for all; else a list of them, or one alone.",
            "required": ["articles"],
            "additionalProperties": False,
            "properties": {
                "articles": {"type": "array", "maxItems": 5_000, "items": _ARTICLE},
                "source": {"type": ["string", "null"], "maxLength": 200},
                "language": {"type": ["string", "null"]},
                "region": {"type": ["string", "null"]},
                "backlog": {"type": "boolean"},
            },
        },
        {"type": "array", "maxItems": 5_000, "items": _ARTICLE},
        _ARTICLE,
    ],
    "example": {"articles": [{"url": "https://example.org/salt", "headline": "Salt"}]},
}


def operation(act: Callable[..., Any], scope: Scope, more: Sequence[HTTPStatus] = ()) -> dict[str, Any]:
    """Return what FastAPI is told of an operation: name and words from what it does, its scope, its problems."""
    first, _, rest = cleandoc(act.__doc__ or "").partition("\n")
    needs = f"Needs the scope {scope}."
    return {
        "operation_id": getattr(act, "__name__", ""),
        "summary": first.rstrip("."),
        "description": f"{' '.join(rest.split())} {needs}".strip(),
        "responses": _problems((*_ALWAYS, *_WITH_BODY, *more)),
        "openapi_extra": {"security": [{SCHEME: [scope.value]}]},
    }


def of_intake(path: str) -> dict[str, Any]:
    """Return what FastAPI is told of the door for articles and reads, whose bodies are understood elsewhere."""
    articles = path.endswith("articles")
    summary, schema = ("Store articles, new or changed", _ARTICLES) if articles else ("Store views or ranks", _PAGES)
    stored: dict[str, Any] = {
        "description": "Stored; errors names what could not be, one by one",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {
        "operation_id": "hand_in_articles" if articles else "hand_in_reads",
        "summary": summary,
        "description": "The same again does no harm. Needs the scope intake.",
        "responses": _problems((*_ALWAYS, *_WITH_BODY)) | {200: stored},
        "openapi_extra": {"security": [{SCHEME: [Scope.intake.value]}], "requestBody": body},
    }


def document(routes: Sequence[BaseRoute], base_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of routes."""
    made = get_openapi(
        title="digest-mailer",
        version=version("digest-mailer"),
        summary="Issues, their editing and their sending by JSON.",
        description=ABOUT,
        routes=routes,
        servers=[{"url": base_url}],
    )
    scopes = " ".join(f"{scope}: {words}." for scope, words in SCOPES.items())
    components = made.setdefault("components", {})
    components["securitySchemes"] = {
        SCHEME: {"type": "http", "scheme": "bearer", "description": f"A key with scopes. {scopes}"}
    }
    schemas = components.setdefault("schemas", {})
    schemas |= _of(Problem, "Problem") | _of(ArticleData, "Article") | {"PageReads": dict(_PAGE_READS)}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operations in made["paths"].values():
        for one in operations.values():
            one["parameters"] = [_without_null(each) for each in one.get("parameters", ())]
    return made


def _without_null(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter that may be left out: neither an address nor a header can say null."""
    schema = dict(parameter["schema"])
    kinds = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(kinds) == 1:
        schema = {name: value for name, value in schema.items() if name != "anyOf"} | kinds[0]
    return {**parameter, "schema": schema}


def _of(model: Any, name: str) -> dict[str, Any]:
    """Return the schema of a model, and of those in it, as components."""
    found = model.model_json_schema(ref_template=REF)
    return {**found.pop("$defs", {}), name: found | {"title": name}}


def _problems(statuses: Sequence[HTTPStatus]) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(status): {"description": KINDS[kind_of(status)][0], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted(set(statuses))
    }
