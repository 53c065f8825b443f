"""The OpenAPI document, closed, to check answers against."""

from copy import deepcopy
from typing import Any

Json = dict[str, Any]


def closed(document: Json) -> Json:
    """Return the document with every object closed: no fields except those it names.

    For clients, answers are open, so that fields can be added. A check must notice a field that was
    added but not documented.
    """
    document = deepcopy(document)
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document
