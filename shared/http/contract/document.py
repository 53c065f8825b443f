"""The OpenAPI document, made of the routes and the models of what they take and answer."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.http.contract.answers import Problem
from shared.http.contract.routes import ROUTES, Route
from shared.http.requests import MAX_PAGE

Json = dict[str, Any]

_SCHEMAS = "#/components/schemas/{model}"
_EVERYWHERE = (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 502, 504)
_QUERY: dict[str, tuple[Json, str]] = {
    "limit": ({"type": "integer", "minimum": 1, "maximum": MAX_PAGE}, "how many at most"),
    "cursor": ({"type": "string"}, "where the page before ended, as it was given"),
    "name": ({"type": "string"}, "the group's exact name"),
    "sourcedId": ({"type": "string", "maxLength": 255}, "find the record that the source so names"),
    "school": ({"type": "string", "maxLength": 255}, "a partner's id or sourcedId"),
    "role": ({"type": "string", "maxLength": 255}, "a role, such as student"),
    "grade": ({"type": "string", "maxLength": 255}, "a grade, as the source writes it"),
    "status": ({"type": "string", "enum": ["active", "inactive"]}, "whether users may sign in"),
    "changedSince": ({"type": "string", "format": "date-time"}, "written at or after this moment"),
    "on": ({"type": "string", "format": "date"}, "the day; today in the group's time zone"),
    "include": ({"type": "string"}, "past, future or both, with a comma between"),
}
_HEADERS = {
    "Idempotency-Key": "a word of yours: the same request with it is carried out once",
    "If-Match": "the version that was read",
}


@cache
def document() -> Json:
    """Make the document (OpenAPI 3.1)."""
    models: set[type[BaseModel]] = {Problem}
    for route in ROUTES:
        models |= {model for model in route.answers.values() if model is not None}
        models |= {route.body} if route.body and not route.merges else set()
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation") for model in ordered], by_alias=True, ref_template=_SCHEMAS
    )
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Homeroom",
            "version": "1",
            "description": "Keeps a learning platform's rosters in step with school information "
            "systems, over OneRoster 1.1 and 1.2.",
        },
        "servers": [{"url": "."}],
        "security": [{"idToken": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "idToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The ID token of an Enterprise Admin, from Cognito.",
                }
            },
        },
    }


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "parameters": [
            *(_path_parameter(name) for name in re.findall(r"\{(\w+)\}", route.path)),
            *(_query_parameter(name) for name in route.query),
            *(_header_parameter(name) for name in route.headers),
        ],
        "responses": {
            str(status): _answer(status, model) for status, model in route.answers.items()
        }
        | {str(status): _problem(status) for status in sorted({*_EVERYWHERE, *route.refuses})},
    }
    if route.body is not None:
        schema: Json = {"$ref": _SCHEMAS.format(model=route.body.__name__)}
        if route.merges:
            schema = {"type": "object", "description": "The fields to change; null takes one away."}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"[A-Za-z]+", route.path.replace("groupId", "group"))
    return "".join([route.method.lower(), *(word[0].upper() + word[1:] for word in words)])


def _path_parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(name: str) -> Json:
    schema, meaning = _QUERY[name]
    return {"name": name, "in": "query", "schema": schema, "description": meaning}


def _header_parameter(name: str) -> Json:
    meaning = _HEADERS[name]
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": meaning}


def _answer(status: int, model: type[BaseModel] | None) -> Json:
    said: Json = {"description": HTTPStatus(status).phrase}
    if status == HTTPStatus.SEE_OTHER:
        said["headers"] = {"Location": {"schema": {"type": "string"}}}
    if model is not None:
        schema = {"$ref": _SCHEMAS.format(model=model.__name__)}
        said["content"] = {"application/json": {"schema": schema}}
    return said


def _problem(status: int) -> Json:
    schema = {"$ref": _SCHEMAS.format(model=Problem.__name__)}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {"schema": schema}},
    }
