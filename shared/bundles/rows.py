"""Makes staged rows from CSV records, with the same columns as over REST, and judges nothing.

Only problems of the file are noted here: spelling, layout, blanks. Values stay as they are;
``domain.roster.records`` judges them, for every source. A record that cannot be laid out in columns
is staged as broken, so that the record it names does not count as gone.
"""

import json
import re
from collections.abc import Callable
from collections.abc import Collection as Items
from dataclasses import dataclass
from typing import Any

from shared.bundles.csv_records import CsvRecord
from shared.bundles.date_order import DateOrder
from shared.bundles.header import Header
from shared.bundles.repairs import FileFindings
from shared.domain.counted import counted
from shared.domain.group.choices import StoredField
from shared.domain.roster import vocabulary
from shared.domain.roster.csv_columns import FILES
from shared.domain.roster.oneroster_json import roles_of

Row = dict[str, Any]

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
# A spreadsheet writes the decimal sign of its user's language.
_SPREADSHEET = re.compile(r"\d([.,]\d+)?E\+\d+")
# What a database's query tool prints around a table (sqlcmd, psql).
_COUNT_LINE = re.compile(r"\(\d+ rows?( affected)?\)")
_VOCABULARIES: dict[tuple[str, str], dict[str, str]] = {
    ("orgs", "type"): vocabulary.ORG_TYPES,
    ("academicsessions", "type"): vocabulary.SESSION_TYPES,
    ("classes", "classType"): vocabulary.CLASS_TYPES,
    ("users", "role"): vocabulary.ROLES,
    ("roles", "role"): vocabulary.ROLES,
    ("roles", "roleType"): vocabulary.ROLE_TYPES,
    ("enrollments", "role"): vocabulary.ROLES,
}
_RECOGNISABLE = {
    "orgs": "type",
    "academicsessions": "type",
    "classes": "classType",
    "users": "email",
    "enrollments": "role",
}
_BOOLEANS = frozenset({"enabledUser", "primary"})
_STATUSES = frozenset(vocabulary.STATUSES)
_ONLY_IF_STORED = {
    "phone": StoredField.PHONES,
    "sms": StoredField.PHONES,
    "agents": StoredField.AGENTS,
}


@dataclass
class ColumnsSeen:
    """What the columns of a file have shown so far; it is kept while the reading pauses.

    ``orders``: in which order each column of dates writes them.
    ``status_filled``: how many rows have a status.
    """

    orders: dict[str, DateOrder]
    status_filled: int = 0


