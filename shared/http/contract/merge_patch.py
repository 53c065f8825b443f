"""The schema of a change, made from the schema of what is changed (RFC 7396)."""

from copy import deepcopy
from typing import Any

Json = dict[str, Any]

_REF = "#/components/schemas/"
VERSION: Json = {
    "type": "integer",
    "description": "The version that was read. The change is refused if there is another by now.",
}


def patch_name(model: str) -> str:
    """Return the name of a model's change: ``GroupPatch`` for ``GroupInput``."""
    return model.removesuffix("Input") + "Patch"


def merge_patch(model: str, schemas: Json) -> Json:
    """Make the schemas of a change of ``model``, by name: its own, and those of objects in it.

    A field that is left out stays as it is; null takes it away. Objects merge, so the same goes for
    their fields. Lists are replaced, so what is in them is whole.
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
    about = {name: field.pop(name) for name in ("title", "description") if name in field}
    choices = [each for each in field.pop("anyOf", [field]) if each.get("type") != "null"]
    return about | {
        "anyOf": [*(_partial(each, schemas, made) for each in choices), {"type": "null"}]
    }


def _partial(choice: Json, schemas: Json, made: Json) -> Json:
    model = choice.get("$ref", "").removeprefix(_REF)
    if not model or "properties" not in schemas[model]:
        return choice
    if patch_name(model) not in made:
        _make(model, schemas, made)
    return {"$ref": _REF + patch_name(model)}
