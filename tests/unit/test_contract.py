"""The OpenAPI document: current, whole, and what the handlers and the gateway know as well."""

import json
import re
from enum import StrEnum
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, ValidationError
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from functions.create_group import handler as create_group
from local.closed_document import closed
from shared import domain
from shared.domain.group.choices import SyncType
from shared.domain.group.guard import HoldRule
from shared.domain.group.request import GroupInput
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Mode, RunState, Trigger
from shared.http.contract.document import document
from shared.http.contract.problem_codes import CODES
from shared.http.contract.routes import ROUTES
from shared.http.contract.runs import HeldByRule
from tests.fakes.api import Answer, call
from tests.fakes.contract import held_to_contract
from tests.template.processed import Template
from tests.template.test_api import routes_of
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


NAME = re.compile(
    r"(assign|create|decide|delete|export|get|list|mark|request|start|unassign|unmark|update)"
    r"([A-Z][a-z]+)+"
)
READS = ("get", "list", "export")


def test_operations_have_names_that_a_client_can_bear() -> None:
    for route in ROUTES:
        assert NAME.fullmatch(route.name), route.name
        assert route.name.startswith(READS) is (route.method == "GET"), route.name
        assert route.name.startswith("list") is ("cursor" in route.query), route.name
    assert not NAME.fullmatch("postGroups")
    assert not NAME.fullmatch("get")


def test_everything_is_described() -> None:
    for name, schema in SCHEMAS.items():
        assert _is_text(schema.get("description", "")), name
        for field, each in schema.get("properties", {}).items():
            assert _is_text(each.get("description", "")), f"{name}.{field}"
    for operation in _operations():
        for parameter in operation["parameters"]:
            assert _is_text(parameter.get("description", "")), parameter["name"]
    assert not _is_text("")
    assert not _is_text("the group's email")


def _is_text(description: str) -> bool:
    return bool(re.fullmatch(r"[A-Z`0-9].{5,}\.", description.strip(), re.DOTALL))


TERMS_OF_ONEROSTER = {"PartnerAnswer.type"}
"""A source may extend them."""
ALWAYS_THE_SAME = {"Problem.type"}


def test_what_the_code_knows_as_a_set_of_values_is_an_enum() -> None:
    known = {"rule": HoldRule, "entity": Collection, "source": SyncType} | _enums_by_field()
    assert {"mode", "state", "trigger", "store", "syncType", "type"} <= known.keys()
    found = 0
    for name, schema in SCHEMAS.items():
        for field, each in schema.get("properties", {}).items():
            place = f"{name}.{field}"
            if field in known and place not in TERMS_OF_ONEROSTER | ALWAYS_THE_SAME:
                found += bool(_values(each))
                assert _values(each) or not _is_free_text(each), place
    assert found > 40


def test_an_enum_lists_all_values_that_are_answered() -> None:
    at, rule = SCHEMAS["HeldAt"]["properties"], SCHEMAS["HeldByRule"]["properties"]
    assert set(_values(rule["rule"])) == set(HoldRule)
    for each in (at, rule):
        assert _values(each["entity"]) == [collection.entity for collection in Collection]
    assert set(_values(SCHEMAS["Problem"]["properties"]["code"])) == CODES.keys()
    for kind in (Mode, RunState, Trigger):
        assert set(_values(SCHEMAS[kind.__name__])) == set(kind)


def test_a_value_of_a_newer_version_is_answered_all_the_same() -> None:
    assert HeldByRule(entity="rooms", rule="too_loud", records=1).rule == "too_loud"


def _values(schema: dict[str, Any]) -> list[str]:
    """The values that a property can have, if it lists them."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    for part in (*schema.get("anyOf", ()), schema.get("items", {})):
        if values := _values(part) if part else []:
            return values
    return list(schema.get("enum", ()))


def _is_free_text(schema: dict[str, Any]) -> bool:
    parts = (schema, schema.get("items", {}), *schema.get("anyOf", ()))
    return any(part.get("type") == "string" for part in parts)


def _enums_by_field() -> dict[str, type[StrEnum]]:
    """The fields of the models in the domain that are enums, by their names in the API."""
    found: dict[str, type[StrEnum]] = {}
    for module in walk_packages(domain.__path__, "shared.domain."):
        for model in vars(import_module(module.name)).values():
            if isinstance(model, type) and issubclass(model, BaseModel):
                for name, field in model.model_fields.items():
                    kinds = (field.annotation, *get_args(field.annotation))
                    for kind in kinds:
                        if isinstance(kind, type) and issubclass(kind, StrEnum):
                            found[to_camel(name)] = kind
    return found


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