class RowReader:
    """Makes staged rows of the records of one file, and adds to what its columns have shown."""

    def __init__(
        self,
        stem: str,
        header: Header,
        stored: Items[StoredField],
        findings: FileFindings,
        seen: ColumnsSeen,
        *,
        bulk: bool,
    ) -> None:
        columns = FILES[stem]
        self._seen = seen
        self._stem = stem
        self._header = header
        self._findings = findings
        self._bulk = bulk
        self._id = header.places.get("sourcedId", -1)
        self._status = header.places.get("status", -1)
        self._modified = header.places.get("dateLastModified", -1)
        self._texts: list[tuple[int, str]] = []
        self._lists: list[tuple[int, str, str]] = []
        self._watched: list[tuple[int, str, Callable[[str, str, int], None]]] = []
        for name, place in header.places.items():
            staged = columns.staged.get(name)
            if staged is None or (
                staged in _ONLY_IF_STORED and _ONLY_IF_STORED[staged] not in stored
            ):
                continue
            if name in columns.lists:
                self._lists.append((place, staged, name))
            else:
                self._texts.append((place, staged))
            if watch := self._watch(stem, name, name in columns.dates):
                self._watched.append((place, name, watch))
        self._metadata = header.metadata if StoredField.METADATA in stored else {}

    def row(self, record: CsvRecord) -> Row | None:
        """Make a staged row; None for a blank record."""
        cells, line = record.cells, record.line
        if cells is None:
            return self._broken(list(record.before), line, "unreadable_row", "", "")
        if _is_printed(cells):
            self._findings.note("printed_line", line)
            return None
        width = self._header.width
        if len(cells) != width:
            wide = len(cells) > self._header.cells
            if any(cell.strip() for cell in cells[width:]) or (wide and not self._in_place(cells)):
                return self._broken(cells, line, "row_too_wide", "", f"{len(cells)} of {width}")
            if wide:
                self._findings.note("blank_cells", line, found=f"{len(cells)} of {width}")
            if len(cells) < width:
                if any(cell.strip() for cell in cells):
                    short = f"{len(cells)} of {width}"
                    if not record.ended:
                        return self._broken(cells, line, "cut_off", "", short)
                    self._findings.note("row_too_short", line, found=short)
                cells = cells + [""] * (width - len(cells))
        if record.lines > 1:
            return self._broken(cells, line, "line_break", "", counted(record.lines, "line"))
        row: Row = {"line": line}
        for place, staged in self._texts:
            value = cells[place]
            if value and not value.isspace():
                row[staged] = value
        for place, staged, name in self._lists:
            value = cells[place]
            if value and not value.isspace():
                row[staged] = self._items(value, name, line)
        sourced_id = cells[self._id].strip() if self._id >= 0 else ""
        if sourced_id:
            if "E+" in sourced_id and _SPREADSHEET.fullmatch(sourced_id):
                return self._broken(cells, line, "spreadsheet_id", "sourcedId", sourced_id)
            row["sourced_id"] = sourced_id
        elif len(row) == 1:
            self._findings.note("blank_row", line)
            return None
        self._note_spelling(cells, row, line)
        if self._stem == "users":
            self._convert_role(row)
        if self._metadata:
            found = {name: cells[place] for name, place in self._metadata.items() if cells[place]}
            if found:
                row["metadata"] = json.dumps(found, sort_keys=True, ensure_ascii=False)
        return row

    def _in_place(self, cells: list[str]) -> bool:
        """Whether the values of a row with too many cells are in their columns.

        A name with a comma and without quotes shifts all following values. So a later column whose
        values can be recognised must contain such a value.
        """
        place = self._header.places.get(_RECOGNISABLE.get(self._stem, ""), -1)
        if place < 0:
            return False
        if self._stem == "users":
            return "@" in cells[place]
        known = _VOCABULARIES[self._stem, _RECOGNISABLE[self._stem]]
        return cells[place].strip().casefold() in known

    def _broken(self, cells: list[str], line: int, code: str, name: str, found: str) -> Row:
        """Stage only a record's sourcedId and what is wrong with it."""
        row: Row = {"line": line, "broken": f"{code}|{name}|{found}"}
        if code != "spreadsheet_id" and 0 <= self._id < len(cells) and cells[self._id].strip():
            row["sourced_id"] = cells[self._id].strip()
        return row

    def _note_spelling(self, cells: list[str], row: Row, line: int) -> None:
        """Note values that are spelled differently from the standard."""
        if self._status >= 0 and (status := cells[self._status].strip()):
            row["status"] = status
            self._seen.status_filled += 1
            if self._bulk:
                self._findings.note("status_in_bulk", line, "status", status[:20])
            if status not in _STATUSES and status.casefold() in _STATUSES:
                self._findings.note("term_spelling", line, "status", cells[self._status])
        time = cells[self._modified].strip() if self._modified >= 0 else ""
        if time and not _DATE_TIME.fullmatch(time):
            self._findings.note("date_time_format", line, "dateLastModified", time)
        for place, name, watch in self._watched:
            if value := cells[place]:
                watch(value, name, line)
        if self._stem == "enrollments":
            if "sourced_id" not in row:
                self._findings.note("enrollment_without_id", line, "sourcedId")
        elif self._stem == "users" and "username" not in row and "username" in self._header.places:
            self._findings.note("blank_username", line, "username")

    def _items(self, value: str, name: str, line: int) -> list[str]:
        if "," not in value:
            return [value]
        items = value.split(",")
        if any(item != item.strip() for item in items):
            self._findings.note("list_spaces", line, name)
        return [stripped for item in items if (stripped := item.strip())]

    def _convert_role(self, row: Row) -> None:
        """Convert a user's role of 1.1 to the form of 1.2, where roles have their own file."""
        role, orgs = row.pop("role", None), row.pop("orgs", [])
        if role is not None:
            row["roles"] = roles_of(role, orgs)

    def _watch(self, stem: str, name: str, date: bool) -> Callable[[str, str, int], None] | None:
        if date:
            return self._watch_date
        if name in _BOOLEANS:
            return self._watch_boolean
        terms = _VOCABULARIES.get((stem, name))
        if terms is None:
            return None
        spelled = frozenset(terms.values())

        def watch(value: str, name: str, line: int) -> None:
            if value not in spelled and value.strip().casefold() in terms:
                self._findings.note("term_spelling", line, name, value)

        return watch

    def _watch_boolean(self, value: str, name: str, line: int) -> None:
        if value not in ("true", "false") and value.strip().casefold() in vocabulary.BOOLEANS:
            self._findings.note("boolean_spelling", line, name, value)

    def _watch_date(self, value: str, name: str, line: int) -> None:
        if _DATE.fullmatch(value) or value.isspace():
            return
        order = self._seen.orders.setdefault(name, DateOrder())
        if not order.see(value, line) and _DATE.match(value):
            self._findings.note("date_with_time", line, name)


def _is_printed(cells: list[str]) -> bool:
    """Whether a row is no record but what a query tool prints: dashes, or a number of rows."""
    if len(cells) == 1 and _COUNT_LINE.fullmatch(cells[0].strip()):
        return True
    return all(len(cell) > 1 and not cell.strip("-") for cell in map(str.strip, cells))
