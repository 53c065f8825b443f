"""The OpenAPI document: current, whole, and what the handlers and the gateway know as well."""

import json

import pytest

from functions.create_group import handler as create_group
from shared.http.contract.document import document
from shared.http.contract.routes import ROUTES
from tests.fakes.api import call
from tests.template.processed import Template
from tests.template.test_template import routes_of
from tools import write_openapi


@pytest.mark.parametrize("file", ["openapi.json", "api.md"])
def test_the_checked_in_document_is_current(file: str) -> None:
    path = write_openapi.DOCS / file
    assert path.read_text() == write_openapi.pages()[path], "python -m tools.write_openapi"


def test_every_route_of_the_gateway_is_in_it() -> None:
    known = {f"{route.method} {route.path}" for route in ROUTES}
    gateway = {
        route.replace("{recordId}", "{id}") for route in routes_of(Template())
    } - {"GET /openapi.json"}  # fmt: skip
    assert known == gateway


def test_it_is_whole() -> None:
    made = document()
    text = json.dumps(made)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= made["components"]["schemas"].keys()
    operations = [o for path in made["paths"].values() for o in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids) == len(ROUTES)
    for operation in operations:
        assert "422" in operation["responses"]
        assert "401" in operation["responses"]


def test_it_is_served_to_anybody() -> None:
    answer = call(create_group.lambda_handler, "GET /openapi.json")
    assert (answer.status, answer.json) == (200, document())


def test_no_secret_is_ever_answered() -> None:
    schemas = document()["components"]["schemas"]
    answered = {name for name in schemas if name.endswith(("Answer", "Page"))}
    secrets = {"secretKey", "password", "privateKey", "passphrase", "secret"}
    for name in answered:
        assert not secrets & schemas[name].get("properties", {}).keys(), name
