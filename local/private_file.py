"""Small JSON files that hold secrets: only their owner may read them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def write_private(file: Path, fields: Mapping[str, Any]) -> None:
    """Write the file whole, or not at all."""
    new = file.with_name(f"{file.name}.new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(fields, indent=2) + "\n")
    new.rename(file)


def read_private(file: Path, kind: type[T]) -> T | None:
    """Read the file as a dataclass; None if there is no file, or its fields are others."""
    try:
        return kind(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None
