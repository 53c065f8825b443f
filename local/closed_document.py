"""The OpenAPI document as answers are held to it: closed."""

from copy import deepcopy
from typing import Any

Json = dict[str, Any]


def closed(document: Json) -> Json:
    """The document in which no object has fields that it does not name.

    To clients answers are open, so that fields can be added. Whoever checks them must see one that
    was added and not written down.
    """
    document = deepcopy(document)
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document
