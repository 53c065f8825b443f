"""The OpenAPI document, made from the routes and the models of what they take and answer."""

import json
import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import models_json_schema

from shared.http.contract.answers import Problem
from shared.http.contract.merge_patch import merge_patch, patch_name
from shared.http.contract.problem_codes import CODES
from shared.http.contract.routes import EVERYWHERE, ROUTES, TOPICS, Route, refusals_of
from shared.http.requests import DEFAULT_PAGE, MAX_PAGE

Json = dict[str, Any]

_SCHEMAS = "#/components/schemas/{model}"
_DESCRIPTION = """Keeps a learning platform's rosters in step with school information systems, over
OneRoster 1.1 and 1.2.

Fields and values may be added to answers at any time: ignore those that you do not know. A request
with an unknown field is refused."""
_PATH = {
    "groupId": "The group's id.",
    "customerId": "The customer's id.",
    "runId": "The run's id.",
    "testId": "The connection test's id.",
    "exceptionId": "The exception's id, as the list shows it.",
    "id": "The id of the record: of the partner, class or user.",
    "contentId": "The content's id, which is your own: letters, digits, - _ . and :.",
}
_QUERY: dict[str, tuple[Json, str]] = {
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
        f"How many to list at most; {DEFAULT_PAGE} by default.",
    ),
    "cursor": ({"type": "string"}, "The cursor of the page before, as it was given."),
    "name": ({"type": "string"}, "The group's exact name."),
    "sourcedId": (
        {"type": "string", "maxLength": 255},
        "Find the record that has this sourcedId. No other filter goes with it.",
    ),
    "school": (
        {"type": "string", "maxLength": 255},
        "List only what belongs to this partner, by its id or sourcedId.",
    ),
    "role": (
        {"type": "string", "maxLength": 255},
        "List only those with this role of OneRoster, such as student.",
    ),
    "grade": (
        {"type": "string", "maxLength": 255},
        "List only those of this grade, as the source writes it.",
    ),
    "status": (
        {"type": "string", "enum": ["active", "inactive"]},
        "List only users who may sign in (active), or who may not (inactive).",
    ),
    "changedSince": (
        {"type": "string", "format": "date-time"},
        "List only what was changed at or after this moment.",
    ),
    "on": (
        {"type": "string", "format": "date"},
        "The day to list; by default today in the group's time zone.",
    ),
    "include": (
        {"type": "string"},
        "List what is past or future on the day as well: past, future, or both with a comma.",
    ),
}
_HEADERS = {
    "Idempotency-Key": "A key of your choice. A request that is repeated with it within a day is "
    "carried out once.",
    "If-Match": "The version that was read. The change is refused if there is another by now.",
}


@cache
def document() -> Json:
    """Make the document (OpenAPI 3.1)."""
    paths: dict[str, Json] = {}
    for topic, routes in TOPICS.items():
        for route in routes:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(topic, route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Homeroom", "version": "1", "description": _DESCRIPTION},
        "servers": [{"url": "."}],
        "security": [{"idToken": []}],
        "tags": [{"name": topic} for topic in TOPICS],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "idToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The ID token of an Enterprise Admin, from Cognito.",
                }
            },
        },
    }


@cache
def document_text() -> str:
    """The document as it is served."""
    return json.dumps(document())


def _schemas() -> Json:
    """Make the schemas: closed for requests, whose unknown fields are errors; open for answers."""
    answered = {model for route in ROUTES for model in route.answers.values() if model is not None}
    taken = {route.body for route in ROUTES if route.body is not None}
    inputs, answers = _made_of(taken), _made_of({*answered, Problem})
    for schema in answers.values():
        schema.pop("additionalProperties", None)
    for route in ROUTES:
        if route.body is not None and route.merges:
            inputs |= merge_patch(route.body.__name__, inputs)
    made = dict(sorted((inputs | answers).items()))
    for schema in made.values():
        if "description" in schema:
            schema["description"] = _edge_spelling(schema["description"])
    return made


def _made_of(models: Iterable[type[BaseModel]]) -> Json:
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation") for model in ordered], by_alias=True, ref_template=_SCHEMAS
    )
    found: Json = schemas["$defs"]
    return found


def _edge_spelling(text: str) -> str:
    """Turn a docstring into text for readers of the API: ``a_name`` becomes `aName`."""
    return re.sub(r"``([^`]+)``", lambda word: f"`{_camel(word[1])}`", text)


def _camel(word: str) -> str:
    return to_camel(word) if re.fullmatch(r"[a-z]+(_[a-z]+)+", word) else word


def _operation(topic: str, route: Route) -> Json:
    refusals = refusals_of(route)
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [topic],
        "parameters": [
            *(_path_parameter(name) for name in re.findall(r"\{(\w+)\}", route.path)),
            *(_query_parameter(name) for name in route.query),
            *(_header_parameter(name) for name in route.headers),
        ],
        "responses": {
            str(status): _answer(status, model) for status, model in route.answers.items()
        }
        | {
            str(status): _problem(status, EVERYWHERE.get(status, ()) + refusals.get(status, ()))
            for status in sorted({*EVERYWHERE, *refusals})
        },
    }
    if route.body is not None:
        name = route.body.__name__
        schema = {"$ref": _SCHEMAS.format(model=patch_name(name) if route.merges else name)}
        content: Json = {"schema": schema}
        if route.example is not None:
            content["example"] = route.example
        operation["requestBody"] = {"content": {"application/json": content}}
    return operation


def _path_parameter(name: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": _PATH[name],
    }


def _query_parameter(name: str) -> Json:
    schema, meaning = _QUERY[name]
    return {"name": name, "in": "query", "schema": schema, "description": meaning}


def _header_parameter(name: str) -> Json:
    meaning = _HEADERS[name]
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": meaning}


def _answer(status: int, model: type[BaseModel] | None) -> Json:
    said: Json = {"description": HTTPStatus(status).phrase}
    if status == HTTPStatus.SEE_OTHER:
        said["headers"] = {
            "Location": {
                "schema": {"type": "string"},
                "description": "Where the file can be fetched: a signed URL, good for a limited "
                "time.",
            }
        }
    if model is not None:
        schema = {"$ref": _SCHEMAS.format(model=model.__name__)}
        said["content"] = {"application/json": {"schema": schema}}
    return said


def _problem(status: int, codes: tuple[str, ...]) -> Json:
    schema = {"$ref": _SCHEMAS.format(model=Problem.__name__)}
    meanings = [f"`{code}`: {CODES[code]}" for code in codes]
    return {
        "description": "\n".join([HTTPStatus(status).phrase, "", *(f"- {m}" for m in meanings)]),
        "content": {"application/problem+json": {"schema": schema}},
    }
