"""Writes docs/events.md from the models of the events: `python -m tools.write_events_page`."""

# ruff: noqa: E501  # lines of a page are longer than those of code

from inspect import cleandoc
from pathlib import Path
from typing import Any

from local.entry import run_command
from shared.domain.events import KINDS, SOURCE

PAGE = Path(__file__).parents[1] / "docs" / "events.md"
INTRODUCTION = f"""# Events

Homeroom publishes events on the account's default event bus, with source `{SOURCE}`. They contain ids, states and
numbers, but no personal data. Your own rules can forward them anywhere. An event may arrive more than once.
`python -m tools.write_events_page` makes this page from the models in `shared/domain/events.py`.

A group's `webhook` (`url`, and a `secret` of at least 16 characters) receives `Run Finished` and `Records Held`:

```text
POST {{url}}
Homeroom-Event-Id: …                the same for every attempt
Homeroom-Timestamp: 1786352400
Homeroom-Signature: v1=…            hex HMAC-SHA256, under the secret, of timestamp + "." + body

{{"id": …, "type": "Run Finished", "time": …, "detail": {{…}}}}
```

Compute the signature over the body exactly as received, compare in constant time, refuse timestamps that are minutes
old, and answer 2xx within 10 seconds. Otherwise the event is sent again, five times in all. Redirects are not followed.
"""


def page() -> str:
    """The page's text, made from the models."""
    parts = [INTRODUCTION]
    for model, kind in KINDS.items():
        schema = model.model_json_schema(by_alias=True)
        rows = _rows(schema, schema.get("$defs", {}))
        about = cleandoc(model.__doc__ or "")
        table = "\n".join(["| Field | Type |", "|---|---|", *rows])
        parts.append(f"## {kind}\n\n{about}\n\n{table}\n")
    return "\n".join(parts)


def _rows(schema: dict[str, Any], known: dict[str, Any], before: str = "") -> list[str]:
    rows = []
    for name, field in schema["properties"].items():
        place, inner, many = f"{before}{name}", field, ""
        if "additionalProperties" in field:
            inner, many = field["additionalProperties"], ".*"
        elif field.get("type") == "array":
            inner, many = field["items"], "[]"
        if "$ref" in inner:
            rows += _rows(known[inner["$ref"].rpartition("/")[2]], known, f"{place}{many}.")
        else:
            rows.append(f"| `{place}` | {_type(field)} |")
    return rows


def _type(field: dict[str, Any]) -> str:
    kinds = [each["type"] for each in field.get("anyOf", [field])]
    return " or ".join(kinds)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    run_command(main)
