"""Holds an answer to what the OpenAPI document says of its route."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from local.closed_document import closed
from shared.http.contract.document import document
from shared.http.contract.routes import EVERYWHERE, Route, refusals_of
from tests.fakes.api import Answer, route_of


def held_to_contract(request: str, answer: Answer) -> Answer:
    """Give the answer back, once it has been seen to be one that the document has."""
    route = route_of(request)
    if route is None:
        return answer  # no route of the gateway: it would not have come here
    operation = document()["paths"][route.path][route.method.lower()]
    assert str(answer.status) in operation["responses"], f"{request}: {answer.status}"
    content = operation["responses"][str(answer.status)].get("content")
    if content is None:
        assert answer.text == "", request
    else:
        [kind] = content
        assert answer.content_type == kind
        _validator(content[kind]["schema"]["$ref"]).validate(answer.json)
        _read_again(route, answer)
    if answer.status >= 400:
        codes = EVERYWHERE.get(answer.status, ()) + refusals_of(route).get(answer.status, ())
        assert answer.json["code"] in codes, f"{request}: {answer.status} {answer.json['code']}"
    if answer.status == 303:
        assert answer.headers["Location"]
    return answer


def _read_again(route: Route, answer: Answer) -> None:
    """Read the answer into its model, which knows more of moments than a schema does."""
    model = route.answers.get(answer.status)
    if model is not None:
        model.model_validate_json(answer.text)


@cache
def _validator(reference: str) -> Any:
    components = closed(document())["components"]
    return Draft202012Validator({"$ref": reference, "components": components})
