"""The OpenAPI document: current, whole, and what the handlers and the gateway know as well."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from functions.create_group import handler as create_group
from local.closed_document import closed
from shared.domain.group.request import GroupInput
from shared.http.contract.document import document
from shared.http.contract.routes import ROUTES
from tests.fakes.api import Answer, call
from tests.fakes.contract import held_to_contract
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
    operations = _operations()
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids) == len(ROUTES)
    for operation in operations:
        assert "422" in operation["responses"]
        assert "401" in operation["responses"]


def test_it_is_served_to_anybody() -> None:
    answer = call(create_group.lambda_handler, "GET /openapi.json")
    assert (answer.status, answer.json) == (200, document())


def test_no_secret_is_ever_answered() -> None:
    secrets = {"secretKey", "password", "privateKey", "passphrase", "secret"}
    for name in _answered():
        assert not secrets & SCHEMAS[name].get("properties", {}).keys(), name


def test_what_is_sent_is_closed_and_what_is_answered_is_open() -> None:
    answered, sent = _answered(), _sent()
    assert answered | sent == SCHEMAS.keys()
    objects = {name for name, schema in SCHEMAS.items() if "properties" in schema}
    assert not answered & sent & objects
    for name in objects:
        assert SCHEMAS[name].get("additionalProperties", True) is (name in answered), name


HOLD: dict[str, Any] = {
    "digest": None,
    "records": 0,
    "runId": None,
    "byRule": [],
    "bySchool": [],
    "byClass": [],
}


def test_checks_see_a_field_that_the_document_does_not_have() -> None:
    request, kind = "GET /groups/g/hold", {"Content-Type": ["application/json"]}
    held_to_contract(request, Answer(200, json.dumps(HOLD), kind))
    at = {"school": "s", "entity": "users", "records": 1, "pupils": ["Ann"]}
    for unknown in ({"since": "2026-01-01"}, {"bySchool": [at]}):
        with pytest.raises(ValidationError):
            held_to_contract(request, Answer(200, json.dumps(HOLD | unknown), kind))
    for name, schema in closed(document())["components"]["schemas"].items():
        assert "enum" in schema or schema["additionalProperties"] is False, name
    assert "additionalProperties" not in SCHEMAS["HoldAnswer"]


def test_checks_see_a_refusal_that_the_route_does_not_have() -> None:
    kind = {"Content-Type": ["application/problem+json"]}
    problem = {"type": "about:blank", "title": "Conflict", "status": 409, "detail": "No."}
    held_to_contract(
        "DELETE /groups/g", Answer(409, json.dumps(problem | {"code": "name_not_confirmed"}), kind)
    )
    with pytest.raises(AssertionError):
        held_to_contract(
            "DELETE /groups/g", Answer(409, json.dumps(problem | {"code": "name_taken"}), kind)
        )


def test_a_change_may_leave_every_field_out_or_take_it_away() -> None:
    change = SCHEMAS["GroupPatch"]
    fields = {field.alias or name for name, field in GroupInput.model_fields.items()}
    assert change["properties"].keys() == fields | {"version"}
    for name in ("GroupPatch", "ConnectionPatch", "ScopePatch", "GuardPatch", "WebhookPatch"):
        assert "required" not in SCHEMAS[name]
        for field, schema in SCHEMAS[name]["properties"].items():
            assert field == "version" or {"type": "null"} in schema["anyOf"], field
            assert "default" not in schema
    assert _takes("GroupPatch", {})
    assert _takes("GroupPatch", {"connection": {"url": None}, "pause": {"until": None}})
    assert _takes("GroupPatch", {"blackouts": [{"from": "2026-12-21", "to": "2027-01-03"}]})
    for wrong in ({"nmae": "N"}, {"connection": {"planet": "Mars"}}, {"syncHour": 24},
                  {"blackouts": [{"from": "2026-12-21"}]}, {"version": None}):  # fmt: skip
        assert not _takes("GroupPatch", wrong), wrong


def test_examples_are_good() -> None:
    found = 0
    for route in ROUTES:
        if route.example is not None:
            operation = document()["paths"][route.path][route.method.lower()]
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert _takes(schema["$ref"].rpartition("/")[2], route.example)
            if not route.merges and route.body is not None:
                route.body.model_validate(route.example)
            found += 1
    assert found


def test_links_in_the_page_lead_to_headings() -> None:
    page = (write_openapi.DOCS / "api.md").read_text()
    headings = [line.lstrip("# ") for line in page.splitlines() if line.startswith("#")]
    anchors = [write_openapi.anchor(heading) for heading in headings]
    assert len(set(anchors)) == len(anchors)
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert len(links) > len(ROUTES)
    assert links <= set(anchors)


SCHEMAS = document()["components"]["schemas"]


def _takes(model: str, body: Any) -> bool:
    schema = {"$ref": f"#/components/schemas/{model}", "components": {"schemas": SCHEMAS}}
    return bool(Draft202012Validator(schema).is_valid(body))


def _answered() -> set[str]:
    return _reached([operation["responses"] for operation in _operations()])


def _sent() -> set[str]:
    return _reached([operation.get("requestBody") for operation in _operations()])


def _operations() -> list[Any]:
    return [operation for path in document()["paths"].values() for operation in path.values()]


def _reached(part: Any) -> set[str]:
    """The schemas that a part of the document refers to, however indirectly."""
    found: set[str] = set()
    left = [part]
    while left:
        names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(left.pop()))) - found
        found |= names
        left += [SCHEMAS[name] for name in names]
    return found
