"""What the plan found wrong with rows: the lines of the error report.

Personal values never stand in a finding, only their shape; vocabularies, references, booleans and
headers may.
"""

import re
from dataclasses import dataclass, field

from pydantic import BaseModel

from shared.domain.counted import counted
from shared.domain.roster.collection import Collection

_DATE_LIKE = re.compile(r"[\d\sT:./Z+-]{6,30}")


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
    "ambiguous_date": (
        "Day and month of the date could each be the other.",
        "Write dates as YYYY-MM-DD.",
    ),
    "bad_boolean": ("The value is neither true nor false.", "Write true or false."),
    "bad_email": ("The value is not an e-mail address.", "Correct the address, or leave it empty."),
    "duplicate_row": (
        "The same sourcedId came more than once with different values; the last one counts.",
        "Send each record once.",
    ),
    "duplicate_row_identical": (
        "The same row came more than once; it was loaded once.",
        "Send each record once.",
    ),
    "staff_merged": (
        "Several rows of staff have one username: they were read as one person with several roles.",
        "Nothing, if they are one person; otherwise give each a username of their own.",
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
    "unreadable_row": (
        "The row cannot be read: a quote is probably opened and never closed.",
        "Close the quote, and double quotes inside of values.",
    ),
    "row_too_wide": (
        "The row has more values than the header has columns, so that values may be misplaced.",
        "Put values that hold a comma in quotes.",
    ),
    "line_break": (
        "A value of the row goes over several lines: a quote is probably never closed.",
        "Close the quote, or remove the line break from the value.",
    ),
    "spreadsheet_id": (
        "The sourcedId was rewritten by a spreadsheet (1.23E+05); whose it was cannot be told. "
        "The row is held back, and nothing missing in the file counts as gone.",
        "Export the file anew, and do not save it with a spreadsheet program.",
    ),
    "leading_zeros_lost": (
        "The sourcedId is that of a known record without its leading zeros, as a spreadsheet "
        "leaves it. The row is held back, and nothing missing in the file counts as gone.",
        "Export the file anew, and do not save it with a spreadsheet program.",
    ),
    "looks_like_delta": (
        "The file is said to be complete, but has fewer than half of the records, each with a "
        "status; it was read as changes only.",
        "Say delta in the manifest, or send all records with an empty status.",
    ),
    "top_folder": (
        "The files lie in a folder; it was passed through.",
        "Zip the files themselves, not their folder.",
    ),
    "stray_file": ("The file is no CSV file; it was passed over.", "Leave it out of the zip."),
    "unknown_file": (
        "The file is none of OneRoster's; it was passed over.",
        "Leave it out, or correct its name.",
    ),
    "file_name_spelling": (
        "The file's name is spelled otherwise than in the standard.",
        "Spell it as in the standard, academicSessions.csv for example.",
    ),
    "file_missing": (
        "The manifest names a file that is not there; nothing was concluded from it.",
        "Add the file, or say absent in the manifest.",
    ),
    "file_said_absent": (
        "The manifest says that the file is absent; it was passed over.",
        "Say bulk or delta in the manifest, or leave the file out.",
    ),
    "file_not_named": (
        "The manifest does not name the file; it was loaded, and nothing missing in it counts as "
        "gone.",
        "Name it in the manifest as bulk or delta.",
    ),
    "no_manifest": (
        "There is no manifest; the files were loaded, and nothing missing in them counts as gone.",
        "Add a manifest.csv that says bulk or delta of each file.",
    ),
    "manifest_header": (
        "The manifest's header is not the standard's.",
        "Begin it with propertyName,value.",
    ),
    "manifest_spelling": (
        "The manifest is spelled otherwise than in the standard.",
        "Write names and values as in the standard, without spaces around them.",
    ),
    "manifest_version": (
        "The manifest names a version that does not exist.",
        "Say 1.0 as manifest.version, and 1.1 or 1.2 as oneroster.version.",
    ),
    "manifest_property": (
        "The manifest has a property that does not exist; it was passed over.",
        "Remove it.",
    ),
    "manifest_mode": (
        "The manifest does not say bulk, delta or absent of a file; nothing missing in it counts "
        "as gone.",
        "Say bulk, delta or absent.",
    ),
    "byte_order_mark": (
        "The file begins with a byte order mark.",
        "Save it as UTF-8 without a mark.",
    ),
    "utf_16": ("The file is written in UTF-16.", "Save it as UTF-8."),
    "windows_1252": (
        "The file holds characters that are no UTF-8; they were read as Windows-1252.",
        "Save it as UTF-8.",
    ),
    "carriage_returns": (
        "The lines end with carriage returns alone.",
        "End lines with a line feed.",
    ),
    "delimiter": ("The values are parted by something else than commas.", "Use commas."),
    "header_spelling": (
        "A column is named otherwise than in the standard.",
        "Spell it as in the standard, in the same case and without spaces.",
    ),
    "column_order": (
        "The columns stand in another order than in the standard.",
        "Put them in the standard's order.",
    ),
    "unknown_column": (
        "The standard knows no such column; it was passed over.",
        "Remove it, or name it metadata.…",
    ),
    "metadata_column": (
        "Metadata is stored only where the group asks for it.",
        "Nothing; or have the group store metadata.",
    ),
    "blank_headers": ("The header has columns without names.", "Remove empty columns."),
    "blank_cells": (
        "The row has empty values past the last column of the header; they were passed over.",
        "Remove the commas at the end of the row.",
    ),
    "row_too_short": (
        "The row has fewer values than the header; the others were taken for empty.",
        "Give each row a value, or an empty one, for each column.",
    ),
    "blank_row": ("The row is empty; it was passed over.", "Remove empty rows."),
    "status_in_bulk": (
        "A file that is complete must not have a status; it was read all the same.",
        "Leave status and dateLastModified empty, or say delta in the manifest.",
    ),
    "term_spelling": (
        "The value is spelled otherwise than in the standard.",
        "Spell it as in the standard, in the same case and without spaces.",
    ),
    "boolean_spelling": ("The value was read as true or false.", "Write true or false."),
    "date_time_format": (
        "The time is not written as the standard has it.",
        "Write times as YYYY-MM-DDThh:mm:ss.sssZ.",
    ),
    "date_with_time": ("The date has a time, which was left out.", "Write dates as YYYY-MM-DD."),
    "date_order": (
        "The column's dates are written in another order; one above 12 has shown which.",
        "Write dates as YYYY-MM-DD.",
    ),
    "list_spaces": ("There are spaces in a list; they were left out.", "Part values by commas."),
    "blank_username": (
        "The user has no username; it was loaded without one.",
        "Give every user a username.",
    ),
    "enrollment_without_id": (
        "The enrollment has no sourcedId; it is known by its user and class.",
        "Give every record a sourcedId in the source system.",
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
    return counted(len(text), "character")


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
