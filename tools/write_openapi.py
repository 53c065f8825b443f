"""Writes docs/openapi.json and docs/api.md from routes and models: `python -m tools.write_openapi`."""

# ruff: noqa: E501  # lines of a page are longer than those of code

import json
from pathlib import Path
from typing import Any

from local.entry import run_command
from shared.http.contract.document import document
from shared.http.contract.problem_codes import CODES
from shared.http.contract.routes import EVERYWHERE, TOPICS, Route, refusals_of
from tools.model_tables import models, type_of

DOCS = Path(__file__).parents[1] / "docs"
Json = dict[str, Any]

INTRODUCTION = """# The API

The OpenAPI document is served at `/openapi.json`, without sign-in, and checked in as [openapi.json](openapi.json). Every
other route needs `Authorization: Bearer <ID token>` of an Enterprise Admin. Requests and answers are JSON; times are ISO
8601 with an offset. Future versions may add fields to answers, so ignore fields that you do not know. In a request, an
unknown field is an error.

A list takes `limit` (50, at most 200) and `cursor`. Each answer has the cursor of the next page; null means the end of
the list. A page of a roster may be short or even empty although more pages follow.

`python -m tools.write_openapi` makes this page from the routes and models in `shared/http/contract`.
"""


def pages() -> dict[Path, str]:
    """The text of each file, made from routes and models."""
    made = document()
    return {
        DOCS / "openapi.json": json.dumps(made, indent=1, sort_keys=True) + "\n",
        DOCS / "api.md": _page(made),
    }


def _page(made: Json) -> str:
    parts = [INTRODUCTION, _contents(), _everywhere()]
    for topic, routes in TOPICS.items():
        parts.append(f"## {topic}\n")
        parts += [_route(made, route) for route in routes]
    parts.append(models(made))
    return "\n".join(parts)


def _contents() -> str:
    lines = [
        "[Errors](#errors), the [models](#models) of requests and answers, and the routes:",
        "",
    ]
    lines += ["| Topic | Route | |", "|---|---|---|"]
    for topic, routes in TOPICS.items():
        name = f"[{topic}](#{anchor(topic)})"
        for route in routes:
            title = f"{route.method} {route.path}"
            lines.append(f"| {name} | [`{title}`](#{anchor(title)}) | {route.summary} |")
            name = ""
    return "\n".join([*lines, ""])


def _everywhere() -> str:
    lines = [
        "## Errors",
        "",
        "An error is `application/problem+json`, a [`Problem`](#problem). Its `code` says why; if fields are wrong, `errors`",
        "has an entry for each. [operations.md](operations.md#error-codes) lists all codes. Every route can answer with these",
        "errors; each route lists its others.",
        "",
        "| Status | Code |",
        "|---|---|",
        *_refusal_rows(EVERYWHERE),
    ]
    return "\n".join([*lines, ""])


def _refusal_rows(refusals: dict[int, tuple[str, ...]]) -> list[str]:
    """A row for each set of codes; statuses with the same codes share a row."""
    rows = []
    for codes in dict.fromkeys(refusals.values()):
        statuses = ", ".join(str(status) for status in refusals if refusals[status] == codes)
        meanings = "<br>".join(f"`{code}`: {CODES[code]}" for code in codes)
        rows.append(f"| {statuses} | {meanings} |")
    return rows


def _route(made: Json, route: Route) -> str:
    operation = made["paths"][route.path][route.method.lower()]
    lines = [f"### `{route.method} {route.path}`", "", f"{route.summary}.", ""]
    asked = [each for each in operation["parameters"] if each["in"] != "path"]
    if asked:
        lines += ["| Parameter | Type | |", "|---|---|---|"]
        lines += [
            f"| `{each['name']}` ({each['in']}) | {type_of(made, each['schema'])} | {each['description']} |"
            for each in asked
        ]
        lines.append("")
    body = operation.get("requestBody")
    if body is not None:
        content = body["content"]["application/json"]
        lines += [f"Body: {type_of(made, content['schema'])}", ""]
        if "example" in content:
            text = json.dumps(content["example"], indent=2, ensure_ascii=False)
            lines += ["```json", *text.split("\n"), "```", ""]
    lines += ["| Status | Answer |", "|---|---|"]
    for status in route.answers:
        lines.append(f"| {status} | {_shown(made, operation['responses'][str(status)])} |")
    lines += _refusal_rows(refusals_of(route))
    return "\n".join([*lines, ""])


def _shown(made: Json, answer: Json) -> str:
    if "Location" in answer.get("headers", {}):
        return "`Location`: the address of the file"
    content = answer.get("content", {}).get("application/json")
    return type_of(made, content["schema"]) if content else "nothing"


def anchor(title: str) -> str:
    """The anchor of a heading, by GitHub's rule."""
    kept = "".join(sign for sign in title.lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", "-")


def main() -> None:
    """Write both files."""
    for file, text in pages().items():
        file.write_text(text)


if __name__ == "__main__":
    run_command(main)
