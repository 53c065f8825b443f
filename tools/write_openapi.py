"""Writes docs/openapi.json and docs/api.md from routes and models: `python -m tools.write_openapi`."""

# ruff: noqa: E501  # lines of a page are longer than those of code

import json
from pathlib import Path
from typing import Any

from shared.http.contract.document import document

DOCS = Path(__file__).parents[1] / "docs"
Json = dict[str, Any]

INTRODUCTION = """# The API

The document is served at `/openapi.json`, without sign-in, and is here as [openapi.json](openapi.json). All else wants
`Authorization: Bearer <ID token>` of an Enterprise Admin. Errors are `application/problem+json` with a `code`
([operations.md](operations.md#error-codes)) and, where fields are wrong, an entry for each. A list has `limit` (50, at
most 200) and `cursor`: the next page begins where the one before ended, until it is null.

This page is made of the routes and models in `shared/http/contract` by `python -m tools.write_openapi`.
"""


def pages() -> dict[Path, str]:
    """What each file should hold."""
    made = document()
    return {
        DOCS / "openapi.json": json.dumps(made, indent=1, sort_keys=True) + "\n",
        DOCS / "api.md": _page(made),
    }


def _page(made: Json) -> str:
    parts = [INTRODUCTION]
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            parts.append(_route(made, f"{method.upper()} {path}", operation))
    return "\n".join(parts)


def _route(made: Json, title: str, operation: Json) -> str:
    lines = [f"## `{title}`", "", f"{operation['summary']}.", ""]
    asked = [p for p in operation["parameters"] if p["in"] != "path"]
    if asked:
        lines += ["| Parameter | |", "|---|---|"]
        lines += [f"| `{each['name']}` ({each['in']}) | {each['description']} |" for each in asked]
        lines.append("")
    body = operation.get("requestBody")
    if body is not None:
        schema = body["content"]["application/json"]["schema"]
        lines += _fields(made, schema) if "$ref" in schema else [schema["description"], ""]
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            lines.append(f"{status} {answer['description']}{_named(answer)}")
    return "\n".join([*lines, ""])


def _named(answer: Json) -> str:
    content = answer.get("content", {}).get("application/json")
    return f": `{content['schema']['$ref'].rpartition('/')[2]}`" if content else ""


def _fields(made: Json, schema: Json) -> list[str]:
    model = made["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    required = set(model.get("required", ()))
    rows = ["| Field | Type | |", "|---|---|---|"]
    for name, field in model["properties"].items():
        default = "required" if name in required else _default(field)
        rows.append(f"| `{name}` | {_type(field)} | {default} |")
    return [*rows, ""]


def _default(field: Json) -> str:
    default = field.get("default")
    return (
        "" if default in (None, "", [], {}) or isinstance(default, dict) else f"default `{default}`"
    )


def _type(field: Json) -> str:
    if "$ref" in field:
        return str(field["$ref"].rpartition("/")[2])
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    return str(field.get("type", "any"))


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
