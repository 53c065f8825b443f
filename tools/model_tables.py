"""The models of the OpenAPI document as Markdown tables: fields, types, limits, enums."""

from typing import Any

Json = dict[str, Any]

_REF = "#/components/schemas/"
_MANY = 8
_FORMATS = {"date": "date", "date-time": "moment", "password": "secret"}


def models(made: Json) -> str:
    """The part of the page that describes every model: of requests, of answers, and enums."""
    schemas = made["components"]["schemas"]
    objects = {name: each for name, each in schemas.items() if "properties" in each}
    # Models of requests are closed, models of answers open.
    sent = {name for name, each in objects.items() if each.get("additionalProperties") is False}
    lines = ["## Models", "", "In requests:", ""]
    for name in sorted(sent):
        lines += _table(made, name, "")
    lines += ["In answers:", ""]
    for name in sorted(objects.keys() - sent):
        lines += _table(made, name, "May be left out.")
    lines += ["### Enums", "", "| Name | Values | |", "|---|---|---|"]
    for name, each in schemas.items():
        if "enum" in each:
            lines.append(f"| `{name}` | {_words(each)} | {_prose(each)} |")
    return "\n".join([*lines, ""])


def type_of(made: Json, schema: Json) -> str:
    """A type in words, with its limits; a model's name links to its table."""
    name = schema.get("$ref", "").removeprefix(_REF)
    if name:
        named = made["components"]["schemas"][name]
        if "enum" in named:
            return f"[{name}](#enums): {_words(named)}"
        return f"[`{name}`](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(type_of(made, each) for each in schema["anyOf"])
    if "enum" in schema:
        return _words(schema)
    if schema.get("type") == "array":
        items = type_of(made, schema["items"])
        return f"list of {f'({items})' if 'anyOf' in schema['items'] else items}{_limits(schema)}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_of(made, schema['additionalProperties'])}"
    return f"{_FORMATS.get(schema.get('format', '')) or schema.get('type', 'any')}{_limits(schema)}"


def _table(made: Json, name: str, optional: str) -> list[str]:
    model = made["components"]["schemas"][name]
    required = set(model.get("required", ()))
    lines = [f"### `{name}`", "", _prose(model), ""]
    fields = model["properties"]
    if whole := _contained(made, name):
        known = made["components"]["schemas"][whole]["properties"]
        fields = {
            field: schema
            for field, schema in fields.items()
            if field not in known or _firm(made, schema) != _firm(made, known[field])
        }
        but = ", with these added or replaced:" if fields else "."
        lines += [f"It has the fields of [`{whole}`](#{whole.lower()}){but}", ""]
    if fields:
        lines += ["| Field | Type | |", "|---|---|---|"]
    for field, schema in fields.items():
        said = [schema["description"]] if "description" in schema else []
        if optional and field not in required:
            said.append(optional)
        elif field in required and not optional:
            said.append("Required.")
        elif not optional and (default := _default(schema)):
            said.append(f"Default: {default}.")
        lines.append(f"| `{field}` | {type_of(made, schema)} | {' '.join(said)} |")
    return [*lines, ""] if fields else lines


def _contained(made: Json, name: str) -> str:
    """The model whose fields this model repeats, so that they need no second row; or ""."""
    if name.endswith("Patch"):
        return name.removesuffix("Patch") + "Input"
    schemas = made["components"]["schemas"]
    fields = schemas[name]["properties"]
    for other, each in schemas.items():
        shared = each.get("properties", {})
        if (
            other != name
            and len(shared) > _MANY
            and all(fields.get(f) == s for f, s in shared.items())
        ):
            return str(other)
    return ""


def _firm(made: Json, schema: Json) -> str:
    """A type without "or null"."""
    return type_of(made, schema).removesuffix(" or null")


def _default(schema: Json) -> str:
    default = schema.get("default")
    if default in (None, "", [], {}) or isinstance(default, dict):
        return ""
    if isinstance(default, list):
        return ", ".join(f"`{each}`" for each in default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _limits(schema: Json) -> str:
    found = [
        _range(schema.get("minimum"), schema.get("maximum"), ""),
        _range(schema.get("minLength"), schema.get("maxLength"), " characters"),
        _range(schema.get("minItems"), schema.get("maxItems"), " of them"),
        f"`{schema['pattern']}`".replace("|", "\\|") if "pattern" in schema else "",
    ]
    said = ", ".join(each for each in found if each)
    return f" ({said})" if said else ""


def _range(least: int | None, most: int | None, unit: str) -> str:
    if least is not None and most is not None:
        return f"{least} to {most}{unit}"
    if most is not None:
        return f"at most {most}{unit}"
    return f"at least {least}{unit}" if least is not None else ""


def _words(schema: Json) -> str:
    return ", ".join(f"`{each}`" for each in schema["enum"])


def _prose(schema: Json) -> str:
    return " ".join(schema.get("description", "").split())
