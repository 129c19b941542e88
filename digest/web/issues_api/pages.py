"""The API's description as pages: the OpenAPI document, and the same for people, made here and without any script."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import orjson
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from digest.web import problems
from digest.web import review_pages as pages
from digest.web.issues_api.describing import SCHEME, SCOPES, document
from subscribers.pages import BOTH_WAYS

KEPT: Final = {"Cache-Control": "public, max-age=300"}
DEEPEST: Final = 4  # members of members that are listed
_TYPES: Final = {"string": "text", "integer": "number", "boolean": "true or false"}
_ORDER: Final = ("Lists", "One issue", "Editing", "Sending", "Handing in")


def router(routes: Sequence[BaseRoute], base_url: str) -> APIRouter:
    """Return the routes /api/openapi.json and /api/docs, about other routes."""
    doors = _Docs(tuple(routes), base_url)
    made = APIRouter()
    made.add_api_route("/api/openapi.json", doors.schema, methods=BOTH_WAYS, include_in_schema=False)
    made.add_api_route("/api/docs", doors.page, methods=BOTH_WAYS, include_in_schema=False)
    return made


@dataclass(frozen=True)
class _Docs:
    routes: tuple[BaseRoute, ...]
    base_url: str

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the document; it is made when it is first asked for."""
        return document(self.routes, self.base_url)

    def schema(self) -> Response:
        """Answer with the OpenAPI document."""
        return JSONResponse(self.document, headers=KEPT)

    def page(self) -> Response:
        """Answer with the page for people."""
        info = self.document["info"]
        values = {
            "about": info["description"].split("\n\n"),
            "version": info["version"],
            "scopes": [(scope.value, words) for scope, words in SCOPES.items()],
            "groups": groups(self.document),
            "problems": [(kind, title, remedy) for kind, (title, remedy) in problems.KINDS.items()],
            "base_url": self.base_url,
        }
        answer = pages.page("api", at_desk=True, who="", **values)
        answer.headers["Cache-Control"] = KEPT["Cache-Control"]
        return answer


def groups(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the operations by what they are about, as the page shows them. Pure."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, one in operations.items():
            found.setdefault(one["tags"][0], []).append(_operation(document, path, method, one))
    return [{"name": name, "operations": found[name]} for name in sorted(found, key=_ORDER.index)]


def _operation(document: Mapping[str, Any], path: str, method: str, one: Mapping[str, Any]) -> dict[str, Any]:
    scope = one["security"][0][SCHEME][0]
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {})
    good = next(status for status in one["responses"] if status.startswith("2"))
    answer = one["responses"][good].get("content", {}).get("application/json", {}).get("schema", {})
    return {
        "id": one["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": one["summary"],
        "words": one["description"].removesuffix(f"Needs the scope {scope}.").strip(),
        "scope": scope,
        "parameters": [_parameter(document, each) for each in one.get("parameters", ())],
        "body": list(_members(document, body.get("schema", {}))),
        "example": _example(document, body),
        "answer": list(_members(document, answer)),
        "problems": [(status, told["description"]) for status, told in one["responses"].items() if status >= "4"],
    }


def _parameter(document: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    kind = _kind(document, one["schema"]).removesuffix(" or null")
    words = one.get("description") or one["schema"].get("description", "")
    return {"name": one["name"], "in": one["in"], "needed": one.get("required", False), "kind": kind, "words": words}


def _members(
    document: Mapping[str, Any], schema: Mapping[str, Any], deep: int = 0, before: str = ""
) -> Iterator[dict[str, Any]]:
    """Yield the members of a body, and those in them; a choice of shapes is told one after the other."""
    schema = _whole(document, schema)
    choices = [one for one in schema.get("oneOf", schema.get("anyOf", ())) if one.get("type") != "null"]
    if choices:
        for one in choices:
            title = _whole(document, one)
            if len(choices) > 1 and (words := _first(title)):
                yield {"name": "", "words": words}
            yield from _members(document, one, deep, before)
        return
    if schema.get("type") == "array":
        yield from _members(document, schema["items"], deep, before)
        return
    needed = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        if name == "do":
            continue  # it names the variant, and stands above
        words = one.get("description", "")
        told = {"kind": _kind(document, one), "words": words, "needed": name in needed, "in": ""}
        yield {"name": f"{before}{name}"} | told
        if deep < DEEPEST and before.count(".") < 2:  # noqa: PLR2004 - deeper ones are told where they stand first
            yield from _members(document, one, deep + 1, f"{before}{name}.")


def _first(schema: Mapping[str, Any]) -> str:
    """Return the name of a variant with what it does."""
    do = schema.get("properties", {}).get("do", {}).get("const", "")
    words = schema.get("description", "").partition("\n")[0]
    return f"do: {do}. {words}" if do else words


def _whole(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    ref = schema.get("$ref", "")
    if not ref:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][ref.rpartition("/")[2]]
    return found


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return what a value is, in a few words."""
    schema = _whole(document, schema)
    choices = schema.get("oneOf", schema.get("anyOf", ()))
    if choices:
        kinds = dict.fromkeys(_kind(document, one) for one in choices)
        return " or ".join(kinds)
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return f"“{schema['const']}”"
    if schema.get("type") == "array":
        inner = _kind(document, schema.get("items", {}))
        return f"list of {inner}"
    return _named(schema)


def _named(schema: Mapping[str, Any]) -> str:
    types = schema.get("type", "any")
    plain = " or ".join(_TYPES.get(one, one) for one in ([types] if isinstance(types, str) else types))
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < 2**31 - 1:
        return f"number {low:g} to {high:g}"
    return {"date-time": "time", "uuid": "id", "date": "day"}.get(schema.get("format", ""), plain)


def _example(document: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """Return an example of a body as text; "" where there is none."""
    given = [one["value"] for one in body.get("examples", {}).values()]
    schema = _whole(document, body.get("schema", {}))
    value = given[-1] if given else schema.get("example")
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if value is not None else ""
