"""Findings: the lines of the error report, with what is wrong and how to fix it.

A finding never quotes a personal value, only its shape. It may quote terms of vocabularies,
references, booleans and headers.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from shared.domain.roster.collection import Collection


class LoginNameClash(StrEnum):
    """Why a user cannot have its login name: codes of the error report."""

    SHARED = "login_name_shared"
    """Another user of the same delivery has the same username."""
    HELD = "login_name_held"
    """A user of the group has it who stays, and was not delivered this time."""
    WAITS = "login_name_waits"
    """The user of the group who has it has not given it up yet."""
    ELSEWHERE = "login_name_elsewhere"
    """A user of another group has it."""


MESSAGES: dict[str, tuple[str, str]] = {
    "missing_sourced_id": (
        "The row has no sourcedId.",
        "Give every record a sourcedId in the source system.",
    ),
    "missing_value": ("A required value is missing.", "Fill in the field in the source system."),
    "too_long": ("The value is too long.", "Shorten the value in the source system."),
    "bad_characters": (
        "The value contains control characters.",
        "Remove the invisible characters in the source system.",
    ),
    "bad_value": ("The value cannot be read.", "Correct the value in the source system."),
    "unknown_role": (
        "OneRoster does not know this role.",
        "Use a OneRoster role, or an ext: term.",
    ),
    "unknown_term": (
        "OneRoster does not know this value here.",
        "Use a OneRoster term, or an ext: term.",
    ),
    "bad_date": ("The value is not a date.", "Write dates as YYYY-MM-DD."),
    "ambiguous_date": (
        "It is unclear which number of the date is the day and which the month.",
        "Write dates as YYYY-MM-DD.",
    ),
    "bad_boolean": ("The value is neither true nor false.", "Write true or false."),
    "bad_email": ("The value is not an e-mail address.", "Correct the address, or leave it empty."),
    "duplicate_row": (
        "The same sourcedId occurs more than once with different values; the last row counts.",
        "Send each record once.",
    ),
    "duplicate_row_identical": (
        "The same row occurs more than once; it was loaded once.",
        "Send each record once.",
    ),
    "staff_merged": (
        "Several staff rows have one username; they were read as one person with several roles.",
        "Nothing, if they are one person; otherwise give each person a different username.",
    ),
    LoginNameClash.SHARED: (
        "Another user of the delivery, whose sourcedId is shown, has the same username, and the "
        "login name. Who had it keeps it; of new users it is the first by sourcedId.",
        "Give each of the two a username of its own.",
    ),
    LoginNameClash.HELD: (
        "A user of this group who was not delivered this time and stays, and whose sourcedId is "
        "shown, has the login name.",
        "Change one of the two usernames at the source, or send that user's deletion.",
    ),
    LoginNameClash.WAITS: (
        "A user of this group, whose sourcedId is shown, still has the login name: the user is "
        "missing from the source and has not left yet, or the user's new row waits or was "
        "rejected.",
        "Run an update, decide on what waits, or correct the other user's row; the next run gives "
        "the name.",
    ),
    LoginNameClash.ELSEWHERE: (
        "A user of another group has the login name.",
        "Change one of the two usernames at the source, or give this group a suffix.",
    ),
    "duplicate_membership": (
        "The same user is in the same class twice with the same role and begin date.",
        "Send each enrollment once.",
    ),
    "reference_unresolved": (
        "The record that this one refers to is not in the roster.",
        "Send the other record as well, or correct the reference.",
    ),
    "reference_rejected": (
        "The record that this one refers to was itself rejected.",
        "Correct the other record; see its own line.",
    ),
    "unreadable_row": (
        "The row cannot be read: a quote is opened but never closed, or stands inside a value. "
        "Nothing missing from the file counts as gone.",
        "Close the quote, and double any quotes inside values.",
    ),
    "cut_off": (
        "The file ends in the middle of this row. Nothing missing from it counts as gone.",
        "Export the file again, and deliver it when it is written to its end.",
    ),
    "unknown_status": (
        "OneRoster does not know this status.",
        "Write active or tobedeleted, or leave the status empty.",
    ),
    "tombstone_unclear": (
        "The row deletes a record without a known sourcedId, and several match the rest of the "
        "row; none was deleted.",
        "Send the sourcedId with which the record was delivered, or its role and dates.",
    ),
    "contradicted": (
        "The record is missing, but other rows of the same delivery name it; it stays.",
        "Send the record, or leave out the rows that name it.",
    ),
    "placeholder": (
        "The value stands for no value (NULL, N/A, none, - and the like); it counts as empty.",
        "Leave the value empty, or write the true one.",
    ),
    "misread_encoding": (
        "The text was written as UTF-8 and read as another encoding; it was put right.",
        "Export the file as UTF-8, without another program in between.",
    ),
    "no_date": (
        "The date stands for no date (a year before 1950 or after 2100).",
        "Leave the date empty, or write the true one.",
    ),
    "end_before_begin": (
        "The end is before the begin.",
        "Correct the dates in the source system.",
    ),
    "row_too_wide": (
        "The row has more values than the header has columns; values may be in wrong columns. "
        "Nothing missing from the file counts as gone.",
        "Put values that contain a comma in quotes.",
    ),
    "line_break": (
        "A value of the row spans several lines: probably a quote is never closed. Nothing missing "
        "from the file counts as gone.",
        "Close the quote, or remove the line break from the value.",
    ),
    "spreadsheet_id": (
        "A spreadsheet rewrote the sourcedId (1.23E+05), so it is unclear whose row this is. "
        "The row is held back, and nothing missing from the file counts as gone.",
        "Export the file again, and do not save it with a spreadsheet program.",
    ),
    "leading_zeros_lost": (
        "The sourcedId is a known record's without its leading zeros, which spreadsheets remove. "
        "The row is held back, and nothing missing from the file counts as gone.",
        "Export the file again, and do not save it with a spreadsheet program.",
    ),
    "looks_like_delta": (
        "The file claims to be complete, but has fewer than half of the records, each with a "
        "status; it was read as a delta.",
        "Say delta in the manifest, or send all records with an empty status.",
    ),
    "top_folder": (
        "The files are in a folder, which was ignored.",
        "Zip the files themselves, not their folder.",
    ),
    "stray_file": ("The file is not a CSV file and was skipped.", "Leave it out of the zip."),
    "unknown_file": (
        "OneRoster has no such file; it was skipped.",
        "Leave it out, or correct its name.",
    ),
    "file_name_spelling": (
        "The file's name is not spelled as in the standard.",
        "Spell it as in the standard, for example academicSessions.csv.",
    ),
    "file_missing": (
        "The manifest names a file that is missing; nothing was concluded from that.",
        "Add the file, or say absent in the manifest.",
    ),
    "file_said_absent": (
        "The manifest says that the file is absent, so it was skipped.",
        "Say bulk or delta in the manifest, or leave the file out.",
    ),
    "file_not_named": (
        "The manifest does not name the file; it was loaded, but nothing missing from it counts "
        "as gone.",
        "Name it in the manifest as bulk or delta.",
    ),
    "no_manifest": (
        "There is no manifest; the files were loaded, but nothing missing from them is gone.",
        "Add a manifest.csv that says bulk or delta for each file.",
    ),
    "manifest_header": (
        "The manifest's header is not the standard's.",
        "Begin it with propertyName,value.",
    ),
    "manifest_spelling": (
        "The manifest is not spelled as in the standard.",
        "Write names and values as in the standard, without spaces around them.",
    ),
    "manifest_version": (
        "The manifest names a version that does not exist.",
        "Use 1.0 as manifest.version, and 1.1 or 1.2 as oneroster.version.",
    ),
    "manifest_property": (
        "The manifest has a property that does not exist; it was ignored.",
        "Remove it.",
    ),
    "manifest_mode": (
        "The manifest does not say bulk, delta or absent for a file; nothing missing from it "
        "counts as gone.",
        "Say bulk, delta or absent.",
    ),
    "byte_order_mark": (
        "The file begins with a byte order mark.",
        "Save it as UTF-8 without a mark.",
    ),
    "utf_16": ("The file is written in UTF-16.", "Save it as UTF-8."),
    "windows_1252": (
        "The file contains bytes that are not UTF-8; they were read as Windows-1252.",
        "Save it as UTF-8.",
    ),
    "dos_end": (
        "The file ends with the character Ctrl-Z, which was ignored.",
        "Leave the character out.",
    ),
    "separator_line": (
        "The file begins with a line that names its separator (sep=), which was skipped.",
        "Leave the line out.",
    ),
    "printed_line": (
        "The row is a ruled line or a number of rows, as a query tool prints; it was skipped.",
        "Export the table without them.",
    ),
    "manifest_line": (
        "A line of the manifest cannot be read; nothing was concluded from it.",
        "Write one name and one value in each line.",
    ),
    "carriage_returns": (
        "The lines end with carriage returns alone.",
        "End lines with a line feed.",
    ),
    "delimiter": ("The values are not separated by commas.", "Use commas."),
    "header_spelling": (
        "A column's name is not spelled as in the standard.",
        "Spell it as in the standard, in the same case and without spaces.",
    ),
    "column_order": (
        "The columns are not in the standard's order.",
        "Put them in the standard's order.",
    ),
    "unknown_column": (
        "The standard has no such column; it was ignored.",
        "Remove it, or name it metadata.…",
    ),
    "metadata_column": (
        "Metadata is stored only if the group asks for it.",
        "Nothing, or make the group store metadata.",
    ),
    "blank_headers": ("The header has columns without names.", "Remove empty columns."),
    "blank_cells": (
        "The row has empty values after the last column of the header; they were ignored.",
        "Remove the commas at the end of the row.",
    ),
    "row_too_short": (
        "The row has fewer values than the header; the missing ones were read as empty, and "
        "nothing missing from the file counts as gone.",
        "Give each row a value, or an empty one, for each column.",
    ),
    "blank_row": ("The row is empty and was skipped.", "Remove empty rows."),
    "status_in_bulk": (
        "Rows of a complete file must not have a status; it was read anyway.",
        "Leave status and dateLastModified empty, or say delta in the manifest.",
    ),
    "term_spelling": (
        "The value is not spelled as in the standard.",
        "Spell it as in the standard, in the same case and without spaces.",
    ),
    "boolean_spelling": ("The value was read as true or false.", "Write true or false."),
    "date_time_format": (
        "The time is not written as in the standard.",
        "Write times as YYYY-MM-DDThh:mm:ss.sssZ.",
    ),
    "date_with_time": ("The date has a time, which was ignored.", "Write dates as YYYY-MM-DD."),
    "date_order": (
        "The column's dates use another order, which a number above 12 showed.",
        "Write dates as YYYY-MM-DD.",
    ),
    "list_spaces": (
        "There are spaces in a list; they were removed.",
        "Separate values by commas only.",
    ),
    "blank_username": (
        "The user has no username; it was loaded without one.",
        "Give every user a username.",
    ),
    "enrollment_without_id": (
        "The enrollment has no sourcedId; it is identified by its user and class.",
        "Give every record a sourcedId in the source system.",
    ),
    "school_differs": (
        "The enrollment names another school than its class; the class's school counts.",
        "Give the enrollment the school of its class.",
    ),
}
"""By code: what is wrong, and how to fix it."""


class FileFinding(BaseModel):
    """One kind of repair in one column of one file of a bundle.

    ``file``: the file's name.
    ``code``: a code of ``MESSAGES``.
    ``line``: the line of the first such row (1 is the header).
    ``field``: the column, by its header.
    ``found``: what was found; never a personal value.
    ``count``: how many rows there are.
    """

    file: str
    code: str
    line: int = 1
    field: str = ""
    found: str = ""
    count: int = 1


@dataclass
class Repairs:
    """Collects what is repaired while rows are read.

    ``collection``: whose rows are read.
    ``found``: the repairs: row, sourcedId, code, field, and what was found there.
    ``row``, ``sourced_id``: the row that is being read. A record model sets them before it reads
        its other fields.
    """

    collection: Collection
    found: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    row: int = 0
    sourced_id: str = ""

    def note(self, code: str, name: str, found: str) -> None:
        """Note a repair in the row that is being read."""
        self.found.append((self.row, self.sourced_id, code, name, found))
