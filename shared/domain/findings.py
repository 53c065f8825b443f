"""What the plan found wrong with rows: the lines of the error report.

Personal values never stand in a finding, only their shape; vocabularies, references, booleans and
headers may.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from shared.domain.collection import Collection

_DATE_LIKE = re.compile(r"[\d\sT:./Z+-]{6,30}")


class Severity(StrEnum):
    """An error costs the row; a warning costs at most a value."""

    ERROR = "error"
    WARNING = "warning"


class Consequence(StrEnum):
    """What became of the row."""

    NOT_LOADED = "not loaded"
    KEPT_AS_BEFORE = "kept as before"
    LOADED_WITHOUT_VALUE = "loaded without the value"
    LOADED = "loaded"


MESSAGES: dict[str, tuple[str, str]] = {
    "missing_sourced_id": (
        "The row has no sourcedId.",
        "Give every record a sourcedId in the source system.",
    ),
    "missing_value": ("A required value is missing.", "Fill the field in the source system."),
    "too_long": ("The value is too long.", "Shorten the value in the source system."),
    "bad_characters": (
        "The value holds control characters.",
        "Remove the invisible characters in the source system.",
    ),
    "bad_value": ("The value cannot be read.", "Correct the value in the source system."),
    "unknown_role": (
        "The role is not one that OneRoster knows.",
        "Use a OneRoster role, or an ext: term.",
    ),
    "unknown_term": (
        "The value is not one that OneRoster knows here.",
        "Use a OneRoster term, or an ext: term.",
    ),
    "bad_date": ("The value is not a date.", "Write dates as YYYY-MM-DD."),
    "bad_boolean": ("The value is neither true nor false.", "Write true or false."),
    "bad_email": ("The value is not an e-mail address.", "Correct the address, or leave it empty."),
    "duplicate_row": (
        "The same sourcedId came more than once with different values; the last one counts.",
        "Send each record once.",
    ),
    "duplicate_membership": (
        "The same user is in the same class twice with the same role and begin date.",
        "Send each enrollment once.",
    ),
    "reference_unresolved": (
        "The record that this one refers to is not in the roster.",
        "Send the record referred to, or correct the reference.",
    ),
    "reference_rejected": (
        "The record that this one refers to was itself rejected.",
        "Correct the record referred to; see its own line.",
    ),
    "school_differs": (
        "The enrollment names another school than its class; the class's school counts.",
        "Give the enrollment the school of its class.",
    ),
}
"""By code: what is wrong, and what to do about it."""


def shape_of(value: object) -> str:
    """Describe a personal value without showing it: digits of dates as 9, otherwise its length."""
    if value is None:
        return "empty"
    text = str(value)
    if not text.strip():
        return "empty"
    if _DATE_LIKE.fullmatch(text):
        return re.sub(r"\d", "9", text)
    return f"{len(text)} characters"


class FileFinding(BaseModel):
    """One kind of repair in one column of one file of a bundle.

    ``line`` is that of the first row concerned (1 is the header), ``count`` how many rows there
    are. ``field`` is the header's name; ``found`` shows no personal value.
    """

    file: str
    code: str
    line: int = 1
    field: str = ""
    found: str = ""
    count: int = 1


@dataclass
class Repairs:
    """Collects what was repaired while rows are read.

    A record model says which row it is reading (``begin``) before its other fields are read.
    """

    collection: Collection
    found: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    row: int = 0
    sourced_id: str = ""

    def note(self, code: str, name: str, found: str) -> None:
        """Note one repair: row, sourcedId, code, field, what was found there."""
        self.found.append((self.row, self.sourced_id, code, name, found))
