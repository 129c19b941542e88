"""The API's description of itself: the OpenAPI document holds together and is true, and the page reads well."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from digest.api_keys import Scope
from digest.web import problems
from digest.web.app import create
from digest.web.issues_api import routes
from digest.web.issues_api.describing import document
from digest.web.limiting import Limiter
from tests.web import looking


@pytest.fixture
def described(http: httpx.Client) -> dict[str, Any]:
    """Return the document, as anybody gets it."""
    answer = http.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and operation."""
    for path, held in described["paths"].items():
        for method, one in held.items():
            yield path, method, one


def refs(value: Any) -> Iterator[str]:
    """Yield every reference in a value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refs(inner)


def test_the_document_holds_together(described):
    """OpenAPI 3.1: only /api; each operation has a name of its own, words, its scope, and every reference leads on."""
    assert described["openapi"].startswith("3.1.")
    assert set(described) == {"openapi", "info", "servers", "paths", "components"}
    schemas = described["components"]["schemas"]
    assert {one.removeprefix("#/components/schemas/") for one in refs(described)} == set(schemas)
    names = []
    for path, method, one in operations(described):
        assert path.startswith("/api/")
        assert method in {"get", "post", "put"}
        names.append(one["operationId"])
        assert one["summary"]
        assert one["description"].endswith(".")
        (needed,) = one["security"]
        (scopes,) = needed.values()
        assert set(scopes) < set(Scope)
        assert f"Needs the scope {scopes[0]}." in one["description"]
        assert {each["name"] for each in one.get("parameters", ()) if each["in"] == "path"} == set(
            re.findall(r"{(\w+)}", path)
        )
        assert ("requestBody" in one) <= (method != "get")
    assert len(names) == len(set(names)) == 30
    scheme = described["components"]["securitySchemes"]["key"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert all(f"{scope}: " in scheme["description"] for scope in Scope)


def test_every_operation_names_its_problems(described):
    """As application/problem+json of one shape; those that take a version name 412 and 428."""
    versioned = 0
    for path, _method, one in operations(described):
        assert any(status >= "4" for status in one["responses"])
        for status, told in one["responses"].items():
            if status >= "4":
                schema = told["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
        assert {"401", "403", "404", "422", "429", "503"} <= set(one["responses"])
        if any(each["name"] == "if-match" or each["name"] == "If-Match" for each in one.get("parameters", ())):
            versioned += 1
            assert {"409", "412", "428"} <= set(one["responses"]), path
    assert versioned > 3


def test_bodies_are_described_as_strict(described):
    """No other member is taken, and there is an example to begin from."""
    schemas, bodies = described["components"]["schemas"], 0
    for path, _method, one in operations(described):
        if "requestBody" not in one:
            continue
        bodies += 1
        content = one["requestBody"]["content"]["application/json"]
        for ref in refs(content):
            schema = schemas[ref.rpartition("/")[2]]
            assert schema.get("additionalProperties") is False or "$ref" in str(schema) or ref.endswith("PageReads"), (
                path,
                ref,
            )
    assert bodies > 3
    edit = described["paths"]["/api/issues/{number}/edits"]["post"]["requestBody"]["content"]["application/json"]
    assert set(edit["examples"]) == {"one", "several"}


def test_what_is_described_is_what_there_is(app):
    """Every route under /api is described, but its own description; nothing else is."""
    described = document(routes.router(app, Limiter(app.clock)).routes, "http://127.0.0.1")
    there = {one.path for one in routes.router(app, Limiter(app.clock)).routes if isinstance(one, APIRoute)}
    assert set(described["paths"]) == there
    assert create(app).openapi_url is None


def test_the_page_names_every_operation_and_problem(http, described):
    """Without a script, with an anchor for each problem's type, by its own strict policy; no key is asked for."""
    page = http.get("/api/docs")
    assert page.status_code == 200
    for path, method, one in operations(described):
        assert f'<h3 id="{one["operationId"]}">' in page.text
        assert f"<strong>{method.upper()}</strong> {path}" in page.text
    assert all(f'<dt id="{kind}">' in page.text for kind in problems.KINDS)
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_reads_well_on_a_phone_and_off_it(site, chromium, scheme):
    """At 360 and 640 pixels: fits, follows its own policy, passes axe, and works without a script."""
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    for width in (360, 640):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(f"{site}/api/docs")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        looking.fits(page, width)
        looking.faultless(page)
    assert complaints == []
    context.close()
