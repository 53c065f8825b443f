"""Reads lines of text as CSV records: detects the delimiter, and marks unreadable records."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class CsvRecord:
    """One record.

    ``line``: the line on which it begins.
    ``cells``: its values; None if it cannot be read.
    ``lines``: how many lines it spans.
    """

    line: int
    cells: list[str] | None
    lines: int = 1


def find_delimiter(header: str) -> str:
    """Return the delimiter of a header line; the standard's is the comma."""
    return max(DELIMITERS, key=header.count)


def header_cells(header: str, delimiter: str) -> list[str]:
    """Split a header line into its cells; empty if it cannot be read."""
    try:
        return next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return []


def read_records(lines: Iterator[str], delimiter: str) -> Iterator[CsvRecord]:
    """Yield the records after the header, which has been read already; skip empty lines.

    If a quote was opened and never closed, a record can become longer than the csv module accepts.
    It is yielded as unreadable, and reading continues with the next line.
    """
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield CsvRecord(line, None)
            continue
        if cells:
            yield CsvRecord(line, cells, reader.line_num + 2 - line)
