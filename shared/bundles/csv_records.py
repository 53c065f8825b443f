"""Reads lines of text as CSV records: detects the delimiter, and marks unreadable records.

Quotes are read strictly (RFC 4180): where a quote stands inside a quoted value without being
doubled, a lenient reader moves values into other columns without a word.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class CsvRecord:
    """One record.

    ``line``: the line on which it begins.
    ``cells``: its values; None if it cannot be read.
    ``lines``: how many lines it spans.
    ``ended``: whether its last line has a line end.
    ``before``: of a record that cannot be read, the values before its first quote.
    """

    line: int
    cells: list[str] | None
    lines: int = 1
    ended: bool = True
    before: tuple[str, ...] = ()


def separator_of(line: str) -> str | None:
    """The delimiter that a first line ``sep=,`` names, which Excel writes; None for any other."""
    match = _SEPARATOR_LINE.fullmatch(line)
    return match[1] if match else None


def find_delimiter(header: str) -> str:
    """Return the delimiter of a header line; the standard's is the comma."""
    return max(DELIMITERS, key=header.count)


def header_cells(header: str, delimiter: str) -> list[str]:
    """Split a header line into its cells; empty if it cannot be read."""
    try:
        return next(csv.reader([header], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def read_records(lines: Iterator[str], delimiter: str, header_line: int = 1) -> Iterator[CsvRecord]:
    """Yield the records after the header, which has been read already; skip empty lines.

    A record whose quotes are wrong is yielded as unreadable, and reading continues with the line
    after it. If a quote is never closed, that is the file's end, or where the record becomes longer
    than the csv module accepts.

    :param header_line: the line of the header.
    """
    first = last = ""

    def remembered() -> Iterator[str]:
        nonlocal first, last
        for last in lines:
            first = first or last
            yield last

    reader = csv.reader(remembered(), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + header_line + 1
        first = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            before = first.split('"', 1)[0].split(delimiter)[:-1]
            spanned = reader.line_num + header_line + 1 - line
            yield CsvRecord(line, None, spanned, last.endswith("\n"), tuple(before))
            continue
        if cells:
            spanned = reader.line_num + header_line + 1 - line
            yield CsvRecord(line, cells, spanned, last.endswith("\n"))
