"""Holds an answer to what the OpenAPI document says of its route."""

import re

from shared.http.contract.answers import Problem
from shared.http.contract.document import document
from shared.http.contract.routes import ROUTES, Route
from tests.fakes.api import Answer


def held_to_contract(request: str, answer: Answer) -> Answer:
    """Give the answer back, once it has been seen to be one that the document has."""
    route = _route(request)
    if route is None:
        return answer  # no route of the gateway: it would not have come here
    operation = document()["paths"][route.path][route.method.lower()]
    assert str(answer.status) in operation["responses"], f"{request}: {answer.status}"
    if answer.status >= 400:
        assert answer.content_type == "application/problem+json"
        Problem.model_validate_json(answer.text)
        return answer
    model = route.answers[answer.status]
    if model is None:
        assert answer.text == "", request
    else:
        model.model_validate_json(answer.text)
    if answer.status == 303:
        assert answer.headers["Location"]
    return answer


def _route(request: str) -> Route | None:
    method, _, address = request.partition(" ")
    path = address.partition("?")[0]
    for route in ROUTES:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path))
        if route.method == method and re.fullmatch(pattern, path):
            return route
    return None
