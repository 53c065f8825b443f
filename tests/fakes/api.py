"""Calls a handler as API Gateway's REST proxy does, signed in as an Enterprise Admin."""

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shared.http.contract.routes import ROUTES, Route

EVENTS = Path(__file__).parents[2] / "events"

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True)
class Context:
    """What a handler reads of Lambda's context."""

    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:test"
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass(frozen=True)
class Answer:
    """An answer: ``text`` is the body as it was sent."""

    status: int
    text: str
    headers: dict[str, Any] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body

    @property
    def fields(self) -> list[str]:
        return [entry["field"] for entry in self.json.get("errors", [])]

    @property
    def content_type(self) -> str:
        return str(self.headers["Content-Type"][0])


def claims_of(enterprise: str = "acme") -> dict[str, str]:
    """The claims of an Enterprise Admin's ID token, as API Gateway hands them on."""
    return {
        "sub": "5f8c",
        "token_use": "id",
        "cognito:groups": "enterprise-admin",
        "homeroom_enterprise": enterprise,
    }


def route_of(request: str) -> Route | None:
    """The route of the gateway that a request takes."""
    method, _, address = request.partition(" ")
    path = address.partition("?")[0]
    for route in ROUTES:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path))
        if route.method == method and re.fullmatch(pattern, path):
            return route
    return None


def call(
    handler: Handler,
    request: str,
    body: Any = None,
    *,
    enterprise: str = "acme",
    claims: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Call ``handler``; ``request`` is method and address, ``body`` is sent as JSON or as it is."""
    method, address = request.split(" ", 1)
    path, query = (
        urlsplit(address).path,
        dict(parse_qsl(urlsplit(address).query, keep_blank_values=True)),
    )
    event = copy.deepcopy(json.loads((EVENTS / "create_group.json").read_text()))
    route = route_of(request)
    resource = route.path if route else "/{proxy+}"
    event |= {"httpMethod": method, "path": path, "resource": resource}
    event["headers"] = dict(headers or {})
    event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
    event["queryStringParameters"] = query or None
    event["multiValueQueryStringParameters"] = {k: [v] for k, v in query.items()} or None
    event["body"] = body if body is None or isinstance(body, str) else json.dumps(body)
    authorizer = {"claims": dict(claims if claims is not None else claims_of(enterprise))}
    event["requestContext"] |= {"httpMethod": method, "path": path, "authorizer": authorizer}
    answer = handler(event, Context())
    return Answer(
        answer["statusCode"], answer.get("body") or "", answer.get("multiValueHeaders") or {}
    )
