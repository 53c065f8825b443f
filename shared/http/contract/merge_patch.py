"""The schema of a change, made of the schema of what is changed (RFC 7396)."""

from copy import deepcopy
from typing import Any

Json = dict[str, Any]

_REF = "#/components/schemas/"
VERSION: Json = {
    "type": "integer",
    "description": "The version that was read: the change is refused if there is another by now.",
}


def patch_name(model: str) -> str:
    """How the change of a model is named: ``GroupPatch`` for ``GroupInput``."""
    return model.removesuffix("Input") + "Patch"


def merge_patch(model: str, schemas: Json) -> Json:
    """Make the schemas of a change of ``model``, by name: its own, and those of objects in it.

    Any field may be left out, which leaves it as it is, or be null, which takes it away. Objects
    merge, so that the same goes for their fields; lists are replaced, so that what is in them is
    whole.
    """
    made: Json = {}
    _make(model, schemas, made)
    made[patch_name(model)]["properties"]["version"] = VERSION
    return made


def _make(model: str, schemas: Json, made: Json) -> None:
    whole = schemas[model]
    made[patch_name(model)] = {
        "title": patch_name(model),
        "description": f"A change of `{model}`: what is left out stays, null takes a field away.",
        "type": "object",
        "properties": {
            name: _changeable(field, schemas, made) for name, field in whole["properties"].items()
        },
        "additionalProperties": False,
    }


def _changeable(field: Json, schemas: Json, made: Json) -> Json:
    field = deepcopy(field)
    # What is left out stays: no default takes its place.
    field.pop("default", None)
    title = {"title": field.pop("title")} if "title" in field else {}
    choices = [each for each in field.pop("anyOf", [field]) if each.get("type") != "null"]
    return title | {
        "anyOf": [*(_partial(each, schemas, made) for each in choices), {"type": "null"}]
    }


def _partial(choice: Json, schemas: Json, made: Json) -> Json:
    model = choice.get("$ref", "").removeprefix(_REF)
    if not model or "properties" not in schemas[model]:
        return choice
    if patch_name(model) not in made:
        _make(model, schemas, made)
    return {"$ref": _REF + patch_name(model)}
